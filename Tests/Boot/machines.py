"""The emulated machines, as toolchains/machines lists them."""

import os
from dataclasses import dataclass
from pathlib import Path

from targets import ROOT, Target, all_targets

VENV = Path(os.environ.get("SWIFTLET_VENV", ROOT / ".build-venv"))


@dataclass(frozen=True)
class Machine:
    target: Target
    arch: str
    qemu: tuple[str, ...]
    console: str
    files: Path

    @property
    def kernel(self) -> Path:
        return self.files / "kernel"

    @property
    def busybox(self) -> Path:
        return self.files / "busybox"

    def modules(self) -> list[Path]:
        """In the order in which they are to be loaded."""
        return [self.files / f"{name}.ko" for name in (self.files / "list").read_text().split()]


def all_machines() -> dict[str, Machine]:
    targets = all_targets()
    machines: dict[str, Machine] = {}
    columns: list[str] = []
    for line in (ROOT / "toolchains/machines").read_text().splitlines():
        cells = [cell.strip() for cell in line.lstrip("# ").split("|")]
        if line.startswith("#"):  # the last comment line with columns names them
            columns = cells if "name" in cells else columns
        else:
            row = dict(zip(columns, cells))
            machines[row["name"]] = Machine(targets[row["name"]], row["arch"], tuple(row["qemu"].split()),
                                            row["console"], VENV / "boot" / row["debian"])
    return machines
