"""Bridge mode: QoS 1 and 2 keep what they promise however often the link breaks and the remote dies.

SWIFTLET_CUTS=1000 breaks it more often; SWIFTLET_SEED=... breaks it where it broke before.
"""

import os
import signal
import time
from contextlib import ExitStack
from random import Random

import pytest

from bridge import Reader, knock, link_is_up, section
from client import Client
from deadline import until
from durable import Durable
from mosquitto_tools import at, run
from packets import Publish
from proxy import Proxy
from retained import send
from sessions import NEW, enter, leave
from system_topics import SystemTopics

pytestmark = pytest.mark.few

CUTS = int(os.environ.get("SWIFTLET_CUTS", "40"))
LINKS = 8
AHEAD = 30  # messages of one kind that are on their way


@pytest.fixture
def random() -> Random:
    seed = int(os.environ.get("SWIFTLET_SEED", time.time_ns() % 1_000_000))
    print(f"SWIFTLET_SEED={seed}")
    return Random(seed)


class Numbers:
    """Messages of one topic and QoS, numbered."""

    def __init__(self, topic: str, qos: int, random: Random):
        self.topic, self.qos, self.random = topic, qos, random
        self.sent = 0
        self._numbers: list[int] = []
        self._read = 0

    def payload(self) -> bytes:
        self.sent += 1
        return b"%d:" % (self.sent - 1) + b"." * int(10 ** self.random.uniform(0, 3))

    def arrived(self, messages: list[Publish]) -> list[int]:
        """Always of the same list, which may have grown."""
        new = messages[self._read:]
        self._read += len(new)
        self._numbers += [int(m.payload.split(b":")[0]) for m in new if m.topic == self.topic]
        return self._numbers

    def under_way(self, messages: list[Publish]) -> int:
        return self.sent - 1 - max(self.arrived(messages)[-1:], default=-1)

    def check(self, messages: list[Publish]) -> None:
        """All have come, in the order in which they were sent; each once, if that is promised."""
        numbers = self.arrived(messages)
        if self.qos == 1:
            numbers = list(dict.fromkeys(numbers))
        assert numbers == list(range(self.sent)), self.topic


def lines(count: int, topics: tuple[str, ...], remotes) -> tuple[str, ...]:
    return tuple(line for i in range(count) for line in section(remotes[i], name=f"link{i}", lines=(
        *(topic.replace("N", str(i)) for topic in topics), "restart_timeout 1 1 1")))


def test_nothing_is_lost_and_nothing_doubled_by_a_remote_that_dies_again_and_again(bridge, random, report):
    """Links to several, so that many die in a short time."""
    with ExitStack() as stack:
        remotes = [stack.enter_context(Durable(Random(random.random()))) for _ in range(LINKS)]
        board = bridge(*lines(LINKS, ("topic out/N/# out 2", "topic in/N/# in 2"), remotes), up=())
        out = [[Numbers(f"out/{i}/{qos}", qos, random) for qos in (1, 2)] for i in range(LINKS)]
        into = [[Numbers(f"in/{i}/{qos}", qos, random) for qos in (1, 2)] for i in range(LINKS)]
        publisher, reader = board.connect(), Reader(board, "in/#")
        deadline = time.monotonic() + 60 + CUTS
        while sum(remote.deaths for remote in remotes) < CUTS:
            assert time.monotonic() < deadline
            reader.read()
            for i, remote in enumerate(remotes):
                for numbers in out[i]:
                    if numbers.under_way(remote.received) < AHEAD:
                        send(publisher, numbers.topic, numbers.payload(), numbers.qos, retain=False)
                for numbers in into[i]:
                    if remote.owes < AHEAD:
                        remote.publish(numbers.topic, numbers.payload(), numbers.qos)
            time.sleep(0.01)
        for remote in remotes:
            remote.is_mortal = False
        finish(reader, [(remote.received, out[i]) for i, remote in enumerate(remotes)], sum(into, []))
        crossed = sum(numbers.sent for kinds in out + into for numbers in kinds)
        report(f"{sum(remote.deaths for remote in remotes)} deaths of remotes, {crossed} messages")


def test_nothing_is_lost_and_nothing_doubled_by_a_mosquitto_that_is_killed_again_and_again(
        bridge, debian, random, report, tmp_path):
    """mosquitto writes down some of what it has said only when it is told to, and what is done with not at all by
    itself: the link is cut, wherever that may be in what goes to and fro, and it is told, and killed a moment later.
    Otherwise it would not be the same session that comes back."""
    store = tmp_path / "store"
    store.mkdir()
    database = store / "mosquitto.db"

    def version() -> tuple[int, int] | None:
        """Another one once it is written anew, which mosquitto does beside it."""
        return (database.stat().st_ino, database.stat().st_mtime_ns) if database.exists() else None

    options = ("allow_anonymous true", "persistence true", f"persistence_location {store}/", "autosave_interval 1",
               "autosave_on_changes true", "max_queued_messages 0", "set_tcp_nodelay true")
    remote = debian(*options)
    leave(subscribed(enter(remote, "keeper", NEW), "out/#"))
    budgets = iter(lambda: int(10 ** random.uniform(1, 4.5)), None)
    with Proxy(remote.port) as proxy:
        # All that has waited may come at once for whoever reads here.
        board = bridge(*lines(1, ("topic out/# out 2", "topic in/# in 2"), [proxy]), "max_queued_messages 0",
                       "max_queued_bytes 0", "max_incoming_inflight 4000", "spool_messages 20000", "spool_size 12M",
                       up=())
        # What is published before the link has subscribed is not for it.
        knock(remote, "in/knock", board, "in/knock")
        proxy.budgets = budgets
        reader, local = Reader(board, "in/#"), board.connect()
        out, into = ([Numbers(f"{way}/{qos}", qos, random) for qos in (1, 2)] for way in ("out", "in"))
        for _ in range(max(4, CUTS // 20)):
            far = remote.connect()
            for _ in range(10):
                for client, kinds in ((local, out), (far, into)):
                    for numbers in kinds:
                        send(client, numbers.topic, numbers.payload(), numbers.qos, retain=False)
                reader.read()
            time.sleep(random.uniform(0, 0.2))
            proxy.cut()
            time.sleep(0.5)  # in which it takes in what has come
            before = version()
            remote.process.send_signal(signal.SIGUSR1)
            until(lambda: version() != before, "mosquitto has written down what it has said")
            remote.kill()
            for numbers in out:
                send(local, numbers.topic, numbers.payload(), numbers.qos, retain=False)
            remote = debian(*options, port=remote.port)
            proxy.mend()
            time.sleep(random.uniform(0, 2))
        proxy.budgets = None
        link_is_up(board, "link0")
        finish(reader, [], into)
        # Once it is quiet: what the session of whoever reads there has.
        SystemTopics(board).wait_for({"connection/link0/spool/messages": 0, "connection/link0/spool/under-way": 0})
        seconds = 10 + sum(numbers.sent for numbers in out) // 50
        printed = run("mosquitto_sub", *at(remote), "-i", "keeper", "-c", "-q", "2", "-t", "out/#", "-W", str(seconds),
                      "-F", "%t %p", status=27, timeout=seconds + 30)
        messages = [Publish(topic, payload.encode()) for topic, payload in map(str.split, printed.splitlines())]
        for numbers in out:
            numbers.check(messages)
        report(f"{proxy.cuts} cuts, {sum(numbers.sent for numbers in (*out, *into))} messages")


def subscribed(client: Client, topic: str) -> Client:
    client.subscribe((topic, 2))
    return client


def finish(reader: Reader, remotes: list[tuple[list[Publish], list[Numbers]]], into: list[Numbers]) -> None:
    """Waits for what is still on its way, and looks at what has come."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        here = reader.read()
        if not any(n.under_way(here) for n in into) and not any(
                n.under_way(there) for there, kinds in remotes for n in kinds):
            break
        time.sleep(0.1)
    time.sleep(0.5)
    for numbers in into:
        numbers.check(reader.read())
    for there, kinds in remotes:
        for numbers in kinds:
            numbers.check(there)
