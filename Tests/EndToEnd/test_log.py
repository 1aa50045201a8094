"""The log: which events, where to, and that nobody can stop the broker with it."""

import os
import re
import signal
import socket
import subprocess
import time

import pytest

import packets
from broker import Broker
from client import Client
from deadline import until
from log import parse
from namespace import unshared
from packets import connack, connect, puback, publish
from ports import free_port
from sessions import NEW, enter, leave

pytestmark = pytest.mark.swiftlet("its own log")


def start_silent(start, *lines: str) -> Broker:
    """Starts a broker that need not say where it listens and that it is ready."""
    port = free_port()
    broker = start(f"listener {port} 127.0.0.1", "allow_anonymous true", *lines, only=True, ready=False)
    broker.addresses = [("127.0.0.1", port)]

    def is_served() -> bool:
        try:
            broker.connect()
        except ConnectionRefusedError:
            return False
        return True

    until(is_served, f"port {port}")
    return broker


LEVELS = {
    "error": {"reload-failed"},
    "warning": {"dropped"},
    "notice": {"ready", "stopped"},
    "information": {"connected", "closed"},
}


@pytest.mark.parametrize("types", [
    ["all"], ["none"], ["error"], ["warning"], ["notice"], ["information"], ["warning", "notice"],
    ["error", "debug", "subscribe", "unsubscribe"], ["none", "warning"],
], ids=" ".join)
def test_only_the_levels_asked_for_are_logged(start, types):
    """A file without any line of them asks for all."""
    broker = start_silent(start, *[f"log_type {name}" for name in types])
    broker.connect().request(publish("$SYS/x", b"m", qos=1, id=1), answer=puback(1))
    broker.write_file(("nonsense",))
    broker.process.send_signal(signal.SIGHUP)
    wanted = LEVELS if "all" in types else {name: LEVELS[name] for name in types if name in LEVELS}
    for event in set().union(*wanted.values()) - {"stopped", "closed"}:
        broker.wait_for(event=event)
    assert broker.stop() == 0
    seen = {event["event"] for event in broker.log.events()} - {"repeated"}
    assert seen == set().union(*wanted.values())


def test_without_a_destination_nothing_is_logged(start):
    broker = start_silent(start, "log_dest none")
    broker.process.send_signal(signal.SIGUSR1)
    broker.connect().expect_nothing()
    assert broker.stop() == 0 and broker.log.path.read_bytes() == b""


def test_the_system_log_is_sent_what_the_stream_is_sent(target, start, tmp_path):
    """In a view of the file system whose /dev has a `log` that the test reads: RFC 3164, facility 3."""
    (tmp_path / "dev").mkdir()
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(str(tmp_path / "dev/log"))
    receiver.settimeout(20)
    inside = unshared(target, "--mount", "sh", "-c", f'mount --bind {tmp_path}/dev /dev && exec "$@"', "sh")
    broker = start("log_dest syslog", "log_dest stderr", target=inside)
    leave(broker.connect("e2e-syslog"))
    broker.wait_for(event="closed", client="e2e-syslog")
    assert broker.stop() == 0
    expected = {"ready": 5, "connected": 6, "closed": 6, "stopped": 5}
    for line in broker.log.lines:
        severity = expected[parse(line)["event"]]
        assert receiver.recv(4096).decode() == f"<{3 * 8 + severity}>swiftlet: {line}"
    receiver.close()


def test_a_system_log_that_is_not_there_stops_nothing(target, start, tmp_path):
    (tmp_path / "dev").mkdir()
    inside = unshared(target, "--mount", "sh", "-c", f'mount --bind {tmp_path}/dev /dev && exec "$@"', "sh")
    broker = start("log_dest syslog", "log_dest stderr", target=inside)
    broker.connect().expect_nothing()
    assert broker.stop() == 0


def test_the_time_can_stand_in_front_of_every_line(start):
    before = int(time.time())
    broker = start("log_timestamp true")
    leave(broker.connect())
    assert broker.stop() == 0
    for line in broker.log.lines:
        assert re.match(r"time=\d+ event=", line)
        assert before <= int(parse(line)["time"]) <= time.time()


def refused_lines(broker: Broker, path: str, count: int) -> None:
    """So many times the same line: who comes by a unix socket has no address of its own."""
    for _ in range(count):
        client = broker.dial(address=path)
        client.request(connect("e2e"), answer=connack(5))
        client.expect_end()


def test_equal_lines_are_counted_and_the_count_is_told_before_another_line(start, tmp_path):
    path = f"{tmp_path}/mqtt.sock"
    broker = start(f"listener 0 {path}", only=True)
    refused_lines(broker, path, 50)
    broker.reload(f"listener 0 {path}")
    events = [event for event in broker.log.events() if event["event"] != "pool"]
    assert [event["event"] for event in events] == ["ready", "closed", "repeated", "reloaded"]
    assert events[2]["count"] == "49"


def test_equal_lines_are_told_of_after_a_while_even_if_no_other_comes(start, tmp_path):
    path = f"{tmp_path}/mqtt.sock"
    broker = start(f"listener 0 {path}", only=True)
    refused_lines(broker, path, 3)
    broker.wait_for(event="repeated", count="2")


def test_lines_that_differ_are_all_written(start, tmp_path):
    path = f"{tmp_path}/mqtt.sock"
    broker = start(f"listener 0 {path}")
    for i in range(10):
        leave(broker.connect(f"e2e-{i % 2}", address=path))
    broker.pools()
    assert broker.log.matching(event="repeated") == []
    assert len(broker.log.matching(event="closed")) == 10


@pytest.mark.parametrize("client_id, written", [
    ("plain-id_1.2", "client=plain-id_1.2"),
    ("with space", 'client="with space"'),
    ('with "quotes"', 'client="with \\"quotes\\""'),
    ("back\\slash", "client=back\\\\slash"),
    ("line\nevent=faked", 'client="line\\x0aevent=faked"'),
    ("\x1b[31mred", "client=\\x1b[31mred"),
    ("é", "client=\\xc3\\xa9"),
], ids=ascii)
def test_a_client_id_cannot_forge_a_line(start, client_id, written):
    broker = start()
    broker.connect(client_id)
    broker.wait_for(event="connected")
    assert f" {written} protocol=" in broker.log.path.read_text()


def test_a_very_long_client_id_is_cut_off_with_a_mark(start):
    broker = start("max_client_id_length 1024")
    broker.connect("x" * 1024)
    broker.wait_for(event="connected")
    line = broker.log.lines[-1]
    assert len(line) < 512 and line.endswith("~")


def test_whoever_reads_the_log_slowly_or_not_at_all_stops_nothing(target, tmp_path):
    """A pipe takes 64 KB; thousands of lines are a multiple of that."""
    port = free_port()
    (tmp_path / "board.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    command = target.command(str(tmp_path / "board.conf"))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        os.read(process.stderr.fileno(), 4096)  # the first line: it is ready
        client = Client(("127.0.0.1", port))
        client.request(connect("e2e-stays"), answer=NEW)
        for _ in range(1500):
            other = Client(("127.0.0.1", port))
            other.request(connect("e2e-comes-and-goes"), answer=NEW)
            other.close()
        client.request(packets.PINGREQ, answer=packets.PINGRESP)
        client.close()
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_dropped_messages_are_told_at_most_once_a_second(start):
    broker = start("max_queued_messages 1")
    client = enter(broker, "e2e-full", NEW)
    client.subscribe(("full", 1))
    leave(client)
    publisher = broker.connect()
    for _ in range(500):
        publisher.request(publish("full", b"m", qos=1, id=1), answer=puback(1))

    def told() -> int:
        return sum(int(event["queue-full"]) for event in broker.log.matching(event="dropped"))

    until(lambda: told() == 499, "all that were dropped")
    assert len(broker.log.matching(event="dropped")) < 20
