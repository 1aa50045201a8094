"""SUBSCRIBE and UNSUBSCRIBE: the answers, and what is delivered because of them."""

import pytest

import packets
from packets import Publish, publish, suback, subscribe, unsuback, unsubscribe


def test_a_subscribe_is_answered_with_its_id_and_the_granted_qos(broker):
    """[MQTT-3.8.4-1] [MQTT-3.8.4-2]"""
    broker.connect().request(bytes.fromhex("82 08 be ef 00 03 61 2f 62 01"), answer=bytes.fromhex("90 03 be ef 01"))


def test_one_suback_answers_several_filters_in_their_order(broker):
    """[MQTT-3.8.4-4] [MQTT-3.8.4-5] [MQTT-3.9.3-1]"""
    broker.connect().request(subscribe(1, ("a", 2), ("b/+", 0), ("c/#", 1)), answer=suback(1, 2, 0, 1))


@pytest.mark.parametrize("id", [1, 0x00FF, 0x0100, 0x8000, 0xFFFF])
def test_any_packet_id_but_zero_is_echoed(broker, id):
    """[MQTT-2.3.1-7]"""
    client = broker.connect()
    client.request(subscribe(id, ("a", 0)), answer=suback(id, 0))
    client.request(unsubscribe(id, "a"), answer=unsuback(id))


def test_a_message_is_delivered_as_it_was_published(broker):
    """[MQTT-3.3.2-3] [MQTT-4.3.1-1]"""
    subscriber = broker.connect()
    subscriber.subscribe(("test", 0))
    broker.connect().send(bytes.fromhex("30 19 00 04 74 65 73 74") + b'{"pin":1,"value":0}')
    subscriber.expect(bytes.fromhex("30 19 00 04 74 65 73 74") + b'{"pin":1,"value":0}')


@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("published", [0, 1, 2])
def test_a_message_is_delivered_at_the_lower_of_both_qos(broker, published, granted):
    """[MQTT-3.8.4-6]"""
    client = broker.connect()
    client.subscribe(("lower", granted))
    sender = broker.connect()
    sender.send(publish("lower", b"m", qos=published, id=9 if published else None))
    if published == 2:
        sender.expect(packets.pubrec(9))
        sender.send(packets.pubrel(9))
    assert client.receive_publish().qos == min(published, granted)


def test_overlapping_filters_deliver_a_message_once(broker):
    """§3.3.5 lets a server choose; once is what a client expects."""
    client = broker.connect()
    client.subscribe(("over/lap", 0), ("over/+", 0), ("over/#", 0), ("#", 0))
    client.send(publish("over/lap", b"once"))
    assert client.publishes_so_far() == [Publish("over/lap", b"once")]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=str)
@pytest.mark.swiftlet("mosquitto delivers at the QoS of the filter that it finds first")
def test_overlapping_filters_deliver_at_the_highest_qos_of_them(broker, order):
    """[MQTT-3.3.5-1]"""
    client, sender = broker.connect(), broker.connect()
    client.subscribe(*zip(("over/lap", "over/+", "over/#"), order))
    sender.request(publish("over/lap", b"high", qos=2, id=4), answer=packets.pubrec(4))
    sender.request(packets.pubrel(4), answer=packets.pubcomp(4))
    assert [message.qos for message in client.publishes_so_far()] == [2]


def test_a_subscription_to_the_same_filter_replaces_the_old_one(broker):
    """[MQTT-3.8.4-3]"""
    client, sender = broker.connect(), broker.connect()
    client.subscribe(("same/+", 1))
    client.subscribe(("same/+", 0))
    sender.request(publish("same/x", b"m", qos=1, id=3), answer=packets.puback(3))
    assert client.publishes_so_far() == [Publish("same/x", b"m", 0)]


def test_two_clients_with_the_same_filter_each_get_the_message(broker):
    """[MQTT-4.5.0-1]"""
    clients = [broker.connect() for _ in range(2)]
    for client in clients:
        client.subscribe(("both", 0))
    clients[0].send(publish("both", b"m"))
    for client in clients:
        client.expect(publish("both", b"m"))


def test_an_unsubscribe_is_answered_with_its_id(broker):
    """[MQTT-3.10.4-4]"""
    client = broker.connect()
    client.subscribe(("a/b", 1))
    client.request(bytes.fromhex("a2 07 ca fe 00 03 61 2f 62"), answer=bytes.fromhex("b0 02 ca fe"))


def test_after_an_unsubscribe_nothing_is_delivered(broker):
    """[MQTT-3.10.4-2]"""
    client = broker.connect()
    client.subscribe(("stop", 0))
    client.request(unsubscribe(2, "stop"), answer=unsuback(2))
    client.send(publish("stop", b"unheard"))
    client.expect_nothing()


def test_an_unsubscribe_from_a_filter_never_held_is_answered_all_the_same(broker):
    """[MQTT-3.10.4-5]"""
    broker.connect().request(unsubscribe(3, "never/held"), answer=unsuback(3))


def test_one_unsuback_answers_several_filters_and_all_of_them_are_gone(broker):
    """[MQTT-3.10.4-6]"""
    client = broker.connect()
    client.subscribe(("m/a", 0), ("m/b", 0), ("m/c", 0))
    client.request(unsubscribe(4, "m/a", "m/none", "m/c"), answer=unsuback(4))
    for name in "abc":
        client.send(publish(f"m/{name}", b""))
    assert [message.topic for message in client.publishes_so_far()] == ["m/b"]


def test_an_unsubscribe_compares_filters_byte_by_byte(broker):
    """[MQTT-3.10.4-1]: a wildcard in it matches no other filter."""
    client = broker.connect()
    client.subscribe(("exact/a", 0))
    client.request(unsubscribe(5, "exact/+"), answer=unsuback(5))
    client.send(publish("exact/a", b"still"))
    client.expect(publish("exact/a", b"still"))


def test_one_of_two_overlapping_subscriptions_outlives_the_other(broker):
    """[MQTT-3.10.4-1]"""
    client = broker.connect()
    client.subscribe(("two/+", 0), ("two/#", 0))
    client.request(unsubscribe(6, "two/+"), answer=unsuback(6))
    client.send(publish("two/x", b"m"))
    assert client.publishes_so_far() == [Publish("two/x", b"m")]


def test_a_delivery_already_begun_is_finished_after_an_unsubscribe(broker):
    """[MQTT-3.10.4-3]"""
    client = broker.connect()
    client.subscribe(("begun", 2))
    sender = broker.connect()
    sender.request(publish("begun", b"m", qos=2, id=1), answer=packets.pubrec(1))
    sender.request(packets.pubrel(1), answer=packets.pubcomp(1))
    id = client.receive_publish().id
    client.request(unsubscribe(7, "begun"), answer=unsuback(7))
    client.request(packets.pubrec(id), answer=packets.pubrel(id))
    client.send(packets.pubcomp(id))
    client.expect_nothing()
