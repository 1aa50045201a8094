"""What the broker says of itself below $SYS."""

import re

import pytest

import packets
from access_files import write_lines
from broker import POOLS, Broker
from deadline import until
from packets import puback, pubcomp, publish, pubrec, pubrel
from sessions import NEW, enter, leave
from system_topics import ROOT, SystemTopics

pytestmark = pytest.mark.swiftlet("its $SYS differs, and comes more slowly")

NAMES = {
    "version", "uptime", "memory/total",
    "clients/total", "clients/connected", "clients/disconnected", "clients/maximum", "clients/expired",
    "connections/accepted", "connections/refused", "bytes/received", "bytes/sent", "messages/received",
    "publish/messages/received", "publish/messages/sent", "publish/messages/dropped",
    "publish/bytes/received", "publish/bytes/sent",
    "subscriptions/count", "retained messages/count", "store/messages/count", "store/messages/bytes",
    "dropped/queue-full", "dropped/store-full", "dropped/expired", "dropped/retained-full", "dropped/forbidden",
    "dropped/topic-too-long", "dropped/payload-too-long",
}
FAST = "sys_interval 1"


@pytest.fixture
def broker(start) -> Broker:
    return start(FAST)


@pytest.fixture
def system(broker) -> SystemTopics:
    return SystemTopics(broker)


def test_every_topic_has_a_value(system):
    system.value("limit/memory_budget")  # the last one
    found = system.read()
    assert NAMES <= found.keys()
    assert {f"pool/{name}/{what}" for name in POOLS for what in ("in-use", "high-water", "capacity")} <= found.keys()
    others = {name for name in found.keys() - NAMES if not name.startswith(("pool/", "limit/"))}
    assert others == set()
    numbers = {name: value for name, value in found.items() if name not in ("version", "uptime")}
    assert all(re.fullmatch(r"\d+", value) for value in numbers.values()), numbers


def test_the_version_is_the_program_s(system, call):
    _, number, _ = call("--version").stdout.split()
    assert system.value("version") == f"swiftlet version {number}"


def test_the_uptime_is_in_seconds_and_grows(system):
    def seconds() -> int:
        return int(re.fullmatch(r"(\d+) seconds", system.value("uptime"))[1])

    first = seconds()
    until(lambda: seconds() > first, "a later uptime")


def test_they_are_retained_and_sent_at_qos_0(broker, system):
    """[MQTT-3.3.1-6] [MQTT-3.3.1-9]"""
    system.value("limit/memory_budget")
    client = broker.connect()
    client.subscribe((ROOT + "version", 2))
    message = client.receive_publish()
    assert (message.topic, message.qos, message.retain) == (ROOT + "version", 0, True)
    client.subscribe((ROOT + "uptime", 2))
    until(lambda: not client.receive_publish().retain, "a new value for a standing subscription")


def test_a_value_that_does_not_change_is_not_sent_again(broker, system):
    system.value("limit/memory_budget")
    client = broker.connect()
    client.subscribe((ROOT + "version", 0), (ROOT + "limit/#", 0), (ROOT + "uptime", 0))
    seen = [client.receive_publish()]
    while sum(message.topic == ROOT + "uptime" for message in seen) < 3:
        seen.append(client.receive_publish())
    topics = [message.topic for message in seen if message.topic != ROOT + "uptime"]
    assert len(topics) == len(set(topics))


def test_a_wildcard_at_the_first_level_does_not_find_them(broker, system):
    """[MQTT-4.7.2-1]: neither those that are retained nor the new values."""
    system.value("limit/memory_budget")
    clients = [broker.connect() for _ in range(4)]
    for client, filter in zip(clients, ("#", "+/#", "+/broker/#", "+/+/uptime")):
        client.subscribe((filter, 0))
    system.wait_for_change("uptime")
    for client in clients:
        client.expect_nothing()


def test_a_wildcard_at_a_later_level_finds_them(broker, system):
    system.value("limit/memory_budget")
    client = broker.connect()
    client.subscribe((ROOT + "clients/+", 0))
    found = {message.topic for message in client.publishes_so_far()}
    assert {ROOT + name for name in NAMES if name.startswith("clients/")} <= found


def test_clients_are_counted(broker, system):
    system.wait_for({"clients/total": 1, "clients/connected": 1, "clients/disconnected": 0, "clients/maximum": 1})
    clients = [broker.connect() for _ in range(3)]
    leave(enter(broker, "e2e-away", NEW))
    system.wait_for({"clients/total": 5, "clients/connected": 4, "clients/disconnected": 1, "clients/maximum": 5,
                     "connections/accepted": 5, "pool/sessions/in-use": 5, "pool/connections/in-use": 4})
    for client in clients:
        leave(client)
    leave(broker.connect("e2e-away"))
    system.wait_for({"clients/total": 1, "clients/connected": 1, "clients/disconnected": 0, "clients/maximum": 5,
                     "connections/accepted": 6, "pool/sessions/in-use": 1, "pool/sessions/high-water": 5})


def test_a_client_that_stayed_away_too_long_is_counted(start):
    broker = start(FAST, "persistent_client_expiration 1")
    system = SystemTopics(broker)
    leave(enter(broker, "e2e-expires", NEW))
    system.wait_for({"clients/expired": 1, "clients/total": 1, "clients/disconnected": 0})


def test_connections_turned_away_are_counted(start):
    broker = start(FAST, "global_max_connections 2")
    system = SystemTopics(broker)
    broker.connect()
    for _ in range(3):
        broker.dial().expect_end()
    system.wait_for({"connections/refused": 3, "connections/accepted": 2})


def test_messages_of_clients_are_counted(broker, system):
    system.value("limit/memory_budget")
    publisher, subscriber = broker.connect(), broker.connect()
    subscriber.subscribe(("count", 2))
    publisher.send(publish("count", b"12345"))
    publisher.request(publish("count", b"1234567", qos=1, id=1), answer=puback(1))
    publisher.request(publish("count", b"1", qos=2, id=2), answer=pubrec(2))
    publisher.request(pubrel(2), answer=pubcomp(2))
    publisher.request(publish("nobody/listens", b"123", qos=1, id=3), answer=puback(3))
    system.wait_for({"publish/messages/received": 4, "publish/bytes/received": 16})
    sent = len(subscriber.publishes_so_far())
    assert sent == 3
    # Beside these, what this client is sent from below $SYS is counted; so there are more of them.
    assert int(system.read()["publish/messages/sent"]) > sent
    assert int(system.read()["publish/bytes/sent"]) > 13


def test_bytes_and_packets_that_came_are_counted_exactly(broker, system):
    """`system` says nothing meanwhile, and a subscriber to one topic only."""
    # The second values were published when all of the first had come and nothing else was going on.
    system.wait_for_change("uptime")
    system.wait_for_change("uptime")
    before = {name: int(system.value(name)) for name in ("bytes/received", "messages/received")}
    connect = packets.connect("e2e-exact")
    client = broker.dial()
    client.request(connect, answer=packets.ACCEPTED)
    client.send(publish("exact", b"m" * 100), packets.PINGREQ)
    client.expect(packets.PINGRESP)
    count = len(connect + publish("exact", b"m" * 100) + packets.PINGREQ)
    system.wait_for({"bytes/received": before["bytes/received"] + count,
                     "messages/received": before["messages/received"] + 3})


def test_subscriptions_and_retained_messages_are_counted_without_those_of_the_broker(broker, system):
    client = broker.connect()
    client.subscribe(("a", 0), ("b/+", 0))
    for topic in ("r/1", "r/2", "r/3"):
        client.request(publish(topic, b"m", qos=1, id=1, retain=True), answer=puback(1))
    system.wait_for({"subscriptions/count": 3, "retained messages/count": 3})
    client.request(packets.unsubscribe(2, "a"), answer=packets.unsuback(2))
    client.request(publish("r/2", b"", qos=1, id=1, retain=True), answer=puback(1))
    system.wait_for({"subscriptions/count": 2, "retained messages/count": 2})


def test_what_is_stored_for_absent_clients_is_counted(broker, system):
    """Beside the values below $SYS themselves."""
    client = enter(broker, "e2e-stored", NEW)
    client.subscribe(("stored", 1))
    leave(client)
    system.value("limit/memory_budget")
    before = int(system.value("store/messages/count"))
    publisher = broker.connect()
    for _ in range(50):
        publisher.request(publish("stored", b"x" * 1000, qos=1, id=1), answer=puback(1))
    until(lambda: int(system.read()["store/messages/count"]) >= before + 50, "50 more messages")
    assert int(system.read()["store/messages/bytes"]) >= 50_000
    assert int(system.read()["pool/deliveries/in-use"]) >= 50


@pytest.mark.parametrize("cause, lines", [
    ("queue-full", ["max_queued_messages 300"]),
    ("expired", ["offline_message_expiry 1"]),
    ("retained-full", ["max_retained_messages 0"]),
    ("topic-too-long", ["max_topic_levels 4"]),
    ("payload-too-long", ["message_size_limit 1"]),
    ("forbidden", []),
])
def test_dropped_messages_are_counted_by_their_cause(start, cause, lines):
    """In all three places: below $SYS by its cause and together, and in the log."""
    broker = start(FAST, *lines)
    system = SystemTopics(broker)
    client = enter(broker, "e2e-dropped", NEW)
    client.subscribe(("dropped", 1))
    leave(client)
    topic = {"topic-too-long": "a/b/c/d/e", "forbidden": "$SYS/x"}.get(cause, "dropped")
    publisher = broker.connect()
    for _ in range(301 if cause == "queue-full" else 1):
        data = publish(topic, b"mm", qos=1, id=1, retain=cause == "retained-full")
        publisher.request(data, answer=puback(1))
    system.wait_for({f"dropped/{cause}": 1, "publish/messages/dropped": 1})
    broker.wait_for(event="dropped", **{cause: "1"})


def test_they_fit_in_the_queue_of_a_standing_subscriber(start):
    """There are more of them than some boards allow a client to have queued."""
    broker = start(FAST, "max_queued_messages 50")
    system = SystemTopics(broker)
    system.wait_for_change("uptime")
    system.wait_for_change("uptime")
    assert NAMES <= system.read().keys() and "limit/memory_budget" in system.read()
    assert broker.log.matching(event="dropped") == []


def test_pools_are_the_ones_of_sigusr1(broker, system):
    broker.connect().subscribe(("a/b/c", 0))
    system.wait_for({"pool/subscriptions/in-use": 2})
    pools = broker.pools()
    for name in ("connections", "sessions", "subscriptions", "incoming-qos-2"):
        pool = pools[name]
        system.wait_for({f"pool/{name}/in-use": pool.in_use, f"pool/{name}/high-water": pool.high_water,
                         f"pool/{name}/capacity": pool.capacity})


def test_sigusr1_names_every_pool(broker):
    assert tuple(broker.pools()) == POOLS
    for pool in broker.pools().values():
        assert 0 <= pool.in_use <= pool.high_water <= pool.capacity


def test_limits_are_those_of_the_board_file_and_the_defaults(start, call):
    broker = start(FAST, "max_keepalive 20min", "max_packet_size 8K", "max_messages 500", "max_connections 10",
                   "queue_policy oldest")
    system = SystemTopics(broker)
    system.wait_for({"limit/max_keepalive": 1200, "limit/max_packet_size": 8192, "limit/max_messages": 500,
                     "limit/max_topic_length": 1024, "limit/sys_interval": 1, "limit/stall_timeout": 60})
    help_of_brokers = call("--help").stdout.split("Keys of a client")[0]
    numbers = re.findall(r"^  (\w+) .*, default \d+(?:, of a client \d+)?$", help_of_brokers, re.MULTILINE)
    assert {f"limit/{key}" for key in numbers} == {name for name in system.read() if name.startswith("limit/")}


def test_clients_cannot_publish_there(broker, system):
    """It is acknowledged, counted, and goes nowhere."""
    version = system.value("version")
    client = broker.connect()
    for topic in (ROOT + "version", "$SYS/mine", "$SYS/"):
        client.send(publish(topic, b"a lie", retain=True))
        client.request(publish(topic, b"a lie", qos=1, id=1, retain=True), answer=puback(1))
        client.request(publish(topic, b"a lie", qos=2, id=2, retain=True), answer=pubrec(2))
        client.request(pubrel(2), answer=pubcomp(2))
    system.wait_for({"dropped/forbidden": 9})
    assert system.read()["version"] == version
    assert not [name for name in system.read() if "mine" in name]


def test_topics_that_only_begin_like_it_are_the_clients_own(broker):
    """Other names with a dollar sign are nobody's."""
    client = broker.connect()
    client.subscribe(("$SYStem/x", 0), ("$share/x", 0), ("SYS/broker", 0))
    for topic in ("$SYStem/x", "$share/x", "SYS/broker"):
        client.send(publish(topic, b"m"))
    assert [message.topic for message in client.publishes_so_far()] == ["$SYStem/x", "$share/x", "SYS/broker"]


def test_an_interval_of_zero_says_nothing_at_all(start):
    broker = start("sys_interval 0")
    pools = broker.pools()
    client = broker.connect()
    client.subscribe(("$SYS/#", 0))
    client.expect_nothing()
    assert (pools["messages"].capacity, pools["messages"].in_use) == (8192, 0)


def test_they_fit_whatever_clients_are_allowed(start):
    """Their room is their own, however small that of the clients is."""
    broker = start(FAST, "max_topic_length 16", "max_topic_levels 2", "max_topic_nodes 8", "max_messages 16",
                   "message_store_size 4096", "max_packet_size 128", "max_retained_messages 0", "max_deliveries 512")
    system = SystemTopics(broker)
    system.value("limit/memory_budget")
    assert NAMES <= system.read().keys()


def test_they_are_read_by_those_whom_the_access_list_lets(start, tmp_path):
    acl = write_lines(tmp_path / "acl", "topic read #", "topic read $SYS/broker/uptime",
                      "topic read $SYS/broker/pool/#", "topic deny $SYS/broker/pool/sessions/#",
                      "user nobody", "topic read #")
    broker = start(FAST, f"acl_file {acl}")
    system, others = SystemTopics(broker), SystemTopics(broker, user="nobody")
    system.value("pool/messages/in-use")
    system.wait_for_change("uptime")
    names = set(system.read())
    assert {name.split("/")[0] for name in names} == {"uptime", "pool"}
    assert not [name for name in names if "sessions" in name]
    assert others.read() == {}


def test_a_slow_reader_of_all_of_them_harms_nobody(start):
    broker = start(FAST, "stall_timeout 1")
    deaf = broker.connect(receive_buffer=4096)
    deaf.subscribe(("$SYS/#", 0))
    system = SystemTopics(broker)
    system.wait_for_change("uptime")
    client = broker.connect()
    client.subscribe(("own", 0))
    client.send(publish("own", b"m"))
    client.expect(publish("own", b"m"))
