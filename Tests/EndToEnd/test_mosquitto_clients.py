"""mosquitto_pub and mosquitto_sub as users call them."""

import pytest

import mosquitto_tools as tools
from conftest import MAX_PACKET_SIZE
from mosquitto_tools import Subscriber

MESSAGE = '{"pin":1,"value":0}'


@pytest.fixture
def subscriber(broker, tmp_path):
    """Starts a mosquitto_sub and waits until it is subscribed to `topic`."""
    running = []

    def start(*arguments: str, topic="test") -> Subscriber:
        running.append(Subscriber(broker, tmp_path, *arguments))
        running[-1].wait_until_subscribed(broker, topic)
        return running[-1]

    yield start
    for process in running:
        process.stop()


def test_the_subscriber_prints_what_the_publisher_sent(broker, subscriber):
    sub = subscriber("-v", "-t", "test")
    tools.publish(broker, "-t", "test", "-m", MESSAGE)
    assert sub.lines(1) == [f"test {MESSAGE}"]


@pytest.mark.parametrize("version", ["mqttv31", "mqttv311"])
@pytest.mark.parametrize("granted", ["0", "1", "2"])
@pytest.mark.parametrize("published", ["0", "1", "2"])
def test_messages_arrive_at_every_pair_of_qos_in_both_versions(broker, subscriber, version, published, granted):
    sub = subscriber("-V", version, "-q", granted, "-t", "test", "-F", "%q %t %p")
    tools.publish(broker, "-V", version, "-q", published, "-t", "test", "-m", MESSAGE)
    assert sub.lines(1) == [f"{min(published, granted)} test {MESSAGE}"]


@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_many_lines_of_standard_input_arrive_in_order(broker, subscriber, qos):
    lines = [f"line {i}" for i in range(500)]
    sub = subscriber("-q", qos, "-t", "test")
    tools.publish(broker, "-q", qos, "-t", "test", "-l", input="".join(line + "\n" for line in lines).encode())
    assert sub.lines(len(lines)) == lines


@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_a_file_as_large_as_a_packet_may_be_arrives_whole(broker, subscriber, tmp_path, qos):
    payload = bytes(i * 31 & 0xFF for i in range(MAX_PACKET_SIZE - 12))
    (tmp_path / "payload").write_bytes(payload)
    sub = subscriber("-q", qos, "-t", "test", "-F", "%l %x")
    tools.publish(broker, "-q", qos, "-t", "test", "-f", str(tmp_path / "payload"))
    assert sub.lines(1) == [f"{len(payload)} {payload.hex()}"]


def test_an_empty_message_arrives(broker, subscriber):
    sub = subscriber("-v", "-t", "test")
    tools.publish(broker, "-t", "test", "-n")
    assert sub.lines(1) == ["test (null)"]


def test_wildcards_select_topics(broker, subscriber):
    sub = subscriber("-v", "-t", "house/+/temperature", "-t", "garden/#", topic="garden")
    for topic in ("house/attic/temperature", "house/attic/light", "garden", "garden/pond/level", "house/temperature"):
        tools.publish(broker, "-t", topic, "-m", "1")
    assert sub.lines(3) == ["house/attic/temperature 1", "garden 1", "garden/pond/level 1"]


def test_a_subscriber_leaves_after_as_many_messages_as_it_wants(broker, subscriber):
    sub = subscriber("-C", "40", "-t", "test")
    tools.publish(broker, "-t", "test", "-l", input=b"one\n" * 40)
    assert sub.process.wait(20) == 0
    assert len(sub.all_lines()) == 40


def test_an_excluded_topic_is_unsubscribed(broker, subscriber):
    """-U sends an UNSUBSCRIBE right behind the SUBSCRIBE."""
    sub = subscriber("-v", "-t", "keep", "-t", "drop", "-U", "drop", topic="keep")
    for topic in ("drop", "keep"):
        tools.publish(broker, "-t", topic, "-m", "m")
    assert sub.lines(1) == ["keep m"]


def test_a_publisher_with_a_will_and_a_retained_message_is_served(broker, subscriber):
    sub = subscriber("-v", "-t", "test")
    tools.publish(broker, "--will-topic", "will", "--will-payload", "gone", "-t", "test", "-m", "m", "-r")
    assert sub.lines(1) == ["test m"]
    tools.publish(broker, "-t", "test", "-n", "-r")
