"""Boards that start when something is not as it should be, or that end that way."""

import packets
from packets import puback
from uci import main, section


def test_a_power_cut_in_the_middle_of_traffic_harms_nothing(start, report):
    board = start()
    board.wait_until_served()
    board.wait_until_booted()
    board.run("swiftlet passwd -b -c /etc/swiftlet/passwords one 1; sync")
    files = board.run("md5sum /etc/config/swiftlet /etc/swiftlet/passwords /usr/bin/swiftlet")
    board.connect("away", clean=False).subscribe(("traffic", 1))
    publisher = board.connect("publisher")
    for id in range(1, 500):
        publisher.send(packets.publish("traffic", b"." * 100, qos=1, id=id))
    publisher.expect(puback(1))
    board.cut_power()

    again = start(disk=board.image.disk)
    report(f"first CONNACK {again.wait_until_served():.1f} s after a power cut")
    again.wait_until_booted()
    assert again.run("md5sum /etc/config/swiftlet /etc/swiftlet/passwords /usr/bin/swiftlet") == files
    assert again.run("dmesg | grep -c 'EXT4-fs error' || :") == "0"
    again.connect("away", clean=False)


def test_a_full_flash_keeps_nothing_from_starting(start):
    board = start()
    board.wait_until_booted()
    board.run("swiftlet passwd -b -c /etc/swiftlet/passwords one 1")
    before = board.run("ls -l /etc/swiftlet; cat /etc/swiftlet/passwords")
    board.call("dd if=/dev/zero of=/full bs=1k")
    status, text = board.call("swiftlet passwd -b /etc/swiftlet/passwords two 2")
    assert (status, "No space left on device" in text) == (1, True), text
    assert board.run("ls -l /etc/swiftlet; cat /etc/swiftlet/passwords") == before
    board.run("sync")
    board.cut_power()
    start(disk=board.image.disk).wait_until_served()


def test_a_read_only_root_is_enough(start):
    board = start(DISK="ro")
    board.wait_until_served()
    board.wait_until_booted()
    status, text = board.call("swiftlet passwd -b -c /etc/swiftlet/passwords one 1")
    assert (status, "Read-only file system" in text) == (1, True), text
    board.service("restart")
    board.wait_until_served()
    assert board.sectors_written() == 0


def test_a_board_without_network_and_time_serves_as_soon_as_it_has_an_address(start):
    board = start(NETWORK="late", clock="1970-01-01").wait_until_booted()
    assert board.run("date +%Y") == "1970"
    board.wait_for(event="ready")
    board.configure(main() + section("listener", port="1883", address="10.0.2.15", allow_anonymous="1"), "restart")
    process = board.process()
    board.run("network_up")
    board.wait_until_served()
    board.run("date -s 2026-12-01")
    client = board.connect("timed")
    client.expect_nothing()
    assert board.process() == process
