"""Listeners: several of them, on addresses, devices and unix sockets, each with its own limit and its own guests."""

import signal
import socket
from contextlib import suppress

import pytest

import mosquitto_tools as tools
import packets
from access_files import make_passwords, write_lines
from broker import Broker
from client import Address, family_of
from deadline import until
from namespace import add_address, run_beside, unshared
from packets import Publish, connack, connect, puback, publish, suback, subscribe
from ports import free_port
from sessions import NEW, RESUMED, leave

pytestmark = pytest.mark.swiftlet("the tests know one listener of it")

REFUSED = connack(5)
OPEN_TO_ALL = "allow_anonymous true"


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "mqtt.sock")


def answer(broker: Broker, address: Address, **fields) -> bytes:
    """What the broker says to a CONNECT, or nothing if it closes the connection."""
    client = broker.dial(address=address)
    with suppress(BrokenPipeError):  # it may have been turned away already
        client.send(connect("", **fields))
    while not client.whole and not client.has_ended:
        client.read()
    found = b"".join(client.whole)
    client.close()
    return found


def can_exchange(broker: Broker, first: Address, second: Address) -> bool:
    subscriber, publisher = broker.connect(address=first), broker.connect(address=second)
    subscriber.subscribe(("across", 1))
    publisher.request(publish("across", b"m", qos=1, id=1), answer=puback(1))
    message = subscriber.receive_publish()
    subscriber.send(puback(message.id))
    return message == Publish("across", b"m", 1, message.id)


def test_clients_of_different_listeners_talk_to_each_other(start, path):
    broker = start("listener 0 127.0.0.2", "listener 0 ::1", f"listener 0 {path}")
    assert [type(address) for address in broker.addresses] == [tuple, tuple, tuple, str]
    for first in broker.addresses:
        for second in broker.addresses:
            assert can_exchange(broker, first, second), f"{second} to {first}"


def test_a_session_can_be_resumed_by_another_listener(start, path):
    """A session belongs to the client id, not to the way that the client came."""
    broker = start(f"listener 0 {path}")
    client = broker.dial(address=broker.addresses[0])
    client.request(connect("e2e-mover", clean=False), answer=NEW)
    client.subscribe(("mover", 1))
    moved = broker.dial(address=path)
    moved.request(connect("e2e-mover", clean=False), answer=RESUMED)
    client.expect_end()
    broker.connect().request(publish("mover", b"m", qos=1, id=1), answer=puback(1))
    assert moved.receive_publish().payload == b"m"


def test_eight_listeners_are_served_and_a_ninth_is_refused(start, call):
    broker = start(*[f"listener 0 127.0.0.{i}" for i in range(2, 9)])
    assert len(broker.addresses) == 8
    for address in broker.addresses:
        assert answer(broker, address) == NEW
    run = call("--check", lines=[f"listener 0 127.0.0.{i}" for i in range(1, 10)])
    assert run.returncode == 2 and "listener" in run.stderr


# Caps.

def test_a_listener_s_cap_holds_for_its_own_connections_only(start):
    broker = start("max_connections 2", "listener 0 127.0.0.2")
    first, second = broker.addresses
    inside = [broker.connect(address=first) for _ in range(2)]
    assert answer(broker, first) == b""
    others = [broker.connect(address=second) for _ in range(5)]
    assert answer(broker, first) == b""
    inside.pop().close()
    until(lambda: answer(broker, first) == NEW, "room at the first listener")
    for client in inside + others:
        client.expect_nothing()


def test_caps_of_all_listeners_add_up(start):
    broker = start("max_connections 2", "listener 0 127.0.0.2", "max_connections 3")
    first, second = broker.addresses
    inside = [broker.connect(address=first) for _ in range(2)] + [broker.connect(address=second) for _ in range(3)]
    assert (answer(broker, first), answer(broker, second)) == (b"", b"")
    assert broker.pools()["connections"].capacity == 5
    for client in inside:
        client.expect_nothing()


def test_a_global_cap_holds_for_all_listeners_together(start):
    broker = start("listener 0 127.0.0.2", "global_max_connections 3")
    first, second = broker.addresses
    inside = [broker.connect(address=address) for address in (first, second, second)]
    assert (answer(broker, first), answer(broker, second)) == (b"", b"")
    broker.wait_for(event="refused")
    for client in inside:
        client.expect_nothing()


def test_connections_turned_away_at_one_listener_leave_room_at_the_other(start):
    broker = start("max_connections 1", "listener 0 127.0.0.2", "max_connections 5")
    first, second = broker.addresses
    broker.connect(address=first)
    for _ in range(50):
        assert answer(broker, first) == b""
    for _ in range(5):
        broker.connect(address=second)


# Access.

@pytest.fixture
def two_doors(start, tmp_path) -> Broker:
    """The first listener is open for reading; the second for those with a password, who may also write."""
    passwords = make_passwords(tmp_path / "passwords", {"alice": "secret"})
    readers = write_lines(tmp_path / "readers", "topic read #")
    writers = write_lines(tmp_path / "writers", "user alice", "topic readwrite a/#")
    return start("per_listener_settings true",
                 "listener 0 127.0.0.1", OPEN_TO_ALL, f"acl_file {readers}",
                 "listener 0 127.0.0.2", f"password_file {passwords}", f"acl_file {writers}", only=True)


def test_each_listener_lets_in_its_own_guests(two_doors):
    public, private = two_doors.addresses
    assert answer(two_doors, public) == NEW
    assert answer(two_doors, private) == REFUSED
    assert answer(two_doors, private, user="alice", password="secret") == NEW
    assert answer(two_doors, private, user="alice", password="wrong") == REFUSED
    assert answer(two_doors, public, user="mallory", password="any") == NEW  # nobody asks at this door


def test_each_listener_has_its_own_rules_for_topics(two_doors):
    public, private = two_doors.addresses
    reader = two_doors.connect(address=public)
    reader.request(subscribe(1, ("a/x", 0), ("b", 0), ("#", 0)), answer=suback(1, 0, 0, 0))
    alice = two_doors.connect(address=private, user="alice", password="secret")
    alice.request(subscribe(1, ("a/x", 0), ("b", 0)), answer=suback(1, 0, 0x80))
    mallory = two_doors.connect(address=public, user="alice", password="secret")  # a name is nothing at this door
    for client in (mallory, alice):
        for topic in ("b", "a/x"):
            client.request(publish(topic, client.address.encode(), qos=1, id=1), answer=puback(1))
    expected = [Publish("a/x", alice.address.encode())]
    assert reader.publishes_so_far() == expected
    assert alice.publishes_so_far() == expected


def test_a_session_that_comes_by_another_listener_has_that_one_s_rules(two_doors):
    public, private = two_doors.addresses
    client = two_doors.dial(address=private)
    client.request(connect("e2e-door", clean=False, user="alice", password="secret"), answer=NEW)
    leave(client)
    client = two_doors.dial(address=public)
    client.request(connect("e2e-door", clean=False), answer=RESUMED)
    alice = two_doors.connect(address=private, user="alice", password="secret")
    alice.subscribe(("a/#", 0))
    client.request(publish("a/x", b"m", qos=1, id=1), answer=puback(1))
    alice.expect_nothing()


def test_with_per_listener_settings_what_stands_before_all_listeners_holds_for_none(start):
    """As in mosquitto: a listener that says nothing lets nobody in. The file is not even read."""
    broker = start("per_listener_settings true", OPEN_TO_ALL, "password_file /nonexistent",
                   "listener 0 127.0.0.1", "listener 0 127.0.0.2", OPEN_TO_ALL, only=True)
    assert [answer(broker, address) for address in broker.addresses] == [REFUSED, NEW]


def test_with_per_listener_settings_and_no_listener_what_stands_there_is_the_default_one_s(start, tmp_path):
    passwords = make_passwords(tmp_path / "passwords", {"alice": "secret"})
    port = free_port()
    file = write_lines(tmp_path / "conf", "per_listener_settings true", "allow_anonymous false",
                       f"password_file {passwords}")
    broker = start(arguments=["-c", str(file), "-p", str(port)])
    assert answer(broker, broker.address) == REFUSED
    assert answer(broker, broker.address, user="alice", password="secret") == NEW


def test_without_per_listener_settings_the_last_word_holds_for_all(start):
    """As in mosquitto: the keys are the same, wherever they stand."""
    broker = start("listener 0 127.0.0.1", "listener 0 127.0.0.2", OPEN_TO_ALL, only=True)
    assert [answer(broker, address) for address in broker.addresses] == [NEW, NEW]


@pytest.mark.parametrize("lines, number", [
    (["listener 0 127.0.0.1", "per_listener_settings true"], 2),
    (["bind_interface lo", "listener 0"], 1),
    (["socket_domain ipv4", "listener 0"], 1),
    (["listener 0", "socket_domain ipv5"], 2),
    (["listener 0", "protocol websockets"], 2),
    (["listener 0", "bind_interface a-name-that-is-too-long"], 2),
    (["listener 0 relative/path"], 1),
    (["listener 1883 /tmp/with.port"], 1),
    (["listener 0 /" + "x" * 107], 1),
    (["listener 0", "bind_interface lo", "bind_interface lo"], 3),
], ids=lambda value: value[-1][:40] if isinstance(value, list) else None)
def test_a_section_that_makes_no_sense_is_refused_with_its_line(call, tmp_path, lines, number):
    run = call("--check", lines=lines)
    assert run.returncode == 2
    assert f"{tmp_path}/board.conf:{number}: {lines[number - 1].split()[0]}" in run.stderr


# Families and devices. Bound to the loopback device, "all addresses" are this machine's only.

@pytest.mark.parametrize("domain", ["ipv4", "ipv6"])
def test_a_family_can_be_chosen(start, domain):
    """The other family's port is held by nobody who answers, so that no other program does."""
    served, other = ("127.0.0.1", "::1") if domain == "ipv4" else ("::1", "127.0.0.1")
    with socket.socket(family_of((other, 0))) as held:
        port = free_port(served)
        held.bind((other, port))
        broker = start(f"listener {port}", "bind_interface lo", f"socket_domain {domain}", OPEN_TO_ALL, only=True)
        assert answer(broker, (served, port)) == NEW
        with pytest.raises(ConnectionRefusedError):
            broker.dial(address=(other, port))


def test_both_families_are_served_if_none_is_chosen(start):
    broker = start("listener 0", "bind_interface lo", OPEN_TO_ALL, only=True)
    assert [answer(broker, (host, broker.port)) for host in ("127.0.0.1", "::1")] == [NEW, NEW]


def test_clients_of_ipv4_are_logged_as_such_where_both_families_are_served(start):
    broker = start("listener 0", "bind_interface lo", OPEN_TO_ALL, only=True)
    client = broker.connect(address=("127.0.0.1", broker.port))
    assert broker.wait_for(event="connected")["address"] == client.address


def test_an_ipv6_listener_leaves_its_port_to_an_ipv4_listener(start):
    port = free_port("::1")
    broker = start(f"listener {port} 127.0.0.1", OPEN_TO_ALL, f"listener {port} ::1", only=True)
    assert [answer(broker, address) for address in broker.addresses] == [NEW, NEW]


def test_localhost_stands_for_127_0_0_1(start):
    broker = start("listener 0 localhost", OPEN_TO_ALL, only=True)
    assert broker.address[0] == "127.0.0.1" and answer(broker, broker.address) == NEW


def test_protocol_mqtt_may_be_said(start):
    broker = start("protocol mqtt")
    assert answer(broker, broker.address) == NEW


# What is not there yet.

def test_an_address_that_is_not_there_is_logged_and_the_others_are_served(start):
    """192.0.2.1 is kept for documentation (RFC 5737). Wi-Fi may come up long after the broker."""
    broker = start("listener 0 192.0.2.1")
    broker.wait_for(event="listen-failed", listen="192.0.2.1:0")
    assert broker.ready["listen"] == f"127.0.0.1:{broker.port}"
    assert answer(broker, broker.address) == NEW


def test_a_device_that_is_not_there_is_logged_and_the_others_are_served(start):
    broker = start("listener 0", "bind_interface e2e-none")
    broker.wait_for(event="listen-failed")
    assert answer(broker, broker.address) == NEW


def test_an_address_that_comes_later_is_served_from_then_on(target, start):
    """In a network of its own, where nothing but this broker is disturbed by that."""
    address = "fd98:7654::1"
    broker = start(f"listener 0 {address}", OPEN_TO_ALL, only=True, ready=False, target=unshared(target, "--net"))
    assert "listen" not in broker.wait_for(event="ready")
    broker.wait_for(event="listen-failed", listen=f"[{address}]:0")
    add_address(broker, address)
    port = broker.wait_for(event="listening")["listen"].removeprefix(f"[{address}]:")
    run = run_beside(broker, "mosquitto_pub", "-h", address, "-p", port, "-t", "late", "-m", "m", "-q", "1")
    assert (run.returncode, run.stderr) == (0, "")
    assert broker.stop() == 0


def test_a_device_that_was_made_anew_is_served_after_a_reload(target, start):
    """As a router does it when its network is started again: the name is the same, but sockets go by a number."""
    device, address, lines = "br-e2e", "192.0.2.1", ("listener 1883", "bind_interface br-e2e", OPEN_TO_ALL)
    broker = start(*lines, only=True, ready=False, target=unshared(target, "--net"))
    broker.wait_for(event="listen-failed")

    def make_device() -> None:
        for words in ("link set lo up", f"link add {device} type bridge", f"link set {device} up",
                      f"address add {address}/24 dev {device}"):
            run = run_beside(broker, "ip", *words.split())
            assert run.returncode == 0, run.stderr

    def publish() -> int:
        return run_beside(broker, "mosquitto_pub", "-h", address, "-t", "t", "-m", "m", "-q", "1").returncode

    make_device()
    broker.wait_for(event="listening")
    assert publish() == 0
    run_beside(broker, "ip", "link", "delete", device)
    make_device()
    broker.reload(*lines)
    assert publish() == 0
    assert broker.stop() == 0


# Unix sockets.

def test_a_unix_socket_is_served_and_logged(start, path):
    broker = start(f"listener 0 {path}", OPEN_TO_ALL, only=True)
    assert broker.ready["listen"] == path
    assert can_exchange(broker, path, path)
    assert broker.wait_for(event="connected")["address"] == "local"


def test_mosquitto_pub_comes_by_a_unix_socket(start, path):
    broker = start(f"listener 0 {path}")
    subscriber = broker.connect()
    subscriber.subscribe(("local", 0))
    tools.run("mosquitto_pub", "--unix", path, "-t", "local", "-m", "m")
    subscriber.expect(publish("local", b"m"))


def test_many_large_messages_go_through_a_unix_socket(start, path):
    """Its buffers are other than those of TCP."""
    broker = start(f"listener 0 {path}")
    publisher, subscriber = broker.connect(address=path), broker.connect(address=path)
    subscriber.subscribe(("large", 0))
    payload = bytes(range(256)) * 800
    for _ in range(30):
        publisher.send(publish("large", payload))
        assert subscriber.receive_publish().payload == payload


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_unix_socket_is_removed_when_the_broker_ends(start, tmp_path, path, number):
    broker = start(f"listener 0 {path}")
    assert broker.stop(number) == 0
    assert not (tmp_path / "mqtt.sock").exists()


def test_a_unix_socket_that_a_killed_broker_left_is_in_nobody_s_way(start, path):
    start(f"listener 0 {path}").kill()
    assert answer(start(f"listener 0 {path}"), path) == NEW


def test_a_file_that_is_no_socket_stays_and_the_broker_does_not_start(start, tmp_path, path):
    file = tmp_path / "mqtt.sock"
    file.write_text("precious")
    broker = start(f"listener 0 {path}", ready=False)
    assert broker.process.wait(20) == 1
    assert path in broker.log.path.read_text() and file.read_text() == "precious"


def test_a_unix_socket_in_a_directory_that_is_not_there_is_named(start, tmp_path):
    broker = start(f"listener 0 {tmp_path}/none/mqtt.sock", ready=False)
    assert broker.process.wait(20) == 1
    assert f"{tmp_path}/none/mqtt.sock" in broker.log.path.read_text()


def test_the_longest_path_of_a_unix_socket_is_served(start, tmp_path):
    base = str(tmp_path)
    if len(base) > 100:
        pytest.skip("the directory's own path is too long")
    path = base + "/" + "s" * (107 - len(base) - 1)
    assert answer(start(f"listener 0 {path}"), path) == NEW


def test_a_unix_socket_has_a_cap_and_guests_of_its_own(start, tmp_path, path):
    passwords = make_passwords(tmp_path / "passwords", {"alice": "secret"})
    broker = start("per_listener_settings true", f"listener 0 {path}", OPEN_TO_ALL, "max_connections 1",
                   "listener 0 127.0.0.1", f"password_file {passwords}", only=True)
    inside = broker.connect(address=path)
    assert answer(broker, path) == b""
    assert answer(broker, broker.addresses[1]) == REFUSED
    assert answer(broker, broker.addresses[1], user="alice", password="secret") == NEW
    inside.expect_nothing()


def test_a_client_of_a_unix_socket_that_does_not_read_is_ended(start, path):
    broker = start("stall_timeout 1", f"listener 0 {path}")
    deaf, publisher = broker.connect(address=path), broker.connect()
    deaf.subscribe(("loud", 0))

    def has_ended() -> bool:
        publisher.send(*[packets.publish("loud", b"x" * 10_000)] * 20)
        publisher.expect_nothing()
        return bool(broker.log.matching(event="closed", reason="output-stalled"))

    until(has_ended, "the end of the client that does not read")
