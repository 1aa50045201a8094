"""Bridge mode: what crosses a link to another broker, and as what."""

import pytest

from bridge import Reader, knock, link_is_up, section
from deadline import until
from retained import send


@pytest.mark.parametrize("published, line, arrives", [(0, 2, 0), (1, 2, 1), (2, 2, 2), (2, 1, 1), (2, 0, 0)])
def test_messages_go_out_with_the_lower_qos(debian, bridge, published, line, arrives):
    remote = debian()
    reader = Reader(remote, "#")
    board = bridge(*section(remote, lines=(f"topic sensors/# out {line}",)))
    send(board.connect(), "sensors/a", b"x", published, retain=False)
    message, = reader.wait_for(1)
    assert (message.topic, message.payload, message.qos) == ("sensors/a", b"x", arrives)


@pytest.mark.parametrize("published, line, arrives", [(0, 2, 0), (1, 2, 1), (2, 2, 2), (2, 1, 1), (2, 0, 0)])
def test_messages_come_in_with_the_lower_qos(debian, bridge, published, line, arrives):
    remote = debian()
    board = bridge(*section(remote, lines=(f"topic orders/# in {line}",)))
    knock(remote, "orders/knock", board, "orders/knock")
    reader = Reader(board, "#")
    send(remote.connect(), "orders/a", b"x", published, retain=False)
    message, = reader.wait_for(1)
    assert (message.topic, message.payload, message.qos) == ("orders/a", b"x", arrives)


def test_only_what_a_line_names_crosses_and_only_that_way(debian, bridge):
    remote = debian()
    board = bridge(*section(remote, lines=("topic up/# out 1", "topic down/+ in 1", "topic end out 1")))
    knock(remote, "down/knock", board, "down/knock")
    there, here = Reader(remote, "#"), Reader(board, "#")
    local, far = board.connect(), remote.connect()
    for topic in ("down/x", "other", "up/x", "end/x", "end"):
        send(local, topic, b"local", 1, retain=False)
    for topic in ("up/y", "down/x/y", "other", "down/x"):
        send(far, topic, b"far", 1, retain=False)
    knock(remote, "down/knock", board, "down/knock")
    send(local, "end", b"knock", 1, retain=False)
    until(lambda: ("end", b"knock") in there.brief(0), "what was sent last")
    assert [each for each in there.brief(0) if each[1] == b"local"] == [("up/x", b"local"), ("end", b"local")]
    assert [each for each in here.brief(0) if each[1] == b"far"] == [("down/x", b"far")]


@pytest.mark.parametrize("line, local, remote_topic", [
    ("topic # both 1 house/ cloud/7/", "house/kitchen/lamp", "cloud/7/kitchen/lamp"),
    ('topic lamp both 1 house/ ""', "house/lamp", "lamp"),
    ('topic +/lamp both 1 "" cloud/', "kitchen/lamp", "cloud/kitchen/lamp"),
    ('topic "" both 1 here/it there/that', "here/it", "there/that"),
], ids=["both", "local", "remote", "one topic"])
def test_topics_are_rewritten_both_ways(debian, bridge, line, local, remote_topic):
    remote = debian()
    board = bridge(*section(remote, lines=(line,)))
    knock(remote, remote_topic, board, local)
    there, here = Reader(remote, "#"), Reader(board, "#")
    send(board.connect(), local, b"out", 1, retain=False)
    assert there.brief(1) == [(remote_topic, b"out")]
    send(remote.connect(), remote_topic, b"in", 1, retain=False)
    # Each is there once: nothing comes back.
    assert here.brief(2) == [(local, b"out"), (local, b"in")]
    knock(remote, remote_topic, board, local)
    assert [message for message in there.read() if b"knock" not in message.payload] == there.messages[:2]


def test_long_and_empty_and_binary_payloads_cross_as_they_are(debian, bridge):
    remote = debian()
    board = bridge(*section(remote, lines=("topic a out 2", "topic b in 2")))
    knock(remote, "b", board, "b")
    payloads = [b"", bytes(range(256)) * 40, b"\0"]
    for sender, receiver, topic in ((board, remote, "a"), (remote, board, "b")):
        reader, client = Reader(receiver, topic), sender.connect()
        for payload in payloads:
            send(client, topic, payload, 2, retain=False)
        assert reader.payloads(3) == payloads


def test_mosquittos_bridge_and_our_broker_understand_each_other(start, debian):
    ours = start()
    other = debian("allow_anonymous true", *section(ours, lines=("topic # both 2 house/ cloud/",)))
    link_is_up(other)
    knock(ours, "cloud/x", other, "house/x")
    there, here = Reader(ours, "#"), Reader(other, "#")
    for qos in (0, 1, 2):
        send(other.connect(), "house/a", b"%d" % qos, qos, retain=False)
        send(ours.connect(), "cloud/b", b"%d" % qos, qos, retain=False)
        there.wait_for(2 * qos + 2), here.wait_for(2 * qos + 2)
    for reader, prefix in ((there, "cloud/"), (here, "house/")):
        assert sorted((m.topic, m.payload, m.qos) for m in reader.read()) == sorted(
            (prefix + topic, b"%d" % qos, qos) for topic in "ab" for qos in (0, 1, 2))


def test_our_bridge_and_our_broker_understand_each_other(start, bridge):
    remote = start()
    board = bridge(*section(remote, lines=("topic # both 2 house/ cloud/",)))
    knock(remote, "cloud/x", board, "house/x")
    there, here = Reader(remote, "#"), Reader(board, "#")
    for qos in (0, 1, 2):
        send(board.connect(), "house/a", b"%d" % qos, qos, retain=False)
        send(remote.connect(), "cloud/b", b"%d" % qos, qos, retain=False)
        there.wait_for(2 * qos + 2), here.wait_for(2 * qos + 2)
    for reader, prefix in ((there, "cloud/"), (here, "house/")):
        assert sorted((m.topic, m.payload, m.qos) for m in reader.read()) == sorted(
            (prefix + topic, b"%d" % qos, qos) for topic in "ab" for qos in (0, 1, 2))


def test_messages_cross_a_chain_of_three_once_in_each_direction(debian, bridge):
    """mosquitto at the end, ours in the middle and at the start; all by `both #`."""
    last = debian()
    middle = bridge(*section(last, name="middle", lines=("topic # both 2",)), up=("middle",))
    first = bridge(*section(middle, name="first", lines=("topic # both 2",)), up=("first",))
    knock(last, "knock", middle, "knock")
    knock(middle, "knock", first, "knock")
    readers = [Reader(broker, "test/#") for broker in (first, middle, last)]
    for topic, broker in (("test/first", first), ("test/middle", middle), ("test/last", last)):
        send(broker.connect(), topic, b"x", 2, retain=False)
    for reader in readers:
        reader.wait_for(3)
    knock(last, "knock", first, "knock")
    knock(first, "knock", last, "knock")
    for reader in readers:
        assert sorted(message.topic for message in reader.read()) == ["test/first", "test/last", "test/middle"]


def test_a_bridge_without_a_listener_joins_two_brokers(debian, start):
    one, other = debian(), debian()
    start("mode bridge", *section(one, name="one", lines=("topic # both 1 x/ a/",)),
          *section(other, name="other", lines=("topic # both 1 x/ b/",)), only=True)
    knock(one, "a/test", other, "b/test")
    knock(other, "b/test", one, "a/test")
    readers = Reader(one, "#"), Reader(other, "#")
    send(one.connect(), "a/1", b"x", 1, retain=False)
    send(other.connect(), "b/2", b"x", 1, retain=False)
    assert sorted(readers[0].brief(2)) == [("a/1", b"x"), ("a/2", b"x")]
    assert sorted(readers[1].brief(2)) == [("b/1", b"x"), ("b/2", b"x")]
