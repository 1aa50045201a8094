"""`swiftlet bench`, on a core of its own."""

import json
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from brokers import Broker, Invalid, on_core

Figures = dict[str, float]

# What must not happen to a message.
FLAWS = ("lost", "doubled", "corrupt", "disordered")


def check(figures: Figures) -> None:
    """That nothing has happened to any message."""
    flaws = [f"{flaw} {figures[flaw]:g}" for flaw in FLAWS if figures[flaw]]
    if figures["delivered"] != figures["expected"] and not flaws:
        flaws = [f"delivered {figures['delivered']:g} of {figures['expected']:g}"]
    if flaws:
        raise Invalid(", ".join(flaws))


@dataclass
class Generator:
    program: Path
    core: int
    timeout: int = 120  # seconds for one run

    def command(self, broker: Broker, options: dict) -> list[str]:
        words = [str(self.program), "bench", "-h", "127.0.0.1", "-p", str(broker.port), "--process", str(broker.id),
                 "--timeout", str(self.timeout)]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
        return words

    def run(self, broker: Broker, **options) -> Figures:
        """The figures of one run to its end; a run in which anything was lost is none."""
        with self.start(broker, **options) as run:
            return run.figures()

    @contextmanager
    def start(self, broker: Broker, polite=False, **options):
        """A run of which the end is waited for with `figures`. A polite one gives way to others on the same core."""
        command = ["nice", "-n", "10"] * polite + self.command(broker, options)
        with on_core(self.core):
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
        try:
            yield Run(process, self.timeout + 60)
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


@dataclass
class Run:
    process: subprocess.Popen
    patience: int  # seconds

    def is_over(self) -> bool:
        return self.process.poll() is not None

    def figures(self) -> Figures:
        try:
            out, errors = self.process.communicate(timeout=self.patience)
        except subprocess.TimeoutExpired:
            raise Invalid("the generator does not end") from None
        try:
            figures = json.loads(out)
            check(figures)
        except (ValueError, KeyError):
            said = (errors.strip().splitlines() or ["no figures"])[-1]
            raise Invalid(f"the generator ends with {self.process.returncode}: {said}") from None
        if self.process.returncode != 0:
            raise Invalid(f"the generator ends with {self.process.returncode}: {errors.strip()}")
        return figures
