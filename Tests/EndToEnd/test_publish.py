"""PUBLISH at QoS 0, 1 and 2: the handshakes on both sides of the broker."""

import pytest

from conftest import MAX_PACKET_SIZE
from packets import Publish, puback, pubcomp, publish, pubrec, pubrel


@pytest.fixture
def publisher(broker):
    return broker.connect()


@pytest.fixture
def subscriber(broker):
    client = broker.connect()
    client.subscribe(("q/0", 0), ("q/1", 1), ("q/2", 2))
    return client


def test_a_ping_is_answered(publisher):
    """[MQTT-3.12.4-1]"""
    publisher.request(bytes.fromhex("c0 00"), answer=bytes.fromhex("d0 00"))


@pytest.mark.parametrize("id", [1, 0x00FF, 0x0100, 0xFFFF])
def test_qos_1_is_acknowledged_with_its_id(publisher, id):
    """[MQTT-4.3.2-2] [MQTT-2.3.1-6]"""
    publisher.request(publish("q/1", b"m", qos=1, id=id), answer=puback(id))


@pytest.mark.parametrize("id", [1, 0x00FF, 0x0100, 0xFFFF])
def test_qos_2_is_received_and_completed_with_its_id(publisher, id):
    """[MQTT-4.3.3-2] [MQTT-2.3.1-6]"""
    publisher.request(publish("q/2", b"m", qos=2, id=id), answer=pubrec(id))
    publisher.request(pubrel(id), answer=pubcomp(id))


def test_a_subscriber_gets_qos_1_with_an_id_and_without_dup(publisher, subscriber):
    """[MQTT-4.3.2-1] [MQTT-2.3.1-1]"""
    publisher.send(publish("q/1", b"m", qos=1, id=1))
    message = subscriber.receive_publish()
    assert message.id and message == Publish("q/1", b"m", 1, message.id)
    subscriber.send(puback(message.id))
    subscriber.expect_nothing()


def test_a_subscriber_is_led_through_qos_2(publisher, subscriber):
    """[MQTT-4.3.3-1]: PUBLISH, PUBREC, PUBREL, PUBCOMP with one id."""
    publisher.request(publish("q/2", b"m", qos=2, id=1), answer=pubrec(1))
    publisher.request(pubrel(1), answer=pubcomp(1))
    message = subscriber.receive_publish()
    assert message.id and message == Publish("q/2", b"m", 2, message.id)
    subscriber.request(pubrec(message.id), answer=pubrel(message.id))
    subscriber.send(pubcomp(message.id))
    subscriber.expect_nothing()


def test_a_repeated_qos_2_publish_is_delivered_once(publisher, subscriber):
    """[MQTT-4.3.3-2]: until its PUBREL, the id stands for the same message."""
    publisher.request(publish("q/2", b"once", qos=2, id=5), answer=pubrec(5))
    publisher.request(publish("q/2", b"once", qos=2, id=5, dup=True), answer=pubrec(5))
    publisher.request(pubrel(5), answer=pubcomp(5))
    assert [message.payload for message in subscriber.publishes_so_far()] == [b"once"]


@pytest.mark.swiftlet("mosquitto takes it for a violation and ends the connection")
def test_a_repeated_qos_2_publish_without_dup_is_delivered_once(publisher, subscriber):
    """[MQTT-4.3.3-2]: the id alone counts."""
    for _ in range(3):
        publisher.request(publish("q/2", b"once", qos=2, id=5), answer=pubrec(5))
    publisher.request(pubrel(5), answer=pubcomp(5))
    assert [message.payload for message in subscriber.publishes_so_far()] == [b"once"]


def test_after_pubrel_the_id_of_a_qos_2_publish_stands_for_a_new_message(publisher, subscriber):
    """[MQTT-4.3.3-2]"""
    for payload in (b"first", b"second"):
        publisher.request(publish("q/2", payload, qos=2, id=5, dup=True), answer=pubrec(5))
        publisher.request(pubrel(5), answer=pubcomp(5))
    assert [message.payload for message in subscriber.publishes_so_far()] == [b"first", b"second"]


def test_after_puback_the_id_of_a_qos_1_publish_stands_for_a_new_message(publisher, subscriber):
    """[MQTT-4.3.2-2]: DUP or not."""
    publisher.request(publish("q/1", b"m", qos=1, id=5), answer=puback(5))
    publisher.request(publish("q/1", b"m", qos=1, id=5, dup=True), answer=puback(5))
    assert [message.payload for message in subscriber.publishes_so_far()] == [b"m", b"m"]


def test_a_repeated_pubrel_is_completed_again(publisher):
    """[MQTT-4.3.3-2]: the sender repeats it until it has a PUBCOMP."""
    publisher.request(publish("q/2", b"m", qos=2, id=6), answer=pubrec(6))
    publisher.request(pubrel(6), answer=pubcomp(6))
    publisher.request(pubrel(6), answer=pubcomp(6))


def test_a_pubrel_for_an_unknown_id_is_completed(publisher):
    """[MQTT-4.3.3-2]: or the sender would repeat it for ever."""
    publisher.request(pubrel(4711), answer=pubcomp(4711))


def test_dup_is_not_handed_on(publisher, subscriber):
    """[MQTT-3.3.1-3]"""
    publisher.send(publish("q/1", b"m", qos=1, id=8, dup=True))
    assert subscriber.receive_publish().dup is False


def test_retain_is_not_handed_on_to_a_standing_subscription(publisher, subscriber):
    """[MQTT-3.3.1-9]"""
    publisher.send(publish("q/0", b"m", retain=True), publish("q/0", b"", retain=True))
    assert [message.retain for message in (subscriber.receive_publish(), subscriber.receive_publish())] == [False] * 2


def test_a_bridge_gets_retain_as_it_was_published_and_nothing_back_of_its_own(broker, retain):
    """Bit 7 of the protocol level is how bridges of mosquitto say what they are (`try_private`)."""
    bridge = broker.connect(level=0x84)
    bridge.subscribe(("bridged/#", 0))
    retain("bridged/kept", b"m")
    retain.client.send(publish("bridged/passing", b"m"))
    bridge.send(publish("bridged/own", b"m"))
    retain.client.expect_nothing()
    assert bridge.publishes_so_far() == [Publish("bridged/kept", b"m", retain=True), Publish("bridged/passing", b"m")]


def test_messages_in_flight_to_one_subscriber_have_different_ids(publisher, subscriber):
    """[MQTT-2.3.1-4]"""
    for id in range(1, 16):
        publisher.request(publish("q/1", b"m", qos=1, id=id), answer=puback(id))
    ids = [message.id for message in subscriber.publishes_so_far()]
    assert len(set(ids)) == 15 and 0 not in ids


def test_a_publish_nobody_subscribed_to_is_acknowledged(publisher):
    """[MQTT-4.3.2-2] [MQTT-4.3.3-2]"""
    publisher.request(publish("no/one", b"m", qos=1, id=1), answer=puback(1))
    publisher.request(publish("no/one", b"m", qos=2, id=2), answer=pubrec(2))
    publisher.request(pubrel(2), answer=pubcomp(2))


def test_a_publisher_gets_its_own_message(publisher):
    publisher.subscribe(("own", 1))
    publisher.send(publish("own", b"mine"))
    publisher.expect(publish("own", b"mine"))


@pytest.mark.parametrize("size", [9, 10, 128, 129, 131, 132, 4096, 16_385, 16_386, 16_388, 16_389, MAX_PACKET_SIZE])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_packet_of_any_size_up_to_the_limit_arrives_whole(publisher, subscriber, qos, size):
    """Sizes on both sides of the steps of the remaining length, up to max_packet_size."""
    id = 3 if qos else None
    overhead = len(publish("q/0", qos=qos, id=id)) + (size > 129) + (size > 16_386)
    payload = bytes(i * 7 & 0xFF for i in range(size - overhead))
    data = publish(f"q/{qos}", payload, qos=qos, id=id)
    assert len(data) == size
    publisher.send(data)
    if qos == 2:
        publisher.expect(pubrec(3))
        publisher.request(pubrel(3), answer=pubcomp(3))
    assert subscriber.receive_publish().payload == payload


def test_acknowledgements_come_in_the_order_of_the_messages(publisher):
    """[MQTT-4.6.0-2] [MQTT-4.6.0-3]"""
    publisher.send(*(publish("no/one", b"m", qos=1 + id % 2, id=id) for id in range(1, 21)))
    publisher.expect(*(pubrec(id) if id % 2 else puback(id) for id in range(1, 21)))


@pytest.fixture
def window(start):
    """A subscriber to whom ten messages at QoS 1 are to go, three at a time."""
    broker = start("max_inflight_messages 3")
    publisher, subscriber = broker.connect(), broker.connect()
    subscriber.subscribe(("window", 1))
    for id in range(1, 11):
        publisher.request(publish("window", b"%d" % id, qos=1, id=id), answer=puback(id))
    return subscriber


def test_no_more_than_max_inflight_messages_wait_for_an_acknowledgement(window):
    assert [message.payload for message in window.publishes_so_far()] == [b"1", b"2", b"3"]


@pytest.mark.swiftlet("mosquitto sends more than one for one")
def test_each_acknowledgement_lets_one_more_message_out(window):
    first = window.publishes_so_far()
    window.send(puback(first[0].id))
    assert [message.payload for message in window.publishes_so_far()] == [b"4"]


def test_payloads_of_every_length_and_place_arrive_byte_for_byte(broker, publisher):
    """They are copied by words, and where those begin depends on the lengths of topic and payload before."""
    subscriber = broker.connect()
    subscriber.subscribe(("place/#", 0))
    content = bytes(i * 37 + (i >> 8) & 0xFF for i in range(700))
    for topic_bytes in range(1, 18):
        sent = [("place/" + "x" * topic_bytes, content[start : start + start % 211]) for start in range(450)]
        for first in range(0, len(sent), 50):
            some = sent[first : first + 50]
            publisher.send(*(publish(*message) for message in some))
            found = [subscriber.receive_publish() for _ in some]
            assert [(message.topic, message.payload) for message in found] == some
