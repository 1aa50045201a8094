"""mosquitto_pub and mosquitto_sub, the tools that users have."""

import subprocess
import time
from pathlib import Path

import packets
from broker import Broker
from deadline import until


def run(*command: str, input: bytes | None = None, status: int = 0, timeout: float = 30) -> str:
    """Runs a tool to its end; what it printed."""
    done = subprocess.run(command, input=input, capture_output=True, timeout=timeout)
    assert done.returncode == status, done.stderr.decode()
    assert status or not done.stderr, done.stderr.decode()
    return done.stdout.decode()


def at(broker: Broker) -> list[str]:
    return ["-h", broker.address[0], "-p", str(broker.port)]


def publish(broker: Broker, *arguments: str, input: bytes | None = None, status: int = 0) -> None:
    """Runs mosquitto_pub to its end."""
    run("mosquitto_pub", *at(broker), *arguments, input=input, status=status)


def subscribe(broker: Broker, *arguments: str, status: int = 0) -> list[str]:
    """Runs mosquitto_sub, which has been told when to leave, to its end; the lines that it printed."""
    return run("mosquitto_sub", *at(broker), *arguments, status=status).splitlines()


class Beat:
    """In a `with`: a message to `topic` now and then, without end."""

    def __init__(self, broker: Broker, topic: str):
        command = ["mosquitto_pub", *at(broker), "-t", topic, "-m", "beat", "--repeat", "1000", "--repeat-delay", "0.2"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def __enter__(self) -> "Beat":
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()


class Subscriber:
    """A running mosquitto_sub. What it prints goes to a file that can be read meanwhile."""

    def __init__(self, broker: Broker, directory: Path, *arguments: str):
        self.path = directory / "printed"
        command = ["mosquitto_sub", *at(broker), *arguments]
        with open(self.path, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)

    def wait_until_subscribed(self, broker: Broker, topic: str) -> None:
        """mosquitto_sub does not say when it is ready: knocks on `topic` until it prints something.

        Knocks of "0" print equal lines, and the last one, "1", another one: what follows is not from here.
        """
        knocker, next_knock = broker.connect(), 0.0

        def hears() -> bool:
            nonlocal next_knock
            # Not too many: a subscriber may leave after so many messages.
            if not self.all_lines() and time.monotonic() >= next_knock:
                knocker.send(packets.publish(topic, b"0"))
                next_knock = time.monotonic() + 0.02
            return bool(self.all_lines())

        until(hears, "mosquitto_sub is subscribed")
        knocker.send(packets.publish(topic, b"1"))
        until(lambda: self.all_lines()[-1] != self.all_lines()[0], "mosquitto_sub prints the last knock")

    def all_lines(self) -> list[str]:
        whole, _, _ = self.path.read_bytes().rpartition(b"\n")
        return whole.decode().splitlines()

    def lines(self, count: int) -> list[str]:
        """What it has printed since it was subscribed, once that is `count` lines."""
        def printed() -> list[str]:
            lines = self.all_lines()
            return lines[lines.count(lines[0]) + 1:]

        until(lambda: len(printed()) >= count, f"{count} lines; so far {self.all_lines()[-5:]}")
        return printed()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
