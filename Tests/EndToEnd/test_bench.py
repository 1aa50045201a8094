"""`swiftlet bench`: what it counts, against brokers that do what they should and one that does not; how it ends."""

import json
import re
import subprocess
import time
from dataclasses import replace

import pytest

import packets
from packets import Publish
from ports import free_port
from scripted_broker import ScriptedBroker, end

pytestmark = pytest.mark.swiftlet("its own tool")

KEYS = [
    "publishers", "subscribers", "topics", "qos", "payload", "window", "rate", "sent", "delivered", "expected", "lost",
    "doubled", "corrupt", "disordered", "seconds", "messages_per_second", "p50_us", "p99_us", "p999_us", "max_us",
    "generator_cpu_us_per_message",
]
PROCESS_KEYS = [
    "cpu_us", "cpu_us_per_message", "rss_kb_before", "rss_kb_after", "anonymous_kb_before", "anonymous_kb_after",
    "wakeups",
]

# Each workload, and what is sent and delivered.
WORKLOADS = {
    "one to one": ("--messages 200", 200, 200),
    "pairs": ("--publishers 5 --subscribers 5 --topics 5 --messages 40", 200, 200),
    "fan-in": ("--publishers 20 --messages 10", 200, 200),
    "fan-out": ("--subscribers 20 --messages 10", 10, 200),
    "more topics than clients": ("--publishers 2 --subscribers 3 --topics 12 --messages 60", 120, 120),
    "everybody to everybody": ("--publishers 4 --subscribers 3 --messages 20", 80, 240),
    "filters": ("--subscribers 3 --topics 30 --filters 15 --messages 90", 90, 90),
    "one at a time": ("--window 1 --messages 30", 30, 30),
    "the smallest payload": ("--payload 24 --messages 100", 100, 100),
    "a long payload": ("--payload 9000 --messages 50", 50, 50),
    "a rate": ("--publishers 3 --rate 200 --messages 20", 60, 60),
    "idle clients": ("--sessions 10 --idle 10 --messages 50", 50, 50),
    "what is unrelated": ("--unrelated-filters 30 --unrelated-retained 30 --messages 50", 50, 50),
    "retained messages": ("--retained 40 --subscribers 3", 0, 120),
    "connects": ("--connects 60 --concurrency 7", 60, 60),
}


def bench(target, port: int, *words: str) -> tuple[int, dict, str]:
    """Status, figures and errors of a run to its end."""
    command = target.command("bench", "-h", "127.0.0.1", "-p", str(port), *words)
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return run.returncode, json.loads(run.stdout) if run.stdout else {}, run.stderr


@pytest.fixture
def roomy(start):
    """A broker that drops nothing of all this."""
    return start("max_queued_messages 10000", "max_connections 100", "max_subscriptions_per_client 100",
                 "message_store_size 4M", "memory_budget 64M")


def check(found: tuple[int, dict, str], sent: int, delivered: int, keys=KEYS) -> dict:
    status, figures, errors = found
    assert (status, errors) == (0, "")
    assert list(figures) == keys
    assert (figures["sent"], figures["delivered"], figures["expected"]) == (sent, delivered, delivered)
    assert {figures[key] for key in ("lost", "doubled", "corrupt", "disordered")} == {0}
    assert 0 < figures["p50_us"] <= figures["p99_us"] <= figures["p999_us"] <= figures["max_us"]
    assert figures["max_us"] < 30e6 and figures["seconds"] < 60 and figures["messages_per_second"] > 0
    return figures


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_everything_is_delivered(target, roomy, qos):
    for words, sent, delivered in WORKLOADS.values():
        figures = check(bench(target, roomy.port, "--qos", str(qos), *words.split()), sent, delivered)
        assert figures["qos"] == qos


@pytest.mark.native
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_everything_is_delivered_by_mosquitto(target, debian, qos):
    broker = debian("allow_anonymous true", "max_queued_messages 0", "max_inflight_messages 0")
    for words, sent, delivered in WORKLOADS.values():
        check(bench(target, broker.port, "--qos", str(qos), *words.split()), sent, delivered)


def test_what_was_retained_is_removed(target, roomy):
    check(bench(target, roomy.port, "--retained", "20", "--unrelated-retained", "20"), 0, 20)
    client = roomy.connect()
    client.subscribe(("#", 0))
    client.send(packets.PINGREQ)
    assert client.receive() == packets.PINGRESP


def test_a_rate_is_kept(target, roomy):
    figures = check(bench(target, roomy.port, "--publishers", "2", "--rate", "100", "--messages", "50"), 100, 100)
    # The first is due at once, and the last 99 intervals later.
    assert figures["seconds"] >= 0.99


@pytest.mark.native
def test_a_process_is_looked_at(target, roomy):
    process = str(roomy.process.pid)
    keys = KEYS + PROCESS_KEYS
    figures = check(bench(target, roomy.port, "--process", process, "--messages", "3000"), 3000, 3000, keys)
    assert 0 < figures["cpu_us"] < 30e6
    assert figures["cpu_us_per_message"] == pytest.approx(figures["cpu_us"] / 3000, abs=0.001)
    assert 100 < figures["rss_kb_before"] <= figures["rss_kb_after"] < 100_000


@pytest.mark.native
def test_idle_clients_cost_an_idle_broker_nothing(target, roomy):
    words = "--publishers 0 --subscribers 0 --idle 20 --hold 1 --process"
    status, figures, errors = bench(target, roomy.port, *words.split(), str(roomy.process.pid))
    assert (status, errors, figures["delivered"]) == (0, "", 0)
    assert 1 <= figures["seconds"] < 10
    assert figures["wakeups"] < 20


@pytest.mark.native
def test_thousands_of_clients_in_one_process(target, start):
    broker = start("max_connections 2100", "global_max_clients 2200", "memory_budget 64M")
    words = "--idle 1000 --sessions 1000 --messages 100"
    check(bench(target, broker.port, *words.split()), 100, 100)


# What goes wrong.

class Relay:
    """A broker for one publisher and one subscriber, who passes on what a test makes of the messages."""

    def __init__(self, broker: ScriptedBroker, target, *words: str, qos: int = 0, timeout: int = 20):
        command = target.command("bench", "--timeout", str(timeout), "--qos", str(qos), *words)
        self.program = broker.start(*command)
        # They come in the order of their numbers.
        self.publisher, self.subscriber = broker.peer(), broker.peer()
        self.publisher.accept()
        self.subscriber.accept()
        self.subscriber.grant(qos)

    def receive(self, count: int) -> list[Publish]:
        return [Publish.decode(self.publisher.receive()) for _ in range(count)]

    def pass_on(self, *messages: Publish) -> None:
        for message in messages:
            id = message.id if message.qos else None
            self.subscriber.send(packets.publish(
                message.topic, message.payload, qos=message.qos, id=id, retain=message.retain))

    def end(self, status: int = 1, errors: bytes = b"", *, what: object = "", **counts: int) -> dict:
        """It ends by itself, and counts these and nothing else."""
        found = end(self.program)
        assert (found[0], found[2]) == (status, errors), what
        figures = json.loads(found[1])
        assert list(figures) == KEYS
        odd = {key: figures[key] for key in ("lost", "doubled", "corrupt", "disordered") if figures[key]}
        assert odd == counts, what
        assert figures["delivered"] == figures["expected"] - counts.get("lost", 0)
        return figures


@pytest.fixture
def scripted():
    with ScriptedBroker() as broker:
        yield broker


@pytest.fixture
def relay(scripted, target):
    return lambda *words, **options: Relay(scripted, target, *words, **options)


def test_what_is_passed_on_as_it_was_is_right(relay):
    relay = relay("--messages", "5")
    relay.pass_on(*relay.receive(5))
    relay.end(0)


def test_payloads_say_who_sent_them_and_are_never_the_same(relay):
    relay = relay("--messages", "5", "--payload", "100", "--topic-prefix", "a/b")
    messages = relay.receive(5)
    assert {(message.topic, len(message.payload), message.qos) for message in messages} == {("a/b/0", 100, 0)}
    assert [message.payload[:8] for message in messages] == [bytes([0, 0, 0, 0, 0, 0, 0, i]) for i in range(5)]
    assert len({message.payload for message in messages}) == 5
    # What fills them begins at one of 256 places.
    assert len({message.payload[24:] for message in messages}) > 1
    relay.pass_on(*messages)
    relay.end(0)


# Of runs that wait in vain. Those of one test do so at the same time.
PATIENCE = 4
TIMED_OUT = "swiftlet: 127.0.0.1:{port}: no answer (2 of 2 clients ready)\n"


def test_a_lost_message_is_found(relay, scripted):
    runs = []
    for lost in (0, 2, 4):
        runs.append(relay("--messages", "5", timeout=PATIENCE))
        messages = runs[-1].receive(5)
        del messages[lost]
        runs[-1].pass_on(*messages)
    for run in runs:
        figures = run.end(errors=TIMED_OUT.format(port=scripted.port).encode(), lost=1)
        # What was waited for in vain does not count.
        assert figures["seconds"] < PATIENCE - 0.1


@pytest.mark.parametrize("doubled", [0, 2, 4])
def test_a_doubled_message_is_found(relay, doubled):
    relay = relay("--messages", "5")
    messages = relay.receive(5)
    messages.insert(doubled, messages[doubled])
    relay.pass_on(*messages)
    relay.end(doubled=1)


def test_at_least_once_may_be_twice(relay):
    relay = relay("--messages", "3", qos=1)
    messages = relay.receive(3)
    relay.pass_on(messages[0], messages[1], messages[1], messages[2])
    relay.publisher.send(*(packets.puback(message.id) for message in messages))
    relay.end(0, doubled=1)


def find_each(relay, scripted, kinds, changed) -> None:
    """A run for each of these kinds, of which one message is passed on as `changed` makes it."""
    runs = []
    for kind in kinds:
        runs.append((kind, relay("--messages", "5", timeout=PATIENCE)))
        messages = runs[-1][1].receive(5)
        messages[3] = changed(messages[3], kind)
        runs[-1][1].pass_on(*messages)
    for kind, run in runs:
        run.end(errors=TIMED_OUT.format(port=scripted.port).encode(), lost=1, corrupt=1, what=kind)


def test_a_corrupt_message_is_found(relay, scripted):
    def with_a_wrong_bit(message: Publish, at: int) -> Publish:
        payload = bytearray(message.payload)
        payload[at] ^= 0x10
        return replace(message, payload=bytes(payload))

    find_each(relay, scripted, (0, 7, 8, 15, 20, 24, 63), with_a_wrong_bit)


def test_a_message_that_is_not_as_it_was_published_is_found(relay, scripted):
    find_each(relay, scripted, (
        {"topic": "bench/1"}, {"topic": "bench/00"}, {"retain": True}, {"payload": b""}, {"qos": 1, "id": 1},
    ), lambda message, change: replace(message, **change))


def test_messages_out_of_order_are_found(relay):
    relay = relay("--messages", "5")
    first, second, third, fourth, fifth = relay.receive(5)
    relay.pass_on(first, third, second, fourth, fifth)
    relay.end(disordered=1)


def test_topics_may_overtake_each_other(relay):
    relay = relay("--messages", "4", "--topics", "2")
    relay.subscriber.grant(0)
    first, second, third, fourth = relay.receive(4)
    relay.pass_on(second, fourth, first, third)
    relay.end(0)


def test_a_message_of_an_earlier_run_is_found(relay, scripted, target):
    first = relay("--messages", "1")
    old = first.receive(1)
    first.pass_on(*old)
    first.end(0)
    second = relay("--messages", "1")
    second.pass_on(*old, *second.receive(1))
    second.end(corrupt=1)


@pytest.mark.parametrize("qos", [1, 2])
def test_the_window_is_kept(relay, qos):
    relay = relay("--messages", "6", "--window", "2", qos=qos)
    for _ in range(3):
        first, second = relay.receive(2)
        relay.publisher.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            relay.publisher.receive()
        relay.publisher.socket.settimeout(20)
        for message in (first, second):
            relay.pass_on(message)
            if qos == 2:
                relay.publisher.send(packets.pubrec(message.id))
                assert relay.publisher.receive() == packets.pubrel(message.id)
                assert relay.subscriber.receive() == packets.pubrec(message.id)
                relay.subscriber.send(packets.pubrel(message.id))
                assert relay.subscriber.receive() == packets.pubcomp(message.id)
            else:
                assert relay.subscriber.receive() == packets.puback(message.id)
        done = packets.pubcomp if qos == 2 else packets.puback
        relay.publisher.send(done(first.id), done(second.id))
    relay.end(0)


def test_what_the_broker_holds_up_counts_from_when_it_was_due(relay):
    relay = relay("--messages", "2", "--window", "1", "--rate", "100", qos=1)
    first, = relay.receive(1)
    relay.pass_on(first)
    time.sleep(0.4)
    relay.publisher.send(packets.puback(first.id))
    second, = relay.receive(1)
    relay.pass_on(second)
    relay.publisher.send(packets.puback(second.id))
    figures = relay.end(0)
    # It was due after 10 ms.
    assert 350_000 < figures["max_us"] < 10_000_000


def test_the_end_waits_for_the_last_acknowledgement(relay, scripted):
    relay = relay("--messages", "2", qos=1, timeout=PATIENCE)
    first, second = relay.receive(2)
    relay.pass_on(first, second)
    relay.publisher.send(packets.puback(first.id))
    relay.end(errors=TIMED_OUT.format(port=scripted.port).encode())


def test_an_acknowledgement_of_nothing_is_found(relay, scripted):
    relay = relay("--messages", "2", qos=1)
    first, second = relay.receive(2)
    relay.publisher.send(packets.puback(second.id + 1))
    relay.end(lost=2, errors=(
        f"swiftlet: 127.0.0.1:{scripted.port}: the broker acknowledged what was not sent (2 of 2 clients ready)\n"
    ).encode())


def test_a_broken_connection_ends_the_run(relay, scripted):
    relay = relay("--messages", "5")
    messages = relay.receive(5)
    relay.pass_on(*messages[:2])
    relay.subscriber.close()
    relay.end(lost=3, errors=(
        f"swiftlet: 127.0.0.1:{scripted.port}: the broker closed the connection (2 of 2 clients ready)\n").encode())


# What cannot begin.

@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_a_refusal_is_told(scripted, target, code):
    program = scripted.start(*target.command("bench", "--subscribers", "0"))
    scripted.peer().accept(packets.connack(code))
    status, output, errors = end(program)
    assert (status, output) == (20 + code, b"")
    assert errors.startswith(f"swiftlet: 127.0.0.1:{scripted.port}: refused: ".encode())


def test_a_subscription_that_is_denied_is_told(scripted, target):
    program = scripted.start(*target.command("bench", "--publishers", "0"))
    peer = scripted.peer()
    peer.accept()
    peer.grant(0x80)
    status, output, errors = end(program)
    assert (status, output) == (12, b"")
    assert b"a subscription was not granted (0 of 1 clients ready)" in errors


def test_without_suback_it_ends(scripted, target):
    program = scripted.start(*target.command("bench", "--publishers", "0", "--timeout", "4"))
    scripted.peer().accept()
    status, output, errors = end(program)
    assert (status, output) == (6, b"")
    assert b"no answer (0 of 1 clients ready)" in errors


def test_nobody_there_is_told(target):
    port = free_port()
    status, figures, errors = bench(target, port)
    assert (status, figures) == (5, {})
    # An emulator passes the number of another machine on.
    what = "Connection refused" if target.is_native else "[A-Za-z ]+"
    assert re.fullmatch(rf"swiftlet: 127\.0\.0\.1:{port}: {what} \(0 of 2 clients ready\)\n", errors)


def test_names_and_passwords_are_given(scripted, target):
    program = scripted.start(*target.command("bench", "--subscribers", "0", "-u", "me", "-P", "secret"))
    connect = scripted.peer().accept()
    assert connect.endswith(packets.string("me") + packets.string("secret"))
    assert end(program)[0] == 0


@pytest.mark.parametrize("words, problem", [
    (["--nothing"], "--nothing: not understood; swiftlet bench --help tells what is"),
    (["--messages"], "--messages: something must follow"),
    (["--messages", "0"], "--messages: less than makes sense"),
    (["--messages", "many"], "--messages: expected a number"),
    (["--payload", "23"], "--payload: less than makes sense"),
    (["--qos", "3"], "--qos: expected a QoS, 0 to 2"),
    (["-h", "example.org"], "-h: expected a numeric address, or localhost"),
    (["-p", "0"], "-p: expected a port, 1 to 65535"),
    (["-P", "secret"], "-P: needs a user name, -u"),
    (["--topic-prefix", "a/#"], "--topic-prefix: no beginning of a topic, or one of more than 200 bytes"),
    (["--hold", "1", "--connects", "1"], "only one of --connects, --retained and --hold"),
    (["--publishers", "100000", "--messages", "100000"], "more messages than can be counted"),
])
def test_a_wrong_command_line_is_refused(call, words, problem):
    run = call("bench", *words)
    assert (run.returncode, run.stdout, run.stderr) == (2, "", f"swiftlet: {problem}\n")


def test_help_names_all_options(call):
    run = call("bench", "--help")
    assert (run.returncode, run.stderr) == (0, "")
    for word in ("--publishers", "--filters", "--unrelated-retained", "--process", "--timeout"):
        assert f"  {word} " in run.stdout
