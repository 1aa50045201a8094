"""TCP cuts where it likes: where the packets end in the stream of bytes must not matter."""

import packets
from broker import Broker
from client import Client

SESSION = [
    packets.connect("e2e-cut", flags=0xC4, payload=b"".join(map(packets.string, ["w", "will", "user", "word"]))),
    packets.subscribe(1, ("cut/+", 0), ("cut/#", 0)),
    packets.publish("cut/0", b"zero"),
    packets.publish("cut/1", b"one", qos=1, id=2),
    packets.publish("cut/2", b"two", qos=2, id=3),
    packets.pubrel(3),
    packets.PINGREQ,
    packets.publish("cut/long", b"x" * 130),
    packets.unsubscribe(4, "cut/#", "cut/+"),
    packets.publish("cut/0", b"unheard"),
]
STREAM = b"".join(SESSION)

# Acknowledgements and messages, each in their order; which goes first is the broker's choice.
ANSWER = (
    [packets.ACCEPTED, packets.suback(1, 0, 0), packets.puback(2), packets.pubrec(3), packets.pubcomp(3),
     packets.unsuback(4)],
    [packets.publish("cut/0", b"zero"), packets.publish("cut/1", b"one"), packets.publish("cut/2", b"two"),
     packets.publish("cut/long", b"x" * 130)],
)


def send_apart(broker: Broker, client: Client, segments: list[bytes]) -> None:
    """Sends each segment when the broker has read the one before: it answers a ping that came after that."""
    witness = broker.connect()
    for segment in segments:
        client.send(segment)
        witness.request(packets.PINGREQ, answer=packets.PINGRESP)


def play(broker: Broker, segments: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    client = broker.dial()
    send_apart(broker, client, segments)
    found = client.packets_so_far(unanswered=1)
    return [data for data in found if data[0] >> 4 != 3], [data for data in found if data[0] >> 4 == 3]


def test_a_session_cut_at_any_byte_is_answered_the_same(broker):
    for cut in range(1, len(STREAM)):
        assert play(broker, [STREAM[:cut], STREAM[cut:]]) == ANSWER, f"cut after byte {cut}"
        broker.hang_up()


def test_a_session_in_a_segment_for_each_packet_is_answered_the_same(broker):
    assert play(broker, SESSION) == ANSWER


def test_a_session_sent_byte_by_byte_is_answered_the_same(broker):
    assert play(broker, [STREAM[i:i + 1] for i in range(len(STREAM))]) == ANSWER


def test_a_disconnect_cut_in_two_ends_the_connection(broker):
    client = broker.connect()
    send_apart(broker, client, [packets.DISCONNECT[:1], packets.DISCONNECT[1:]])
    client.expect_end()


def test_a_session_in_one_segment_is_answered_the_same(broker):
    assert play(broker, [STREAM]) == ANSWER


def test_a_thousand_packets_in_one_send_are_all_answered(broker):
    client = broker.connect()
    client.send(*(packets.publish("no/one", b"m", qos=1, id=id) for id in range(1, 1001)), packets.PINGREQ)
    client.expect(*(packets.puback(id) for id in range(1, 1001)), packets.PINGRESP)


def test_messages_ready_before_a_disconnect_are_still_delivered(broker):
    """Both packets may be read at once; what came first is not lost for it."""
    client = broker.connect()
    client.subscribe(("before/leaving", 0))
    client.send(packets.publish("before/leaving", b"m"), packets.DISCONNECT)
    assert client.rest() == packets.publish("before/leaving", b"m")


def test_packets_behind_a_disconnect_are_ignored(broker, bystanders):
    """[MQTT-3.14.4-2]"""
    client = broker.connect()
    client.send(packets.DISCONNECT, packets.publish(bystanders.topic, b"too late"))
    client.expect_end()
    bystanders.exchange()
