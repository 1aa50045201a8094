"""The brokers that are measured: each started on a core of its own, and ended by its process id."""

import os
import resource
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MOSQUITTO = "mosquitto"
SWIFTLET = "swiftlet"
RELAY = "relay"

CONNACK = b"\x20\x02\x00\x00"
CONNECT = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05probe"
DISCONNECT = b"\xe0\x00"

# What a broker is given for a row. Quiet: an idle broker as it comes, but for its log.
COMMON = {"allow_anonymous": "true", "connection_messages": "false", "log_dest": "none", "log_type": "none"}
# Nothing is dropped, and nothing of the broker's own is published meanwhile.
UNLIMITED = {"max_queued_messages": 0, "sys_interval": 0}
# Pools for all that the rows ask of one broker.
POOLS = {
    "memory_budget": "1024M",
    "max_connections": 12_000,
    "global_max_connections": 12_000,
    "global_max_clients": 24_000,
    "max_subscriptions": 50_000,
    "max_subscriptions_per_client": 50_000,
    "max_topic_nodes": 120_000,
    "max_messages": 500_000,
    "message_store_size": "96M",
    "max_deliveries": 1_000_000,
    "max_queued_bytes": 0,
    "max_inflight_messages": 20_000,
    "max_retained_messages": 20_000,
    "max_retained_bytes": "16M",
    "packet_store_size": "32M",
}


class Invalid(Exception):
    """A run that does not count, and why."""


@contextmanager
def on_core(core: int):
    """What is started within runs on this core, from its first instruction on."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def allow_descriptors() -> None:
    """Of this process and all that it starts."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@dataclass
class Broker:
    kind: str
    port: int
    process: subprocess.Popen
    log: Path
    started: float  # on the monotonic clock, before it was there
    ready: float = 0.0  # when its first CONNACK had come

    @property
    def id(self) -> int:
        return self.process.pid

    def status(self, key: str) -> int:
        """A number of /proc/PID/status."""
        for line in Path(f"/proc/{self.id}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1])
        raise Invalid(f"{self.kind}: no {key}")

    def wait_until_ready(self) -> "Broker":
        """Dials until a CONNECT has been accepted, without a pause: the time it takes is measured."""
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    probe.settimeout(10)
                    probe.sendall(CONNECT)
                    answer = probe.recv(len(CONNACK), socket.MSG_WAITALL)
                    self.ready = time.monotonic()
                    if answer != CONNACK:
                        raise Invalid(f"{self.kind} answers {answer.hex(' ')}")
                    probe.sendall(DISCONNECT)
                    probe.recv(1)
                    return self
            self.check_running()
            if time.monotonic() > self.started + 20:
                raise Invalid(f"{self.kind} does not listen")

    def check_running(self) -> None:
        if self.process.poll() is not None:
            said = self.log.read_text(errors="replace").strip().splitlines()
            raise Invalid(f"{self.kind} has ended with {self.process.returncode}: {said[-1] if said else ''}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Brokers:
    """Starts them, each time a new one."""

    swiftlet: Path
    mosquitto: Path
    core: int
    directory: Path
    relay: Path = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.relay = self.directory / "relay"

    def build_relay(self) -> None:
        source = Path(__file__).with_name("relay.c")
        subprocess.run(["gcc", "-O2", "-Wall", "-o", self.relay, source], check=True)

    def lines(self, kind: str, port: int, pooled: bool, **more) -> str:
        """A broker's file; `pooled`: with room for everything. What is `more` goes to Swiftlet alone."""
        keys = {"listener": f"{port} 127.0.0.1", **COMMON}
        if pooled:
            keys |= UNLIMITED
        if kind == MOSQUITTO:
            keys |= {"user": "root", "persistence": "false", "set_tcp_nodelay": "true", "max_inflight_messages": 0}
        else:
            keys = {"mode": "broker", **keys, **(POOLS if pooled else {}), **more}
        return "".join(f"{key} {value}\n" for key, value in keys.items())

    def file(self, kind: str, port: int, pooled: bool, **more) -> Path:
        self.count += 1
        path = self.directory / f"{kind}-{self.count}.conf"
        path.write_text(self.lines(kind, port, pooled, **more))
        return path

    @contextmanager
    def run(self, kind: str, pooled=True, **more):
        """A broker that is ready, until the end of the `with`. Not `pooled`: as it comes, or with what is `more`."""
        port = free_port()
        if kind == RELAY:
            command = [self.relay, str(port)]
        else:
            file = self.file(kind, port, pooled, **more)
            command = [self.mosquitto, "-c", file] if kind == MOSQUITTO else [self.swiftlet, file]
        log = self.directory / "log"
        with open(log, "wb") as stderr, on_core(self.core):
            started = time.monotonic()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
        broker = Broker(kind, port, process, log, started)
        try:
            yield broker.wait_until_ready()
            broker.check_running()
        finally:
            broker.stop()

    def plan(self, **more) -> int:
        """Bytes that Swiftlet plans to take; as it comes, or with these pools."""
        file = self.file(SWIFTLET, 1883, bool(more), **more)
        done = subprocess.run([self.swiftlet, "--plan", file], capture_output=True, text=True)
        for line in done.stdout.splitlines():
            if line.startswith("sum "):
                return int(line.split()[1])
        raise Invalid(f"no plan: {done.stderr.strip()}")
