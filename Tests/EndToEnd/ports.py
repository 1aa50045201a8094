"""Ports for brokers that start later, or never."""

import os
import random
import socket

# Linux gives out none of these by itself: neither `listener 0` nor a connection of another test takes one meanwhile.
RANGE = (10_000, 32_768)

# Each worker of pytest-xdist has ports of its own.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_ports = list(range(RANGE[0] + _worker, RANGE[1], _workers))
random.shuffle(_ports)


def free_port(host: str = "127.0.0.1") -> int:
    """A port of this address that is free, and that nobody else here is given."""
    while True:
        port = _ports.pop()
        try:
            with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
                return port
        except OSError:
            continue
