"""Looking at a process's system calls from outside."""

import signal
import subprocess
from pathlib import Path

from broker import Broker
from deadline import until


class Strace:
    """Attached to a running broker within a `with`. After it, `output` is what strace wrote."""

    def __init__(self, broker: Broker, directory: Path, *options: str):
        self.file = directory / "strace"
        self.messages = directory / "strace.messages"
        self.command = ["strace", "-f", "-p", str(broker.process.pid), "-o", str(self.file), *options]
        self.output = ""

    def __enter__(self) -> "Strace":
        with open(self.messages, "wb") as stderr:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=stderr)
        try:
            until(lambda: "attached" in self.messages.read_text() or self.process.poll() is not None, "strace attaches")
            assert self.process.poll() is None, self.messages.read_text()
        except AssertionError:
            self.detach()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.detach()
        self.output = self.file.read_text()

    def detach(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def total(self) -> int:
        """Calls in a summary (-c)."""
        return int(self.output.splitlines()[-1].split()[3])
