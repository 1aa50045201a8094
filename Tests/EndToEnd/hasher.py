"""The broker's second process, which compares passwords."""

from contextlib import contextmanager

from broker import Broker
from process import children, stopped


def hasher(broker: Broker) -> int:
    """The process id of the one that compares passwords."""
    child, = children(broker.process.pid)
    return child


@contextmanager
def hasher_stopped(broker: Broker):
    """As long as this lasts no password is compared, and every login waits."""
    with stopped(hasher(broker)):
        yield
