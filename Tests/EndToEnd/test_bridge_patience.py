"""Bridge mode: whatever the network does, the house is served, and the state of the link is told."""

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from access_files import make_passwords
from bridge import Reader, knock, link_is_up, section
from bystanders import Bystanders
from deadline import until
from namespace import unshared
from process import is_alive
from proxy import Proxy
from retained import send
from silent import SilentBroker
from system_topics import SystemTopics

TOPICS = "topic # both 1"


# Whoever waits for the network would wait longer than clients here do.
ANSWER, BLOCKED = 5, 9


class House:
    """Local clients that are answered within seconds, whatever goes on."""

    def __init__(self, board):
        self.bystanders, self.topics = Bystanders(board), SystemTopics(board)
        self.bystanders.publisher.socket.settimeout(ANSWER)
        self.bystanders.subscriber.socket.settimeout(ANSWER)

    def lives_while(self, phase: str, seconds: float = 1.5) -> None:
        """Once the link is in that phase, and for a while from then on."""
        self.lives_until(phase=phase)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.exchange()

    def lives_until(self, seconds: float = 20.0, **wanted: str) -> None:
        """Until the values of the link are these."""
        deadline = time.monotonic() + seconds
        while any(self.value(name) != value for name, value in wanted.items()):
            assert time.monotonic() < deadline, (wanted, self.topics.values)
            self.exchange()

    def value(self, name: str) -> str | None:
        return self.topics.read().get(f"connection/link/{name}")

    def exchange(self) -> None:
        self.bystanders.exchange()
        time.sleep(0.005)


def children_of(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.fixture
def named(target, tmp_path):
    """Starts boards whose /etc/hosts and /etc/resolv.conf are the test's own."""
    hosts, resolv = tmp_path / "hosts", tmp_path / "resolv.conf"

    def named(server: str, timeout=1):
        hosts.write_text("127.0.0.1 localhost\n")
        resolv.write_text(f"nameserver {server}\noptions timeout:{timeout} attempts:1\n")
        mounts = f"mount --bind {hosts} /etc/hosts && mount --bind {resolv} /etc/resolv.conf && exec \"$@\""
        return unshared(target, "--mount", "sh", "-c", mounts, "sh"), hosts

    return named


@pytest.fixture
def black_hole():
    """A name server that takes questions and never answers; its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        try:
            server.bind(("127.0.0.99", 53))
        except PermissionError as error:
            pytest.skip(f"no name server may be run here: {error}")
        except OSError:
            # Another test has it at this moment, and answers nobody, either.
            pass
        yield "127.0.0.99"


@pytest.fixture
def full():
    """A port that nothing comes through to: its queue of connections is full, and more are not even refused."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as stack:
        for _ in range(8):
            client = stack.enter_context(socket.socket())
            client.settimeout(0.2)
            try:
                client.connect(listener.getsockname())
            except TimeoutError:
                break
        else:
            pytest.fail("the queue has no end")
        yield listener.getsockname()[1]


@pytest.mark.swiftlet("it blocks for all while it looks for the name")
def test_the_house_lives_while_a_name_server_never_answers(bridge, debian, named, black_hole):
    remote = debian()
    target, hosts = named(black_hole, timeout=BLOCKED)
    board = bridge("connection link", f"address broker.lan:{remote.port}", TOPICS, "restart_timeout 1",
                   "remote_clientid id-link", up=(), target=target)
    house = House(board)
    house.lives_while("resolving", seconds=3)
    house.lives_until(phase="waiting", seconds=40)
    with open(hosts, "a") as file:
        file.write("127.0.0.1 broker.lan\n")
    house.lives_until(phase="up", seconds=40)
    knock(board, "knock", remote, "knock")


@pytest.mark.swiftlet("it does not tell how far a link is")
def test_a_name_that_is_not_known_at_first_is_found_later(bridge, debian, named):
    remote = debian()
    target, hosts = named("127.0.0.1")
    board = bridge("connection link", f"address broker.lan:{remote.port}", TOPICS, "restart_timeout 1",
                   "remote_clientid id-link", up=(), target=target)
    event = board.wait_for(event="connect-failed", bridge="link")
    assert event["reason"] in ("name-not-resolved", "name-not-found")
    with open(hosts, "a") as file:
        file.write("127.0.0.1 broker.lan\n")
    link_is_up(board)


@pytest.mark.few
@pytest.mark.swiftlet("its look-ups are its own")
def test_the_house_lives_when_whoever_looks_up_names_is_killed(bridge, debian, named):
    """And so do the links."""
    remote = debian()
    target, hosts = named("127.0.0.1")
    hosts.write_text("127.0.0.1 localhost broker.lan\n")
    with Proxy(remote.port) as proxy:
        board = bridge("connection link", f"address broker.lan:{proxy.port}", TOPICS, "restart_timeout 1",
                       "remote_clientid id-link", target=target)
        house = House(board)
        children = children_of(board.process.pid)
        assert children
        for child in children:
            os.kill(child, signal.SIGKILL)
        house.exchange()
        until(lambda: not any(map(is_alive, children)), "they are gone")
        house.lives_while("up")
        proxy.cut()
        house.lives_until(state="0")
        proxy.mend()
        house.lives_until(state="1", seconds=40)
        knock(board, "knock", remote, "knock")


@pytest.mark.swiftlet("it does not tell how far a link is")
def test_the_house_lives_while_a_remote_cannot_be_reached(bridge, full):
    board = bridge(*section(full, lines=(TOPICS,)), up=())
    house = House(board)
    house.lives_while("connecting", seconds=3)


@pytest.mark.swiftlet("it does not tell how far a link is")
@pytest.mark.few
def test_an_attempt_to_reach_a_remote_ends(bridge, full, debian):
    """And the next address is tried."""
    remote = debian()
    board = bridge("connect_timeout 1", *section(full, remote, lines=(TOPICS,)), up=())
    House(board).lives_until(phase="up")


@pytest.mark.swiftlet("it does not tell how far a link is")
def test_the_house_lives_while_a_remote_accepts_and_says_nothing(bridge):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        remote = listener.getsockname()[1]
        board = bridge(f"connect_timeout {BLOCKED}", *section(remote, lines=(TOPICS,)), up=())
        house = House(board)
        house.lives_while("awaiting-connack", seconds=0.5)
        house.lives_until(phase="waiting", seconds=40)
        assert board.log.matching(event="connect-failed", bridge="link")


@pytest.mark.swiftlet("it does not tell how far a link is")
@pytest.mark.few
def test_a_remote_that_says_nothing_any_more_is_left(bridge):
    with SilentBroker() as remote:
        board = bridge(*section(remote, lines=("topic # out", "keepalive_interval 5")))
        house = House(board)
        house.lives_until(state="0")
        event, = board.log.matching(event="disconnected", bridge="link")
        assert event["reason"] == "keep-alive-expired"


@pytest.mark.swiftlet("it does not tell how far a link is")
@pytest.mark.few
def test_a_link_that_goes_nowhere_is_made_anew(bridge, debian):
    """Messages for it wait, and none is lost."""
    remote = debian()
    reader = Reader(remote, "house/#")
    with Proxy(remote.port) as proxy:
        board = bridge(*section(proxy, lines=("topic house/# out 1", "keepalive_interval 5")))
        knock(board, "house/knock", remote, "house/knock")
        before = len(reader.read())
        proxy.freeze()
        client = board.connect()
        for i in range(50):
            send(client, "house/a", b"%d" % i, 1, retain=False)
        House(board).lives_until(state="0")
        proxy.is_frozen.clear()
        assert [int(payload) for payload in reader.payloads(before + 50)[before:]] == list(range(50))


@pytest.mark.swiftlet("it does not tell how far a link is")
def test_wrong_credentials_are_told_and_tried_again(bridge, debian, tmp_path):
    wrong = make_passwords(tmp_path / "wrong", {"alice": "another"})
    remote = debian("allow_anonymous false", f"password_file {wrong}")
    board = bridge(*section(remote, lines=(TOPICS, "remote_username alice", "remote_password right")), up=())
    event = board.wait_for(event="connect-failed", bridge="link")
    assert (event["reason"], event["code"]) == ("not-authorised", "5")
    house = House(board)
    house.lives_until(reason="not-authorised", state="0")
    make_passwords(tmp_path / "wrong", {"alice": "right"})
    remote.process.send_signal(signal.SIGHUP)
    house.lives_until(reason="connected", state="1", phase="up")


@pytest.mark.few
def test_one_link_that_is_stuck_holds_up_no_other(bridge, debian, full, named, black_hole):
    remote = debian()
    target, _ = named(black_hole)
    with SilentBroker() as silent:
        board = bridge(
            "connection lost", "address broker.lan", TOPICS, *section(full, name="full", lines=(TOPICS,)),
            *section(silent, name="silent", lines=(TOPICS,)), *section(remote, lines=(TOPICS,)), target=target)
        knock(board, "knock", remote, "knock")
        knock(remote, "knock", board, "knock")
