"""Bridge mode: messages wait while the remote is away, within limits of their own."""

import time

import pytest

import packets
from bridge import Reader, knock, link_is_up, section
from ports import free_port
from process import stopped
from retained import send
from scripted_broker import ScriptedBroker
from system_topics import SystemTopics

TOPICS = "topic house/# out 1"


def spooled(board, *, messages: int, name="link") -> None:
    SystemTopics(board).wait_for({f"connection/{name}/spool/messages": messages})


def test_what_waits_goes_out_in_order_when_the_remote_is_back(debian, bridge):
    remote = debian()
    board = bridge(*section(remote, lines=(TOPICS,)))
    knock(board, "house/knock", remote, "house/knock")
    remote.kill()
    link_is_up(board, state=0)
    client = board.connect()
    for i in range(100):
        send(client, f"house/{i % 3}", b"%d" % i, 1, retain=False)
    with stopped(board.process.pid):  # so that whoever reads is there first
        reader = Reader(debian("allow_anonymous true", "max_queued_messages 0", port=remote.port), "house/#")
    assert [int(payload) for payload in reader.payloads(100)] == list(range(100))


@pytest.mark.swiftlet("its bridges have no limits of their own")
@pytest.mark.parametrize("lines, kept, dropped", [
    (("spool_messages 10",), list(range(10)), {"full": 20}),
    (("spool_messages 10", "spool_policy newest"), list(range(10)), {"full": 20}),
    (("spool_messages 10", "spool_policy oldest"), list(range(20, 30)), {"full": 20}),
    (("spool_messages 10", "spool_policy latest"), [27, 28, 29], {"replaced": 27}),
    (("spool_messages 1000", "spool_size 10K", "spool_policy oldest"), list(range(21, 30)), {"full": 21}),
], ids=["default", "newest", "oldest", "latest", "bytes"])
def test_what_does_not_fit_is_dropped_counted_and_logged(bridge, debian, lines, kept, dropped):
    port = free_port()
    board = bridge("sys_interval 1", "max_packet_size 2K", *section(port, lines=(TOPICS, *lines)), up=())
    topics, client = SystemTopics(board), board.connect()
    for i in range(30):
        # Nine of them are less than 10 KiB, ten are more.
        send(client, f"house/{i % 3}", b"%d:" % i + b"x" * 1100, 1, retain=False)
    cause, count = next(iter(dropped.items()))
    topics.wait_for({f"connection/link/dropped/{cause}": count, "connection/link/spool/messages": len(kept)})
    event = board.wait_for(event="dropped", bridge="link")
    field = {"full": "spool-full"}.get(cause, cause)
    assert sum(int(each.get(field, 0)) for each in board.log.matching(event="dropped", bridge="link")) <= count
    assert int(event[field]) > 0
    with stopped(board.process.pid):  # so that whoever reads is there first
        reader = Reader(debian(port=port), "house/#")
    assert [int(payload.split(b":")[0]) for payload in reader.payloads(len(kept))] == kept
    topics.wait_for({"connection/link/spool/messages": 0, "connection/link/spool/bytes": 0})


@pytest.mark.swiftlet("its bridges have no limits of their own")
def test_what_is_too_old_is_dropped(bridge, debian):
    port = free_port()
    board = bridge("sys_interval 1", *section(port, lines=(TOPICS, "spool_expiry 6")), up=())
    topics, client = SystemTopics(board), board.connect()
    send(client, "house/old", b"x", 1, retain=False)
    topics.wait_for({"connection/link/dropped/expired": 1, "connection/link/spool/messages": 0})
    send(client, "house/new", b"x", 1, retain=False)
    with stopped(board.process.pid):  # so that whoever reads is there first
        reader = Reader(debian(port=port), "house/#")
    assert reader.brief(1) == [("house/new", b"x")]


@pytest.mark.swiftlet("its option is for all clients")
@pytest.mark.parametrize("lines, kept", [((), [b"1"]), (("spool_qos0 true",), [b"0", b"1"])], ids=["default", "kept"])
def test_qos_0_waits_only_if_it_is_said(bridge, debian, lines, kept):
    port = free_port()
    board = bridge(*section(port, lines=(TOPICS, *lines)), up=())
    client = board.connect()
    for qos in (0, 1):
        send(client, "house/a", b"%d" % qos, qos, retain=False)
    with stopped(board.process.pid):  # so that whoever reads is there first
        reader = Reader(debian(port=port), "house/#")
    assert reader.payloads(len(kept)) == kept


@pytest.mark.swiftlet("its bridges have no limits of their own")
def test_a_full_spool_takes_nothing_from_the_house_and_the_house_nothing_from_a_spool(bridge):
    """A message of QoS 1 is taken and delivered however many wait for the remote."""
    board = bridge("sys_interval 1", "max_messages 200", "message_store_size 64K", "max_packet_size 16K", *section(
        free_port(), lines=("topic house/# out 1", "spool_messages 500", "spool_size 256K")), up=())
    client, reader = board.connect(), Reader(board, "house/#", "other/#")
    for i in range(1000):
        send(client, "house/a", b"%d" % i + b"x" * 200, 1, retain=False)
        reader.wait_for(i + 1)
    topics = SystemTopics(board)
    topics.wait_for({"connection/link/spool/messages": 500, "connection/link/dropped/full": 500})
    send(client, "other/a", b"x" * 10_000, 1, retain=False)
    assert reader.payloads(1001)[-1] == b"x" * 10_000


@pytest.mark.swiftlet("its backlog comes first")
def test_live_messages_do_not_wait_for_the_backlog(bridge):
    """The remote acknowledges one message after the other; something new comes soon, not last."""
    with ScriptedBroker() as remote:
        board = bridge("max_inflight_messages 2", *section(remote, lines=(TOPICS, "notifications false")), up=())
        remote.peer().close()
        client = board.connect()
        for i in range(100):
            send(client, "house/backlog", b"%d" % i, 1, retain=False)
        remote.listener.settimeout(20)
        peer = remote.peer()
        peer.accept()
        taken = []
        while len(taken) < 101:
            message = packets.Publish.decode(peer.receive())
            taken.append(message)
            if len(taken) == 10:
                send(client, "house/live", b"x", 1, retain=False)
            peer.send(packets.puback(message.id))
        position = [message.topic for message in taken].index("house/live")
        assert 9 < position < 20
        assert [int(m.payload) for m in taken if m.topic == "house/backlog"] == list(range(100)), "the order is kept"


@pytest.mark.swiftlet("its backlog comes first")
def test_what_has_a_backlog_of_its_own_waits_for_that(bridge):
    with ScriptedBroker() as remote:
        board = bridge("max_inflight_messages 2", *section(remote, lines=(TOPICS, "notifications false")), up=())
        remote.peer().close()
        client = board.connect()
        for i in range(30):
            send(client, f"house/{i % 2}", b"%d" % i, 1, retain=False)
        peer = remote.peer()
        peer.accept()
        taken = []
        while len(taken) < 40:
            message = packets.Publish.decode(peer.receive())
            taken.append(message)
            if len(taken) == 5:
                for i in range(30, 40):
                    send(client, f"house/{i % 2}", b"%d" % i, 1, retain=False)
            peer.send(packets.puback(message.id))
        for topic in ("house/0", "house/1"):
            numbers = [int(message.payload) for message in taken if message.topic == topic]
            assert numbers == sorted(numbers), topic


def test_no_more_messages_are_on_their_way_than_the_window_has(bridge):
    with ScriptedBroker() as remote:
        board = bridge("max_inflight_messages 5", *section(remote, lines=(
            TOPICS, "notifications false", "bridge_attempt_unsubscribe false")), up=())
        peer = remote.peer()
        peer.accept()
        client = board.connect()
        for i in range(20):
            send(client, "house/a", b"%d" % i, 1, retain=False)
        time.sleep(0.3)
        first = [packets.Publish.decode(peer.receive()) for _ in range(5)]
        peer.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            peer.receive()
        peer.socket.settimeout(20)
        peer.send(*(packets.puback(message.id) for message in first))
        assert packets.Publish.decode(peer.receive()).payload == b"5"
