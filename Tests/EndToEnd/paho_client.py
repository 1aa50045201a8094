"""A paho client in the form of the scripts that users write: callbacks, and loop_forever."""

import threading

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from broker import Broker
from deadline import until


class PahoClient:
    """Subscribes to `filters` in on_connect and notes what every callback is told. In a `with`, it is subscribed."""

    def __init__(self, broker: Broker, filters: list[tuple[str, int]] = [], *, api=CallbackAPIVersion.VERSION2,
                 protocol=mqtt.MQTTv311, keep_alive=60):
        self.filters = filters
        self.connected: list[int] = []
        self.subscribed: list[list[int]] = []
        self.unsubscribed: list[int] = []
        self.published: list[int] = []
        self.messages: list[tuple[str, bytes, int]] = []
        self.disconnected: list[int] = []
        self.log: list[str] = []
        self.mqtt = mqtt.Client(api, protocol=protocol)
        for callback in (self.on_connect, self.on_subscribe, self.on_unsubscribe, self.on_publish, self.on_message,
                         self.on_log, self.on_disconnect):
            setattr(self.mqtt, callback.__name__, callback)
        self.mqtt.connect(*broker.address, keep_alive)
        self.thread = threading.Thread(target=self.mqtt.loop_forever, daemon=True)

    # Version 2 of the callbacks has more arguments than version 1, and objects in the place of numbers.

    def on_connect(self, client, userdata, flags, code, properties=None):
        self.connected.append(number(code))
        if self.filters:
            client.subscribe(self.filters)

    def on_subscribe(self, client, userdata, mid, codes, properties=None):
        self.subscribed.append(list(map(number, codes)))

    def on_unsubscribe(self, client, userdata, mid, codes=None, properties=None):
        self.unsubscribed.append(mid)

    def on_publish(self, client, userdata, mid, code=None, properties=None):
        self.published.append(mid)

    def on_message(self, client, userdata, message):
        self.messages.append((message.topic, message.payload, message.qos))

    def on_log(self, client, userdata, level, text):
        self.log.append(text)

    def on_disconnect(self, client, userdata, *rest):
        self.disconnected.append(number(rest[0] if len(rest) == 1 else rest[1]))

    def __enter__(self) -> "PahoClient":
        self.thread.start()
        until(lambda: self.connected, "on_connect")
        if self.filters:
            until(lambda: self.subscribed, "on_subscribe")
        return self

    def __exit__(self, *_) -> None:
        self.mqtt.disconnect()
        self.thread.join(10)
        assert not self.thread.is_alive(), "loop_forever goes on after disconnect()"


def number(code) -> int:
    return code if isinstance(code, int) else code.value
