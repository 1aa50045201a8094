"""The workloads of the generator, with their marks. Payloads have 64 bytes where nothing else is said."""

from brokers import RELAY
from generator import Figures
from rows import BOTH, CPU, P99, RATE, Lab, Row, Task

ALL = (*BOTH, RELAY)


def workload(name: str, title: str, mark: tuple[float, float], *, throughput=False, p99=False,
             mark_p99: tuple[float, float] | None = None, kinds=BOTH, is_quick=False, **options) -> Task:
    """Its cost in CPU; `throughput` and `p99`: and those. A mark is a pair: mosquitto's figure, and the mark."""
    def row(section: str, marks: tuple[float, float] | None) -> Row:
        return Row(section, title, *(reversed(marks) if marks else ()))

    def measure(lab: Lab, kind: str) -> Figures:
        scaled = {key: lab.count(value) if key in ("messages", "connects", "retained") else value
                  for key, value in options.items()}
        with lab.brokers.run(kind) as broker:
            figures = lab.generator.run(broker, **scaled)
        readings = {"cpu": figures["cpu_us_per_message"], "rate": figures["messages_per_second"],
                    "p99": figures["p99_us"]}
        return {key: readings[key] for key in rows}

    rows = {"cpu": row(CPU, mark)}
    if throughput:
        rows["rate"] = row(RATE, None)
    if p99:
        rows["p99"] = row(P99, mark_p99)
    return Task(name, rows, measure, kinds, is_quick)


def pairs(count: int, **options) -> dict:
    """Each publisher has a subscriber of its own."""
    return {"publishers": count, "subscribers": count, "topics": count, **options}


WORKLOADS = [
    workload("qos0-1-1", "QoS 0, 1 to 1, pipelined", (12.6, 0.7), throughput=True, kinds=ALL, is_quick=True,
             **pairs(1), qos=0, messages=300_000),
    workload("qos0-10-10", "QoS 0, 10 to 10, pipelined", (11.5, 0.7), throughput=True, kinds=ALL,
             **pairs(10), qos=0, messages=30_000),
    workload("qos0-8k", "QoS 0, 1 to 1, 8 KiB", (19.6, 3.5), throughput=True, kinds=ALL,
             **pairs(1), qos=0, payload=8192, messages=100_000),
    workload("qos1-10-10", "QoS 1, 10 to 10, window 20", (24.5, 1.9), throughput=True, is_quick=True,
             **pairs(10), qos=1, window=20, messages=10_000),
    workload("qos2-10-10", "QoS 2, 10 to 10, window 20", (39.0, 3.0), throughput=True,
             **pairs(10), qos=2, window=20, messages=7_000),
    workload("qos1-single", "QoS 1, 50 to 50, one at a time", (21.7, 12), throughput=True, p99=True,
             **pairs(50), qos=1, window=1, messages=2_000),
    workload("qos1-steady", "QoS 1, 10 to 10, 1,000 a second", (89, 60), p99=True, mark_p99=(885, 350),
             **pairs(10), qos=1, rate=1000, messages=500),
    workload("qos0-fan-in", "QoS 0, fan-in 100 to 1", (10.7, 0.8), throughput=True, kinds=ALL,
             publishers=100, subscribers=1, topics=1, qos=0, messages=3_000),
    workload("qos0-fan-out", "QoS 0, fan-out 1 to 100", (7.6, 1.3), throughput=True, kinds=ALL, is_quick=True,
             publishers=1, subscribers=100, topics=1, qos=0, messages=4_000),
    workload("qos0-filters", "QoS 0, 10,000 filters with wildcards", (10.3, 0.95), throughput=True,
             publishers=10, subscribers=10, topics=10_000, filters=10_000, qos=0, messages=30_000),
    workload("retained", "10,000 retained to `#`, 10 subscribers", (6.9, 1.2), throughput=True,
             publishers=1, subscribers=10, retained=10_000),
    workload("connects", "10,000 connects, 50 at a time (per connect)", (31, 20), throughput=True, is_quick=True,
             connects=10_000, concurrency=50),
]
