"""The broker itself did not run for a while: a stalled machine, one that slept, a flash that took its time."""

import time

import pytest

import packets
from process import stopped


@pytest.mark.swiftlet("mosquitto may look for silent clients before it reads")
def test_who_was_punctual_stays_though_the_broker_was_not(start):
    """[MQTT-3.1.2-24] is about what the client sends, not about when that is read. Whoever was silent has to go."""
    broker = start()
    punctual = [broker.connect(keep_alive=6) for _ in range(80)]
    silent = broker.connect(keep_alive=6)
    with stopped(broker.process.pid):
        for client in punctual:
            client.send(packets.PINGREQ)
        time.sleep(10)
    for client in punctual:
        assert client.receive() == packets.PINGRESP
    assert broker.reason(silent) == "keep-alive-expired"
