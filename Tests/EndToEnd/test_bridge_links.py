"""Bridge mode: when there is a link, where it goes, and what it says and does not say to the remote."""

import time

import pytest

import packets
from bridge import Reader, knock, link_is_up, section, state_topic
from deadline import until
from ports import free_port
from retained import send
from scripted_broker import Peer, ScriptedBroker


def read_until(peer: Peer, wanted: bytes) -> list[bytes]:
    """Answers whatever comes until a packet has `wanted` in it; what came before."""
    seen = []
    while wanted not in (data := peer.receive()):
        seen.append(data)
        answers = {8: lambda: packets.suback(packets.id_of(data), 1), 10: lambda: packets.unsuback(packets.id_of(data)),
                   12: lambda: packets.PINGRESP}
        if data[0] >> 4 == 3 and data[0] & 6:
            peer.send(packets.puback(packets.Publish.decode(data).id))
        elif answer := answers.get(data[0] >> 4):
            peer.send(answer())
    return seen


# --- when


@pytest.mark.swiftlet("its idle links stay")
def test_a_lazy_link_waits_for_enough_messages_and_goes_when_it_is_idle(debian, bridge):
    remote = debian()
    reader = Reader(remote, "a")
    board = bridge(*section(remote, lines=(
        "topic a out 1", "start_type lazy", "threshold 3", "idle_timeout 1", "notifications_local_only true")), up=())
    client, states = board.connect(), Reader(board, state_topic())

    def ups_and_last() -> tuple[int, bytes | None]:
        told = [message.payload for message in states.read()]
        return told.count(b"1"), told[-1] if told else None

    for links in range(2):
        for i in range(2):
            send(client, "a", b"%d" % i, 1, retain=False)
        time.sleep(0.5)
        assert ups_and_last()[0] == links and not reader.read()
        send(client, "a", b"2", 1, retain=False)
        assert reader.payloads(3) == [b"0", b"1", b"2"]
        until(lambda: ups_and_last() == (links + 1, b"0"), "the link has gone again")
        reader.messages.clear()


# --- where


def test_the_next_address_is_taken_while_the_first_is_away(debian, bridge):
    remote = debian()
    board = bridge(*section(free_port(), remote, lines=("topic # out 1",)))
    knock(board, "knock", remote, "knock")


@pytest.mark.few
def test_the_first_address_is_taken_again_when_it_is_back(debian, bridge):
    first, second = debian(), debian()
    first.kill()
    board = bridge(*section(first, second, lines=("topic # out 1",)))
    knock(board, "knock", second, "knock")
    first = debian(port=first.port)
    knock(board, "knock", first, "knock", seconds=40)
    link_is_up(second, state=0)


@pytest.mark.few
def test_with_round_robin_it_stays_where_it_is(debian, bridge):
    first, second = debian(), debian()
    first.kill()
    board = bridge(*section(first, second, lines=("topic # out 1", "round_robin true")))
    knock(board, "knock", second, "knock")
    first = debian(port=first.port)
    time.sleep(8)
    knock(board, "knock", second, "knock")
    second.kill()
    knock(board, "knock", first, "knock", seconds=40)


# --- what


def test_what_is_too_long_for_the_remote_stays_here(debian, bridge):
    remote = debian()
    reader = Reader(remote, "#")
    board = bridge(*section(remote, lines=("topic a out 1", "bridge_max_packet_size 1000")))
    client = board.connect()
    for length in (990, 1000, 20_000, 10):
        send(client, "a", b"x" * length, 1, retain=False)
    assert [len(message.payload) for message in reader.wait_for(2)] == [990, 10]


@pytest.mark.parametrize("line, expected", [("true", [b"b/out/#"]), ("false", [])])
def test_it_unsubscribes_what_goes_out_if_it_is_told_to(bridge, line, expected):
    with ScriptedBroker() as remote:
        board = bridge(*section(remote, lines=(
            "topic in/# in 1", "topic out/# out 1 a/ b/", f"bridge_attempt_unsubscribe {line}")), up=())
        peer = remote.peer()
        peer.accept()
        link_is_up(board)
        send(board.connect(), "a/out/x", b"the last", 1, retain=False)
        seen = read_until(peer, b"the last")
        assert [packets.body_of(data)[4:] for data in seen if data[0] >> 4 == 10] == expected
        assert [packets.body_of(data)[4:] for data in seen if data[0] >> 4 == 8] == [b"in/#\x01"]


@pytest.mark.parametrize("line, level", [("true", 0x84), ("false", 0x04)])
def test_it_says_that_it_is_a_bridge_unless_it_is_told_not_to(bridge, line, level):
    with ScriptedBroker() as remote:
        bridge(*section(remote, lines=("topic # out", f"try_private {line}")), up=())
        assert packets.body_of(remote.peer().accept())[6] == level


@pytest.mark.parametrize("answer", [
    packets.connack(1), pytest.param(None, marks=pytest.mark.swiftlet("it only believes CONNACK"))],
    ids=["refused", "hung up"])
def test_a_remote_that_takes_no_bridges_is_asked_again_at_once_without_the_mark(bridge, answer):
    with ScriptedBroker() as remote:
        board = bridge(*section(remote, lines=("topic # out 1",)), up=())
        first = remote.peer()
        began = time.monotonic()
        assert packets.body_of(first.receive())[6] == 0x84
        if answer:
            first.send(answer)
        first.close()
        second = remote.peer()
        assert packets.body_of(second.accept())[6] == 0x04
        link_is_up(board)
        assert time.monotonic() - began < 10


def test_pings_keep_the_link_alive_as_often_as_it_is_said(bridge):
    with ScriptedBroker() as remote:
        bridge(*section(remote, lines=("topic # out 1", "keepalive_interval 5", "notifications false")), up=())
        peer = remote.peer()
        began = time.monotonic()
        connect = peer.accept()
        assert packets.body_of(connect)[8:10] == packets.u16(5)
        read_until(peer, packets.PINGREQ)
        # 60 s, if it is not said.
        assert 1 < time.monotonic() - began < 20


# --- changes


def lines_with(*links: tuple[str, ...]) -> tuple[str, ...]:
    return ("mode bridge", "listener 0 127.0.0.1", "allow_anonymous true", *(line for link in links for line in link))


@pytest.mark.swiftlet("this version does not read bridges again")
def test_new_topics_hold_at_once(debian, bridge):
    remote = debian()
    board = bridge(*section(remote, lines=("topic a out 1", "topic b in 1")))
    knock(board, "a", remote, "a")
    history = Reader(remote, state_topic())
    event = board.reload(*lines_with(section(remote, lines=("topic c in 1", "topic d out 1"))))
    assert event["event"] == "reloaded", event
    knock(board, "d", remote, "d")
    knock(remote, "c", board, "c")
    reader = Reader(remote, "#")
    for topic in ("a", "d"):
        send(board.connect(), topic, b"x", 1, retain=False)
    assert reader.brief(1) == [("d", b"x")]
    assert [message.payload for message in history.read()] == [b"1"], "on the same connection"


@pytest.mark.swiftlet("this version does not read bridges again")
@pytest.mark.parametrize("kind", ["lazy", "immediate"])
def test_what_connect_says_holds_for_the_next_link_or_at_once_as_the_section_says(bridge, kind):
    def lines(seconds: int) -> tuple[str, ...]:
        return section(remote, lines=("topic # out", f"keepalive_interval {seconds}", f"bridge_reload_type {kind}"))

    with ScriptedBroker() as remote:
        board = bridge(*lines(40), up=())
        peer = remote.peer()
        assert packets.body_of(peer.accept())[8:10] == packets.u16(40)
        link_is_up(board)
        assert board.reload(*lines_with(lines(30)))["event"] == "reloaded"
        if kind == "lazy":
            time.sleep(0.5)
            assert peer.is_open()
            peer.close()
        assert packets.body_of(remote.peer().accept())[8:10] == packets.u16(30)


@pytest.mark.swiftlet("this version does not read bridges again")
def test_a_link_whose_section_stays_the_same_is_left_alone_by_a_reload(debian, bridge):
    remote = debian()
    one = section(remote, lines=("topic a out 1", "bridge_reload_type immediate"))
    board = bridge(*one)
    link_is_up(remote)
    history = Reader(remote, state_topic())
    assert board.reload(*lines_with(("max_message_rate 100",), one))["event"] == "reloaded"
    knock(board, "a", remote, "a")
    assert [message.payload for message in history.read()] == [b"1"]


@pytest.mark.swiftlet("this version does not read bridges again")
def test_what_sizes_memory_needs_a_restart_and_the_link_stays(debian, bridge, call):
    """As --fixed has said beforehand."""
    def fixed(lines) -> str:
        run = call("--fixed", lines=lines_with(lines))
        assert run.returncode == 0, run.stderr
        return run.stdout

    remote = debian()
    one = section(remote, lines=("topic a out 1",))
    board = bridge(*one)
    for lines in (one + section(remote, name="two", lines=("topic b out",)), (*one, "spool_messages 7"),
                  (*one, *(f"topic b{n} out 1" for n in range(9)))):
        event = board.reload(*lines_with(lines))
        assert event["event"] == "reload-failed" and "restart" in event["problem"]
        assert fixed(lines) != fixed(one)
    assert fixed((*one, "topic b out 1", "keepalive_interval 7")) == fixed(one)
    knock(board, "a", remote, "a")
