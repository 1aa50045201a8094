"""A steady stream while thousands connect: those who are served already must not wait for those who come."""

from contextlib import ExitStack

from brokers import Invalid
from generator import Figures
from rows import Lab, Row, Task
from workloads import pairs

SECTION = "1,000 messages a second, QoS 1, 10 to 10, while others connect"
SECONDS = 5
CONNECTS = 10_000


def stream(lab: Lab, seconds: int) -> dict:
    return {**pairs(10), "qos": 1, "rate": 1000, "messages": 100 * seconds, "topic_prefix": "stream"}


def storm(lab: Lab, kind: str) -> Figures:
    """The stream alone; then again, with storms one after the other for as long as it lasts."""
    seconds = lab.seconds(SECONDS)
    with lab.brokers.run(kind) as broker:
        alone = lab.generator.run(broker, **stream(lab, seconds))
    connects, connect_seconds = 0.0, 0.0
    with lab.brokers.run(kind) as broker, ExitStack() as stack:
        flow = stack.enter_context(lab.generator.start(broker, **stream(lab, seconds)))
        while not flow.is_over():
            # Both generators share a core: the one that storms gives way, or the stream would wait for it.
            with lab.generator.start(broker, polite=True, connects=lab.count(CONNECTS), concurrency=50) as storm:
                figures = storm.figures()
            connects += figures["delivered"]
            connect_seconds += figures["seconds"]
        stormy = flow.figures()
    if not connects:
        raise Invalid("the stream was over before a storm was")
    return {"alone": alone["p99_us"], "storm": stormy["p99_us"], "alone_max": alone["max_us"],
            "storm_max": stormy["max_us"], "connects": connects / connect_seconds}


STORM_TASKS = [
    Task("storm", {
        "alone": Row(SECTION, "99th percentile, microseconds, nobody connects"),
        "storm": Row(SECTION, "99th percentile, microseconds, in a storm of connects"),
        "alone_max": Row(SECTION, "longest, microseconds, nobody connects"),
        "storm_max": Row(SECTION, "longest, microseconds, in a storm of connects"),
        "connects": Row(SECTION, "connects a second meanwhile"),
    }, storm),
]
