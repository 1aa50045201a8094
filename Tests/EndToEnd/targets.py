"""The binaries under test: the host build, and the cross builds that toolchains/targets lists."""

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Target:
    name: str
    binary: Path
    emulator: tuple[str, ...] = ()

    @property
    def is_native(self) -> bool:
        return not self.emulator

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs the binary; a missing binary or emulator is an error, never a reason to skip."""
        return self._command(self.binary, arguments)

    def simulation(self, *arguments: str) -> list[str]:
        """The same for the simulation that is built beside it."""
        return self._command(self.binary.with_name("swiftlet-sim"), arguments)

    def _command(self, binary: Path, arguments: tuple[str, ...]) -> list[str]:
        assert binary.exists(), f"{binary} is missing: build it first"
        assert self.is_native or shutil.which(self.emulator[0]), f"{self.emulator[0]} is missing: toolchains/install"
        return [*self.emulator, str(binary), *arguments]


def all_targets() -> dict[str, Target]:
    targets = {"host": Target("host", ROOT / ".build/release/swiftlet")}
    columns: list[str] = []
    for line in (ROOT / "toolchains/targets").read_text().splitlines():
        cells = [cell.strip() for cell in line.lstrip("# ").split("|")]
        if line.startswith("#"):  # the last comment line with columns names them
            columns = cells if "name" in cells else columns
        elif len(cells) > 1:
            row = dict(zip(columns, cells))
            binary = ROOT / ".build-cross" / row["name"] / "swiftlet"
            targets[row["name"]] = Target(row["name"], binary, tuple(row["qemu"].split()))
    return targets
