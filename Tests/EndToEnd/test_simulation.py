"""The same worlds on every processor: swiftlet-sim runs seeds and tells a digest of all that happened in them."""

import re
import subprocess

import pytest

from targets import all_targets

pytestmark = pytest.mark.swiftlet("its own simulation")

# A broker and its clients; a connection of ours to another broker; a bridge between both.
WORLDS = {
    "broker": ["--seeds", "1..60"],
    "link": ["--link", "--seeds", "1..100"],
    "bridge": ["--bridge", "--seeds", "1..40"],
}


def simulate(target, world) -> str:
    run = subprocess.run(target.simulation(*WORLDS[world]), capture_output=True, text=True, timeout=300)
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    return run.stdout


def counts(report) -> dict[str, int]:
    return {key: int(value) for key, value in re.findall(r"([\w-]+)=(\d+)", report)}


@pytest.fixture(scope="session")
def on_the_host() -> dict[str, str]:
    """With the oracle, which finds nothing: it would end the run with another status."""
    return {world: simulate(all_targets()["host"], world) for world in WORLDS}


def test_something_happens_in_the_simulated_worlds(on_the_host):
    seen = counts(on_the_host["broker"])
    assert seen["sent"] > 5000 and seen["received"] > 5000
    assert seen["reset"] > 100 and seen["half-open"] > 100 and seen["short-send"] > 100


def test_links_carry_messages_and_break(on_the_host):
    seen = counts(on_the_host["link"])
    assert seen["sent"] > 4000 and seen["received"] > 4000 and seen["reset"] > 200 and seen["simulated-hours"] > 20


def test_bridges_carry_messages_and_break(on_the_host):
    seen = counts(on_the_host["bridge"])
    assert seen["sent"] > 3000 and seen["received"] > 3000 and seen["simulated-hours"] > 5
    assert seen["connect-failed"] > 100 and seen["disconnected"] > 100 and seen["dropped"] > 100


@pytest.mark.parametrize("world", WORLDS)
def test_the_same_seeds_go_the_same_way_on_every_processor(target, on_the_host, world):
    assert "digest=" in on_the_host[world]
    assert simulate(target, world) == on_the_host[world]
