"""`swiftlet pub`: what arrives, what it says to the broker beside mosquitto_pub, and how it ends."""

import os
import signal
import subprocess
import time
from dataclasses import replace

import pytest

import packets
from client_tools import MOSQUITTO, Pair, cpu_ticks, ours, run
from conftest import MAX_PACKET_SIZE
from mosquitto_tools import at
from packets import Publish
from ports import free_port
from scripted_broker import ScriptedBroker, end

pytestmark = pytest.mark.swiftlet("its own tool")

NO_RETRY = ("-t", "t", "-m", "m")


@pytest.fixture
def pair(target) -> Pair:
    return ours(target)


@pytest.fixture
def scripted():
    with ScriptedBroker() as broker:
        yield broker


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "payload"
    path.write_bytes(bytes(i * 31 & 0xFF for i in range(5000)))
    return path


# What arrives.

@pytest.fixture
def listen(broker):
    """The messages that this client of the shared broker has got, once there are so many."""
    client = broker.connect()
    client.subscribe(("pub/#", 2))

    def listen(count: int) -> list[Publish]:
        found: list[Publish] = []
        while len(found) < count:
            data = client.receive()
            if data[0] >> 4 == 6:
                client.send(packets.pubcomp(packets.id_of(data)))
                continue
            found.append(Publish.decode(data))
            if found[-1].qos:
                client.send((packets.puback if found[-1].qos == 1 else packets.pubrec)(found[-1].id))
        return found

    return listen


@pytest.mark.parametrize("qos", ["0", "1", "2"])
@pytest.mark.parametrize("source", ["-m", "-n", "-f", "-s", "-l"])
def test_every_source_at_every_qos(broker, pair, listen, file, source, qos):
    options = {"-m": ("-m", "text"), "-f": ("-f", str(file))}.get(source, (source,))
    data = {"-s": b"all\nof it\0\n", "-l": b"one\n\ntwo\0\nlast"}.get(source)
    pair.publish(broker, "-t", "pub/a", "-q", qos, *options, input=data)
    expected = {"-m": [b"text"], "-n": [b""], "-f": [file.read_bytes()], "-s": [data],
                "-l": [b"one", b"", b"two\0", b"last"]}[source]
    got = listen(len(expected))
    assert [message.payload for message in got] == expected
    assert {(message.topic, message.qos, message.retain) for message in got} == {("pub/a", int(qos), False)}


@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_many_lines_arrive_in_order(broker, pair, listen, qos):
    lines = [b"line %d " % i + b"x" * (i % 97) for i in range(900)]
    pair.publish(broker, "-t", "pub/l", "-q", qos, "-l", input=b"\n".join(lines) + b"\n")
    assert [message.payload for message in listen(len(lines))] == lines


@pytest.mark.native
def test_lines_are_sent_as_they_come(broker, pair, listen):
    """The first one does not wait for the second."""
    process = subprocess.Popen([*pair.pub, *at(broker), "-t", "pub/slow", "-l"], stdin=subprocess.PIPE)
    for line in (b"one\n", b"two\n"):
        process.stdin.write(line)
        process.stdin.flush()
        assert [message.payload for message in listen(1)] == [line[:-1]]
    process.stdin.close()
    assert process.wait(20) == 0


@pytest.mark.native
@pytest.mark.parametrize("qos", ["0", "1"])
def test_a_broker_that_takes_nothing_is_waited_for_without_work(scripted, pair, file, qos):
    file.write_bytes((b"x" * 2000 + b"\n") * 20_000)
    with open(file, "rb") as lines:
        program = scripted.start(*pair.pub, "-t", "t", "-l", "-q", qos, stdin=lines)
    peer = scripted.peer()
    peer.accept()
    time.sleep(0.3)
    before = cpu_ticks(program)
    time.sleep(0.5)
    assert cpu_ticks(program) - before <= 5


@pytest.mark.native
def test_a_line_that_found_no_room_is_whole_when_the_pipe_ends_before_it_can_be_sent(scripted, pair):
    lines = [b"line %d " % i + b"x" * (i % 97) for i in range(900)]
    program = scripted.start(*pair.pub, "-t", "t", "-l", "-q", "1", stdin=subprocess.PIPE)
    peer = scripted.peer()
    peer.accept()
    program.stdin.write(b"\n".join(lines[:300]) + b"\n")
    program.stdin.flush()
    first = [Publish.decode(peer.receive()) for _ in range(20)]  # it has read, and the rest of these waits in it
    program.stdin.write(b"\n".join(lines[300:]))
    program.stdin.close()
    program.stdin = None
    time.sleep(0.2)
    peer.send(b"".join(packets.puback(message.id) for message in first))
    found = [message.payload for message in first]
    while len(found) < len(lines):
        message = Publish.decode(peer.receive())
        found.append(message.payload)
        peer.send(packets.puback(message.id))
    assert found == lines
    assert end(program) == (0, b"", b"")


@pytest.mark.native
@pytest.mark.parametrize("source", [subprocess.PIPE, "file"])
def test_the_answer_to_the_last_line_is_waited_for_without_work(scripted, pair, file, source):
    file.write_bytes(b"line\n")
    with open(file, "rb") as lines:
        program = scripted.start(*pair.pub, "-t", "t", "-l", "-q", "1", stdin=lines if source == "file" else source)
    if source != "file":
        program.stdin.write(b"line\n")
        program.stdin.close()
        program.stdin = None
    peer = scripted.peer()
    peer.accept()
    assert Publish.decode(peer.receive()).payload == b"line"
    time.sleep(0.2)
    before = cpu_ticks(program)
    time.sleep(0.5)
    assert cpu_ticks(program) - before <= 5
    peer.send(packets.puback(1))
    assert end(program) == (0, b"", b"")


@pytest.mark.native
@pytest.mark.parametrize("qos", ["0", "1"])
def test_a_message_is_repeated_as_often_as_it_should(broker, pair, listen, qos):
    started = time.monotonic()
    pair.publish(broker, "-t", "pub/r", "-m", "m", "-q", qos, "--repeat", "4", "--repeat-delay", "0.05")
    assert time.monotonic() - started >= 0.15
    assert [message.payload for message in listen(4)] == [b"m"] * 4


@pytest.mark.native
def test_a_file_on_standard_input_that_somebody_has_begun_to_read_is_sent_from_there(broker, pair, listen, file):
    with open(file, "rb") as begun:
        os.lseek(begun.fileno(), 4000, os.SEEK_SET)
        subprocess.run([*pair.pub, *at(broker), "-t", "pub/s", "-s"], stdin=begun, check=True, timeout=20)
    assert listen(1)[0].payload == file.read_bytes()[4000:]


@pytest.mark.native
@pytest.mark.parametrize("path", ["/proc/version", "/sys/kernel/mm/transparent_hugepage/enabled"])
@pytest.mark.parametrize("source", ["-f", "-s"])
def test_a_file_of_the_kernel_that_does_not_know_its_length_is_sent_whole(broker, pair, listen, source, path):
    with open(path, "rb") as begun:
        words = ("-f", path) if source == "-f" else ("-s",)
        subprocess.run([*pair.pub, *at(broker), "-t", "pub/k", *words], stdin=begun, check=True, timeout=20)
    with open(path, "rb") as whole:
        assert listen(1)[0].payload == whole.read()


@pytest.mark.native
def test_a_retained_message_stays(broker, pair, retain):
    retain("pub/kept", b"old")
    pair.publish(broker, "-t", "pub/kept", "-m", "new", "-r")
    assert pair.subscribe(broker, "-t", "pub/kept", "-C", "1", "-F", "%r %p") == b"1 new\n"


@pytest.mark.native
@pytest.mark.parametrize("source", ["-f", "-s"])
def test_what_is_larger_than_any_buffer_arrives_whole(pair, mosquitto, tmp_path, source):
    """By mosquitto: our brokers are small."""
    payload = os.urandom(20_000_000)
    (tmp_path / "large").write_bytes(payload)
    options = ("-f", str(tmp_path / "large")) if source == "-f" else ("-s",)
    pair.publish(mosquitto, "-t", "large", "-q", "1", "-r", *options, input=payload if source == "-s" else None)
    assert pair.subscribe(mosquitto, "-t", "large", "-C", "1", "-N") == payload


# What it says to the broker.

SAID = [
    "", "-i me", "-i me -c", "-I pre -q 1", "-k 5", "-V mqttv311", "-u user", "-u user -P secret",
    "-u user --pw secret",
    "--username user --pw secret --id me --keepalive 99 --disable-clean-session", "-V 31 -i me", "-q 1", "-q 2", "-r",
    "--will-topic w", "--will-topic w --will-payload gone --will-qos 2 --will-retain", "--qos 2 --retain --nodelay",
    "-M 5 -q 1", "--will-topic w --will-qos 1", "-i " + "x" * 300,
]


@pytest.mark.native
@pytest.mark.parametrize("options", SAID)
def test_it_says_to_the_broker_what_mosquitto_pub_says(scripted, pair, options):
    heard = []
    for tool in (pair, MOSQUITTO):
        program = scripted.start(*tool.pub, "-t", "topic", "-m", "message", *options.split())
        peer = scripted.peer()
        connect = peer.accept()
        message = peer.receive_publish()
        if message.qos == 1:
            peer.send(packets.puback(message.id))
        if message.qos == 2:
            peer.request(packets.pubrec(message.id), answer=packets.pubrel(message.id))
            peer.send(packets.pubcomp(message.id))
        heard.append([connect.replace(b"pre%d" % program.pid, b"prePID"), message, peer.receive()])
        assert end(program) == (0, b"", b"")
    assert heard[0] == heard[1]


@pytest.mark.parametrize("how", ["--pw-file", "--pw-env", "-o", "-L", "XDG", "HOME"])
def test_a_password_need_not_stand_on_the_command_line(scripted, pair, tmp_path, how):
    (tmp_path / "password").write_text("s ecret\r\nanother\n")
    (tmp_path / ".config").mkdir()
    for name in ("options", ".config/mosquitto_pub", "mosquitto_pub"):
        (tmp_path / name).write_text("# who we are\n\n-u me\n-P s ecret\n-k 77\n")
    options = {"--pw-file": ["-u", "me", "--pw-file", str(tmp_path / "password")],
               "--pw-env": ["-u", "me", "--pw-env", "SECRET"],
               "-o": ["-o", str(tmp_path / "options")]}.get(how, [])
    env = {**os.environ, "SECRET": "s ecret", "HOME": "/nowhere"}
    env.pop("XDG_CONFIG_HOME", None)
    if how == "XDG":
        env["XDG_CONFIG_HOME"] = str(tmp_path)
    if how == "HOME":
        env["HOME"] = str(tmp_path)
    if how == "-L":
        options += ["-L", f"mqtt://me:s ecret@127.0.0.1:{scripted.port}/t"]
    scripted.start(*pair.pub, "-k", "60", "-t", "t", "-m", "m", *options, env=env)
    assert scripted.peer().accept() == packets.connect("", user="me", password="s ecret")


def test_a_lost_connection_is_made_again_and_qos_1_is_sent_again(scripted, pair):
    program = scripted.start(*pair.pub, "-t", "t", "-m", "m", "-q", "1")
    first = scripted.peer()
    first.accept()
    assert not first.receive_publish().dup
    first.reset()
    second = scripted.peer()
    second.accept()
    message = second.receive_publish()
    assert (message.payload, message.dup) == (b"m", True)
    second.send(packets.puback(message.id))
    second.expect(packets.DISCONNECT)
    assert end(program) == (0, b"", b"")


# How it ends.

@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_each_refusal_of_the_broker_has_its_own_status(scripted, pair, code):
    program = scripted.start(*pair.pub, *NO_RETRY)
    scripted.peer().accept(packets.connack(code))
    status, output, errors = end(program)
    assert (status, output) == (20 + code, b"")
    assert errors.startswith(b"swiftlet: 127.0.0.1:%d: refused: " % scripted.port) and errors.count(b"\n") == 1


@pytest.mark.parametrize("answer,status", [(b"", 7), (b"\x20\x02\0\6", 9), (b"\xd0\0", 9), (b"\x20\x03\0\0\0", 9)])
def test_a_broker_that_leaves_and_one_that_breaks_the_rules_have_theirs(scripted, pair, answer, status):
    program = scripted.start(*pair.pub, *NO_RETRY)
    peer = scripted.peer()
    peer.accept(answer)
    peer.socket.close()
    got, output, errors = end(program)
    assert (got, output, errors.count(b"\n")) == (status, b"", 1)


@pytest.mark.native
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_as_it_ends_any_program(scripted, pair, number):
    program = scripted.start(*pair.pub, *NO_RETRY, "-q", "1")
    peer = scripted.peer()
    peer.accept()
    peer.receive_publish()
    program.send_signal(number)
    assert end(program) == (-number, b"", b"")


@pytest.mark.native
def test_a_connection_that_is_lost_ends_it_when_nothing_is_to_be_retried(scripted, pair):
    program = scripted.start(*pair.pub, *NO_RETRY, "-q", "1", "--retry", "never")
    peer = scripted.peer()
    peer.accept()
    peer.receive_publish()
    peer.socket.close()
    assert end(program)[0] == 7


@pytest.mark.native
@pytest.mark.parametrize("when", ["until-first", "always"])
def test_attempts_go_on_until_there_is_a_broker(pair, when):
    port = free_port()
    process = subprocess.Popen([*pair.pub, *NO_RETRY, "-p", str(port), "--retry", when])
    time.sleep(0.3)
    assert process.poll() is None
    with ScriptedBroker(port) as scripted:
        peer = scripted.peer()
        peer.accept()
        assert peer.receive_publish().payload == b"m"
        assert process.wait(20) == 0


@pytest.mark.parametrize("options,statuses", [
    (["-h", "127.0.0.1", "-p", "PORT"], [5]), (["--unix", "/nowhere/socket"], [5]), (["-A", "203.0.113.1"], [5]),
    (["-h", "name.invalid"], [3, 4]),  # the second where there is no name server
    (["-f", "/nowhere/file"], [11]), (["-f", "/"], [11]),
], ids=str)
def test_what_cannot_be_reached_or_read_has_its_own_status(pair, options, statuses):
    options = [str(free_port()) if word == "PORT" else word for word in options]
    done = run(*pair.pub, "-t", "t", *(["-m", "m"] if "-f" not in options else []), *options)
    assert done.returncode in statuses
    assert (done.stdout, done.stderr.count(b"\n")) == (b"", 1)


@pytest.mark.native
@pytest.mark.parametrize("qos", ["0", "1"])
def test_a_file_that_became_shorter_before_it_was_sent_is_no_success(scripted, pair, file, qos):
    program = scripted.start(*pair.pub, "-t", "t", "-f", str(file), "-q", qos)
    peer = scripted.peer()
    assert peer.receive()[0] == 0x10
    os.truncate(file, 10)
    peer.send(packets.ACCEPTED)
    status, _, errors = end(program)
    assert (status, errors.count(b"\n")) == (11, 1)


@pytest.mark.native
def test_quiet_says_nothing(pair):
    done = run(*pair.pub, *NO_RETRY, "-p", str(free_port()), "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (5, b"", b"")


@pytest.mark.native
def test_a_file_longer_than_a_message_can_be_is_refused(pair, tmp_path):
    with open(tmp_path / "long", "wb") as file:
        file.truncate(268_435_456)
    done = run(*pair.pub, "-t", "t", "-f", str(tmp_path / "long"))
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (10, b"", 1)


@pytest.mark.native
def test_a_message_that_the_broker_does_not_take_is_a_lost_connection(broker, pair, tmp_path):
    (tmp_path / "long").write_bytes(b"x" * MAX_PACKET_SIZE)
    done = run(*pair.pub, *at(broker), "-t", "t", "-q", "1", "-f", str(tmp_path / "long"), "--retry", "never")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (7, b"", 1)


# The command line.

BAD = [
    ("-t t", ""), ("-m m", ""), ("-t t -m m -n", "-n"), ("-t t -l -s", "-s"), ("-t t/+ -m m", "-t"),
    ("-t t/# -m m", "-t"),
    ("-t t -m m -k 4", "-k"), ("-t t -m m -k 65536", "-k"), ("-t t -m m -q 3", "-q"), ("-t t -m m -q x", "-q"),
    ("-t t -m m -c", "-c"), ("-t t -m m -i a -I b", "-I"), ("-t t -m m -I a -i b", "-i"), ("-t t -m m -P x", "-P"),
    ("-t t -m m --will-payload x", "--will-payload"), ("-t t -m m --will-retain", "--will-retain"),
    ("-t t -m m --will-topic w/#", "--will-topic"), ("-t t -m m --will-topic w --will-qos 3", "--will-qos"),
    ("-t t -m m --repeat 0", "--repeat"), ("-t t -m m --repeat-delay -1", "--repeat-delay"), ("-t t -m m -p 0", "-p"),
    ("-t t -m m -p 65536", "-p"), ("-t t -m m -p", "-p"), ("-t t -m m -V mqttv5", "-V"), ("-t t -m m -V 5", "-V"),
    ("-t t -m m -V 6", "-V"), ("-t t -m m -C 1", "-C"), ("-t t -m m --foo", "--foo"), ("-t t -m m -M 0", "-M"),
    ("-t t -m m -x 5", "-x"), ("-t t -m m -D publish topic-alias 1", "-D"), ("-t t -m m --cafile f", "--cafile"),
    ("-t t -m m --psk 1", "--psk"), ("-t t -m m --tls-version x", "--tls-version"), ("-t t -m m --proxy x", "--proxy"),
    ("-t t -m m -S", "-S"), ("-t t -m m --ws", "--ws"), ("-m m -L mqtt://h", "-L"), ("-m m -L mqtts://h/t", "-L"),
    ("-m m -L ws://h/t", "-L"), ("-m m -L http://h/t", "-L"), ("-m m -L h/t", "-L"), ("-m m -L mqtt://h:x/t", "-L"),
    ("-t t -m m --retry often", "--retry"), ("-t t -m m -A localhost", "-A"),
    ("-t t -m m --pw-env NO_SUCH", "--pw-env"),
    ("-t t -m m -u u --pw-file /nowhere/f", "/nowhere/f"), ("-t t -m m -o /nowhere/f", "/nowhere/f"),
    ("-t t -m m -o a -o b", "-o"), ("t", "t"),
]


@pytest.mark.native
@pytest.mark.parametrize("options,named", BAD)
def test_what_is_wrong_on_the_command_line_is_named(pair, options, named):
    done = run(*pair.pub, *options.split())
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert done.stderr.startswith(b"swiftlet: " + named.encode())


@pytest.mark.native
@pytest.mark.parametrize("lines", ["-m   x y  \n", "-m  x", "-m x \r\n", "-m x\n-u me\n-P  s p \n"])
def test_spaces_around_a_text_in_a_file_of_options_belong_to_it_as_with_mosquitto_pub(scripted, pair, tmp_path, lines):
    (tmp_path / "mosquitto_pub").write_bytes(lines.encode())
    said = []
    for pub in (pair.pub, MOSQUITTO.pub):
        scripted.start(*pub, "-t", "t", env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)})
        peer = scripted.peer()
        said.append((peer.accept(), peer.receive()))
    assert said[0] == said[1]


@pytest.mark.native
def test_a_wrong_line_in_a_file_of_options_is_named(pair, tmp_path):
    file = tmp_path / "options"
    for line, named in [("-k 4", b"-k"), ("--foo", b"--foo"), ("-r x", b"-r"), ("-t", b"-t")]:
        file.write_text(f"# options\n\n{line}\n")
        done = run(*pair.pub, "-o", str(file), "-m", "m")
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.startswith(f"swiftlet: {file}:3: ".encode() + named) and done.stderr.count(b"\n") == 1


def test_it_has_the_name_of_mosquittos_tool_and_its_own_help(target, scripted, tmp_path):
    link = tmp_path / "mosquitto_pub"
    os.symlink(target.binary, link)
    scripted.start(*replace(target, binary=link).command("-t", "t", "-m", "m"))
    scripted.peer().accept()
    for command in (target.command("pub", "--help"), replace(target, binary=link).command("--help")):
        done = run(*command)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"usage: swiftlet pub" in done.stdout and b"--repeat" in done.stdout and b"-C," not in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 120
    assert run(*target.command("pub", "--version")).stdout.startswith(b"swiftlet ")
