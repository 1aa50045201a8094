"""Programs in a network, or with files, of their own."""

import subprocess
import sys
from dataclasses import replace

import pytest

from broker import Broker
from targets import Target

UNSHARE = ("unshare", "--user", "--map-root-user")


def unshared(target: Target, *what: str) -> Target:
    """The same target, run in new namespaces; skips the test where the system does not give them."""
    command = (*UNSHARE, *what)
    trial = subprocess.run([*command, "true"], capture_output=True, timeout=20)
    if trial.returncode:
        pytest.skip(f"no namespaces here: {trial.stderr.decode().strip()}")
    return replace(target, emulator=(*command, *target.emulator))


def run_beside(broker: Broker, *command: str) -> subprocess.CompletedProcess:
    """Runs a command to its end in the broker's network."""
    enter = ["nsenter", "--target", str(broker.process.pid), "--user", "--net", "--preserve-credentials"]
    return subprocess.run([*enter, *command], capture_output=True, text=True, timeout=30)


SET_ADDRESS = """
import fcntl, socket, struct, sys
device, control = b"lo", socket.socket(socket.AF_INET6)
fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", device, 1))  # SIOCSIFFLAGS, IFF_UP
index = socket.if_nametoindex(device)
fcntl.ioctl(control, 0x8916, struct.pack("16sIi", socket.inet_pton(socket.AF_INET6, sys.argv[1]), 128, index))
"""


def add_address(broker: Broker, address: str) -> None:
    """Gives an IPv6 address to the only device of the broker's network."""
    run = run_beside(broker, sys.executable, "-c", SET_ADDRESS, address)
    assert run.returncode == 0, run.stderr
