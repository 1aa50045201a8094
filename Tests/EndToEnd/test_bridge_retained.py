"""Bridge mode: retained messages, on their way and in step on both sides."""

import pytest

from bridge import Reader, knock, link_is_up, section
from retained import send


@pytest.mark.parametrize("keeps, expected", [("true", [b"x"]), ("false", [])])
def test_retained_messages_go_out_as_such_unless_it_is_said_otherwise(debian, bridge, keeps, expected):
    remote = debian()
    board = bridge(*section(remote, lines=("topic a/# out 1", f"bridge_outgoing_retain {keeps}")))
    reader = Reader(remote, "#")
    send(board.connect(), "a/b", b"x", 1, retain=True)
    assert reader.payloads(1) == [b"x"]
    late = remote.connect()
    late.subscribe(("a/#", 1))
    assert [message.payload for message in late.publishes_so_far()] == expected


def test_retained_messages_come_in_as_such_and_are_removed_by_an_empty_one(debian, bridge):
    remote = debian()
    board = bridge(*section(remote, lines=("topic a/# in 1",)))
    knock(remote, "a/knock", board, "a/knock")
    reader, far = Reader(board, "#"), remote.connect()
    send(far, "a/b", b"x", 1, retain=True)
    assert reader.payloads(1) == [b"x"]
    message, = Reader(board, "a/b").wait_for(1)
    assert message.retain and message.payload == b"x"
    send(far, "a/b", b"", 1, retain=True)
    assert reader.payloads(2) == [b"x", b""]
    late = board.connect()
    late.subscribe(("a/#", 1))
    late.expect_nothing()


def test_what_was_retained_before_the_link_was_there_is_on_both_sides_then(debian, bridge):
    remote = debian()
    remote.kill()
    board = bridge(*section(remote, lines=("topic in/# in 1", "topic out/# out 1")), up=())
    send(board.connect(), "out/x", b"local", 1, retain=True)
    remote = debian(port=remote.port)
    send(remote.connect(), "in/x", b"remote", 1, retain=True)
    assert Reader(board, "in/#").brief(1) == [("in/x", b"remote")]
    assert Reader(remote, "out/#").brief(1) == [("out/x", b"local")]
    message, = Reader(board, "in/#").wait_for(1)
    assert message.retain


def test_a_remote_that_has_lost_everything_gets_what_is_retained_again(debian, bridge):
    remote = debian()
    board = bridge(*section(remote, lines=("topic # out 1 a/ b/",)))
    client = board.connect()
    reader = Reader(remote, "#")
    for i in range(5):
        send(client, f"a/{i}", b"x", 1, retain=True)
    reader.wait_for(5)
    remote.kill()
    link_is_up(board, state=0)
    send(client, "a/3", b"", 1, retain=True)
    send(client, "a/4", b"y", 1, retain=True)
    remote = debian(port=remote.port)
    link_is_up(board)
    knock(board, "a/knock", remote, "b/knock")
    late = remote.connect()
    late.subscribe(("b/#", 1))
    assert sorted((message.topic, message.payload) for message in late.publishes_so_far()) == [
        ("b/0", b"x"), ("b/1", b"x"), ("b/2", b"x"), ("b/4", b"y")]


def test_what_is_retained_on_both_sides_goes_to_and_fro_no_more(debian, bridge):
    remote = debian()
    for topic in ("a", "b", "c"):
        send(remote.connect(), topic, b"remote", 1, retain=True)
    there = Reader(remote, "#")
    board = bridge(*section(remote, lines=("topic # both 1",)))
    knock(remote, "knock", board, "knock")
    here = Reader(board, "#")
    assert sorted(here.brief(3)) == [(topic, b"remote") for topic in ("a", "b", "c")]
    knock(board, "knock", remote, "knock")
    knock(remote, "knock", board, "knock")
    assert [each for each in there.brief(3) if each[1] == b"remote"] == [
        (topic, b"remote") for topic in ("a", "b", "c")], "nothing came back"
