"""Sessions that outlive their connections: CONNECT without clean session."""

import pytest

from client import Client
from deadline import until
from packets import Publish, connect, puback, pubcomp, publish, pubrec, pubrel
from sessions import NEW, RESUMED, enter, leave, send


def test_session_present_says_whether_there_is_one_to_resume(broker):
    """[MQTT-3.2.2-2] [MQTT-3.2.2-3]"""
    leave(enter(broker, "e2e-present", NEW))
    leave(enter(broker, "e2e-present", RESUMED))


def test_mqtt_3_1_has_no_session_present(broker):
    leave(enter(broker, "e2e-present31", NEW, name="MQIsdp", level=3))
    leave(enter(broker, "e2e-present31", NEW, name="MQIsdp", level=3))


def test_a_clean_session_ends_the_one_that_was_kept(broker):
    """[MQTT-3.1.2-6] [MQTT-3.2.2-1]"""
    client = enter(broker, "e2e-clean", NEW)
    client.subscribe(("clean", 1))
    leave(client)
    leave(broker.connect("e2e-clean"))
    client = enter(broker, "e2e-clean", NEW)
    send(broker.connect(), "clean", b"for nobody")
    client.expect_nothing()
    leave(client)


def test_subscriptions_and_messages_at_qos_1_and_2_are_kept_for_an_absent_client(broker):
    """[MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-4.5.0-1]"""
    client = enter(broker, "e2e-kept", NEW)
    client.subscribe(("kept/1", 1), ("kept/2", 2), ("kept/0", 0))
    leave(client)
    publisher = broker.connect()
    for i, topic in enumerate(["kept/1", "kept/2", "kept/0", "kept/1"]):
        publisher.request(publish(topic, b"%d" % i, qos=2, id=5), answer=pubrec(5))
        publisher.request(pubrel(5), answer=pubcomp(5))
    client = enter(broker, "e2e-kept", RESUMED)
    messages = client.publishes_so_far()
    assert [(m.topic, m.payload, m.qos, m.dup) for m in messages] == [
        ("kept/1", b"0", 1, False), ("kept/2", b"1", 2, False), ("kept/1", b"3", 1, False)]


@pytest.mark.parametrize("end", [leave, Client.close], ids=["disconnect", "end of stream"])
def test_a_message_that_was_not_acknowledged_is_sent_again_with_its_id_and_dup(broker, end):
    """[MQTT-4.4.0-1] [MQTT-3.3.1-1]"""
    client = enter(broker, f"e2e-again-{end.__name__}", NEW)
    client.subscribe(("again", 1))
    send(broker.connect(), "again", b"one", b"two")
    first = client.publishes_so_far()
    client.send(puback(first[0].id))
    client.expect_nothing()
    end(client)
    client = enter(broker, f"e2e-again-{end.__name__}", RESUMED)
    assert client.publishes_so_far() == [Publish("again", b"two", 1, first[1].id, dup=True)]


def test_a_message_that_was_received_but_not_completed_is_released_again(broker):
    """[MQTT-4.4.0-1] [MQTT-4.3.3-1]: PUBREL, and not the message."""
    client = enter(broker, "e2e-release", NEW)
    client.subscribe(("release", 2))
    publisher = broker.connect()
    publisher.request(publish("release", b"m", qos=2, id=1), answer=pubrec(1))
    publisher.request(pubrel(1), answer=pubcomp(1))
    id = client.receive_publish().id
    client.request(pubrec(id), answer=pubrel(id))
    client.close()
    client = enter(broker, "e2e-release", RESUMED)
    client.expect(pubrel(id))
    client.send(pubcomp(id))
    client.expect_nothing()


def test_a_publish_at_qos_2_is_known_again_after_a_reconnect(broker):
    """[MQTT-4.3.3-2] [MQTT-4.1.0-1]: exactly once, across connections."""
    subscriber = broker.connect()
    subscriber.subscribe(("exactly", 0))
    publisher = enter(broker, "e2e-exactly", NEW)
    publisher.request(publish("exactly", b"once", qos=2, id=9), answer=pubrec(9))
    publisher.close()
    publisher = enter(broker, "e2e-exactly", RESUMED)
    publisher.request(publish("exactly", b"once", qos=2, id=9, dup=True), answer=pubrec(9))
    publisher.request(pubrel(9), answer=pubcomp(9))
    assert [message.payload for message in subscriber.publishes_so_far()] == [b"once"]


def test_a_session_moves_to_the_connection_that_takes_it_over(broker):
    """[MQTT-3.1.4-2] [MQTT-3.1.2-4]"""
    old = enter(broker, "e2e-move", NEW)
    old.subscribe(("move", 1))
    new = enter(broker, "e2e-move", RESUMED)
    old.expect_end()
    send(broker.connect(), "move", b"m")
    assert [message.payload for message in new.publishes_so_far()] == [b"m"]


def test_messages_kept_for_a_client_come_in_their_order_and_before_new_ones(broker):
    """[MQTT-4.6.0-6]: more of them than may be in flight."""
    client = enter(broker, "e2e-backlog", NEW)
    client.subscribe(("backlog", 1))
    leave(client)
    publisher = broker.connect()
    send(publisher, "backlog", *(b"%d" % i for i in range(100)))
    client = enter(broker, "e2e-backlog", RESUMED)
    send(publisher, "backlog", *(b"%d" % i for i in range(100, 120)))
    received = []
    while len(received) < 120:
        message = client.receive_publish()
        received.append(int(message.payload))
        client.send(puback(message.id))
    assert received == list(range(120))


@pytest.mark.swiftlet("mosquitto expires sessions after hours")
def test_an_absent_client_is_forgotten_after_persistent_client_expiration(start):
    broker = start("persistent_client_expiration 4", "global_max_clients 2", "max_connections 2")
    leave(enter(broker, "e2e-forgotten", NEW))
    broker.connect("e2e-other")

    def is_forgotten() -> bool:
        """A third client gets in when the first has made room; asking for the first would begin its time anew."""
        client = broker.dial()
        client.send(connect("e2e-third"))
        is_let_in = client.receive() == NEW
        if not is_let_in:
            client.close()
        return is_let_in

    assert not is_forgotten()
    until(is_forgotten, "room for a third client")
    leave(broker.clients[-1])
    enter(broker, "e2e-forgotten", NEW)


@pytest.mark.swiftlet("mosquitto keeps messages for MQTT 3 without end")
def test_a_message_kept_for_longer_than_offline_message_expiry_is_dropped(start):
    broker = start("offline_message_expiry 1")
    client = enter(broker, "e2e-stale", NEW)
    client.subscribe(("stale", 1))
    leave(client)
    send(broker.connect(), "stale", b"old news")
    broker.wait_for(event="dropped", expired="1")
    enter(broker, "e2e-stale", RESUMED).expect_nothing()


@pytest.mark.swiftlet("the stand-in has no limit")
def test_no_more_than_max_queued_messages_are_kept_for_a_client(start):
    broker = start("max_queued_messages 3")
    client = enter(broker, "e2e-full", NEW)
    client.subscribe(("full", 1))
    leave(client)
    send(broker.connect(), "full", b"1", b"2", b"3", b"4", b"5")
    assert [m.payload for m in enter(broker, "e2e-full", RESUMED).publishes_so_far()] == [b"1", b"2", b"3"]
    broker.wait_for(event="dropped")


@pytest.mark.swiftlet("it has no such policy")
def test_with_queue_policy_oldest_the_latest_messages_are_kept(start):
    """For values of which only the latest counts."""
    broker = start("max_queued_messages 3", "queue_policy oldest")
    client = enter(broker, "e2e-full", NEW)
    client.subscribe(("full", 1))
    leave(client)
    send(broker.connect(), "full", b"1", b"2", b"3", b"4", b"5")
    assert [m.payload for m in enter(broker, "e2e-full", RESUMED).publishes_so_far()] == [b"3", b"4", b"5"]
    broker.wait_for(**{"event": "dropped", "queue-full": "2"})


@pytest.mark.swiftlet("it has no such limit")
@pytest.mark.parametrize("policy, kept", [("newest", [b"1" * 400, b"2" * 400]), ("oldest", [b"3" * 400, b"4" * 400])])
def test_no_more_than_max_queued_bytes_are_kept_for_a_client(start, policy, kept):
    broker = start("max_queued_bytes 1000", f"queue_policy {policy}")
    client = enter(broker, "e2e-bytes", NEW)
    client.subscribe(("bytes", 1))
    leave(client)
    send(broker.connect(), "bytes", *(b"%d" % i * 400 for i in range(1, 5)))
    assert [m.payload for m in enter(broker, "e2e-bytes", RESUMED).publishes_so_far()] == kept


@pytest.mark.swiftlet("it has no such policy")
def test_what_was_sent_before_is_not_the_oldest_that_makes_room(start):
    """[MQTT-4.4.0-1]: its exchange has begun, and it is sent again."""
    broker = start("max_queued_messages 3", "max_inflight_messages 2", "queue_policy oldest")
    client = enter(broker, "e2e-begun", NEW)
    client.subscribe(("begun", 1))
    publisher = broker.connect()
    send(publisher, "begun", b"1", b"2")
    assert [m.payload for m in client.publishes_so_far()] == [b"1", b"2"]
    leave(client)
    send(publisher, "begun", b"3", b"4", b"5", b"6", b"7")
    client = enter(broker, "e2e-begun", RESUMED)
    received = []
    while not received or received[-1] != b"7":
        message = client.receive_publish()
        received.append(message.payload)
        client.send(puback(message.id))
    assert received[:2] == [b"1", b"2"]
    assert received[2:] == sorted(received[2:])
    client.expect_nothing()


def test_qos_0_is_kept_for_an_absent_client_where_the_board_file_says_so(start):
    broker = start("queue_qos0_messages true")
    client = enter(broker, "e2e-qos0", NEW)
    client.subscribe(("qos/0", 0), ("qos/1", 1))
    leave(client)
    publisher = broker.connect()
    publisher.send(publish("qos/0", b"1"), publish("qos/1", b"2"))
    send(publisher, "qos/1", b"3")
    client = enter(broker, "e2e-qos0", RESUMED)
    assert [(m.payload, m.qos, m.dup) for m in client.publishes_so_far()] == [
        (b"1", 0, False), (b"2", 0, False), (b"3", 1, False)]


@pytest.mark.swiftlet("it forgets what it has begun to send")
def test_a_qos_0_message_that_was_cut_off_and_is_kept_comes_without_dup(start):
    """[MQTT-3.3.1-2]"""
    broker = start("queue_qos0_messages true", "max_queued_messages 0")
    client = broker.dial(receive_buffer=4096)
    client.request(connect("e2e-cut", clean=False), answer=NEW)
    client.subscribe(("cut", 0))
    publisher = broker.connect()
    publisher.send(*[publish("cut", b"x" * 100_000)] * 70)
    publisher.expect_nothing()
    client.close()
    client = enter(broker, "e2e-cut", RESUMED)
    message = client.receive_publish()
    assert (message.qos, message.dup, len(message.payload)) == (0, False, 100_000)
