"""CONNECT: who is let in, what the answer is, and who has to leave for it."""

import pytest

import packets
from packets import connack, connect


def test_a_connect_is_answered_by_connack_zero_without_session_present(broker):
    """[MQTT-3.1.4-4] [MQTT-3.2.0-1] [MQTT-3.2.2-1]"""
    broker.dial().request(bytes.fromhex("10 10 00 04 4d 51 54 54 04 02 00 3c 00 04 65 32 65 31"),
                          answer=bytes.fromhex("20 02 00 00"))


def test_a_connect_of_mqtt_3_1_is_accepted(broker):
    """The protocol name is MQIsdp and the level 3."""
    broker.dial().request(bytes.fromhex("10 12 00 06 4d 51 49 73 64 70 03 02 00 3c 00 04 65 32 65 32"),
                          answer=bytes.fromhex("20 02 00 00"))


def test_a_client_id_of_23_letters_and_digits_is_accepted(broker):
    """[MQTT-3.1.3-5]"""
    broker.connect("0aA9zZ1bB8yY2cC7xX3dD6w")


def test_an_empty_client_id_with_clean_session_is_accepted(broker):
    """[MQTT-3.1.3-6]"""
    broker.connect("")


def test_two_clients_with_empty_ids_stay_side_by_side(broker):
    """[MQTT-3.1.3-6]: each got an id of its own."""
    first, second = broker.connect(""), broker.connect("")
    second.expect_nothing()
    first.expect_nothing()


def test_an_empty_client_id_without_clean_session_is_refused_with_2(broker):
    """[MQTT-3.1.3-8] [MQTT-3.2.2-4] [MQTT-3.2.2-5]"""
    client = broker.dial()
    client.request(connect("", clean=False), answer=connack(2))
    client.expect_end()


def test_an_empty_client_id_of_mqtt_3_1_is_refused_with_2(broker):
    """MQTT 3.1 asks for an id of 1 to 23 characters."""
    client = broker.dial()
    client.request(connect("", name="MQIsdp", level=3), answer=connack(2))
    client.expect_end()


@pytest.mark.parametrize("level", [0, 1, 2, 6, 9, 127])
def test_an_unknown_protocol_level_is_refused_with_1(broker, level):
    """[MQTT-3.1.2-2] [MQTT-3.2.2-5]"""
    client = broker.dial()
    client.request(connect("e2e", level=level), answer=connack(1))
    client.expect_end()


@pytest.mark.swiftlet("mosquitto speaks MQTT 5")
def test_protocol_level_5_is_refused_with_1(broker):
    """[MQTT-3.1.2-2]: such a CONNECT has properties before the client id, which do not matter."""
    client = broker.dial()
    client.request(bytes.fromhex("10 10 00 04 4d 51 54 54 05 02 00 3c 00 00 03 61 62 63"), answer=connack(1))
    client.expect_end()


def test_what_follows_a_refused_connect_is_ignored(broker, bystanders):
    """[MQTT-3.1.4-5]"""
    client = broker.dial()
    client.send(connect("", clean=False), packets.publish(bystanders.topic, b"ignored"))
    assert client.rest() == connack(2)
    bystanders.exchange()


def test_packets_sent_right_behind_a_connect_are_served(broker):
    """The client need not wait for CONNACK (§3.1.4)."""
    client = broker.dial()
    client.send(connect("e2e-eager"), packets.subscribe(5, ("eager", 0)), packets.publish("eager", b"here"))
    client.expect(packets.ACCEPTED, packets.suback(5, 0), packets.publish("eager", b"here"))


def test_a_connect_with_will_user_name_and_password_is_accepted(broker):
    """[MQTT-3.1.3-1]: their order is will topic, will message, user name, password."""
    payload = b"".join(map(packets.string, ["will/topic", "gone", "user", "secret"]))
    broker.connect("e2e-full", flags=0xC4, payload=payload)


def test_a_user_name_without_a_password_is_accepted(broker):
    """[MQTT-3.1.2-20]"""
    broker.connect("e2e-user", flags=0x80, payload=packets.string("user"))


def test_a_second_connection_with_the_same_client_id_ends_the_first(broker):
    """[MQTT-3.1.4-2]"""
    first = broker.connect("e2e-twice")
    second = broker.connect("e2e-twice")
    first.expect_end()
    second.expect_nothing()


@pytest.mark.swiftlet("its log names the reason")
def test_a_taken_over_connection_is_logged_as_such(broker):
    """[MQTT-3.1.4-2]"""
    first = broker.connect("e2e-twice")
    broker.connect("e2e-twice")
    assert broker.reason(first) == "taken-over"


def test_a_taken_over_connection_gets_no_more_messages(broker):
    """[MQTT-3.1.2-6]: nor does its subscription live on in the new clean session."""
    broker.connect("e2e-twice").subscribe(("twice", 0))
    second = broker.connect("e2e-twice")
    second.send(packets.publish("twice", b"to nobody"))
    second.expect_nothing()


def test_a_client_id_can_be_used_again_after_disconnect(broker):
    """[MQTT-3.1.2-6]"""
    for _ in range(20):
        client = broker.connect("e2e-again")
        client.send(packets.DISCONNECT)
        client.expect_end()


def test_hundreds_of_takeovers_of_one_client_id_leave_one_connection(broker):
    """[MQTT-3.1.4-2]: a device that loses its link connects again before the broker can know."""
    clients = [broker.connect("e2e-flapping") for _ in range(100)]
    for client in clients[:-1]:
        client.expect_end()
    clients[-1].expect_nothing()


def test_a_disconnect_ends_the_connection(broker):
    """[MQTT-3.14.4-1]: the broker does not wait for a client that leaves its end open."""
    client = broker.connect()
    client.send(packets.DISCONNECT)
    client.expect_end()


@pytest.mark.swiftlet("its log names the reason")
def test_a_disconnect_and_a_mere_end_of_the_stream_are_told_apart_in_the_log(broker):
    polite, rude = broker.connect(), broker.connect()
    polite.send(packets.DISCONNECT)
    rude.close()
    assert (broker.reason(polite), broker.reason(rude)) == ("disconnect", "end-of-stream")


@pytest.mark.swiftlet("its log names the reason")
@pytest.mark.parametrize("data, reason", [
    (connect("e2e", level=9), "bad-protocol-level"),
    (connect("", clean=False), "bad-client-id"),
], ids=["level", "client id"])
def test_a_refused_connect_is_logged_once_with_its_reason(broker, data, reason):
    """[MQTT-3.1.2-2] [MQTT-3.1.3-8]"""
    client = broker.dial()
    client.send(data)
    assert broker.reason(client) == reason
    assert len(broker.closings(client)) == 1


@pytest.mark.swiftlet("its log has the line")
def test_an_accepted_connect_is_logged_with_address_and_client_id(broker):
    client = broker.connect("e2e-logged")
    assert broker.wait_for(event="connected", address=client.address)["client"] == "e2e-logged"


@pytest.mark.swiftlet("its log has the line")
def test_a_client_id_cannot_forge_a_log_line(broker):
    """Everything unprintable is escaped, and quotes keep spaces together."""
    client = broker.connect('x\nevent=stopped "a" b')
    event = broker.wait_for(event="connected", address=client.address)
    assert event["client"] == r"x\x0aevent=stopped \"a\" b"
