"""A broker that does what a test tells it to do, one packet after the other."""

import socket
import subprocess
from collections import deque

import packets
from client import Client


class Peer(Client):
    """The broker's end of one connection."""

    def __init__(self, accepted: socket.socket):
        self.socket = accepted
        self.seconds = 20.0
        accepted.settimeout(self.seconds)
        self.whole: deque[bytes] = deque()
        self.part = b""
        self.has_ended = False

    def accept(self, answer: bytes = packets.ACCEPTED) -> bytes:
        """Takes CONNECT and answers it; the CONNECT."""
        connect = self.receive()
        assert connect[0] == 0x10
        self.send(answer)
        return connect

    def grant(self, *codes: int) -> list[bytes]:
        """Takes SUBSCRIBEs of one filter and grants them; what was subscribed."""
        asked = []
        for code in codes:
            data = self.receive()
            assert data[0] == 0x82
            asked.append(packets.body_of(data)[4:-1])
            self.send(packets.suback(packets.id_of(data), code))
        return asked


class ScriptedBroker:
    """In a `with`. Programs are started against it, and end at the latest with it."""

    def __init__(self, port: int = 0):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.listener.settimeout(20)
        self.port = self.listener.getsockname()[1]
        self.programs: list[subprocess.Popen] = []
        self.peers: list[Peer] = []

    def __enter__(self) -> "ScriptedBroker":
        return self

    def __exit__(self, *_) -> None:
        for program in self.programs:
            program.kill()
            program.communicate()
        for peer in self.peers:
            peer.close()
        self.listener.close()

    def start(self, *command: str, **options) -> subprocess.Popen:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        self.programs.append(subprocess.Popen([*command, "-h", "127.0.0.1", "-p", str(self.port)], **pipes))
        return self.programs[-1]

    def peer(self) -> Peer:
        """The next connection."""
        self.peers.append(Peer(self.listener.accept()[0]))
        return self.peers[-1]


def end(program: subprocess.Popen) -> tuple[int, bytes, bytes]:
    """Status, output and errors of a program that ends by itself."""
    output, errors = program.communicate(timeout=30)
    return program.returncode, output, errors
