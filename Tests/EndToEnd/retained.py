"""Publishing retained messages without leaving any behind."""

from broker import Broker
from client import Client
from packets import puback, pubcomp, publish, pubrec, pubrel


def send(client: Client, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
    """Publishes and waits until the broker has the message."""
    if qos == 0:
        client.send(publish(topic, payload, retain=retain))
        client.expect_nothing()
    elif qos == 1:
        client.request(publish(topic, payload, qos=1, id=1, retain=retain), answer=puback(1))
    else:
        client.request(publish(topic, payload, qos=2, id=2, retain=retain), answer=pubrec(2))
        client.request(pubrel(2), answer=pubcomp(2))


class Retainer:
    """A publisher of retained messages, which are removed in the end: the broker is there for other tests, too."""

    def __init__(self, broker: Broker):
        self.client = broker.connect()
        self.topics: set[str] = set()

    def __call__(self, topic: str, payload: bytes, qos: int = 0) -> None:
        self.topics.add(topic)
        send(self.client, topic, payload, qos, retain=True)

    def clear(self) -> None:
        for topic in self.topics:
            send(self.client, topic, b"", 0, retain=True)
