"""The script that sets a pin as a message says, with plain files for pins."""

import shutil
import subprocess

import pytest

from targets import ROOT

pytestmark = pytest.mark.swiftlet("a script beside its board configs")

SCRIPT = ROOT / "board-configs/mipsel_24kc-onion-omega2/gpio"
SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "sh"]]


@pytest.fixture(params=[shell for shell in SHELLS if shutil.which(shell[0])], ids=lambda shell: shell[0])
def gpio(request, tmp_path):
    def call(message, *pins):
        command = [*request.param, str(SCRIPT), "-d", str(tmp_path / "pins"), *pins]
        return subprocess.run(command, input=message, capture_output=True, text=True, timeout=20)

    return call


def pins(folder) -> dict[str, str]:
    return {path.parent.name: path.read_text() for path in folder.glob("pins/*/value")}


@pytest.mark.parametrize("message", [
    '{"pin":1,"value":0}', '{"value":0,"pin":1}', ' { "pin" : 1,\n\t"value" : 0 }\r\n'])
def test_a_message_sets_a_pin(gpio, tmp_path, message):
    run = gpio(message, "0", "1", "11")
    assert (run.returncode, run.stderr, run.stdout) == (0, "", '{"pin":1,"value":0}\n')
    assert pins(tmp_path) == {"gpio1": "0\n"}
    run = gpio(message.replace("0", "1"), "1")
    assert (run.returncode, run.stdout) == (0, '{"pin":1,"value":1}\n')
    assert pins(tmp_path) == {"gpio1": "1\n"}


def test_a_pin_may_have_another_number_for_the_system(gpio, tmp_path):
    run = gpio('{"pin":11,"value":1}', "1=513", "11=523")
    assert (run.returncode, run.stdout) == (0, '{"pin":11,"value":1}\n')
    assert pins(tmp_path) == {"gpio523": "1\n"}


@pytest.mark.parametrize("message", [
    "", "x", "{}", '{"pin":1}', '{"value":1}', '{"pin":1,"value":2}', '{"pin":1,"value":10}', '{"pin":-1,"value":0}',
    '{"pin":"1","value":0}', '{"pin":1,"value":0}x', 'x{"pin":1,"value":0}', '{"pin":1,"value":0}' * 2,
    '{"pin":1,"value":0,"more":1}', '{"pin":1/../2,"value":0}', '{"pin":$(id),"value":0}', '{"pin":1234,"value":0}',
    "x" * 300 + '{"pin":1,"value":0}', '{"pin":1,"value":0}' + "x" * 300,
])
def test_any_other_message_sets_nothing(gpio, tmp_path, message):
    run = gpio(message, "1", "2")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "gpio: expected {\"pin\":NUMBER,\"value\":0 or 1}\n"
    assert pins(tmp_path) == {}


@pytest.mark.parametrize("known", [(), ("2",), ("11",), ("2=1",), ("01",)], ids=" ".join)
def test_a_pin_that_is_not_named_is_not_set(gpio, tmp_path, known):
    run = gpio('{"pin":1,"value":0}', *known)
    assert (run.returncode, run.stderr) == (2, "gpio: pin 1 is not to be set\n")
    assert pins(tmp_path) == {}


def test_a_pin_that_the_system_does_not_have_is_said_to_be_none(gpio, tmp_path):
    """As sysfs does: the file is there, and writing to it fails."""
    (tmp_path / "pins").mkdir()
    (tmp_path / "pins/export").symlink_to("/dev/full")
    run = gpio('{"pin":1,"value":0}', "1")
    assert run.returncode == 1 and run.stderr.endswith("gpio: the system has no pin 1\n")
