"""A broker process: started on a free loopback port, read by its log, ended by its process id."""

import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import packets
from client import Address, Client
from deadline import until
from log import Event, Log
from ports import free_port
from process import Process
from targets import Target

OPEN = ("listener 0 127.0.0.1", "allow_anonymous true")


# In the order of the log.
POOLS = ("connections", "packet-slabs", "sessions", "client-names", "subscriptions", "topic-nodes", "topic-names",
         "messages", "message-slabs", "deliveries", "incoming-qos-2")


@dataclass(frozen=True)
class Pool:
    in_use: int
    high_water: int
    capacity: int

    @classmethod
    def of(cls, event: Event) -> "Pool":
        return cls(int(event["in-use"]), int(event["high-water"]), int(event["capacity"]))


class Broker(Process):
    def __init__(self, target: Target, directory: Path, lines: tuple[str, ...] = (), *, arguments=None, stdin=b""):
        """Starts with a board file of `lines`; with other `arguments`, the file is theirs to name."""
        directory.mkdir(parents=True, exist_ok=True)
        self.file = directory / "board.conf"
        self.write_file(lines)
        self.log = Log(directory / "log")
        self.clients: list[Client] = []
        self._seen: dict[Client, int] = {}
        if arguments is None:
            arguments = self.arguments()
        with open(self.log.path, "wb") as stderr:
            self.process = subprocess.Popen(
                target.command(*arguments), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr)
        try:
            self.process.stdin.write(stdin)
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def write_file(self, lines: tuple[str, ...]) -> None:
        self.file.write_text("".join(line + "\n" for line in lines))

    def arguments(self) -> list[str]:
        return [str(self.file)]

    def wait_until_ready(self) -> "Broker":
        self.ready = self.wait_for(event="ready")
        # A bridge between others may have no listener.
        self.addresses = [split_address(text) for text in self.ready.get("listen", "").split(",") if text]
        return self

    @property
    def address(self) -> Address:
        return self.addresses[0]

    @property
    def port(self) -> int:
        return self.address[1]

    def wait_for(self, seconds: float = 20.0, since: int = 0, **fields: str) -> Event:
        """The first event with these fields; of a client's address, the first since it dialled, as ports come again."""
        since = max([since, *(seen for client, seen in self._seen.items() if client.address == fields.get("address"))])

        def found() -> Event | None:
            running = self.is_running()  # asked before the log is read, so that a last line is not missed
            events = self.log.matching(since, **fields)
            assert events or running, f"the broker ended with {self.process.returncode}; log:\n{self.log.tail()}"
            return events[0] if events else None

        return until(found, f"{fields} in the log", seconds)

    def dial(self, **options) -> Client:
        """A connection on which nothing was sent yet."""
        seen = self.mark()
        client = Client(options.pop("address", self.address), **options)
        self.clients.append(client)
        self._seen[client] = seen
        return client

    def connect(self, client_id: str | None = None, *, receive_buffer=None, address: Address | None = None,
                **fields) -> Client:
        """A connection whose CONNECT was accepted."""
        client = self.dial(receive_buffer=receive_buffer, address=address or self.address)
        if client_id is None:
            client_id = f"e2e-{client.socket.fileno()}-{client.address.rpartition(':')[2]}"
        client.request(packets.connect(client_id, **fields), answer=packets.ACCEPTED)
        return client

    def closings(self, client: Client) -> list[Event]:
        """The log's events on the end of this connection; there is to be one."""
        return self.log.matching(self._seen[client], event="closed", address=client.address)

    def reason(self, client: Client) -> str:
        """Why the broker says that this connection ended, once it says so."""
        return until(lambda: self.closings(client), f"the end of {client.address} in the log")[0]["reason"]

    def pools(self) -> dict[str, Pool]:
        """How much of each pool is used, as SIGUSR1 has it logged."""
        since = self.mark()
        self.process.send_signal(signal.SIGUSR1)
        self.wait_for(since=since, event="pool", name=POOLS[-1])
        return {event["name"]: Pool.of(event) for event in self.log.matching(since, event="pool")}

    def reload(self, *lines: str) -> Event:
        """Replaces the board file and has it read again; the line that says what came of it."""
        self.write_file(lines)
        self.pools()  # so that no line equal to an earlier one is merely counted
        since = self.mark()
        self.process.send_signal(signal.SIGHUP)

        def answer() -> list[Event]:
            assert self.is_running(), self.log.tail()
            return self.log.matching(since, event="reloaded") + self.log.matching(since, event="reload-failed")

        return until(answer, "the answer to SIGHUP in the log")[0]

    def hang_up(self) -> None:
        for client in self.clients:
            client.close()
        self.clients.clear()
        self._seen.clear()


class Mosquitto(Broker):
    """Debian's mosquitto in the broker's place: the protocol tests are to hold for it too, or they ask too much."""

    TARGET = Target("mosquitto", Path("/usr/sbin/mosquitto"))
    KEYS = ("allow_anonymous", "max_keepalive", "max_packet_size", "max_inflight_messages", "max_connections",
            "password_file", "acl_file", "allow_zero_length_clientid", "queue_qos0_messages", "retain_available",
            "connection", "address", "topic", "remote_clientid", "remote_username", "remote_password", "local_clientid",
            "local_username", "local_password", "cleansession", "local_cleansession", "keepalive_interval",
            "restart_timeout", "start_type", "idle_timeout", "threshold", "round_robin", "notifications",
            "notifications_local_only", "notification_topic", "try_private", "bridge_attempt_unsubscribe",
            "bridge_outgoing_retain", "bridge_max_packet_size", "bridge_bind_address")

    def write_file(self, lines: tuple[str, ...]) -> None:
        self.addresses = [("127.0.0.1", free_port())]
        known = [line for line in lines if line.split()[0] in self.KEYS]
        # 2.0.11 miscounts its queues and drops messages below max_queued_messages; 0 is no limit.
        own = ("user root", "set_tcp_nodelay true", "max_queued_messages 0")
        super().write_file((f"listener {self.port} 127.0.0.1", *known, *own))

    def arguments(self) -> list[str]:
        return ["-c", str(self.file)]

    def wait_until_ready(self) -> "Broker":
        def runs() -> bool:
            assert self.is_running(), self.log.tail()
            return any(line.endswith(" running") for line in self.log.tail().splitlines())

        until(runs, "mosquitto runs")
        return self


def split_address(text: str) -> Address:
    """Of `127.0.0.1:1883`, `[::1]:1883` or `/run/mqtt.sock`."""
    if text.startswith("/"):
        return text
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
