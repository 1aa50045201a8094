"""Called by the name of mosquitto, by scripts that know nothing else."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import mosquitto_tools as tools
from broker import OPEN, Broker
from ports import free_port
from test_command_line import BAD_CONFIGURATION, one_line

pytestmark = pytest.mark.swiftlet("it has the name anyway")


@pytest.fixture
def link(target, tmp_path):
    """The target under its other name."""
    path = tmp_path / "bin" / "mosquitto"
    path.parent.mkdir()
    os.symlink(target.binary, path)
    return replace(target, binary=path)


@pytest.fixture
def conf(tmp_path) -> Path:
    file = tmp_path / "mosquitto.conf"
    file.write_text("\n".join(OPEN) + "\n")
    return file


def call(link, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(link.command(*arguments), capture_output=True, text=True, timeout=20)


def can_exchange(broker: Broker) -> bool:
    tools.publish(broker, "-t", "named", "-m", "m", "-r", "-q", "1")
    return tools.subscribe(broker, "-t", "named", "-C", "1") == ["m"]


def test_c_names_the_file(link, start, conf):
    assert can_exchange(start(target=link, arguments=["-c", str(conf)]))


def test_a_file_written_for_mosquitto_runs_as_it_is(link, start, tmp_path, conf):
    """Values and comments in mosquitto's style, spaces and all."""
    (tmp_path / "acl").write_text("topic readwrite #\n")
    conf.write_text(f"""
# Place your local configuration in /etc/mosquitto/conf.d/

per_listener_settings false
connection_messages true
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
log_type subscribe
log_timestamp false
max_inflight_messages 20
max_queued_messages 1000
max_packet_size 65536
message_size_limit 0
max_keepalive 65535
persistent_client_expiration 2m
queue_qos0_messages false
retain_available true
allow_zero_length_clientid true
set_tcp_nodelay true
sys_interval 10

listener 0 127.0.0.1
\tmax_connections 20
   protocol mqtt
allow_anonymous true
acl_file {tmp_path}/acl
""")
    assert can_exchange(start(target=link, arguments=["-c", str(conf)]))


def test_v_logs_everything_whatever_the_file_says(link, start, conf):
    conf.write_text("\n".join(OPEN) + "\nlog_type none\n")
    broker = start(target=link, arguments=["-c", str(conf), "-v"])
    broker.connect("e2e-logged")
    broker.wait_for(event="connected", client="e2e-logged")


def test_options_may_come_in_any_order(link, start, conf):
    assert can_exchange(start(target=link, arguments=["-v", "-c", str(conf)]))


@pytest.mark.parametrize("arguments", [["-d"], ["-c", "FILE", "-d"], ["-d", "-c", "FILE"]], ids=" ".join)
def test_d_is_refused_and_says_why(link, conf, arguments):
    run = call(link, *[str(conf) if word == "FILE" else word for word in arguments])
    assert (run.returncode, run.stdout) == (BAD_CONFIGURATION, "")
    assert "-d: runs in the foreground" in one_line(run.stderr)


def test_p_alone_serves_this_machine(link, start):
    """mosquitto 2 starts in "local only mode" then."""
    port = free_port()
    broker = start(target=link, arguments=["-p", str(port)])
    assert all(host in ("127.0.0.1", "::1") and number == port for host, number in broker.addresses)
    assert can_exchange(broker)


def test_p_with_a_file_that_has_no_listener_serves_this_machine(link, start, conf):
    """mosquitto 2 starts in "local only mode" then, whoever may connect."""
    port = free_port()
    conf.write_text("allow_anonymous true\n")
    broker = start(target=link, arguments=["-c", str(conf), "-p", str(port)])
    assert all(host in ("127.0.0.1", "::1") and number == port for host, number in broker.addresses)
    assert can_exchange(broker)


def test_p_opens_nothing_where_the_file_has_a_listener(link, start, conf):
    """Nor does mosquitto 2."""
    port = free_port()
    broker = start(target=link, arguments=["-p", str(port), "-c", str(conf)])
    assert len(broker.addresses) == 1 and broker.port != port
    assert can_exchange(broker)


@pytest.mark.parametrize("arguments", [
    ["-p"], ["-p", "0"], ["-p", "65536"], ["-p", "mqtt"], ["-p", "-1"], ["-x"], ["-c"],
], ids=" ".join)
def test_a_command_line_that_makes_no_sense_is_refused(link, arguments):
    run = call(link, *arguments)
    assert (run.returncode, run.stdout) == (BAD_CONFIGURATION, "")
    assert one_line(run.stderr)


@pytest.mark.parametrize("line", [
    "persistence true", "persistence_location /var/lib/mosquitto/", "pid_file /run/mosquitto/mosquitto.pid",
    "include_dir /etc/mosquitto/conf.d", "user mosquitto", "cafile /etc/ca.crt", "bridge_alpn mqtt", "max_qos 1",
    "bridge_insecure true", "plugin /usr/lib/plugin.so", "auth_opt_file /etc/x",
])
def test_what_mosquitto_has_and_this_broker_has_not_is_refused_as_such(link, conf, line):
    """Not as a spelling mistake, and never silently."""
    conf.write_text("\n".join(OPEN) + f"\n{line}\n")
    run = call(link, "-c", str(conf))
    assert run.returncode == BAD_CONFIGURATION
    message = one_line(run.stderr)
    assert f"{conf}:3: {line.split()[0]}: an option of mosquitto" in message
