"""The broker has all its memory from the start."""

import mmap
import os
import re
import subprocess
from pathlib import Path

import pytest

from broker import OPEN
from churn import churn
from conftest import LIMITS
from namespace import unshared

pytestmark = [pytest.mark.native, pytest.mark.swiftlet("it allocates")]


@pytest.fixture
def call_in(target, tmp_path):
    """Runs the program to its end with a board file of these lines, where something was mounted before."""
    def call_in(mount: str, *lines: str) -> subprocess.CompletedProcess:
        inside = unshared(target, "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh")
        file = tmp_path / "board.conf"
        file.write_text("".join(line + "\n" for line in lines))
        return subprocess.run(inside.command(str(file)), capture_output=True, text=True, timeout=20)

    return call_in


def resident_bytes(process: int, kind: str = "Rss") -> int:
    """Counted page by page; VmRSS in `status` may lag behind."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    return int(re.search(rf"^{kind}: +(\d+) kB", text, re.MULTILINE)[1]) * 1024


def huge_page_is_free() -> bool:
    """Whether whoever asks for one now gets it."""
    before = resident_bytes(os.getpid(), "AnonHugePages")
    with mmap.mmap(-1, 8 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as trial:
        trial.madvise(mmap.MADV_HUGEPAGE)
        for page in range(0, len(trial), mmap.PAGESIZE):
            trial[page] = 1
        return resident_bytes(os.getpid(), "AnonHugePages") > before


def test_what_it_says_it_takes_is_resident_when_it_is_ready(start):
    """Memory that is only promised may be missing on the day that it is needed."""
    broker = start()
    assert resident_bytes(broker.process.pid) >= int(broker.ready["memory"])


@pytest.mark.parametrize("store", ["64K", "1M", "1500K", "2M", "3M", "3500K", "9M"])
def test_it_takes_no_more_than_it_says(start, target, store):
    """Neither is a huge page larger than what is left of the plan, nor are they missing where there are some."""
    broker = start(f"message_store_size {store}", *LIMITS)
    said = int(broker.ready["memory"])
    own = resident_bytes(broker.process.pid, "Anonymous") - said
    # The host's program has Swift's libraries, which the static ones do without.
    most = 1024 * 1024 if target.name == "host" else 256 * 1024
    assert 0 < own < most, f"{own} bytes beside the {said} of the plan"
    pages = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if pages.exists() and "[never]" not in pages.read_text() and said >= 4 << 20 and huge_page_is_free():
        assert resident_bytes(broker.process.pid, "AnonHugePages") > 0


def test_no_load_makes_it_larger(start, report):
    broker = start(*LIMITS)
    churn(broker, connects=20, messages=200)
    # Pages of files are the system's to take and to give.
    before = resident_bytes(broker.process.pid, "Anonymous")
    churn(broker, connects=400, messages=4000)
    after = resident_bytes(broker.process.pid, "Anonymous")
    report(f"{after // 1024} KiB resident after the load, {before // 1024} KiB after the warm-up")
    assert after == before


@pytest.mark.parametrize("mode, lines", [("broker", OPEN), ("client", ())])
def test_a_plan_for_a_larger_machine_is_refused(call_in, tmp_path, mode, lines):
    """Before it takes anything, so that nobody else is killed for it."""
    (tmp_path / "meminfo").write_text("MemTotal:   61000 kB\nMemFree:    90000 kB\nMemAvailable:    300 kB\n")
    run = call_in(f"mount --bind {tmp_path}/meminfo /proc/meminfo", f"mode {mode}", *lines)
    assert run.returncode == 1
    said = r"swiftlet: .*/board.conf: the plan takes \d+ bytes, and this machine has 307200 left; a smaller .*\n"
    assert re.fullmatch(said, run.stderr), run.stderr


def test_where_the_system_does_not_tell_what_is_left_the_plan_is_tried(call_in, tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal:   61000 kB\n")
    run = call_in(f"mount --bind {tmp_path}/meminfo /proc/meminfo", "listener 1 192.0.2.1", "listener 0 /")
    assert "cannot listen on /: " in run.stderr
