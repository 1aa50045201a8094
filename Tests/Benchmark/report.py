"""The table: of each row the medians of all rounds, side by side, and beside them the mark."""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from brokers import MOSQUITTO, RELAY, SWIFTLET
from rows import Row, Task

KINDS = (MOSQUITTO, SWIFTLET, RELAY)
COLUMNS = (*KINDS[:2], "ratio", "mark", "its ratio", RELAY)


@dataclass
class Line:
    """A row, and what was measured of it."""

    name: str
    row: Row
    values: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    invalid: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    def median(self, kind: str) -> float | None:
        return median(self.values[kind]) if self.values[kind] else None

    @property
    def ratio(self) -> float | None:
        theirs, ours = self.median(MOSQUITTO), self.median(SWIFTLET)
        return ours / theirs if theirs and theirs > 0 and ours is not None else None

    @property
    def mark_ratio(self) -> float | None:
        return self.row.mark / self.row.mark_mosquitto if self.row.mark and self.row.mark_mosquitto else None

    @property
    def is_missed(self) -> bool:
        """Whether the mark is: by the ratio, as machines differ; by the figure itself where there is no other."""
        ours = self.median(SWIFTLET)
        if self.ratio is not None and self.mark_ratio is not None:
            return self.ratio > self.mark_ratio
        return self.row.mark is not None and ours is not None and ours > self.row.mark

    def cells(self) -> tuple[str, ...]:
        def of(kind: str) -> str:
            if self.values[kind]:
                return number(self.median(kind)) + "!" * self.invalid[kind]
            return "invalid" if self.invalid[kind] else ""

        ratio = number(self.ratio) + "*" * self.is_missed
        return of(MOSQUITTO), of(SWIFTLET), ratio, number(self.row.mark), number(self.mark_ratio), of(RELAY)

    def record(self) -> dict:
        record = {"name": self.name, "section": self.row.section, "title": self.row.title.strip()}
        record |= {kind: self.median(kind) for kind in KINDS}
        return record | {"ratio": self.ratio, "mark": self.row.mark, "mark_ratio": self.mark_ratio,
                         "invalid": sum(self.invalid.values())}


def number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


class Report:
    def __init__(self, tasks: list[Task], machine: dict[str, str]):
        self.machine = machine
        self.lines = {(task.name, key): Line(f"{task.name}/{key}", row)
                      for task in tasks for key, row in task.rows.items()}
        self.invalid: list[str] = []

    def add(self, task: Task, kind: str, figures: dict[str, float]) -> None:
        for key, value in figures.items():
            self.lines[task.name, key].values[kind].append(value)

    def refuse(self, task: Task, kind: str, round: int, why: object) -> None:
        """A run that does not count."""
        for key in task.rows:
            self.lines[task.name, key].invalid[kind] += 1
        self.invalid.append(f"{task.name}, {kind}, round {round}: {why}")

    def text(self) -> str:
        sections: dict[str, list[Line]] = {}
        for line in self.lines.values():
            sections.setdefault(line.row.section, []).append(line)
        width = max(len(text) for line in self.lines.values() for text in (line.row.title, line.row.section))
        out = [f"{key}: {value}" for key, value in self.machine.items()]
        for section, lines in sections.items():
            out += ["", columns(section, width, COLUMNS), "-" * len(columns("", width, COLUMNS))]
            out += [columns(line.row.title, width, line.cells()) for line in lines]
        out += ["", "ratio: swiftlet to mosquitto; its ratio: the mark to mosquitto where the mark was set"]
        if any(line.is_missed for line in self.lines.values()):
            out.append("*: the mark is missed")
        if self.invalid:
            out += ["", f"!: without invalid runs, of which there are {len(self.invalid)}:", *self.invalid]
        return "\n".join(out)

    def write_csv(self, file: Path) -> None:
        records = [line.record() for line in self.lines.values()]
        with open(file, "w", newline="") as out:
            writer = csv.DictWriter(out, records[0])
            writer.writeheader()
            writer.writerows(records)

    def write_json(self, file: Path) -> None:
        rows = [{**line.record(), "values": line.values} for line in self.lines.values()]
        whole = {"machine": self.machine, "rows": rows, "invalid": self.invalid}
        file.write_text(json.dumps(whole, indent=1) + "\n")


def columns(title: str, width: int, cells: tuple[str, ...]) -> str:
    return f"{title:{width}}" + "".join(f"{cell:>12}" for cell in cells)
