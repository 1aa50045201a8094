"""Waiting that ends."""

import time


def until(condition, what: str, seconds: float = 20.0):
    """Polls `condition` until it holds and returns what it returned; fails with `what` when it has not by then."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.002)
