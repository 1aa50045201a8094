"""What toolchains/cost does: counts instructions per message, and compares them with those that are recorded.

A run sets up its clients, checks what they get and then passes messages; the difference between two runs that pass
different numbers of them is what the messages take. The program is the same, its clock and its chance are the same, so
the numbers are the same with every call and on every machine. A copy by one instruction of x86 counts by its bytes.
"""

import bisect
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

from targets import Target, all_targets  # noqa: E402

RECORD = ROOT / "Tests/Cost/instructions.txt"
TARGETS = ["x86_64", "mips_24kc", "arm_arm926ej-s"]
TOLERANCE_PERCENT = 2
# Messages of the shorter run, at least; those of a workload come in whole rounds.
MESSAGES = 200
PROFILE_MESSAGES = 5000
PROFILE_LINES = 40

Figures = dict[str, dict[str, int]]


class Failure(Exception):
    pass


def execute(command: list[str]) -> tuple[int, str]:
    """How many messages there were, and what was said on standard error."""
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    said = re.search(r"^workload=\S+ messages=(\d+) delivered=all$", run.stdout, re.M)
    if run.returncode != 0 or not said:
        # Without what the plugin says.
        words = [line for line in run.stderr.splitlines() if not re.match(r"(block|instructions) ", line)]
        raise Failure("\n".join([" ".join(command), *run.stdout.splitlines(), *words]))
    return int(said[1]), run.stderr


def emulated(target: Target, plugin: str, *arguments: str) -> list[str]:
    """The command line that runs the simulation with a plugin, which qemu's static emulators do not take."""
    emulator, *options = target.emulator or ("qemu-x86_64",)
    command = target.simulation(*arguments)[len(target.emulator) :]
    return [emulator.removesuffix("-static"), *options, "-plugin", plugin, *command]


def instructions(target: Target, plugin: str, *arguments: str) -> tuple[int, int]:
    """Messages and instructions of one run."""
    if target.emulator:
        command, pattern = emulated(target, plugin, *arguments), r"^instructions (\d+)$"
    else:
        valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        command, pattern = [*valgrind, *target.simulation(*arguments)], r"Collected : (\d+)$"
    messages, said = execute(command)
    count = re.search(pattern, said, re.M)
    if not count:
        raise Failure(f"{' '.join(command)}: it does not tell its instructions: {said}")
    return messages, int(count[1])


def per_message(target: Target, plugin: str, workload: str) -> int:
    first, least = instructions(target, plugin, "--cost", workload, "--messages", str(MESSAGES))
    second, most = instructions(target, plugin, "--cost", workload, "--messages", str(2 * first))
    return round((most - least) / (second - first))


def count_all(plugin: str) -> Figures:
    targets = [all_targets()[name] for name in TARGETS]
    names = subprocess.run(targets[0].simulation("--cost", "list"), capture_output=True, text=True, check=True)
    workloads = names.stdout.split()
    with ThreadPoolExecutor(2) as pool:
        counted = {
            (workload, target.name): pool.submit(per_message, target, plugin, workload)
            for workload in workloads
            for target in targets
        }
        return {
            workload: {target.name: counted[workload, target.name].result() for target in targets}
            for workload in workloads
        }


def read_record() -> Figures:
    if not RECORD.exists():
        return {}
    lines = [line.split() for line in RECORD.read_text().splitlines() if not line.startswith("#")]
    return {row[0]: dict(zip(lines[0][1:], map(int, row[1:]))) for row in lines[1:]}


def write_record(figures: Figures) -> None:
    def line(workload: str, cells: list) -> str:
        return f"{workload:<20}" + "".join(f"{cell:>16}" for cell in cells)

    lines = ["# Instructions per message, as toolchains/cost counts them. Written by toolchains/cost --record."]
    lines.append(line("workload", TARGETS))
    lines += [line(workload, [row[target] for target in TARGETS]) for workload, row in figures.items()]
    RECORD.write_text("\n".join(lines) + "\n")


def change(now: int, then: int | None) -> float | None:
    """Per cent; nothing is recorded for None."""
    return None if not then else 100 * (now - then) / then


def is_wrong(percent: float | None) -> bool:
    return percent is None or abs(percent) > TOLERANCE_PERCENT


def print_table(figures: Figures, record: Figures) -> None:
    def cell(workload: str, target: str) -> str:
        percent = change(figures[workload][target], record.get(workload, {}).get(target))
        if percent is None:
            sign = "new "
        elif is_wrong(percent):
            sign = f"{percent:+.1f} %!"
        else:
            sign = f"{percent:+.1f} % " if abs(percent) >= 0.05 else "= "
        return f"{figures[workload][target]:>11}{sign:>11}"

    print(f"{'instructions per message':<24}" + "".join(f"{target:>21} " for target in TARGETS))
    for workload in figures:
        print(f"{workload:<24}" + "".join(cell(workload, target) for target in TARGETS))


def check(plugin: str, is_recording: bool) -> int:
    figures, record = count_all(plugin), read_record()
    print_table(figures, record)
    if is_recording:
        write_record(figures)
        return 0
    gone = [workload for workload in record if workload not in figures]
    wrong = [
        f"{workload} on {target}"
        for workload, row in figures.items()
        for target in TARGETS
        if is_wrong(change(row[target], record.get(workload, {}).get(target)))
    ]
    if not wrong and not gone:
        return 0
    print(f"not as recorded: {', '.join(wrong + gone)}. If it is meant to be: --record", file=sys.stderr)
    return 1


@dataclass(frozen=True)
class Symbols:
    """Addresses where functions begin, in order, and their names."""

    starts: list[int]
    names: list[str]

    @classmethod
    def of(cls, image: Path) -> "Symbols":
        table = subprocess.run(["nm", "--defined-only", str(image)], capture_output=True, text=True, check=True).stdout
        demangle = ["swift", "demangle", "--compact", "--simplified"]
        names = subprocess.run(demangle, input=table, capture_output=True, text=True, check=True).stdout
        rows = sorted((int(start, 16), name) for start, name in re.findall(r"^(\w+) [tTwW] (.+)$", names, re.M))
        return cls([start for start, _ in rows], [name for _, name in rows])

    def name(self, address: int) -> str:
        return self.names[max(0, bisect.bisect_right(self.starts, address) - 1)]

    def leaves(self) -> list[str]:
        """Where the C library copies, as the plugin is told of it."""
        is_leaf = re.compile(r"_*(aeabi_)?mem(cpy|move|set|clr)\d*").fullmatch
        starts = {start for start, name in zip(self.starts, self.names) if is_leaf(name)}
        ends = [*self.starts, 1 << 63]  # the last one has no other behind it
        return [f"leaf={start:x}-{ends[bisect.bisect_right(self.starts, start)]:x}" for start in sorted(starts)]


def profile(plugin: str, workload: str, name: str) -> int:
    """Under qemu for x86_64, too, so that all targets are told of in the same way."""
    target = all_targets()[name]
    functions = Symbols.of(target.binary.with_name("swiftlet-sim.elf"))
    with_leaves = ",".join([plugin, *functions.leaves()])

    def by_function(messages: int) -> tuple[int, Counter[str], Counter[str]]:
        count, said = execute(emulated(target, with_leaves, "--cost", workload, "--messages", str(messages)))
        own: Counter[str] = Counter()
        copying: Counter[str] = Counter()
        for address, here, below in re.findall(r"^block (\w+) (\d+) (\d+)$", said, re.M):
            own[functions.name(int(address, 16))] += int(here)
            copying[functions.name(int(address, 16))] += int(below)
        return count, own, copying

    first, own_least, copying_least = by_function(PROFILE_MESSAGES)
    second, own, copying = by_function(2 * first)
    own.subtract(own_least)
    copying.subtract(copying_least)
    messages = second - first
    both = own + copying
    total = sum(both.values())
    print(f"{workload} on {name}: {total / messages:.1f} instructions per message")
    print("     own    copies  together  function")
    for function, number in both.most_common(PROFILE_LINES):
        print(
            f"{own[function] / messages:>8.1f}{copying[function] / messages:>10.1f}{100 * number / total:>8.1f} %"
            f"  {function}"
        )
    return 0


def main(plugin: str, *words: str) -> int:
    match words:
        case [] | ["--record"]:
            return check(plugin, is_recording=bool(words))
        case ["--profile", workload, *rest] if len(rest) <= 1:
            return profile(plugin, workload, rest[0] if rest else "x86_64")
    print("usage: toolchains/cost [--record | --profile WORKLOAD [TARGET]]", file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (Failure, AssertionError, OSError, subprocess.SubprocessError) as failure:
        sys.exit(f"toolchains/cost: {failure}")
