"""Which topics a filter matches [MQTT-3.3.2-3] [MQTT-4.7.3-4]."""

import pytest

import packets
from packets import publish

# filter, topics that it matches, topics that it does not match
ROWS = [
    ("a/b", "a/b", "a a/ a/b/ /a/b a/b/c A/b a/B"),
    ("+", "a é", "/ a/ /a a/b $a"),
    ("a/+", "a/b a/ a/$b", "a a/b/c b/a"),
    ("+/b", "a/b /b", "b a/b/c $a/b"),
    ("+/+", "/ a/ /b a/b", "a a/b/c $a/b"),
    ("/+", "/ /a", "a a/b /a/b"),
    ("a/+/c", "a/b/c a//c", "a/c a/b/b/c a/b/c/d"),
    ("+/+/+", "a/b/c // a//", "a/b a/b/c/d"),
    ("#", "a / a/b /a a/b/c/d", "$a $a/b"),
    ("a/#", "a a/ a/b a/b/c", "b ab b/a /a"),
    ("a/+/#", "a/b a/b/c a/ a//", "a b/a"),
    ("+/#", "a a/b /", "$a $a/b"),
    ("/#", "/ /a /a/b", "a a/b"),
    ("$a/#", "$a $a/b", "a a/b"),
    ("$a/+", "$a/b", "$a a/b $b/b"),
]


@pytest.mark.parametrize("filter, matching, others", ROWS, ids=[row[0] for row in ROWS])
def test_a_filter_matches_these_topics_and_no_others(broker, filter, matching, others):
    """[MQTT-4.7.1-2] [MQTT-4.7.1-3] [MQTT-4.7.2-1]"""
    wanted = matching.split()
    client = broker.connect()
    client.subscribe((filter, 0))
    for topic in others.split() + wanted:
        client.send(publish(topic, b""))
    assert [message.topic for message in client.publishes_so_far()] == wanted


def test_topics_are_compared_without_normalising_them(broker):
    """[MQTT-4.7.3-4] [MQTT-1.5.3-3]: é composed is not é decomposed, and U+FEFF stays."""
    client = broker.connect()
    client.subscribe(("caf\u00e9", 0), ("\ufeffx", 0))
    for topic in ("cafe\u0301", "caf\u00e9", "x", "\ufeffx"):
        client.send(publish(topic, b""))
    assert [message.topic for message in client.publishes_so_far()] == ["caf\u00e9", "\ufeffx"]


def test_a_topic_may_hold_any_character_but_nul_and_wildcards(broker):
    """[MQTT-1.5.3-1]: the ends of each length of UTF-8, the noncharacters aside."""
    topic = "\x20\x7e\u00a0\u07ff\u0800\ud7ff\ue000\ufffd\U00010000\U0010fffd"
    client = broker.connect()
    client.request(packets.subscribe(1, (topic, 0)), answer=packets.suback(1, 0))
    client.send(publish(topic, b"m"))
    client.expect(publish(topic, b"m"))
