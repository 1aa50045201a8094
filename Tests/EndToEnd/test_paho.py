"""The paho client of Python, in both versions of its callbacks and of the protocol."""

import threading

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt import publish, subscribe
from paho.mqtt.enums import CallbackAPIVersion

from deadline import until
from paho_client import PahoClient

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
    """Its loop pings within the keep alive of one second."""
    with PahoClient(broker, keep_alive=1) as client:
        until(lambda: sum("PINGRESP" in line for line in client.log) >= 2, "two answers to pings")
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
