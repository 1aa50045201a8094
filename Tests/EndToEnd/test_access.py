"""User names, passwords and access lists: who is let in, and what each may read and write."""

import signal
from pathlib import Path

import pytest

import packets
from access_files import make_passwords, pbkdf2_line, sha512_line, write_lines
from broker import Broker
from bystanders import Bystanders
from client import Client
from deadline import until
from hasher import hasher, hasher_stopped
from load import Load
from packets import Publish, Will, connack, connect, puback, pubcomp, publish, pubrec, pubrel, suback, subscribe
from process import is_alive
from sessions import NEW, RESUMED, leave

LISTEN = "listener 0 127.0.0.1"
USERS = {"alice": "in wonderland", "bob": "der Baumeister", "observer": "sees all", "source": "says all"}
REFUSED = connack(5)


@pytest.fixture
def passwords(tmp_path) -> Path:
    return make_passwords(tmp_path / "passwords", USERS)


@pytest.fixture
def guarded(start, passwords) -> Broker:
    """Lets in the users above, and nobody else."""
    return start(LISTEN, f"password_file {passwords}", only=True)


def enter_as(broker: Broker, user: str, client_id: str | None = None, **fields) -> Client:
    return broker.connect(client_id, user=user, password=USERS[user], **fields)


def is_let_in(broker: Broker, user: str | None = None, password: str | bytes | None = None, **options) -> bool:
    client = broker.dial(**options)
    client.send(connect("", user=user, password=password))
    answer = client.receive()
    client.close()
    assert answer in (packets.ACCEPTED, REFUSED), answer.hex(" ")
    return answer == packets.ACCEPTED


# Passwords.

def test_users_of_a_file_that_mosquitto_passwd_made_are_let_in(guarded):
    """[MQTT-3.1.4-4]"""
    assert [is_let_in(guarded, user, password) for user, password in USERS.items()] == [True] * 4


@pytest.mark.parametrize("user, password", [
    ("alice", "wrong"), ("alice", "in wonderland "), ("alice", "In Wonderland"), ("alice", ""), ("alice", None),
    ("alice", "der Baumeister"), ("Alice", "in wonderland"), ("alic", "in wonderland"), ("mallory", "in wonderland"),
    ("", ""), ("", None), (None, None), ("alice:", "in wonderland"), ("x" * 300, "y" * 300), ("alice", "x" * 1024),
], ids=lambda text: repr(text)[:20])
def test_others_are_refused_with_5(guarded, user, password):
    """[MQTT-3.1.4-2] [MQTT-3.2.2-4] [MQTT-3.2.2-5]: with one code for all, so that nobody finds out user names."""
    client = guarded.dial()
    client.request(connect("e2e", user=user, password=password), answer=REFUSED)
    client.expect_end()


@pytest.mark.parametrize("length", [1025, 10_000, 0xFFFF])
def test_a_password_of_any_length_is_compared_or_refused(guarded, length):
    """[MQTT-3.1.4-2]: who knows a user name cannot end the broker with a long password."""
    client = guarded.dial()
    client.request(connect("e2e", user="alice", password="x" * length), answer=REFUSED)
    client.expect_end()
    assert is_let_in(guarded, "alice", USERS["alice"])


@pytest.mark.parametrize("options", [[], ["-H", "sha512"], ["-H", "sha512-pbkdf2"]], ids=" ".join)
def test_each_hash_of_mosquitto_passwd_is_understood(start, tmp_path, options):
    file = make_passwords(tmp_path / "file", {"alice": "secret", "bob": "geheim"}, *options)
    broker = start(LISTEN, f"password_file {file}", only=True)
    assert is_let_in(broker, "alice", "secret") and is_let_in(broker, "bob", "geheim")
    assert not is_let_in(broker, "alice", "geheim")


@pytest.mark.parametrize("line", [
    sha512_line("alice", b"secret"),
    pbkdf2_line("alice", b"secret", 1),
    pbkdf2_line("alice", b"secret", 101),
    pbkdf2_line("alice", b"secret", 1000),
    sha512_line("alice", b"secret", salt=b"s"),
    sha512_line("alice", b"secret", salt=bytes(64)),
], ids=["$6$", "$7$1", "$7$101", "$7$1000", "salt of one byte", "salt of 64 bytes"])
@pytest.mark.swiftlet("it takes salts of 12 bytes only")
def test_hashes_that_others_made_are_understood(start, tmp_path, line):
    file = write_lines(tmp_path / "file", "# comment", "", line)
    broker = start(LISTEN, f"password_file {file}", only=True)
    assert is_let_in(broker, "alice", "secret")
    assert not is_let_in(broker, "alice", "Secret")


def test_a_hash_that_hashlib_made_is_understood(start, tmp_path):
    """mosquitto's `$6$` and `$7$`, said in another language than its own."""
    file = write_lines(tmp_path / "file", sha512_line("six", b"secret"), pbkdf2_line("seven", b"geheim", 101))
    broker = start(LISTEN, f"password_file {file}", only=True)
    assert is_let_in(broker, "six", "secret") and is_let_in(broker, "seven", "geheim")
    assert not is_let_in(broker, "six", "geheim") and not is_let_in(broker, "seven", "secret")


@pytest.mark.parametrize("user, password", [
    ("ünïcode", "pässwörd".encode()), ("with space", b"a b"), ("dots.and-dashes_", b"\x00\xff\x80 binary"),
    ("long" * 16, b"p" * 1000), ("one", b"1"),
], ids=["unicode", "space", "binary", "long", "short"])
@pytest.mark.swiftlet("it takes passwords for C strings")
def test_names_and_passwords_of_any_bytes_are_compared_whole(start, tmp_path, user, password):
    """[MQTT-3.1.3-11]: a password is binary data."""
    file = write_lines(tmp_path / "file", sha512_line(user, password))
    broker = start(LISTEN, f"password_file {file}", only=True)
    assert is_let_in(broker, user, password)
    assert not is_let_in(broker, user, password + b"\0")
    assert not is_let_in(broker, user, password[:-1])


def test_anonymous_clients_are_let_in_beside_users_where_both_are_allowed(start, passwords):
    broker = start(LISTEN, "allow_anonymous true", f"password_file {passwords}", only=True)
    assert is_let_in(broker) and is_let_in(broker, "alice", USERS["alice"])
    assert not is_let_in(broker, "alice", "wrong") and not is_let_in(broker, "mallory", "secret")


def test_without_a_password_file_a_name_opens_no_more_than_none(start):
    assert is_let_in(start(), "alice", "anything")
    assert not is_let_in(start(LISTEN, only=True), "alice", "anything")


@pytest.mark.swiftlet("its log names the reason")
@pytest.mark.parametrize("user, password, reason", [
    ("alice", "wrong", "bad-user-name-or-password"), ("mallory", "secret", "bad-user-name-or-password"),
    ("alice", None, "bad-user-name-or-password"), (None, None, "not-authorised"),
])
def test_a_refused_login_is_logged_once_with_its_reason(guarded, user, password, reason):
    client = guarded.dial()
    client.send(connect("e2e", user=user, password=password))
    assert guarded.reason(client) == reason
    assert len(guarded.closings(client)) == 1


def test_packets_sent_right_behind_a_connect_with_a_password_are_served(guarded):
    """§3.1.4: the client need not wait for CONNACK."""
    client = guarded.dial()
    client.send(connect("e2e-eager", user="alice", password=USERS["alice"]), subscribe(5, ("eager", 0)),
                publish("eager", b"here"), packets.PINGREQ)
    assert sorted(client.receive() for _ in range(4)) == sorted(
        [packets.ACCEPTED, suback(5, 0), publish("eager", b"here"), packets.PINGRESP])


def test_a_connect_with_a_password_may_come_byte_by_byte(guarded):
    client = guarded.dial()
    for byte in connect("e2e-bytes", user="alice", password=USERS["alice"]):
        client.send(bytes([byte]))
    client.expect(packets.ACCEPTED)


def test_what_follows_a_refused_login_is_ignored(guarded):
    """[MQTT-3.1.4-5]"""
    witness = enter_as(guarded, "observer")
    witness.subscribe(("refused", 0))
    client = guarded.dial()
    client.send(connect("e2e", user="alice", password="wrong"), publish("refused", b"m"))
    assert client.rest() == REFUSED
    witness.expect_nothing()


def test_a_wrong_password_takes_nobody_s_place(guarded):
    """[MQTT-3.1.4-2]: the client id alone proves nothing; neither connection, session nor will are touched."""
    witness = enter_as(guarded, "observer")
    witness.subscribe(("will", 0))
    holder = guarded.dial()
    holder.request(connect("e2e-holder", clean=False, user="alice", password=USERS["alice"], will=Will("will", b"m")),
                   answer=NEW)
    holder.subscribe(("held", 1))
    thief = guarded.dial()
    thief.request(connect("e2e-holder", user="alice", password="wrong"), answer=REFUSED)
    thief.expect_end()
    holder.expect_nothing()
    leave(holder)
    thief = guarded.dial()
    thief.request(connect("e2e-holder", user="bob", password="wrong"), answer=REFUSED)
    holder = guarded.dial()
    holder.request(connect("e2e-holder", clean=False, user="alice", password=USERS["alice"]), answer=RESUMED)
    witness.expect_nothing()


# Attempts.

@pytest.mark.swiftlet("it lets everybody guess")
def test_after_several_failures_an_address_is_refused_even_with_the_right_password(guarded):
    """Each failure doubles the wait; those already connected have nothing to fear."""
    standing = enter_as(guarded, "alice")
    for _ in range(9):  # the wait is half a minute by then
        assert not is_let_in(guarded, "mallory", "guess")
    client = guarded.dial()
    client.request(connect("e2e", user="alice", password=USERS["alice"]), answer=REFUSED)
    client.expect_end()
    assert guarded.reason(client) == "too-many-failed-logins"
    standing.expect_nothing()


@pytest.mark.swiftlet("it lets everybody guess")
def test_failures_of_one_address_are_no_other_s(guarded):
    for _ in range(9):
        assert not is_let_in(guarded, "mallory", "guess", source="127.0.0.3")
    assert not is_let_in(guarded, "alice", USERS["alice"], source="127.0.0.3")
    assert is_let_in(guarded, "alice", USERS["alice"], source="127.0.0.4")


@pytest.mark.swiftlet("it lets everybody guess")
def test_the_wait_ends(guarded):
    """It is one second after the fourth failure; who asks in between does not prolong it."""
    for _ in range(4):
        assert not is_let_in(guarded, "alice", "wrong")
    until(lambda: is_let_in(guarded, "alice", USERS["alice"]), "the end of the wait")


def test_three_failures_are_forgiven_and_a_success_forgets_them(guarded):
    for _ in range(4):
        for _ in range(3):
            assert not is_let_in(guarded, "alice", "wrong")
        assert is_let_in(guarded, "alice", USERS["alice"])


@pytest.mark.swiftlet("it lets everybody guess")
def test_hundreds_of_addresses_that_guess_do_not_harm_the_others(guarded):
    """What is remembered of them has a fixed size."""
    for i in range(200):
        assert not is_let_in(guarded, "alice", "wrong", source=f"127.0.1.{i + 1}")
    assert is_let_in(guarded, "alice", USERS["alice"], source="127.0.0.9")


# Logins and everybody else.

def ask(broker: Broker, count: int) -> list[Client]:
    """Connections whose CONNECT has come, with passwords that are right."""
    clients = [broker.dial() for _ in range(count)]
    for i, client in enumerate(clients):
        client.send(connect(f"e2e-{i}", user="alice", password=USERS["alice"]))
    return clients


@pytest.mark.swiftlet("it compares passwords in its loop")
def test_while_passwords_are_compared_everybody_else_is_served(start, passwords):
    broker = start(LISTEN, "allow_anonymous true", f"password_file {passwords}", only=True)
    bystanders = Bystanders(broker)
    with hasher_stopped(broker):
        waiting = ask(broker, 10)
        for _ in range(100):
            bystanders.exchange()
        assert is_let_in(broker)  # without a password
        assert not is_let_in(broker, "mallory", "secret")  # nothing to compare with
    for client in waiting:
        client.expect(packets.ACCEPTED)
    bystanders.exchange()


def test_a_storm_of_logins_goes_on_beside_a_stream_of_messages(start, tmp_path):
    """Right and wrong ones; no message is lost or disturbed in its order."""
    file = write_lines(tmp_path / "file", pbkdf2_line("alice", b"secret", 1000))
    broker = start(LISTEN, "allow_anonymous true", "max_connections 200", f"password_file {file}", only=True)
    load = Load([broker.connect() for _ in range(2)], [broker.connect()], "storm", qos=1)
    for round in range(5):
        logins = [broker.dial(source=f"127.0.{round}.{i + 2}") for i in range(20)]
        for i, client in enumerate(logins):
            client.send(connect(f"e2e-{i}", user="alice", password="secret" if i % 2 else "wrong"))
        load.run(100)
        for i, client in enumerate(logins):
            client.expect(packets.ACCEPTED if i % 2 else REFUSED)
            client.close()
    load.check()


@pytest.mark.swiftlet("it compares passwords in its loop")
def test_a_client_that_leaves_before_the_verdict_is_only_its_own_loss(guarded):
    with hasher_stopped(guarded):
        waiting = ask(guarded, 12)
        for client in waiting[1:10:2]:
            client.close()
        for client in waiting[0:10:2]:
            client.reset()
    for client in waiting[10:]:
        client.expect(packets.ACCEPTED)


@pytest.mark.swiftlet("it compares passwords in its loop")
def test_a_client_that_says_more_and_breaks_off_before_the_verdict_is_only_its_own_loss(guarded):
    """What it said comes together with the end of its connection."""
    with hasher_stopped(guarded):
        waiting = ask(guarded, 6)
        until(lambda: guarded.pools()["packet-slabs"].in_use == 6, "all of them wait")
        for client in waiting[1:5]:
            client.send(packets.PINGREQ)
            client.reset()
    for client in (waiting[0], waiting[5]):
        client.expect(packets.ACCEPTED)
    assert is_let_in(guarded, "bob", USERS["bob"])


@pytest.mark.swiftlet("it compares passwords in its loop")
def test_a_login_that_takes_too_long_ends_and_makes_room(start, passwords):
    broker = start(LISTEN, "connect_timeout 1", f"password_file {passwords}", only=True)
    with hasher_stopped(broker):
        for client in ask(broker, 3):
            client.expect_end()
            assert broker.reason(client) == "connect-timeout"
    assert is_let_in(broker, "alice", USERS["alice"])


@pytest.mark.swiftlet("it compares passwords in its loop")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_the_process_that_compares_passwords_ends_with_the_broker(guarded, number):
    pid = hasher(guarded)
    guarded.process.send_signal(number)
    guarded.process.wait(20)
    until(lambda: not is_alive(pid), "the end of the second process")


# Access lists.

ACL = """
# Anonymous clients.
topic read open/#
topic write inbox/+
topic deny open/secret

user alice
topic readwrite alice/#
topic shared
topic deny alice/locked/#
topic write inbox/alice
topic read news/+/today

user bob
topic read alice/#
topic deny alice/private

user observer
topic read #

user source
topic write #

# Everybody.
pattern readwrite home/%u/#
pattern read device/%c/state
pattern write device/%c/set
pattern write both/%u/%c
"""

# user, client id, access, topics that may be used so, topics that may not
MAY = [
    (None, "anon", "read", "open open/a open/a/b", "inbox/a alice/a shared news/x/today home/anon/a"),
    (None, "anon", "read", "device/anon/state", "open/secret device/anon/set device/alice/state home//a"),
    (None, "anon", "write", "inbox/a inbox/alice device/anon/set", "inbox inbox/a/b open/a device/anon/state"),
    (None, "anon", "write", "", "open/secret both/anon/anon both//anon home/anon/a"),
    ("alice", "c1", "read", "alice alice/a alice/a/b shared news/x/today home/alice/a home/alice", "open/a shared/a"),
    ("alice", "c1", "read", "device/c1/state", "alice/locked alice/locked/a inbox/alice news/x home/bob/a"),
    ("alice", "c1", "write", "alice/a shared home/alice/a device/c1/set both/alice/c1", "news/x/today inbox/b"),
    ("alice", "c1", "write", "inbox/alice", "alice/locked/a both/alice/c2 both/bob/c1 device/c1/state"),
    ("bob", "c2", "read", "alice/a alice/locked/a home/bob/x device/c2/state", "alice/private shared home/alice/a"),
    ("bob", "c2", "write", "home/bob/x device/c2/set", "alice/a shared device/c1/set"),
    ("observer", "c3", "read", "a a/b alice/a home/bob/x", ""),
    ("observer", "c3", "write", "home/observer/x", "a a/b alice/a"),
]


@pytest.fixture
def ruled(start, passwords, tmp_path) -> Broker:
    (tmp_path / "acl").write_text(ACL)
    lines = ("allow_anonymous true", f"password_file {passwords}", f"acl_file {tmp_path}/acl")
    return start(LISTEN, *lines, only=True)


def enter_as_any(broker: Broker, user: str | None, client_id: str, **fields) -> Client:
    return enter_as(broker, user, client_id, **fields) if user else broker.connect(client_id, **fields)


def rows(access: str):
    return pytest.mark.parametrize("user, client_id, topics, others", [
        pytest.param(user, client_id, may.split(), may_not.split(), id=f"{user}: {may} | {may_not}")
        for user, client_id, what, may, may_not in MAY if what == access])


@rows("write")
def test_what_may_be_written_arrives_and_the_rest_goes_nowhere(ruled, user, client_id, topics, others):
    observer = enter_as(ruled, "observer")
    observer.subscribe(("#", 0))
    for topic in others + topics:
        client = enter_as_any(ruled, user, client_id)
        client.request(publish(topic, b"m", qos=1, id=7), answer=puback(7))
        client.close()
    assert [message.topic for message in observer.publishes_so_far()] == topics


@pytest.mark.swiftlet("2.0.11 ends the connection")
def test_what_may_not_be_written_is_acknowledged_as_its_qos_demands(ruled):
    """[MQTT-3.3.5-2]: MQTT 3.1.1 has no way to say no to a PUBLISH."""
    observer, client = enter_as(ruled, "observer"), ruled.connect()
    observer.subscribe(("#", 0))
    client.send(publish("forbidden", b"m"))
    client.request(publish("forbidden", b"m", qos=1, id=1), answer=puback(1))
    client.request(publish("forbidden", b"m", qos=2, id=2), answer=pubrec(2))
    client.request(pubrel(2), answer=pubcomp(2))
    client.expect_nothing()
    observer.expect_nothing()


@rows("read")
def test_a_wildcard_gets_what_may_be_read(ruled, user, client_id, topics, others):
    client = enter_as_any(ruled, user, client_id)
    client.subscribe(("#", 0))
    source = enter_as(ruled, "source")
    for topic in others + topics:
        source.send(publish(topic, b"m"))
    source.expect_nothing()
    assert [message.topic for message in client.publishes_so_far()] == topics


@rows("read")
def test_a_wildcard_gets_retained_messages_that_may_be_read(ruled, user, client_id, topics, others):
    source = enter_as(ruled, "source")
    for topic in others + topics:
        source.send(publish(topic, b"m", retain=True))
    source.expect_nothing()
    client = enter_as_any(ruled, user, client_id)
    client.subscribe(("#", 0))
    assert sorted(message.topic for message in client.publishes_so_far()) == sorted(topics)


@pytest.mark.swiftlet("it grants every subscription and looks at each message")
@rows("read")
def test_a_subscription_to_one_topic_is_answered_by_whether_it_may_be_read(ruled, user, client_id, topics, others):
    """[MQTT-3.9.3-2]: 0x80 in its place in the SUBACK."""
    names = topics + others
    answer = suback(1, *[1 if name in topics else 0x80 for name in names])
    enter_as_any(ruled, user, client_id).request(subscribe(1, *[(name, 1) for name in names]), answer=answer)


def test_without_a_rule_nothing_is_allowed(start, tmp_path):
    file = write_lines(tmp_path / "acl", "user alice", "topic a/#")
    broker = start(f"acl_file {file}")
    client, other = broker.connect(), broker.connect()
    client.send(subscribe(1, ("#", 0)), subscribe(2, ("a/b", 0)))
    other.request(publish("a/b", b"m", qos=1, id=1), answer=puback(1))
    assert [data for data in client.packets_so_far() if data[0] >> 4 == 3] == []


def test_without_passwords_a_user_name_is_believed_where_anonymous_clients_are_allowed(start, tmp_path):
    """As mosquitto does: whoever opens a broker to all and names users in its ACL trusts the names."""
    file = write_lines(tmp_path / "acl", "user alice", "topic a/#")
    broker = start(f"acl_file {file}")
    client = broker.connect(user="alice")
    client.subscribe(("a/b", 0))
    client.send(publish("a/b", b"m"))
    client.expect(publish("a/b", b"m"))


@pytest.mark.swiftlet("it stops at the first rule that fits")
def test_a_deny_outweighs_all_else(start, tmp_path):
    """Wherever it stands, and whichever kind it is."""
    rules = ("topic readwrite a/#", "topic deny a/b", "topic readwrite a/b", "pattern deny a/%c/#", "topic a/c1/x")
    broker = start(f"acl_file {write_lines(tmp_path / 'acl', *rules)}")
    client = broker.connect("c1")
    client.request(subscribe(1, ("a/x", 0), ("a/b", 0), ("a/c1/x", 0), ("a/#", 0)), answer=suback(1, 0, 0x80, 0x80, 0))
    for topic in ("a/b", "a/c1/x", "a/c2/x"):
        client.send(publish(topic, b"m"))
    assert [message.topic for message in client.publishes_so_far()] == ["a/c2/x"]


@pytest.mark.parametrize("client_id", ["+", "#", "a/b", "+/b", "a/#"])
def test_a_client_id_cannot_widen_a_pattern(ruled, client_id):
    """`device/%c/state` of a client that calls itself `+` is nobody's."""
    client = ruled.connect(client_id)
    client.send(subscribe(1, ("device/#", 0), ("device/+/state", 0), ("device/a/state", 0)))
    source = enter_as(ruled, "source")
    for topic in ("device/a/state", "device/x/state", "device/a/b/x/state"):
        source.send(publish(topic, b"m"))
    source.expect_nothing()
    assert [data for data in client.packets_so_far() if data[0] >> 4 == 3] == []


def test_a_user_name_cannot_widen_a_pattern(start, tmp_path):
    file = write_lines(tmp_path / "acl", "pattern readwrite home/%u/#", "user source", "topic write #")
    broker = start(f"acl_file {file}")
    client, source = broker.connect(user="+"), broker.connect(user="source")
    client.send(subscribe(1, ("home/#", 0)))
    source.request(publish("home/alice/x", b"m", qos=1, id=1), answer=puback(1))
    assert [data for data in client.packets_so_far() if data[0] >> 4 == 3] == []


def test_a_retained_message_that_may_not_be_written_is_not_kept_and_removes_nothing(ruled):
    """[MQTT-3.3.5-2]"""
    source, observer = enter_as(ruled, "source"), enter_as(ruled, "observer")
    source.request(publish("state", b"good", qos=1, id=1, retain=True), answer=puback(1))
    for payload in (b"bad", b""):
        ruled.connect().request(publish("state", payload, qos=1, id=1, retain=True), answer=puback(1))
    observer.subscribe(("state", 0))
    assert [message.payload for message in observer.publishes_so_far()] == [b"good"]


@pytest.mark.parametrize("topic, is_heard", [("alice/a", True), ("alice/locked/a", False), ("other", False)])
def test_a_will_is_published_only_where_its_client_may_write(ruled, topic, is_heard):
    observer = enter_as(ruled, "observer")
    observer.subscribe(("#", 0))
    enter_as(ruled, "alice", "c1", will=Will(topic, b"will")).close()
    enter_as(ruled, "alice", "c1", will=Will("alice/after", b"will")).close()  # comes in any case, and later
    expected = [Publish(topic, b"will")] if is_heard else []
    for message in [*expected, Publish("alice/after", b"will")]:
        assert observer.receive_publish() == message


def test_what_may_not_be_read_is_not_kept_for_an_absent_client(ruled):
    client = ruled.dial()
    client.request(connect("c1", clean=False, user="alice", password=USERS["alice"]), answer=NEW)
    client.request(subscribe(1, ("alice/#", 1)), answer=suback(1, 1))
    leave(client)
    source = enter_as(ruled, "source")
    for topic in ("alice/locked/a", "alice/a"):
        source.request(publish(topic, b"m", qos=1, id=1), answer=puback(1))
    client = ruled.dial()
    client.request(connect("c1", clean=False, user="alice", password=USERS["alice"]), answer=RESUMED)
    assert [message.topic for message in client.publishes_so_far()] == ["alice/a"]


def test_the_user_who_resumes_a_session_is_the_one_whose_rules_hold(ruled):
    """The client id is the session's; the rights are the user's who came last."""
    client = ruled.dial()
    client.request(connect("c1", clean=False, user="alice", password=USERS["alice"]), answer=NEW)
    client.request(subscribe(1, ("alice/#", 1)), answer=suback(1, 1))
    leave(client)
    client = ruled.dial()
    client.request(connect("c1", clean=False, user="bob", password=USERS["bob"]), answer=RESUMED)
    source = enter_as(ruled, "source")
    for topic in ("alice/private", "alice/locked/a"):
        source.request(publish(topic, b"m", qos=1, id=1), answer=puback(1))
    assert [message.topic for message in client.publishes_so_far()] == ["alice/locked/a"]


@pytest.mark.swiftlet("it logs it otherwise")
def test_what_was_forbidden_is_counted_in_the_log(ruled):
    client = ruled.connect()
    client.send(*[publish("forbidden", b"m")] * 3)
    ruled.wait_for(event="dropped", forbidden="3")


@pytest.mark.swiftlet("it has its own messages")
@pytest.mark.parametrize("key, line", [
    ("password_file", "alice"), ("password_file", "alice:secret"), ("password_file", "alice:$5$abc$def"),
    ("password_file", "alice:$7$0$AAAA$AAAA"), ("password_file", "alice:$7$x$AAAA$AAAA"),
    ("password_file", "alice:$6$AAAA"), ("password_file", "alice:$6$!!!!$AAAA"), ("password_file", ":$6$AAAA$AAAA"),
    ("password_file", "alice:$7$999999999$AAAA$AAAA"), ("password_file", sha512_line("alice", b"secret") + "$more"),
    ("acl_file", "topic"), ("acl_file", "user"), ("acl_file", "topic read a/#/b"), ("acl_file", "topic a+"),
    ("acl_file", "toppic a"), ("acl_file", "pattern"), ("acl_file", "topic write #/a"),
])
def test_a_wrong_line_of_an_access_file_is_named_and_nothing_starts(start, tmp_path, key, line):
    file = write_lines(tmp_path / "file", "# a comment", "", line)
    broker = start(LISTEN, f"{key} {file}", only=True, ready=False)
    assert broker.process.wait(20) == 2
    assert f"{file}:3: expected" in broker.log.path.read_text()


@pytest.mark.swiftlet("it has no such limit")
def test_access_files_over_max_access_size_are_refused(start, tmp_path):
    file = write_lines(tmp_path / "file", *[sha512_line(f"user{i}", b"secret") for i in range(20)])
    broker = start(LISTEN, "max_access_size 1K", f"password_file {file}", only=True, ready=False)
    assert broker.process.wait(20) == 2
    assert "max_access_size" in broker.log.path.read_text()
