"""toolchains/bench: that it measures, and that a run in which something went wrong does not count."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from targets import ROOT

pytestmark = [pytest.mark.native, pytest.mark.swiftlet("it is measured, too")]

# As the generator ends when a message did not come.
LOSSY = """#!/bin/sh
echo '{"delivered": 9, "expected": 10, "lost": 1, "doubled": 0, "corrupt": 0, "disordered": 0}'
exit 1
"""


@pytest.fixture
def bench(target):
    def bench(*options: str | Path) -> subprocess.CompletedProcess:
        command = [sys.executable, ROOT / "Tests/Benchmark/bench.py", "--swiftlet", target.binary, *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=150)

    return bench


def rows(file: Path) -> dict[str, dict]:
    return {row["name"]: row for row in json.loads(file.read_text())["rows"]}


def test_a_quick_run_measures_both_brokers(bench, tmp_path):
    done = bench("--quick", "--json", tmp_path / "json", "--csv", tmp_path / "csv")
    assert done.returncode == 0, done.stdout + done.stderr
    table = rows(tmp_path / "json")
    for name in ("qos0-1-1/cpu", "qos0-1-1/rate", "qos0-fan-out/cpu", "qos1-10-10/cpu", "connects/cpu",
                 "memory-idle/resident", "start/ready", "image/here", "calls-qos1/all", "calls-qos1/send"):
        assert table[name]["mosquitto"] > 0 and table[name]["swiftlet"] > 0, name
        assert table[name]["ratio"] == table[name]["swiftlet"] / table[name]["mosquitto"], name
        assert table[name]["title"] in done.stdout
    for name in ("qos0-1-1/cpu", "qos0-fan-out/cpu"):
        assert table[name]["relay"] > 0, name
    assert len((tmp_path / "csv").read_text().splitlines()) == len(table) + 1


def test_a_run_that_loses_a_message_does_not_count_and_is_told(bench, tmp_path):
    generator = tmp_path / "generator"
    generator.write_text(LOSSY)
    generator.chmod(0o755)
    done = bench("--quick", "--only", "qos1-10-10", "--rounds", "2", "--generator", generator,
                 "--json", tmp_path / "json")
    assert done.returncode == 1, done.stderr
    assert "qos1-10-10, swiftlet, round 2: lost 1" in done.stdout
    assert "invalid" in done.stdout
    row = rows(tmp_path / "json")["qos1-10-10/cpu"]
    assert (row["mosquitto"], row["swiftlet"], row["invalid"]) == (None, None, 4)


def test_a_broker_that_does_not_start_is_told(bench, tmp_path):
    done = bench("--quick", "--only", "start", "--mosquitto", "/bin/false")
    assert done.returncode == 1, done.stdout
    assert "start, mosquitto, round 1: mosquitto has ended with 1" in done.stdout


def test_what_it_can_measure_is_listed_and_nothing_else_is_measured(bench):
    names = bench("--list", "--scaling").stdout.split()
    assert {"qos0-1-1", "storm", "scaling-sessions-10000"} <= set(names)
    assert "scaling-sessions-10000" not in bench("--list").stdout.split()
    done = bench("--only", "nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr
