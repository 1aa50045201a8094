"""Order and completeness of thousands of messages [MQTT-4.6.0-6]."""

import pytest

from load import Load


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_thousands_of_messages_of_several_publishers_arrive_once_and_in_order(broker, qos):
    """[MQTT-4.6.0-5] [MQTT-4.6.0-6]: per publisher; how the publishers' messages mix is open."""
    publishers = [broker.connect() for _ in range(4)]
    subscribers = [broker.connect() for _ in range(2)]
    Load(publishers, subscribers, "order", qos=qos).run(1500).check()


def test_messages_of_several_segments_arrive_once_and_in_order(broker):
    publishers = [broker.connect() for _ in range(2)]
    Load(publishers, [broker.connect()], "order/long", qos=1, padding=5000).run(100).check()
