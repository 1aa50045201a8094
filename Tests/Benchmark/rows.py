"""What is measured: rows of the table, and the tasks that fill them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from brokers import MOSQUITTO, SWIFTLET, Brokers
from generator import Generator

BOTH = (MOSQUITTO, SWIFTLET)

CPU = "CPU, microseconds per delivered message"
RATE = "messages a second"
P99 = "99th percentile, microseconds"
MEMORY = "memory"
LIFE = "start, image, rest"


@dataclass(frozen=True)
class Row:
    section: str
    title: str
    mark: float | None = None  # what Swiftlet is to cost at most
    mark_mosquitto: float | None = None  # what mosquitto 2.0.11 cost where the mark was set


@dataclass(frozen=True)
class Lab:
    """All that a task needs."""

    brokers: Brokers
    generator: Generator
    images: Path  # the folder of the cross builds
    divisor: int = 1  # of all counts and times, for a run that is only to show that everything works

    def count(self, full: int, least: int = 10) -> int:
        return max(full // self.divisor, least)

    def seconds(self, full: int) -> int:
        return max(full // self.divisor, 1)


@dataclass(frozen=True)
class Task:
    """One thing to do with each of some brokers; it fills one or more rows, each with one figure a round."""

    name: str
    rows: dict[str, Row]
    measure: Callable[[Lab, str], dict[str, float]]  # of the kind of broker; figures by the keys of `rows`
    kinds: tuple[str, ...] = BOTH
    is_quick: bool = False  # part of a run that is only to show that everything works
    is_extra: bool = False  # only if asked for
