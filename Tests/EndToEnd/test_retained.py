"""Retained messages: the latest of a topic waits for whoever subscribes later."""

import pytest

import packets
from broker import Broker
from conftest import MAX_PACKET_SIZE
from packets import Publish, puback, pubcomp, publish, pubrec, pubrel, suback, subscribe, unsuback, unsubscribe
from retained import send
from sessions import NEW, RESUMED, enter, leave
from test_topic_match import ROWS


def found(broker: Broker, *filters: tuple[str, int]) -> list[Publish]:
    """What a new subscriber to these filters is sent."""
    client = broker.connect()
    client.subscribe(*filters)
    messages = client.publishes_so_far()
    client.close()
    return messages


def test_a_later_subscriber_gets_the_message_with_retain(broker, retain):
    """[MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-8]"""
    retain("kept", b"m")
    assert found(broker, ("kept", 0)) == [Publish("kept", b"m", retain=True)]


def test_the_bytes_are_as_the_standard_has_them(broker, retain):
    retain("kept", b"m")
    client = broker.connect()
    client.request(bytes.fromhex("82 09 00 01 00 04 6b 65 70 74 00"), answer=bytes.fromhex("90 03 00 01 00"))
    client.expect(bytes.fromhex("31 07 00 04 6b 65 70 74 6d"))


def test_a_message_without_retain_is_not_kept_and_removes_nothing(broker, retain):
    """[MQTT-3.3.1-12]"""
    retain("kept", b"first")
    send(retain.client, "kept", b"passing", 1, retain=False)
    send(retain.client, "not/kept", b"passing", 1, retain=False)
    assert found(broker, ("kept", 0), ("not/kept", 0)) == [Publish("kept", b"first", retain=True)]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_the_latest_message_replaces_the_one_before(broker, retain, qos):
    """[MQTT-3.3.1-5] [MQTT-3.3.1-7]"""
    for payload in (b"first", b"second", b"a third and longer one", b"4"):
        retain("latest", payload, qos)
    assert [message.payload for message in found(broker, ("latest", 0))] == [b"4"]


@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("published", [0, 1, 2])
def test_it_is_delivered_at_the_lower_of_both_qos(broker, retain, published, granted):
    """[MQTT-3.8.4-6]"""
    retain("lower", b"m", published)
    message, = found(broker, ("lower", granted))
    assert message == Publish("lower", b"m", min(published, granted), message.id, retain=True)


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_an_empty_message_removes_the_one_before(broker, retain, qos):
    """[MQTT-3.3.1-10] [MQTT-3.3.1-11]"""
    retain("gone", b"m", 1)
    retain("gone", b"", qos)
    assert found(broker, ("gone", 0)) == []


def test_an_empty_message_where_none_was_is_passed_on_and_not_kept(broker, retain):
    """[MQTT-3.3.1-10] [MQTT-3.3.1-11]: those subscribed get it like any other."""
    client = broker.connect()
    client.subscribe(("never", 0))
    retain("never", b"")
    client.expect(publish("never", b""))
    assert found(broker, ("never", 0)) == []


def test_a_standing_subscription_gets_it_without_retain(broker, retain):
    """[MQTT-3.3.1-9]"""
    client = broker.connect()
    client.subscribe(("standing", 1))
    retain("standing", b"m", 1)
    message = client.receive_publish()
    assert message == Publish("standing", b"m", 1, message.id)


def test_the_same_subscription_again_gets_it_again(broker, retain):
    """[MQTT-3.8.4-3]"""
    retain("again", b"m")
    client = broker.connect()
    for _ in range(3):
        client.subscribe(("again", 0))
        client.expect(publish("again", b"m", retain=True))


def test_a_subscription_renewed_after_an_unsubscribe_gets_it_again(broker, retain):
    retain("again", b"m")
    client = broker.connect()
    client.subscribe(("again", 0))
    client.expect(publish("again", b"m", retain=True))
    client.request(unsubscribe(2, "again"), answer=unsuback(2))
    client.subscribe(("again", 0))
    client.expect(publish("again", b"m", retain=True))


def test_several_filters_of_one_subscribe_are_answered_as_if_they_came_one_by_one(broker, retain):
    """[MQTT-3.8.4-4]"""
    for topic in ("one/a", "one/b", "two"):
        retain(topic, topic.encode())
    client = broker.connect()
    client.request(subscribe(1, ("two", 0), ("one/+", 1)), answer=suback(1, 0, 1))
    messages = client.publishes_so_far()
    assert [message.topic for message in messages][0] == "two"
    assert sorted(message.topic for message in messages) == ["one/a", "one/b", "two"]


@pytest.mark.parametrize("filter, matching, others", ROWS, ids=[row[0] for row in ROWS])
def test_a_filter_gets_those_of_the_topics_that_it_matches(broker, retain, filter, matching, others):
    """[MQTT-3.3.1-6] [MQTT-4.7.1-2] [MQTT-4.7.1-3] [MQTT-4.7.2-1]: as for messages that come by."""
    for topic in others.split() + matching.split():
        retain(topic, topic.encode())
    messages = found(broker, (filter, 0))
    assert sorted(message.topic for message in messages) == sorted(matching.split())
    assert all(message.payload == message.topic.encode() and message.retain for message in messages)


def test_it_outlives_its_publisher(broker, retain):
    """§3.1.2.4: it is no part of the session."""
    client = broker.connect("e2e-publisher")
    retain.topics.add("outlives")
    send(client, "outlives", b"m", 1, retain=True)
    leave(client)
    leave(broker.connect("e2e-publisher"))
    assert [message.payload for message in found(broker, ("outlives", 0))] == [b"m"]


def test_it_does_not_come_again_when_a_session_is_resumed(broker, retain):
    """It comes with a SUBSCRIBE, and the session has its subscription already."""
    retain("resumed", b"m", 1)
    client = enter(broker, "e2e-retained", NEW)
    client.subscribe(("resumed", 1))
    client.send(puback(client.receive_publish().id))
    leave(client)
    enter(broker, "e2e-retained", RESUMED).expect_nothing()


def test_one_that_was_not_acknowledged_is_sent_again_with_dup(broker, retain):
    """[MQTT-4.4.0-1] [MQTT-3.3.1-1]"""
    retain("unacknowledged", b"m", 1)
    client = enter(broker, "e2e-unacknowledged", NEW)
    client.subscribe(("unacknowledged", 1))
    first = client.receive_publish()
    client.close()
    again = enter(broker, "e2e-unacknowledged", RESUMED).receive_publish()
    assert (again.payload, again.id, again.dup) == (b"m", first.id, True)


def test_a_change_while_a_client_is_away_is_kept_for_it_like_any_message(broker, retain):
    """[MQTT-3.1.2-5] [MQTT-3.3.1-9]"""
    client = enter(broker, "e2e-away", NEW)
    client.subscribe(("away", 1))
    leave(client)
    for payload in (b"1", b"2"):
        retain("away", payload, 1)
    client = enter(broker, "e2e-away", RESUMED)
    assert [(m.payload, m.retain) for m in client.publishes_so_far()] == [(b"1", False), (b"2", False)]


@pytest.mark.swiftlet("mosquitto hands a message on when PUBREL comes, as it may")
def test_a_retained_publish_at_qos_2_that_is_repeated_is_kept_once(broker, retain):
    """[MQTT-4.3.3-2]: what came between it and its repetition stays."""
    retain.topics.add("repeated")
    first, second = broker.connect(), broker.connect()
    first.request(publish("repeated", b"old", qos=2, id=5, retain=True), answer=pubrec(5))
    send(second, "repeated", b"new", 1, retain=True)
    first.request(publish("repeated", b"old", qos=2, id=5, retain=True, dup=True), answer=pubrec(5))
    first.request(pubrel(5), answer=pubcomp(5))
    assert [message.payload for message in found(broker, ("repeated", 0))] == [b"new"]


@pytest.mark.parametrize("size", [1, 127, 128, 16_383, 16_384, MAX_PACKET_SIZE - 30])
def test_a_payload_of_any_size_is_kept_whole(broker, retain, size):
    payload = bytes(i * 11 & 0xFF for i in range(size))
    retain("size", payload, 1)
    assert [message.payload for message in found(broker, ("size", 1))] == [payload]


def test_a_topic_below_a_topic_has_a_message_of_its_own(broker, retain):
    for topic in ("deep", "deep/er", "deep/er/est", "deep/", "/deep"):
        retain(topic, topic.encode())
    retain("deep/er", b"")
    assert sorted(message.topic for message in found(broker, ("#", 0))) == ["/deep", "deep", "deep/", "deep/er/est"]


def test_a_thousand_topics_come_in_a_burst_to_one_subscription(start):
    """More of them than a queue may hold: they are the answer to one SUBSCRIBE."""
    broker = start("max_queued_messages 100")
    publisher = broker.connect()
    for i in range(1000):
        publisher.send(publish(f"burst/{i % 10}/{i}", b"%d" % i, retain=True))
    publisher.expect_nothing()
    client = broker.connect()
    client.request(subscribe(1, ("burst/#", 0)), answer=suback(1, 0))
    assert sorted(int(message.payload) for message in client.publishes_so_far()) == list(range(1000))


def test_a_thousand_topics_come_at_qos_1_as_fast_as_they_are_acknowledged(start):
    broker = start("max_inflight_messages 10")
    publisher = broker.connect()
    for i in range(1000):
        publisher.request(publish(f"burst/{i}", b"%d" % i, qos=1, id=1, retain=True), answer=puback(1))
    client = broker.connect()
    client.request(subscribe(1, ("burst/#", 1)), answer=suback(1, 1))
    received = []
    while len(received) < 1000:
        message = client.receive_publish()
        received.append(int(message.payload))
        client.send(puback(message.id))
    assert sorted(received) == list(range(1000))
    client.expect_nothing()


def test_one_topic_replaced_thousands_of_times_takes_the_room_of_one(start):
    broker = start()
    publisher = broker.connect()
    for i in range(5000):
        publisher.send(publish("often", b"%d" % i + b"." * (i % 500), retain=True))
    publisher.expect_nothing()
    assert found(broker, ("often", 0))[0].payload.startswith(b"4999.")


def test_a_dash_of_other_clients_comes_and_goes_while_topics_change(broker, retain):
    """Subscribers that ask in the middle get one whole value, and never an older one afterwards."""
    for i in range(200):
        retain("changing", b"%d" % i)
        assert [message.payload for message in found(broker, ("changing", i % 3))] == [b"%d" % i]


@pytest.mark.swiftlet("it has no such limit")
def test_a_topic_over_max_retained_messages_is_delivered_and_not_kept_and_counted(start):
    broker = start("max_retained_messages 2")
    publisher, subscriber = broker.connect(), broker.connect()
    subscriber.subscribe(("r/+", 0))
    for topic in ("r/1", "r/2", "r/3"):
        send(publisher, topic, b"m", 1, retain=True)
    assert [message.topic for message in subscriber.publishes_so_far()] == ["r/1", "r/2", "r/3"]
    assert sorted(message.topic for message in found(broker, ("r/+", 0))) == ["r/1", "r/2"]
    broker.wait_for(**{"event": "dropped", "retained-full": "1"})


@pytest.mark.swiftlet("it has no such limit")
def test_at_max_retained_messages_a_topic_can_be_replaced_or_make_room(start):
    broker = start("max_retained_messages 2")
    publisher = broker.connect()
    for topic, payload in [("1", b"m"), ("2", b"m"), ("2", b"new"), ("1", b""), ("3", b"m")]:
        send(publisher, topic, payload, 1, retain=True)
    assert sorted((m.topic, m.payload) for m in found(broker, ("#", 0))) == [("2", b"new"), ("3", b"m")]


@pytest.mark.swiftlet("it has no such limit")
def test_a_new_value_over_max_retained_bytes_is_not_kept_and_neither_is_the_old_one(start):
    """An old value in the place of a new one would be a lie."""
    broker = start("max_retained_bytes 1200")
    publisher = broker.connect()
    send(publisher, "large", b"x" * 500, 1, retain=True)
    send(publisher, "other", b"x" * 400, 1, retain=True)
    send(publisher, "large", b"x" * 800, 1, retain=True)
    assert [message.topic for message in found(broker, ("#", 0))] == ["other"]
    send(publisher, "large", b"x" * 500, 1, retain=True)
    assert sorted(message.topic for message in found(broker, ("#", 0))) == ["large", "other"]


@pytest.mark.parametrize("line", [
    pytest.param("max_retained_messages 0", marks=pytest.mark.swiftlet("it has no such limit")),
    pytest.param("retain_available false", marks=pytest.mark.swiftlet("it ends the connection")),
])
def test_where_nothing_is_retained_messages_are_delivered_all_the_same(start, line):
    broker = start(line)
    client = broker.connect()
    client.subscribe(("r", 0))
    send(broker.connect(), "r", b"m", 1, retain=True)
    client.expect(publish("r", b"m"))
    assert found(broker, ("r", 0)) == []


@pytest.mark.swiftlet("it drops no messages of MQTT 3")
def test_it_does_not_age_as_messages_for_absent_clients_do(start):
    broker = start("offline_message_expiry 1")
    client = enter(broker, "e2e-absent", NEW)
    client.subscribe(("ages", 1))
    leave(client)
    send(broker.connect(), "ages", b"m", 1, retain=True)
    broker.wait_for(event="dropped", expired="1")
    assert [message.payload for message in found(broker, ("ages", 1))] == [b"m"]


def test_packets_behind_a_subscribe_are_served_while_the_messages_go_out(broker, retain):
    """SUBACK first is not asked for, but what everybody expects."""
    retain("soon", b"m")
    client = broker.connect()
    client.send(subscribe(1, ("soon", 0)), packets.PINGREQ, subscribe(2, ("soon", 0)))
    assert client.receive() == suback(1, 0)
    rest = [client.receive() for _ in range(4)]
    assert sorted(rest) == sorted([publish("soon", b"m", retain=True)] * 2 + [packets.PINGRESP, suback(2, 0)])
