"""What a broker must not take: each row with the reason that its log gives."""

from dataclasses import dataclass

import packets
from conftest import MAX_PACKET_SIZE
from packets import connect, packet, publish, string, subscribe, u16, unsubscribe


@dataclass(frozen=True)
class Bad:
    name: str
    clause: str
    data: bytes
    reason: str
    mosquitto: str = ""  # what it does instead


def hex(text: str) -> bytes:
    return bytes.fromhex(text)


TOO_LARGE = packets.remaining_length(MAX_PACKET_SIZE - 3)  # four bytes of header make it one byte too long

# Sent on a new connection. None of them is answered, not even by a CONNACK.
FIRST = [
    Bad("a ping first", "MQTT-3.1.0-1", packets.PINGREQ, "not-connect"),
    Bad("a publish first", "MQTT-3.1.0-1", publish("a", b"m"), "not-connect"),
    Bad("a subscribe first", "MQTT-3.1.0-1", subscribe(1, ("a", 0)), "not-connect"),
    Bad("a disconnect first", "MQTT-3.1.0-1", packets.DISCONNECT, "not-connect"),
    Bad("a connack first", "MQTT-3.1.0-1", packets.ACCEPTED, "not-connect"),
    Bad("HTTP", "MQTT-2.2.2-2", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "bad-flags"),
    Bad("TLS", "MQTT-2.2.2-2", hex("16 03 01 00 2a 01 00 00 26 03 03"), "bad-flags"),
    Bad("connect with flags", "MQTT-2.2.2-2", b"\x11" + connect("a")[1:], "bad-flags"),
    Bad("connect of no bytes", "MQTT-3.1.4-1", hex("10 00"), "malformed"),
    Bad("connect cut off in its name", "MQTT-3.1.4-1", hex("10 04 00 04 4d 51"), "malformed"),
    Bad("connect cut off in its client id", "MQTT-3.1.4-1", hex("10 0e 00 04 4d 51 54 54 04 02 00 3c 00 04 61 62"),
        "malformed"),
    Bad("connect without a client id", "MQTT-3.1.3-3", hex("10 0a 00 04 4d 51 54 54 04 02 00 3c"), "malformed"),
    Bad("connect with bytes to spare", "MQTT-3.1.4-1", connect("a", payload=b"x"), "malformed"),
    Bad("unknown protocol name", "MQTT-3.1.2-1", connect("a", name="MQTX"), "bad-protocol-name"),
    Bad("protocol name in small letters", "MQTT-3.1.2-1", connect("a", name="mqtt"), "bad-protocol-name"),
    Bad("empty protocol name", "MQTT-3.1.2-1", connect("a", name=""), "bad-protocol-name"),
    Bad("reserved connect flag", "MQTT-3.1.2-3", connect("a", flags=0x01), "malformed"),
    Bad("will QoS without a will", "MQTT-3.1.2-13", connect("a", flags=0x08), "malformed"),
    Bad("will retain without a will", "MQTT-3.1.2-15", connect("a", flags=0x20), "malformed"),
    Bad("will QoS 3", "MQTT-3.1.2-14", connect("a", flags=0x1C, payload=string("w") + string("m")), "bad-qos"),
    Bad("will flag without a will", "MQTT-3.1.2-9", connect("a", flags=0x04), "malformed"),
    Bad("will topic with a wildcard", "MQTT-4.7.1-1", connect("a", flags=0x04, payload=string("w/#") + string("m")),
        "bad-topic-name"),
    Bad("will topic of no characters", "MQTT-4.7.3-1", connect("a", flags=0x04, payload=string("") + string("m")),
        "bad-topic-name"),
    Bad("password without a user name", "MQTT-3.1.2-22", connect("a", flags=0x40, payload=string("p")), "malformed"),
    Bad("user name flag without a user name", "MQTT-3.1.2-19", connect("a", flags=0x80), "malformed"),
    Bad("client id of ill-formed UTF-8", "MQTT-3.1.3-4", connect(b"a\xff"), "bad-utf8"),
    Bad("client id with U+0000", "MQTT-1.5.3-2", connect("a\0b"), "bad-utf8"),
    Bad("user name of ill-formed UTF-8", "MQTT-3.1.3-11", connect("a", flags=0x80, payload=string(b"\xc3\x28")),
        "bad-utf8"),
    Bad("connect over the limit", "max_packet_size", b"\x10" + TOO_LARGE, "packet-too-large",
        "has another limit for CONNECT"),
]

# Sent after a CONNECT that was accepted.
LATER = [
    Bad("a second connect", "MQTT-3.1.0-2", connect("a"), "second-connect"),
    Bad("type 0", "MQTT-2.2.2-2", hex("00 00"), "bad-type"),
    Bad("type 15", "MQTT-2.2.2-2", hex("f0 00"), "bad-type"),
    Bad("connack", "MQTT-4.8.0-1", packets.ACCEPTED, "unexpected-packet"),
    Bad("suback", "MQTT-4.8.0-1", packets.suback(1, 0), "unexpected-packet", "ignores it"),
    Bad("unsuback", "MQTT-4.8.0-1", packets.unsuback(1), "unexpected-packet", "ignores it"),
    Bad("pingresp", "MQTT-4.8.0-1", packets.PINGRESP, "unexpected-packet", "ignores it"),

    Bad("subscribe with flags 0", "MQTT-3.8.1-1", b"\x80" + subscribe(1, ("a", 0))[1:], "bad-flags"),
    Bad("subscribe with flags 3", "MQTT-3.8.1-1", b"\x83" + subscribe(1, ("a", 0))[1:], "bad-flags"),
    Bad("unsubscribe with flags 0", "MQTT-3.10.1-1", b"\xa0" + unsubscribe(1, "a")[1:], "bad-flags"),
    Bad("pubrel with flags 0", "MQTT-3.6.1-1", hex("60 02 00 01"), "bad-flags"),
    Bad("puback with flags 2", "MQTT-2.2.2-2", hex("42 02 00 01"), "bad-flags", "ignores it"),
    Bad("pubrec with flags 1", "MQTT-2.2.2-2", hex("51 02 00 01"), "bad-flags", "ignores it"),
    Bad("pubcomp with flags 8", "MQTT-2.2.2-2", hex("78 02 00 01"), "bad-flags", "ignores it"),
    Bad("pingreq with flags 1", "MQTT-2.2.2-2", hex("c1 00"), "bad-flags", "ignores it"),
    Bad("disconnect with flags 2", "MQTT-3.14.1-1", hex("e2 00"), "bad-flags"),
    Bad("QoS 0 with dup", "MQTT-3.3.1-2", publish("a", b"m", dup=True), "bad-flags", "delivers it"),

    Bad("pingreq with a body", "MQTT-4.8.0-1", hex("c0 01 00"), "malformed", "ignores it"),
    Bad("disconnect with a body", "MQTT-4.8.0-1", hex("e0 01 00"), "malformed"),
    Bad("puback of one byte", "MQTT-4.8.0-1", hex("40 01 00"), "malformed"),
    Bad("puback of three bytes", "MQTT-4.8.0-1", hex("40 03 00 01 00"), "malformed", "ignores it"),
    Bad("pubrel of no bytes", "MQTT-4.8.0-1", hex("62 00"), "malformed"),
    Bad("publish of no bytes", "MQTT-3.3.2-1", hex("30 00"), "malformed"),
    Bad("publish cut off in its topic", "MQTT-3.3.2-1", hex("30 04 00 05 61 62"), "malformed"),
    Bad("publish cut off in its packet id", "MQTT-2.3.1-1", hex("32 04 00 01 61 01"), "malformed"),
    Bad("subscribe of no bytes", "MQTT-3.8.3-3", hex("82 00"), "malformed"),
    Bad("subscribe without a QoS", "MQTT-3.8.3-3", hex("82 05 00 01 00 01 61"), "malformed"),
    Bad("subscribe cut off in its filter", "MQTT-3.8.3-3", hex("82 05 00 01 00 09 61"), "malformed"),
    Bad("subscribe cut off in its second filter", "MQTT-3.8.3-3", hex("82 08 00 01 00 01 61 00 00 09"), "malformed"),
    Bad("unsubscribe cut off in its filter", "MQTT-3.10.3-2", hex("a2 05 00 01 00 09 61"), "malformed"),

    Bad("a remaining length of five bytes", "MQTT-4.8.0-1", hex("30 ff ff ff ff 01"), "bad-length"),
    Bad("a remaining length that does not end", "MQTT-4.8.0-1", hex("30 80 80 80 80"), "bad-length",
        "waits for a fifth byte"),
    Bad("publish one byte over the limit", "max_packet_size", b"\x30" + TOO_LARGE, "packet-too-large",
        "does not count the fixed header"),
    Bad("publish of 256 megabytes", "max_packet_size", hex("30 ff ff ff 7f"), "packet-too-large"),

    Bad("topic of ill-formed UTF-8", "MQTT-1.5.3-1", publish(b"a/\xff", b"m"), "bad-utf8"),
    Bad("topic with an overlong slash", "MQTT-1.5.3-1", publish(b"a\xc0\xaf", b"m"), "bad-utf8"),
    Bad("topic with a surrogate", "MQTT-1.5.3-1", publish(b"a\xed\xa0\x80", b"m"), "bad-utf8"),
    Bad("topic beyond U+10FFFF", "MQTT-1.5.3-1", publish(b"\xf4\x90\x80\x80", b"m"), "bad-utf8"),
    Bad("topic cut off in a character", "MQTT-1.5.3-1", publish(b"a\xe2\x82", b"m"), "bad-utf8"),
    Bad("topic with U+0000", "MQTT-1.5.3-2", publish("a\0b", b"m"), "bad-utf8"),
    Bad("filter of ill-formed UTF-8", "MQTT-3.8.3-1", subscribe(1, (b"a/\x80", 0)), "bad-utf8"),
    Bad("filter with U+0000", "MQTT-4.7.3-2", subscribe(1, ("\0", 0)), "bad-utf8"),
    Bad("unsubscribe with ill-formed UTF-8", "MQTT-3.10.3-1", packet(0xA2, u16(1), string(b"\xfe")), "bad-utf8"),

    Bad("publish to a/+", "MQTT-3.3.2-2", publish("a/+", b"m"), "bad-topic-name"),
    Bad("publish to a/#", "MQTT-3.3.2-2", publish("a/#", b"m"), "bad-topic-name"),
    Bad("publish to a+b", "MQTT-3.3.2-2", publish("a+b", b"m"), "bad-topic-name"),
    Bad("publish to no topic", "MQTT-4.7.3-1", publish("", b"m"), "bad-topic-name"),
    Bad("filter a/#/b", "MQTT-4.7.1-2", subscribe(1, ("a/#/b", 0)), "bad-topic-filter"),
    Bad("filter #/", "MQTT-4.7.1-2", subscribe(1, ("#/", 0)), "bad-topic-filter"),
    Bad("filter a#", "MQTT-4.7.1-2", subscribe(1, ("a#", 0)), "bad-topic-filter"),
    Bad("filter ##", "MQTT-4.7.1-2", subscribe(1, ("##", 0)), "bad-topic-filter"),
    Bad("filter a+", "MQTT-4.7.1-3", subscribe(1, ("a+", 0)), "bad-topic-filter"),
    Bad("filter +a/b", "MQTT-4.7.1-3", subscribe(1, ("+a/b", 0)), "bad-topic-filter"),
    Bad("filter a/++", "MQTT-4.7.1-3", subscribe(1, ("a/++", 0)), "bad-topic-filter"),
    Bad("filter of no characters", "MQTT-4.7.3-1", subscribe(1, ("", 0)), "bad-topic-filter"),
    Bad("a bad filter behind a good one", "MQTT-4.7.1-3", subscribe(1, ("a", 0), ("a+", 0)), "bad-topic-filter"),
    Bad("unsubscribe from a+", "MQTT-4.7.1-3", unsubscribe(1, "a+"), "bad-topic-filter"),
    Bad("subscribe to nothing", "MQTT-3.8.3-3", subscribe(1), "no-filters"),
    Bad("unsubscribe from nothing", "MQTT-3.10.3-2", unsubscribe(1), "no-filters"),

    Bad("publish at QoS 3", "MQTT-3.3.1-4", publish("a", b"m", qos=3, id=1), "bad-qos"),
    Bad("subscribe at QoS 3", "MQTT-3.8.3-4", subscribe(1, ("a", 3)), "bad-qos"),
    Bad("subscribe with reserved bits in the QoS", "MQTT-3.8.3-4", subscribe(1, ("a", 0x81)), "malformed"),
    Bad("publish at QoS 1 with packet id 0", "MQTT-2.3.1-1", publish("a", b"m", qos=1, id=0), "bad-packet-id"),
    Bad("publish at QoS 2 with packet id 0", "MQTT-2.3.1-1", publish("a", b"m", qos=2, id=0), "bad-packet-id"),
    Bad("subscribe with packet id 0", "MQTT-2.3.1-1", subscribe(0, ("a", 0)), "bad-packet-id"),
    Bad("unsubscribe with packet id 0", "MQTT-2.3.1-1", unsubscribe(0, "a"), "bad-packet-id"),
]
