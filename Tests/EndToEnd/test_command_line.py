"""What the program says and how it ends when it is not to serve, or cannot."""

import re
import socket

import pytest

from broker import OPEN
from targets import ROOT

pytestmark = pytest.mark.swiftlet("its own command line")

BAD_CONFIGURATION = 2
BAD_LUCK = 1

BOARD_FILES = sorted((ROOT / "board-configs").glob("*/*.conf"))


def one_line(text: str) -> str:
    """The only line of a message."""
    assert text.endswith("\n") and text.count("\n") == 1, text
    return text[:-1]


@pytest.mark.parametrize("argument", ["--help", "-h"])
def test_help_shows_how_to_call_it(call, argument):
    run = call(argument)
    assert (run.returncode, run.stderr) == (0, "")
    assert re.search("usage", run.stdout, re.IGNORECASE) and "--plan" in run.stdout


def test_the_schema_in_the_repository_is_the_one_it_prints(call):
    """So that it is true. `.build/release/swiftlet --schema > board-configs/SCHEMA.md` makes it anew."""
    run = call("--schema")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == (ROOT / "board-configs" / "SCHEMA.md").read_text()


def test_the_schema_has_all_keys_of_the_help(call):
    keys = re.findall(r"^  (\w+) ", call("--help").stdout, re.MULTILINE)
    schema = re.findall(r"^- `(\w+)`.*; (?:reload|restart)", call("--schema").stdout, re.MULTILINE)
    assert sorted(keys) == sorted(schema) and len(keys) == len(set(keys)) > 100


def test_version_names_the_program_and_a_number(call):
    run = call("--version")
    assert (run.returncode, run.stderr) == (0, "")
    assert re.fullmatch(r"swiftlet .*\d.*", one_line(run.stdout))


@pytest.mark.parametrize("arguments", [["--frobnicate"], ["-c"], ["a.conf", "b.conf"]], ids=" ".join)
def test_a_command_line_that_makes_no_sense_is_refused(call, arguments):
    run = call(*arguments)
    assert (run.returncode, run.stdout) == (BAD_CONFIGURATION, "")
    assert run.stderr


def test_an_unknown_key_is_refused_with_file_line_and_key(call, tmp_path):
    run = call(lines=["# a comment", *OPEN, "", "keepalive_max 60", "max_keepalive 60"])
    assert run.returncode == BAD_CONFIGURATION
    message = one_line(run.stderr)
    assert f"{tmp_path}/board.conf:5" in message and "keepalive_max" in message


@pytest.mark.parametrize("line", [
    "mode", "mode server", "listener", "listener port", "listener 65536", "listener -1", "listener 1883 everywhere",
    "listener 1883 127.0.0.1 more", "allow_anonymous yes", "allow_anonymous", "max_keepalive -1", "max_keepalive sixty",
    "max_keepalive 65536", "max_keepalive 60x", "max_keepalive 60 60", "max_packet_size 0",
    "max_packet_size 268435456000",
    "max_connections 0", "max_connections 99999999999999999999", "max_subscriptions_per_client many",
    "max_inflight_messages 65536", "max_topic_levels 0", "memory_budget 1X", "memory_budget", "connect_timeout 0",
    "stall_timeout soon", "connection_messages 2",
])
def test_a_wrong_value_is_refused_with_file_line_and_key(call, tmp_path, line):
    run = call(lines=["# a comment", line])
    assert run.returncode == BAD_CONFIGURATION
    message = one_line(run.stderr)
    assert f"{tmp_path}/board.conf:2" in message and line.split()[0] in message


def test_what_is_wrong_on_standard_input_is_refused_with_its_line(call):
    run = call("-", stdin="mode broker\nnonsense 1\n")
    assert run.returncode == BAD_CONFIGURATION
    message = one_line(run.stderr)
    assert re.search(r"\b2\b", message) and "nonsense" in message


def test_a_key_that_may_stand_once_is_refused_when_it_stands_twice(call, tmp_path):
    run = call(lines=[*OPEN, "max_keepalive 60", "max_keepalive 90"])
    assert run.returncode == BAD_CONFIGURATION
    message = one_line(run.stderr)
    assert f"{tmp_path}/board.conf:4" in message and "max_keepalive" in message


@pytest.mark.parametrize("name", ["missing.conf", "."])
def test_a_file_that_cannot_be_read_is_named(call, tmp_path, name):
    file = str(tmp_path / name)
    run = call(file)
    assert run.returncode in (BAD_CONFIGURATION, BAD_LUCK)
    assert file in one_line(run.stderr)


def test_a_taken_port_is_named(call):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = call(lines=[f"listener {port} 127.0.0.1", "allow_anonymous true"])
    assert run.returncode == BAD_LUCK
    assert f"127.0.0.1:{port}" in one_line(run.stderr)


def test_the_plan_is_printed_and_its_sum_is_what_the_broker_takes(call, start):
    run = call("--plan", lines=[*OPEN])
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.count("\n") > 5
    assert start().ready["memory"] in re.findall(r"\d+", run.stdout)


def test_without_a_file_the_plan_is_that_of_the_defaults(call):
    run = call("--plan")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.count("\n") > 5


def test_a_larger_limit_makes_a_larger_plan(start):
    sizes = [int(start(f"max_connections {count}").ready["memory"]) for count in (10, 20, 40)]
    assert sizes == sorted(set(sizes))


def test_a_plan_over_the_budget_is_printed_and_refused(call):
    run = call("--plan", lines=[*OPEN, "memory_budget 64K", "max_packet_size 65536"])
    assert run.returncode != 0
    assert run.stdout.count("\n") > 5
    assert "memory_budget" in run.stdout + run.stderr


def test_over_its_budget_the_broker_does_not_start(call):
    run = call(lines=[*OPEN, "memory_budget 64K", "max_packet_size 65536"])
    assert run.returncode != 0
    assert "memory_budget" in one_line(run.stderr)


def test_there_are_board_files():
    assert BOARD_FILES


@pytest.mark.parametrize("file", BOARD_FILES, ids=lambda file: file.parent.name)
def test_a_board_file_fits_its_budget(call, file):
    run = call("--plan", str(file))
    assert (run.returncode, run.stderr) == (0, "")
