"""Client mode under test, and the brokers that it is a client of."""

import os
import resource
import subprocess
from pathlib import Path

from broker import Broker, Mosquitto
from deadline import until
from log import Event, Log
from ports import free_port
from process import Process
from targets import Target


class Board(Process):
    """A process in client mode, read by its log and by what it prints, ended by its process id."""

    def __init__(
            self, target: Target, directory: Path, lines: tuple[str, ...], *, stdout=None, closed: int | None = None,
            descriptors: int | None = None):
        """What it prints goes to a file, unless there is something else that it is to go to. It may be started with a
        closed standard stream, or allowed only so many descriptors."""
        def prepare() -> None:
            if closed is not None:
                os.close(closed)
            if descriptors is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        directory.mkdir(parents=True, exist_ok=True)
        file = directory / "client.conf"
        file.write_text("".join(line + "\n" for line in lines))
        self.log = Log(directory / "log")
        self._printed = directory / "printed"
        with open(self.log.path, "wb") as stderr, open(self._printed, "wb") as printed:
            self.process = subprocess.Popen(
                target.command(str(file)), stdin=subprocess.DEVNULL, stdout=stdout or printed, stderr=stderr,
                preexec_fn=prepare)

    def wait_for(self, seconds: float = 20.0, since: int = 0, count: int = 1, **fields: str) -> Event:
        """The last of so many events with these fields."""
        def found() -> Event | None:
            running = self.is_running()  # asked before the log is read, so that a last line is not missed
            events = self.log.matching(since, **fields)
            assert len(events) >= count or running, f"it ended with {self.process.returncode}; log:\n{self.log.tail()}"
            return events[count - 1] if len(events) >= count else None

        return until(found, f"{count} times {fields} in the log", seconds)

    def printed(self, count: int) -> list[str]:
        """The lines that it has printed, once there are so many."""
        def lines() -> list[str]:
            return self._printed.read_text().splitlines()

        until(lambda: len(lines()) >= count, f"{count} lines are printed")
        return lines()


class Debian(Mosquitto):
    """Debian's mosquitto on a port that stays the same when it is started again, with lines of its own."""

    def __init__(self, directory: Path, *lines: str, port: int | None = None):
        self.addresses = [("127.0.0.1", port or free_port())]
        self.own = lines or ("allow_anonymous true",)
        super().__init__(Mosquitto.TARGET, directory, ())
        self.wait_until_ready()

    def write_file(self, lines: tuple[str, ...]) -> None:
        Broker.write_file(self, (f"listener {self.port} 127.0.0.1", "user root", *self.own))


def script(path: Path, *lines: str) -> Path:
    """A program that a line of client mode can run."""
    path.write_text("".join(line + "\n" for line in ("#!/bin/sh", *lines)))
    path.chmod(0o755)
    return path
