"""The paho client of Python, in both versions of its callbacks and of the protocol."""

import threading
from concurrent.futures import ThreadPoolExecutor

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt import MQTTException, publish, subscribe
from paho.mqtt.enums import CallbackAPIVersion

import packets
from access_files import make_passwords
from deadline import until
from packets import Will
from paho_client import PahoClient
from ports import free_port

PROTOCOLS = pytest.mark.parametrize("protocol", [mqtt.MQTTv31, mqtt.MQTTv311], ids=["3.1", "3.1.1"])
APIS = pytest.mark.parametrize("api", CallbackAPIVersion, ids=["callbacks-1", "callbacks-2"])
MESSAGE = b'{"pin":1,"value":0}'


@PROTOCOLS
@APIS
def test_a_script_with_all_callbacks_hears_from_each(broker, api, protocol):
    """on_connect, on_subscribe, on_publish, on_message, on_log, on_unsubscribe, on_disconnect."""
    filters = [("paho/+", 0), ("paho/two", 2)]
    with PahoClient(broker, filters, api=api, protocol=protocol) as client:
        mid = client.mqtt.publish("paho/one", MESSAGE, qos=1).mid
        until(lambda: client.published and client.messages, "on_publish and on_message")
        client.mqtt.unsubscribe("paho/two")
        until(lambda: client.unsubscribed, "on_unsubscribe")
    assert client.connected == [0]
    assert client.subscribed == [[0, 2]]
    assert client.published == [mid]
    assert client.messages == [("paho/one", MESSAGE, 0)]
    assert set(client.disconnected) == {0}  # paho sometimes calls it twice
    assert any("CONNACK" in line for line in client.log)


@PROTOCOLS
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_messages_between_two_scripts_arrive_once_and_in_order(broker, qos, protocol):
    with PahoClient(broker, [("paho/order", qos)], protocol=protocol) as receiver:
        with PahoClient(broker, protocol=protocol) as sender:
            for i in range(200):
                sender.mqtt.publish("paho/order", b"%d" % i, qos=qos)
            until(lambda: len(receiver.messages) >= 200 and len(sender.published) == 200, "200 messages")
    assert receiver.messages == [("paho/order", b"%d" % i, qos) for i in range(200)]


def test_two_scripts_talk_both_ways(broker):
    with PahoClient(broker, [("paho/left", 1)]) as left, PahoClient(broker, [("paho/right", 1)]) as right:
        left.mqtt.publish("paho/right", b"to the right", qos=1)
        until(lambda: right.messages, "the message to the right")
        right.mqtt.publish("paho/left", b"to the left", qos=1)
        until(lambda: left.messages, "the message to the left")
    assert (left.messages, right.messages) == (
        [("paho/left", b"to the left", 1)], [("paho/right", b"to the right", 1)])


def test_an_idle_script_keeps_its_connection_by_pings(broker):
    """Its loop pings soon after its keep alive; without, it would be cut off half of that later."""
    with PahoClient(broker, keep_alive=5) as client:
        until(lambda: sum("PINGRESP" in line for line in client.log) >= 2, "two answers to pings", seconds=40)
        assert client.mqtt.is_connected()
    assert client.connected == [0]


@PROTOCOLS
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_publish_single_delivers_its_message(broker, qos, protocol):
    with PahoClient(broker, [("paho/single", qos)]) as receiver:
        host, port = broker.address
        publish.single("paho/single", MESSAGE, qos=qos, hostname=host, port=port, protocol=protocol)
        until(lambda: receiver.messages, "the message")
    assert receiver.messages == [("paho/single", MESSAGE, qos)]


@PROTOCOLS
def test_publish_multiple_delivers_its_messages_in_order(broker, protocol):
    with PahoClient(broker, [("paho/multiple", 1)]) as receiver:
        host, port = broker.address
        messages = [("paho/multiple", b"%d" % i, 1, False) for i in range(9)]
        publish.multiple(messages, hostname=host, port=port, protocol=protocol)
        until(lambda: len(receiver.messages) >= 9, "nine messages")
    assert receiver.messages == [(topic, payload, qos) for topic, payload, qos, _ in messages]


@PROTOCOLS
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_subscribe_simple_returns_a_message(broker, qos, protocol):
    host, port = broker.address
    received = []

    def wait():
        received.append(subscribe.simple("paho/simple", qos=qos, hostname=host, port=port, protocol=protocol))

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    with PahoClient(broker) as sender:
        def is_heard() -> bool:  # simple() does not say when it is subscribed
            sender.mqtt.publish("paho/simple", MESSAGE, qos=2)
            return bool(received)

        until(is_heard, "the return of subscribe.simple")
        thread.join(10)
    assert (received[0].topic, received[0].payload, received[0].qos) == ("paho/simple", MESSAGE, qos)


# Retained messages.

@APIS
@PROTOCOLS
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_script_that_comes_later_gets_the_latest_value_as_a_retained_one(broker, retain, qos, api, protocol):
    retain.topics.add("paho/kept")
    with PahoClient(broker, api=api, protocol=protocol) as sender:
        for payload in (b"old", MESSAGE):
            sender.mqtt.publish("paho/kept", payload, qos, retain=True)
        until(lambda: len(sender.published) == 2, "on_publish")
        sender.mqtt.publish("paho/kept", b"passing", qos)
        until(lambda: len(sender.published) == 3, "on_publish")
    with PahoClient(broker, [("paho/kept", 2)], api=api, protocol=protocol) as receiver:
        until(lambda: receiver.messages, "the retained message")
    assert (receiver.messages, receiver.retained) == ([("paho/kept", MESSAGE, qos)], [True])


@PROTOCOLS
def test_subscribe_simple_can_fetch_a_retained_message_or_leave_it_out(broker, retain, protocol):
    retain("paho/kept", b"kept", 1)
    host, port = broker.address
    options = {"qos": 1, "hostname": host, "port": port, "protocol": protocol}
    message = subscribe.simple("paho/kept", **options)
    assert (message.payload, message.retain) == (b"kept", True)
    with ThreadPoolExecutor() as pool, PahoClient(broker) as sender:
        fresh = pool.submit(subscribe.simple, "paho/kept", retained=False, **options)
        until(lambda: sender.mqtt.publish("paho/kept", b"fresh") and fresh.done(), "a message that is not retained")
        assert (fresh.result().payload, fresh.result().retain) == (b"fresh", False)


def test_publish_single_can_retain_its_message_and_leave_a_will_unused(broker, retain):
    retain.topics.add("paho/kept")
    host, port = broker.address
    with PahoClient(broker, [("paho/will", 0)]) as heir:
        publish.single("paho/kept", MESSAGE, qos=1, retain=True, hostname=host, port=port,
                       will={"topic": "paho/will", "payload": b"gone"})
        with PahoClient(broker, [("paho/kept", 0)]) as receiver:
            until(lambda: receiver.messages, "the retained message")
    assert heir.messages == []


# Wills.

@APIS
@PROTOCOLS
@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("is_retained", [False, True], ids=["passing", "retained"])
def test_the_will_of_a_script_that_is_cut_off_reaches_another(broker, retain, qos, is_retained, api, protocol):
    retain.topics.add("paho/will")
    will = Will("paho/will", b"gone", qos, is_retained)
    with PahoClient(broker, [("paho/will", 2)]) as heir:
        with PahoClient(broker, api=api, protocol=protocol, will=will) as testator:
            testator.cut_off()
            until(lambda: heir.messages, "the will")
    assert (heir.messages, heir.retained) == ([("paho/will", b"gone", qos)], [False])
    # Paho hands a message of QoS 2 out only at PUBREL, which the barrier may overtake; one of QoS 1 at once.
    with PahoClient(broker, [("paho/will", 1), ("paho/barrier", 0)]) as late:
        late.mqtt.publish("paho/barrier", b"")
        until(lambda: ("paho/barrier", b"", 0) in late.messages, "the barrier")
    assert late.messages[:-1] == ([("paho/will", b"gone", min(qos, 1))] if is_retained else [])


@APIS
def test_the_will_of_a_script_that_disconnects_is_void(broker, api):
    with PahoClient(broker, [("paho/will", 0), ("paho/barrier", 0)]) as heir:
        with PahoClient(broker, api=api, will=Will("paho/will", b"gone")):
            pass
        heir.mqtt.publish("paho/barrier", b"")
        until(lambda: heir.messages, "the barrier")
    assert heir.messages == [("paho/barrier", b"", 0)]


# Sessions.

@APIS
@PROTOCOLS
@pytest.mark.parametrize("clean", [True, False], ids=["clean", "persistent"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_script_that_was_away_gets_what_its_session_kept(broker, qos, clean, api, protocol):
    """[MQTT-3.1.2-5]"""
    options = {"api": api, "protocol": protocol, "client_id": "e2e-paho", "clean": clean}
    with PahoClient(broker, [("paho/away", qos)], **options) as first:
        assert first.session_present == [False]
    with PahoClient(broker) as sender:
        for i in range(30):
            sender.mqtt.publish("paho/away", b"%d" % i, qos)
        until(lambda: len(sender.published) == 30, "on_publish")
    kept = [("paho/away", b"%d" % i, qos) for i in range(30)] if qos and not clean else []
    with PahoClient(broker, [("paho/barrier", 0)], **options) as second:
        second.mqtt.publish("paho/barrier", b"")
        until(lambda: ("paho/barrier", b"", 0) in second.messages and len(second.messages) > len(kept), "what was kept")
    assert [message for message in second.messages if message[0] == "paho/away"] == kept
    assert second.session_present == [not clean and protocol == mqtt.MQTTv311]
    with PahoClient(broker, client_id="e2e-paho"):  # leaves no session
        pass


@APIS
@pytest.mark.parametrize("clean", [True, False], ids=["clean", "persistent"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_script_that_is_cut_off_comes_back_by_itself_and_messages_go_on(broker, qos, clean, api):
    """It subscribes in on_connect, as paho's manual has it. A message whose PUBACK did not get through comes again."""
    options = {"api": api, "client_id": "e2e-paho", "clean": clean}
    with PahoClient(broker, [("paho/cut", qos)], **options) as client, PahoClient(broker) as sender:
        for round in range(2):
            client.cut_off()
            until(lambda: len(client.subscribed) == round + 2, "on_subscribe after the reconnect")
            sender.mqtt.publish("paho/cut", b"%d" % round, qos)
            until(lambda: len(set(client.messages)) == round + 1, "the message after the reconnect")
    messages = list(dict.fromkeys(client.messages)) if qos == 1 else client.messages
    assert messages == [("paho/cut", b"0", qos), ("paho/cut", b"1", qos)]
    assert client.connected == [0] * 3
    assert client.session_present == [False] + [not clean] * 2
    with PahoClient(broker, client_id="e2e-paho"):
        pass


@APIS
@pytest.mark.parametrize("qos", [
    1, pytest.param(2, marks=pytest.mark.swiftlet("it takes paho's repetitions at QoS 2 for a violation"))])
def test_what_a_script_publishes_while_it_is_cut_off_arrives_later_and_once(broker, qos, api):
    """[MQTT-4.4.0-1]: paho keeps it and sends it again."""
    with PahoClient(broker, [("paho/later", qos)]) as receiver:
        with PahoClient(broker, api=api, client_id="e2e-paho", clean=False) as sender:
            for i in range(100):
                if i in (30, 60):
                    until(lambda: len(sender.connected) == i // 30, "on_connect after the reconnect")
                    sender.cut_off()
                sender.mqtt.publish("paho/later", b"%d" % i, qos)
            until(lambda: len(sender.published) == 100, "on_publish of all")
            until(lambda: {m[1] for m in receiver.messages} == {b"%d" % i for i in range(100)}, "all messages")
    payloads = [payload for _, payload, _ in receiver.messages]
    assert qos == 1 or sorted(payloads, key=int) == [b"%d" % i for i in range(100)]
    with PahoClient(broker, client_id="e2e-paho"):
        pass


@pytest.mark.swiftlet("its port is another each time")
@APIS
def test_a_script_finds_the_broker_again_that_was_started_anew(start, api):
    """Nothing is kept on disk: the session is a new one, and on_connect subscribes again."""
    lines = (f"listener {free_port()} 127.0.0.1", "allow_anonymous true")
    first = start(*lines, only=True)
    with PahoClient(first, [("paho/again", 1)], api=api, client_id="e2e-paho", clean=False) as client:
        first.stop()
        second = start(*lines, only=True)
        until(lambda: len(client.subscribed) == 2, "on_subscribe at the second broker")
        second.connect().send(packets.publish("paho/again", b"m"))
        until(lambda: client.messages, "a message from the second broker")
    assert client.session_present[-1] is False


# Access.

@pytest.fixture
def guarded(start, tmp_path):
    file = make_passwords(tmp_path / "passwords", {"alice": "secret"})
    return start("listener 0 127.0.0.1", f"password_file {file}", only=True)


@APIS
@PROTOCOLS
def test_a_script_with_user_name_and_password_is_let_in(guarded, api, protocol):
    with PahoClient(guarded, [("paho/in", 1)], api=api, protocol=protocol, login=("alice", "secret")) as client:
        client.mqtt.publish("paho/in", MESSAGE, 1)
        until(lambda: client.messages, "its own message")


@PROTOCOLS
@pytest.mark.parametrize("auth", [None, {"username": "alice", "password": "wrong"}, {"username": "bob"}], ids=str)
def test_a_script_with_other_or_none_is_told_that_it_is_not_authorised(guarded, protocol, auth):
    host, port = guarded.address
    with pytest.raises(MQTTException, match="Not authorized"):
        publish.single("paho/in", MESSAGE, hostname=host, port=port, protocol=protocol, auth=auth)


@APIS
def test_on_connect_is_told_of_a_refusal(guarded, api):
    client = PahoClient(guarded, api=api, login=("alice", "wrong"))
    client.thread.start()
    until(lambda: client.connected, "on_connect")
    client.mqtt.disconnect()
    client.thread.join(10)
    refusal = {CallbackAPIVersion.VERSION1: 5, CallbackAPIVersion.VERSION2: 135}[api]  # 135: MQTT 5's word for it
    assert client.connected[0] == refusal
