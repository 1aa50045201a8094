"""The cost of a message beside sessions, retained topics and subscriptions that it has nothing to do with."""

from generator import Figures
from rows import CPU, Lab, Row, Task
from workloads import pairs

STEPS = (10, 100, 1_000, 10_000)
WHAT = {"sessions": "sessions", "unrelated_retained": "retained topics", "unrelated_filters": "subscriptions"}
MESSAGES = 5_000


def beside(option: str, what: str, count: int) -> Task:
    def measure(lab: Lab, kind: str) -> Figures:
        with lab.brokers.run(kind) as broker:
            figures = lab.generator.run(broker, **pairs(10), qos=1, window=20, messages=lab.count(MESSAGES),
                                        **{option: count})
        return {"cpu": figures["cpu_us_per_message"]}

    row = Row(f"{CPU}: QoS 1, 10 to 10, window 20, beside", f"{count:,} {what}")
    return Task(f"scaling-{what.replace(' ', '-')}-{count}", {"cpu": row}, measure, is_extra=True)


SCALING_TASKS = [beside(option, what, count) for option, what in WHAT.items() for count in STEPS]
