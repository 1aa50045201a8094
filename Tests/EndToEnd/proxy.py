"""A link that can be cut: connections to its port go on to a broker's port."""

import contextlib
import random
import socket
import threading
from typing import Iterator

import packets
from ports import free_port

RESET = b"\1\0\0\0\0\0\0\0"  # SO_LINGER: the end is told as an error


class Proxy:
    """In a `with`. `budgets` says of each new connection how many bytes may pass, both ways, before it is cut; None is
    no limit.

    It may be told to refuse bridges that say what they are, as brokers do that know no such protocol.
    """

    def __init__(self, port: int, budgets: Iterator[int | None] | None = None, *, refuses_bridges=False):
        self.target = port
        self.budgets = budgets
        self.refuses_bridges = refuses_bridges
        self.refused = 0
        self.cuts = 0
        self.is_frozen = threading.Event()
        self._links: list["_Link"] = []
        self.port = free_port()
        self.mend()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_) -> None:
        self.cut()

    def cut(self) -> None:
        """Ends all connections; new ones are refused."""
        # A thread that waits in accept would go on holding the port.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            link.end()
        self._links.clear()

    def mend(self) -> None:
        """Takes connections again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def freeze(self) -> None:
        """From now on what is sent goes nowhere, and nobody is told."""
        self.is_frozen.set()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            if self.refuses_bridges and packets.body_of(near.recv(64, socket.MSG_PEEK))[6] & 0x80:
                self.refused += 1
                near.sendall(packets.connack(1))
                near.close()
                continue
            far = socket.socket()
            try:
                far.connect(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            self._links.append(_Link(self, near, far, next(self.budgets) if self.budgets else None))


class _Link:
    def __init__(self, proxy: Proxy, near: socket.socket, far: socket.socket, budget: int | None):
        self.proxy, self.sockets, self.budget = proxy, (near, far), budget
        self.lock = threading.Lock()
        self.has_ended = False
        for each in self.sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for pair in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                if self.proxy.is_frozen.is_set():
                    continue
                with self.lock:
                    if self.budget is not None:
                        data = data[:self.budget]
                        self.budget -= len(data)
                sink.sendall(data)
                if self.budget == 0:
                    break
        self.end()

    def end(self) -> None:
        with self.lock:
            if self.has_ended:
                return
            self.has_ended = True
            self.proxy.cuts += 1
        for each in self.sockets:
            if random.random() < 0.5:
                with contextlib.suppress(OSError):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            # The other thread waits in recv: closing alone would not end the connection.
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
