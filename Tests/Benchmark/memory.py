"""Resident memory: of an idle broker, and of what it holds."""

import time

from brokers import SWIFTLET
from generator import Figures
from rows import MEMORY, Lab, Row, Task

FEW, MANY = 1_000, 5_000
# How long clients stay connected: the broker has said all it had to say, and gives back what it gives back.
HOLD = 1


def idle(lab: Lab, kind: str) -> Figures:
    with lab.brokers.run(kind, pooled=False) as broker:
        time.sleep(0.3)
        resident = broker.status("VmRSS") * 1024
        anonymous = broker.status("RssAnon") * 1024
    arena = lab.brokers.plan() if kind == SWIFTLET else 0
    return {"resident": resident, "anonymous": anonymous, "beyond": resident - arena}


def growth(name: str, title: str, option: str, mark: tuple[float, float] | None, pools: dict[str, int]) -> Task:
    """Bytes for each of many, by what 4,000 more add to a broker that holds 1,000.

    Swiftlet has taken its memory before they come: what it planned for each counts, and what it grew all the same.
    `pools` says how much of which pool one of them needs.
    """
    def grown(lab: Lab, kind: str, count: int) -> int:
        with lab.brokers.run(kind) as broker:
            figures = lab.generator.run(broker, publishers=1, subscribers=1, hold=HOLD, **{option: count})
        return int((figures["rss_kb_after"] - figures["rss_kb_before"]) * 1024)

    def planned(lab: Lab, count: int) -> int:
        return lab.brokers.plan(**{key: PLAN_BASE.get(key, 0) + count * each for key, each in pools.items()})

    def measure(lab: Lab, kind: str) -> Figures:
        few, many = lab.count(FEW), lab.count(MANY)
        figures = {"growth": (grown(lab, kind, many) - grown(lab, kind, few)) / (many - few), "plan": 0.0}
        if kind == SWIFTLET:
            figures["plan"] = (planned(lab, MANY) - planned(lab, FEW)) / (MANY - FEW)
        return {**figures, "sum": figures["growth"] + figures["plan"]}

    marks = tuple(reversed(mark)) if mark else ()
    rows = {
        "sum": Row(MEMORY, f"bytes per {title}", *marks),
        "growth": Row(MEMORY, "  of it, growth of what is resident"),
        "plan": Row(MEMORY, "  of it, planned, and resident before"),
    }
    return Task(name, rows, measure)


# Each plan has to have room for the least that its other keys ask for.
PLAN_BASE = {"max_topic_nodes": 1_000, "max_messages": 10_000, "message_store_size": 50_000_000}

CONNECTION = {"max_connections": 1, "global_max_connections": 1, "global_max_clients": 1}

MEMORY_TASKS = [
    Task("memory-idle", {
        "resident": Row(MEMORY, "resident bytes, idle (mosquitto: with its shared libraries)"),
        "beyond": Row(MEMORY, "  of it, beyond the arena", 500_000, 8_600_000),
        "anonymous": Row(MEMORY, "  of it, of no file"),
    }, idle, is_quick=True),
    growth("memory-connection", "idle connection", "idle", (734, 256), CONNECTION),
    growth("memory-session", "connection with a subscription of its own (PREFIX/k/+)", "sessions", None,
           {**CONNECTION, "max_subscriptions": 1, "max_topic_nodes": 2}),
    growth("memory-retained", "retained message of 64 bytes", "unrelated_retained", None,
           {"max_retained_messages": 1, "max_messages": 1, "max_topic_nodes": 1, "message_store_size": 120}),
]
