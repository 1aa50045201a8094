"""A client that sends the bytes it is told to send and shows the bytes that come back."""

import socket
import time
from collections import deque

import packets
from packets import Publish

Address = tuple[str, int] | str


def family_of(address: Address) -> socket.AddressFamily:
    if isinstance(address, str):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def own_address(connected: socket.socket) -> str:
    """As the broker's log writes it; those who come by a unix socket have none of their own."""
    if connected.family == socket.AF_UNIX:
        return "local"
    host, port = connected.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Client:
    """Every wait ends after `seconds`, with an error. The address is one of TCP, or the path of a unix socket."""

    def __init__(self, address: Address, *, seconds: float = 10.0, receive_buffer: int | None = None,
                 source: str | None = None):
        """`source` is the address that the broker is to see."""
        self.socket = socket.socket(family_of(address), socket.SOCK_STREAM)
        if source:
            self.socket.bind((source, 0))
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.seconds = seconds
        self.socket.settimeout(seconds)
        try:
            self.socket.connect(address)
        except OSError:
            self.close()
            raise
        if self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address = own_address(self.socket)
        self.whole: deque[bytes] = deque()  # packets that have come and nobody has asked for
        self.part = b""
        self.has_ended = False

    def send(self, *data: bytes) -> None:
        self.socket.sendall(b"".join(data))

    def read(self) -> None:
        """Takes in what has come, waiting for something to come or for the end."""
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        self.has_ended = not data
        whole, self.part = packets.split(self.part + data)
        self.whole.extend(whole)

    def receive(self) -> bytes:
        """The next packet."""
        while not self.whole:
            assert not self.has_ended, f"the connection ended; part of a packet: {self.part.hex(' ')}"
            self.read()
        return self.whole.popleft()

    def receive_publish(self) -> Publish:
        return Publish.decode(self.receive())

    def expect(self, *expected: bytes) -> None:
        """The next packets are these, byte for byte."""
        received = [self.receive() for _ in expected]
        assert [p.hex(" ") for p in received] == [p.hex(" ") for p in expected]

    def request(self, *data: bytes, answer: bytes) -> None:
        self.send(*data)
        self.expect(answer)

    def subscribe(self, *filters: tuple[str, int]) -> None:
        self.request(packets.subscribe(0x1234, *filters), answer=packets.suback(0x1234, *(qos for _, qos in filters)))

    def expect_nothing(self) -> None:
        """No packet is on its way."""
        assert self.packets_so_far() == []

    def publishes_so_far(self) -> list[Publish]:
        """The messages on their way, and no other packets."""
        return [Publish.decode(data) for data in self.packets_so_far()]

    def packets_so_far(self, unanswered: int = 0) -> list[bytes]:
        """What comes before the answers to two pings, and to those `unanswered` before them.

        The answer to the first ping may overtake what was ready with it.
        """
        found = []
        for owed in (unanswered + 1, 1):
            self.send(packets.PINGREQ)
            while owed:
                data = self.receive()
                if data == packets.PINGRESP:
                    owed -= 1
                else:
                    found.append(data)
        return found

    def rest(self) -> bytes:
        """All that comes until the broker ends the connection."""
        deadline = time.monotonic() + self.seconds
        while not self.has_ended:
            self.read()
            assert time.monotonic() < deadline, "the broker did not end the connection"
        return b"".join(self.whole) + self.part

    def expect_end(self) -> None:
        """The broker ends the connection without another byte."""
        assert self.rest().hex(" ") == ""

    def is_open(self) -> bool:
        """False once the broker has ended the connection. Does not wait."""
        self.socket.settimeout(0)
        try:
            while not self.has_ended:
                self.read()
        except BlockingIOError:
            pass
        self.socket.settimeout(self.seconds)
        return not self.has_ended

    def close(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        """Ends the connection as a crash does: the broker is told of an error, not of an end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()
