"""What `swiftlet sub` shows, byte for byte beside mosquitto_sub."""

import re

import pytest

from client_tools import MOSQUITTO, ours, run

pytestmark = pytest.mark.swiftlet("its own tool")

TEXTS = [
    b"hello", b"a", b'{"pin":1,"value":0}', b'quote " backslash \\ slash / \x01\x1f\x7f\t\r\n\x08\x0c', b"\xff\xfe\x80",
    "Gruß €😀".encode(), b"a\0b", b" ", bytes(range(256)), b"x" * 300, b"1", b"%p @Y \\n",
]
JSON = [
    b'{"a":1, "b" : [1,2.50,{"c":null}],"d":{},"e":[],"f":true,"g":false}', b" 5 ", b"01", b"1.", b"-0", b"1e5",
    b"1e15",
    b"123456789012345", b"1234567890123456", b"0.1", b"0.00001", b"1E400", b"1e-400",
    b'"\\u00e9\\ud83d\\ude00\\/\\u0001"',
    b'"a\\u0000b"', b'"\\uZZZZ"', b'"a\nb\xff"', b"null", b"\xef\xbb\xbf5", b'{"a":1,"a":2}', b"\x01 5 \x02", b"-.5",
    b"3.141592653589793", b"0.30000000000000004", b"9.999999999999991", b"12345678901234567", b"1" * 64, b"-1.8e308",
    b"1.7976931348623157e308", b"21.299999999999997", b"-52.520006599999999e-7",
    b'{"a":{"b":{}}}', b"[[],[{}]]", b"2147483648", b"12345678901234.5", b"123e-7", b"1.5e300", b'{"":""}',
]
NO_JSON = [b"-", b'"\\q"', b'{"a":1,}', b"[1,]", b"nul", b"nullx", b"5\0", b"1e", b".5", b'"abc', b"{1:2}", b"5 6",
           b'"\\ud83d"', b'"\\udc00"', b"[" * 1001 + b"]" * 1001, b"hello", b"[1 2]", b"--5"]
PLAIN = [
    "%p", "%t %p", "%l %5l %-5l| %05l %-05l|", "%x", "%X", "%10x|", "%-20x|", "%020X|", "%.3x|", "%3x|", "%t|", "%10t|",
    "%-10t|", "%.2t|", "%10.2t|", "%-10.2t|", "%.t|", "%-05t|", "%5p|", "%50p|", "%-50p|", "%050p|", "%-p|", "%0p|",
    "%.3p|", "%-040p|", "%-x|", "%m %q %r %5q %5m|", "%5% %-5% %%", "@@", r"\0\a\e\n\r\t\v\\", "text only", "%p%p%p",
]
WRONG = ["%", "a%5", "%-", "%.", "%5.3", "@", "\\", "\\q", "%z", "%0-5t", "%d", "%f", "%5"]
MASKS = [
    (rb'("tst":\s*)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z[+-]\d{4}"', rb'\1"TIME"'),
    (rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", b"TIME"), (rb"\b1\d{9}\.\d{9}\b", b"TIME"),
]


def masked(output: bytes) -> bytes:
    for pattern, mask in MASKS:
        output = re.sub(pattern, mask, output)
    return output


@pytest.fixture
def retained(broker, retain):
    """Publishes messages that are there for whoever subscribes; the filter that matches them, and how many."""
    def retained(payloads: list[bytes]) -> tuple[str, ...]:
        for i, payload in enumerate(payloads):
            retain(f"formats/{i}", payload)
        return "-t", "formats/+", "-C", str(len(payloads))

    return retained


@pytest.fixture
def both(broker, target):
    """What the two subscribers print, given the same arguments; times are masked."""
    def both(*arguments: str, **options) -> tuple[bytes, bytes]:
        outputs = [masked(pair.subscribe(broker, *arguments, **options)) for pair in (ours(target), MOSQUITTO)]
        return outputs[0], outputs[1]

    return both


def test_all_that_a_format_can_say(retained, both):
    """In one go, for every target."""
    format = r"%t|%-12t|%12.3t|%p|%20p|%-20p|%x|%020X|%l|%5l|%m|%q|%r|%I|%U|%j|%%|@@|@Y @Z @z|\t\a\0"
    got, expected = both(*retained(TEXTS), "-F", format)
    assert got == expected
    assert got.count(b"TIME|TIME|") == len(TEXTS)


@pytest.mark.native
@pytest.mark.parametrize("format", PLAIN)
def test_a_format_writes_what_mosquitto_sub_writes(retained, both, format):
    got, expected = both(*retained(TEXTS), "-F", format)
    assert got == expected


@pytest.mark.parametrize("options", [(), ("-v",), ("-N",), ("-v", "-N"), ("-v", "-F", "%p"), ("-N", "-F", "%t,")],
                         ids=" ".join)
def test_output_without_a_format(retained, both, options):
    got, expected = both(*retained(TEXTS), *options)
    assert got == expected


@pytest.mark.parametrize("format", ["%j", "%J"])
@pytest.mark.parametrize("pretty", [(), ("--pretty",)], ids=["plain", "pretty"])
def test_json_is_what_mosquitto_sub_makes_of_it(retained, both, format, pretty):
    got, expected = both(*retained(JSON), "-F", format, *pretty)
    assert got == expected


@pytest.mark.native
def test_a_payload_that_is_no_json_is_told_and_leaves_an_empty_place(broker, target, retained):
    what = retained(NO_JSON)
    runs = [run(*pair.sub, "-h", broker.address[0], "-p", str(broker.port), *what, "-F", "[%J]")
            for pair in (ours(target), MOSQUITTO)]
    assert runs[0].stdout == runs[1].stdout == b"[]\n" * len(NO_JSON)
    assert [done.returncode for done in runs] == [0, 0]
    told = [re.findall(rb"valid JSON on topic (\S+\d)", done.stderr) for done in runs]
    assert told[0] == told[1] and len(told[0]) == len(NO_JSON)


@pytest.mark.native
@pytest.mark.parametrize("zone", [
    "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "Africa/Casablanca", ":Europe/London", "",
    "UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "<-03>3", "XYZ3:30", "EST5EDT", "/usr/share/zoneinfo/Europe/Paris",
])
def test_times_are_those_of_the_time_zone(retained, target, broker, zone):
    what = retained([b"x"])
    # Nothing finer than hours; and both are run anew where an hour has just ended.
    letters = "YmdjUWVGgCyaAbBhuwZzDFxePpHIkl%EOqf+"
    format = "|".join("@" + letter for letter in letters)
    for attempt in range(2):
        outputs = [pair.subscribe(broker, *what, "-F", format, env={"TZ": zone}) for pair in (ours(target), MOSQUITTO)]
        if outputs[0] == outputs[1]:
            break
    assert outputs[0] == outputs[1]


@pytest.mark.native
@pytest.mark.parametrize("letter", [chr(code) for code in range(0x21, 0x7F)])
def test_every_letter_of_a_time_has_the_same_form(retained, target, broker, letter):
    what = retained([b"x"])
    outputs = [pair.subscribe(broker, *what, "-F", "[@" + letter + "]") for pair in (ours(target), MOSQUITTO)]
    digits = [re.sub(rb"\d", b"0", output) if letter.isalpha() else output for output in outputs]
    assert digits[0] == digits[1]


@pytest.mark.native
@pytest.mark.parametrize("qos", ["1", "2"])
def test_queued_messages_have_their_packet_ids_and_may_be_empty(broker, target, qos):
    """Not both QoS at once: mosquitto_sub shows QoS 2 when it is released, we when it has come."""
    pairs = (ours(target), MOSQUITTO)
    for pair in pairs:
        pair.subscribe(broker, "-t", "queued", "-q", "2", "-c", "-i", "queued-" + pair.name, "-E")
    for message in ("-n", "-mone", "-n", "-mtwo"):
        MOSQUITTO.publish(broker, "-t", "queued", "-q", qos, *([message] if message == "-n" else ["-m", message[2:]]))
    outputs = [masked(pair.subscribe(broker, "-t", "queued", "-q", "2", "-c", "-i", "queued-" + pair.name, "-C", "4",
                                     "-F", "%m %q %r %p [%5p] [%05p] [%x] %j")) for pair in pairs]
    assert outputs[0] == outputs[1]
    assert outputs[0].count(b'"payload":null') == 2
    for pair in pairs:
        pair.subscribe(broker, "-t", "queued", "-i", "queued-" + pair.name, "-E")


@pytest.mark.parametrize("format", WRONG)
def test_what_is_wrong_with_a_format_is_named(target, format):
    done = run(*ours(target).sub, "-t", "x", "-F", format)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"swiftlet: -F: ") and done.stderr.count(b"\n") == 1
    assert run(*MOSQUITTO.sub, "-t", "x", "-F", format).returncode == 1
