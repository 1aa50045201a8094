"""The pairs of publisher and subscriber that are compared: ours, and mosquitto's."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from broker import Broker
from mosquitto_tools import at
from targets import Target

TIME_IS_UP = 27


@dataclass(frozen=True)
class Pair:
    name: str
    pub: tuple[str, ...]
    sub: tuple[str, ...]

    def publish(self, broker: Broker, *arguments: str, input: bytes | None = None) -> None:
        """Runs the publisher to its end; nothing is to go wrong."""
        done = run(*self.pub, *at(broker), *arguments, input=input)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")

    def subscribe(self, broker: Broker, *arguments: str, status: int = 0, **options) -> bytes:
        """Runs the subscriber to its end; what it printed."""
        done = run(*self.sub, *at(broker), *arguments, **options)
        assert done.returncode == status, done.stderr
        assert status or not done.stderr, done.stderr
        return done.stdout


def run(*command: str, input: bytes | None = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(command, input=b"" if input is None else input, capture_output=True, timeout=60,
                          env={**os.environ, **env} if env else None)


def cpu_ticks(program: subprocess.Popen) -> int:
    """Hundredths of a second of processor time so far."""
    fields = Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


MOSQUITTO = Pair("mosquitto", ("mosquitto_pub",), ("mosquitto_sub",))


def ours(target: Target) -> Pair:
    return Pair("swiftlet", tuple(target.command("pub")), tuple(target.command("sub")))
