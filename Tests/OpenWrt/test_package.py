"""What toolchains/package makes, field by field and byte by byte. `toolchains/package all` comes first."""

import hashlib
import os
import shutil
import subprocess

import pytest

from packages import (
    ARCHITECTURES, BUILT, EMULATORS, MADE, OPENWRT, ROOT, TOOLS, VERSION, Archive, Ipk, boards, fields, with_folders,
)

RELEASED = 1795824000  # 2026-11-28
DESCRIPTION = (
    "An MQTT broker, client and bridge in one static file. It takes all its memory\n"
    " when it starts, tells how much that is before it starts, and never takes more."
)
INSTALLED = {
    "etc/config/swiftlet": "file 0600",
    "etc/hotplug.d/ntp/90-swiftlet": "file 0644",
    "etc/init.d/swiftlet": "file 0755",
    "etc/swiftlet": "folder 0755",
    "lib/upgrade/keep.d/swiftlet": "file 0644",
    "usr/bin/swiftlet": "file 0755",
    "usr/share/swiftlet/LICENSES": "file 0644",
}
OVERLAID = {
    "etc/rc.d/S80swiftlet": "link to ../init.d/swiftlet",
    "etc/uci-defaults/50-swiftlet": "file 0644",
    **{f"usr/bin/{tool}": "link to swiftlet" for tool in TOOLS},
}

by_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda each: each.name)
by_target = pytest.mark.parametrize("target", EMULATORS)


def board_files(target: str, folder: str) -> dict[str, bytes]:
    return {
        f"{folder}/{name}/{file.name}": file.read_bytes()
        for name, board in boards(target).items() for file in board.iterdir()
    }


def board_kinds(target: str, folder: str) -> dict[str, str]:
    return {path: f"file {'0644' if path.endswith('.conf') else '0755'}" for path in board_files(target, folder)}


def archive(name: str) -> Archive:
    return Archive((MADE / f"swiftlet-{VERSION}{name}.tar.gz").read_bytes())


def says_nothing_of_its_maker(archive: Archive) -> bool:
    # After magic, method and flags comes when it was packed; a flag would say that a name follows.
    return archive.packed[3:8] == bytes(5) and all(
        (member.uid, member.gid, member.uname, member.gname, member.mtime) == (0, 0, "", "", RELEASED)
        for member in archive.members
    )


def run(*command: object) -> subprocess.CompletedProcess:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=20)


def test_each_architecture_each_target_and_the_sdk_have_their_file_and_its_sum():
    expected = {f"swiftlet_{VERSION}-r1_{architecture.name}.ipk" for architecture in ARCHITECTURES}
    expected |= {f"swiftlet-{VERSION}-r1-openwrt-files-{target}.tar.gz" for target in EMULATORS}
    expected |= {f"swiftlet-{VERSION}-linux-{target}.tar.gz" for target in EMULATORS}
    expected |= {f"swiftlet-{VERSION}-r1-openwrt-sdk.tar.gz"}
    sums = dict(reversed(line.split()) for line in (MADE / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: hashlib.sha256((MADE / name).read_bytes()).hexdigest() for name in expected}
    assert {file.name for file in MADE.iterdir()} == expected | {"SHA256SUMS"}


@by_architecture
def test_an_ipk_is_three_members_in_their_order_and_tells_nothing_of_its_maker(architecture):
    ipk = Ipk(architecture)
    assert [member.name for member in ipk.outer.members] == ["./debian-binary", "./data.tar.gz", "./control.tar.gz"]
    assert ipk.outer.files["debian-binary"] == b"2.0\n"
    for part in (ipk.outer, ipk.control, ipk.data):
        assert says_nothing_of_its_maker(part)
        assert all(member.name == "." or member.name.startswith("./") for member in part.members)


@by_architecture
def test_the_control_file_has_these_fields_in_openwrts_order(architecture):
    ipk = Ipk(architecture)
    assert list(fields(ipk.control.files["control"].decode()).items()) == [
        ("Package", "swiftlet"),
        ("Version", f"{VERSION}-r1"),
        ("Source", "package/swiftlet"),
        ("SourceName", "swiftlet"),
        ("Section", "net"),
        ("Require-User", "swiftlet=1883:swiftlet=1883"),
        ("SourceDateEpoch", str(RELEASED)),
        ("Maintainer", "Swiftlet maintainers"),
        ("Architecture", architecture.name),
        ("Installed-Size", str(len(ipk.data.unpacked))),
        ("Description", DESCRIPTION),
    ]
    scripts = ("postinst", "postinst-pkg", "prerm", "prerm-pkg")
    assert ipk.control.kinds == with_folders(
        {"control": "file 0644", "conffiles": "file 0644", **dict.fromkeys(scripts, "file 0755")})


@by_architecture
def test_an_ipk_installs_these_files_with_these_modes_and_no_others(architecture):
    data = Ipk(architecture).data
    where = "usr/share/swiftlet/board-configs"
    assert data.kinds == with_folders(INSTALLED | board_kinds(architecture.target, where))
    assert data.files["usr/bin/swiftlet"] == (BUILT / architecture.target / "swiftlet").read_bytes()
    for path, content in board_files(architecture.target, where).items():
        assert data.files[path] == content
    for file in (OPENWRT / "files").rglob("*"):
        assert file.is_dir() or data.files[str(file.relative_to(OPENWRT / "files"))] == file.read_bytes()


@by_architecture
def test_the_program_in_an_ipk_runs_on_a_chip_of_its_architecture(architecture, tmp_path):
    program = Ipk(architecture).data.unpack(tmp_path) / "usr/bin/swiftlet"
    ran = run(*architecture.emulator, program, "--version")
    assert (ran.returncode, ran.stdout.split()[:2]) == (0, ["swiftlet", VERSION])


@by_target
def test_every_board_config_of_a_package_has_a_plan(target, tmp_path):
    root = archive(f"-r1-openwrt-files-{target}").unpack(tmp_path)
    files = sorted(root.glob("usr/share/swiftlet/board-configs/*/*.conf"))
    assert files
    for file in files:
        ran = run(*EMULATORS[target], root / "usr/bin/swiftlet", "--plan", file)
        assert (ran.returncode, ran.stderr) == (0, ""), file


def test_what_is_kept_is_there_and_is_all_that_an_owner_changes():
    ipk = Ipk(ARCHITECTURES[0])
    conffiles = ipk.control.files["conffiles"].decode().splitlines()
    kept = ipk.data.files["lib/upgrade/keep.d/swiftlet"].decode().splitlines()
    assert conffiles == ["/etc/config/swiftlet"]
    assert sorted(kept) == ["/etc/config/swiftlet", "/etc/swiftlet/"]
    assert all(path.strip("/") in ipk.data.kinds for path in kept)


def test_the_notices_of_all_whose_code_is_in_the_program_are_packed():
    notices = Ipk(ARCHITECTURES[0]).data.files["usr/share/swiftlet/LICENSES"].decode()
    for holder in ("Thomas Pornin", "Rich Felker", "Valentin Ochs", "Arm Limited", "Zig contributors"):
        assert notices.count(holder) == 1
    assert notices.count("WITHOUT WARRANTY OF ANY KIND") == 3
    assert len(notices) < 4000


@by_target
def test_the_files_for_the_image_builder_are_the_packages_with_links_and_a_script_for_the_first_boot(target):
    overlay = archive(f"-r1-openwrt-files-{target}")
    ipk = Ipk(next(each for each in ARCHITECTURES if each.target == target))
    assert says_nothing_of_its_maker(overlay)
    assert overlay.kinds == with_folders(ipk.data.kinds | OVERLAID)
    assert {path: overlay.files[path] for path in ipk.data.files} == ipk.data.files


@by_target
def test_the_archive_for_other_systems_has_one_folder_with_all_of_it(target):
    top = f"swiftlet-{VERSION}-linux-{target}"
    tarball = archive(f"-linux-{target}")
    assert says_nothing_of_its_maker(tarball)
    assert tarball.kinds == {
        path: kind for path, kind in with_folders({
            f"{top}/INSTALL": "file 0644",
            f"{top}/LICENSES": "file 0644",
            f"{top}/swiftlet": "file 0755",
            f"{top}/swiftlet.service": "file 0644",
            **{f"{top}/{tool}": "link to swiftlet" for tool in TOOLS},
            **board_kinds(target, f"{top}/board-configs"),
        }).items() if path != "."
    }
    assert tarball.files[f"{top}/swiftlet"] == (BUILT / target / "swiftlet").read_bytes()


def test_the_same_sources_give_the_same_bytes_in_another_place_at_another_time_for_another_user(tmp_path):
    copy = tmp_path / "copy"
    for part in ("Sources", "board-configs", "toolchains"):
        shutil.copytree(ROOT / part, copy / part)
    for target in EMULATORS:
        shutil.copytree(BUILT / target, copy / ".build-cross" / target,
                        ignore=lambda _, names: set(names) - {"swiftlet", "built"})
    for file in (copy / "toolchains/openwrt").rglob("*"):
        file.chmod(file.stat().st_mode & 0o700)
    made = subprocess.run(
        ["sh", "-c", "umask 077; exec toolchains/package all"], cwd=copy, capture_output=True, text=True, timeout=300,
        env={"SWIFTLET_VENV": str(ROOT / ".build-venv"), **os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"},
    )
    assert made.returncode == 0, made.stderr
    assert (copy / ".build-cross/packages/SHA256SUMS").read_text() == (MADE / "SHA256SUMS").read_text()
