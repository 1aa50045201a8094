"""A paho client in the form of the scripts that users write: callbacks, and loop_forever."""

import socket
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from broker import Broker
from deadline import until
from packets import Will


class PahoClient:
    """Subscribes to `filters` in on_connect and notes what every callback is told. In a `with`, it is subscribed.

    Without `clean`, a `client_id` names the session. Soon after its connection has broken it connects again.
    """

    def __init__(self, broker: Broker, filters: list[tuple[str, int]] = [], *, api=CallbackAPIVersion.VERSION2,
                 protocol=mqtt.MQTTv311, keep_alive=60, client_id="", clean=True, will: Will | None = None,
                 login: tuple[str, str] | None = None):
        self.filters = filters
        self.connected: list[int] = []
        self.session_present: list[bool] = []
        self.subscribed: list[list[int]] = []
        self.unsubscribed: list[int] = []
        self.published: list[int] = []
        self.messages: list[tuple[str, bytes, int]] = []
        self.retained: list[bool] = []
        self.disconnected: list[int] = []
        self.log: list[str] = []
        self.mqtt = mqtt.Client(api, client_id, clean, protocol=protocol)
        self.mqtt.reconnect_delay_set(0.1, 1)
        if will:
            self.mqtt.will_set(will.topic, will.payload, will.qos, will.retain)
        if login:
            self.mqtt.username_pw_set(*login)
        for callback in (self.on_connect, self.on_subscribe, self.on_unsubscribe, self.on_publish, self.on_message,
                         self.on_log, self.on_disconnect):
            setattr(self.mqtt, callback.__name__, callback)
        self.mqtt.connect(*broker.address, keep_alive)
        self.thread = threading.Thread(target=self.mqtt.loop_forever, daemon=True)

    # Version 2 of the callbacks has more arguments than version 1, and objects in the place of numbers.

    def on_connect(self, client, userdata, flags, code, properties=None):
        present = flags["session present"] if isinstance(flags, dict) else flags.session_present
        self.session_present.append(bool(present))
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
        self.retained.append(message.retain)
        self.messages.append((message.topic, message.payload, message.qos))

    def on_log(self, client, userdata, level, text):
        self.log.append(text)

    def on_disconnect(self, client, userdata, *rest):
        self.disconnected.append(number(rest[0] if len(rest) == 1 else rest[1]))

    def cut_off(self) -> None:
        """Ends the connection under the client, as a network does, once it has one."""
        until(self.mqtt.is_connected, "a connection to cut off")
        self.mqtt.socket().shutdown(socket.SHUT_RDWR)

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
