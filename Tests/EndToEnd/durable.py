"""A remote broker that keeps its promises, and dies again and again."""

import contextlib
import select
import socket
import threading
from collections import deque
from random import Random

import packets
from packets import Publish
from proxy import RESET


class Death(Exception):
    """Of the broker, at any byte that it reads or sends."""


class Durable:
    """In a `with`. A broker with one client.

    What it has taken, what it has to send, and how far it is with either outlives it: it writes that down before it
    answers. It dies when a number of bytes, which chance decides, has come and gone; and is there again at once.
    """

    WINDOW = 10

    def __init__(self, random: Random):
        self.random = random
        self.is_mortal = True
        self.deaths = 0
        # What is written down.
        self.received: list[Publish] = []
        self.unreleased: set[int] = set()
        self.has_session = False
        self.filters: set[bytes] = set()
        self.waiting: deque[tuple[str, bytes, int]] = deque()
        self.under_way: dict[int, tuple[str, bytes, int]] = {}
        self.released: set[int] = set()
        self.next_id = 1
        # What is not.
        self.life = 0
        self.client: socket.socket | None = None
        self._is_closing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.2)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> "Durable":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._is_closing = True
        self._thread.join(5)
        self._listener.close()

    def publish(self, topic: str, payload: bytes, qos: int) -> None:
        self.waiting.append((topic, payload, qos))

    @property
    def owes(self) -> int:
        """Messages that its client does not have yet, for all it knows."""
        return len(self.waiting) + len(self.under_way)

    def _live(self) -> None:
        while not self._is_closing:
            with contextlib.suppress(TimeoutError):
                self.client = self._listener.accept()[0]
                # As many die early as late.
                self.life = int(10 ** self.random.uniform(0, 4))
                with contextlib.suppress(Death, OSError):
                    self._serve()
                self.deaths += 1
                with contextlib.suppress(OSError):
                    if self.random.random() < 0.5:
                        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self.client.close()

    def _serve(self) -> None:
        self.client.settimeout(10)
        self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        part, is_resumed = b"", False
        while not self._is_closing:
            if is_resumed:
                self._publish_more()
            if not select.select([self.client], [], [], 0.02)[0]:
                continue
            data = self.client.recv(min(2048, self.life) if self.is_mortal else 2048)
            if not data:
                return
            self._age(len(data))
            whole, part = packets.split(part + data)
            for packet in whole:
                self._take(packet)
                is_resumed = is_resumed or packet[0] == 0x10

    def _age(self, count: int) -> None:
        if self.is_mortal:
            self.life -= count
            if self.life <= 0:
                raise Death

    def _send(self, data: bytes) -> None:
        sent = data[:self.life] if self.is_mortal else data
        self.client.sendall(sent)
        self._age(len(sent))

    def _take(self, data: bytes) -> None:
        match data[0] >> 4:
            case 1:
                self._send(b"\x20\x02%c\x00" % self.has_session)
                self.has_session = True
                for number, message in self.under_way.items():
                    is_released = number in self.released
                    self._send(packets.pubrel(number) if is_released else self._packet(number, message, True))
            case 3:
                self._take_message(Publish.decode(data))
            case 4 | 7:
                self.under_way.pop(packets.id_of(data), None)
                self.released.discard(packets.id_of(data))
            case 5:
                if packets.id_of(data) in self.under_way:
                    self.released.add(packets.id_of(data))
                self._send(packets.pubrel(packets.id_of(data)))
            case 6:
                self.unreleased.discard(packets.id_of(data))
                self._send(packets.pubcomp(packets.id_of(data)))
            case 8:
                self.filters.add(packets.body_of(data)[4:-1])
                self._send(packets.suback(packets.id_of(data), 2))
            case 12:
                self._send(packets.PINGRESP)

    def _take_message(self, message: Publish) -> None:
        if message.qos < 2 or message.id not in self.unreleased:
            self.received.append(message)
        if message.qos == 2:
            self.unreleased.add(message.id)
        if message.qos:
            self._send((packets.puback if message.qos == 1 else packets.pubrec)(message.id))

    def _publish_more(self) -> None:
        while self.filters and self.waiting and len(self.under_way) < self.WINDOW:
            number, self.next_id = self.next_id, self.next_id % 0xFFFF + 1
            self.under_way[number] = message = self.waiting.popleft()
            self._send(self._packet(number, message, False))

    @staticmethod
    def _packet(number: int, message: tuple[str, bytes, int], dup: bool) -> bytes:
        topic, payload, qos = message
        return packets.publish(topic, payload, qos=qos, id=number, dup=dup)
