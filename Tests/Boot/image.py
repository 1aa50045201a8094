"""What a board boots from: the disk, and the files that the kernel starts with."""

import gzip
import os
import shutil
import stat
import subprocess
import tarfile
from pathlib import Path

from machines import Machine

HERE = Path(__file__).resolve().parent
STAND_INS = HERE.parent / "OpenWrt/stand-ins"
DISK_SIZE = "24M"
FOLDERS = ("bin", "dev", "disk", "etc/config", "etc/rc.d", "lib", "proc", "root", "sbin", "sys", "tmp", "usr/bin",
           "usr/sbin")


def archive(folders: tuple[str, ...], files: dict[str, bytes]) -> bytes:
    """An archive as the kernel unpacks it, of programs and of a console."""
    data = bytearray()
    entries = [*((name, stat.S_IFDIR, b"") for name in folders), ("dev/console", stat.S_IFCHR, b""),
               *((name, stat.S_IFREG, contents) for name, contents in files.items()), ("TRAILER!!!", 0, b"")]
    for number, (name, kind, contents) in enumerate(entries):
        fields = (number, kind | 0o755, 0, 0, 1, 0, len(contents), 0, 0, 5, 1, len(name) + 1, 0)
        data += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        data += b"\0" * (-len(data) % 4) + contents
        data += b"\0" * (-len(data) % 4)
    return gzip.compress(bytes(data), 1)


def initramfs(machine: Machine) -> bytes:
    """What the kernel starts with: enough to go on with the disk."""
    modules = machine.modules()
    return archive(("bin", "dev", "disk", "modules"), {
        "bin/busybox": machine.busybox.read_bytes(),
        "init": (HERE / "initramfs/init").read_bytes(),
        "modules/list": "".join(f"{module.stem}\n" for module in modules).encode(),
        **{f"modules/{module.name}": module.read_bytes() for module in modules},
    })


def make_disk(machine: Machine, package: Path, root: Path, disk: Path) -> None:
    """Makes the disk with the package in it, of files that are put together in the folder `root`."""
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for files in (STAND_INS, HERE / "root"):
        shutil.copytree(files, root, dirs_exist_ok=True)
    install_busybox(machine, root)
    (root / "var").symlink_to("tmp")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    install(package, root)
    # Without checksums, for which the kernel would need more modules.
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum", "-E", "lazy_itable_init=0", "-d", str(root),
                    str(disk), DISK_SIZE], check=True)


def install_busybox(machine: Machine, root: Path) -> None:
    shutil.copy(machine.busybox, root / "bin/busybox")
    lister = [machine.target.emulator[0], str(machine.busybox), "--list-full"]
    for link in subprocess.run(lister, check=True, capture_output=True, text=True).stdout.split():
        if not (root / link).exists():
            (root / link).symlink_to("/bin/busybox")


def install(package: Path, root: Path) -> None:
    """As opkg does in the image builder."""
    info = root / "usr/lib/opkg/info"
    info.mkdir(parents=True)
    with tarfile.open(package) as parts:
        with tarfile.open(fileobj=parts.extractfile("./data.tar.gz")) as data:
            data.extractall(root, filter="fully_trusted")
            names = [name.removeprefix(".") for name in data.getnames() if not data.getmember(name).isdir()]
        with tarfile.open(fileobj=parts.extractfile("./control.tar.gz")) as control:
            for member in control:
                if member.isfile():
                    member.name = f"swiftlet.{Path(member.name).name}"
                    control.extract(member, info, filter="fully_trusted")
    (info / "swiftlet.list").write_text("".join(f"{name}\n" for name in names))
    subprocess.run(["busybox", "sh", str(info / "swiftlet.postinst")], check=True,
                   env={"IPKG_INSTROOT": str(root), "PATH": os.environ["PATH"]})
