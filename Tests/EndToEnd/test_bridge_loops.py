"""Bridge mode: what is sent does not come back, neither from brokers that know of bridges nor from others."""

from itertools import chain, repeat

import pytest

from bridge import Reader, knock, section
from proxy import Proxy
from retained import send

COUNT = 50

OTHERS = pytest.mark.swiftlet("it takes what it has sent itself for something new")


@pytest.fixture(params=[
    "aware", pytest.param("not told", marks=OTHERS), pytest.param("refuses", marks=OTHERS)])
def joined(request, debian, bridge):
    """A bridge and its remote, joined in both directions, and that know of each other or not."""
    remote = debian("allow_anonymous true", "max_queued_messages 0")
    lines = ("topic # both 1", "notifications_local_only true")
    with Proxy(remote.port, refuses_bridges=request.param == "refuses") as proxy:
        if request.param == "not told":
            lines += ("try_private false",)
        board = bridge(*section(proxy, lines=lines))
        knock(remote, "knock", board, "knock")
        knock(board, "knock", remote, "knock")
        assert proxy.refused == (request.param == "refuses")
        yield board, remote, request.param == "aware"


def counts(reader: Reader) -> dict[tuple[str, bytes], int]:
    found: dict[tuple[str, bytes], int] = {}
    for message in reader.read():
        found[message.topic, message.payload] = found.get((message.topic, message.payload), 0) + 1
    return found


def test_each_message_is_on_either_side_once(joined):
    board, remote, _ = joined
    here, there = Reader(board, "test/#"), Reader(remote, "test/#")
    local, far = board.connect(), remote.connect()
    for i in range(COUNT):
        for qos in (0, 1):
            send(local, f"test/local/{qos}", b"%d" % i, qos, retain=False)
            send(far, f"test/far/{qos}", b"%d" % i, qos, retain=False)
    for reader in (here, there):
        reader.wait_for(4 * COUNT)
    knock(board, "knock", remote, "knock")
    knock(remote, "knock", board, "knock")
    for reader in (here, there):
        assert counts(reader) == {
            (f"test/{side}/{qos}", b"%d" % i): 1 for side in ("local", "far") for qos in (0, 1) for i in range(COUNT)}


def test_the_same_message_again_is_another_one(joined):
    """From here, from there, and from here: all three are on both sides."""
    board, remote, _ = joined
    here, there = Reader(board, "test"), Reader(remote, "test")
    for count, sender in enumerate((board, remote, board, board, remote, remote), start=1):
        send(sender.connect(), "test", b"on", 1, retain=False)
        for reader in (here, there):
            reader.wait_for(count)
        # What might come back would have come by then.
        knock(remote, "knock", board, "knock")
    for reader in (here, there):
        assert counts(reader) == {("test", b"on"): 6}


def test_what_is_retained_is_on_both_sides_once(joined):
    """Only bridges are told by the remote that a message was published as one to be retained."""
    board, remote, knows = joined
    here, there = Reader(board, "test/#"), Reader(remote, "test/#")
    send(board.connect(), "test/local", b"x", 1, retain=True)
    send(remote.connect(), "test/far", b"y", 1, retain=True)
    both = {("test/local", b"x"): 1, ("test/far", b"y"): 1}
    for reader, broker, expected in (
            (here, board, both if knows else {("test/local", b"x"): 1}), (there, remote, both)):
        reader.wait_for(2)
        knock(remote, "knock", board, "knock")
        knock(board, "knock", remote, "knock")
        assert counts(reader) == both
        late = Reader(broker, "test/#")
        late.wait_for(len(expected))
        assert counts(late) == expected and all(message.retain for message in late.messages)


@pytest.mark.few
@OTHERS
def test_what_comes_back_only_after_a_cut_is_recognised_too(debian, bridge):
    """The remote keeps it for the bridge, whose session it has; QoS 2 shows each that is taken for a new one."""
    remote = debian("allow_anonymous true", "max_queued_messages 0")
    with Proxy(remote.port, chain([1000, 3000, 2000], repeat(None))) as proxy:
        board = bridge(*section(proxy, lines=(
            "topic # both 2", "try_private false", "notifications false", "restart_timeout 1 1 1")), up=())
        here, there = Reader(board, "test/#"), Reader(remote, "test/#")
        client = board.connect()
        for i in range(COUNT):
            send(client, f"test/{i}", b"x" * 50, 2, retain=False)
            here.read(), there.read()
        there.wait_for(COUNT)
        knock(remote, "knock", board, "knock")
        knock(board, "knock", remote, "knock")
        assert proxy.cuts >= 3
        for reader in (here, there):
            assert counts(reader) == {(f"test/{i}", b"x" * 50): 1 for i in range(COUNT)}
