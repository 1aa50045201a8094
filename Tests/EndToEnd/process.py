"""A process under test that tells in its log what it does."""

import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

from deadline import until
from log import Log


def children(process: int) -> list[int]:
    """The ids of the processes that a process has started, which may have ended."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for file in tasks for child in file.read_text().split()]


def state(process: int) -> str | None:
    """The letter that proc(5) has for it: T is stopped, Z has ended and was not waited for. None: it is no more."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_alive(process: int) -> bool:
    """One that has ended and was not waited for is no more, either."""
    return state(process) not in ("Z", None)


@contextmanager
def stopped(process: int):
    """As long as this lasts the process does nothing, however busy the machine is."""
    os.kill(process, signal.SIGSTOP)
    try:
        until(lambda: state(process) == "T", f"{process} is stopped")
        yield
    finally:
        os.kill(process, signal.SIGCONT)


class Process:
    """Ended by its process id, never by its name."""

    process: subprocess.Popen
    log: Log

    def is_running(self) -> bool:
        return self.process.poll() is None

    def mark(self) -> int:
        """How many events there are so far: what comes later can be waited for from here on."""
        return len(self.log.events())

    def stop(self, number: int = signal.SIGTERM, seconds: float = 20.0) -> int:
        """Asks the process to end and returns its exit status."""
        if self.is_running():
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        """Makes sure that the process is gone."""
        if self.is_running():
            self.process.kill()
            self.process.wait()
