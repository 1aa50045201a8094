"""A router in a folder: the files of the package, stand-ins for OpenWrt's, and what its owner has written."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "toolchains/openwrt/files"
STAND_INS = ROOT / "Tests/OpenWrt/stand-ins"
BOARDS = ROOT / "board-configs"
PROGRAM = ROOT / ".build/release/swiftlet"

# The shell that routers have.
SHELL = ("busybox", "sh")


class Router:
    def __init__(self, root: Path):
        self.root = root
        for tree in (STAND_INS, FILES):
            shutil.copytree(tree, root, dirs_exist_ok=True)
        for folder in ("bin", "proc", "tmp/sysinfo", "usr/bin", "usr/share/swiftlet/board-configs", "var/run"):
            (root / folder).mkdir(parents=True)
        (root / "usr/bin/swiftlet").symlink_to(PROGRAM)
        self.write("etc/passwd", f"root:x:0:{os.getgid()}::/:/bin/sh\nswiftlet:x:1883:{os.getgid()}::/:/bin/false\n"
                                 f"nobody:*:65534:{os.getgid()}:nobody:/var:/bin/false\n")
        self.write("etc/group", f"house:x:{os.getgid()}:\n")
        self.write("var/run/networks", "lan br-lan\n")
        self.write("tmp/sysinfo/board_name", "vendor,unheard-of\n")
        self.memory(58_000)
        # What the first line of the service's script names is below the folder, too.
        self.write("bin/rc", f'#!/bin/sh\nexec {" ".join(SHELL)} {root}/etc/rc.common "$@"\n', 0o755)
        self.write("bin/logger", f'#!/bin/sh\nshift 3\necho "$1: $2" >> {root}/log\n', 0o755)
        # The router's users are not this machine's.
        self.write("bin/start-stop-daemon", '#!/bin/sh\nuntil [ "$1" = -- ]; do program=$1; shift; done\nshift\n'
                                            'exec "$program" "$@"\n', 0o755)
        script = root / "etc/init.d/swiftlet"
        script.write_text(script.read_text().replace("#!/bin/sh /etc/rc.common", f"#!{root}/bin/rc", 1))
        self.environment = {"IPKG_INSTROOT": str(root), "PATH": f"{root}/bin:{root}/sbin:{os.environ['PATH']}"}

    def write(self, file: str, text: str, mode: int = 0o644) -> Path:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def append(self, file: str, text: str) -> None:
        with (self.root / file.lstrip("/")).open("a") as path:
            path.write(text)

    def read(self, file: str) -> str:
        path = self.root / file
        return path.read_text() if path.exists() else ""

    def uci(self, text: str) -> None:
        self.write("etc/config/swiftlet", text)

    def memory(self, kilobytes: int) -> None:
        self.write("proc/meminfo", f"MemTotal:          {kilobytes} kB\nMemFree:            1234 kB\n")

    def board(self, folder: str, name: str) -> Path:
        """Lays the board configs of a folder where the package has them."""
        return Path(shutil.copytree(BOARDS / folder, self.root / "usr/share/swiftlet/board-configs" / name))

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(command, env=self.environment | environment, capture_output=True, text=True, timeout=60)

    def service(self, command: str, *, status=0) -> list[str]:
        """Runs a command of the service's script. Returns what it told the log."""
        before = len(self.log())
        run = self.run(str(self.root / "etc/init.d/swiftlet"), command)
        assert (run.returncode, run.stderr) == (status, "")
        return self.log()[before:]

    def log(self) -> list[str]:
        return self.read("log").splitlines()

    def record(self) -> list[str]:
        """What procd was told, with / for the router's folder."""
        return self.read("var/run/procd/swiftlet").replace(str(self.root), "").splitlines()

    def done(self) -> list[str]:
        """What procd would have done, one after the other."""
        return self.read("var/run/procd/done").splitlines()

    def config(self) -> list[str]:
        """The board config that runs, without its first line, which is a comment; with / for the router's folder."""
        return self.read("var/run/swiftlet/uci.conf").replace(str(self.root), "").splitlines()[1:]
