"""mosquitto_pub and mosquitto_sub as users call them."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

import mosquitto_tools as tools
import packets
from access_files import make_passwords
from conftest import MAX_PACKET_SIZE
from mosquitto_tools import Subscriber
from sessions import leave

TIMED_OUT = 27
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
    sub = subscriber("-C", "200", "-t", "test")
    tools.publish(broker, "-t", "test", "-l", input=b"one\n" * 200)
    assert sub.process.wait(20) == 0
    assert len(sub.all_lines()) == 200


def test_an_excluded_topic_is_unsubscribed(broker, subscriber):
    """-U sends an UNSUBSCRIBE right behind the SUBSCRIBE."""
    sub = subscriber("-v", "-t", "keep", "-t", "drop", "-U", "drop", topic="keep")
    for topic in ("drop", "keep"):
        tools.publish(broker, "-t", topic, "-m", "m")
    assert sub.lines(1) == ["keep m"]


VERSIONS = pytest.mark.parametrize("version", ["mqttv31", "mqttv311"])


@VERSIONS
@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_a_retained_message_waits_for_the_next_subscriber(broker, retain, version, qos):
    retain.topics.add("kept")
    tools.publish(broker, "-V", version, "-q", qos, "-t", "kept", "-m", MESSAGE, "-r")
    for _ in range(2):
        printed = tools.subscribe(broker, "-V", version, "-q", "2", "-t", "kept", "-C", "1", "-F", "%r %q %p")
        assert printed == [f"1 {qos} {MESSAGE}"]


def test_a_retained_message_is_removed_by_an_empty_one(broker, retain):
    for message in (["-m", "first"], ["-n"], ["-m", "second"], ["-m", ""], ["-m", "third"]):
        retain.topics.add("kept")
        tools.publish(broker, "-t", "kept", *message, "-r")
        expected = message[1:] if message[1:] != [""] else []
        seconds, status = ("20", 0) if expected else ("3", TIMED_OUT)
        assert tools.subscribe(broker, "-t", "kept", "-C", "1", "-W", seconds, status=status) == expected


def test_stale_messages_can_be_left_out(broker, retain, tmp_path):
    """-R does not print what was retained."""
    retain("kept", b"stale")
    sub = Subscriber(broker, tmp_path, "-R", "-t", "kept", "-t", "knock")
    try:
        sub.wait_until_subscribed(broker, "knock")
        tools.publish(broker, "-t", "kept", "-m", "fresh", "-r")
        assert sub.lines(1) == ["fresh"] and "stale" not in sub.all_lines()
    finally:
        sub.stop()


def test_only_retained_messages_can_be_asked_for(broker, retain):
    """--retained-only ends with the first message that is not retained."""
    for topic in ("kept/a", "kept/b", "kept/c"):
        retain(topic, topic.encode())
    with tools.Beat(broker, "kept/beat"):
        printed = tools.subscribe(broker, "-v", "-t", "kept/#", "--retained-only")
    assert sorted(printed) == [f"{topic} {topic}" for topic in ("kept/a", "kept/b", "kept/c")]


def test_retained_messages_can_be_removed_by_who_reads_them(broker, retain):
    """--remove-retained answers each with an empty one; -T leaves a topic alone."""
    for topic in ("kept/a", "kept/b", "kept/c"):
        retain(topic, topic.encode())
    options = ["-T", "kept/b", "--remove-retained", "-W", "3"]
    printed = tools.subscribe(broker, "-t", "kept/#", *options, status=TIMED_OUT)
    assert sorted(printed) == ["kept/a", "kept/c"]
    assert tools.subscribe(broker, "-t", "kept/#", "-C", "1") == ["kept/b"]
    tools.subscribe(broker, "-t", "kept/a", "-t", "kept/c", "-C", "1", "-W", "3", status=TIMED_OUT)


@VERSIONS
@pytest.mark.parametrize("options, printed", [
    ([], "0 0 "), (["--will-payload", "gone"], "0 0 gone"),
    (["--will-payload", "gone", "--will-qos", "1"], "1 0 gone"),
    (["--will-payload", "gone", "--will-qos", "2"], "2 0 gone"),
], ids=["empty", "QoS 0", "QoS 1", "QoS 2"])
def test_the_will_of_a_killed_client_is_printed(broker, subscriber, tmp_path, version, options, printed):
    sub = subscriber("-q", "2", "-t", "will", "-F", "%q %r %p", topic="will")
    (tmp_path / "killed").mkdir()
    killed = Subscriber(broker, tmp_path / "killed", "-V", version, "-t", "killed", "--will-topic", "will", *options)
    try:
        killed.wait_until_subscribed(broker, "killed")
    finally:
        killed.stop()
    assert sub.lines(1) == [printed]


def test_the_will_of_a_killed_client_is_retained_if_it_asked_for_that(broker, retain, tmp_path):
    retain.topics.add("will")
    killed = Subscriber(
        broker, tmp_path, "-t", "killed", "--will-topic", "will", "--will-payload", "gone", "--will-retain")
    try:
        killed.wait_until_subscribed(broker, "killed")
    finally:
        killed.stop()
    assert tools.subscribe(broker, "-t", "will", "-C", "1", "-F", "%p") == ["gone"]


def test_the_will_of_a_client_that_says_goodbye_is_not_printed(broker, subscriber):
    sub = subscriber("-v", "-t", "will", "-t", "test")
    tools.publish(broker, "--will-topic", "will", "--will-payload", "gone", "-t", "test", "-m", "m")
    tools.publish(broker, "-t", "test", "-m", "last")
    assert sub.lines(2) == ["test m", "test last"]


@pytest.fixture
def guarded(start, tmp_path):
    file = make_passwords(tmp_path / "passwords", {"alice": "secret"})
    return start("listener 0 127.0.0.1", f"password_file {file}", only=True)


@VERSIONS
def test_user_name_and_password_let_both_tools_in(guarded, version):
    login = ["-V", version, "-u", "alice", "-P", "secret"]
    tools.publish(guarded, *login, "-t", "kept", "-m", MESSAGE, "-r")
    assert tools.subscribe(guarded, *login, "-t", "kept", "-C", "1") == [MESSAGE]


@VERSIONS
@pytest.mark.parametrize("login", [[], ["-u", "alice"], ["-u", "alice", "-P", "wrong"], ["-u", "bob", "-P", "secret"]],
                         ids=" ".join)
def test_others_are_told_that_they_are_not_authorised(guarded, version, login):
    """Both tools end with CONNACK's code."""
    tools.publish(guarded, "-V", version, *login, "-t", "t", "-m", "m", status=5)
    tools.subscribe(guarded, "-V", version, *login, "-t", "t", "-C", "1", status=5)


@VERSIONS
@pytest.mark.parametrize("qos", ["1", "2"])
def test_messages_are_kept_for_a_persistent_subscriber(broker, version, qos):
    """-c with -i: once to subscribe, and -E to leave at once; later to fetch what has come."""
    name = ["-V", version, "-c", "-i", f"e2e-fetch-{version}-{qos}", "-q", qos, "-t", "fetch"]
    assert tools.subscribe(broker, *name, "-E") == []
    tools.publish(broker, "-q", qos, "-t", "fetch", "-l", input=b"one\ntwo\nthree\n")
    assert tools.subscribe(broker, *name, "-C", "3") == ["one", "two", "three"]
    leave(broker.connect(name[4]))


def test_messages_are_not_kept_for_a_clean_subscriber(broker):
    name = ["-i", "e2e-fetch-clean", "-q", "1", "-t", "fetch"]
    tools.subscribe(broker, *name, "-E")
    tools.publish(broker, "-q", "1", "-t", "fetch", "-m", "missed")
    tools.subscribe(broker, *name, "-C", "1", "-W", "3", status=TIMED_OUT)


def test_a_subscriber_gives_up_after_its_time(broker):
    """-W, where nothing comes."""
    assert tools.subscribe(broker, "-t", "silence", "-W", "3", status=TIMED_OUT) == []


def test_messages_can_be_printed_without_an_end_of_line(broker, subscriber):
    sub = subscriber("-N", "-F", "%p;\n", "-t", "test")
    tools.publish(broker, "-t", "test", "-m", "m")
    assert sub.lines(1) == ["m;"]


@pytest.mark.parametrize("format, printed", [
    ("%t|%p|%l|%q|%r|%%", "form/at|Az 09|5|1|1|%"),
    ("%x|%X", "417a203039|417A203039"),
    ("%10t|%-10t|%.4t", "   form/at|form/at   |form"),
    ("@H|%t", None),
])
def test_each_field_of_a_format_is_filled_in(broker, retain, format, printed):
    retain("form/at", b"Az 09", 1)
    found, = tools.subscribe(broker, "-q", "1", "-t", "form/at", "-C", "1", "-F", format)
    assert found == printed or printed is None and re.fullmatch(r"\d\d\|form/at", found)


def test_json_output_has_what_the_packet_had(broker, retain):
    retain("json", b'{"pin":1}', 2)
    found = json.loads(tools.subscribe(broker, "-q", "2", "-t", "json", "-C", "1", "-F", "%j")[0])
    assert {key: found[key] for key in ("topic", "qos", "retain", "payload", "payloadlen")} == {
        "topic": "json", "qos": 2, "retain": 1, "payload": '{"pin":1}', "payloadlen": 9}


def test_standard_input_can_be_one_message(broker, subscriber):
    """-s sends all of it, lines and zero bytes and all."""
    payload = bytes(range(256)) * 20
    sub = subscriber("-t", "test", "-F", "%l %x")
    tools.publish(broker, "-t", "test", "-s", input=payload)
    assert sub.lines(1) == [f"{len(payload)} {payload.hex()}"]


@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_a_message_can_be_repeated(broker, subscriber, qos):
    sub = subscriber("-q", qos, "-t", "test")
    tools.publish(broker, "-q", qos, "-t", "test", "-m", "again", "--repeat", "20", "--repeat-delay", "0.01")
    assert sub.lines(20) == ["again"] * 20


def test_an_empty_file_is_an_empty_message(broker, subscriber, tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    sub = subscriber("-v", "-t", "test")
    tools.publish(broker, "-t", "test", "-f", str(tmp_path / "empty"))
    assert sub.lines(1) == ["test (null)"]


def test_rr_asks_and_prints_the_answer(broker):
    """mosquitto_rr subscribes to the answer before it asks, and leaves when it has it; in MQTT 3 it is told where."""
    responder = broker.connect()
    responder.subscribe(("ask", 1))
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(tools.run, "mosquitto_rr", *tools.at(broker), "-V", "mqttv311", "-q", "1", "-t", "ask",
                             "-e", "answer", "-m", "what?", "-W", "20")
        question = responder.receive_publish()
        assert question.payload == b"what?"
        responder.send(packets.puback(question.id), packets.publish("answer", b"that"))
        assert answer.result(30) == "that\n"
