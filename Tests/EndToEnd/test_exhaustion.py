"""Every pool used up from outside: the answer is the one that README gives, the others are served, and all comes back.

In each test a pool is as small as it may be, `used_up` is asked while it is, and `is_back` when those who did it have
left.
"""

import pytest

import packets
from broker import Broker
from bystanders import Bystanders
from churn import churn
from client import Client
from deadline import until
from packets import Will, connack, connect, puback, pubcomp, publish, pubrec, pubrel, suback, subscribe
from sessions import NEW, RESUMED, enter, leave

pytestmark = pytest.mark.swiftlet("it allocates")

OWN = "sys_interval 0"  # nothing in the pools but what clients bring about


class Pools:
    """What each pool holds when nobody is there, to be compared with what it holds when nobody is there any more."""

    def __init__(self, broker: Broker):
        self.broker = broker
        self.before = self.in_use()

    def in_use(self) -> dict[str, int]:
        return {name: pool.in_use for name, pool in self.broker.pools().items()}

    def are_used_up(self, name: str) -> bool:
        """This one has been at its end."""
        pool = self.broker.pools()[name]
        return pool.high_water == pool.capacity

    def check_all_are_back(self) -> None:
        self.broker.hang_up()
        until(lambda: self.in_use() == self.before, f"all pools are back at {self.before}; last {self.in_use()}")


def run(start, *lines: str) -> tuple[Broker, Pools]:
    broker = start(OWN, *lines)
    return broker, Pools(broker)


def forget(broker: Broker, *client_ids: str) -> None:
    """Ends sessions that outlive their connections."""
    for client_id in client_ids:
        leave(broker.connect(client_id))


def absent(broker: Broker, client_id: str, *filters: tuple[str, int]) -> None:
    """A session that waits for messages."""
    client = enter(broker, client_id, NEW)
    client.subscribe(*filters)
    leave(client)


def fill(broker: Broker, publisher: Client, topic: str, payload: bytes, limit: int = 1_000_000) -> int:
    """Publishes at QoS 1 until the broker ends the connection, or to the limit; how many messages it acknowledged."""
    for count in range(limit):
        publisher.send(publish(topic, payload, qos=1, id=1))
        while not publisher.whole and not publisher.has_ended:
            publisher.read()
        if publisher.has_ended:
            assert not publisher.whole and not publisher.part
            assert broker.reason(publisher) == "server-full"
            return count
        publisher.expect(puback(1))
    return limit


def test_connections(start):
    """One more is closed before it says anything, and counted."""
    broker, pools = run(start, "global_max_connections 6")
    inside = [broker.connect() for _ in range(6)]
    for _ in range(20):
        broker.dial().expect_end()
    until(lambda: sum(int(event["connections"]) for event in broker.log.matching(event="refused")) == 20, "the count")
    assert pools.are_used_up("connections")
    for client in inside:
        client.expect_nothing()
    pools.check_all_are_back()


def test_sessions(start):
    """CONNECT of one more is answered with 0x03; those known are let in."""
    broker, pools = run(start, "global_max_connections 4", "global_max_clients 4")
    names = [f"e2e-{i}" for i in range(4)]
    for name in names:
        absent(broker, name, ("a", 0))
    for clean in (True, False):
        client = broker.dial()
        client.request(connect("e2e-one-more", clean=clean), answer=connack(3))
        client.expect_end()
        assert broker.reason(client) == "server-full"
    assert pools.are_used_up("sessions")
    leave(enter(broker, names[0], RESUMED))
    forget(broker, *names)
    broker.connect("e2e-one-more").expect_nothing()
    pools.check_all_are_back()


def enter_long(broker: Broker) -> bool:
    """Whether a client with a long id is let in."""
    client = broker.dial()
    client.send(connect("y" * 500))
    return client.receive() == NEW


def test_client_names(start):
    """Ids as long as allowed use up the room for names before that for sessions; the answer is the same."""
    broker, pools = run(start, "global_max_connections 8", "global_max_clients 8", "max_client_id_length 512")
    clients = []
    while True:
        client = broker.dial()
        client.send(connect(f"{len(clients)}" * 500))
        answer = client.receive()
        if answer != NEW:
            break
        clients.append(client)
    assert answer == connack(3) and 0 < len(clients) < 8
    assert broker.reason(client) == "server-full"
    broker.connect("short").expect_nothing()
    clients.pop().close()
    until(lambda: enter_long(broker), "room for a long name again")
    pools.check_all_are_back()


def test_subscriptions(start):
    """One more is answered with 0x80; those there can be replaced, and one that ends makes room."""
    broker, pools = run(start, "max_subscriptions 10")
    first, second = broker.connect(), broker.connect()
    first.request(subscribe(1, *[(f"a/{i}", 0) for i in range(7)]), answer=suback(1, *[0] * 7))
    second.request(subscribe(1, *[(f"b/{i}", 1) for i in range(7)]), answer=suback(1, 1, 1, 1, *[0x80] * 4))
    assert pools.are_used_up("subscriptions")
    first.request(subscribe(1, ("a/1", 2), ("new", 0)), answer=suback(1, 2, 0x80))
    first.request(packets.unsubscribe(2, "a/0"), answer=packets.unsuback(2))
    second.request(subscribe(3, ("new", 0)), answer=suback(3, 0))
    second.send(publish("a/0", b"m"), publish("b/6", b"m"), publish("b/2", b"m"), publish("new", b"m"))
    assert [message.topic for message in second.publishes_so_far()] == ["b/2", "new"]
    pools.check_all_are_back()


def test_topic_nodes(start):
    """A filter that needs one more is answered with 0x80 and leaves nothing; a retained message is not kept."""
    broker, pools = run(start, "max_topic_nodes 8")
    client = broker.connect()
    client.request(subscribe(1, ("a/b/c/d", 0), ("e/f/g", 0), ("h/i/j", 0), ("a/b/x", 0), ("h", 0)),
                   answer=suback(1, 0, 0, 0x80, 0, 0x80))
    assert pools.are_used_up("topic-nodes")
    client.request(subscribe(1, ("a/b", 0), ("a/b/c", 0), ("e/+", 0)), answer=suback(1, 0, 0, 0x80))
    client.request(publish("a/b", b"kept", qos=1, id=1, retain=True), answer=puback(1))
    client.expect(publish("a/b", b"kept"))
    broker.connect().request(publish("new", b"not kept", qos=1, id=1, retain=True), answer=puback(1))
    broker.wait_for(**{"event": "dropped", "retained-full": "1"})
    client.request(packets.unsubscribe(2, "e/f/g"), answer=packets.unsuback(2))
    client.request(subscribe(3, ("h/i/j", 0), ("k", 0)), answer=suback(3, 0, 0x80))
    client.request(publish("a/b", b"", qos=1, id=1, retain=True), answer=puback(1))
    pools.check_all_are_back()


def test_topic_names(start):
    """Long levels use up the room for their text before that for nodes; the answer is the same."""
    broker, pools = run(start, "max_topic_nodes 16", "max_topic_length 240")
    client = broker.connect()
    codes = []
    for i in range(6):
        client.send(subscribe(1, (f"{i}" * 230, 0)))
        codes.append(client.receive()[-1])
    refused = codes.index(0x80)
    assert codes == [0] * refused + [0x80] * (6 - refused) and refused > 0
    client.request(packets.unsubscribe(2, "0" * 230), answer=packets.unsuback(2))
    client.request(subscribe(3, ("y" * 230, 0), ("z" * 230, 0)), answer=suback(3, 0, 0x80))
    pools.check_all_are_back()


@pytest.mark.parametrize("name, lines, payload", [
    ("messages", ["max_messages 16"], b"m"),
    ("message-slabs", ["message_store_size 4096", "max_packet_size 2048"], b"x" * 550),
], ids=["messages", "bytes"])
def test_messages_and_their_bytes(start, name, lines, payload):
    """A publisher at QoS 1 waits, and is closed without acknowledgement; at QoS 0 the message is dropped and counted.

    Those who do not publish notice nothing, and what was acknowledged is delivered.
    """
    broker, pools = run(start, *lines, "max_queued_messages 0")
    absent(broker, "e2e-absent", ("full", 1))
    other = broker.connect()
    count = fill(broker, broker.connect(), "full", payload)
    assert pools.are_used_up(name)
    broker.wait_for(**{"event": "dropped", "store-full": "1"})
    other.subscribe(("other", 0))
    second = broker.connect()
    second.send(publish("full", payload))
    second.expect_nothing()
    until(lambda: len(broker.log.matching(event="dropped")) > 1, "the count of the second message")
    client = enter(broker, "e2e-absent", RESUMED)
    for _ in range(count):
        message = client.receive_publish()
        assert message.payload == payload
        client.send(puback(message.id))
    client.expect_nothing()
    second.request(publish("full", payload, qos=1, id=2), answer=puback(2))
    assert client.receive_publish().payload == payload
    leave(client)
    forget(broker, "e2e-absent")
    pools.check_all_are_back()


def test_a_publisher_of_qos_2_is_closed_like_one_of_qos_1_and_can_send_again(start):
    """[MQTT-4.3.3-1]: without PUBREC the message is the sender's still; with it, it arrives once."""
    broker, pools = run(start, "max_messages 16", "max_queued_messages 0")
    absent(broker, "e2e-absent", ("full", 2))
    fill(broker, broker.connect(), "full", b"m")
    sender = enter(broker, "e2e-sender", NEW)
    sender.send(publish("full", b"again", qos=2, id=9))
    sender.expect_end()
    client = enter(broker, "e2e-absent", RESUMED)

    def drain(seen: list[bytes]) -> list[bytes]:
        for message in client.publishes_so_far():
            seen.append(message.payload)
            client.send(pubrec(message.id) if message.qos == 2 else puback(message.id))
            if message.qos == 2:
                client.expect(pubrel(message.id))
                client.send(pubcomp(message.id))
        return seen

    seen: list[bytes] = []
    drain(seen)
    sender = enter(broker, "e2e-sender", RESUMED)
    for dup in (True, True):
        sender.request(publish("full", b"again", qos=2, id=9, dup=dup), answer=pubrec(9))
    sender.request(pubrel(9), answer=pubcomp(9))
    assert drain(seen).count(b"again") == 1
    leave(client)
    leave(sender)
    forget(broker, "e2e-absent", "e2e-sender")
    pools.check_all_are_back()


def test_wills_that_find_no_room(start):
    """CONNECT is answered with 0x03: better no connection than one whose will is forgotten."""
    broker, pools = run(start, "max_messages 16")
    clients = [broker.connect(f"e2e-{i}", will=Will("will", b"m")) for i in range(16)]
    assert pools.are_used_up("messages")
    client = broker.dial()
    client.request(connect("e2e-one-more", will=Will("will", b"m")), answer=connack(3))
    client.expect_end()
    assert broker.reason(client) == "server-full"
    broker.connect("e2e-no-will").expect_nothing()
    leave(clients.pop())
    broker.connect("e2e-one-more", will=Will("will", b"m"))
    pools.check_all_are_back()


def test_retained_messages_leave_room_for_what_is_on_its_way(start):
    """As many as allowed are kept, and messages still flow."""
    broker, pools = run(start, "max_messages 64", "max_retained_messages 48")
    client = broker.connect()
    for i in range(60):
        client.request(publish(f"r/{i}", b"m", qos=1, id=1, retain=True), answer=puback(1))
    Bystanders(broker).exchange()
    for i in range(60):
        client.request(publish(f"r/{i}", b"", qos=1, id=1, retain=True), answer=puback(1))
    pools.check_all_are_back()


def test_short_retained_messages_leave_room_for_what_is_on_its_way(start):
    """However short they are, and whatever limits the board file may have."""
    broker, pools = run(start, "max_messages 1000", "message_store_size 32K", "max_packet_size 4096",
                        "max_retained_messages 750")
    client = broker.connect()
    for i in range(750):
        client.send(publish(f"r/{i}", b"0123456789", retain=True))
    client.expect_nothing()
    Bystanders(broker).exchange()
    assert client.is_open()


# A message to all clients has to find as many.
SIXTEEN_DELIVERIES = ("max_deliveries 16", "global_max_clients 16", "max_connections 16")


def test_what_is_acknowledged_has_found_a_delivery_to_each_subscriber(start):
    """As when there is no room for the message itself: the publisher is closed without acknowledgement."""
    broker, pools = run(start, *SIXTEEN_DELIVERIES, "max_queued_messages 0")
    names = [f"e2e-{i}" for i in range(4)]
    for name in names:
        absent(broker, name, ("full", 1))
    count = fill(broker, broker.connect(), "full", b"m", limit=8)
    assert pools.are_used_up("deliveries")
    for name in names:
        client = enter(broker, name, RESUMED)
        assert len(client.publishes_so_far()) == count
        client.close()


def test_deliveries(start):
    """What finds none is counted, and nobody is disturbed for longer than they last."""
    broker, pools = run(start, *SIXTEEN_DELIVERIES, "max_queued_messages 0")
    names = [f"e2e-{i}" for i in range(4)]
    for name in names:
        absent(broker, name, ("full", 1))
    fill(broker, broker.connect(), "full", b"m", limit=6)
    broker.wait_for(event="dropped")
    assert pools.are_used_up("deliveries")
    for name in names:
        client = enter(broker, name, RESUMED)
        for message in client.publishes_so_far():
            client.send(puback(message.id))
        leave(client)
    Bystanders(broker).exchange()
    forget(broker, *names)
    pools.check_all_are_back()


def test_one_client_that_does_not_read_cannot_use_up_what_all_need(start):
    """Every overlapping filter brings the retained messages again."""
    broker, _ = run(start, "max_retained_messages 1000", "max_deliveries 4000")
    publisher = broker.connect()
    for i in range(1000):
        publisher.send(publish(f"r/{i}", b"x" * 1000, retain=True))
    publisher.expect_nothing()
    bystanders = Bystanders(broker)
    bystanders.exchange()
    deaf = broker.connect(receive_buffer=4096)
    for _ in range(8):
        deaf.send(subscribe(1, ("r/+", 0), ("r/#", 0), ("+/#", 0), ("+/+", 0), ("#", 0)))
    until(lambda: broker.pools()["subscriptions"].in_use == 6, "its subscriptions")
    for _ in range(10):
        bystanders.exchange()


def test_packet_slabs(start):
    """Packets in pieces: the one that was begun first gives way, and the others can be finished."""
    broker, pools = run(start, "packet_store_size 4096", "max_packet_size 2048")
    data = publish("pieces", b"x" * 1500)
    clients = []
    while len(clients) < 6:  # a piece takes a quarter of what there is
        clients.append(broker.connect())
        clients[-1].send(data[:1000])
        bystander = broker.connect()
        bystander.request(packets.PINGREQ, answer=packets.PINGRESP)
        until(lambda: not clients[0].is_open() or pieces(broker) == len(clients), "the piece has come")
    ended = [client for client in clients if not client.is_open()]
    assert ended and ended == clients[:len(ended)]
    for client in ended:
        client.expect_end()
        assert broker.reason(client) == "server-full"
    subscriber = broker.connect()
    subscriber.subscribe(("pieces", 0))
    for client in clients[len(ended):]:
        client.send(data[1000:])
        subscriber.expect(data)
    assert broker.pools()["packet-slabs"].high_water > broker.pools()["packet-slabs"].capacity * 3 // 4
    pools.check_all_are_back()


def pieces(broker: Broker) -> int:
    """How many pieces of 1000 bytes are held; each takes five slabs of 248."""
    return broker.pools()["packet-slabs"].in_use // 5


def test_packet_slabs_by_answers_that_nobody_reads(start):
    """Who asks and does not read is closed, and takes nothing from the others."""
    broker, pools = run(start, "packet_store_size 8192", "max_packet_size 2048", "receive_buffer_size 4096",
                        "stall_timeout 1")
    bystanders = Bystanders(broker)
    deaf = [broker.connect(receive_buffer=4096) for _ in range(4)]
    for client in deaf:
        client.socket.settimeout(0)

    def have_ended() -> bool:
        for client in deaf:
            try:
                client.socket.send(packets.PINGREQ * 4000)
            except (BlockingIOError, ConnectionError):
                pass
        bystanders.exchange()
        return all(broker.closings(client) for client in deaf)

    until(have_ended, "the end of those who do not read")
    assert {broker.reason(client) for client in deaf} <= {"output-stalled", "server-full"}
    pools.check_all_are_back()


def test_incoming_qos_2(start):
    """A client with more than a quarter of the ids is closed; so is one that finds none."""
    broker, pools = run(start, "max_incoming_inflight 8")
    clients = [enter(broker, f"e2e-{i}", NEW) for i in range(4)]
    for client in clients:
        for id in (1, 2):
            client.request(publish("nobody", b"m", qos=2, id=id), answer=pubrec(id))
    assert pools.are_used_up("incoming-qos-2")
    clients[0].send(publish("nobody", b"m", qos=2, id=3))
    clients[0].expect_end()
    late = broker.connect()
    late.send(publish("nobody", b"m", qos=2, id=1))
    late.expect_end()
    assert {broker.reason(client) for client in (clients[0], late)} == {"receive-window-exceeded"}
    clients[0] = enter(broker, "e2e-0", RESUMED)
    for client in clients:
        client.request(publish("nobody", b"m", qos=2, id=2, dup=True), answer=pubrec(2))  # known, so no new one
        for id in (1, 2):
            client.request(pubrel(id), answer=pubcomp(id))
    clients[1].request(publish("nobody", b"m", qos=2, id=1), answer=pubrec(1))
    clients[1].close()
    forget(broker, *[f"e2e-{i}" for i in range(4)])
    pools.check_all_are_back()


def test_sessions_that_end_give_everything_back(start):
    """Subscriptions, messages that wait, messages on their way, ids of QoS 2, a will: all at once, again and again."""
    broker, pools = run(start, "max_inflight_messages 3")
    publisher = broker.connect()
    for i in range(20):
        client = enter(broker, f"e2e-{i % 5}", NEW, will=Will(f"end/{i}", b"m", 1))
        client.subscribe(("end/#", 1), (f"end/{i}/+", 2), ("x/+/y", 0))
        client.send(publish("nobody", b"m", qos=2, id=i + 1), publish("nobody", b"m", qos=2, id=i + 2)[:-1])
        for id in range(1, 6):
            publisher.request(publish(f"end/{i}/x", b"m", qos=1, id=id), answer=puback(id))
        client.close()
        if i % 5 == 4:
            forget(broker, *[f"e2e-{name}" for name in range(5)])
    pools.check_all_are_back()


def test_after_all_that_clients_do_every_pool_is_back(start):
    broker, pools = run(start, "max_packet_size 20000", "max_connections 120")
    churn(broker, connects=120, messages=400)
    pools.check_all_are_back()
