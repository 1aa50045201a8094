"""From power on to the service, in each of its modes, and what it takes of the board."""

import packets
from board import HOST
from load import Load


def test_a_board_serves_its_first_client_after_power_on(start, report):
    board = start()
    served = board.wait_until_served()
    board.wait_until_booted()
    ready = board.wait_for(event="ready")
    assert ready["mode"] == "broker"
    report(f"first CONNACK {served:.1f} s after power on; resident {board.memory()} KiB,"
           f" at most {board.memory('VmHWM')} KiB, of {ready['memory']} bytes planned")


def test_messages_go_from_client_to_client_through_the_network_card(board):
    for qos in (0, 1, 2):
        Load([board.connect(f"p{qos}")], [board.connect(f"s{qos}")], f"load/{qos}", qos=qos, window=10).run(100).check()


def test_the_process_is_nobody_special(board):
    assert board.status("Uid").split() == ["1883"] * 4
    assert board.status("Gid").split() == ["1883"] * 4
    assert int(board.status("CapEff"), 16) == 0
    assert board.status("NoNewPrivs") == "1"


def test_its_memory_is_the_same_before_and_after_load(board, report):
    publishers, subscribers = ([board.connect(f"{kind}{i}") for i in range(4)] for kind in "ps")
    load = Load(publishers, subscribers, "load", qos=1, window=10)
    load.run(50)
    before = board.memory()
    load.run(200).check()
    assert board.memory() == before
    report(f"resident {before} KiB before load and after")


def test_nothing_is_written_to_flash_while_it_serves(board):
    retained = board.connect("retained")
    before = board.sectors_written()
    Load([board.connect("p")], [board.connect("s")], "flash", qos=2, window=10).run(100).check()
    retained.request(packets.publish("kept", b"1", qos=1, id=1, retain=True), answer=packets.puback(1))
    board.connect("away", clean=False).subscribe(("#", 1))
    board.service("restart")
    board.wait_until_served()
    assert board.sectors_written() == before


def test_a_killed_process_comes_back(board):
    first = board.process()
    board.run(f"kill -KILL {first}")
    board.wait_until_served()
    assert board.process() != first
