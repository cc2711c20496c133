# ruff: noqa: E501
"""The oracle: what is legal, typed by hand from the vendor's pages, never computed from the package.

One line a status, channel and start; the actions that are legal there and where they lead. Everything
that is not on a line is illegal. `~` marks what the pages contradict each other about. Nobody may
generate this file: its whole worth is that it was typed.
"""

LEGAL = """
message created     not-started: pause>paused edit>created edit-callbacks>created reschedule>created
message created     started:     pause>paused
message in-progress not-started: pause>paused
message in-progress started:     pause>paused
message paused      not-started: resume>in-progress complete>completed edit>paused edit-callbacks>paused reschedule>paused
message paused      started:     resume>in-progress complete>completed
message completed   not-started: archive>archived
message completed   started:     archive>archived
message archived    not-started:
message archived    started:
message failed      not-started:
message failed      started:
message canceled    not-started:
message canceled    started:
message deleted     not-started:
message deleted     started:
message unknown     not-started:
message unknown     started:

voice created     not-started: pause>paused edit>created edit-callbacks>created reschedule>created ~delete>deleted
voice created     started:     pause>paused edit-callbacks>created
voice in-progress not-started: pause>paused edit-callbacks>in-progress
voice in-progress started:     pause>paused edit-callbacks>in-progress
voice paused      not-started: resume>in-progress complete>completed edit>paused edit-callbacks>paused reschedule>paused
voice paused      started:     resume>in-progress complete>completed edit-callbacks>paused ~reschedule>paused
voice completed   not-started: archive>archived
voice completed   started:     archive>archived
voice archived    not-started:
voice archived    started:
voice failed      not-started:
voice failed      started:
voice canceled    not-started:
voice canceled    started:
voice deleted     not-started:
voice deleted     started:
voice unknown     not-started:
voice unknown     started:
"""

# Nobody knows whether it has started: that counts as started, except from created.
UNKNOWN_START = {"created": "not-started"}

STATUSES = ["created", "in-progress", "paused", "completed", "archived", "failed", "canceled", "deleted", "unknown"]
ACTIONS = ["create", "pause", "resume", "complete", "archive", "edit", "edit-callbacks", "reschedule", "delete"]
CHANNELS = ["message", "voice"]

ALREADY = {
    ("pause", "paused"),
    ("resume", "in-progress"),
    ("complete", "completed"),
    ("archive", "archived"),
    ("delete", "deleted"),
}
IRREVERSIBLE = {"complete", "archive", "delete"}

# What an honest answer to a legal action may show, by action and status before it.
# Where the action leads, and what the platform can make of that at once.
ACCEPTED = {
    ("create", None): "created in-progress failed",
    ("pause", "created"): "paused canceled",
    ("pause", "in-progress"): "paused canceled",
    ("resume", "paused"): "in-progress completed failed",
    ("complete", "paused"): "completed",
    ("archive", "completed"): "archived",
    ("edit", "created"): "created in-progress failed",
    ("edit", "paused"): "paused canceled",
    ("edit-callbacks", "created"): "created in-progress failed",
    ("edit-callbacks", "in-progress"): "in-progress completed failed paused",
    ("edit-callbacks", "paused"): "paused canceled",
    ("reschedule", "created"): "created in-progress failed",
    ("reschedule", "paused"): "paused canceled",
    ("delete", "created"): "deleted",
}

# The shortest way by the account holder's own actions; a dot where there is none. Row: from, column: to.
ROUTES_MESSAGE = """
            created in-progress paused completed       archived                 failed canceled deleted
created     =       .           pause  pause,complete  pause,complete,archive   .      .        .
in-progress .       =           pause  pause,complete  pause,complete,archive   .      .        .
paused      .       resume      =      complete        complete,archive         .      .        .
completed   .       .           .      =               archive                  .      .        .
archived    .       .           .      .               =                        .      .        .
failed      .       .           .      .               .                        =      .        .
canceled    .       .           .      .               .                        .      =        .
deleted     .       .           .      .               .                        .      .        =
"""


def legal(status, action, channel, started, *, strict=False):
    """The destination that the typed table gives, or None where it calls the cell illegal."""
    if status is None:
        return "created" if action == "create" else None
    when = UNKNOWN_START.get(status, "started") if started is None else "started" if started else "not-started"
    for line in LEGAL.strip().splitlines():
        head, _, tail = line.partition(":")
        if head.split() == [channel, status, when]:
            for entry in tail.split():
                name, _, dest = entry.lstrip("~").partition(">")
                if name == action:
                    return None if strict and entry.startswith("~") else dest
            return None
    raise AssertionError(f"the oracle has no line for {channel} {status} {when}")


def contested(status, action, channel, started):
    """Whether the typed table marks the cell with `~`."""
    return (
        legal(status, action, channel, started) is not None
        and legal(status, action, channel, started, strict=True) is None
    )


def routes():
    """All routes of the message channel as (from, to, tuple of actions or None)."""
    head, *rows = ROUTES_MESSAGE.strip("\n").splitlines()
    goals = head.split()
    for row in rows:
        start, *ways = row.split()
        for goal, way in zip(goals, ways, strict=True):
            yield start, goal, None if way == "." else () if way == "=" else tuple(way.split(","))


def cells():
    """Every cell: status (None for no campaign), action, channel, started, strict."""
    for channel in CHANNELS:
        for status in (None, *STATUSES):
            for action in ACTIONS:
                for started in (None, False, True):
                    for strict in (False, True):
                        yield status, action, channel, started, strict
