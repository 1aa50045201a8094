"""Client mode: a board that does something with messages, and publishes what it knows.

The broker is Debian's mosquitto, unless a test is about ours, too.
"""

import os
import re
import signal
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from client_mode import Board, script
from deadline import until
from mosquitto_tools import publish, run, subscribe
from namespace import unshared
from ports import free_port
from process import children, is_alive
from scripted_broker import ScriptedBroker
from silent import SilentBroker
from targets import ROOT, Target

pytestmark = pytest.mark.swiftlet("mosquitto has no such mode")

# So that nobody waits for a second attempt.
FAST = ("restart_timeout 1",)


@pytest.fixture
def board(target, tmp_path):
    """Starts boards in client mode with these lines. They are ended after the test."""
    started: list[Board] = []

    def start(broker, *lines: str, target=target, **options) -> Board:
        address = () if broker is None else (f"address 127.0.0.1:{broker.port}",)
        lines = ("mode client", *address, *FAST, *lines)
        started.append(Board(target, tmp_path / f"board-{len(started)}", lines, **options))
        return started[-1]

    yield start
    for board in started:
        board.kill()


def subscribed(board: Board, count: int = 1) -> Board:
    board.wait_for(event="subscribed", count=count)
    return board


# --- the log


@pytest.mark.parametrize("which", ["mosquitto", "ours"])
def test_each_event_is_logged_with_its_time(debian, start, board, tmp_path, which):
    broker = debian() if which == "mosquitto" else start()
    source = tmp_path / "source"
    source.write_text("0.01\n")
    client = subscribed(board(
        broker, "remote_clientid kitchen", "log_timestamp true", "subscribe test/# qos 1 print",
        "subscribe other qos 2 print", f"publish load qos 1 every 1h file {source}"), count=2)
    publish(broker, "-t", "test/a", "-q", "1", "-m", '{"pin":1,"value":0}')
    publish(broker, "-t", "other", "-q", "2", "-m", "")
    client.wait_for(event="message", topic="other")
    client.wait_for(event="published")
    assert client.stop() == 0
    events = client.log.events()
    assert [event for event in events if not re.fullmatch(r"\d{10}", event["time"])] == []
    for event in events:
        del event["time"]
    at = f"127.0.0.1:{broker.port}"
    assert {"event": "connected", "broker": at, "code": "0", "session-present": "false"} in events
    assert {"event": "subscribed", "filter": "test/#", "qos": "1"} in events
    assert {"event": "subscribed", "filter": "other", "qos": "2"} in events
    message, other = client.log.matching(event="message")
    assert message.items() >= {"topic": "test/a", "qos": "1", "retain": "false", "bytes": "19"}.items()
    assert message["payload"] == r'{\"pin\":1,\"value\":0}' and message["packet-id"].isdigit()
    assert other.items() >= {"topic": "other", "qos": "2", "bytes": "0"}.items()
    assert client.log.matching(event="published")[0]["packet-id"].isdigit()
    assert events[-2:] == [{"event": "disconnected", "broker": at, "reason": "disconnect"}, {"event": "stopped"}]


def test_a_retained_message_is_logged_as_one(debian, board):
    broker = debian()
    publish(broker, "-t", "test", "-r", "-m", "kept")
    assert subscribed(board(broker, "subscribe test print")).wait_for(event="message")["retain"] == "true"


def test_a_filter_that_the_broker_refuses_is_logged(start, board, tmp_path):
    acl = tmp_path / "acl"
    acl.write_text("topic read allowed\n")
    broker = start(f"acl_file {acl}")
    client = board(broker, "subscribe allowed print", "subscribe forbidden qos 1 print")
    assert client.wait_for(event="subscribed")["filter"] == "allowed"
    assert client.wait_for(event="subscribe-failed")["filter"] == "forbidden"


# --- actions


def test_messages_are_printed_as_the_format_says(debian, board):
    broker = debian()
    client = subscribed(board(
        broker, 'subscribe test qos 1 print "%t|%q|%r|%l|%p"', "subscribe test print",
        'subscribe + print "\\"%t\\"\\\\\\\\"'),
        count=2)
    publish(broker, "-t", "test", "-q", "1", "-m", "two words")
    publish(broker, "-t", "else", "-m", "x")
    lines = client.printed(4)
    # The broker may send a message once for each filter that it matches.
    assert lines[:2] == ["test|1|0|9|two words", "two words"] and lines[-1] == '"else"\\'


def test_the_time_of_a_message_is_printed_as_that_of_the_place(debian, board, monkeypatch):
    broker = debian()
    monkeypatch.setenv("TZ", "<+05>-5")
    client = subscribed(board(broker, 'subscribe test print "%U %I"'))
    publish(broker, "-t", "test", "-m", "x")
    seconds, local = client.printed(1)[0].split()
    assert abs(float(seconds) - time.time()) < 30
    there = datetime.fromtimestamp(int(float(seconds)), timezone(timedelta(hours=5)))
    assert local == there.strftime("%Y-%m-%dT%H:%M:%S+0500")


def test_whoever_does_not_read_what_is_printed_holds_nothing_up(debian, board):
    broker = debian("allow_anonymous true", "max_queued_messages 0")
    reading, writing = os.pipe()
    with open(reading, "rb"), open(writing, "wb") as stdout:
        client = subscribed(
            board(broker, "subscribe test print", "subscribe last exec /bin/true", stdout=stdout), count=2)
        publish(broker, "-t", "test", "-l", input=(b"x" * 999 + b"\n") * 300)
        publish(broker, "-t", "last", "-m", "x")
        client.wait_for(event="action-ended", topic="last")
        assert int(client.wait_for(event="dropped")["not-printed"]) > 0
        assert client.stop() == 0


def test_a_program_gets_its_words_the_message_and_what_there_is_to_know_of_it(debian, board, tmp_path):
    broker = debian()
    program = script(tmp_path / "program", 'printf "<%s>" "$@" > "$0.words"', "env > $0.environment",
                     "cat > $0.payload", "mv $0.payload $0.done")
    client = subscribed(board(broker, f'subscribe "a b/#" qos 1 exec {program} -x "two words" $HOME "" ; "$(id)"'))
    publish(broker, "-t", "a b/c", "-q", "1", "-r", "-m", "line one\nline two")
    ended = client.wait_for(event="action-ended")
    assert (ended["status"], ended["topic"]) == ("0", "a b/c")
    assert (tmp_path / "program.done").read_bytes() == b"line one\nline two"
    assert (tmp_path / "program.words").read_text() == "<-x><two words><$HOME><><;><$(id)>"
    environment = (tmp_path / "program.environment").read_text().splitlines()
    number = client.log.matching(event="message")[0]["packet-id"]
    for variable in ("MQTT_TOPIC=a b/c", "MQTT_QOS=1", "MQTT_RETAIN=0", f"MQTT_PACKET_ID={number}"):
        assert variable in environment


def test_what_a_program_says_is_published_as_its_reply(debian, board, tmp_path):
    broker = debian()
    program = script(tmp_path / "program", "cat", "echo", "echo complaint >&2")
    client = subscribed(board(
        broker, f"subscribe question exec {program}", "reply_topic answer", "reply_qos 1", "reply_retain true"))
    publish(broker, "-t", "question", "-m", "what is it")
    assert client.wait_for(event="action-ended")["stderr"] == "complaint"
    client.wait_for(event="published")
    assert subscribe(broker, "-t", "answer", "-C", "1", "-W", "10", "-F", "%r %p") == ["1 what is it"]


def test_more_output_than_is_kept_is_cut_off_and_said(debian, board, tmp_path):
    broker = debian()
    program = script(tmp_path / "program", "head -c 100000 /dev/zero | tr '\\0' x")
    client = subscribed(board(
        broker, f"subscribe a exec {program}", "reply_topic b", "reply_retain true", "exec_output_size 1000"))
    publish(broker, "-t", "a", "-m", "x")
    ended = client.wait_for(event="action-ended")
    assert (ended["output"], ended["cut"]) == ("1000", "true")
    assert subscribe(broker, "-t", "b", "-C", "1", "-W", "10", "-F", "%l") == ["1000"]


@pytest.mark.parametrize("policy, runs, letters", [
    (["on_failure drop"], 1, []), ([], 1, []),
    (["on_failure retry", "retry_delay 1", "retry_limit 2"], 3, []),
    (["on_failure retry", "retry_delay 1", "retry_limit 1", "dead_letter_topic dead"], 2, ["the payload"]),
    (["on_failure dead-letter", "dead_letter_topic dead"], 1, ["the payload"]),
], ids=["drop", "default", "retry", "retry-dead-letter", "dead-letter"])
def test_a_message_whose_program_fails_goes_where_the_policy_says(debian, board, tmp_path, policy, runs, letters):
    broker = debian()
    program = script(tmp_path / "program", "echo x >> $0.runs", "echo it broke >&2", "exit 3")
    client = subscribed(board(
        broker, "subscribe dead print", f"subscribe test qos 1 exec {program}", *policy), count=2)
    publish(broker, "-t", "test", "-q", "1", "-m", "the payload")
    failed = client.wait_for(event="action-failed", count=runs)
    assert (failed["status"], failed["stderr"], failed["attempt"]) == ("3", "it broke", str(runs))
    # What comes later is served, too: the first is done with.
    publish(broker, "-t", "test", "-q", "1", "-m", "later")
    client.wait_for(event="action-started", attempt="1", count=2)
    assert (tmp_path / "program.runs").read_text().count("x") >= runs
    if letters:
        assert client.printed(1)[:1] == letters
    else:
        assert not client.log.matching(event="message", topic="dead")


def test_a_program_that_is_not_there_fails_and_the_others_go_on(debian, board, tmp_path):
    broker = debian()
    client = subscribed(board(broker, "subscribe test exec /nowhere/program", "subscribe test print"))
    publish(broker, "-t", "test", "-m", "x")
    assert client.wait_for(event="action-failed")["error"] == "No such file or directory"
    assert client.printed(1) == ["x"]


def test_a_program_that_hangs_is_ended_with_all_that_it_started(debian, board, tmp_path):
    """It ignores TERM, and has a child that does. Meanwhile other messages are served at once."""
    broker = debian()
    program = script(tmp_path / "program", "trap '' TERM", "sleep 1000 & echo $! > $0.child", "echo $$ > $0.self",
                     "while :; do sleep 1000; done")
    client = subscribed(board(
        broker, f"subscribe hang qos 1 exec {program}", "exec_timeout 5", "subscribe quick print"), count=2)
    publish(broker, "-t", "hang", "-q", "1", "-m", "x")
    client.wait_for(event="action-started")
    publish(broker, "-t", "quick", "-m", "y")
    assert client.printed(1) == ["y"]
    assert not client.log.matching(event="action-failed"), "it was not ended yet"
    failed = client.wait_for(event="action-failed")
    assert (failed["reason"], failed["signal"]) == ("timed-out", "9")
    for name in ("self", "child"):
        process = int((tmp_path / f"program.{name}").read_text())
        until(lambda: not is_alive(process), f"the {name} is gone")
    assert client.stop() == 0


@pytest.mark.parametrize("start", ["sleep 1000 & echo $! > $0.child", "setsid sleep 1000 & echo $! > $0.child"],
                         ids=["child", "daemon"])
def test_a_program_that_leaves_another_behind_has_ended_all_the_same(debian, board, tmp_path, start):
    """The other one still holds its standard output. If it is of its group, it is ended, too."""
    broker = debian()
    program = script(tmp_path / "program", start, "echo said")
    client = subscribed(board(
        broker, f"subscribe test qos 1 exec {program}", "reply_topic reply", "reply_retain true", "exec_timeout 1h"))
    publish(broker, "-t", "test", "-q", "1", "-m", "x")
    ended = client.wait_for(event="action-ended")
    assert ended["output"] == "5"
    assert subscribe(broker, "-t", "reply", "-C", "1", "-W", "10") == ["said"]
    process = int((tmp_path / "program.child").read_text())
    if start.startswith("setsid"):
        os.kill(process, signal.SIGKILL)  # it is on its own, as it wanted
    else:
        until(lambda: not is_alive(process), "the child is gone")


def test_no_program_outlives_client_mode(debian, board, tmp_path):
    broker = debian()
    program = script(tmp_path / "program", "echo $$ > $0.self.new", "mv $0.self.new $0.self", "exec sleep 1000")
    client = subscribed(board(broker, f"subscribe test exec {program}"))
    publish(broker, "-t", "test", "-m", "x")
    until((tmp_path / "program.self").exists, "it runs")
    process = int((tmp_path / "program.self").read_text())
    assert is_alive(process)
    assert client.stop() == 0
    assert not is_alive(process)


@pytest.mark.parametrize("qos", ["1", "2"])
def test_a_flood_of_messages_waits_at_the_broker_and_none_is_lost(debian, board, tmp_path, qos):
    broker = debian("allow_anonymous true", "max_queued_messages 0")
    program = script(tmp_path / "program", "read line", "echo $line >> $0.lines")
    client = subscribed(board(broker, f"subscribe test qos {qos} exec {program}", "exec_queue 3", "exec_parallel 2"))
    publish(broker, "-t", "test", "-q", qos, "-l", input=b"".join(b"%d\n" % i for i in range(60)))
    client.wait_for(event="action-ended", count=60, seconds=60)
    assert sorted(map(int, (tmp_path / "program.lines").read_text().split())) == list(range(60))


def test_what_a_flood_of_qos_0_is_too_much_is_dropped_counted_and_logged(debian, board, tmp_path):
    broker = debian("allow_anonymous true", "max_queued_messages 0")
    program = script(tmp_path / "program", "cat > /dev/null", "while ! [ -e $0.go ]; do sleep 0.1; done")
    client = subscribed(board(broker, f"subscribe test exec {program}", "exec_queue 3"))
    publish(broker, "-t", "test", "-l", input=b"x\n" * 50)
    client.wait_for(event="dropped")
    (tmp_path / "program.go").touch()
    until(lambda: len(client.log.matching(event="action-ended"))
          + sum(int(event["actions-full"]) for event in client.log.matching(event="dropped")) == 50,
          "all 50 are run or counted")
    assert len(client.log.matching(event="action-ended")) >= 4


@pytest.mark.native
def test_no_more_programs_are_started_a_second_than_is_allowed(debian, board):
    broker = debian()
    client = subscribed(board(broker, "subscribe test qos 1 exec /bin/true", "exec_rate 2", "exec_parallel 4"))
    began = time.monotonic()
    # With packet ids, so that no line is equal to another and only counted.
    publish(broker, "-t", "test", "-q", "1", "-l", input=b"x\n" * 5)
    client.wait_for(event="action-ended", count=5)
    assert time.monotonic() - began > 1.4


def test_a_message_is_acknowledged_when_its_program_has_succeeded(debian, board, tmp_path):
    """A board that is killed in between gets it again."""
    broker = debian()
    program = script(tmp_path / "program", "echo x >> $0.runs", "[ -e $0.go ] || exec sleep 1000")
    lines = ("remote_clientid x", f"subscribe test qos 1 exec {program}")
    client = subscribed(board(broker, *lines))
    publish(broker, "-t", "test", "-q", "1", "-m", "x")
    until((tmp_path / "program.runs").exists, "it runs")
    client.kill()
    (tmp_path / "program.go").touch()
    second = board(broker, *lines)
    assert second.wait_for(event="connected")["session-present"] == "true"
    second.wait_for(event="action-ended")
    assert (tmp_path / "program.runs").read_text() == "x\nx\n"
    assert second.stop() == 0
    third = subscribed(board(broker, *lines))
    publish(broker, "-t", "test", "-q", "1", "-m", "last")
    third.wait_for(event="action-ended")
    assert [event["payload"] for event in third.log.matching(event="message")] == ["last"]


@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_a_message_that_is_too_long_does_not_come_again_and_the_next_one_is_heard(debian, board, qos):
    broker = debian()
    client = subscribed(board(broker, "remote_clientid x", "max_packet_size 4K", f"subscribe test qos {qos} print"))
    publish(broker, "-t", "test", "-q", qos, "-s", input=b"x" * 300_000)
    publish(broker, "-t", "test", "-q", qos, "-m", "the next one")
    assert client.printed(1) == ["the next one"]
    assert client.wait_for(event="dropped")["received-too-long"] == "1"
    assert not client.log.matching(event="disconnected")


def test_a_payload_is_written_if_it_is_what_is_wanted(debian, board, tmp_path):
    broker = debian()
    led, word, plain = tmp_path / "brightness", tmp_path / "word", tmp_path / "plain"
    for file in (led, word, plain):
        file.write_text("old")
    client = subscribed(board(
        broker, f"subscribe led qos 1 write {led}", "write_format number 0 255", f"subscribe word qos 1 write {word}",
        "write_format word on|off", f"subscribe plain qos 1 write {plain}", "write_size 5"), count=3)
    bad = [("led", "256"), ("led", "-1"), ("led", "1x"), ("led", ""), ("word", "onn"), ("word", "on|off"),
           ("plain", "123456"), ("plain", "1\n2"), ("plain", "\x1b[m")]
    for topic, payload in bad:
        publish(broker, "-t", topic, "-q", "1", "-m", payload)
    client.wait_for(event="action-failed", count=len(bad))
    assert [led.read_text(), word.read_text(), plain.read_text()] == ["old", "old", "old"]
    for topic, payload in [("led", "255"), ("word", "off"), ("plain", "12 45")]:
        publish(broker, "-t", topic, "-q", "1", "-m", payload)
    client.wait_for(event="action-ended", count=3)
    assert [file.read_text().rstrip("\n") for file in (led, word, plain)] == ["255", "off", "12 45"]


@pytest.mark.parametrize("length", [1, 512])
def test_the_plan_is_what_it_takes_however_long_the_password_is(board, call, tmp_path, length):
    password = tmp_path / "password"
    password.write_text("x" * length)
    lines = (f"address 127.0.0.1:{free_port()}", "receive_buffer_size 1K", "will_topic w",
             f"will_payload {'x' * 700}", "remote_username u", f"remote_password_file {password}")
    run = call("--plan", lines=["mode client", *lines])
    total = re.search(r"^sum +(\d+)$", run.stdout, re.MULTILINE)[1]
    assert board(None, *lines).wait_for(event="ready")["memory"] == total


@pytest.mark.native
@pytest.mark.parametrize("closed", [0, 1, 2])
def test_nothing_else_takes_the_place_of_a_standard_stream_that_is_closed(debian, board, closed):
    """What is printed or logged would go there, to the broker or to whoever looks up names."""
    client = board(debian(), "subscribe test print", closed=closed)
    streams = Path(f"/proc/{client.process.pid}/fd")
    if closed != 2:
        client.wait_for(event="ready")
    until(lambda: (streams / str(closed)).samefile("/dev/null") if (streams / "5").exists() else None,
          "it has opened its descriptors, and that stream is /dev/null")


@pytest.mark.native
def test_as_many_descriptors_as_it_wants_are_enough_for_all_its_programs(debian, board):
    broker = debian()
    lines = ("subscribe test qos 1 exec /bin/sleep 1", "exec_parallel 16")
    asked = board(broker, *lines, descriptors=40)
    assert asked.process.wait(10) == 1
    wanted = int(re.search(r"needs (\d+) descriptors", asked.log.path.read_text())[1])
    client = subscribed(board(broker, *lines, descriptors=wanted))
    publish(broker, "-t", "test", "-q", "1", "-l", input=b"x\n" * 16)
    client.wait_for(event="action-ended", count=16)
    assert not client.log.matching(event="action-failed")


# --- publications


def test_files_and_programs_are_published_again_and_again(debian, board, tmp_path):
    broker = debian()
    source = tmp_path / "source"
    source.write_text("one\n")
    program = script(tmp_path / "program", "echo said")
    client = board(
        broker, f"publish file qos 1 retain every 1s file {source}", f"publish exec every 1s exec {program} a")
    client.wait_for(event="published", count=3)
    source.write_text("two\n")
    assert subscribe(broker, "-t", "exec", "-C", "2", "-W", "10") == ["said", "said"]
    lines = subscribe(broker, "-t", "file", "-C", "2", "-W", "10", "-F", "%r %p")
    assert lines in [["1 two", "0 two"], ["1 one", "0 two"]]


@pytest.mark.native
def test_what_has_not_changed_is_not_published_if_so_said(debian, board, tmp_path):
    broker = debian()
    source = tmp_path / "source"
    source.write_text("one\n")
    reader = broker.connect()
    reader.subscribe(("changes", 0), ("all", 0))
    board(
        broker, f"publish all every 1s file {source}", f"publish changes every 1s file {source}",
        "on_change_only true")
    received: dict[str, list[str]] = {"all": [], "changes": []}

    def read_until_all(count: int) -> None:
        while len(received["all"]) < count:
            message = reader.receive_publish()
            received[message.topic].append(message.payload.decode())

    read_until_all(3)
    assert received["changes"] == ["one"]
    source.write_text("two\n")
    read_until_all(5)
    assert received["changes"] == ["one", "two"]


def test_publications_wait_for_a_broker_that_is_away(debian, board, tmp_path):
    broker = debian()
    source = tmp_path / "source"
    source.write_text("x")
    client = board(broker, "log_timestamp true", f"publish value qos 1 every 1s file {source}")
    client.wait_for(event="published")
    broker.kill()
    client.wait_for(event="connect-failed")
    time.sleep(6.5)
    marked = client.mark()
    debian(port=broker.port)
    first, last = (int(client.wait_for(event="published", since=marked, count=count)["time"]) for count in (1, 7))
    # Those that waited come all at once; others would come one a second.
    assert last - first <= 4


# --- the connection


def test_a_broker_that_is_killed_and_comes_again_is_found_again(debian, board, target):
    broker = debian()
    client = subscribed(board(broker, "subscribe test qos 1 print"))
    broker.kill()
    assert client.wait_for(event="disconnected")["reason"] in ("end-of-stream", "network-error")
    failed = client.wait_for(event="connect-failed")
    assert failed["reason"] == "unreachable"
    # qemu-mips hands on the number that this error has elsewhere.
    assert failed["error"] == "Connection refused" or not target.is_native
    marked = client.mark()
    broker = debian(port=broker.port)
    client.wait_for(since=marked, event="subscribed", filter="test")
    publish(broker, "-t", "test", "-q", "1", "-m", "again")
    assert client.printed(1) == ["again"]


def test_the_next_broker_takes_the_place_of_one_that_is_away(debian, board):
    broker = debian()
    client = board(None, f"address 127.0.0.1:{free_port()} 127.0.0.1:{broker.port}", "subscribe test print")
    assert client.wait_for(event="connected")["broker"] == f"127.0.0.1:{broker.port}"


@pytest.mark.native
def test_a_broker_that_accepts_and_says_nothing_makes_room_for_the_next(debian, board):
    broker = debian()
    with ScriptedBroker() as silent:  # the system accepts in its name
        addresses = f"address 127.0.0.1:{silent.port} 127.0.0.1:{broker.port}"
        client = board(None, addresses, "connect_timeout 1", "subscribe test print")
        assert client.wait_for(event="connected")["broker"] == f"127.0.0.1:{broker.port}"
        assert not client.log.matching(event="connect-failed")


def test_a_wrong_password_is_told_and_tried_again(debian, board, tmp_path):
    passwords = tmp_path / "passwords"
    run("mosquitto_passwd", "-c", "-b", str(passwords), "alice", "right")
    broker = debian("allow_anonymous false", f"password_file {passwords}")
    client = board(broker, "remote_username alice", "remote_password wrong", "subscribe test print")
    assert client.wait_for(event="connect-failed").items() >= {"reason": "not-authorised", "code": "5"}.items()
    # By the broker's log, as lines of ours that are equal to the one before are only counted.
    until(lambda: broker.log.path.read_text().count("not authorised") > 1, "another attempt")
    assert not client.log.matching(event="connected")
    password = tmp_path / "password"
    password.write_text("right\nno more of this\n")
    subscribed(board(broker, "remote_username alice", f"remote_password_file {password}", "subscribe test print"))


def with_hosts(target: Target, hosts: Path) -> Target:
    """/etc/hosts is the test's own, and there is no name server."""
    resolv = hosts.with_name("resolv.conf")
    resolv.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    mounts = f"mount --bind {hosts} /etc/hosts && mount --bind {resolv} /etc/resolv.conf && exec \"$@\""
    return unshared(target, "--mount", "sh", "-c", mounts, "sh")


def test_a_name_that_cannot_be_looked_up_for_a_while_is_found_later(debian, board, target, tmp_path):
    broker = debian()
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    inside = with_hosts(target, hosts)
    client = board(None, f"address broker.lan:{broker.port}", "subscribe test print", target=inside)
    assert client.wait_for(event="connect-failed")["reason"] in ("name-not-resolved", "name-not-found")
    assert not client.log.matching(event="connected")
    with open(hosts, "a") as file:
        file.write("127.0.0.1 broker.lan\n")
    assert subscribed(client).wait_for(event="connected")["broker"] == f"broker.lan:{broker.port}"
    publish(broker, "-t", "test", "-m", "x")
    assert client.printed(1) == ["x"]


def test_the_process_that_looks_up_names_is_started_again_when_it_is_killed(debian, board, target, tmp_path):
    broker = debian()
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 broker.lan\n")
    client = board(None, f"address broker.lan:{broker.port}", target=with_hosts(target, hosts))
    client.wait_for(event="connected")
    for _ in range(2):
        helper, = children(client.process.pid)
        marked = client.mark()
        broker.kill()
        os.kill(helper, signal.SIGKILL)
        broker = debian(port=broker.port)
        client.wait_for(since=marked, event="connected")
        assert children(client.process.pid) != [helper]
    assert client.stop() == 0


@pytest.mark.native
def test_a_broker_that_says_nothing_any_more_is_left(board):
    with SilentBroker() as broker:
        client = board(broker, "keepalive_interval 5")
        client.wait_for(event="connected")
        assert client.wait_for(event="disconnected", seconds=15)["reason"] == "keep-alive-expired"


def test_the_will_is_published_when_the_board_is_lost_and_not_when_it_leaves(debian, board):
    broker = debian()
    lines = ("remote_clientid x", "will_topic lost", "will_payload gone away", "will_qos 1", "will_retain true")
    client = board(broker, *lines)
    client.wait_for(event="connected")
    assert client.stop() == 0
    assert subscribe(broker, "-t", "lost", "-C", "1", "-W", "3", status=27) == []
    client = board(broker, *lines)
    client.wait_for(event="connected")
    client.kill()
    assert subscribe(broker, "-t", "lost", "-C", "1", "-W", "10", "-F", "%r %q %p", "-q", "1") == ["1 1 gone away"]


# --- the example


def test_the_board_file_for_workstations_sets_a_pin(debian, board, tmp_path):
    """As it is shipped, but for the port and the folder of the pins."""
    broker = debian()
    text = (ROOT / "board-configs/host/client.conf").read_text()
    text = text.replace("address 127.0.0.1", f"address 127.0.0.1:{broker.port}")
    text = text.replace("/tmp/pins", f"{tmp_path}/pins")
    text = text.replace("exec board-configs", f"exec {ROOT}/board-configs").replace("mode client\n", "")
    client = subscribed(board(None, *text.splitlines()))
    publish(broker, "-t", "test", "-q", "1", "-m", '{"pin":1,"value":0}')
    assert client.wait_for(event="action-ended")["status"] == "0"
    assert (tmp_path / "pins/gpio1/value").read_text() == "0\n"
    assert client.printed(1)[0].endswith('test {"pin":1,"value":0}')
    assert subscribe(broker, "-t", "test/state", "-C", "1", "-W", "10") == ['{"pin":1,"value":0}']
    publish(broker, "-t", "test", "-q", "1", "-m", '{"pin":7,"value":0}')
    assert client.wait_for(event="action-failed")["stderr"] == "gpio: pin 7 is not to be set"
    assert not (tmp_path / "pins/gpio7").exists()
