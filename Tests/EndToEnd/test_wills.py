"""Wills: the message that a client leaves behind for the case that it does not say goodbye."""

import pytest

import packets
from broker import Broker
from client import Client
from conftest import MAX_PACKET_SIZE
from deadline import until
from packets import Publish, Will, connect, puback, publish
from sessions import NEW, RESUMED, enter, leave

WILL = Will("will", b"gone")


@pytest.fixture
def heir(broker) -> Client:
    """Subscribed to `will`."""
    client = broker.connect()
    client.subscribe(("will", 2))
    return client


def take_over(broker: Broker, client: Client) -> None:
    broker.connect("e2e-testator")


def send_nonsense(broker: Broker, client: Client) -> None:
    client.send(publish("a/#", b""))


def hang_up(broker: Broker, client: Client) -> None:
    client.close()


def crash(broker: Broker, client: Client) -> None:
    client.reset()


@pytest.mark.parametrize("end", [hang_up, crash, send_nonsense, take_over])
def test_it_is_published_when_the_connection_ends_without_a_disconnect(broker, heir, end):
    """[MQTT-3.1.2-8]"""
    end(broker, broker.connect("e2e-testator", will=WILL))
    assert heir.receive_publish() == Publish("will", b"gone")
    heir.expect_nothing()


def test_it_is_published_when_the_keep_alive_is_over(broker, heir):
    """[MQTT-3.1.2-8] [MQTT-3.1.2-24]"""
    broker.connect(keep_alive=1, will=WILL).expect_end()
    assert heir.receive_publish() == Publish("will", b"gone")


def test_it_is_not_published_after_a_disconnect(broker, heir):
    """[MQTT-3.1.2-10] [MQTT-3.14.4-3]"""
    leave(broker.connect(will=WILL))
    heir.expect_nothing()


def test_it_is_not_published_after_a_disconnect_behind_which_the_connection_breaks(broker, heir):
    """[MQTT-3.14.4-3]"""
    client = broker.connect(will=WILL)
    client.send(packets.DISCONNECT, b"\xf0")
    client.close()
    heir.expect_nothing()


def test_it_is_published_after_a_disconnect_that_is_no_good(broker, heir):
    """[MQTT-3.14.1-1]: reserved bits are set, which is a violation and no goodbye."""
    broker.connect(will=WILL).send(b"\xe1\x00")
    assert heir.receive_publish() == Publish("will", b"gone")


def test_it_is_published_once(broker, heir):
    """[MQTT-3.1.2-10]: it goes with the connection, also where the session stays."""
    client = enter(broker, "e2e-once", NEW, will=WILL)
    client.close()
    assert heir.receive_publish() == Publish("will", b"gone")
    for end in (Client.close, leave, Client.close):
        end(enter(broker, "e2e-once", RESUMED))
    heir.expect_nothing()


def test_the_will_of_the_latest_connect_counts(broker, heir):
    """[MQTT-3.1.2-9]"""
    first = enter(broker, "e2e-latest", NEW, will=WILL)
    leave(first)
    enter(broker, "e2e-latest", RESUMED, will=Will("will", b"another")).close()
    assert heir.receive_publish() == Publish("will", b"another")
    heir.expect_nothing()


def test_a_refused_connect_leaves_no_will(broker, heir):
    """[MQTT-3.1.2-8]: only once the connection was accepted is it there."""
    client = broker.dial()
    client.request(connect("", clean=False, will=WILL), answer=packets.connack(2))
    client.expect_end()
    heir.expect_nothing()


@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_it_is_delivered_at_the_lower_of_both_qos(broker, qos, granted):
    """[MQTT-3.1.2-14] [MQTT-3.8.4-6]"""
    heir = broker.connect()
    heir.subscribe(("will/qos", granted))
    broker.connect(will=Will("will/qos", b"m", qos)).close()
    message = heir.receive_publish()
    assert message == Publish("will/qos", b"m", min(qos, granted), message.id)


def late_heir(broker: Broker, topic: str) -> list[Publish]:
    client = broker.connect()
    client.subscribe((topic, 1))
    return client.publishes_so_far()


@pytest.mark.parametrize("is_retained", [False, True])
def test_it_is_retained_if_it_asks_for_that(broker, retain, heir, is_retained):
    """[MQTT-3.1.2-16] [MQTT-3.1.2-17]"""
    retain.topics.add("will")
    broker.connect(will=Will("will", b"state", 1, is_retained)).close()
    message = heir.receive_publish()
    assert message == Publish("will", b"state", 1, message.id)
    late = late_heir(broker, "will")
    assert [(m.payload, m.retain) for m in late] == ([(b"state", True)] if is_retained else [])


def test_an_empty_one_that_is_retained_removes_what_was_kept(broker, heir):
    """[MQTT-3.3.1-10]: "online" goes when its client does."""
    client = broker.connect(will=Will("will", b"", 0, True))
    client.request(publish("will", b"online", qos=1, id=1, retain=True), answer=puback(1))
    assert [message.payload for message in late_heir(broker, "will")] == [b"online"]
    assert heir.receive_publish().payload == b"online"
    client.close()
    assert heir.receive_publish().payload == b""
    assert late_heir(broker, "will") == []


def test_an_empty_one_is_published(broker, heir):
    """[MQTT-3.1.2-9]: "zero length" is a message, too."""
    broker.connect(will=Will("will")).close()
    assert heir.receive_publish() == Publish("will", b"")


def test_it_is_kept_for_an_absent_client(broker):
    """[MQTT-3.1.2-5]"""
    heir = enter(broker, "e2e-heir", NEW)
    heir.subscribe(("will/absent", 1))
    leave(heir)
    broker.connect(will=Will("will/absent", b"m", 1)).close()

    def inherits() -> bool:
        heir = enter(broker, "e2e-heir", RESUMED)
        return [message.payload for message in heir.publishes_so_far()] == [b"m"]

    until(inherits, "the will comes")


def test_a_client_can_inherit_from_itself(broker):
    """[MQTT-3.1.2-5]: its session is subscribed when its connection ends."""
    client = enter(broker, "e2e-self", NEW, will=Will("will/self", b"m", 1))
    client.subscribe(("will/self", 1))
    client.close()
    client = enter(broker, "e2e-self", RESUMED)
    assert client.receive_publish().payload == b"m"


def test_a_clean_connect_in_its_place_publishes_the_will_of_the_session_that_it_ends(broker, heir):
    """[MQTT-3.1.2-8] [MQTT-3.1.2-6]"""
    enter(broker, "e2e-testator", NEW, will=WILL)
    broker.connect("e2e-testator")
    assert heir.receive_publish() == Publish("will", b"gone")


def test_the_same_client_with_the_same_will_may_take_over_again_and_again(broker, heir):
    """[MQTT-3.1.4-2]: once for each connection that was cut off."""
    for _ in range(20):
        last = broker.connect("e2e-testator", will=WILL)
    leave(last)
    assert [message.payload for message in heir.publishes_so_far()] == [b"gone"] * 19


@pytest.mark.parametrize("size", [0, 1, 120, 5000, MAX_PACKET_SIZE - 60])
def test_a_message_of_any_size_is_published_whole(broker, heir, size):
    payload = bytes(i * 13 & 0xFF for i in range(size))
    broker.connect(will=Will("will", payload, 2)).close()
    assert heir.receive_publish().payload == payload


def test_fields_that_come_in_this_order_are_not_mixed_up(broker, heir):
    """[MQTT-3.1.3-1]: client id, will topic, will message, user name, password."""
    broker.connect("e2e-order", will=WILL, user="user", password="secret").close()
    assert heir.receive_publish() == Publish("will", b"gone")


def test_a_will_of_mqtt_3_1_is_published(broker, heir):
    broker.connect("e2e-will31", name="MQIsdp", level=3, will=WILL).close()
    assert heir.receive_publish() == Publish("will", b"gone")


def test_many_that_go_at_once_are_all_heard_of(broker):
    heir = broker.connect()
    heir.subscribe(("will/+", 1))
    testators = [broker.connect(will=Will(f"will/{i}", b"%d" % i, i % 3)) for i in range(60)]
    for client in testators:
        client.close()
    received = set()
    while len(received) < 60:
        message = heir.receive_publish()
        received.add(int(message.payload))
        if message.qos:
            heir.send(puback(message.id))
    heir.expect_nothing()


def test_wills_that_were_not_needed_do_not_fill_the_broker(start):
    """A device that says goodbye every minute for years."""
    broker = start("max_packet_size 4096")
    for i in range(300):
        leave(broker.connect("e2e-testator", will=Will("will", b"x" * 4000, 1)))
    for i in range(300):
        broker.connect("e2e-testator", will=Will("will", b"x" * 4000, 1)).close()
    heir = broker.connect()
    heir.subscribe(("will", 0))
    broker.connect("e2e-testator", will=WILL).close()
    until(lambda: heir.receive_publish().payload == b"gone", "the last will")


@pytest.mark.swiftlet("it has no such limit")
@pytest.mark.parametrize("topic, lines", [
    ("x" * 65, ["max_topic_length 64"]),
    ("/" * 8, ["max_topic_levels 8"]),
], ids=["bytes", "levels"])
def test_a_will_topic_over_the_limits_ends_the_connection(start, topic, lines):
    broker = start(*lines)
    client = broker.dial()
    client.send(connect("e2e", will=Will(topic, b"m")))
    client.expect_end()
    assert broker.reason(client) == "bad-topic-name"


@pytest.mark.swiftlet("it has no such limit")
def test_a_client_that_stalls_is_survived_by_its_will(start):
    """[MQTT-3.1.2-8]: whatever the broker ends a connection for."""
    broker = start("stall_timeout 1")
    heir = broker.connect()
    heir.subscribe(("will", 0))
    broker.connect(will=WILL).send(publish("never/whole", b"x" * 50)[:-1])
    assert heir.receive_publish() == Publish("will", b"gone")


@pytest.mark.swiftlet("its $SYS is its own affair")
def test_a_will_below_sys_goes_nowhere(start):
    """What is below $SYS the broker alone says."""
    broker = start("sys_interval 0")
    heir = broker.connect()
    heir.subscribe(("$SYS/#", 0))
    client = broker.connect(will=Will("$SYS/broker/uptime", b"no time", 0, True))
    client.close()
    assert broker.reason(client) == "end-of-stream"
    heir.expect_nothing()
