"""Boards in bridge mode: their sections, the state of their links, and who reads what comes across."""

import time

import packets
from broker import Broker
from deadline import until
from packets import Publish
from system_topics import SystemTopics


def section(*remotes: Broker | int, name="link", lines: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A link to the first of these brokers (or ports) that is there. Nobody waits long for a second attempt."""
    wait = () if any(line.startswith("restart_timeout") for line in lines) else ("restart_timeout 1",)
    ports = [remote if isinstance(remote, int) else remote.port for remote in remotes]
    return (f"connection {name}", "address " + " ".join(f"127.0.0.1:{port}" for port in ports),
            f"remote_clientid id-{name}", *wait, *lines)


def state_topic(name="link") -> str:
    """Where the state of a section's link is told, 1 or 0, by mosquitto as by us."""
    return f"$SYS/broker/connection/id-{name}/state"


class Links(SystemTopics):
    """What a broker says of links, its own and those to it. Numbers are those of the present."""

    def __init__(self, broker: Broker):
        super().__init__(broker, "$SYS/broker/connection/#")

    def state(self, name="link") -> str | None:
        return self.read().get(f"connection/id-{name}/state")

    def wait_until(self, state: int, name="link") -> None:
        self.wait_for({f"connection/id-{name}/state": state})


def link_is_up(broker: Broker, name="link", state=1) -> None:
    """Waits until the broker says that the link is up (or down). What it has subscribed may still be on its way."""
    links = Links(broker)
    links.wait_until(state, name)
    links.client.close()


class Reader:
    """A subscriber who takes and acknowledges whatever comes."""

    def __init__(self, broker: Broker, *filters: tuple[str, int] | str, **connect):
        self.client = broker.connect(**connect)
        self.client.subscribe(*[(each, 2) if isinstance(each, str) else each for each in filters])
        self.messages: list[Publish] = []

    def read(self) -> list[Publish]:
        """All that has come so far. Does not wait."""
        assert self.client.is_open(), "the broker has ended the connection of a reader"
        while self.client.whole:
            data = self.client.whole.popleft()
            if data[0] >> 4 == 6:
                self.client.send(packets.pubcomp(packets.id_of(data)))
                continue
            message = Publish.decode(data)
            self.messages.append(message)
            if message.qos:
                self.client.send((packets.puback if message.qos == 1 else packets.pubrec)(message.id))
        return self.messages

    def wait_for(self, count: int, seconds=20.0) -> list[Publish]:
        """All that has come, once it is so many."""
        deadline = time.monotonic() + seconds
        while len(self.read()) < count:
            assert time.monotonic() < deadline, f"not {count} messages: {self.messages[-20:]}"
            time.sleep(0.002)
        return self.messages

    def brief(self, count: int, seconds=20.0) -> list[tuple[str, bytes]]:
        """Topic and payload of all that has come, once it is so many."""
        return [(message.topic, message.payload) for message in self.wait_for(count, seconds)]

    def payloads(self, count: int, seconds=20.0) -> list[bytes]:
        return [message.payload for message in self.wait_for(count, seconds)]


def knock(sender: Broker, sent_as: str, receiver: Broker, arrives_as: str, seconds=20.0) -> None:
    """Waits until messages cross from one broker to another: what comes later is not from here."""
    publisher, reader, count = sender.connect(), Reader(receiver, arrives_as), 0
    deadline = time.monotonic() + seconds
    while not reader.read():
        assert time.monotonic() < deadline, f"what is sent as {sent_as} does not arrive as {arrives_as}"
        count += 1
        publisher.send(packets.publish(sent_as, b"knock %d" % count))
        time.sleep(0.05)
    until(lambda: reader.read()[-1].payload == b"knock %d" % count, "the last knock")
    publisher.close()
    reader.client.close()
