"""Password files that are made and edited here, beside those of mosquitto_passwd; and who is let in by them."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from access_files import make_passwords, pbkdf2_line, sha512_line, write_lines
from broker import Mosquitto
from test_access import LISTEN, is_let_in
from test_command_line import BAD_CONFIGURATION, BAD_LUCK, one_line
from terminal import Terminal

pytestmark = pytest.mark.swiftlet("its own tool")

HASH = pbkdf2_line("", b"x", 101)[1:]
ODD_LINES = "# a comment\n\nodd\n  # another:one\nbob:" + HASH + "\r\nno end:" + HASH


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "passwords"


@pytest.fixture
def passwd(target):
    """Runs the applet to its end, with this on its standard input."""
    def passwd(*arguments: str | Path, stdin: str | bytes = b"", **options) -> subprocess.CompletedProcess:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        command = target.command("passwd", *map(str, arguments))
        run = subprocess.run(command, input=data, capture_output=True, timeout=60, **options)
        run.stdout, run.stderr = run.stdout.decode(), run.stderr.decode()
        return run

    return passwd


@pytest.fixture
def done(passwd):
    """The same, when nothing is to go wrong and nothing to be said."""
    def done(*arguments: str | Path, **options) -> None:
        run = passwd(*arguments, **options)
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")

    return done


@pytest.fixture
def brokers(start, tmp_path):
    """Swiftlet and mosquitto, with the same password file."""
    others: list[Mosquitto] = []

    def brokers(file: Path) -> list:
        lines = (LISTEN, f"password_file {file}")
        # It gives up root, or warns; either way it is to be able to read the file.
        others.append(Mosquitto(Mosquitto.TARGET, tmp_path / f"mosquitto-{len(others)}", lines).wait_until_ready())
        return [start(*lines, only=True), others[-1]]

    yield brokers
    for broker in others:
        broker.hang_up()
        broker.kill()


def let_in(brokers: list, users: dict[str, str | bytes]) -> bool:
    """Whether all brokers let them in, with these passwords and no other."""
    right = [is_let_in(broker, user, password) for broker in brokers for user, password in users.items()]
    wrong = [is_let_in(broker, user, "not this") for broker in brokers for user in users]
    return all(right) and not any(wrong)


def left_over(file: Path) -> list[str]:
    """Other files beside it that have its name in theirs."""
    return [path.name for path in file.parent.iterdir() if path.name.startswith(file.name) and path != file]


# What is made here.

@pytest.mark.parametrize("options", [[], ["-H", "sha512-pbkdf2"], ["-H", "sha512"], ["-I", "1"], ["-I", "3000"]],
                         ids=" ".join)
def test_a_user_with_a_password_from_a_pipe_is_let_in_by_both_brokers(done, brokers, file, options):
    done(*options, "-c", file, "alice", stdin="in wonderland\n")
    done(*options, file, "bob b", stdin="dér Baumeister\n")
    assert let_in(brokers(file), {"alice": "in wonderland", "bob b": "dér Baumeister"})


def test_the_lines_are_as_mosquitto_passwd_makes_them(done, tmp_path, file):
    for kind in ["sha512", "sha512-pbkdf2"]:
        done("-H", kind, "-c", file, "alice", stdin="secret")
        theirs = make_passwords(tmp_path / "theirs", {"alice": "secret"}, "-H", kind)
        ours, theirs = file.read_text(), theirs.read_text()
        assert [len(part) for part in ours.split("$")] == [len(part) for part in theirs.split("$")]
        assert ours.split("$")[:-2] == theirs.split("$")[:-2] and ours[-1] == theirs[-1] == "\n"


def test_every_hash_has_a_salt_of_its_own(done, file):
    done("-b", "-c", file, "a", "same")
    for user in "bcd":
        done("-b", file, user, "same")
    assert len({line.split("$")[3] for line in file.read_text().splitlines()}) == 4


def test_b_takes_the_password_from_the_command_line(done, brokers, file):
    done("-c", "-b", file, "alice", "-secret -b")
    assert let_in(brokers(file), {"alice": "-secret -b"})


def test_a_new_file_is_for_its_owner_alone(done, file):
    done("-c", file, "alice", stdin="secret")
    assert file.stat().st_mode & 0o777 == 0o600


def test_c_makes_a_file_with_nobody_else(done, file):
    make_passwords(file, {"bob": "x"})
    file.chmod(0o640)
    done("-c", file, "alice", stdin="secret")
    assert [line.split(":")[0] for line in file.read_text().splitlines()] == ["alice"]
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("stdin", [b"secret", b"secret\n", b"secret\r\n", b"secret\nmore\n"])
def test_the_password_is_the_first_line_of_standard_input(done, start, file, stdin):
    done("-c", file, "alice", stdin=stdin)
    broker = start(LISTEN, f"password_file {file}", only=True)
    assert let_in([broker], {"alice": "secret"})


def test_each_of_two_calls_takes_a_line_of_the_same_pipe(target, start, file):
    command = [*target.command("passwd")]
    script = '"$@" -c "$FILE" alice && "$@" "$FILE" bob'
    subprocess.run(["sh", "-c", script, "sh", *command], input=b"one\ntwo\n", check=True, timeout=20,
                   env={**os.environ, "FILE": str(file)})
    assert let_in([start(LISTEN, f"password_file {file}", only=True)], {"alice": "one", "bob": "two"})


def test_the_longest_password_is_let_in_and_no_longer_one_is_taken(done, passwd, brokers, file):
    done("-c", file, "alice", stdin="x" * 1024 + "\n")
    assert let_in(brokers(file), {"alice": "x" * 1024})
    before = file.read_bytes()
    for run in [passwd(file, "alice", stdin="x" * 1025), passwd(file, "alice", stdin="x" * 5000 + "\n"),
                passwd("-b", file, "alice", "x" * 1025)]:
        assert run.returncode == BAD_CONFIGURATION
        assert "1024" in one_line(run.stderr)
    assert file.read_bytes() == before


# What mosquitto_passwd made.

@pytest.mark.parametrize("options", [[], ["-H", "sha512"]], ids=" ".join)
def test_a_file_of_mosquitto_passwd_is_edited(done, brokers, file, options):
    make_passwords(file, {"alice": "in wonderland", "bob": "old", "eve": "apple"}, *options)
    done(file, "bob", stdin="new")
    done(file, "carol", stdin="sings")
    done("-D", file, "eve")
    both = brokers(file)
    assert let_in(both, {"alice": "in wonderland", "bob": "new", "carol": "sings"})
    assert not any(is_let_in(broker, *who) for broker in both for who in [("bob", "old"), ("eve", "apple")])


def test_a_file_that_is_made_here_is_edited_by_mosquitto_passwd(done, brokers, file):
    for user in ["alice", "bob", "eve"]:
        done(*([] if file.exists() else ["-c"]), "-b", file, user, f"{user}'s")
    subprocess.run(["mosquitto_passwd", "-b", str(file), "bob", "new"], check=True, timeout=20)
    subprocess.run(["mosquitto_passwd", "-D", str(file), "eve"], check=True, timeout=20)
    both = brokers(file)
    assert let_in(both, {"alice": "alice's", "bob": "new"})
    assert not any(is_let_in(broker, "eve", "eve's") for broker in both)


def test_all_other_lines_stay_byte_for_byte(done, file):
    file.write_bytes(ODD_LINES.encode())
    done("-b", file, "alice", "x")
    done("-b", file, "bob", "x")
    done("-D", file, "alice")
    ours, theirs = file.read_bytes().splitlines(keepends=True), ODD_LINES.encode().splitlines(keepends=True)
    assert ours[:4] == theirs[:4] and ours[5] == theirs[5] + b"\n" and len(ours) == 6
    assert ours[4].startswith(b"bob:$7$101$") and ours[4].endswith(b"\r\n") and ours[4] != theirs[4]


def test_a_user_who_is_not_there_is_not_removed(passwd, file):
    make_passwords(file, {"alice": "secret"})
    before = file.read_bytes()
    run = passwd("-D", file, "bob")
    assert (run.returncode, run.stdout) == (BAD_LUCK, "")
    assert f"{file}: no such user: bob" in one_line(run.stderr)
    assert file.read_bytes() == before


# Plain text.

def test_u_hashes_what_is_plain_text(done, brokers, file):
    write_lines(file, "# users", "alice:in wonderland", sha512_line("bob", b"builds"), "", "carol: sings ")
    done("-U", file)
    assert "wonderland" not in file.read_text() and file.read_text().startswith("# users\n")
    assert let_in(brokers(file), {"alice": "in wonderland", "bob": "builds", "carol": "sings"})


def test_u_makes_the_same_of_it_as_mosquitto_passwd(done, tmp_path, file):
    lines = ["alice:in wonderland", " bob : x ", "carol:$5$"]
    theirs = write_lines(tmp_path / "theirs", *lines)
    subprocess.run(["mosquitto_passwd", "-U", str(theirs)], check=True, timeout=20)
    done("-U", write_lines(file, *lines))
    users = [[line.split("$")[0] for line in path.read_text().splitlines()] for path in [file, theirs]]
    assert users[0] == users[1]


def test_u_twice_is_the_same_as_once(done, file):
    write_lines(file, "alice:secret")
    done("-U", file)
    before = file.read_bytes()
    done("-U", "-H", "sha512", file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("line", ["bob:", ":secret", "bob:one:two", "bob:$7$101$abc", "bob:$argon2id$v=19$m=1$a$b"])
def test_u_tells_which_line_it_cannot_hash_and_changes_nothing(passwd, file, line):
    write_lines(file, "alice:secret", line)
    before = file.read_bytes()
    run = passwd("-U", file)
    assert run.returncode == BAD_CONFIGURATION
    assert f"{file}:2: " in one_line(run.stderr)
    assert file.read_bytes() == before


# The prompt.

def test_on_a_terminal_it_asks_twice_and_shows_nothing(target, start, file):
    with Terminal(target.command("passwd", "-c", str(file), "alice")) as terminal:
        for prompt in [b"Password: ", b"Password again: "]:
            terminal.wait_for(prompt)
            assert not terminal.echoes
            terminal.type(b"in wonderlant\x7fd\n")
        assert terminal.end() == 0
        assert terminal.echoes and b"wonder" not in terminal.shown
    assert let_in([start(LISTEN, f"password_file {file}", only=True)], {"alice": "in wonderland"})


def test_two_different_passwords_are_refused(target, file):
    with Terminal(target.command("passwd", "-c", str(file), "alice")) as terminal:
        terminal.wait_for(b"Password: ")
        terminal.type(b"one\n")
        terminal.wait_for(b"Password again: ")
        terminal.type(b"two\n")
        assert terminal.end() == BAD_CONFIGURATION
        assert b"differ" in terminal.shown
    assert not file.exists()


@pytest.mark.parametrize("typed, why", [(b"\n", b"no password"), (b"\x04", b"no password"),
                                        (b"x" * 2000 + b"\n", b"1024")], ids=["empty", "end", "long"])
def test_what_is_no_password_on_a_terminal_is_refused_at_once(target, file, typed, why):
    with Terminal(target.command("passwd", "-c", str(file), "alice")) as terminal:
        terminal.wait_for(b"Password: ")
        terminal.type(typed)
        assert terminal.end() == BAD_CONFIGURATION
        assert why in terminal.shown and terminal.echoes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(target, file, number):
    with Terminal(target.command("passwd", "-c", str(file), "alice")) as terminal:
        terminal.wait_for(b"Password: ")
        assert not terminal.echoes
        if number == signal.SIGINT:
            terminal.type(b"half\x03")
        else:
            terminal.process.send_signal(number)
        assert terminal.end() == -number
        assert terminal.echoes
    assert not file.exists()


def test_after_a_signal_that_does_not_end_it_the_line_begins_anew(target, start, file):
    """A stopped program comes back to its prompt; here nobody could wake it, so the system does not stop it."""
    with Terminal(target.command("passwd", "-c", str(file), "alice")) as terminal:
        terminal.wait_for(b"Password: ")
        terminal.type(b"half\x1a")
        for prompt in [b"Password: ", b"Password again: "]:
            terminal.wait_for(prompt)
            assert not terminal.echoes
            terminal.type(b"whole\n")
        assert terminal.end() == 0
    assert let_in([start(LISTEN, f"password_file {file}", only=True)], {"alice": "whole"})


# What goes wrong.

@pytest.mark.parametrize("arguments", [
    "", "FILE", "-c FILE", "FILE alice secret", "-b FILE alice", "-b FILE alice secret more", "-U", "-U FILE alice",
    "-D FILE", "-c -D FILE alice", "-c -U FILE", "-U -D FILE", "-b -D FILE alice", "-b -U FILE", "-H",
    "-H md5 FILE alice", "-H argon2id FILE alice", "-I", "-I 0 FILE alice", "-I 100001 FILE alice",
    "-I many FILE alice", "-x FILE alice", "--password secret FILE alice",
])
def test_a_command_line_that_makes_no_sense_is_refused(passwd, file, arguments):
    make_passwords(file, {"alice": "secret"})
    before = file.read_bytes()
    run = passwd(*[str(file) if word == "FILE" else word for word in arguments.split()], stdin="x\n")
    assert (run.returncode, run.stdout) == (BAD_CONFIGURATION, "")
    assert one_line(run.stderr)
    assert file.read_bytes() == before


@pytest.mark.parametrize("user", ["", "a:b", "#a", " a", "a ", "a\nb", "a" * 65_536], ids=lambda user: repr(user)[:9])
def test_a_user_who_cannot_be_is_refused(passwd, file, user):
    run = passwd("-b", "-c", file, user, "secret")
    assert run.returncode == BAD_CONFIGURATION
    assert one_line(run.stderr)
    assert not file.exists()


@pytest.mark.parametrize("stdin", [b"", b"\n", b"\nsecret\n", b"a\0b\n"])
def test_what_is_no_password_is_refused(passwd, file, stdin):
    run = passwd("-c", file, "alice", stdin=stdin)
    assert run.returncode == BAD_CONFIGURATION
    assert "password" in one_line(run.stderr)
    assert not file.exists()


@pytest.mark.parametrize("arguments", [["missing", "alice"], ["-D", "missing", "alice"], ["-U", "missing"],
                                       ["-c", "missing/too", "alice"], [".", "alice"], ["-c", ".", "alice"],
                                       ["/dev/null", "alice"], ["-c", "/dev/null", "alice"]], ids=" ".join)
def test_a_file_that_is_not_there_or_is_none_is_named(passwd, tmp_path, arguments):
    run = passwd(*arguments, stdin="secret", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (BAD_LUCK, "")
    assert f"{next(word for word in arguments if word[0] != '-')}: " in one_line(run.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_a_mebibyte_is_edited_and_none_that_is_or_gets_longer(done, passwd, file):
    room = 1 << 20
    line = f"alice:{HASH}\n"
    file.write_text("#" * (room - len(line) - 1) + "\n" + line)
    done("-b", file, "alice", "secret")
    assert file.stat().st_size == room
    before = file.read_bytes()
    run = passwd("-b", file, "bob", "secret")
    assert run.returncode == BAD_LUCK and "1048576" in one_line(run.stderr)
    assert file.read_bytes() == before
    file.write_bytes(b"#" + before)
    run = passwd("-b", file, "alice", "secret")
    assert run.returncode == BAD_LUCK and "1048576" in one_line(run.stderr)
    assert file.read_bytes() == b"#" + before


# How it is written.

def test_a_link_stays_and_what_it_leads_to_is_replaced(done, file, tmp_path):
    make_passwords(file, {"alice": "secret"})
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "far").symlink_to("../near")
    (tmp_path / "near").symlink_to(file)
    done("-b", tmp_path / "etc" / "far", "bob", "x")
    assert (tmp_path / "near").is_symlink() and (tmp_path / "etc" / "far").is_symlink()
    assert [line.split(":")[0] for line in file.read_text().splitlines()] == ["alice", "bob"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_mode_and_owner_stay(done, file, mode):
    make_passwords(file, {"alice": "secret"})
    if os.geteuid() == 0:
        os.chown(file, 1234, 5678)
    file.chmod(mode)
    before = file.stat()
    done("-b", file, "bob", "x")
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino and left_over(file) == []


@pytest.fixture
def foreign(target):
    """A folder with a password file in it, and the target, as they are for somebody who may only read."""
    folder = Path(tempfile.mkdtemp(prefix="swiftlet-e2e-"))
    binary = Path(shutil.copy(target.binary, folder / "program"))
    file = make_passwords(folder / "passwords", {"alice": "secret"})
    file.chmod(0o644)
    folder.chmod(0o555)
    somebody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    yield replace(target, binary=binary), file, somebody
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("options", [["-b"], ["-b", "-c"]], ids=" ".join)
def test_a_folder_that_may_not_be_written_to_keeps_the_file(foreign, options):
    target, file, somebody = foreign
    before = file.read_bytes()
    run = subprocess.run(target.command("passwd", *options, str(file), "bob", "x"), capture_output=True, text=True,
                         timeout=20, **somebody)
    assert (run.returncode, run.stdout) == (BAD_LUCK, "")
    assert f"{file}: cannot be replaced: Permission denied" in one_line(run.stderr)
    assert file.read_bytes() == before and left_over(file) == []


@pytest.mark.native
def test_a_disk_without_room_keeps_the_file(passwd, file):
    """What stands for the disk is the most that a process may write to a file."""
    make_passwords(file, {"alice": "secret"})
    before = file.read_bytes()
    run = passwd("-b", file, "bob", "x",
                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 5, len(before) + 5)))
    assert run.returncode == BAD_LUCK
    assert f"{file}: cannot be replaced: " in one_line(run.stderr)
    assert file.read_bytes() == before and left_over(file) == []


def test_of_many_who_edit_at_once_nobody_is_lost(target, done, file):
    done("-b", "-c", file, "first", "x")
    users = [f"user{i}" for i in range(12)]
    running = [subprocess.Popen(target.command("passwd", "-b", str(file), user, "x")) for user in users]
    assert [process.wait(60) for process in running] == [0] * len(users)
    assert sorted(line.split(":")[0] for line in file.read_text().splitlines()) == sorted(["first", *users])
    assert left_over(file) == []


# Its names.

@pytest.fixture
def link(target, tmp_path):
    """The target by the name of mosquitto's tool."""
    path = tmp_path / "bin" / "mosquitto_passwd"
    path.parent.mkdir()
    os.symlink(target.binary, path)
    return replace(target, binary=path)


def test_called_mosquitto_passwd_it_is_that(link, start, file):
    for arguments in [["-c", "-b", str(file), "alice", "secret"], ["-H", "sha512", "-b", str(file), "passwd", "x"]]:
        subprocess.run(link.command(*arguments), check=True, timeout=20)
    broker = start(LISTEN, f"password_file {file}", only=True)
    assert let_in([broker], {"alice": "secret", "passwd": "x"})


@pytest.mark.parametrize("argument", ["--help", "-h"])
def test_help_shows_how_to_call_it(passwd, argument):
    run = passwd(argument)
    assert (run.returncode, run.stderr) == (0, "")
    assert all(option in run.stdout for option in ["usage", "-b", "-c", "-D", "-H", "-I", "-U"])
    assert max(map(len, run.stdout.splitlines())) <= 120


def test_the_help_of_the_broker_names_it(call):
    assert "swiftlet passwd" in call("--help").stdout and "mosquitto_passwd" in call("--help").stdout


def test_a_board_file_of_that_name_is_still_to_be_had(call, tmp_path):
    """With -c, or with a folder in front."""
    file = tmp_path / "passwd"
    file.write_text(f"{LISTEN}\nallow_anonymous true\n")
    for arguments in [["--plan", "-c", str(file)], ["--plan", str(file)], [str(file), "--plan"]]:
        assert call(*arguments).returncode == 0
