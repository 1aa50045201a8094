"""Packages on their way into a root: what their scripts do there, with stand-ins for OpenWrt's own."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from packages import ARCHITECTURES, MADE, TOOLS, VERSION, Archive, Ipk, boards

STAND_INS = Path(__file__).parent / "stand-ins"
X86 = next(each for each in ARCHITECTURES if each.name == "x86_64")
USER = "swiftlet:x:1883:1883:swiftlet:/var/run/swiftlet:/bin/false"
GROUP = "swiftlet:x:1883:"


class Root:
    """A root as OpenWrt's image builder has it."""

    def __init__(self, folder: Path):
        self.folder = folder
        shutil.copytree(STAND_INS, folder)
        for name in ("passwd", "group", "shadow"):
            (folder / "etc" / name).write_text("root:x:0:\n")

    def path(self, name: str) -> Path:
        return self.folder / name.lstrip("/")

    def unpack(self, ipk: Ipk) -> None:
        """What opkg does: files, then its own record of them."""
        ipk.data.unpack(self.folder)
        info = self.path("usr/lib/opkg/info")
        for file in ipk.control.unpack(info).iterdir():
            file.rename(info / f"swiftlet.{file.name}")
        (info / "swiftlet.list").write_text("".join(f"/{name}\n" for name in ipk.data.files))

    def script(self, name: str, **environment: str) -> None:
        """Runs postinst or prerm as the image builder does."""
        file = self.path(f"usr/lib/opkg/info/swiftlet.{name}")
        ran = subprocess.run(["bash", str(file)], env={"IPKG_INSTROOT": str(self.folder), **ENVIRONMENT, **environment},
                             cwd=self.folder, capture_output=True, text=True, timeout=20)
        assert (ran.returncode, ran.stderr) == (0, "")

    def boot(self) -> None:
        """Makes a running system of it, as far as a shell can tell."""
        busybox = self.path("bin/busybox")
        libraries = re.findall(r"/\S+", subprocess.check_output(["ldd", shutil.which("busybox")], text=True))
        for file, place in [(shutil.which("busybox"), busybox), *((each, self.path(each)) for each in libraries)]:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
        for folder in ("dev", "proc", "tmp", "usr/bin", "usr/sbin", "sbin", "var/run"):
            self.path(folder).mkdir(parents=True, exist_ok=True)
        self.path("tmp/sysinfo").mkdir()
        self.path("tmp/sysinfo/board_name").write_text(min(boards(X86.target)) + "\n")
        self.inside("/bin/busybox", "--install", "-s")

    def inside(self, *command: str) -> None:
        """Runs a command with this root for its own."""
        enter = f"mount --rbind /dev {self.folder}/dev && mount --rbind /proc {self.folder}/proc && " \
                f'exec chroot {self.folder} "$@"'
        ran = subprocess.run(["unshare", "--mount", "sh", "-c", enter, "sh", *command], env=ENVIRONMENT,
                             capture_output=True, text=True, timeout=60)
        assert (ran.returncode, ran.stderr) == (0, "")

    def lines(self, name: str) -> list[str]:
        return self.path(name).read_text().splitlines()

    @property
    def is_enabled(self) -> bool:
        link = self.path("etc/rc.d/S80swiftlet")
        return link.is_symlink() and link.resolve() == self.path("etc/init.d/swiftlet")

    @property
    def was_started(self) -> bool:
        return self.path("var/run/procd/swiftlet").exists()


ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path / "root")


def test_the_image_builder_gets_the_user_and_the_enabled_service_and_starts_nothing(root):
    root.unpack(Ipk(X86))
    root.script("postinst")
    assert root.lines("etc/passwd") == ["root:x:0:", USER]
    assert root.lines("etc/group") == ["root:x:0:", GROUP]
    assert root.is_enabled
    assert not root.was_started


def test_a_second_installation_adds_no_second_user(root):
    root.unpack(Ipk(X86))
    root.script("postinst")
    root.script("postinst")
    assert root.lines("etc/passwd").count(USER) == 1
    assert root.lines("etc/group").count(GROUP) == 1


def test_what_the_image_builder_installs_it_can_remove(root):
    root.unpack(Ipk(X86))
    root.script("postinst")
    root.script("prerm")
    assert not root.is_enabled


def links(root: Root) -> dict[str, str]:
    paths = {tool: root.path(f"usr/bin/{tool}") for tool in TOOLS}
    return {tool: os.readlink(path) for tool, path in paths.items() if path.is_symlink()}


def test_the_names_of_mosquittos_tools_lead_to_the_program_as_long_as_it_is_there(root):
    root.unpack(Ipk(X86))
    for _ in range(2):
        root.script("postinst")
        assert links(root) == dict.fromkeys(TOOLS, "swiftlet")
    root.script("prerm")
    assert links(root) == {}


def test_what_has_the_name_of_a_tool_already_stays_as_it_is(root):
    root.unpack(Ipk(X86))
    theirs = root.path("usr/bin/mosquitto_pub")
    theirs.write_text("mosquitto's\n")
    root.path("usr/bin/mosquitto_sub").symlink_to("elsewhere")
    for script in ("postinst", "prerm"):
        root.script(script)
        assert theirs.read_text() == "mosquitto's\n"
        assert links(root)["mosquitto_sub"] == "elsewhere"


needs_root = pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], capture_output=True, timeout=20).returncode != 0,
    reason="only root can enter another root, and not in every container",
)


@needs_root
def test_a_running_system_starts_what_it_gets_and_ends_what_it_loses(root):
    root.unpack(Ipk(X86))
    root.boot()
    root.inside("/usr/lib/opkg/info/swiftlet.postinst")
    assert root.lines("etc/passwd") == ["root:x:0:", USER]
    assert root.is_enabled
    assert "param command '/usr/bin/swiftlet' '/var/run/swiftlet/uci.conf'" in root.lines("var/run/procd/swiftlet")
    assert root.lines("var/run/procd/done") == ["start swiftlet"]
    root.inside("/usr/lib/opkg/info/swiftlet.prerm")
    assert not root.is_enabled
    assert root.lines("var/run/procd/done")[1:] == ["stop swiftlet"]


@needs_root
def test_an_upgrade_by_apk_ends_the_old_program(root):
    ipk = Ipk(X86)
    root.unpack(ipk)
    root.boot()
    root.inside("/usr/lib/opkg/info/swiftlet.postinst")
    packages = root.path("lib/apk/packages")
    packages.mkdir(parents=True)
    root.path("usr/lib/opkg/info/swiftlet.list").rename(packages / "swiftlet.list")
    root.path("usr/lib/opkg/info/swiftlet.control").unlink()
    root.path("usr/lib/opkg/info/swiftlet.postinst-pkg").unlink()
    own = ipk.control.files["postinst-pkg"].decode()
    root.path("post-upgrade").write_text(
        "export PKG_UPGRADE=1\n. /lib/functions.sh\nexport root= pkgname=swiftlet\ndefault_postinst\n" + own)
    root.inside("/bin/sh", "/post-upgrade")
    assert root.lines("var/run/procd/done") == ["start swiftlet", "keep swiftlet", "stop swiftlet", "start swiftlet"]


def test_no_script_means_no_script(root):
    root.unpack(Ipk(X86))
    root.script("postinst", IPKG_NO_SCRIPT="1")
    assert root.lines("etc/passwd") == ["root:x:0:"]
    assert not root.is_enabled


@pytest.mark.parametrize("script", ["postinst", "prerm"])
def test_a_root_without_openwrts_functions_is_left_alone(root, script):
    root.unpack(Ipk(X86))
    root.path("lib/functions.sh").unlink()
    root.script(script)
    assert not root.is_enabled


def lay_files_over(root: Root) -> None:
    """With the tar that routers have."""
    files = MADE / f"swiftlet-{VERSION}-r1-openwrt-files-x86_64.tar.gz"
    subprocess.run(["busybox", "tar", "-xzf", files, "-C", root.folder], check=True, timeout=20)


def test_the_files_for_the_image_builder_are_a_working_tree_once_they_lie_over_a_root(root):
    lay_files_over(root)
    assert root.is_enabled
    program = root.path("usr/bin/swiftlet")
    for tool in TOOLS:
        assert root.path(f"usr/bin/{tool}").resolve() == program.resolve()
    usage = subprocess.run([root.path("usr/bin/mosquitto_sub"), "--help"], capture_output=True, text=True, timeout=20)
    assert "mosquitto_sub" in usage.stdout


def test_the_script_of_the_first_boot_adds_the_user_once(root):
    lay_files_over(root)
    for _ in range(2):
        # As OpenWrt's own: in a shell of its own, from the folder of the scripts; what ends well is removed.
        subprocess.run(["busybox", "sh", "-c", "(. ./50-swiftlet)"], cwd=root.path("etc/uci-defaults"), check=True,
                       env={"IPKG_INSTROOT": str(root.folder), **ENVIRONMENT}, timeout=20)
    assert root.lines("etc/passwd") == ["root:x:0:", USER]
    assert root.lines("etc/group") == ["root:x:0:", GROUP]


@needs_root
def test_the_instructions_for_other_systems_put_what_the_unit_starts_where_it_starts_it(root):
    root.boot()
    for folder in ("usr/local/bin", "etc/systemd/system"):
        root.path(folder).mkdir(parents=True)
    systemctl = root.path("usr/bin/systemctl")
    systemctl.write_text('#!/bin/sh\necho "$*" > /systemctl\n')
    systemctl.chmod(0o755)
    name = f"swiftlet-{VERSION}-linux-{X86.target}"
    Archive((MADE / f"{name}.tar.gz").read_bytes()).unpack(root.folder)
    commands = [line for line in root.lines(f"{name}/INSTALL") if line.startswith("  ")]
    root.inside("/bin/sh", "-ec", "\n".join([f"cd /{name}", "PATH=/usr/local/bin:$PATH", *commands]))
    assert root.lines("systemctl") == ["enable --now swiftlet"]
    unit = root.path("etc/systemd/system/swiftlet.service").read_text()
    program, config = re.search("^ExecStart=(.*) (.*)$", unit, re.M).groups()
    assert root.path(program).read_bytes() == root.path(f"{name}/swiftlet").read_bytes()
    assert root.path(config).read_bytes() == root.path(f"{name}/board-configs/generic-64mb/board.conf").read_bytes()
