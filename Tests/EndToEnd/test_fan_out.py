"""One message, many subscribers."""

import pytest

import packets
from load import Load
from packets import Publish

SUBSCRIBERS = 60


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_every_one_of_many_subscribers_gets_every_message(broker, qos):
    """[MQTT-4.5.0-1]"""
    subscribers = [broker.connect() for _ in range(SUBSCRIBERS)]
    Load([broker.connect()], subscribers, "fan/out", qos=qos, window=100).run(100).check()


def test_each_subscriber_gets_the_message_at_its_own_qos(broker):
    """[MQTT-3.8.4-6]"""
    subscribers = [broker.connect() for _ in range(SUBSCRIBERS)]
    for i, subscriber in enumerate(subscribers):
        subscriber.subscribe((("fan/+", "#", "fan/qos")[i // 3 % 3], i % 3))
    publisher = broker.connect()
    publisher.request(packets.publish("fan/qos", b"m", qos=2, id=1), answer=packets.pubrec(1))
    publisher.send(packets.pubrel(1))
    for i, subscriber in enumerate(subscribers):
        message = subscriber.receive_publish()
        assert message == Publish("fan/qos", b"m", i % 3, message.id)


def test_subscribers_that_leave_midway_do_not_disturb_the_others(broker):
    stay = [broker.connect() for _ in range(20)]
    load = Load([broker.connect()], stay, "fan/leave", qos=1)
    leave = [broker.connect() for _ in range(20)]
    for client in leave:
        client.subscribe(("fan/leave", 2))
    load.run(50)
    for client in leave:
        client.close()
    load.run(50).check()
