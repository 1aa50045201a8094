"""System calls for each delivered message, counted by strace: in runs of their own, as it makes them slow."""

import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from brokers import Broker, Invalid
from generator import Figures
from rows import Lab, Row, Task
from workloads import pairs

SECTION = "system calls for each delivered message"

KINDS = {
    "receive": ("read", "readv", "recvfrom", "recvmsg", "recvmmsg"),
    "send": ("write", "writev", "sendto", "sendmsg", "sendmmsg"),
    "wait": ("epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6"),
    "epoll_ctl": ("epoll_ctl",),
}


@contextmanager
def counted(broker: Broker, counts: dict[str, int]):
    """Counts the broker's calls within the `with`, by name."""
    file, said = broker.log.with_name("calls"), broker.log.with_name("strace")
    with open(said, "wb") as stderr:
        strace = subprocess.Popen(["strace", "-c", "-f", "-p", str(broker.id), "-o", file],
                                  stdin=subprocess.DEVNULL, stderr=stderr)
    try:
        deadline = time.monotonic() + 10
        while "attached" not in said.read_text():
            if strace.poll() is not None or time.monotonic() > deadline:
                raise Invalid(f"strace: {said.read_text().strip()}")
            time.sleep(0.01)
        yield
    finally:
        if strace.poll() is None:
            strace.send_signal(signal.SIGINT)
        strace.wait(20)
    counts.update(read_summary(file))


def read_summary(file: Path) -> dict[str, int]:
    """Lines of `% time, seconds, usecs/call, calls, [errors,] name`."""
    counts = {}
    for line in file.read_text().splitlines():
        words = line.split()
        if len(words) in (5, 6) and words[3].isdigit() and words[-1] != "total":
            counts[words[-1]] = int(words[3])
    return counts


def calls(name: str, title: str, messages: int, is_quick=False, **options) -> Task:
    """By the difference between two runs, so that connecting and subscribing do not count."""
    def run(lab: Lab, kind: str, each: int) -> tuple[dict[str, int], float]:
        counts: dict[str, int] = {}
        with lab.brokers.run(kind) as broker, counted(broker, counts):
            figures = lab.generator.run(broker, messages=each, **options)
        return counts, figures["delivered"]

    def measure(lab: Lab, kind: str) -> Figures:
        few, few_delivered = run(lab, kind, lab.count(messages // 10))
        many, many_delivered = run(lab, kind, lab.count(messages, least=100))
        each = {call: (many.get(call, 0) - few.get(call, 0)) / (many_delivered - few_delivered)
                for call in few.keys() | many.keys()}
        figures = {key: sum(each.get(call, 0.0) for call in names) for key, names in KINDS.items()}
        figures["all"] = sum(each.values())
        figures["other"] = figures["all"] - sum(figures[key] for key in KINDS)
        return figures

    rows = {"all": Row(SECTION, title)}
    for key in (*KINDS, "other"):
        rows[key] = Row(SECTION, f"  {key}")
    return Task(name, rows, measure, is_quick=is_quick)


CALL_TASKS = [
    calls("calls-qos0", "QoS 0, 1 to 1, pipelined", 50_000, **pairs(1), qos=0),
    calls("calls-qos1", "QoS 1, 10 to 10, window 20", 2_000, **pairs(10), qos=1, window=20, is_quick=True),
    calls("calls-single", "QoS 1, 50 to 50, one at a time", 400, **pairs(50), qos=1, window=1),
]
