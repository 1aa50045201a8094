"""`--import`: from mosquitto's files to a board config that does the same."""

import re
import subprocess
from pathlib import Path

import pytest

import mosquitto_tools as tools
from access_files import make_passwords
from bridge import link_is_up
from broker import Broker, Mosquitto
from ports import free_port
from test_command_line import BAD_CONFIGURATION, one_line

pytestmark = [pytest.mark.few, pytest.mark.swiftlet("it needs no import")]
EXAMPLE = Path("/usr/share/doc/mosquitto/examples/mosquitto.conf")

OPENWRT = """
config owrt 'owrt'
\toption use_uci '1'

config mosquitto 'mosquitto'
\toption allow_anonymous '0'
\toption password_file '{directory}/passwords'
\toption acl_file '{directory}/acl'
\tlist log_types 'error'
\tlist log_types 'notice'

config persistence 'persistence'
\toption persistence '1'
\toption location '/tmp/mosquitto'
\toption client_expiration '2m'

config listener
\toption port '{port}'
\toption no_remote_access '1'
"""

# What such a file would be in /etc/mosquitto/mosquitto.conf of Debian.
DEBIAN = """
pid_file /run/mosquitto/mosquitto.pid
persistence true
persistence_location /var/lib/mosquitto/
log_dest stderr
per_listener_settings false
allow_anonymous false
password_file {directory}/passwords
acl_file {directory}/acl
max_inflight_messages 0
listener {port} 127.0.0.1
max_connections -1
"""


# Files of up to two listeners, some of which mosquitto shuts to guests.
GUARDED = {
    "access in front": "per_listener_settings true\nallow_anonymous true\nlistener {0} 127.0.0.1\n"
                       "allow_anonymous true\nlistener {1} 127.0.0.1\n",
    "names as ids": "allow_anonymous true\nlistener {0} 127.0.0.1\nuse_username_as_clientid true\n"
                    "listener {1} 127.0.0.1\n",
    "names as ids, all": "allow_anonymous true\nlistener {0} 127.0.0.1\nuse_username_as_clientid true\n",
    "prefixes": "allow_anonymous true\nlistener {0} 127.0.0.1\nclientid_prefixes boiler-\n",
    "prefixes of all": "per_listener_settings true\nlistener {0} 127.0.0.1\nallow_anonymous true\n"
                       "clientid_prefixes boiler-\nlistener {1} 127.0.0.1\n",
}


@pytest.fixture
def run_import(call, tmp_path):
    """Imports a file of this text: the board config, and what standard error says."""
    def run_import(text: str) -> tuple[str, list[str]]:
        file = tmp_path / "to-import"
        file.write_text(text)
        run = call("--import", str(file))
        assert run.returncode == 0, run.stderr
        checked = call("--check", "-", stdin=run.stdout)
        assert checked.returncode == 0, checked.stderr
        prefix = f"{file}:"
        assert all(line.startswith(prefix) for line in run.stderr.splitlines())
        return run.stdout, [line.removeprefix(prefix) for line in run.stderr.splitlines()]

    return run_import


def lines(config: str) -> list[str]:
    return [line for line in config.splitlines() if line and not line.startswith("#")]


def write_access(directory: Path) -> None:
    make_passwords(directory / "passwords", {"rolf": "secret", "anna": "other"})
    (directory / "acl").write_text("user rolf\ntopic readwrite house/#\nuser anna\ntopic read house/#\n")


def test_the_example_of_mosquitto_says_nothing_and_serves_this_machine(run_import):
    config, left_out = run_import(EXAMPLE.read_text())
    assert left_out == []
    assert "max_packet_size 262144" in lines(config)
    assert not any(line.startswith("listener") for line in lines(config))


def test_each_option_of_the_example_is_there_or_told(run_import):
    uncommented = re.sub(r"^#([a-z_.0-9]+)(?= |$)", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE)
    config, left_out = run_import(uncommented)
    keys = {line.split()[0] for line in uncommented.splitlines() if line and line[0] != "#"}
    silent = {"max_inflight_bytes", "max_qos", "memory_limit", "set_tcp_nodelay", "upgrade_outgoing_qos", "protocol",
              "require_certificate", "use_identity_as_username", "autosave_on_changes", "persistence",
              "websockets_log_level", "bridge_insecure", "max_packet_size", "max_connections"}
    found = {word for line in config.splitlines() for word in line.lstrip("# ").split()[:1]}
    assert keys - silent <= found
    told = {line.split(": ")[1] for line in left_out}
    assert {"listener", "connection", "certfile", "bridge_cafile", "persistence_file", "auth_plugin"} <= told


def test_the_configuration_that_debian_installs_can_be_imported(run_import):
    config, left_out = run_import(Path("/etc/mosquitto/mosquitto.conf").read_text())
    assert {line.split(": ")[1] for line in left_out} >= {"persistence", "include_dir"}


def test_what_is_left_out_is_told_with_line_and_reason(run_import):
    config, left_out = run_import("# mine\nport 1883\n\npersistence true\nuser mosquitto\nlog_dest topic\n")
    assert [line.split(": ")[:2] for line in left_out] == [["4", "persistence"], ["5", "user"], ["6", "log_dest"]]
    assert "# persistence true\n#   all is kept in memory only" in config
    assert lines(config)[:1] == ["allow_anonymous false"] and lines(config)[-1] == "listener 1883"


def test_the_default_file_of_openwrt_says_which_file_counts(run_import):
    config, left_out = run_import(
        "config owrt owrt\n    option use_uci 0\n\nconfig mosquitto mosquitto\n\nconfig persistence persistence\n")
    assert left_out == ["2: use_uci: mosquitto does not use this file; import /etc/mosquitto/mosquitto.conf"]


def test_a_plan_over_the_budget_gets_a_larger_one(run_import):
    config, _ = run_import("listener 1883\nmax_connections 9000\nmax_packet_size 30000000\n")
    budget = [int(line.split()[1]) for line in lines(config) if line.startswith("memory_budget ")]
    assert len(budget) == 1 and budget[0] > 32 << 20


@pytest.mark.parametrize("form", [OPENWRT, DEBIAN], ids=["openwrt", "debian"])
def test_passwords_and_acl_hold_as_they_did(form, run_import, start, debian, tmp_path):
    write_access(tmp_path)
    port = free_port()
    config, left_out = run_import(form.format(directory=tmp_path, port=port))
    assert left_out
    ours = start(*lines(config), only=True)
    plain = [line for line in DEBIAN.format(directory=tmp_path, port=port).splitlines()
             if line and line.split()[0] not in ("listener", "pid_file", "persistence", "persistence_location")]
    for broker in (ours, debian(*plain)):
        exchange(broker)


def test_a_thousand_connections_are_told_in_no_time(run_import):
    config, left_out = run_import("connection c\n" * 1000)
    assert lines(config)[-1].split()[0] != "connection"
    assert len(left_out) == 1000


class Original(Mosquitto):
    """mosquitto with a file as it is."""

    def write_file(self, lines: tuple[str, ...]) -> None:
        Broker.write_file(self, (*lines, "user root"))


@pytest.fixture
def original(tmp_path):
    started: list[Original] = []

    def original(text: str) -> Original:
        started.append(Original(Mosquitto.TARGET, tmp_path / "original", tuple(text.splitlines())))
        return started[-1].wait_until_ready()

    yield original
    for broker in started:
        broker.kill()


def lets_anyone_in(port: int) -> bool:
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-i", "guest", "-t", "house/door", "-m", "open"]
    return subprocess.run(command, capture_output=True, timeout=20).returncode == 0


@pytest.mark.parametrize("form", GUARDED.values(), ids=GUARDED)
def test_nobody_comes_in_whom_mosquitto_refuses(form, run_import, start, original):
    ports = [free_port(), free_port()]
    text = form.format(*ports)
    broker = original(text)
    before = [lets_anyone_in(port) for port in ports]
    broker.kill()
    config, left_out = run_import(text)
    assert left_out
    # Where it serves this machine only, it does so at this port.
    closed = [] if any(line.startswith("listener") for line in lines(config)) else [f"listener {ports[0]} 127.0.0.1"]
    start(*lines(config), *closed, only=True)
    assert [lets_anyone_in(port) for port in ports] == before


def test_what_a_plugin_guards_is_shut(run_import, start):
    port = free_port()
    config, left_out = run_import(f"allow_anonymous true\nlistener {port} 127.0.0.1\nplugin /usr/lib/absent.so\n")
    assert [line.split(": ")[1] for line in left_out] == ["allow_anonymous", "plugin"]
    start(*lines(config), only=True)
    assert not lets_anyone_in(port)


def exchange(broker: Broker) -> None:
    """What each may do, which is the same wherever it is asked."""
    rolf, anna = ["-u", "rolf", "-P", "secret"], ["-u", "anna", "-P", "other"]
    tools.publish(broker, *rolf, "-t", "house/door", "-m", "open", "-r", "-q", "1")
    assert tools.subscribe(broker, *anna, "-t", "#", "-C", "1") == ["open"]
    tools.publish(broker, *anna, "-t", "house/door", "-m", "shut", "-r", "-q", "1")
    assert tools.subscribe(broker, *anna, "-t", "house/#", "-C", "1") == ["open"]
    for wrong in ([], ["-u", "rolf", "-P", "other"]):
        refused = subprocess.run(
            ["mosquitto_pub", *tools.at(broker), *wrong, "-t", "house/door", "-m", "m"], capture_output=True,
            timeout=20)
        assert refused.returncode != 0


def test_a_bridge_crosses_what_it_did(run_import, start, debian):
    remote = debian("allow_anonymous true")
    config, left_out = run_import(f"""
listener {free_port()} 127.0.0.1
allow_anonymous true
connection link
address 127.0.0.1:{remote.port}
clientid id-link
topic sensors/# out 1 "" house/
start_type automatic
bridge_protocol_version mqttv31
restart_timeout 1
notifications_local_only true
""")
    assert [line.split(": ")[1] for line in left_out] == ["bridge_protocol_version"]
    board = start(*lines(config), only=True)
    link_is_up(board)
    tools.publish(board, "-t", "sensors/door", "-m", "open", "-r", "-q", "1")
    assert tools.subscribe(remote, "-t", "house/sensors/door", "-C", "1") == ["open"]


def test_what_cannot_be_read_ends_with_1(call, tmp_path):
    run = call("--import", str(tmp_path / "absent"))
    assert (run.returncode, run.stdout) == (1, "")
    assert "No such file or directory" in one_line(run.stderr)


@pytest.mark.parametrize("text", ["<html>\nno\n", "mode client\n", "config mosquitto\noption port '1\n", "x" * 70_000,
                                  "per_listener_settings 1\nlistener 1\nallow_anonymous 1\nper_listener_settings 0\n"])
def test_what_makes_no_sense_ends_with_2(text, call, tmp_path):
    file = tmp_path / "file"
    file.write_text(text)
    run = call("--import", str(file))
    assert (run.returncode, run.stdout) == (BAD_CONFIGURATION, "")
    assert str(file) in one_line(run.stderr)


@pytest.mark.parametrize("arguments", [["--import"], ["--import", "a", "b"]], ids=" ".join)
def test_one_file_is_imported(arguments, call):
    run = call(*arguments)
    assert (run.returncode, run.stdout) == (BAD_CONFIGURATION, "")
    assert "--import: expected one file" in one_line(run.stderr)


def test_standard_input_is_a_file(call):
    run = call("--import", "-", stdin="port 1884\n")
    assert run.returncode == 0
    assert lines(run.stdout)[-1] == "listener 1884"
