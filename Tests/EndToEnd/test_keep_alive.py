"""Keep alive: silence for one and a half times the period ends a connection [MQTT-3.1.2-24]."""

import time

import pytest

import packets
from deadline import until

PERIOD = 1


def test_a_silent_client_is_disconnected(broker):
    """[MQTT-3.1.2-24]: and not before one and a half periods are over."""
    start = time.monotonic()
    client = broker.connect(keep_alive=PERIOD)
    client.expect_end()
    assert time.monotonic() - start > 1.4 * PERIOD


@pytest.mark.swiftlet("mosquitto looks for silent clients every five seconds")
def test_a_silent_client_is_disconnected_in_time_and_the_log_says_why(broker):
    """[MQTT-3.1.2-24]"""
    client = broker.connect(keep_alive=PERIOD)
    start = time.monotonic()
    client.expect_end()
    assert time.monotonic() - start < 1.5 * PERIOD + 5
    assert broker.reason(client) == "keep-alive-expired"


def test_who_sends_anything_in_time_stays_and_who_is_only_sent_to_does_not(broker):
    """[MQTT-3.1.2-23]: any packet from the client counts, and none to it."""
    period = 4  # in which there is time for a sign of life
    stay = {
        broker.connect(keep_alive=period): packets.PINGREQ,
        broker.connect(keep_alive=period): packets.publish("keep/alive", b"busy"),
        broker.connect(keep_alive=0): b"",  # keep alive is off
        broker.connect(keep_alive=60): b"",
    }
    listener = broker.connect(keep_alive=period)
    start = time.monotonic()
    listener.subscribe(("keep/alive", 0))

    def listener_has_left() -> bool:
        for client, sign_of_life in stay.items():
            client.send(sign_of_life)
        time.sleep(0.5)
        return not listener.is_open()

    until(listener_has_left, "the end of the client that only listens")
    assert time.monotonic() - start > 1.4 * period
    assert [client.is_open() for client in stay] == [True] * 4
