"""SIGHUP: the board file is read again, and takes effect whole or not at all."""

import signal
import socket

import pytest

from access_files import sha512_line, write_lines
from broker import OPEN, Broker
from bystanders import Bystanders
from client import Client
from deadline import until
from hasher import hasher_stopped
from load import Load
from packets import connack, connect, puback, publish, suback, subscribe
from sessions import NEW, RESUMED, enter, leave
from system_topics import SystemTopics

pytestmark = pytest.mark.swiftlet("its own log and its own rules of what can change")

REFUSED = connack(5)


def answer(broker: Broker, **fields) -> bytes:
    """What the broker says to a CONNECT on a new connection."""
    client = broker.dial()
    client.send(connect(fields.pop("client_id", ""), **fields))
    found = client.receive()
    client.close()
    return found


def test_an_unchanged_file_changes_nothing(start):
    broker = start()
    bystanders = Bystanders(broker)
    for _ in range(10):
        assert broker.reload(*OPEN)["event"] == "reloaded"
        bystanders.exchange()


def test_the_line_says_who_may_connect_now(start):
    broker = start()
    assert broker.reload(*OPEN)["access"] == broker.ready["access"]
    assert broker.reload(OPEN[0])["access"] != broker.ready["access"]
    assert answer(broker) == REFUSED


# What takes effect at once.

def test_a_keep_alive_cap_holds_for_whoever_connects_later(start):
    broker = start()
    before = broker.connect(keep_alive=600)
    broker.reload(*OPEN, "max_keepalive 60")
    assert (answer(broker, keep_alive=600), answer(broker, keep_alive=60)) == (connack(2), NEW)
    broker.reload(*OPEN)
    assert answer(broker, keep_alive=600) == NEW
    before.expect_nothing()


def test_a_limit_of_subscriptions_holds_for_new_ones(start):
    broker = start()
    client = broker.connect()
    client.subscribe(*[(f"before/{i}", 0) for i in range(5)])
    broker.reload(*OPEN, "max_subscriptions_per_client 2")
    client.request(subscribe(1, ("after", 0), ("before/1", 1)), answer=suback(1, 0x80, 1))
    broker.connect().send(publish("before/4", b"m"))
    client.expect(publish("before/4", b"m"))


def test_a_limit_of_a_queue_holds_from_then_on(start):
    broker = start()
    client = enter(broker, "e2e-queue", NEW)
    client.subscribe(("queue", 1))
    leave(client)
    publisher = broker.connect()

    def send(*payloads: bytes) -> None:
        for payload in payloads:
            publisher.request(publish("queue", payload, qos=1, id=1), answer=puback(1))

    send(b"1", b"2", b"3")
    broker.reload(*OPEN, "max_queued_messages 2")
    send(b"4")
    broker.reload(*OPEN, "max_queued_messages 4", "queue_policy oldest")
    send(b"5", b"6")
    client = enter(broker, "e2e-queue", RESUMED)
    assert [message.payload for message in client.publishes_so_far()] == [b"2", b"3", b"5", b"6"]


def test_a_larger_window_lets_more_messages_out(start):
    broker = start("max_inflight_messages 2")
    publisher, subscriber = broker.connect(), broker.connect()
    subscriber.subscribe(("window", 1))
    for i in range(6):
        publisher.request(publish("window", b"%d" % i, qos=1, id=1), answer=puback(1))
    first = subscriber.publishes_so_far()
    broker.reload(*OPEN, "max_inflight_messages 5")
    subscriber.send(puback(first[0].id))
    assert len(first) == 2
    assert [message.payload for message in subscriber.publishes_so_far()] == [b"2", b"3", b"4", b"5"]


def test_what_is_retained_stays_and_new_limits_hold_for_new_topics(start):
    broker = start()
    client = broker.connect()
    for topic in ("1", "2", "3"):
        client.request(publish(topic, b"m", qos=1, id=1, retain=True), answer=puback(1))
    broker.reload(*OPEN, "max_retained_messages 1")
    client.request(publish("4", b"m", qos=1, id=1, retain=True), answer=puback(1))
    client.subscribe(("#", 0))
    assert sorted(message.topic for message in client.publishes_so_far()) == ["1", "2", "3"]


def test_a_client_without_an_id_is_let_in_or_not(start):
    broker = start()
    assert answer(broker) == NEW
    broker.reload(*OPEN, "allow_zero_length_clientid false")
    assert (answer(broker), answer(broker, client_id="e2e")) == (connack(2), NEW)


def test_the_log_becomes_shorter_or_longer(start):
    broker = start()
    broker.reload(*OPEN, "connection_messages false")
    leave(broker.connect("e2e-unseen"))
    broker.reload(*OPEN)
    leave(broker.connect("e2e-seen"))
    broker.wait_for(event="connected", client="e2e-seen")
    assert not broker.log.matching(event="connected", client="e2e-unseen")


def test_a_rate_holds_for_those_already_connected(start):
    broker = start()
    publisher, subscriber = broker.connect(), broker.connect()
    subscriber.subscribe(("rate", 0))
    broker.reload(*OPEN, "max_message_rate 2")
    publisher.send(*[publish("rate", b"m")] * 3)
    for _ in range(3):
        subscriber.expect(publish("rate", b"m"))
    broker.reload(*OPEN)
    publisher.send(*[publish("rate", b"m")] * 500)
    for _ in range(500):
        subscriber.expect(publish("rate", b"m"))


# What does not.

def test_what_needs_a_restart_is_named_and_stays_and_the_rest_takes_effect(start):
    fixed = {
        "max_packet_size": 1000, "global_max_connections": 10, "global_max_clients": 300, "max_subscriptions": 10,
        "max_topic_nodes": 10_000, "max_messages": 9000, "message_store_size": 1 << 20, "max_deliveries": 400,
        "max_incoming_inflight": 100, "packet_store_size": 2 << 20, "receive_buffer_size": 4096,
        "max_client_id_length": 64, "max_topic_length": 100, "max_topic_levels": 10, "max_access_size": 4096,
        "sys_interval": 5, "memory_budget": 64 << 20,
    }
    broker = start("sys_interval 1")
    system = SystemTopics(broker)
    system.value("limit/memory_budget")  # the last one
    before = dict(system.read())
    lines = [f"{key} {value}" for key, value in fixed.items()]
    assert broker.reload(*OPEN, *lines, "log_dest none", "max_keepalive 60")["event"] == "reloaded"
    named = {event["key"] for event in broker.log.matching(event="needs-restart")}
    assert fixed.keys() | {"log_dest"} <= named
    system.wait_for({"limit/max_keepalive": 60})
    assert answer(broker, keep_alive=61) == connack(2)
    for key in fixed:
        assert system.read()[f"limit/{key}"] == before[f"limit/{key}"], key


def test_no_restart_is_asked_for_where_nothing_has_changed(start):
    lines = ("max_messages 500", "max_connections 7", "max_retained_messages 100", "sys_interval 3")
    broker = start(*lines)
    broker.reload(*OPEN, *lines)
    assert broker.log.matching(event="needs-restart") == []


PER_LISTENER = ("per_listener_settings true", *OPEN)


@pytest.mark.parametrize("old, new, is_fixed", [
    (OPEN, (*OPEN, "max_keepalive 60"), False),
    (OPEN, (*OPEN, "max_message_rate 500", "max_queued_messages 7", "max_retained_messages 5"), False),
    (OPEN, (*OPEN, "listener 0 127.0.0.2"), False),
    (OPEN, (*OPEN, "max_messages 1000"), True),
    (OPEN, (*OPEN, "log_dest none"), True),
    (OPEN, (*OPEN, "mode bridge", "connection a", "address 127.0.0.1:1", "topic a"), True),
    (OPEN, PER_LISTENER, True),
    (PER_LISTENER, (*PER_LISTENER[:2], "allow_anonymous false"), False),
    (PER_LISTENER, (*PER_LISTENER, "listener 0 127.0.0.2"), True),
    (OPEN, (*OPEN, "password_file {passwords}"), True),
], ids=lambda value: value[-1] if isinstance(value, tuple) else "")
def test_what_only_a_restart_can_change_is_told_beforehand(start, call, tmp_path, old, new, is_fixed):
    """By --fixed, which says the same for two files if a reload is enough."""
    (tmp_path / "passwords").write_text("")
    new = [line.format(passwords=tmp_path / "passwords") for line in new]

    def fixed(lines) -> str:
        run = call("--fixed", lines=lines)
        assert run.returncode == 0, run.stderr
        return run.stdout

    broker = start(*old, only=True)
    event = broker.reload(*new)
    needs_restart = event["event"] == "reload-failed" or bool(broker.log.matching(event="needs-restart"))
    assert (needs_restart, fixed(old) != fixed(new)) == (is_fixed, is_fixed)


# What is wrong.

@pytest.mark.parametrize("lines, problem", [
    (["nonsense 1"], "board.conf:4: nonsense"),
    (["max_packet_size soon"], "board.conf:4: max_packet_size"),
    (["listener 1883 nowhere"], "board.conf:4: listener"),
    (["max_packet_size 4M", "message_store_size 4M"], "max_packet_size: is larger than message_store_size can hold"),
    (["memory_budget 64K", "max_connections 1000"], "bytes of memory, memory_budget is 65536; --plan shows"),
    (["password_file /nonexistent"], "/nonexistent: No such file"),
    (["acl_file /nonexistent"], "/nonexistent: No such file"),
    (["per_listener_settings true"], "per_listener_settings"),
], ids=lambda value: value[0] if isinstance(value, list) else "")
def test_a_file_with_anything_wrong_in_it_changes_nothing(start, lines, problem):
    """Not even what stands in front of the wrong line."""
    broker = start()
    bystanders = Bystanders(broker)
    failed = broker.reload(*OPEN, "max_keepalive 60", *lines)
    assert failed["event"] == "reload-failed" and problem in failed["problem"]
    assert answer(broker, keep_alive=600) == NEW
    bystanders.exchange()


def test_a_problem_is_told_with_file_and_line(start):
    broker = start()
    failed = broker.reload(*OPEN, "", "nonsense 1")
    assert f"{broker.file}:4: nonsense" in failed["problem"]


def test_a_file_that_is_gone_or_too_long_changes_nothing(start):
    broker = start()
    broker.reload(*OPEN, "# " + "x" * 70_000)
    since = broker.mark()
    broker.file.unlink()
    broker.process.send_signal(signal.SIGHUP)
    assert str(broker.file) in broker.wait_for(since=since, event="reload-failed")["problem"]
    assert len(broker.log.matching(event="reload-failed")) == 2
    assert answer(broker) == NEW


def test_after_a_failure_a_good_file_takes_effect(start):
    broker = start()
    for _ in range(3):
        assert broker.reload("nonsense")["event"] == "reload-failed"
        assert broker.reload(*OPEN, "max_keepalive 60")["event"] == "reloaded"
        assert answer(broker, keep_alive=61) == connack(2)
        assert broker.reload(*OPEN)["event"] == "reloaded"
        assert answer(broker, keep_alive=61) == NEW


def test_a_file_that_came_by_standard_input_stays(start):
    broker = start(arguments=["-"], stdin="\n".join(OPEN).encode())
    broker.process.send_signal(signal.SIGHUP)
    broker.pools()
    assert answer(broker) == NEW


# Access files.

@pytest.fixture
def guarded(start, tmp_path) -> Broker:
    """Its lines are `guarded.lines`; the files `passwords` and `acl` can be replaced."""
    write_lines(tmp_path / "passwords", sha512_line("alice", b"old"), sha512_line("bob", b"bob"))
    write_lines(tmp_path / "acl", "user alice", "topic readwrite a/#", "user bob", "topic readwrite #")
    lines = (OPEN[0], f"password_file {tmp_path}/passwords", f"acl_file {tmp_path}/acl")
    broker = start(*lines, only=True)
    broker.lines = lines
    return broker


def test_a_new_password_is_the_one_that_counts(guarded, tmp_path):
    standing = guarded.connect(user="alice", password="old")
    write_lines(tmp_path / "passwords", sha512_line("alice", b"new"))
    assert answer(guarded, user="alice", password="new") == REFUSED  # not asked to read it yet
    guarded.reload(*guarded.lines)
    assert answer(guarded, user="alice", password="new") == NEW
    assert answer(guarded, user="alice", password="old") == REFUSED
    assert answer(guarded, user="bob", password="bob") == REFUSED
    standing.expect_nothing()


def test_new_rules_hold_for_standing_subscriptions_and_publishers(guarded, tmp_path):
    alice, bob = guarded.connect(user="alice", password="old"), guarded.connect(user="bob", password="bob")
    alice.request(subscribe(1, ("a/#", 0), ("b/#", 0)), answer=suback(1, 0, 0))
    bob.subscribe(("#", 0))

    def exchange() -> tuple[list[str], list[str]]:
        """Which topics reach Alice, and which of hers reach Bob."""
        for topic in ("a/1", "b/1"):
            bob.send(publish(topic, b"from bob"))
            alice.send(publish(topic, b"from alice"))
        heard = [client.publishes_so_far() for client in (alice, bob, alice, bob)]
        return (sorted(m.topic for m in heard[0] + heard[2] if m.payload == b"from bob"),
                sorted(m.topic for m in heard[1] + heard[3] if m.payload == b"from alice"))

    assert exchange() == (["a/1"], ["a/1"])
    write_lines(tmp_path / "acl", "user alice", "topic read b/#", "topic write a/#", "user bob", "topic readwrite #")
    guarded.reload(*guarded.lines)
    assert exchange() == (["b/1"], ["a/1"])
    write_lines(tmp_path / "acl", "user bob", "topic readwrite #")
    guarded.reload(*guarded.lines)
    assert exchange() == ([], [])


@pytest.mark.parametrize("name, line", [
    ("passwords", "alice:plain"), ("acl", "toppic a"), ("passwords", "\n".join(f"user{i}:$6$" for i in range(9))),
    ("acl", "\n".join(f"topic {'long' * 20}/{i}" for i in range(500))),
], ids=["bad password file", "bad acl file", "worse password file", "too long an acl file"])
def test_access_files_with_anything_wrong_in_them_change_nothing(guarded, tmp_path, name, line):
    write_lines(tmp_path / "passwords", sha512_line("alice", b"new"))
    write_lines(tmp_path / "acl", "user alice", "topic readwrite b/#")
    write_lines(tmp_path / name, line)
    failed = guarded.reload(*guarded.lines)
    assert failed["event"] == "reload-failed"
    assert f"{tmp_path}/{name}:1" in failed["problem"] or "max_access_size" in failed["problem"]
    alice = guarded.connect(user="alice", password="old")
    alice.request(subscribe(1, ("a", 0), ("b", 0)), answer=suback(1, 0, 0x80))


def test_access_files_cannot_come_without_a_restart(start, tmp_path):
    """They take memory and a process, and both are taken at the start."""
    passwords = write_lines(tmp_path / "passwords", sha512_line("alice", b"secret"))
    acl = write_lines(tmp_path / "acl", "topic read #")
    broker = start()
    for line in (f"password_file {passwords}", f"acl_file {acl}"):
        failed = broker.reload(*OPEN, line)
        assert (failed["event"], "restart" in failed["problem"]) == ("reload-failed", True)
    assert answer(broker) == NEW


def test_access_files_may_be_taken_away_and_put_back(guarded):
    """Their memory and their process are there."""
    for _ in range(2):
        assert guarded.reload(*OPEN)["event"] == "reloaded"
        assert answer(guarded) == NEW
        assert guarded.reload(*guarded.lines)["event"] == "reloaded"
        assert answer(guarded) == REFUSED
    alice = guarded.connect(user="alice", password="old")
    alice.request(subscribe(1, ("a", 0), ("b", 0)), answer=suback(1, 0, 0x80))


def test_a_user_who_goes_while_the_password_is_compared_is_refused(guarded, tmp_path):
    with hasher_stopped(guarded):
        waiting = [guarded.dial() for _ in range(3)]
        for i, client in enumerate(waiting):
            client.send(connect(f"e2e-{i}", user="alice", password="old"))
        until(lambda: guarded.pools()["packet-slabs"].in_use == 3, "all of them wait")
        write_lines(tmp_path / "passwords", sha512_line("bob", b"bob"))
        guarded.reload(*guarded.lines)
    for client in waiting:
        client.expect(REFUSED)
    assert answer(guarded, user="bob", password="bob") == NEW


# Listeners.

def test_a_listener_can_be_added(start):
    broker = start()
    standing = broker.connect()
    assert broker.reload(*OPEN, "listener 0 127.0.0.2")["event"] == "reloaded"
    host, _, port = broker.wait_for(event="listening")["listen"].rpartition(":")
    assert host == "127.0.0.2"
    broker.connect(address=(host, int(port))).expect_nothing()
    broker.connect().expect_nothing()
    standing.expect_nothing()


def test_a_listener_can_be_removed_and_its_connections_stay(start):
    broker = start("listener 0 127.0.0.2")
    kept, removed = broker.addresses
    client, other = broker.connect(address=removed), broker.connect(address=kept)
    broker.reload(*OPEN)
    broker.wait_for(event="listener-closed", listen=f"{removed[0]}:{removed[1]}")
    with pytest.raises(ConnectionRefusedError):
        Client(removed)
    other.subscribe(("stays", 0))
    client.send(publish("stays", b"m"))
    other.expect(publish("stays", b"m"))
    leave(client)
    broker.connect(address=kept).expect_nothing()


def test_listeners_can_come_and_go_again_and_again(start):
    """While connections of all the earlier ones live on."""
    broker = start()
    clients = []
    for i in range(20):
        since = broker.mark()
        broker.reload(*OPEN, f"listener 0 127.0.0.{i + 2}")
        host, _, port = broker.wait_for(since=since, event="listening")["listen"].rpartition(":")
        clients.append(broker.connect(address=(host, int(port))))
        if i >= 5:
            leave(clients[i - 5])
    for client in clients[-5:]:
        client.expect_nothing()


def test_a_port_that_is_taken_is_tried_again_until_it_is_free(start):
    broker = start()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert broker.reload(*OPEN, f"listener {port} 127.0.0.1")["event"] == "reloaded"
        broker.wait_for(event="listen-failed", listen=f"127.0.0.1:{port}")
        assert answer(broker) == NEW
    broker.wait_for(event="listening", listen=f"127.0.0.1:{port}")
    broker.connect(address=("127.0.0.1", port)).expect_nothing()


def test_with_per_listener_settings_listeners_stay_as_they_are(start):
    lines = ("per_listener_settings true", "listener 0 127.0.0.1", "allow_anonymous true")
    broker = start(*lines, only=True)
    assert broker.reload(*lines, "max_keepalive 60")["event"] == "reloaded"
    failed = broker.reload(*lines, "listener 0 127.0.0.2")
    assert (failed["event"], "restart" in failed["problem"]) == ("reload-failed", True)
    assert answer(broker) == NEW


def test_a_cap_of_a_listener_can_change(start):
    lines = ("listener 0 127.0.0.1", "max_connections 4", "listener 0 127.0.0.2", "max_connections 4",
             "allow_anonymous true")
    broker = start(*lines, only=True)
    first, second = broker.addresses
    broker.reload("listener 0 127.0.0.1", "max_connections 1", "listener 0 127.0.0.2", "max_connections 4",
                  "allow_anonymous true")
    inside = broker.connect(address=first)
    broker.dial(address=first).expect_end()
    broker.connect(address=second).expect_nothing()
    inside.expect_nothing()


def test_a_unix_socket_comes_and_goes(start, tmp_path):
    path = str(tmp_path / "mqtt.sock")
    broker = start()
    for _ in range(3):
        since = broker.mark()
        broker.reload(*OPEN, f"listener 0 {path}")
        broker.wait_for(since=since, event="listening", listen=path)
        client = broker.connect(address=path)
        broker.reload(*OPEN)
        broker.wait_for(since=since, event="listener-closed", listen=path)
        assert not (tmp_path / "mqtt.sock").exists()
        client.expect_nothing()
        client.close()


def test_a_unix_socket_is_still_known_after_a_file_that_was_wrong(start, tmp_path):
    path = str(tmp_path / "mqtt.sock")
    broker = start(f"listener 0 {path}")
    client = broker.connect(address=path)
    for i in range(3):
        broker.reload("# a comment that moves all else", "nonsense", *["# " + "more" * i] * i)
        broker.reload(*["# a comment that moves all else"] * i, *OPEN, f"listener 0 {path}")
    assert broker.log.matching(event="listener-closed") == []
    client.expect_nothing()
    broker.reload("nonsense")
    broker.reload("more nonsense of another length")
    assert broker.stop() == 0
    assert not (tmp_path / "mqtt.sock").exists()


def test_messages_flow_on_while_the_file_is_read_again_and_again(start):
    broker = start()
    load = Load([broker.connect() for _ in range(2)], [broker.connect() for _ in range(2)], "reload", qos=2)
    for i in range(10):
        load.run(50)
        broker.write_file((*OPEN, f"max_keepalive {60 + i}"))
        broker.process.send_signal(signal.SIGHUP)
    load.run(50).check()
    assert broker.log.matching(event="reload-failed") == []


def test_a_session_and_what_waits_in_it_outlive_a_reload(start):
    broker = start()
    client = enter(broker, "e2e-waits", NEW)
    client.subscribe(("waits", 1))
    leave(client)
    broker.connect().request(publish("waits", b"m", qos=1, id=1), answer=puback(1))
    broker.reload(*OPEN, "max_keepalive 600")
    client = enter(broker, "e2e-waits", RESUMED)
    assert [message.payload for message in client.publishes_so_far()] == [b"m"]
