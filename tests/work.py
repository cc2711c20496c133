"""A limit for work that is counted in calls, which are the same on every machine, and not in seconds."""

import sys
from contextlib import contextmanager


class TooMuchWork(BaseException):
    """More was called than was allowed; no handler of errors takes it for one."""


@contextmanager
def within(calls):
    """At most so many functions are called in here, of Python or of C."""
    left = calls

    def count(frame, event, argument):
        nonlocal left
        if event in ("call", "c_call"):
            left -= 1
            if left < 0:
                raise TooMuchWork(f"more than {calls} calls")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)
