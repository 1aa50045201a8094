"""`swiftlet sub` beside mosquitto_sub: what it shows and when it ends."""

import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import packets
from client_tools import MOSQUITTO, TIME_IS_UP, Pair, cpu_ticks, ours, run
from scripted_broker import ScriptedBroker, end

pytestmark = pytest.mark.swiftlet("its own tool")


@pytest.fixture
def pair(target) -> Pair:
    return ours(target)


@pytest.fixture
def scripted():
    with ScriptedBroker() as broker:
        yield broker


# What it shows.

RETAINED = {"sub/a": b"A", "sub/b": b"B", "sub/b/c": b"C", "sub/d": b"D"}
SHOWN = [
    "-t sub/# -C 4", "-t sub/# -v -C 4", "-t sub/+ -v -C 3", "-t sub/a -t sub/d -v -C 2", "-t sub/# -v -C 2",
    "-t sub/# -T sub/b -v -C 3", "-t sub/# -T sub/b/# -T sub/a -v -C 1", "-t sub/# --filter-out sub/+ -v -C 1",
    "-t sub/# -q 1 -F %q%r%t -C 4", "-t sub/# --retained-only -v -C 4", "-t sub/a -t sub/a -v -C 1",
    "-t sub/a -V 31 -C 1",
    "-t sub/a -k 10 -C 1 --nodelay", "-t sub/a -i somebody -C 1", "-t sub/a -I some -C 1", "-t sub/a -d --quiet -E",
    "-L mqtt://HOST/sub/# -v -C 4", "-L mqtt://user:pw@HOST/sub/a -C 1", "--topic sub/a --qos 2 --verbose -C 1 --id me",
    "-t sub/a -E", "-t sub/a -C 1 -W 9", "-t sub/# -N -C 4", "-t sub/a --will-topic w --will-payload x -C 1",
    "-t sub/a -M 3 -C 1",
]
TIMED_OUT = ["-t nothing/at/all -W 3", "-t sub/# -v -C 9 -W 3", "-t sub/# -R -v -W 3"]


@pytest.fixture
def filled(broker, retain):
    for topic, payload in RETAINED.items():
        retain(topic, payload, qos=1)
    return broker


def arguments(broker, options: str) -> list[str]:
    return options.replace("HOST", f"{broker.address[0]}:{broker.port}").split()


@pytest.mark.native
@pytest.mark.parametrize("options", SHOWN)
def test_it_shows_what_mosquitto_sub_shows(filled, pair, options):
    shown = [tool.subscribe(filled, *arguments(filled, options)) for tool in (pair, MOSQUITTO)]
    if "-d" not in options.split():  # how much that tells is everybody's own business
        assert shown[0] == shown[1]


@pytest.mark.native
@pytest.mark.parametrize("options", TIMED_OUT)
def test_and_when_its_time_is_up_it_ends_with_the_same_status(filled, pair, options):
    with ThreadPoolExecutor() as pool:
        shown = list(pool.map(
            lambda tool: tool.subscribe(filled, *arguments(filled, options), status=TIME_IS_UP), (pair, MOSQUITTO)))
    assert shown[0] == shown[1]


@pytest.mark.parametrize("qos", ["0", "1", "2"])
@pytest.mark.parametrize("publisher", ["ours", "mosquitto's"])
@pytest.mark.parametrize("by", ["our broker", "mosquitto"])
def test_all_pairs_by_all_brokers(broker, mosquitto, pair, by, publisher, qos):
    """A hundred messages that wait for each subscriber, which are the same to both."""
    broker = broker if by == "our broker" else mosquitto
    who = [f"{tool.name}-{qos}" for tool in (pair, MOSQUITTO)]
    for tool, name in zip((pair, MOSQUITTO), who):
        tool.subscribe(broker, "-t", "pairs/+", "-q", "2", "-c", "-i", name, "-E")
    lines = b"".join(b"line %d\n" % i for i in range(100))
    (pair if publisher == "ours" else MOSQUITTO).publish(
        broker, "-t", "pairs/a", "-q", "1" if qos == "0" else qos, "-l", input=lines)
    shown = [tool.subscribe(broker, "-t", "pairs/+", "-q", "2", "-c", "-i", name, "-C", "100", "-F", "%t %p %q %m")
             for tool, name in zip((pair, MOSQUITTO), who)]
    assert shown[0] == shown[1]
    assert shown[0].count(b"\n") == 100
    for tool, name in zip((pair, MOSQUITTO), who):
        tool.subscribe(broker, "-t", "pairs/+", "-i", name, "-E")


@pytest.mark.native
@pytest.mark.parametrize("options", [["--retained-only"], ["-R", "-C", "2"], ["-C", "4"]], ids=" ".join)
def test_retained_messages_are_removed(broker, retain, pair, options):
    """Counted are the empty messages that remove them, too, for they are published like any other."""
    for topic in ("remove/a", "remove/b", "remove/keep"):
        retain(topic, b"x")
    pair.subscribe(broker, "-t", "remove/#", "-T", "remove/keep", "--remove-retained", *options)
    retain("remove/z", b"x")
    left = MOSQUITTO.subscribe(broker, "-t", "remove/#", "-v", "-C", "2").splitlines()
    assert sorted(left) == [b"remove/keep x", b"remove/z x"]


@pytest.mark.native
def test_more_retained_messages_than_may_wait_are_removed_over_two_connections(scripted, pair):
    """As many as wait for their PUBACK when the first connection breaks are removed by the second."""
    program = scripted.start(*pair.sub, "-t", "#", "--remove-retained", "-N")
    peer = scripted.peer()
    peer.accept()
    peer.grant(0)
    peer.send(*[packets.publish(f"t{i}", b"x", retain=True) for i in range(1000)])
    removed = {peer.receive_publish().topic for _ in range(20)}
    peer.reset()
    peer = scripted.peer()
    peer.accept()
    while len(removed) < 200:
        data = peer.receive()
        if data[0] >> 4 == 3:
            message = packets.Publish.decode(data)
            assert (message.payload, message.retain, message.qos) == (b"", True, 1)
            removed.add(message.topic)
            peer.send(packets.puback(message.id))
    assert program.poll() is None


@pytest.mark.native
def test_with_retained_only_the_first_that_is_not_ends_it(scripted, pair):
    program = scripted.start(*pair.sub, "-t", "t", "--retained-only")
    peer = scripted.peer()
    peer.accept()
    peer.grant(0)
    peer.send(packets.publish("t", b"old", retain=True), packets.publish("t", b"new"), packets.publish("t", b"newer"))
    peer.expect(packets.DISCONNECT)
    peer.close()
    assert end(program) == (0, b"old\n", b"")


@pytest.mark.native
def test_what_comes_after_the_last_wanted_message_stays_with_the_broker(scripted, pair):
    program = scripted.start(*pair.sub, "-t", "t", "-q", "1", "-C", "1")
    peer = scripted.peer()
    peer.accept()
    peer.grant(1)
    peer.send(*[packets.publish("t", b"%d" % i, qos=1, id=i) for i in (1, 2)])
    peer.expect(packets.puback(1), packets.DISCONNECT)
    peer.close()
    assert end(program)[:2] == (0, b"1\n")


@pytest.mark.native
def test_a_subscription_is_given_up(broker, pair):
    who = ("-c", "-i", "giver")
    pair.subscribe(broker, "-t", "give/up", "-t", "give/keep", "-q", "1", *who, "-E")
    pair.subscribe(broker, "-U", "give/up", *who)
    for topic in ("give/up", "give/keep"):
        pair.publish(broker, "-t", topic, "-m", topic, "-q", "1")
    assert pair.subscribe(broker, "-t", "give/keep", "-q", "1", *who, "-C", "1") == b"give/keep\n"
    pair.subscribe(broker, "-t", "give/keep", "-i", "giver", "-E")


# When it ends, and how.

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(scripted, pair, number):
    program = scripted.start(*pair.sub, "-t", "t")
    peer = scripted.peer()
    peer.accept()
    peer.grant(0)
    peer.send(packets.publish("t", b"m"))
    assert program.stdout.readline() == b"m\n"
    program.send_signal(number)
    peer.expect(packets.DISCONNECT)
    peer.close()
    assert end(program) == (0, b"", b"")


@pytest.mark.native
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_any_other_signal_ends_it_as_it_ends_any_program(scripted, pair, number):
    program = scripted.start(*pair.sub, "-t", "t")
    peer = scripted.peer()
    peer.accept()
    peer.grant(0)
    program.send_signal(number)
    assert end(program) == (-number, b"", b"")


@pytest.mark.parametrize("codes,status", [((0x80,), 12), ((0x80, 0x80), 12), ((0x80, 1), 0)])
def test_denied_subscriptions_end_it_when_none_is_left(scripted, pair, codes, status):
    filters = [word for i in range(len(codes)) for word in ("-t", f"f{i}")]
    program = scripted.start(*pair.sub, *filters, "-E")
    peer = scripted.peer()
    peer.accept()
    assert peer.grant(*codes) == [b"f%d" % i for i in range(len(codes))]
    peer.expect(packets.DISCONNECT)
    peer.close()
    errors = b"swiftlet: All subscription requests were denied.\n" if status else b""
    assert end(program) == (status, b"", errors)


@pytest.mark.parametrize("code", [1, 5])
def test_a_refusal_has_its_own_status(scripted, pair, code):
    program = scripted.start(*pair.sub, "-t", "t")
    scripted.peer().accept(packets.connack(code))
    assert end(program)[:2] == (20 + code, b"")


def test_a_lost_connection_is_made_again_with_its_subscriptions(scripted, pair):
    program = scripted.start(*pair.sub, "-t", "one", "-t", "two", "-q", "1")
    for payload in (b"before", b"after"):
        peer = scripted.peer()
        peer.accept()
        assert peer.grant(1, 1) == [b"one", b"two"]
        peer.send(packets.publish("one", payload))
        assert program.stdout.readline() == payload + b"\n"
        peer.reset()


@pytest.mark.native
def test_a_lost_connection_ends_it_when_nothing_is_to_be_retried(scripted, pair):
    program = scripted.start(*pair.sub, "-t", "t", "--retry", "never")
    peer = scripted.peer()
    peer.accept()
    peer.grant(0)
    peer.close()
    status, _, errors = end(program)
    assert (status, errors.count(b"\n")) == (7, 1)


@pytest.mark.native
def test_the_end_of_whoever_reads_ends_it(scripted, pair):
    program = scripted.start(*pair.sub, "-t", "t")
    peer = scripted.peer()
    peer.accept()
    peer.grant(0)
    peer.send(packets.publish("t", b"m"))
    assert program.stdout.readline() == b"m\n"
    program.stdout.close()
    assert program.wait(20) == 13
    assert program.stderr.read() == b""


@pytest.mark.native
def test_a_full_disk_ends_it_and_is_told(scripted, pair):
    with open("/dev/full", "wb") as full:
        program = scripted.start(*pair.sub, "-t", "t", stdout=full)
    peer = scripted.peer()
    peer.accept()
    peer.grant(0)
    peer.send(packets.publish("t", b"m"))
    assert end(program) == (1, None, b"swiftlet: standard output: No space left on device\n")


@pytest.mark.native
def test_one_who_does_not_read_stops_the_messages_and_not_the_connection(scripted, pair):
    """The broker is not read from and hears PINGREQ; when somebody reads, all comes."""
    program = scripted.start(*pair.sub, "-t", "t", "-k", "20", "-C", "20000")
    peer = scripted.peer()
    peer.accept()
    peer.grant(0)
    message = packets.publish("t", b"x" * 500)
    peer.socket.settimeout(3)
    sent, data = 0, message * 20_000
    try:
        while sent < len(data):
            sent += peer.socket.send(data[sent:sent + 65_536])
    except TimeoutError:
        pass
    assert sent < len(data), "it takes all, though nobody reads"
    peer.socket.settimeout(40)
    before = cpu_ticks(program)
    assert peer.receive() == packets.PINGREQ
    assert cpu_ticks(program) - before <= 5, "it does not wait, it works"
    peer.socket.setblocking(False)
    shown = bytearray()
    os.set_blocking(program.stdout.fileno(), False)
    deadline = time.monotonic() + 16  # before the next PINGREQ, which would wake it
    while len(shown) < 501 * 20_000 and time.monotonic() < deadline:
        try:
            sent += peer.socket.send(data[sent:sent + 65_536]) if sent < len(data) else 0
        except BlockingIOError:
            pass
        shown += program.stdout.read(1 << 20) or b""
    assert shown == (b"x" * 500 + b"\n") * 20_000
    peer.close()
    assert program.wait(20) == 0


@pytest.mark.native
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_while_it_waits_for_somebody_to_read_a_long_message(scripted, pair, number):
    program = scripted.start(*pair.sub, "-t", "t")
    peer = scripted.peer()
    peer.accept()
    peer.grant(0)
    peer.send(packets.publish("t", b"x" * 17_000_000))
    assert program.stdout.read(1) == b"x"
    time.sleep(0.5)
    program.send_signal(number)
    assert program.wait(20) == -number


@pytest.mark.native
def test_little_memory_is_resident(scripted, pair):
    """Of the hundreds of megabytes for the longest message only what is used."""
    program = scripted.start(*pair.sub, "-t", "t")
    peer = scripted.peer()
    peer.accept()
    peer.grant(0)
    status = Path(f"/proc/{program.pid}/status").read_text()
    assert int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)[1]) < 1024


# The command line.

BAD = [
    ("", "expected -t"), ("-t a/#/b", "-t"), ("-t a/b#", "-t"), ("-t t -T a/#b", "-T"), ("-t t -U a/#b", "-U"),
    ("-t t -C 0", "-C"),
    ("-t t -C x", "-C"), ("-t t -W 0", "-W"), ("-t t -R --retained-only", "-R"), ("-t t -F %", "-F"),
    ("-t t -m m", "-m"),
    ("-t t --retain-as-published", "--retain-as-published"), ("-t t --random-filter 50", "--random-filter"),
    ("-t t -x 5", "-x"), ("-t t -V mqttv5", "-V"), ("-t t -c", "-c"), ("-t t -q 3", "-q"), ("-t t --cert c", "--cert"),
    ("-t t -r", "-r"), ("-t t -l", "-l"), (" ".join(["-t t"] * 65), "-t"), (" ".join(["-T t"] * 65), "-T"),
    ("-t t -w", "-w"),
]


@pytest.mark.native
@pytest.mark.parametrize("options,named", BAD)
def test_what_is_wrong_on_the_command_line_is_named(pair, options, named):
    done = run(*pair.sub, *options.split())
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert done.stderr.startswith(b"swiftlet: " + named.encode())


@pytest.mark.native
def test_as_many_filters_as_there_may_be_are_subscribed(scripted, pair):
    filters = [f"f{i}" for i in range(64)]
    program = scripted.start(*pair.sub, *[word for name in filters for word in ("-t", name)], "-E")
    peer = scripted.peer()
    peer.accept()
    assert peer.grant(*[0] * 64) == [name.encode() for name in filters]
    peer.expect(packets.DISCONNECT)
    peer.close()
    assert end(program) == (0, b"", b"")


@pytest.mark.native
def test_its_options_may_stand_in_the_file_of_mosquittos_tool(broker, retain, pair, tmp_path):
    retain("sub/file", b"F")
    (tmp_path / "mosquitto_sub").write_text("-t sub/file\n-C 1\n-F [%p] of %t\n")
    shown = [tool.subscribe(broker, env={"XDG_CONFIG_HOME": str(tmp_path)}) for tool in (pair, MOSQUITTO)]
    assert shown == [b"[F] of sub/file\n"] * 2


def test_it_has_the_name_of_mosquittos_tool_and_its_own_help(target, scripted, tmp_path):
    link = tmp_path / "mosquitto_sub"
    os.symlink(target.binary, link)
    scripted.start(*replace(target, binary=link).command("-t", "t"))
    scripted.peer().accept()
    for command in (target.command("sub", "--help"), replace(target, binary=link).command("--help")):
        done = run(*command)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"usage: swiftlet sub" in done.stdout and b"-C COUNT" in done.stdout and b"--repeat" not in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 120
