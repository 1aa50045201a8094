"""The broker has all its memory from the start."""

import re
from pathlib import Path

import pytest

from broker import Broker
from churn import churn
from conftest import LIMITS

pytestmark = [pytest.mark.native, pytest.mark.swiftlet("it allocates")]


def resident_bytes(broker: Broker, kind: str = "Rss") -> int:
    """Counted page by page; VmRSS in `status` may lag behind."""
    text = Path(f"/proc/{broker.process.pid}/smaps_rollup").read_text()
    return int(re.search(rf"^{kind}: +(\d+) kB", text, re.MULTILINE)[1]) * 1024


def test_what_it_says_it_takes_is_resident_when_it_is_ready(start):
    """Memory that is only promised may be missing on the day that it is needed."""
    broker = start()
    assert resident_bytes(broker) >= int(broker.ready["memory"])


@pytest.mark.parametrize("store", ["64K", "1M", "1500K", "2M", "3M", "3500K", "9M"])
def test_it_takes_no_more_than_it_says(start, target, store):
    """Neither is a huge page larger than what is left of the plan, nor are they missing where there are some."""
    broker = start(f"message_store_size {store}", *LIMITS)
    said = int(broker.ready["memory"])
    own = resident_bytes(broker, "Anonymous") - said
    # The host's program has Swift's libraries, which the static ones do without.
    most = 1024 * 1024 if target.name == "host" else 256 * 1024
    assert 0 < own < most, f"{own} bytes beside the {said} of the plan"
    pages = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if pages.exists() and "[never]" not in pages.read_text() and said >= 4 << 20:
        assert resident_bytes(broker, "AnonHugePages") > 0


def test_no_load_makes_it_larger(start, report):
    broker = start(*LIMITS)
    churn(broker, connects=20, messages=200)
    before = resident_bytes(broker)
    churn(broker, connects=400, messages=4000)
    after = resident_bytes(broker)
    report(f"{after // 1024} KiB resident after the load, {before // 1024} KiB after the warm-up")
    assert after == before
