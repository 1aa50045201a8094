"""An emulated board: booted from its disk, reached by network card and serial line, ended by pulling the plug."""

import base64
import os
import select
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import packets
from client import Client
from log import Event, parse
from machines import Machine
from ports import free_port

# What a board may need for something, while others use this machine, too.
PATIENCE = 120.0
POLL = 0.1
# This machine, as the board sees it.
HOST = "10.0.2.2"


@dataclass(frozen=True)
class Image:
    """What a board boots from."""

    machine: Machine
    initramfs: Path
    disk: Path


class Board:
    def __init__(self, image: Image, *, memory=64, clock="", **words: str):
        """`words` come on the kernel's command line; `clock` is the time of the board's clock."""
        machine = image.machine
        self.image = image
        self.port = free_port()
        self.clients: list[Client] = []
        self._output = b""
        self._commands = 0
        self.started = time.monotonic()
        command_line = [f"console={machine.console}", "quiet", "panic=-1", *(f"{k}={v}" for k, v in words.items())]
        self._process = subprocess.Popen(
            [*machine.qemu, "-m", str(memory), "-display", "none", "-vga", "none", "-monitor", "none", "-no-reboot",
             "-kernel", str(machine.kernel), "-initrd", str(image.initramfs), "-append", " ".join(command_line),
             "-drive", f"if=none,id=disk,format=raw,file={image.disk}", "-device", "virtio-blk-pci,drive=disk",
             "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:1883",
             "-device", "virtio-net-pci,netdev=net,romfile=", "-serial", "stdio",
             *(("-rtc", f"base={clock}") if clock else ())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(self._process.stdout.fileno(), False)

    # By the serial line.

    def wait_until_booted(self) -> "Board":
        self._answer(0)
        return self

    def call(self, command: str) -> tuple[int, str]:
        """Runs one line of shell and returns its exit status and what it wrote."""
        self._commands += 1
        self._process.stdin.write(command.encode() + b"\n")
        self._process.stdin.flush()
        return self._answer(self._commands)

    def run(self, command: str) -> str:
        """Runs one line of shell, which is not to fail, and returns what it wrote."""
        status, text = self.call(command)
        assert status == 0, f"{command}: exit status {status}: {text}"
        return text

    def _answer(self, number: int) -> tuple[int, str]:
        """Of the command of that number, or of the start."""
        mark = f"console {number} ".encode()
        deadline = time.monotonic() + PATIENCE
        while mark not in self._output or b"\n" not in self._output.rpartition(mark)[2]:
            ready = select.select([self._process.stdout], [], [], max(0, deadline - time.monotonic()))[0]
            assert ready, f"not within {PATIENCE} s: {mark.decode()}; output:\n{self._output.decode()}"
            data = self._process.stdout.read()
            assert data, f"the board has ended; output:\n{self._output.decode(errors='replace')}"
            self._output += data.replace(b"\r", b"")
        text, _, rest = self._output.partition(mark)
        status, _, self._output = rest.partition(b"\n")
        return int(status), text.decode().strip("\n")

    def write(self, path: str, text: str) -> None:
        encoded = base64.b64encode(text.encode()).decode()
        self.run(f"echo {encoded} | base64 -d > {shlex.quote(path)}")

    def lines(self) -> list[str]:
        """The log, since the board has started."""
        return self.run("cat /tmp/messages").splitlines()

    def wait_for(self, since: int = 0, **fields: str) -> Event:
        """The first event in the log with these fields."""
        return self._wait_for(lambda line: fields.items() <= parse(line).items() and parse(line), str(fields), since)

    def wait_for_line(self, text: str, since: int = 0) -> str:
        """The first line in the log with this text in it."""
        return self._wait_for(lambda line: text in line and line, text, since)

    def _wait_for(self, what, name: str, since: int):
        deadline = time.monotonic() + PATIENCE
        while True:
            lines = self.lines()
            if found := [what(line) for line in lines[since:] if what(line)]:
                return found[0]
            assert time.monotonic() < deadline, "\n".join([f"not in the log in {PATIENCE} s: {name}", *lines[-20:]])
            time.sleep(POLL)

    def mark(self) -> int:
        """How many lines there are in the log."""
        return len(self.lines())

    def service(self, command: str) -> str:
        return self.run(f"/etc/init.d/swiftlet {command}")

    def configure(self, uci: str, command="reload") -> int:
        """Has the service go by another configuration. Returns how many lines there were in the log before that."""
        since = self.mark()
        self.write("/etc/config/swiftlet", uci)
        self.service(command)
        return since

    def process(self) -> int:
        """The id of the service's process."""
        return int(self.run("until pidof swiftlet; do sleep 0.1; done").split()[0])

    def status(self, field: str) -> str:
        """A field of what the kernel says of the process."""
        return self.run(f"sed -n 's/^{field}:[[:blank:]]*//p' /proc/{self.process()}/status")

    def memory(self, field: str = "VmRSS") -> int:
        """In KiB."""
        return int(self.status(field).split()[0])

    def sectors_written(self) -> int:
        """How much has been written to the disk, nothing being held back."""
        return int(self.run("sync; cat /sys/block/vda/stat").split()[6])

    # By the network card.

    def dial(self) -> Client:
        client = Client(("127.0.0.1", self.port), seconds=PATIENCE)
        self.clients.append(client)
        return client

    def connect(self, client_id: str = "", **fields) -> Client:
        """A connection whose CONNECT was accepted."""
        client = self.dial()
        client.request(packets.connect(client_id, **fields), answer=packets.ACCEPTED)
        return client

    def wait_until_served(self) -> float:
        """Seconds from the start of the board until now that it accepts a client."""
        began = time.monotonic()
        # A board that is slow may need longer for its answer, too; one that is not there yet gives none.
        while not self._serves(max(0.5, (time.monotonic() - began) / 20)):
            assert time.monotonic() < began + PATIENCE, self._output.decode(errors="replace")
            time.sleep(POLL)
        return time.monotonic() - self.started

    def _serves(self, seconds: float) -> bool:
        # The emulator accepts all connections, and ends those that the board refuses.
        try:
            client = Client(("127.0.0.1", self.port), seconds=seconds)
        except OSError:
            return False
        try:
            client.request(packets.connect("first"), answer=packets.ACCEPTED)
            client.send(packets.DISCONNECT)
            return True
        except (OSError, AssertionError):
            return False
        finally:
            client.close()

    def hang_up(self) -> None:
        for client in self.clients:
            client.close()
        self.clients.clear()

    def cut_power(self) -> None:
        self._process.kill()
        with self._process:  # which also closes the serial line
            pass
        self.hang_up()
