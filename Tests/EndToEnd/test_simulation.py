"""The same worlds on every processor: swiftlet-sim runs seeds and tells a digest of all that happened in them."""

import re
import subprocess

import pytest

from targets import all_targets

pytestmark = pytest.mark.swiftlet("its own simulation")

SEEDS = "1..60"


def simulate(target) -> str:
    run = subprocess.run(target.simulation("--seeds", SEEDS), capture_output=True, text=True, timeout=300)
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    return run.stdout


@pytest.fixture(scope="session")
def on_the_host() -> str:
    """With the oracle, which finds nothing: it would end the run with another status."""
    return simulate(all_targets()["host"])


def test_something_happens_in_the_simulated_worlds(on_the_host):
    counts = {key: int(value) for key, value in re.findall(r"([\w-]+)=(\d+)", on_the_host)}
    assert counts["sent"] > 5000 and counts["received"] > 5000
    assert counts["reset"] > 100 and counts["half-open"] > 100 and counts["short-send"] > 100


def test_the_same_seeds_go_the_same_way_on_every_processor(target, on_the_host):
    assert "digest=" in on_the_host
    assert simulate(target) == on_the_host
