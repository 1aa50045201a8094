"""The service of OpenWrt: what it makes of /etc/config/swiftlet, and what procd is told."""

import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from router import BOARDS, FILES, PROGRAM, ROOT, Router

MAIN = "config swiftlet 'main'\n"
SHIPPED = "/usr/share/swiftlet/board-configs/"
GENERIC = f"{SHIPPED}generic-64mb"
CONF = "/var/run/swiftlet/uci.conf"
OPEN = "\toption allow_anonymous '1'\n"


def furnish(folder) -> Router:
    router = Router(folder)
    for size in (32, 64, 128, 256):
        router.board(f"generic-{size}mb", f"generic-{size}mb")
    router.board("mipsel_24kc-onion-omega2", "onion-omega2")
    router.uci(MAIN)
    return router


@pytest.fixture
def router(tmp_path):
    return furnish(tmp_path)


@pytest.fixture
def open_router():
    """One whose files are to be seen by all users of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield furnish(Path(folder))


def files(base: str, *more: str) -> str:
    """What is read again by a reload: a board config may have a base itself."""
    lower = []
    if re.search(r"^base board.conf$", (BOARDS / base.removeprefix(SHIPPED)).read_text(), re.MULTILINE):
        lower = [f"{os.path.dirname(base)}/board.conf"]
    return " ".join(f"'{file}'" for file in (CONF, base, *lower, *more))


def record(base=f"{GENERIC}/board.conf", more=(), signal="HUP", pause=5, user="swiftlet", descriptors=178,
           jail=(), mdns=(), networks=(), devices=()) -> list[str]:
    """What procd is told of a service that is based on this board config."""
    return [
        "instance instance1",
        f"param command '/usr/bin/swiftlet' '{CONF}'",
        f"param file {files(base, *more)}",
        *([f"param netdev {' '.join(f'{device!r}' for device in devices)}"] if devices else []),
        *([f"param reload_signal '{signal}'"] if signal else []),
        f"param respawn '3600' '{pause}' '0'",
        "param term_timeout '10'",
        f"param user '{user}'",
        "param group 'house'",
        "param no_new_privs '1'",
        f"param limits 'core=0' 'nofile={descriptors} {descriptors}'",
        "param stdout '1'",
        "param stderr '1'",
        *jail,
        *(f"mdns 'mqtt' 'tcp' '{port}'" for port in mdns),
        "trigger reload swiftlet",
        *(f"trigger interface 'interface.*' '{network}' '/etc/init.d/swiftlet' 'reload'" for network in networks),
    ]


NOT_STARTED = record()[-1:]


def check(router: Router):
    return router.run(str(router.root / "usr/bin/swiftlet"), "--check", str(router.root) + CONF)


# What UCI says, what the board config is then but for its base, and what is different from the usual for procd.
TABLE = {
    "nothing": (MAIN, [], {}),
    "all of main": (
        MAIN + "\toption enabled 'on'\n\toption mode 'broker'\n\toption board 'generic-128mb'\n\toption jail 'no'\n"
               "\toption user 'swiftlet'\n",
        [], {"base": GENERIC.replace("64", "128") + "/board.conf", "descriptors": 228}),
    "limits": (
        MAIN + "config limits 'limits'\n\toption max_keepalive '20min'\n\toption max_connections '40'\n"
               "\toption retain_available 'no'\n\toption connection_messages 'false'\n\tlist log_type 'error'\n"
               "\tlist log_type 'warning'\n",
        ["max_keepalive 20min", "max_connections 40", "retain_available false", "connection_messages false",
         "log_type error", "log_type warning"], {"descriptors": 168}),
    "a listener": (
        MAIN + "config listener\n\toption port '1883'\n", ["listener 1883"], {}),
    "a listener at an address": (
        MAIN + "config listener\n\toption address '192.168.1.1'\n" + OPEN + "\toption port '1883'\n",
        ["per_listener_settings true", "listener 1883 192.168.1.1", "allow_anonymous true"], {}),
    "a listener in a network": (
        MAIN + "config listener\n\toption network 'lan'\n\toption port '1883'\n\toption max_connections '10'\n",
        ["listener 1883", "bind_interface br-lan", "max_connections 10"],
        {"networks": ("lan",), "devices": ("br-lan",)}),
    "several listeners": (
        MAIN
        + "config listener 'h'\n\toption port '1883'\n\toption socket_domain 'ipv4'\n\toption mdns '1'\n" + OPEN
        + "config listener\n\toption path '/var/run/swiftlet/socket'\n" + OPEN
        + "config limits\n\toption sys_interval '0'\n",
        ["sys_interval 0", "per_listener_settings true", "listener 1883", "socket_domain ipv4", "allow_anonymous true",
         "listener 0 /var/run/swiftlet/socket", "allow_anonymous true", "# mdns 1883"], {"mdns": (1883,)}),
    "settings for all listeners": (
        MAIN + "config limits\n\toption per_listener_settings '0'\n"
               "config listener\n\toption port '1883'\n" + OPEN,
        ["per_listener_settings false", "listener 1883", "allow_anonymous true"], {}),
    "a bridge": (
        MAIN + "\toption mode 'bridge'\n"
               "config connection 'cloud'\n\tlist address 'a.example.org'\n\tlist address 'b.example.org:1884'\n"
               "\toption remote_username 'house'\n\toption cleansession '0'\n\toption round_robin 'yes'\n"
               "\tlist topic 'sensors/# out 1 \"\" house/'\n\tlist topic 'cmd/# in'\n",
        ["connection cloud", "address a.example.org b.example.org:1884", "remote_username house", "cleansession false",
         "round_robin true", 'topic sensors/# out 1 "" house/', "topic cmd/# in"], {"base": f"{GENERIC}/bridge.conf"}),
    "a bridge of more connections": (
        MAIN + "\toption mode 'bridge'\nconfig limits\n\toption memory_budget '4M'\n"
               "config connection 'cloud'\n\toption address '192.0.2.1'\n\tlist topic 'a/# out'\n"
               "config connection 'cfgcafe'\n\toption address '192.0.2.2'\n\tlist topic 'b/# out'\n",
        ["memory_budget 4M", "connection cloud", "address 192.0.2.1", "topic a/# out", "connection cfgcafe",
         "address 192.0.2.2", "topic b/# out"], {"base": f"{GENERIC}/bridge.conf"}),
    "a client": (
        MAIN + "\toption mode 'client'\n"
               "config client 'client'\n\tlist subscribe 'attic/lamp print'\n\tlist address '192.168.1.1'\n"
               "\toption remote_clientid 'attic'\n\toption reply_retain '1'\n"
               "\tlist publish 'attic/load retain every 1min file /proc/loadavg'\n",
        ["address 192.168.1.1", "remote_clientid attic", "reply_retain true", "subscribe attic/lamp print",
         "publish attic/load retain every 1min file /proc/loadavg"],
        {"base": f"{GENERIC}/client.conf", "signal": "", "descriptors": 256}),
    "a client that may do anything": (
        MAIN + "\toption mode 'client'\n\toption user 'root'\n", [],
        {"base": f"{GENERIC}/client.conf", "signal": "", "descriptors": 256, "user": "root"}),
    "sections for another mode": (
        MAIN + "config connection 'cloud'\n\toption address '192.0.2.1'\n"
               "config client 'client'\n\toption address '192.0.2.1'\n", [], {}),
}


@pytest.mark.parametrize("uci, config, different", TABLE.values(), ids=TABLE)
def test_what_uci_says_becomes_a_board_config_and_a_service(router, uci, config, different):
    router.uci(uci)
    router.service("start")
    assert router.record() == record(**different)
    assert router.config() == [f"base {different.get('base', GENERIC + '/board.conf')}", *config]
    run = check(router)
    assert (run.returncode, run.stderr) == (0, "")
    assert router.done() == ["start swiftlet"]


def test_sections_for_another_mode_are_told_of(router):
    router.uci(TABLE["sections for another mode"][0])
    assert router.service("start") == ["daemon.notice: mode broker: client and connections are not used"]
    router.uci(router.read("etc/config/swiftlet") + MAIN + "\toption mode 'bridge'\n")
    assert router.service("reload") == ["daemon.notice: mode bridge: section client is not used"]
    router.uci(MAIN + "\toption mode 'client'\nconfig listener\n\toption port '1883'\n")
    assert router.service("reload") == ["daemon.notice: mode client: listeners and connections are not used"]


def test_the_file_of_the_package_runs_as_it_is_and_with_all_that_is_commented_out(router):
    text = (FILES / "etc/config/swiftlet").read_text()
    router.uci(text)
    assert router.service("start") == []
    assert router.record() == record()
    everything = re.sub(r"^( *)#(config|option|list|        )", r"\1\2", text, flags=re.MULTILINE)
    assert everything.count("\nconfig ") == 6
    passwords = router.write("etc/swiftlet/passwords", "")
    everything = everything.replace("/etc/swiftlet/passwords", str(passwords))
    everything = re.sub(r"^ *option (config|remote_password_file) .*", "", everything, flags=re.MULTILINE)
    for mode in ("broker", "bridge", "client"):
        router.uci(everything.replace("mode 'broker'", f"mode '{mode}'"))
        router.service("restart")
        assert "param respawn '3600' '5' '0'" in router.record()
        run = check(router)
        assert (run.returncode, run.stderr) == (0, "")


def test_all_words_of_uci_are_understood_for_all_keys_that_are_true_or_false(router):
    script = (FILES / "etc/init.d/swiftlet").read_text()
    flags = re.search(r'^FLAGS="([^"]*)"', script, re.MULTILINE)[1].replace("\\\n", "").split()
    listed = router.run(str(router.root / "usr/bin/swiftlet"), "--help").stdout
    assert sorted(flags) == sorted(re.findall(r"^  (\w+) +true or false", listed, re.MULTILINE))


# Boards.

@pytest.mark.parametrize("kilobytes, size", [
    (16_000, 32), (27_000, 32), (49_151, 32), (49_152, 64), (58_000, 64), (98_303, 64), (98_304, 128), (121_000, 128),
    (196_608, 256), (247_000, 256), (4_000_000, 256)])
def test_a_board_that_is_not_known_is_known_by_its_memory(router, kilobytes, size):
    router.memory(kilobytes)
    router.service("start")
    assert router.config() == [f"base {SHIPPED}generic-{size}mb/board.conf"]


@pytest.mark.parametrize("name", ["onion,omega2", "onion omega2", "onion-omega2"])
def test_a_board_is_known_by_the_name_that_openwrt_has_for_it(router, name):
    router.write("tmp/sysinfo/board_name", name + "\n")
    router.uci(MAIN + "\toption mode 'bridge'\n")
    router.service("start")
    assert router.config() == [f"base {SHIPPED}onion-omega2/bridge.conf"]


def test_without_any_name_the_memory_counts(router):
    (router.root / "tmp/sysinfo/board_name").unlink()
    assert router.service("start") == []
    assert router.record() == record()


@pytest.mark.parametrize("mode, file", [("broker", "board"), ("bridge", "bridge"), ("client", "client")])
def test_a_board_config_of_the_owner_s_says_its_mode_itself(router, mode, file):
    own = router.write("etc/swiftlet/my.conf", (BOARDS / "generic-64mb/board.conf").read_text())
    if mode != "broker":
        own = router.write("etc/swiftlet/my.conf", f"base ../..{GENERIC}/{file}.conf\n")
    router.uci(MAIN + f"\toption config '{own}'\n")
    router.service("start")
    assert ("param reload_signal 'HUP'" in router.record()) == (mode != "client")
    assert check(router).returncode == 0


def test_what_a_board_config_of_the_owner_s_is_based_on_is_read_again_too(router):
    own = router.write("etc/swiftlet/my.conf", f"base ../..{GENERIC}/board.conf\nmax_keepalive 10min\n")
    router.uci(MAIN + f"\toption config '{own}'\n")
    router.service("start")
    router.append(f"{GENERIC}/board.conf", "# new\n")
    router.service("reload")
    assert router.done() == ["start swiftlet", "signal swiftlet HUP"]


# What a reload does.

def with_password(router):
    password = router.write("etc/swiftlet/passwords", "")
    router.uci(MAIN + f"config listener\n\toption port '1883'\n\toption password_file '{password}'\n")


CHANGES = {
    "nothing": (lambda router: None, "keep swiftlet"),
    "a listener": (
        lambda router: router.uci(MAIN + "config listener\n\toption port '1884'\n"), "signal swiftlet HUP"),
    "a limit that sizes no memory": (
        lambda router: router.uci(MAIN + "config limits\n\toption max_keepalive '5min'\n"), "signal swiftlet HUP"),
    "the board config": (lambda router: router.append(f"{GENERIC}/board.conf", "# new\n"), "signal swiftlet HUP"),
}


@pytest.mark.parametrize("change, expected", CHANGES.values(), ids=CHANGES)
def test_a_reload_signals_what_a_signal_can_change(router, change, expected):
    router.service("start")
    change(router)
    assert router.service("reload") == []
    assert router.done() == ["start swiftlet", expected]


def test_a_reload_signals_that_a_password_file_has_changed(router):
    with_password(router)
    router.service("start")
    assert router.record() == record(more=["/etc/swiftlet/passwords"])
    router.write("etc/swiftlet/passwords", "# new\n")
    router.service("reload")
    assert router.done() == ["start swiftlet", "signal swiftlet HUP"]


LISTENER = "config listener\n\toption port '1883'\n"
CONNECTION = ("\toption mode 'bridge'\n"
              "config connection 'cloud'\n\toption address '192.0.2.1'\n\tlist topic 'a/# out'\n")


@pytest.mark.parametrize("before, after, is_restart", [
    (LISTENER, LISTENER + LISTENER.replace("1883", "1884"), False),
    (LISTENER + OPEN, LISTENER + OPEN.replace("1", "0"), False),
    (LISTENER, LISTENER + OPEN, True),
    (CONNECTION, CONNECTION.replace("2.1", "2.2"), False),
    (CONNECTION, CONNECTION + "\toption remote_clientid 'x'\n", True),
], ids=["one more listener", "anonymous clients", "settings of each listener", "another address", "another client id"])
def test_a_reload_restarts_for_what_the_program_says_is_fixed(router, before, after, is_restart):
    router.uci(MAIN + before)
    assert router.service("start") == []
    router.uci(MAIN + after)
    assert router.service("reload") == []
    assert router.done()[1:] == (["stop swiftlet", "start swiftlet"] if is_restart else ["signal swiftlet HUP"])


@pytest.mark.parametrize("uci", [
    MAIN + "config limits\n\toption max_connections '40'\n",
    MAIN + "\toption mode 'bridge'\n",
    MAIN + "\toption mode 'client'\n",
    MAIN + "\toption user 'root'\n",
    MAIN + "\toption jail '1'\n",
    MAIN + "\toption board 'generic-32mb'\n",
], ids=["memory", "bridge", "client", "user", "jail", "board"])
def test_a_reload_restarts_for_what_a_signal_cannot_change(router, uci):
    router.write("sbin/ujail", "", 0o755)
    router.service("start")
    router.uci(uci)
    router.service("start")
    assert router.done() == ["start swiftlet", "keep swiftlet"]
    assert router.log() == [
        "daemon.notice: some of what has changed needs a restart: /etc/init.d/swiftlet restart"]
    router.service("reload")
    assert router.done()[2:] == ["stop swiftlet", "start swiftlet"]
    router.service("reload")
    assert router.done()[4:] == ["keep swiftlet"]


def test_a_client_is_started_again_when_its_board_config_has_changed(router):
    router.uci(MAIN + "\toption mode 'client'\n")
    router.service("start")
    router.append(f"{GENERIC}/client.conf", "# new\n")
    router.service("reload")
    assert router.done() == ["start swiftlet", "restart swiftlet"]


def test_what_is_not_enabled_is_not_started(router):
    router.uci(MAIN + "\toption enabled '0'\n")
    assert router.service("start") == ["daemon.notice: it is not enabled: option enabled of /etc/config/swiftlet"]
    assert router.record() == NOT_STARTED
    assert router.service("reload") == []
    router.uci(MAIN)
    router.service("reload")
    assert router.record() == record()
    router.uci(MAIN + "\toption enabled 'off'\n")
    assert len(router.service("reload")) == 1
    assert router.record() == NOT_STARTED
    assert router.done() == ["keep swiftlet", "start swiftlet", "stop swiftlet"]


# What is wrong.

WRONG = {
    "no file": (None, "Entry not found"),
    "a quote": (MAIN + "\toption enabled 'x\n", "Parse error (EOF with unterminated ') at line 3, byte 0"),
    "a command": (MAIN + "\toptoin enabled '0'\n", "Parse error (invalid command) at line 2, byte 0"),
    "a name": (MAIN + "config listener 'guest-wifi'\n\toption port '1883'\n",
               "Parse error (invalid character in name field) at line 2, byte 0"),
    "a section": (MAIN + "config listner\n\toption port '1883'\n", "there are no sections of type 'listner'"),
    "an option": (MAIN + "\toption conf '/etc/x'\n", "there is no option conf in section 'main'"),
    "two lines": (MAIN + "config limits\n\toption max_keepalive '1\nlistener 1883'\n",
                  "option max_keepalive in section 'cfg0292bd' has a line break"),
    "the mode": (MAIN + "\toption mode 'brigde'\n", "mode is broker, bridge or client, and not 'brigde'"),
    "the board": (MAIN + "\toption board 'omega3'\n", "there is no board 'omega3'; there are generic-128mb "
                  "generic-256mb generic-32mb generic-64mb onion-omega2"),
    "the config": (MAIN + "\toption config '/etc/swiftlet/none.conf'\n",
                   "option config: there is no file /etc/swiftlet/none.conf"),
    "no whole path": (MAIN + "\toption config 'my.conf'\n", "option config: the whole path is needed"),
    "the user": (MAIN + "\toption user '$(id)'\n", "'$(id)' is no name of a user"),
    "a listener": (MAIN + "config listener\n\toption network 'lan'\n", "a listener needs a port or a path"),
    "a connection": (MAIN + "config connection\n\toption address 'x'\n", "a connection needs a name"),
}


@pytest.mark.parametrize("uci, problem", WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_uci_is_told_and_not_taken_over(router, uci, problem):
    def write():
        if uci is None:
            (router.root / "etc/config/swiftlet").unlink()
        else:
            router.uci(uci)

    router.service("start")
    write()
    assert router.service("reload") == [f"daemon.err: /etc/config/swiftlet: {problem}; all stays as it was"]
    router.service("start")
    assert router.done() == ["start swiftlet", "keep swiftlet"]
    assert [line for line in router.record() if "trigger" not in line] == record()[:-1]
    assert router.service("restart") == [f"daemon.err: /etc/config/swiftlet: {problem}; it cannot start"]
    assert [line for line in router.record() if "interface" not in line] == ["trigger reload swiftlet"]
    router.uci(MAIN)
    assert router.service("reload") == []
    assert router.record() == record()


def test_a_board_without_such_a_mode_is_told_of(router):
    (router.root / GENERIC[1:] / "client.conf").unlink()
    router.uci(MAIN + "\toption mode 'client'\n")
    assert router.service("start") == [
        f"daemon.err: /etc/config/swiftlet: there is no {router.root}{GENERIC}/client.conf; it cannot start"]


def test_no_text_of_a_board_config_is_run(router):
    own = router.write("etc/swiftlet/my.conf", f"mode x;touch {router.root}/ran;`touch {router.root}/ran`\n")
    router.uci(MAIN + f"\toption config '{own}'\n")
    for command in ("start", "start", "reload", "clock_set"):
        router.service(command)
    assert not (router.root / "ran").exists()
    assert router.record()[3] == "param reload_signal 'HUP'"


UNKNOWN = MAIN + "config limits\n\toption max_conections '40'\n"


def test_what_the_program_finds_wrong_is_not_taken_over_by_what_runs(router):
    router.service("start")
    router.uci(UNKNOWN)
    told, = router.service("reload")
    assert told.startswith("daemon.err: /etc/config/swiftlet: max_conections: unknown key")
    assert told.endswith("; all stays as it was")
    assert router.config() == [f"base {GENERIC}/board.conf"]
    assert router.done() == ["start swiftlet"]


def test_what_is_wrong_in_a_board_config_is_told_with_file_and_line(router):
    own = router.write("etc/swiftlet/my.conf", "listener 1883\n")
    router.uci(MAIN + f"\toption config '{own}'\n")
    router.service("start")
    own.write_text("listener 1883\n\nmax_conections 40\n")
    told, = router.service("reload")
    assert told.startswith(f"daemon.err: /etc/config/swiftlet: {own}:3: max_conections: unknown key")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can check as another user")
def test_what_only_root_may_read_is_told_before_it_ends_a_service_that_runs(open_router):
    router = open_router
    # A user that this machine has, too.
    own = router.write("etc/swiftlet/my.conf", (BOARDS / "generic-64mb/board.conf").read_text())
    uci = MAIN + f"\toption user 'nobody'\n\toption config '{own}'\n"
    (router.root / "bin/start-stop-daemon").unlink()
    (router.root / "bin/start-stop-daemon").symlink_to(shutil.which("busybox"))
    router.uci(uci)
    assert router.service("start") == []
    assert "param respawn '3600' '5' '0'" in router.record()
    own.chmod(0o600)
    assert router.service("reload") == [
        f"daemon.err: /etc/config/swiftlet: base: {own}: Permission denied (chown nobody {own}); all stays as it was"]
    own.chmod(0o644)
    password = router.write("etc/swiftlet/passwords", "", 0o600)
    router.uci(uci + f"config listener\n\toption port '1883'\n\toption password_file '{password}'\n")
    assert router.service("reload") == [f"daemon.err: /etc/config/swiftlet: {password}: Permission denied "
                                        f"(chown nobody {password}); all stays as it was"]
    assert router.done() == ["start swiftlet"]
    password.chmod(0o644)
    assert router.service("reload") == []
    assert router.config()[-1] == "password_file /etc/swiftlet/passwords"


def test_what_the_program_finds_wrong_at_the_start_it_says_itself_once_a_minute(router):
    router.uci(UNKNOWN)
    assert router.service("start") == []
    assert router.record() == record(pause=60, descriptors=1024)
    run = check(router)
    assert run.returncode == 2 and f"{CONF}:3: max_conections: unknown key" in run.stderr
    router.uci(MAIN)
    assert router.service("reload") == []
    assert router.record() == record()
    assert router.done()[1:] == ["stop swiftlet", "start swiftlet"]


def test_a_service_without_a_user_of_its_own_is_not_root_s(router):
    router.write("etc/passwd", f"root:x:0:0::/:/bin/sh\nnobody:*:65534:{os.getgid()}:nobody:/var:/bin/false\n")
    assert router.service("start") == ["daemon.warn: there is no user swiftlet: it is nobody instead"]
    assert router.record() == record(user="nobody")


def test_a_folder_that_cannot_be_written_to_is_told_of(router):
    router.write("var/run/swiftlet", "")
    run = router.run(str(router.root / "etc/init.d/swiftlet"), "start")
    assert run.returncode == 0
    assert router.log() == [f"daemon.err: cannot write to {router.root}/var/run/swiftlet; it cannot start"]
    assert router.record() == NOT_STARTED


@pytest.mark.parametrize("limit, status", [
    ("max_keepalive '5min'", 0), ("max_connections '20'", 1)], ids=["signal", "restart"])
def test_what_runs_stays_as_it_was_when_there_is_no_space(router, limit, status):
    router.service("start")
    state = router.read("var/run/swiftlet/state")
    router.uci(MAIN + f"config limits\n\toption {limit}\n")
    router.write("bin/mktemp", "#!/bin/sh\nexit 1\n", 0o755)
    assert router.service("reload", status=status) == [
        f"daemon.err: cannot write to {router.root}/var/run/swiftlet; all stays as it was"]
    assert router.record() == record()
    assert (router.config(), router.read("var/run/swiftlet/state")) == ([f"base {GENERIC}/board.conf"], state)
    assert "stop swiftlet" not in router.done()


# Networks.

def test_a_listener_waits_for_its_network(router):
    router.uci(MAIN + "config listener\n\toption port '1883'\n\toption network 'guest'\n"
                      "config listener\n\toption port '1884'\n\toption network 'lan'\n")
    assert router.service("start") == ["daemon.warn: listener 1883 has to wait: network 'guest' has no device yet"]
    assert router.config()[1:] == ["listener 1884", "bind_interface br-lan"]
    assert router.record() == record(networks=("guest", "lan"), devices=("br-lan",))
    router.write("var/run/networks", "lan br-lan\nguest wlan0-1\n")
    assert router.service("reload") == []
    assert router.config()[1:] == [
        "listener 1883", "bind_interface wlan0-1", "listener 1884", "bind_interface br-lan"]
    assert router.done() == ["start swiftlet", "signal swiftlet HUP"]


def test_nobody_else_is_served_while_the_only_network_is_not_there(router):
    router.uci(MAIN + "config listener\n\toption port '1883'\n\toption network 'guest'\n")
    assert router.service("start")[1:] == [
        "daemon.err: /etc/config/swiftlet: none of its networks has a device yet; it cannot start"]
    assert router.record() == record(networks=("guest",))[-2:]
    router.write("var/run/networks", "guest br-guest\n")
    router.service("reload")
    assert router.config()[1:] == ["listener 1883", "bind_interface br-guest"]


def test_a_network_that_is_down_has_the_device_that_it_will_have(router):
    router.write("etc/config/network", "config interface 'guest'\n\toption device 'br-guest'\n")
    router.uci(MAIN + "config listener\n\toption port '1883'\n\toption network 'guest'\n" + OPEN)
    assert router.service("start") == []
    assert router.config()[1:] == [
        "per_listener_settings true", "listener 1883", "bind_interface br-guest", "allow_anonymous true"]


def test_a_device_that_was_made_anew_is_told_of(router):
    router.uci(MAIN + LISTENER + "\toption network 'lan'\n")
    router.write("sys/class/net/br-lan/ifindex", "3\n")
    router.service("start")
    router.service("reload")
    router.write("sys/class/net/br-lan/ifindex", "7\n")
    router.service("reload")
    assert router.done() == ["start swiftlet", "keep swiftlet", "signal swiftlet HUP"]


def test_a_reload_that_waits_for_a_network_is_done_when_that_comes(router):
    router.service("start")
    router.uci(MAIN + LISTENER + "\toption network 'guest'\n\toption mdns '1'\n")
    assert router.service("reload")[1:] == [
        "daemon.err: /etc/config/swiftlet: none of its networks has a device yet; all stays as it was"]
    assert router.record() == record(networks=("guest",))
    assert router.done() == ["start swiftlet", "keep swiftlet"]


# The jail.

JAIL = [
    "jail 'swiftlet' 'log' 'ronly'",
    "mount ro '/etc/swiftlet' '/usr/share/swiftlet' '/etc/hosts' '/etc/resolv.conf'",
    "mount rw '/var/run/swiftlet'",
]


@pytest.mark.parametrize("mode", ["broker", "bridge"])
def test_a_jail_has_what_the_program_needs_and_no_more(router, mode):
    router.write("sbin/ujail", "", 0o755)
    router.uci(MAIN + f"\toption jail '1'\n\toption mode '{mode}'\n")
    assert router.service("start") == []
    assert router.record() == record(base=f"{GENERIC}/{'board' if mode == 'broker' else mode}.conf", jail=JAIL)


def test_a_file_elsewhere_is_brought_into_the_jail_and_by_a_restart_when_it_is_another_one(router):
    router.write("sbin/ujail", "", 0o755)
    password = router.write("mnt/usb/passwords", "")
    router.uci(MAIN + "\toption jail '1'\n"
               f"config listener\n\toption port '1883'\n\toption password_file '{password}'\n")
    router.service("start")
    assert router.record() == record(more=["/mnt/usb/passwords"], jail=[*JAIL, "mount ro '/mnt/usb/passwords'"])
    password.write_text("# new\n")
    router.service("reload")
    assert router.done() == ["start swiftlet", "stop swiftlet", "start swiftlet"]


def test_a_base_elsewhere_is_brought_into_the_jail_too(router):
    router.write("sbin/ujail", "", 0o755)
    base = router.write("mnt/usb/base.conf", f"base {router.root}{GENERIC}/board.conf\n")
    own = router.write("etc/swiftlet/my.conf", f"base {base}\n")
    router.uci(MAIN + f"\toption jail '1'\n\toption config '{own}'\n")
    assert router.service("start") == []
    files = [CONF, "/etc/swiftlet/my.conf", "/mnt/usb/base.conf", f"{GENERIC}/board.conf"]
    assert f"param file {' '.join(map(repr, files))}" in router.record()
    assert "mount ro '/mnt/usb/base.conf'" in router.record()
    base.write_text(base.read_text() + "# new\n")
    router.service("reload")
    assert router.done() == ["start swiftlet", "stop swiftlet", "start swiftlet"]


def test_procd_reads_files_and_nothing_without_end(router):
    with_password(router)
    passwords = router.root / "etc/swiftlet/passwords"
    passwords.unlink()
    os.mkfifo(passwords)
    router.write("usr/bin/swiftlet.sh", "#!/bin/sh\nexit 2\n", 0o755).rename(router.root / "usr/bin/swiftlet")
    router.service("start")
    assert f"param file {files(f'{GENERIC}/board.conf')}" in router.record()


def test_a_jail_for_a_client_or_without_ujail_is_said_to_be_none(router):
    router.uci(MAIN + "\toption jail '1'\n")
    assert router.service("start") == [
        "daemon.warn: option jail: there is no /sbin/ujail, so it is without (package procd-ujail)"]
    assert router.record() == record()
    router.uci(MAIN + "\toption jail '1'\n\toption mode 'client'\n")
    assert router.service("restart") == [
        "daemon.notice: option jail: not for a client, whose programs and files may be anywhere"]
    assert not any(line.startswith("jail") for line in router.record())


# The clock.

@pytest.mark.parametrize("events, signals", [
    ([{"ACTION": "step"}], 1),
    ([{"ACTION": "stratum", "stratum": "3"}], 1),
    ([{"ACTION": "stratum"}], 1),
    ([{"ACTION": "stratum", "stratum": "3"}, {"ACTION": "stratum", "stratum": "2"}], 1),
    ([{"ACTION": "step"}, {"ACTION": "stratum", "stratum": "3"}], 1),
    ([{"ACTION": "step"}, {"ACTION": "stratum", "stratum": "3"}, {"ACTION": "step"}], 2),
    ([{"ACTION": "stratum", "stratum": "16"}], 0),
    ([{"ACTION": "periodic", "stratum": "3"}], 0),
    ([{"ACTION": "unsync"}], 0),
], ids=str)
def test_it_is_told_that_the_clock_is_set(router, events, signals):
    router.service("start")
    for event in events:
        run = router.run("sh", str(router.root / "etc/hotplug.d/ntp/90-swiftlet"), **event)
        assert (run.returncode, run.stderr) == (0, "")
    assert router.done() == ["start swiftlet", *["signal swiftlet HUP"] * signals]
    assert router.log() == ["daemon.info: the clock has been set"] * signals


@pytest.mark.parametrize("option", ["mode 'client'", "enabled '0'"])
def test_a_client_and_what_does_not_run_are_not_told_of_the_clock(router, option):
    router.uci(MAIN + f"\toption {option}\n")
    router.service("start")
    before = router.done()
    assert router.run("sh", str(router.root / "etc/hotplug.d/ntp/90-swiftlet"), ACTION="step").returncode == 0
    assert router.done() == before


# The file system.

def snapshot(root) -> dict:
    return {
        path: (path.lstat().st_mode, path.lstat().st_mtime_ns)
        for path in root.rglob("*") if path.relative_to(root).parts[0] not in ("var", "log")
    }


def test_nothing_is_written_but_below_var(router):
    before = snapshot(router.root)
    for command in ("start", "reload", "restart", "clock_set", "stop"):
        router.service(command)
    router.uci(UNKNOWN)
    router.service("start")
    router.uci(MAIN)
    after = snapshot(router.root)
    uci = router.root / "etc/config"
    assert {path: after[path] for path in after if uci not in (path, path.parent)} == {
        path: before[path] for path in before if uci not in (path, path.parent)}


def test_it_starts_from_a_read_only_file_system(router):
    root = router.root
    script = (f"mount --bind {root} {root} && mount -t tmpfs none {root}/var && mkdir {root}/var/run && "
              f"mount -o remount,bind,ro {root} && ! touch {root}/x 2>/dev/null && "
              f"{root}/etc/init.d/swiftlet start && cat {root}/var/run/procd/swiftlet {root}/var/run/swiftlet/uci.conf")
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    trial = router.run(*unshare, "true")
    if trial.returncode:
        pytest.skip(f"no namespaces here: {trial.stderr.strip()}")
    router.write("bin/logger", "#!/bin/sh\nexit 1\n", 0o755)
    run = router.run(*unshare, "sh", "-c", script)
    assert (run.returncode, run.stderr) == (0, "")
    assert "param command" in run.stdout and f"base {root}{GENERIC}/board.conf" in run.stdout


def test_only_the_service_may_read_what_may_hold_a_password(router):
    router.service("start")
    run = router.root / "var/run/swiftlet"
    assert stat.S_IMODE(run.stat().st_mode) == 0o1771
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in run.iterdir()} == {
        "uci.conf": 0o640, "state": 0o640}
    assert stat.S_IMODE((FILES / "etc/config/swiftlet").stat().st_mode) & 0o111 == 0


def test_nobody_can_be_first_with_the_names_of_root_s_files(router):
    folder, modes = router.root / "var/run/swiftlet", router.root / "var/modes"
    router.write("bin/mv", f'#!/bin/sh\nstat -c "%a %n" {folder} >> {modes}\nexec {shutil.which("mv")} "$@"\n', 0o755)
    router.service("start")
    assert set(modes.read_text().splitlines()[:2]) == {f"755 {folder}"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o1771


def test_a_link_in_the_way_leads_root_nowhere(router):
    """The program may make files beside those of root's, and could be another's by now."""
    router.service("start")
    precious = router.write("etc/precious", "as it was")
    for name in ("uci.conf", "state"):
        (router.root / "var/run/swiftlet" / name).unlink()
        (router.root / "var/run/swiftlet" / name).symlink_to(precious)
    router.service("stop")
    router.service("start")
    assert precious.read_text() == "as it was"
    assert router.record() == record()


def test_what_is_kept_by_a_system_upgrade(router):
    assert (FILES / "lib/upgrade/keep.d/swiftlet").read_text().split() == ["/etc/config/swiftlet", "/etc/swiftlet/"]


def test_it_is_started_after_the_network(router):
    router.service("enable")
    assert os.readlink(router.root / "etc/rc.d/S80swiftlet") == "../init.d/swiftlet"
    router.service("disable")
    assert list((router.root / "etc/rc.d").iterdir()) == []


# Other Linux systems.

def test_the_unit_of_systemd_is_one(router):
    unit = (ROOT / "toolchains/systemd/swiftlet.service").read_text()
    assert unit.count("/usr/local/bin/swiftlet") == 1
    file = router.write("swiftlet.service", unit.replace("/usr/local/bin/swiftlet", str(PROGRAM)))
    run = router.run("systemd-analyze", "verify", str(file))
    assert (run.returncode, run.stdout + run.stderr) == (0, "")
    run = router.run("systemd-analyze", "security", "--offline=true", "--threshold=20", str(file))
    assert run.returncode == 0, run.stdout
