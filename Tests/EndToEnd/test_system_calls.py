"""What the running broker asks of the kernel: no memory, no process, and little for a message."""

import pytest

from access_files import make_passwords, write_lines
from broker import OPEN
from churn import churn
from conftest import LIMITS
from load import Load
from strace import Strace
from system_topics import SystemTopics

pytestmark = [pytest.mark.native, pytest.mark.swiftlet("it allocates")]

FORBIDDEN = "brk,mmap,mremap,munmap,mprotect,madvise,clone,clone3,fork,vfork,execve"


def test_from_ready_to_the_end_it_takes_no_memory_and_starts_no_process(start, tmp_path):
    """Thousands of messages and hundreds of connects go by meanwhile."""
    broker = start(*LIMITS)
    with Strace(broker, tmp_path, "-e", f"trace={FORBIDDEN}", "-e", "signal=none") as strace:
        churn(broker, connects=300, messages=1000)
    assert strace.output == ""


def test_neither_do_logins_and_reports_and_a_new_board_file(start, tmp_path):
    """The process that compares passwords is there before the first line of the log."""
    passwords = make_passwords(tmp_path / "passwords", {"alice": "secret"})
    acl = write_lines(tmp_path / "acl", "topic read $SYS/#", "user alice", "topic read #")
    lines = (*OPEN, f"password_file {passwords}", f"acl_file {acl}", "sys_interval 1")
    broker = start(*lines[2:])
    with Strace(broker, tmp_path, "-e", f"trace={FORBIDDEN}", "-e", "signal=none") as strace:
        for i in range(50):
            broker.connect(user="alice", password="secret").subscribe(("$SYS/#", 0))
        assert broker.reload(*lines, "max_keepalive 600", "listener 0 127.0.0.2")["event"] == "reloaded"
        SystemTopics(broker).wait_for({"limit/max_keepalive": 600})
    assert strace.output == ""


def test_strace_would_see_them(tmp_path, broker):
    """The proof that an empty output means something."""
    with Strace(broker, tmp_path, "-e", "trace=recvfrom,read,recvmsg", "-e", "signal=none") as strace:
        churn(broker, connects=4, messages=40)
    assert strace.output.count("\n") > 40


def test_a_message_costs_less_than_two_system_calls_under_load(broker, tmp_path, report):
    """At QoS 0, from four publishers that send ten messages at a time to one subscriber."""
    load = Load([broker.connect() for _ in range(4)], [broker.connect()], "calls")
    with Strace(broker, tmp_path, "-c") as strace:
        load.run(5000)
    calls = strace.total() / 20_000
    report(f"{calls:.2f} system calls per message at QoS 0")
    assert calls < 2
