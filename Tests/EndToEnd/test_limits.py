"""The limits of the board file: what happens at each, and just below."""

import time

import pytest

import packets
from bystanders import Bystanders
from client import Client
from deadline import until
from packets import Will, connack, connect, puback, publish, pubrec, suback, subscribe, unsuback, unsubscribe


def test_without_allow_anonymous_a_listener_refuses_with_5(start):
    """[MQTT-3.2.2-5]: what is open to the network asks for a name, unless told otherwise."""
    client = start("listener 0 127.0.0.1", only=True).dial()
    client.request(connect("e2e"), answer=connack(5))
    client.expect_end()


def test_with_allow_anonymous_false_a_listener_refuses_with_5(start):
    """[MQTT-3.2.2-4]"""
    client = start("listener 0 127.0.0.1", "allow_anonymous false", only=True).dial()
    client.request(connect("e2e"), answer=connack(5))
    client.expect_end()


@pytest.mark.swiftlet("its log names the reason")
def test_a_refusal_for_want_of_a_name_is_logged(start):
    broker = start("listener 0 127.0.0.1", "allow_anonymous false", only=True)
    client = broker.dial()
    client.send(connect("e2e"))
    assert broker.reason(client) == "not-authorised"


def test_a_keep_alive_at_the_cap_is_accepted(start):
    start("max_keepalive 60").connect(keep_alive=60)


@pytest.mark.swiftlet("2.0.11 caps the keep alive of MQTT 5 only")
def test_a_keep_alive_over_the_cap_is_refused_with_2(start):
    """MQTT 3.1.1 has no code for it; clients of mosquitto know this one."""
    client = start("max_keepalive 60").dial()
    client.request(connect("e2e", keep_alive=61), answer=connack(2))
    client.expect_end()


@pytest.mark.swiftlet("2.0.11 caps the keep alive of MQTT 5 only")
def test_no_keep_alive_is_over_any_cap(start):
    client = start("max_keepalive 60").dial()
    client.request(connect("e2e", keep_alive=0), answer=connack(2))
    client.expect_end()


@pytest.mark.swiftlet("its log names the reason")
def test_a_keep_alive_over_the_cap_is_logged(start):
    broker = start("max_keepalive 60")
    client = broker.dial()
    client.send(connect("e2e", keep_alive=61))
    assert broker.reason(client) == "keep-alive-too-long"


def test_a_connection_over_max_connections_is_turned_away_and_the_others_stay(start):
    broker = start("max_connections 2")
    inside = [broker.connect() for _ in range(2)]
    outside = broker.dial()
    outside.send(connect("e2e"))
    assert outside.rest() in (b"", connack(3))
    for client in inside:
        client.expect_nothing()


@pytest.mark.swiftlet("its log has the line")
def test_connections_turned_away_are_counted_in_the_log(start):
    broker = start("max_connections 1")
    broker.connect()
    broker.dial().expect_end()
    broker.wait_for(event="refused", connections="1")


@pytest.mark.swiftlet("it has no such limit")
def test_a_client_over_global_max_clients_is_refused_with_3_and_logged(start):
    """[MQTT-3.2.2-4]: a client that is away counts."""
    broker = start("global_max_clients 2", "max_connections 2")
    away = broker.dial()
    away.request(connect("e2e-away", clean=False), answer=packets.ACCEPTED)
    away.send(packets.DISCONNECT)
    away.expect_end()
    broker.connect()
    client = broker.dial()
    client.request(connect("e2e-third"), answer=connack(3))
    client.expect_end()
    assert broker.reason(client) == "server-full"


def test_a_connection_that_ends_makes_room_for_another(start):
    broker = start("max_connections 2")
    inside = [broker.connect() for _ in range(2)]
    for _ in range(20):
        inside.pop().close()

        def is_let_in() -> bool:
            client = broker.dial()
            client.send(connect(""))
            client.socket.settimeout(5)
            client.read()
            inside.append(client)
            return list(client.whole) == [packets.ACCEPTED] or bool(inside.pop().close())

        until(is_let_in, "room for one more connection")


@pytest.mark.swiftlet("it has no such limit")
def test_a_subscription_over_the_limit_is_refused_and_the_others_are_granted(start):
    """[MQTT-3.8.4-5] [MQTT-3.9.3-2]: 0x80 in its place in the SUBACK."""
    client = start("max_subscriptions_per_client 2").connect()
    client.request(subscribe(1, ("a", 1), ("b", 2), ("c", 0)), answer=suback(1, 1, 2, 0x80))
    client.send(publish("b", b""), publish("c", b""))
    assert [message.topic for message in client.publishes_so_far()] == ["b"]


@pytest.mark.swiftlet("it has no such limit")
def test_at_the_limit_a_subscription_can_still_be_replaced(start):
    """[MQTT-3.8.4-3]"""
    client = start("max_subscriptions_per_client 2").connect()
    client.subscribe(("a", 0), ("b", 0))
    client.request(subscribe(1, ("a", 2)), answer=suback(1, 2))


@pytest.mark.swiftlet("it has no such limit")
def test_an_unsubscribe_makes_room_for_another_subscription(start):
    client = start("max_subscriptions_per_client 2").connect()
    client.subscribe(("a", 0), ("b", 0))
    for i in range(50):
        client.request(unsubscribe(1, "a"), answer=unsuback(1))
        client.request(subscribe(2, (f"new/{i}", 0)), answer=suback(2, 0))
        client.request(unsubscribe(3, f"new/{i}"), answer=unsuback(3))
        client.request(subscribe(4, ("a", 0)), answer=suback(4, 0))


@pytest.mark.swiftlet("it has no such limit")
def test_the_subscriptions_of_a_client_that_left_make_room_for_others(start):
    broker = start("max_subscriptions_per_client 2")
    for _ in range(200):
        client = broker.connect()
        client.subscribe(("a", 0), ("b", 0))
        client.send(packets.DISCONNECT)
        client.expect_end()


def test_messages_in_flight_count_neither_for_nor_against_a_client_that_left(start):
    """Whatever a client leaves unacknowledged goes with its session: many of them do not fill the broker."""
    broker = start("max_inflight_messages 5", "max_queued_messages 20")
    publisher = broker.connect()
    for _ in range(100):
        subscriber = broker.connect()
        subscriber.subscribe(("left", 1))
        for id in range(1, 16):
            publisher.request(publish("left", b"m", qos=1, id=id), answer=packets.puback(id))
        assert len(subscriber.publishes_so_far()) == 5
        subscriber.close()


@pytest.mark.swiftlet("its log names the reason")
def test_a_client_without_an_id_can_be_refused_with_2(start):
    """[MQTT-3.1.3-9]: a server may want names from all."""
    broker = start("allow_zero_length_clientid false")
    client = broker.dial()
    client.request(connect(""), answer=connack(2))
    client.expect_end()
    assert broker.reason(client) == "bad-client-id"
    broker.connect("e2e").expect_nothing()


@pytest.mark.swiftlet("it has no such limit")
def test_a_client_id_over_the_limit_is_refused_with_2(start):
    broker = start("max_client_id_length 30")
    client = broker.dial()
    client.request(connect("x" * 31), answer=connack(2))
    client.expect_end()
    broker.connect("x" * 30).expect_nothing()


@pytest.mark.swiftlet("its own limits")
@pytest.mark.parametrize("line, topic, too_long", [
    ("max_topic_length 16", "x" * 16, "x" * 17), ("max_topic_levels 4", "a/b/c/d", "a/b/c/d/e"),
])
def test_a_topic_over_the_limits_is_acknowledged_and_dropped_and_a_filter_refused(start, line, topic, too_long):
    broker = start(line)
    client = broker.connect()
    client.request(subscribe(1, (topic, 0), (too_long, 0)), answer=suback(1, 0, 0x80))
    for name in (too_long, topic):
        client.send(publish(name, b"m", qos=1, id=1))
        client.expect(puback(1))
    client.expect(publish(topic, b"m"))
    broker.wait_for(**{"event": "dropped", "topic-too-long": "1"})


@pytest.mark.swiftlet("as it does, but not with max_queued_messages 0, which the stand-in has")
@pytest.mark.parametrize("qos, acknowledgement", [(0, b""), (1, puback(1)), (2, pubrec(1))])
def test_a_payload_over_message_size_limit_is_acknowledged_and_dropped(start, qos, acknowledgement):
    broker = start("message_size_limit 100")
    client, other = broker.connect(), broker.connect()
    other.subscribe(("size", 0))
    client.send(publish("size", b"x" * 101, qos=qos, id=1))
    if qos:
        client.expect(acknowledgement)
    client.send(publish("size", b"x" * 100))
    other.expect(publish("size", b"x" * 100))
    other.expect_nothing()


@pytest.mark.swiftlet("it answers with 0x05 before")
def test_a_will_over_message_size_limit_is_refused_with_its_connection(start):
    broker = start("message_size_limit 100")
    broker.connect(will=Will("size", b"x" * 100))
    client = broker.dial()
    client.send(connect("e2e-will", will=Will("size", b"x" * 101)))
    client.expect_end()


@pytest.mark.swiftlet("it has no such limit")
def test_a_faster_publisher_is_read_no_faster_and_loses_nothing(start):
    """`max_message_rate`: its own packets wait, and nobody else's."""
    broker = start("max_message_rate 10")
    bystanders = Bystanders(broker)
    publisher, subscriber = broker.connect(), broker.connect()
    subscriber.subscribe(("rate", 0))
    begin = time.monotonic()
    publisher.send(*[publish("rate", b"%d" % i, qos=1, id=i + 1) for i in range(40)])
    for i in range(8):
        bystanders.exchange()
    for i in range(40):
        subscriber.expect(publish("rate", b"%d" % i))
    assert time.monotonic() - begin > 2
    publisher.expect(*[puback(i + 1) for i in range(40)])
    publisher.expect_nothing()


@pytest.mark.swiftlet("it has no such limit")
def test_a_publisher_that_is_held_back_is_not_silent(start):
    """[MQTT-3.1.2-24]: what it has sent waits with the broker, longer than its keep alive."""
    broker = start("max_message_rate 1")
    publisher, subscriber = broker.connect(keep_alive=2), broker.connect()
    subscriber.subscribe(("rate", 0))
    publisher.send(*[publish("rate", b"%d" % i) for i in range(6)])
    for i in range(6):
        subscriber.expect(publish("rate", b"%d" % i))
    assert publisher.is_open()


@pytest.mark.swiftlet("it has no such limit")
@pytest.mark.parametrize("end", [Client.close, Client.reset])
def test_a_publisher_that_is_held_back_and_leaves_has_said_what_it_said(start, end):
    broker = start("max_message_rate 5")
    publisher, subscriber = broker.connect(), broker.connect()
    subscriber.subscribe(("rate", 0))
    publisher.send(*[publish("rate", b"%d" % i) for i in range(12)])
    subscriber.expect(publish("rate", b"0"))
    end(publisher)
    for i in range(1, 12):
        subscriber.expect(publish("rate", b"%d" % i))


@pytest.mark.swiftlet("it has no such limit")
def test_connections_beyond_the_rate_wait_and_are_all_let_in(start):
    """`max_connect_rate`: the system keeps them, so nobody is refused."""
    broker = start("max_connect_rate 10")
    begin = time.monotonic()
    clients = [broker.dial() for _ in range(40)]
    for client in clients:
        client.send(connect(""))
    for client in clients:
        client.expect(packets.ACCEPTED)
    assert time.monotonic() - begin > 2
    assert broker.log.matching(event="refused") == []


@pytest.mark.swiftlet("it has no such limit")
def test_connections_that_wait_disturb_nobody(start):
    broker = start("max_connect_rate 3")
    bystanders = Bystanders(broker)
    waiting = [broker.dial() for _ in range(9)]
    for _ in range(200):
        bystanders.exchange()
    for client in waiting:
        client.request(connect(""), answer=packets.ACCEPTED)
