"""The certificates that httpx reads anew for each client are read once: it takes longer than most tests."""

import functools
import ssl

_make_context = ssl.create_default_context


@functools.cache
def _certificates(cafile):
    return _make_context(cafile=cafile)


def _shared_context(*args, cafile=None, **more):
    return _make_context(*args, cafile=cafile, **more) if args or more or cafile is None else _certificates(cafile)


def share():
    """From here on, in this process."""
    ssl.create_default_context = _shared_context
