"""`--check`: all that a start would look at, without starting."""

import re
import socket

import pytest

from access_files import sha512_line, write_lines
from broker import OPEN
from test_command_line import BAD_CONFIGURATION, BOARD_FILES, one_line

pytestmark = pytest.mark.swiftlet("its own command line")


def test_it_says_who_may_connect_from_where_and_prints_the_plan(call, tmp_path):
    passwords = write_lines(tmp_path / "passwords", sha512_line("alice", b"secret"))
    acl = write_lines(tmp_path / "acl", "topic read #")
    run = call("--check", lines=[
        "per_listener_settings true",
        "listener 1883 127.0.0.1", "allow_anonymous true",
        "listener 1883 192.0.2.1", f"password_file {passwords}",
        "listener 1884 192.0.2.1", "allow_anonymous true", f"acl_file {acl}",
        "listener 1885", "bind_interface br-lan",
        f"listener 0 {tmp_path}/mqtt.sock", f"password_file {passwords}", "allow_anonymous true",
    ])
    assert (run.returncode, run.stderr) == (0, "")
    listeners = [line for line in run.stdout.splitlines() if line.startswith("listener ")]
    assert listeners == [
        "listener 127.0.0.1:1883: anyone on this machine",
        "listener 192.0.2.1:1883: users with password",
        "listener 192.0.2.1:1884: anyone who can reach it; topics by acl_file",
        "listener [::]:1885 on br-lan: nobody: neither allow_anonymous nor password_file",
        f"listener {tmp_path}/mqtt.sock: anyone on this machine",
    ]
    assert re.search(r"^sum +\d+$", run.stdout, re.MULTILINE)


def test_it_tells_of_access_settings_that_hold_for_no_listener(call):
    lines = ["per_listener_settings true", "allow_anonymous true", "listener 1883 127.0.0.1"]
    run = call("--check", lines=lines)
    assert run.stdout.splitlines()[:2] == [
        "per_listener_settings: access settings in front of the first listener hold for none",
        "listener 127.0.0.1:1883: nobody: neither allow_anonymous nor password_file",
    ]
    assert "hold for none" not in call("--check", lines=[lines[0], lines[2], lines[1]]).stdout


def test_its_plan_is_the_one_of_plan(call, tmp_path):
    lines = [*OPEN, "max_connections 7", "max_messages 500"]
    check, plan = call("--check", lines=lines), call("--plan", lines=lines)
    assert check.stdout.endswith(plan.stdout) and plan.stdout.count("\n") > 5


def test_without_a_file_it_is_about_this_machine_only(call):
    run = call("--check")
    assert (run.returncode, run.stdout.splitlines()[0]) == (0, "listener 127.0.0.1:1883: anyone on this machine")


def test_a_file_by_standard_input_is_checked(call):
    run = call("--check", "-", stdin="listener 1883 127.0.0.1\nallow_anonymous true\n")
    assert (run.returncode, run.stdout.splitlines()[0]) == (0, "listener 127.0.0.1:1883: anyone on this machine")


def test_mosquitto_s_name_for_it_is_known(call):
    assert call("--test-config", lines=[*OPEN]).returncode == 0
    assert call("--test-config", lines=["nonsense"]).returncode == BAD_CONFIGURATION


def test_nothing_is_opened(call, tmp_path):
    """A port that is taken, an address that is not there, a socket in nobody's way: all that is for the start."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = call("--check", lines=[f"listener {taken.getsockname()[1]} 127.0.0.1", "listener 1883 192.0.2.1",
                                     f"listener 0 {tmp_path}/mqtt.sock"])
    assert (run.returncode, run.stderr) == (0, "")
    assert not (tmp_path / "mqtt.sock").exists()


@pytest.mark.parametrize("lines, problem", [
    (["# one", "nonsense 1"], "board.conf:2: nonsense: unknown key"),
    (["max_keepalive soon"], "board.conf:1: max_keepalive: expected"),
    (["persistence true"], "board.conf:1: persistence: an option of mosquitto"),
    (["max_keepalive 60", "max_keepalive 60"], "board.conf:2: max_keepalive: stands twice"),
    (["max_packet_size 4M", "message_store_size 4M"], "max_packet_size: is larger than message_store_size"),
    (["max_retained_messages 1000", "max_messages 1000"], "max_retained_messages: is larger than max_messages"),
    (["global_max_connections 9", "global_max_clients 8"], "is larger than global_max_clients"),
    (["global_max_clients 500", "max_deliveries 499"], "global_max_clients: is larger than max_deliveries"),
    (["password_file /nonexistent"], "/nonexistent: No such file"),
    (["acl_file /"], "/: "),
])
def test_what_is_wrong_is_told_in_one_line(call, lines, problem):
    run = call("--check", lines=lines)
    assert (run.returncode, run.stdout) == (BAD_CONFIGURATION, "")
    assert problem in one_line(run.stderr)


@pytest.mark.parametrize("key, line", [("password_file", "alice:secret"), ("acl_file", "toppic a")])
def test_what_is_wrong_in_an_access_file_is_told_with_its_line(call, tmp_path, key, line):
    file = write_lines(tmp_path / "file", "", line)
    run = call("--check", lines=[f"{key} {file}"])
    assert (run.returncode, run.stdout) == (BAD_CONFIGURATION, "")
    assert f"{file}:2: expected" in one_line(run.stderr)


def test_a_plan_over_its_budget_is_printed_and_is_no_success(call):
    run = call("--check", lines=[*OPEN, "memory_budget 64K", "max_packet_size 65536"])
    assert run.returncode == BAD_CONFIGURATION
    assert "too small" in run.stdout


def test_access_files_over_max_access_size_are_found(call, tmp_path):
    file = write_lines(tmp_path / "file", *[sha512_line(f"user{i}", b"secret") for i in range(20)])
    run = call("--check", lines=["max_access_size 1K", f"password_file {file}"])
    assert run.returncode == BAD_CONFIGURATION
    assert "max_access_size" in run.stderr


def test_what_passes_can_be_started(start, call):
    lines = (*OPEN, "max_topic_length 16", "max_topic_levels 2", "max_topic_nodes 8", "max_messages 16",
             "message_store_size 4096", "max_packet_size 128", "max_deliveries 16", "max_incoming_inflight 4",
             "packet_store_size 4096", "receive_buffer_size 1024", "max_client_id_length 23", "max_subscriptions 1",
             "global_max_connections 1", "global_max_clients 1")
    assert call("--check", lines=list(lines)).returncode == 0
    start(*lines, only=True).connect("e2e").expect_nothing()


@pytest.mark.parametrize("file", BOARD_FILES, ids=lambda file: file.parent.name)
def test_a_board_file_passes(call, file):
    run = call("--check", str(file))
    assert (run.returncode, run.stderr) == (0, "")
    assert "nobody" not in run.stdout


CLIENT = ("mode client", "address broker.lan:1884 [::1] /run/mqtt.sock", "remote_clientid kitchen")


def of_client(run) -> list[str]:
    """What it says in front of the plan."""
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.split("pool ")[0].splitlines()


def test_of_a_client_it_says_where_it_connects_and_what_it_does(call, tmp_path):
    password = write_lines(tmp_path / "password", "secret")
    password.chmod(0o600)
    source, target = write_lines(tmp_path / "source", "1"), write_lines(tmp_path / "target", "1")
    run = call("--check", lines=[
        *CLIENT, "remote_username alice", f"remote_password_file {password}", "will_topic gone", "will_qos 1",
        "subscribe test qos 1 exec /bin/sh -c \"exit 0\"", "subscribe test print", f"subscribe a/# write {target}",
        f"publish load qos 2 retain every 1min file {source}", "publish up every 2 exec /bin/ls"])
    assert of_client(run) == [
        "connects to broker.lan:1884, else [::1]:1883, else /run/mqtt.sock as kitchen, user alice with password, "
        "session kept, keep-alive 60",
        "will gone qos 1",
        'subscribes to test qos 1: runs /bin/sh -c "exit 0"',
        "subscribes to test qos 0: prints",
        f"subscribes to a/# qos 0: writes {target}",
        f"publishes load qos 2 retain every 60 s: what is in {source}",
        "publishes up qos 0 every 2 s: what is said by /bin/ls",
    ]


def test_it_warns_of_files_of_a_client_that_are_not_there_or_no_use(call, tmp_path):
    password, plain = write_lines(tmp_path / "password", "secret"), write_lines(tmp_path / "plain", "x")
    password.chmod(0o644)
    plain.chmod(0o644)
    lines = [*CLIENT, "remote_username alice", f"remote_password_file {password}",
             "subscribe a exec /nowhere/program", f"subscribe b exec {plain}", f"subscribe c exec {tmp_path}",
             f"subscribe d write {tmp_path}/none", f"publish e every 1s file {tmp_path}/none",
             f"subscribe f write {tmp_path}/link"]
    (tmp_path / "link").symlink_to(plain)
    *others, last = [line for line in of_client(call("--check", lines=lines)) if line.startswith("warning")]
    # How systems call that is not the same everywhere.
    assert last.startswith(f"warning: line 11: {tmp_path}/link: ")
    assert others == [
        f"warning: {password}: every user may read the password",
        "warning: line 6: /nowhere/program: No such file or directory",
        f"warning: line 7: {plain}: Permission denied",
        f"warning: line 8: {tmp_path}: no program",
        f"warning: line 9: {tmp_path}/none: No such file or directory",
        f"warning: line 10: {tmp_path}/none: No such file or directory",
    ]


def test_it_warns_of_replies_that_run_programs(call):
    lines = [*CLIENT, "subscribe a/# print", "subscribe b exec /bin/ls", "reply_topic a/b",
             "subscribe a/+ exec /bin/ls", "reply_topic a", "subscribe c exec /bin/ls", "reply_topic c"]
    assert [line for line in of_client(call("--check", lines=lines)) if line.startswith("warning")] == [
        "warning: line 5: its reply to a/b runs the program of line 7",
        "warning: line 9: its reply to c runs the program of line 9",
    ]


def test_it_warns_of_dead_letters_that_run_programs(call):
    lines = [*CLIENT, "subscribe a/+ exec /bin/ls", "on_failure dead-letter", "dead_letter_topic a/dead",
             "subscribe b exec /bin/ls", "dead_letter_topic a/dead"]
    assert [line for line in of_client(call("--check", lines=lines)) if line.startswith("warning")] == [
        "warning: line 4: its dead letter to a/dead runs the program of line 4",
    ]


@pytest.mark.parametrize("lines, problem", [
    (["subscribe a/#/b print"], "board.conf:4: subscribe: expected a topic filter"),
    (["listener 1883"], "board.conf:4: listener: a key for brokers; this board is a client"),
    (["remote_username u", "remote_password_file /nowhere/pass"], "/nowhere/pass: No such file or directory"),
    (["remote_username u", "remote_password_file /dev/null"], "/dev/null:1: expected a password of up to 512 bytes"),
])
def test_it_refuses_a_client_that_could_not_start(call, lines, problem):
    run = call("--check", lines=[*CLIENT, *lines])
    assert run.returncode == BAD_CONFIGURATION and problem in one_line(run.stderr)


BRIDGE = ("mode bridge", "connection cloud", "address vps.example.org:1884 [::1]", "topic sensors/# out 1 \"\" site1/")


def of_bridge(run) -> list[str]:
    """The same."""
    return of_client(run)


def test_of_a_bridge_it_says_whom_it_reaches_and_what_crosses(call, tmp_path):
    password = write_lines(tmp_path / "password", "secret")
    password.chmod(0o600)
    run = call("--check", lines=[
        *BRIDGE, "topic cmd/# in 1 \"\" site1/", "topic state both", "topic \"\" in 2 here there",
        "remote_username alice", f"remote_password_file {password}", "spool_policy latest", "spool_expiry 1h",
        "connection second", "address /run/mqtt.sock /run/other.sock", "round_robin true", "clientid me",
        "local_clientid him", "local_username bob", "topic second/# out", "cleansession true",
        "notifications_local_only true", "notification_topic second/is/there", "keepalive_interval 10",
        "connection third", "address third", "topic third/# out", "notifications false", "spool_qos0 true",
        "spool_expiry 0"])
    assert of_bridge(run) == [
        "no listener: nobody can connect",
        "connection cloud: reaches vps.example.org:1884, else [::1]:1883 as HOSTNAME.cloud, user alice with password, "
        "session kept, keep-alive 60",
        "connection cloud: is local.HOSTNAME.cloud here, says 1 or 0 here and there at "
        "$SYS/broker/connection/HOSTNAME.cloud/state",
        "connection cloud: sends sensors/# qos 1, there site1/sensors/#",
        "connection cloud: takes site1/cmd/# qos 1, here cmd/#",
        "connection cloud: sends state qos 0, there state",
        "connection cloud: takes state qos 0, here state",
        "connection cloud: takes there qos 2, here here",
        "connection cloud: while it is away, up to 1000 messages of QoS 1 and 2 and 1048576 bytes wait for 3600 s; "
        "only the latest of each topic, and the oldest are dropped",
        "connection second: reaches /run/mqtt.sock or /run/other.sock as me, clean session, keep-alive 10",
        "connection second: is him here, user bob, says 1 or 0 here at second/is/there",
        "connection second: sends second/# qos 0, there second/#",
        "connection second: while it is away, nothing waits for it",
        "connection third: reaches third:1883 as HOSTNAME.third, session kept, keep-alive 60",
        "connection third: is local.HOSTNAME.third here",
        "connection third: sends third/# qos 0, there third/#",
        "connection third: while it is away, up to 1000 messages and 1048576 bytes wait; the newest are dropped",
    ]


def test_of_a_bridge_with_listeners_it_says_who_may_connect(call):
    run = call("--check", lines=[*BRIDGE, "listener 1884 127.0.0.1", "allow_anonymous true"])
    assert of_bridge(run)[0] == "listener 127.0.0.1:1884: anyone on this machine"


def test_the_limits_of_a_bridge_are_those_of_its_broker(call):
    limits = call("--plan", lines=[*BRIDGE]).stdout.split("\nlimits\n")[1]
    assert "max_packet_size" in limits and "spool" not in limits and "interval" in limits


def test_a_file_of_mosquitto_s_with_a_connection_serves_this_machine(call):
    assert of_bridge(call("--check", lines=[*BRIDGE[1:]]))[0] == "listener 127.0.0.1:1883: anyone on this machine"


def test_it_warns_of_what_a_bridge_may_miss(call, tmp_path):
    password = write_lines(tmp_path / "password", "secret")
    password.chmod(0o644)
    lines = [*BRIDGE, "topic cmd/# in", "start_type lazy", "username u", f"remote_password_file {password}"]
    said = of_bridge(call("--check", lines=lines))
    assert said[1].endswith(", keep-alive 60, when 10 messages wait, until idle for 60 s")
    assert [line for line in said if line.startswith("warning")] == [
        f"warning: {password}: every user may read the password",
        "warning: line 5: comes in only while there was something to send, for start_type is lazy",
    ]


NO_TLS = "an option of mosquitto that swiftlet does not have; there is no TLS yet"


@pytest.mark.parametrize("lines, problem", [
    (["topic a+ in"], "board.conf:5: topic: local prefix and pattern are no topic filter"),
    (["topic a out 0 +/"], "board.conf:5: topic: a prefix cannot have + or #"),
    (["topic # both"], "board.conf:4: topic: what it sends may come back, to be sent again, by line 5"),
    (["connection cloud", "address h", "topic a"],
     "board.conf:5: connection: has the name of the connection of line 2"),
    (["connection two", "address h"], "board.conf:5: connection: needs topic"),
    (["connection two", "topic a"], "board.conf:5: connection: needs address"),
    (["listener 1884", "address h"], "board.conf:6: address: must stand below a connection"),
    (["listener 1884", "connection two", "address localhost:1884", "topic a in"],
     "board.conf:6: connection: one of its addresses is a listener of this board"),
    (["will_topic a"], "board.conf:5: will_topic: a key of client mode; this board is a bridge"),
    (["bridge_cafile /etc/ssl/certs/ca.pem"], f"board.conf:5: bridge_cafile: {NO_TLS}"),
    (["remote_password x"], "board.conf:2: connection: remote_password needs remote_username"),
    (["spool_size 1K"], "board.conf:2: connection: spool_size is smaller than a packet can be"),
    (["username u", "remote_password_file /nowhere/pass"], "/nowhere/pass: No such file or directory"),
    (["username u", "remote_password_file /dev/null"], "/dev/null:1: expected a password of up to 512 bytes"),
])
def test_it_refuses_a_bridge_that_could_not_start(call, lines, problem):
    for option in "--check", "--plan":
        run = call(option, lines=[*BRIDGE, *lines])
        if option == "--plan" and "password_file" in lines[-1]:
            continue  # a plan needs no other file than the board config
        assert run.returncode == BAD_CONFIGURATION and problem in one_line(run.stderr)
