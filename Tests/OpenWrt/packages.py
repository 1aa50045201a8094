"""What toolchains/package makes, read with nothing of it: tar and gzip, and the tables of toolchains/."""

import gzip
import io
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".build-cross"
MADE = BUILT / "packages"
BOARDS = ROOT / "board-configs"
OPENWRT = ROOT / "toolchains/openwrt"
VERSION = re.search(r'StaticString \{ "(.*)" \}', (ROOT / "Sources/Runtime/SystemTopics.swift").read_text())[1]
TOOLS = ("mosquitto_passwd", "mosquitto_pub", "mosquitto_sub")


def table(path: Path) -> list[list[str]]:
    lines = (line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return [[column.strip() for column in line.split("|")] for line in lines]


# How the binary of each target is run on its weakest chip.
EMULATORS = {row[0]: row[5].split() for row in table(ROOT / "toolchains/targets")}


@dataclass(frozen=True)
class Architecture:
    name: str
    target: str
    chip: str

    @property
    def emulator(self) -> list[str]:
        """What runs the target's binary on this architecture's own chip."""
        return [*EMULATORS[self.target][:-1], self.chip] if self.chip else []


ARCHITECTURES = [Architecture(*row[:3]) for row in table(ROOT / "toolchains/packages")]


class Archive:
    """A gzipped tar. Members are known by their names without `./` and closing slash."""

    def __init__(self, packed: bytes):
        self.packed = packed
        self.unpacked = gzip.decompress(packed)
        with tarfile.open(fileobj=io.BytesIO(self.unpacked)) as tar:
            self.members = tar.getmembers()
            self.files = {
                member.name.removeprefix("./"): tar.extractfile(member).read()
                for member in self.members if member.isfile()
            }

    @property
    def kinds(self) -> dict[str, str]:
        """By name what `ls -l` says first, and where a link leads."""
        return {member.name.removeprefix("./"): kind(member) for member in self.members}

    def unpack(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(self.unpacked)) as tar:
            tar.extractall(folder, filter="tar")
        return folder


def kind(member: tarfile.TarInfo) -> str:
    if member.issym():
        return f"link to {member.linkname}"
    assert member.isfile() or member.isdir(), f"{member.name} is neither file, folder nor link"
    return f"{'file' if member.isfile() else 'folder'} {member.mode:04o}"


class Ipk:
    def __init__(self, architecture: Architecture):
        self.file = MADE / f"swiftlet_{VERSION}-r1_{architecture.name}.ipk"
        self.outer = Archive(self.file.read_bytes())
        self.control = Archive(self.outer.files["control.tar.gz"])
        self.data = Archive(self.outer.files["data.tar.gz"])


def fields(control: str) -> dict[str, str]:
    """The fields of a control file in their order. A line that begins with a space goes on with the one before."""
    return {name: value.strip() for name, value in re.findall(r"^([A-Za-z-]+): (.*(?:\n .*)*)\n", control, re.M)}


def boards(target: str) -> dict[str, Path]:
    """The folders of board configs that are packed for a target, by their names there."""
    own = {folder.name.removeprefix(f"{target}-"): folder for folder in BOARDS.glob(f"{target}-*")}
    return own | {folder.name: folder for folder in BOARDS.glob("generic-*")}


def with_folders(kinds: dict[str, str]) -> dict[str, str]:
    """These, and all folders that they are in."""
    above = {str(folder): "folder 0755" for path in kinds for folder in Path(path).parents}
    return above | kinds
