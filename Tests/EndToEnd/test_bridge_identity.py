"""Bridge mode: who it is at either end, and how it tells of the link."""

import signal
import socket

import pytest

from access_files import make_passwords, write_lines
from bridge import Links, Reader, knock, link_is_up, section, state_topic
from deadline import until
from proxy import Proxy
from retained import send


@pytest.fixture
def guarded(debian, tmp_path):
    """A remote that lets in nobody but alice."""
    passwords = make_passwords(tmp_path / "passwords", {"alice": "right", "bob": "x"})
    return debian("allow_anonymous false", f"password_file {passwords}")



def test_it_is_let_in_by_name_and_password(guarded, bridge):
    bridge(*section(guarded, lines=("topic # out", "remote_username alice", "remote_password right")))


@pytest.mark.swiftlet("mosquitto has no such option")
def test_it_is_let_in_by_a_password_from_a_file(guarded, bridge, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("right\n")
    secret.chmod(0o600)
    bridge(*section(guarded, lines=("topic # out", "remote_username alice", f"remote_password_file {secret}")))


def test_its_id_there_is_made_of_the_hosts_name_and_its_own(debian, bridge):
    remote = debian()
    board = bridge("connection link", f"address 127.0.0.1:{remote.port}", "topic # out", up=())
    for broker in (board, remote):
        Links(broker).wait_for({f"connection/{socket.gethostname()}.link/state": 1})


# --- notifications


def test_both_brokers_keep_the_state_of_the_link(debian, bridge):
    remote = debian()
    board = bridge(*section(remote, lines=("topic # out",)))
    link_is_up(remote)
    far = remote.connect()
    far.subscribe((state_topic(), 1))
    message = far.receive_publish()
    assert message.payload == b"1" and message.retain
    board.process.send_signal(signal.SIGKILL)
    message = far.receive_publish()
    assert message.payload == b"0" and not message.retain
    link_is_up(remote, state=0)


@pytest.mark.swiftlet("it leaves without a word")
def test_the_state_is_0_after_an_orderly_end_too(debian, bridge):
    remote = debian()
    board = bridge(*section(remote, lines=("topic # out",)))
    link_is_up(remote)
    assert board.stop() == 0
    link_is_up(remote, state=0)


def test_the_state_here_follows_the_link(debian, bridge):
    remote = debian()
    with Proxy(remote.port) as proxy:
        board = bridge(*section(proxy, lines=("topic # out",)))
        links = Links(board)
        links.wait_until(1)
        proxy.cut()
        links.wait_until(0)
        proxy.mend()
        links.wait_until(1)


def test_notifications_may_stay_here(debian, bridge):
    remote = debian()
    bridge(*section(remote, lines=("topic # out", "notifications_local_only true")))
    far = remote.connect()
    far.subscribe((state_topic(), 1))
    far.expect_nothing()


def test_notifications_may_go_to_another_topic(debian, bridge):
    remote = debian()
    board = bridge(*section(remote, lines=("topic a out", "notification_topic links/mine")), up=())
    for broker in (board, remote):
        reader = Reader(broker, "links/mine")
        until(lambda: [message.payload for message in reader.read()][-1:] == [b"1"], "the state")


def test_notifications_may_be_off(debian, bridge):
    remote = debian()
    board = bridge(*section(remote, lines=("topic # out", "notifications false")), up=())
    knock(board, "knock", remote, "knock")
    far = remote.connect()
    far.subscribe((state_topic(), 1))
    far.expect_nothing()


# --- at home


@pytest.mark.swiftlet("it lets bridges read and write what they like")
def test_what_it_may_read_and_write_here_its_local_name_says(debian, bridge, tmp_path):
    remote = debian()
    acl = write_lines(tmp_path / "acl", "topic readwrite #", "topic read $SYS/#", "user cloud", "topic read a/#",
                      "topic write b/#")
    board = bridge(f"acl_file {acl}", *section(remote, lines=("topic # both 1", "local_username cloud")))
    knock(remote, "b/knock", board, "b/knock")
    there, here = Reader(remote, "a/#", "b/#", "c/#"), Reader(board, "a/#", "b/#", "c/#")
    local, far = board.connect(), remote.connect()
    for topic in ("b/out", "c/out", "a/out"):
        send(local, topic, b"out", 1, retain=False)
    for topic in ("a/in", "c/in", "b/in"):
        send(far, topic, b"in", 1, retain=False)
    there.wait_for(4), here.wait_for(4)
    assert sorted(m.topic for m in there.read() if m.payload == b"out") == ["a/out"]
    assert sorted(m.topic for m in here.read() if m.payload == b"in") == ["b/in"]


# --- sessions


@pytest.mark.parametrize("clean, kept", [("false", True), ("true", False)])
def test_what_the_remote_keeps_while_the_link_is_cut_is_said_by_cleansession(debian, bridge, clean, kept):
    remote = debian()
    with Proxy(remote.port) as proxy:
        board = bridge(*section(proxy, lines=("topic # in 1", f"cleansession {clean}", "local_cleansession false")))
        knock(remote, "knock", board, "knock")
        reader = Reader(board, "#")
        proxy.cut()
        link_is_up(board, state=0)
        link_is_up(remote, state=0)
        send(remote.connect(), "a", b"kept", 1, retain=False)
        proxy.mend()
        link_is_up(board)
        knock(remote, "knock", board, "knock")
        assert [m.payload for m in reader.read() if m.topic == "a"] == ([b"kept"] if kept else [])


@pytest.mark.parametrize("lines, kept", [
    (("cleansession false",), True), (("cleansession true",), False),
    (("cleansession true", "local_cleansession false"), True),
    (("cleansession false", "local_cleansession true"), False),
], ids=["kept", "clean", "only kept here", "only clean here"])
def test_what_is_kept_here_while_the_link_is_cut_is_said_by_local_cleansession(debian, bridge, lines, kept):
    remote = debian()
    with Proxy(remote.port) as proxy:
        board = bridge(*section(proxy, lines=("topic # out 1", *lines)))
        knock(board, "knock", remote, "knock")
        reader = Reader(remote, "#")
        proxy.cut()
        link_is_up(board, state=0)
        send(board.connect(), "a", b"kept", 1, retain=False)
        proxy.mend()
        link_is_up(board)
        knock(board, "knock", remote, "knock")
        assert [m.payload for m in reader.read() if m.topic == "a"] == ([b"kept"] if kept else [])
