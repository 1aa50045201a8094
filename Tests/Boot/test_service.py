"""What the owner of a board does with the service: settings, modes, files of his own."""

import packets
from board import HOST, PATIENCE, Board
from packets import Publish, connack, connect, puback
from uci import main, section


def says(board: Board, *lines: str) -> str:
    """A board config of the owner's."""
    board.write("/etc/swiftlet/my.conf", "".join(f"{line}\n" for line in lines))
    return main(config="/etc/swiftlet/my.conf")


def patient(broker):
    """A client elsewhere, which waits for a board."""
    client = broker.dial(seconds=PATIENCE)
    client.request(connect("there", keep_alive=600), answer=packets.ACCEPTED)
    return client


def publish(client, topic: str, payload: bytes) -> None:
    client.request(packets.publish(topic, payload, qos=1, id=1), answer=puback(1))


def expect(client, topic: str, payload: bytes) -> None:
    message = client.receive_publish()
    assert message == Publish(topic, payload, 1, message.id, retain=message.retain)
    client.send(puback(message.id))


def test_new_limits_hold_at_once_and_nobody_is_disconnected(board):
    process, before = board.process(), board.connect("before")
    since = board.configure(main() + section("limits", "limits", max_keepalive="1min"))
    board.wait_for(since, event="reloaded")
    board.dial().request(connect(keep_alive=61), answer=connack(2))
    before.expect_nothing()
    assert board.process() == process


def test_other_sizes_of_pools_come_with_a_restart(board):
    process = board.process()
    since = board.configure(main() + section("limits", "limits", max_deliveries="3000"))
    board.wait_for(since, event="ready")
    board.wait_until_served()
    assert board.process() != process


def test_a_restart_ends_what_a_restart_has_started_in_an_orderly_way(board):
    """A signal that the script ignores at times is not ignored by what it starts."""
    for _ in range(2):
        since = board.mark()
        board.service("restart")
        board.wait_for(since, event="stopped")
        board.wait_for(since, event="ready")


def test_a_listener_serves_one_network(board):
    board.configure(main() + section("listener", port="1883", network="lan", allow_anonymous="1"), "restart")
    board.wait_until_served()
    assert board.call("swiftlet pub -h 127.0.0.1 -t topic -m text")[0] != 0
    assert board.call("swiftlet pub -h 10.0.2.15 -t topic -m text")[0] == 0


def test_a_password_file_of_the_owner_holds_after_a_reload(board):
    uci = main() + section("listener", port="1883", allow_anonymous="0", password_file="/etc/swiftlet/passwords")
    board.run("swiftlet passwd -b -c /etc/swiftlet/passwords one 1; chown swiftlet /etc/swiftlet/passwords")
    since = board.configure(uci, "restart")
    board.wait_for(since, event="ready")
    board.connect(user="one", password="1")
    since = board.mark()
    board.run("swiftlet passwd -b /etc/swiftlet/passwords two 2")
    board.service("reload")
    board.wait_for(since, event="reloaded")
    board.connect(user="two", password="2")
    board.dial().request(connect(user="two", password="1"), answer=connack(5))


def test_the_board_is_a_bridge(board, elsewhere):
    address = (f"{HOST}:{elsewhere.port}",)
    since = board.configure(main(mode="bridge") + section(
        "connection", "cloud", address=address, topic=("up/# out 1", "down/# in 1")))
    board.wait_for(since, event="ready", mode="bridge")
    here, there = board.connect("here", keep_alive=600), patient(elsewhere)
    here.subscribe(("down/#", 1))
    there.subscribe(("up/#", 1))
    publish(here, "up/1", b"from the board")
    expect(there, "up/1", b"from the board")
    publish(there, "down/1", b"to the board")
    expect(here, "down/1", b"to the board")


def test_the_board_is_a_client(board, elsewhere):
    there = patient(elsewhere)
    there.subscribe(("board/#", 1))
    since = board.configure(main(mode="client") + section(
        "client", "client", address=(f"{HOST}:{elsewhere.port}",), remote_clientid="board", reply_topic="board/reply",
        reply_qos="1", subscribe=("do qos 1 exec /bin/cat",),
        publish=("board/load qos 1 every 1h file /proc/loadavg",)))
    board.wait_for(since, event="ready", mode="client")
    # What it runs may be a program that gains rights.
    assert board.status("NoNewPrivs") == "0"
    assert len(there.receive_publish().payload.split()) == 5
    publish(there, "do", b"something")
    expect(there, "board/reply", b"something")


def test_a_wrong_setting_is_told_and_the_service_stays_as_it_was(board):
    process, client = board.process(), board.connect("before")
    since = board.configure(main() + section("limits", "limits", max_keepalive="soon"))
    board.wait_for_line("max_keepalive", since)
    client.expect_nothing()
    assert board.process() == process


def test_a_board_config_of_an_older_version_is_mended_while_the_service_waits(board):
    uci = says(board, "listener 1883", "allow_anonymous true", "max_of_old 5")
    since = board.configure(uci, "restart")
    board.wait_for_line("/etc/swiftlet/my.conf:3: ", since)
    says(board, "listener 1883", "allow_anonymous true")
    since = board.mark()
    board.service("reload")
    board.wait_for(since, event="ready")
    board.connect()


def test_a_board_config_for_a_larger_board_is_told(board):
    uci = says(board, "listener 1883", "allow_anonymous true", "memory_budget 256M", "message_store_size 100M")
    since = board.configure(uci, "restart")
    board.wait_for_line("the plan", since)
