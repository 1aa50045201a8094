"""Starting, what the first log line says, and stopping."""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import pytest

import packets
from broker import OPEN
from deadline import until
from log import parse
from ports import free_port

pytestmark = pytest.mark.swiftlet("its own command line and log")

STOP_SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)


def can_exchange(broker) -> bool:
    client = broker.connect()
    client.subscribe(("start", 0))
    client.send(packets.publish("start", b"up"))
    client.expect(packets.publish("start", b"up"))
    return True


def test_the_board_file_is_the_argument(start):
    assert can_exchange(start())


def test_the_board_file_can_follow_c(start, tmp_path):
    """As mosquitto's can."""
    file = tmp_path / "my.conf"
    file.write_text("\n".join(OPEN))  # without a line feed at the end
    assert can_exchange(start(arguments=["-c", str(file)]))


def test_a_dash_stands_for_standard_input(start):
    assert can_exchange(start(arguments=["-"], stdin="\n".join(OPEN).encode()))


def test_comments_empty_lines_and_spaces_are_no_settings(start):
    assert can_exchange(start("# a comment", "", "   ", "  # another", "\tmax_keepalive   60\t", "max_connections 8 "))


def test_without_arguments_it_serves_this_machine_on_port_1883(start):
    """This one needs the standard port to be free."""
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", 1883)) != 0, "port 1883 of 127.0.0.1 is taken by another program"
    broker = start(arguments=[])
    assert broker.address == ("127.0.0.1", 1883)
    assert can_exchange(broker)


def test_the_first_line_says_where_it_listens_for_whom_and_how_much_memory_it_has(start):
    broker = start()
    line = parse(broker.log.lines[0])
    assert (line["event"], line["mode"], line["listen"]) == ("ready", "broker", f"127.0.0.1:{broker.port}")
    assert line["access"]
    assert int(line["memory"]) > 0


def test_several_listeners_are_all_served(start):
    broker = start("listener 0 127.0.0.1", "listener 0 127.0.0.2")
    assert [host for host, _ in broker.addresses] == ["127.0.0.1", "127.0.0.1", "127.0.0.2"]
    subscriber = broker.connect()
    subscriber.subscribe(("across", 0))
    for address in broker.addresses:
        client = broker.dial(address=address)
        client.request(packets.connect(""), answer=packets.ACCEPTED)
        client.send(packets.publish("across", b"m"))
        subscriber.expect(packets.publish("across", b"m"))


def test_an_ipv6_listener_is_served_and_logged_in_brackets(start):
    broker = start("listener 0 ::1", "allow_anonymous true", only=True)
    assert broker.ready["listen"] == f"[::1]:{broker.port}"
    client = broker.connect()
    assert broker.wait_for(event="connected", address=client.address)


@STOP_SIGNALS
def test_a_signal_to_stop_ends_it_with_status_0_and_a_last_line(start, number):
    broker = start()
    assert broker.stop(number) == 0
    assert parse(broker.log.tail().splitlines()[-1])["event"] == "stopped"


def test_signals_that_come_while_it_starts_are_answered_once_it_runs(start, tmp_path):
    """The board file is a pipe: as long as it is not written, it is still being read."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    broker = start(arguments=[str(pipe)], ready=False)
    with open_when_read(pipe) as file:
        broker.process.send_signal(signal.SIGHUP)
        broker.process.send_signal(signal.SIGUSR1)
        file.write("\n".join(OPEN))
    broker.wait_until_ready()
    with open_when_read(pipe) as file:
        file.write("\n".join(OPEN))
    broker.wait_for(event="reloaded")
    broker.wait_for(event="pool")


def open_when_read(pipe: Path) -> TextIO:
    """Its end for writing, once there is a reader. Plainly opened it would wait for one for ever."""
    def opened() -> TextIO | None:
        with suppress(OSError):
            return os.fdopen(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK), "w")

    return until(opened, f"a reader of {pipe}")


@STOP_SIGNALS
def test_stopping_ends_every_connection_and_logs_it(start, number):
    broker = start()
    clients = [broker.dial(), broker.connect(), broker.connect()]
    clients[1].subscribe(("#", 2))
    clients[2].expect_nothing()
    assert broker.stop(number) == 0
    for client in clients:
        client.expect_end()
    assert [broker.reason(client) for client in clients] == ["shutdown"] * 3


def test_it_stops_while_messages_flow(start):
    broker = start()
    subscriber = broker.connect(receive_buffer=4096)
    subscriber.subscribe(("flow", 1))
    broker.connect().send(*[packets.publish("flow", b"x" * 1000, qos=1, id=id) for id in range(1, 500)])
    assert broker.stop() == 0


def test_it_can_be_started_again_at_once_on_the_same_port(start):
    """Connections of the old process may still wait in the kernel."""
    lines = (f"listener {free_port()} 127.0.0.1", "allow_anonymous true")
    for _ in range(3):
        broker = start(*lines, only=True)
        assert can_exchange(broker)
        assert broker.stop() == 0


def test_a_client_that_resets_its_connection_is_only_its_own_loss(start):
    broker = start()
    client = broker.connect()
    client.reset()
    assert broker.reason(client) == "network-error"
    assert can_exchange(broker)


def test_connections_are_not_logged_when_connection_messages_is_false(start):
    broker = start("connection_messages false")
    client = broker.connect()
    client.send(packets.DISCONNECT)
    client.expect_end()
    assert broker.stop() == 0
    assert [event["event"] for event in broker.log.events()] == ["ready", "stopped"]
