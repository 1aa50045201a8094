"""`base FILE`: what a board config does not say is taken from another one."""

import pytest

from broker import OPEN
from client_mode import Board
from packets import connack, connect
from sessions import NEW
from test_command_line import BAD_CONFIGURATION, one_line

pytestmark = [pytest.mark.few, pytest.mark.swiftlet("its own key")]

BASE = "base ../base.conf"


@pytest.fixture
def base(tmp_path):
    """Writes the base of the board configs that stand in the folders beside it."""
    def base(*lines: str) -> None:
        (tmp_path / "base.conf").write_text("".join(line + "\n" for line in lines))

    return base


@pytest.fixture
def own(tmp_path):
    """Writes a board config in a folder beside the base; its path."""
    def own(*lines: str) -> str:
        file = tmp_path / "own" / "board.conf"
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(line + "\n" for line in lines))
        return str(file)

    return own


def answer(broker, keep_alive: int) -> bytes:
    client = broker.dial()
    client.send(connect("", keep_alive=keep_alive))
    found = client.receive()
    client.close()
    return found


def test_a_broker_starts_with_what_its_base_says(start, base):
    base("max_keepalive 60", *OPEN)
    broker = start(BASE, "connection_messages false", only=True)
    assert broker.ready["access"] == "anyone on this machine"
    assert (answer(broker, 61), answer(broker, 60)) == (connack(2), NEW)


def test_what_it_says_itself_outdoes_the_base(start, base):
    base("max_keepalive 60", "listener 1 192.0.2.1", "acl_file /no-such-file")
    broker = start(BASE, "max_keepalive 70", *OPEN, only=True)
    assert (answer(broker, 71), answer(broker, 70)) == (connack(2), NEW)


def test_a_reload_reads_the_base_again(start, base):
    base("max_keepalive 60")
    broker = start(BASE, *OPEN, only=True)
    base("max_keepalive 70")
    assert broker.reload(BASE, *OPEN)["event"] == "reloaded"
    assert (answer(broker, 71), answer(broker, 70)) == (connack(2), NEW)
    base("max_keepalive 80")
    broker.reload(BASE, "max_keepalive 90", *OPEN)
    assert (answer(broker, 91), answer(broker, 90)) == (connack(2), NEW)


def test_a_base_that_became_wrong_changes_nothing(start, base, tmp_path):
    base("max_keepalive 60")
    broker = start(BASE, *OPEN, only=True)
    base("", "max_keepalive many")
    failed = broker.reload(BASE, *OPEN)
    assert failed["event"] == "reload-failed"
    assert f"{broker.file.parent}/../base.conf:2: max_keepalive: expected" in failed["problem"]
    (tmp_path / "base.conf").unlink()
    failed = broker.reload("", BASE, *OPEN)
    assert f"{broker.file}:2: base: {broker.file.parent}/../base.conf: No such file or directory" in failed["problem"]
    assert (answer(broker, 61), answer(broker, 60)) == (connack(2), NEW)


def test_a_base_may_have_a_base_that_a_reload_reads_again_too(start, base, tmp_path):
    folder = tmp_path / "lowest"
    folder.mkdir()
    (folder / "lower.conf").write_text("base lowest.conf\nmax_keepalive 70\n")
    (folder / "lowest.conf").write_text("".join(line + "\n" for line in ("max_keepalive 80", *OPEN)))
    base("base lowest/lower.conf", "connection_messages false")
    broker = start(BASE, only=True)
    assert (answer(broker, 71), answer(broker, 70)) == (connack(2), NEW)
    (folder / "lower.conf").write_text("base lowest.conf\n")
    assert broker.reload(BASE)["event"] == "reloaded"
    assert (answer(broker, 81), answer(broker, 80)) == (connack(2), NEW)
    (folder / "lowest.conf").write_text("\n\nbogus 1\n")
    assert f"{broker.file.parent}/../lowest/lowest.conf:3: bogus: " in broker.reload(BASE)["problem"]


@pytest.mark.parametrize("command", ["--check", "--plan"])
def test_a_check_and_a_plan_are_those_of_both_files(call, base, own, command):
    base("max_connections 17", *OPEN)
    run = call(command, own(BASE, "max_keepalive 77"))
    assert (run.returncode, run.stderr) == (0, "")
    limits = dict(line.split() for line in run.stdout.splitlines() if line.startswith("  "))
    assert (limits["max_connections"], limits["max_keepalive"]) == ("17", "77")


def test_an_absolute_path_is_one(call, base, own, tmp_path):
    base("max_connections 17", *OPEN)
    assert "max_connections                              17" in call("--plan", own(f"base {tmp_path}/base.conf")).stdout


def test_a_base_of_what_comes_by_standard_input_is_seen_from_the_current_folder(call, base, tmp_path):
    base("bogus 1")
    run = call("--check", "-", stdin=f"base {tmp_path}/base.conf\n")
    assert one_line(run.stderr).startswith(f"swiftlet: {tmp_path}/base.conf:1: bogus: unknown key")
    run = call("--check", "-", stdin="\nbase no-such-base.conf\n")
    assert one_line(run.stderr) == "swiftlet: -:2: base: no-such-base.conf: No such file or directory"


@pytest.mark.parametrize("lines, error", [
    (["base /"], "own/board.conf:1: base: /: Is a directory"),
    (["base -", "mode broker"], "own/board.conf:1: base: own/-: No such file or directory"),
    ([BASE, BASE], "own/board.conf:2: base: stands twice in this file"),
    (["base " + "x" * 5000], "own/board.conf:1: base: a path of more than 4095 bytes"),
], ids=["directory", "stdin", "twice", "long"])
def test_a_base_that_is_none_is_refused(call, base, own, tmp_path, lines, error):
    base("max_keepalive 60")
    run = call(own(*lines))
    assert run.returncode == BAD_CONFIGURATION
    assert one_line(run.stderr).replace(f"{tmp_path}/", "") == f"swiftlet: {error}"


@pytest.mark.parametrize("line, error", [
    ("base other.conf", "own/../base.conf:2: base: own/../other.conf: No such file or directory"),
    ("base base.conf", "own/../base.conf:2: base: there are too many bases, one below the other or in a circle"),
    ("#" * 70_000, "own/board.conf:1: base: own/../base.conf: longer than 65536 bytes"),
    ("acl_file /" + "x" * 40_000, "own/board.conf:1: base: is longer than 65536 bytes together with this file"),
    ("topic x", "own/../base.conf:2: topic: a key of bridge mode; this board is a broker"),
], ids=["missing", "circle", "length", "both", "mode"])
def test_a_base_that_is_wrong_is_refused(call, base, own, tmp_path, line, error):
    base("", line)
    run = call(own(BASE, "password_file /" + "y" * 40_000))
    assert run.returncode == BAD_CONFIGURATION
    assert one_line(run.stderr).replace(f"{tmp_path}/", "") == f"swiftlet: {error}"


@pytest.mark.parametrize("is_of_base, field", [(True, "base-line"), (False, "line")], ids=["base", "own"])
def test_the_log_of_client_mode_tells_lines_of_the_base_apart(target, mosquitto, base, tmp_path, is_of_base, field):
    publish = "publish gone every 1h file /no-such-file"
    base("", "mode client", f"address 127.0.0.1:{mosquitto.port}", publish)
    board = Board(target, tmp_path / "own", (BASE, "", "", publish)[:1 if is_of_base else 4])
    try:
        failed = board.wait_for(event="publish-failed", topic="gone")
        assert failed[field] == "4" and len(failed.keys() & {"line", "base-line"}) == 1
        assert board.stop() == 0
    finally:
        board.kill()
