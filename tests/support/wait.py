"""Waiting for a condition. Nothing else in the tests sleeps."""
import time

POLL_S = 0.02


def until(predicate, timeout_s, what):
    """Calls `predicate` until it gives something true, and returns that.

    Fails with `what` (a text, or a function that makes it at the end) and the last value seen.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() >= deadline:
            text = what() if callable(what) else what
            raise AssertionError(f"waited {timeout_s} s in vain for {text}; last seen: {value!r}")
        time.sleep(POLL_S)
