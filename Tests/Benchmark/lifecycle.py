"""Starting, resting, and the size of the file."""

from pathlib import Path
from statistics import median

from brokers import MOSQUITTO, SWIFTLET
from generator import Figures
from rows import LIFE, Lab, Row, Task

STARTS = 20
ROUTER = Path(__file__).resolve().parents[2] / "board-configs/mipsel_24kc-onion-omega2/board.conf"


def start(lab: Lab, kind: str, **more) -> Figures:
    """The median of many starts: from before the process is there to its first CONNACK."""
    times = []
    for _ in range(lab.count(STARTS, least=3)):
        with lab.brokers.run(kind, pooled=False, **more) as broker:
            times.append((broker.ready - broker.started) * 1000)
    return {"ready": median(times)}


def start_on_router(lab: Lab, kind: str) -> Figures:
    """With the pools of a router's board config: what is written to at start is what takes the time."""
    lines = [line.split(maxsplit=1) for line in ROUTER.read_text().splitlines() if line and line[0] != "#"]
    pools = {key: value for key, value in lines if key not in ("mode", "listener", "allow_anonymous")}
    return start(lab, kind, **pools)


def wakeups(lab: Lab, kind: str) -> Figures:
    seconds = lab.seconds(10)
    with lab.brokers.run(kind, pooled=False) as broker:
        figures = lab.generator.run(broker, publishers=1, subscribers=1, idle=98, hold=seconds)
    return {"wakeups": figures["wakeups"] / figures["seconds"]}


def image(lab: Lab, kind: str) -> Figures:
    return {"here": (lab.brokers.mosquitto if kind == MOSQUITTO else lab.brokers.swiftlet).stat().st_size}


def router(lab: Lab, kind: str) -> Figures:
    """Of the cross build, if there is one."""
    file = lab.images / "mips_24kc" / "swiftlet"
    return {"router": file.stat().st_size} if file.exists() else {}


LIFECYCLE_TASKS = [
    Task("start", {"ready": Row(LIFE, "start to first CONNACK, ms", 5, 13.8)}, start, is_quick=True),
    Task("start-router", {"ready": Row(LIFE, "start to first CONNACK, ms, with a router's pools")}, start_on_router,
         (SWIFTLET,), is_quick=True),
    Task("wakeups", {"wakeups": Row(LIFE, "wake-ups a second, idle, 100 idle clients")}, wakeups, is_quick=True),
    Task("image", {"here": Row(LIFE, "bytes of the file here (mosquitto: broker only, dynamic)")}, image,
         is_quick=True),
    Task("image-mips", {"router": Row(LIFE, "bytes of the file, mips_24kc (mosquitto's: broker only, static)",
                                      200_000, 390_536)}, router, (SWIFTLET,)),
]
