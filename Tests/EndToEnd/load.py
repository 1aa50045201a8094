"""Many messages from many publishers to many subscribers, driven by one thread."""

import select
import time

import packets
from client import Client
from packets import Publish

BATCH = 10  # messages in one send
IN_FLIGHT = 20  # unfinished handshakes of a publisher at QoS 1 and 2


class Publisher:
    def __init__(self, client: Client, number: int):
        self.client, self.number = client, number
        self.sent = 0
        self.acknowledged = 0

    def send(self, topic: str, qos: int, padding: bytes) -> None:
        batch = []
        for n in range(self.sent, self.sent + BATCH):
            payload = b"%d:%d:" % (self.number, n) + padding
            batch.append(packets.publish(topic, payload, qos=qos, id=n % 0xFFFF + 1 if qos else None))
        self.sent += BATCH
        self.client.send(*batch)


class Load:
    """Every publisher sends `count` messages at `qos`; every subscriber reads them all and acknowledges as it must.

    No more than `window` messages are under way at a time, so that no queue of the broker overflows.
    """

    def __init__(self, publishers: list[Client], subscribers: list[Client], topic: str, *, qos=0, window=200,
                 padding=0):
        self.publishers = {client: Publisher(client, i) for i, client in enumerate(publishers)}
        self.received: dict[Client, list[Publish]] = {client: [] for client in subscribers}
        self.topic, self.qos, self.window, self.padding = topic, qos, window, b"." * padding
        self.unreleased = 0  # QoS 2 handshakes of subscribers that wait for PUBREL
        self.sockets = {client.socket: client for client in publishers + subscribers}
        for client in subscribers:
            client.subscribe((topic, qos))

    def run(self, count: int, seconds: float = 60.0) -> "Load":
        """`count` more messages from each publisher; a multiple of the batch."""
        assert count % BATCH == 0
        goal = count + next(iter(self.publishers.values())).sent
        deadline = time.monotonic() + seconds
        while not self.is_done(goal):
            assert time.monotonic() < deadline, f"not done in {seconds} s: {self.progress()}"
            ready = [p for p in self.publishers.values() if p.sent < goal and self.room(p)]
            if ready:
                min(ready, key=lambda p: p.sent).send(self.topic, self.qos, self.padding)
            self.read(0 if ready else 0.2)
        return self

    def is_done(self, goal: int) -> bool:
        return (self.arrived() == goal * len(self.publishers) and not self.unreleased
                and (not self.qos or all(p.acknowledged == goal for p in self.publishers.values())))

    def room(self, publisher: Publisher) -> bool:
        if self.qos and publisher.sent - publisher.acknowledged > IN_FLIGHT - BATCH:
            return False
        return sum(p.sent for p in self.publishers.values()) - self.arrived() <= self.window - BATCH

    def arrived(self) -> int:
        """How many messages the slowest subscriber has."""
        return min(map(len, self.received.values()))

    def progress(self) -> str:
        sent = [(p.sent, p.acknowledged) for p in self.publishers.values()]
        return f"publishers sent, acknowledged {sent}; subscribers have {[len(m) for m in self.received.values()]}"

    def read(self, seconds: float) -> None:
        for socket in select.select(self.sockets, [], [], seconds)[0]:
            client = self.sockets[socket]
            client.read()
            assert not client.has_ended, f"the broker ended the connection of {client.address}"
            answers = [self.answer(client, data) for data in client.whole]
            client.whole.clear()
            client.send(*answers)

    def answer(self, client: Client, data: bytes) -> bytes:
        kind = data[0] >> 4
        if kind == 3:
            message = Publish.decode(data)
            self.received[client].append(message)
            self.unreleased += message.qos == 2
            return {0: lambda _: b"", 1: packets.puback, 2: packets.pubrec}[message.qos](message.id)
        if kind == 5:
            return packets.pubrel(packets.id_of(data))
        if kind == 6:
            self.unreleased -= 1
            return packets.pubcomp(packets.id_of(data))
        assert kind in (4, 7), data.hex(" ")
        self.publishers[client].acknowledged += 1
        return b""

    def check(self) -> None:
        """Every subscriber has every message of every publisher once, and in the order in which it was sent."""
        for messages in self.received.values():
            for publisher in self.publishers.values():
                own = [m.payload.split(b":")[1] for m in messages if m.payload.startswith(b"%d:" % publisher.number)]
                assert list(map(int, own)) == list(range(publisher.sent)), f"of publisher {publisher.number}"
