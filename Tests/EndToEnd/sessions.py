"""Clients without clean session, which come and go."""

import packets
from broker import Broker
from client import Client
from packets import connect, puback, publish

NEW, RESUMED = bytes.fromhex("20020000"), bytes.fromhex("20020100")


def enter(broker: Broker, client_id: str, answer: bytes, **fields) -> Client:
    client = broker.dial()
    client.request(connect(client_id, clean=False, **fields), answer=answer)
    return client


def leave(client: Client) -> None:
    client.send(packets.DISCONNECT)
    client.expect_end()


def send(publisher: Client, topic: str, *payloads: bytes) -> None:
    for payload in payloads:
        publisher.request(publish(topic, payload, qos=1, id=1), answer=puback(1))
