"""Which emulated board to test, and the boards.

.build-venv/bin/python -m pytest Tests/Boot                        a MIPS board, little-endian
.build-venv/bin/python -m pytest Tests/Boot --machine mips_24kc    another one of toolchains/machines
"""

import os
import shutil

import pytest

from board import Board, Image
from client_mode import Debian
from figures import pytest_terminal_summary  # noqa: F401: pytest calls it
from image import initramfs, make_disk
from machines import all_machines
from targets import ROOT


def pytest_addoption(parser):
    parser.addoption("--machine", default="mipsel_24kc", help="a machine of toolchains/machines")


@pytest.fixture(scope="session")
def image(request, tmp_path_factory) -> Image:
    machine = all_machines()[request.config.getoption("--machine")]
    folder = tmp_path_factory.mktemp("image")
    packages = list((ROOT / ".build-cross/packages").glob(f"swiftlet_*_{machine.arch}.ipk"))
    assert len(packages) == 1, f"toolchains/package {machine.arch} makes one package; there are {packages}"
    (folder / "initramfs").write_bytes(initramfs(machine))
    make_disk(machine, packages[0], folder / "root", folder / "disk")
    return Image(machine, folder / "initramfs", folder / "disk")


@pytest.fixture
def start(image, tmp_path):
    """Starts boards of the test's own, with a new disk or with that of another one."""
    started: list[Board] = []

    def start(*, disk=None, **options) -> Board:
        if disk is None:
            disk = tmp_path / f"disk-{len(started)}"
            shutil.copy(image.disk, disk)
        started.append(Board(Image(image.machine, image.initramfs, disk), **options))
        return started[-1]

    yield start
    for board in started:
        board.cut_power()


@pytest.fixture(scope="session")
def shared(image, tmp_path_factory):
    disk = tmp_path_factory.mktemp("shared") / "disk"
    shutil.copy(image.disk, disk)
    board = Board(Image(image.machine, image.initramfs, disk))
    board.wait_until_served()
    yield board.wait_until_booted()
    board.cut_power()


@pytest.fixture
def board(shared):
    """The board that most tests share: a broker with the settings that the package comes with."""
    shared.run("cp /etc/config/swiftlet /tmp/delivered")
    yield shared
    shared.hang_up()
    shared.run("cp /tmp/delivered /etc/config/swiftlet; rm -rf /etc/swiftlet/*; /etc/init.d/swiftlet reload")
    shared.wait_until_served()


@pytest.fixture
def elsewhere(tmp_path):
    """A broker that is not on the board."""
    broker = Debian(tmp_path / "elsewhere", "allow_anonymous true")
    yield broker
    broker.hang_up()
    broker.kill()


@pytest.fixture
def report(record_property, image):
    """Adds a measured figure to the end of the run's output."""
    return lambda text: record_property("figure", f"{image.machine.target.name}: {text}")
