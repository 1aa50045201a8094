"""What the broker says of itself below $SYS/broker/."""

from broker import Broker
from deadline import until
from packets import Publish

ROOT = "$SYS/broker/"


class SystemTopics:
    """A subscriber to all of them, with the latest value of each."""

    def __init__(self, broker: Broker, filter="$SYS/#", **connect):
        self.client = broker.connect(**connect)
        self.client.subscribe((filter, 0))
        self.values: dict[str, str] = {}

    def read(self) -> dict[str, str]:
        """Takes in what has come. Does not wait."""
        assert self.client.is_open()
        while self.client.whole:
            message = Publish.decode(self.client.whole.popleft())
            assert message.topic.startswith(ROOT), message
            self.values[message.topic.removeprefix(ROOT)] = message.payload.decode()
        return self.values

    def value(self, name: str) -> str:
        """The value of one topic, once it is there."""
        return until(lambda: self.read().get(name), f"{name}, of {sorted(self.values)}")

    def wait_for_change(self, name: str) -> None:
        """Until this topic has another value than now: all that are due have been published then, or are about to."""
        value = self.value(name)
        until(lambda: self.read()[name] != value, f"another value of {name} than {value}")

    def wait_for(self, wanted: dict[str, object]) -> None:
        """Until these topics have these values."""
        wanted = {name: str(value) for name, value in wanted.items()}

        def found() -> dict[str, str | None]:
            return {name: self.read().get(name) for name in wanted}

        try:
            until(lambda: found() == wanted, f"{wanted} below $SYS")
        except AssertionError as error:
            raise AssertionError(f"{error}; the last were {found()}") from None
