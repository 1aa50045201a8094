"""MQTT 3.1 and 3.1.1 packets, byte by byte. Nothing here refuses to build what the standard forbids."""

from dataclasses import dataclass

PINGREQ = bytes.fromhex("c000")
PINGRESP = bytes.fromhex("d000")
DISCONNECT = bytes.fromhex("e000")
ACCEPTED = bytes.fromhex("20020000")


def u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def string(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return u16(len(data)) + data


def remaining_length(value: int) -> bytes:
    digits = bytearray()
    while True:
        value, digit = divmod(value, 128)
        digits.append(digit | 0x80 if value else digit)
        if not value:
            return bytes(digits)


def packet(first: int, *fields: bytes) -> bytes:
    body = b"".join(fields)
    return bytes([first]) + remaining_length(len(body)) + body


@dataclass(frozen=True)
class Will:
    topic: str | bytes
    payload: bytes = b""
    qos: int = 0
    retain: bool = False


def connect(client_id="", *, keep_alive=60, clean=True, name="MQTT", level=4, flags=0, payload=b"",
            will: Will | None = None, user=None, password=None) -> bytes:
    """`flags` and `payload` add to what follows the client id, whatever it is."""
    fields = [payload]
    if will:
        flags |= 0x04 | will.qos << 3 | will.retain << 5
        fields += [string(will.topic), string(will.payload)]
    if user is not None:
        flags |= 0x80
        fields.append(string(user))
    if password is not None:
        flags |= 0x40
        fields.append(string(password))
    return packet(0x10, string(name), bytes([level, flags | (2 if clean else 0)]), u16(keep_alive), string(client_id),
                  *fields)


def connack(code: int) -> bytes:
    return packet(0x20, bytes([0, code]))


def publish(topic, payload: bytes = b"", *, qos=0, id=None, dup=False, retain=False) -> bytes:
    return packet(0x30 | dup << 3 | qos << 1 | retain, string(topic), b"" if id is None else u16(id), payload)


def puback(id: int) -> bytes:
    return packet(0x40, u16(id))


def pubrec(id: int) -> bytes:
    return packet(0x50, u16(id))


def pubrel(id: int) -> bytes:
    return packet(0x62, u16(id))


def pubcomp(id: int) -> bytes:
    return packet(0x70, u16(id))


def subscribe(id: int, *filters: tuple[str | bytes, int]) -> bytes:
    return packet(0x82, u16(id), *(string(filter) + bytes([qos]) for filter, qos in filters))


def suback(id: int, *codes: int) -> bytes:
    return packet(0x90, u16(id), bytes(codes))


def unsubscribe(id: int, *filters: str) -> bytes:
    return packet(0xA2, u16(id), *map(string, filters))


def unsuback(id: int) -> bytes:
    return packet(0xB0, u16(id))


@dataclass(frozen=True)
class Publish:
    """A PUBLISH as a subscriber sees it."""

    topic: str
    payload: bytes
    qos: int = 0
    id: int | None = None
    dup: bool = False
    retain: bool = False

    @classmethod
    def decode(cls, data: bytes) -> "Publish":
        assert data[0] >> 4 == 3, f"not a PUBLISH: {data[:40].hex(' ')}"
        body = body_of(data)
        end = 2 + int.from_bytes(body[:2], "big")
        qos = data[0] >> 1 & 3
        return cls(
            topic=body[2:end].decode(),
            payload=bytes(body[end + 2:] if qos else body[end:]),
            qos=qos,
            id=int.from_bytes(body[end:end + 2], "big") if qos else None,
            dup=bool(data[0] & 8),
            retain=bool(data[0] & 1),
        )


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole packets at the start of `data`, and what follows them."""
    whole, start = [], 0
    while True:
        length, shift, at = 0, 0, start + 1
        while at < len(data) and data[at] & 0x80:
            length |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
        if at >= len(data):
            return whole, data[start:]
        end = at + 1 + (length | data[at] << shift)
        if end > len(data):
            return whole, data[start:]
        whole.append(data[start:end])
        start = end


def body_of(data: bytes) -> bytes:
    at = 1
    while data[at] & 0x80:
        at += 1
    return data[at + 1:]


def id_of(data: bytes) -> int:
    return int.from_bytes(body_of(data)[:2], "big")
