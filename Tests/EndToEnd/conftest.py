"""What to test, and the broker that most tests share.

.build-venv/bin/python -m pytest -n 4 Tests/EndToEnd                           all targets, as they are built
.build-venv/bin/python -m pytest Tests/EndToEnd --targets host,mips_24kc       some of them
SWIFTLET_E2E_BROKER=mosquitto .build-venv/bin/python -m pytest Tests/EndToEnd  the tests themselves
"""

import os
import signal
import subprocess

import pytest

from broker import OPEN, Broker, Mosquitto
from bridge import link_is_up
from bystanders import Bystanders
from client_mode import Debian
from figures import pytest_terminal_summary  # noqa: F401: pytest calls it
from retained import Retainer
from targets import Target, all_targets

TARGETS = pytest.StashKey[dict[str, Target]]()
STAND_IN = os.environ.get("SWIFTLET_E2E_BROKER") == "mosquitto"

# The shared broker's limits; tests may count on them.
MAX_PACKET_SIZE = 20_000
LIMITS = (
    f"max_packet_size {MAX_PACKET_SIZE}",
    "max_connections 120",
    "max_queued_messages 1000",
    "max_inflight_messages 20",
    "memory_budget 64M",
)


def pytest_addoption(parser):
    parser.addoption("--targets", help="comma-separated names of the targets to test (default: all)")


def pytest_configure(config):
    # What nohup and shells in the background ignore, programs would inherit: those under test are to be ended by it.
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    targets = {"mosquitto": Mosquitto.TARGET} if STAND_IN else all_targets()
    if wanted := config.getoption("--targets"):
        if unknown := set(wanted.split(",")) - targets.keys():
            raise pytest.UsageError(f"--targets: no {', '.join(sorted(unknown))} among {', '.join(targets)}")
        targets = {name: targets[name] for name in wanted.split(",")}
    config.stash[TARGETS] = targets


def pytest_generate_tests(metafunc):
    if "target" not in metafunc.fixturenames:
        return
    targets = metafunc.config.stash[TARGETS]
    if metafunc.definition.get_closest_marker("native"):
        targets = {name: target for name, target in targets.items() if target.is_native}
    if metafunc.definition.get_closest_marker("few"):
        targets = {name: target for name, target in targets.items() if name in ("host", "mips_24kc", "mosquitto")}
    metafunc.parametrize("target", targets.values(), ids=targets.keys(), scope="session")


def pytest_collection_modifyitems(items):
    for item in items:
        if STAND_IN and (mark := item.get_closest_marker("swiftlet")):
            item.add_marker(pytest.mark.skip(reason=f"mosquitto stands in: {mark.args[0]}"))


def run(target, directory, lines, **options) -> Broker:
    return (Mosquitto if STAND_IN else Broker)(target, directory, lines, **options)


@pytest.fixture(scope="session")
def shared(target, tmp_path_factory):
    """Starts the shared broker, again when a test has ended it."""
    running: list[Broker] = []

    def start() -> Broker:
        if not running or not running[-1].is_running():
            running.append(run(target, tmp_path_factory.mktemp(target.name), (*OPEN, *LIMITS)))
            running[-1].wait_until_ready()
        return running[-1]

    yield start
    if running and running[-1].is_running():
        assert running[-1].stop() == 0, running[-1].log.tail()


@pytest.fixture
def broker(shared):
    """A broker that all tests of a target share. What one test does to it must not harm the next."""
    broker = shared()
    yield broker
    broker.hang_up()
    assert broker.is_running(), f"the broker has ended with {broker.process.returncode}; log:\n{broker.log.tail()}"


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory):
    """Debian's mosquitto, for clients of ours."""
    broker = Mosquitto(Mosquitto.TARGET, tmp_path_factory.mktemp("mosquitto"), OPEN[1:])
    yield broker.wait_until_ready()
    broker.kill()


@pytest.fixture
def debian(tmp_path):
    """Starts Debian's mosquitto with these lines, on a port that may be given. It is ended after the test."""
    started: list[Debian] = []

    def start(*lines: str, **options) -> Debian:
        started.append(Debian(tmp_path / f"mosquitto-{len(started)}", *lines, **options))
        return started[-1]

    yield start
    for broker in started:
        broker.hang_up()
        broker.kill()


@pytest.fixture
def start(target, tmp_path):
    """Starts brokers of the test's own: open to all, with these lines added. They are ended after the test."""
    started: list[Broker] = []

    def start(*lines: str, ready=True, only=False, target=target, **options) -> Broker:
        directory = tmp_path / str(len(started))
        started.append(run(target, directory, lines if only else (*OPEN, *lines), **options))
        return started[-1].wait_until_ready() if ready else started[-1]

    yield start
    for broker in started:
        broker.hang_up()
        broker.kill()


@pytest.fixture
def bridge(start):
    """Starts boards in bridge mode with these lines, and waits until the link of each section that is named is up."""
    def bridge(*lines: str, up=("link",), **options) -> Broker:
        board = start("mode bridge", *OPEN, *lines, only=True, **options)
        for name in up:
            link_is_up(board, name)
        return board

    return bridge


@pytest.fixture
def call(target, tmp_path):
    """Runs the program to its end, with a board file of these lines for its last argument if there are any."""
    def call(*arguments: str, lines: list[str] | None = None, stdin="") -> subprocess.CompletedProcess:
        if lines is not None:
            file = tmp_path / "board.conf"
            file.write_text("".join(line + "\n" for line in lines))
            arguments = (*arguments, str(file))
        return subprocess.run(target.command(*arguments), input=stdin, capture_output=True, text=True, timeout=20)

    return call


@pytest.fixture
def bystanders(broker):
    return Bystanders(broker)


@pytest.fixture
def retain(broker):
    """Publishes retained messages, and removes them after the test."""
    retainer = Retainer(broker)
    yield retainer
    retainer.clear()


@pytest.fixture
def report(record_property, target):
    """Adds a measured figure to the end of the run's output."""
    return lambda text: record_property("figure", f"{target.name}: {text}")
