"""Measures swiftlet beside mosquitto; toolchains/bench builds what it needs and calls it.

The broker has one core and the generator another one. In each round every task is done with one broker after the other,
each started anew. A run in which a message was lost, doubled or changed does not count, and makes the exit status 1.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from brokers import RELAY, Brokers, Invalid, allow_descriptors
from calls import CALL_TASKS
from generator import Generator
from lifecycle import LIFECYCLE_TASKS
from memory import MEMORY_TASKS
from report import Report
from rows import Lab, Task
from scaling import SCALING_TASKS
from storm import STORM_TASKS
from workloads import WORKLOADS

ROOT = Path(__file__).resolve().parents[2]
TASKS = [*WORKLOADS, *MEMORY_TASKS, *LIFECYCLE_TASKS, *CALL_TASKS, *STORM_TASKS, *SCALING_TASKS]
QUICK_DIVISOR = 50


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="toolchains/bench", description="Measures swiftlet beside mosquitto.")
    parser.add_argument("--rounds", type=int, help="how often each is measured; medians are shown (default: 3)")
    parser.add_argument("--only", action="append", metavar="NAME",
                        help="only tasks whose name is or begins with NAME; may be given again")
    parser.add_argument("--list", action="store_true", help="names the tasks")
    parser.add_argument("--scaling", action="store_true", help="adds the cost beside 10 to 10,000 unrelated things")
    parser.add_argument("--quick", action="store_true", help="few tasks, once, and small: shows only that they work")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="writes the table there, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the table and each round's figures there")
    parser.add_argument("--cores", type=int, nargs=2, metavar=("BROKER", "GENERATOR"),
                        help="default: the first two that there are")
    parser.add_argument("--swiftlet", type=Path, metavar="FILE", default=ROOT / ".build-cross/x86_64/swiftlet",
                        help="the broker (default: the static image for x86_64)")
    parser.add_argument("--mosquitto", type=Path, metavar="FILE", default=Path("/usr/sbin/mosquitto"))
    parser.add_argument("--generator", type=Path, metavar="FILE",
                        help="what has the applet bench (default: the static image for x86_64)")
    options = parser.parse_args()
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds: at least 1")
    for name in options.only or ():
        if not any(is_named(task, name) for task in TASKS):
            parser.error(f"--only: no task {name}; --list names them")
    return options


def is_named(task: Task, name: str) -> bool:
    return task.name == name or task.name.startswith(f"{name}-")


def choose(options: argparse.Namespace) -> list[Task]:
    if options.only:
        return [task for task in TASKS if any(is_named(task, name) for name in options.only)]
    if options.quick:
        return [task for task in TASKS if task.is_quick]
    return [task for task in TASKS if options.scaling or not task.is_extra]


def first_line(*command: str | Path) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return (done.stdout.splitlines() or ["?"])[0]


def describe(options: argparse.Namespace, cores: list[int], rounds: int) -> dict[str, str]:
    return {
        "mosquitto": first_line(options.mosquitto, "-h"),
        "swiftlet": f"{first_line(options.swiftlet, '--version')}, {options.swiftlet.stat().st_size} bytes",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load before": f"{os.getloadavg()[0]:.2f}",
        "cores": f"broker {cores[0]}, generator {cores[1]}",
        "rounds": f"{rounds}" + ", quick: these figures say nothing" * options.quick,
    }


def measure(lab: Lab, tasks: list[Task], rounds: int, report: Report) -> None:
    for round in range(1, rounds + 1):
        for task in tasks:
            for kind in task.kinds:
                print(f"round {round} of {rounds}: {task.name}, {kind}", file=sys.stderr, flush=True)
                try:
                    report.add(task, kind, task.measure(lab, kind))
                except (Invalid, OSError) as why:
                    report.refuse(task, kind, round, why)
                    print(f"  invalid: {why}", file=sys.stderr, flush=True)


def main() -> int:
    options = parse()
    tasks = choose(options)
    if options.list:
        print("\n".join(task.name for task in tasks))
        return 0
    allow_descriptors()
    cores = options.cores or (sorted(os.sched_getaffinity(0)) * 2)[:2]
    if cores[0] == cores[1]:
        print("one core for both: the generator's work disturbs the broker's", file=sys.stderr)
    rounds = options.rounds or (1 if options.quick else 3)
    report = Report(tasks, describe(options, cores, rounds))
    os.sched_setaffinity(0, {cores[1]})  # while a start is timed, this waits beside it
    with tempfile.TemporaryDirectory(prefix="swiftlet-bench-") as directory:
        brokers = Brokers(options.swiftlet, options.mosquitto, cores[0], Path(directory))
        if any(RELAY in task.kinds for task in tasks):
            brokers.build_relay()
        generator = Generator(options.generator or options.swiftlet, cores[1])
        lab = Lab(brokers, generator, ROOT / ".build-cross", QUICK_DIVISOR if options.quick else 1)
        measure(lab, tasks, rounds, report)
    print(report.text())
    if options.csv:
        report.write_csv(options.csv)
    if options.json:
        report.write_json(options.json)
    return 1 if report.invalid else 0


if __name__ == "__main__":
    sys.exit(main())
