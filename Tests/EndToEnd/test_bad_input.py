"""A client that breaks the rules ends its own connection and disturbs nobody [MQTT-4.8.0-1]."""

import pytest

import packets
from bad_packets import FIRST, LATER
from client import Client

ROWS = FIRST + LATER


def row(bad):
    marks = [pytest.mark.swiftlet(f"it {bad.mosquitto}")] if bad.mosquitto else []
    return pytest.param(bad, id=f"{bad.clause}: {bad.name}", marks=marks)


def offend(broker, bad) -> Client:
    client = broker.dial() if bad in FIRST else broker.connect()
    client.send(bad.data)
    return client


@pytest.mark.parametrize("bad", map(row, ROWS))
def test_bad_input_ends_its_own_connection_without_an_answer_and_no_other(broker, bystanders, bad):
    bystanders.exchange()
    offend(broker, bad).expect_end()
    bystanders.exchange()


@pytest.mark.swiftlet("its log names the reason")
@pytest.mark.parametrize("bad", map(row, ROWS))
def test_bad_input_is_logged_once_with_address_and_reason(broker, bystanders, bad):
    client = offend(broker, bad)
    assert broker.reason(client) == bad.reason
    bystanders.exchange()  # time for another line, if there were one
    assert len(broker.closings(client)) == 1


@pytest.mark.swiftlet("its log names the client")
def test_the_log_names_the_client_id_of_who_broke_a_rule(broker):
    client = broker.connect("e2e-offender")
    client.send(packets.publish("a/#", b""))
    broker.reason(client)
    assert broker.closings(client)[0]["client"] == "e2e-offender"


@pytest.mark.swiftlet("its log leaves out what it does not know")
def test_the_log_names_no_client_id_before_a_connect_was_accepted(broker):
    client = broker.dial()
    client.send(packets.connect("a", flags=1))
    broker.reason(client)
    assert "client" not in broker.closings(client)[0]


def test_what_stands_before_bad_input_in_one_segment_is_still_served(broker):
    client, subscriber = broker.connect(), broker.connect()
    subscriber.subscribe(("before", 0))
    client.send(packets.publish("before", b"good"), packets.publish("bad/#", b""), packets.publish("before", b"late"))
    subscriber.expect(packets.publish("before", b"good"))
    subscriber.expect_nothing()


def test_a_bad_subscribe_subscribes_to_none_of_its_filters(broker):
    """[MQTT-4.8.0-1]: the good filter before the bad one neither lives on nor does harm."""
    client = broker.connect("e2e-half")
    client.send(packets.subscribe(1, ("half", 0), ("half/#/x", 0)))
    client.expect_end()
    client = broker.connect("e2e-half")
    client.send(packets.publish("half", b"m"))
    client.expect_nothing()


def test_hundreds_of_bad_clients_leave_a_working_broker(broker, bystanders):
    sure = [bad for bad in ROWS if not bad.mosquitto]
    for i in range(300):
        offend(broker, sure[i % len(sure)]).expect_end()
        broker.clients.pop().close()
    bystanders.exchange()


def test_an_acknowledgement_that_nobody_waits_for_does_no_harm(broker):
    """A client that comes back may acknowledge what the broker has forgotten."""
    client = broker.connect()
    client.send(packets.puback(77), packets.pubcomp(78))
    client.expect_nothing()
