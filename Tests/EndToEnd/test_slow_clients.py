"""Clients that are too slow: each has a deadline, and nobody waits for them."""

import contextlib
import time

import pytest

import packets
from broker import Broker
from bystanders import Bystanders
from client import Client
from deadline import until

pytestmark = pytest.mark.swiftlet("it has no deadlines for these")

TIMEOUT = 1
BYTE_EVERY = 0.2


@pytest.fixture
def broker(start) -> Broker:
    return start(f"connect_timeout {TIMEOUT}", f"stall_timeout {TIMEOUT}")


@pytest.fixture
def bystanders(broker) -> Bystanders:
    return Bystanders(broker)


def trickle(client: Client, data: bytes, bystanders: Bystanders) -> None:
    """Sends a byte now and then while the bystanders talk, until the broker has had enough."""
    for i in range(len(data)):
        # It may have had enough just now.
        with contextlib.suppress(ConnectionError):
            client.send(data[i:i + 1])
        due = time.monotonic() + BYTE_EVERY
        while True:
            bystanders.exchange()
            if not client.is_open():
                return
            if time.monotonic() >= due:
                break
            time.sleep(0.01)
    raise AssertionError(f"{len(data)} bytes were taken one by one")


def test_a_connection_that_sends_nothing_is_ended(broker, bystanders):
    client = broker.dial()
    until(lambda: bystanders.exchange() or not client.is_open(), "the end of the silent connection")
    assert broker.reason(client) == "connect-timeout"


def test_a_connect_that_comes_byte_by_byte_is_ended(broker, bystanders):
    """A byte now and then buys no time."""
    start = time.monotonic()
    client = broker.dial()
    trickle(client, packets.connect("e2e-trickling-its-connect"), bystanders)
    assert TIMEOUT - 0.1 < time.monotonic() - start < TIMEOUT + 10
    assert broker.reason(client) == "connect-timeout"


def test_a_publish_that_comes_byte_by_byte_is_ended(broker, bystanders):
    client = broker.connect()
    start = time.monotonic()
    trickle(client, packets.publish("trickle", b"x" * 30), bystanders)
    assert TIMEOUT - 0.1 < time.monotonic() - start < TIMEOUT + 10
    assert broker.reason(client) == "packet-timeout"


def test_part_of_a_publish_reaches_nobody(broker, bystanders):
    client = broker.connect()
    client.send(packets.publish(bystanders.topic, b"never whole")[:-1])
    client.expect_end()
    bystanders.exchange()


def test_a_subscriber_that_does_not_read_is_ended(broker, bystanders):
    """Its messages are dropped before that, so the publisher is not held up either."""
    deaf = broker.connect(receive_buffer=4096)
    deaf.subscribe(("loud", 0))
    publisher = broker.connect()

    def has_ended() -> bool:
        publisher.send(*[packets.publish("loud", b"x" * 10_000)] * 20)
        publisher.expect_nothing()
        bystanders.exchange()
        return bool(broker.closings(deaf))

    until(has_ended, "the end of the subscriber that does not read")
    assert broker.reason(deaf) == "output-stalled"


def test_a_subscriber_that_reads_too_little_but_steadily_stays(start):
    broker = start("stall_timeout 4")
    slow = broker.connect(receive_buffer=65_536)
    slow.subscribe(("slow", 0))
    publisher = broker.connect()
    deadline = time.monotonic() + 9
    while time.monotonic() < deadline:
        publisher.send(*[packets.publish("slow", b"x" * 10_000)] * 20)
        publisher.expect_nothing()
        slow.read()
        time.sleep(0.01)
    assert not broker.closings(slow)


def test_what_a_slow_subscriber_is_sent_stays_whole_while_its_oldest_messages_make_room(start):
    """With `queue_policy oldest` a packet of which a part is sent stays, and so do those that wait for a PUBACK."""
    broker = start("queue_policy oldest", "max_queued_messages 5")
    slow, publisher = broker.connect(receive_buffer=4096), broker.connect()
    slow.subscribe(("slow", 1))
    for i in range(400):
        publisher.request(packets.publish("slow", b"%d:" % i + b"x" * 20_000, qos=1, id=1), answer=packets.puback(1))
    received = []
    while not received or received[-1] != 399:
        message = slow.receive_publish()
        number, _, padding = message.payload.partition(b":")
        assert padding == b"x" * 20_000
        received.append(int(number))
        slow.send(packets.puback(message.id))
    assert received == sorted(set(received)) and len(received) < 400
    slow.expect_nothing()
