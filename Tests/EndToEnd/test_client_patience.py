"""Client mode while its programs take their time: the connection must not suffer for it."""

import pytest

from client_mode import Board, Debian, script
from mosquitto_tools import publish, subscribe

pytestmark = pytest.mark.swiftlet("mosquitto has no such mode")


@pytest.fixture
def board(target, tmp_path):
    """Starts a board whose only program does not run twice at a time, while nothing waits for it."""
    started: list[Board] = []

    def start(broker: Debian, program: str, *lines: str) -> Board:
        lines = ("mode client", f"address 127.0.0.1:{broker.port}", "restart_timeout 1", *lines,
                 f"subscribe test qos 1 exec {program}", "exec_queue 0", "exec_timeout 1h")
        started.append(Board(target, tmp_path / "board", lines))
        started[-1].wait_for(event="subscribed")
        return started[-1]

    yield start
    for client in started:
        client.kill()


@pytest.mark.native
def test_programs_that_run_longer_than_the_keep_alive_cost_no_connection(debian, board):
    """Answers to PINGREQ stand behind messages that cannot be taken. The broker hears from us all the same."""
    broker = debian()
    client = board(broker, "/bin/sleep 9", "keepalive_interval 5")
    publish(broker, "-t", "test", "-q", "1", "-l", input=b"1\n2\n3\n")
    client.wait_for(event="action-ended", count=2, seconds=30)
    assert not client.log.matching(event="disconnected")


def test_a_broker_that_comes_again_is_found_though_no_message_can_be_taken(debian, board, tmp_path):
    broker = debian()
    program = script(tmp_path / "program", "while ! [ -e $0.go ]; do sleep 0.1; done")
    client = board(broker, program, "publish alive retain every 1s exec /bin/echo yes")
    publish(broker, "-t", "test", "-q", "1", "-l", input=b"1\n2\n3\n4\n")
    client.wait_for(event="message", payload="2")
    marked = client.mark()
    broker.kill()
    broker = debian(port=broker.port)
    client.wait_for(since=marked, event="connected")
    assert subscribe(broker, "-t", "alive", "-C", "1", "-W", "10") == ["yes"]
    (tmp_path / "program.go").touch()
    client.wait_for(event="action-ended", count=2)
    assert client.stop() == 0
