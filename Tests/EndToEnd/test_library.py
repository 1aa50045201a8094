"""The package's library, MQTTClient, by its example: a Swift program that changes pins."""

import subprocess

import pytest

import mosquitto_tools
from deadline import until
from targets import ROOT

pytestmark = pytest.mark.native


@pytest.fixture
def example(broker, tmp_path):
    """The example, connected to the broker; what it says is in a file."""
    log = tmp_path / "log"
    pins = tmp_path / "pins"
    pins.mkdir()
    command = [ROOT / ".build/release/mqttclient-example", broker.address[0], str(broker.port), str(pins)]
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stderr=output)
    until(lambda: "subscribed to test, QoS 1" in log.read_text(), f"it is subscribed; so far {log.read_text()}")
    yield pins, log
    process.kill()
    process.wait()


def test_a_message_changes_a_pin_and_the_answer_tells(example, broker):
    pins, log = example
    answer = mosquitto_tools.Subscriber(broker, pins.parent, "-t", "test/done")
    answer.wait_until_subscribed(broker, "test/done")
    mosquitto_tools.publish(broker, "-t", "test", "-q", "1", "-m", '{"pin":1,"value":0}')
    assert answer.lines(1) == ["pin 1 is 0"]
    assert (pins / "gpio1").read_text() == "0\n"
    answer.stop()


def test_what_it_does_not_understand_it_says_and_goes_on(example, broker):
    pins, log = example
    mosquitto_tools.publish(broker, "-t", "test", "-m", '{"pin":-1,"value":0}')
    mosquitto_tools.publish(broker, "-t", "test", "-m", '{"pin":2,"value":1}')
    until((pins / "gpio2").exists, f"the second message is obeyed; so far {log.read_text()}")
    assert 'not understood: {"pin":-1,"value":0}' in log.read_text()
