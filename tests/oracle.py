# ruff: noqa: E501
"""The oracle: what is legal, typed by hand from the vendor's pages, never computed from the package.

One line a status, channel and start; the actions that are legal there and where they lead. Everything
that is not on a line is illegal. `RESTS_ON` says from which pages each line was typed, by its code. `~` marks what the pages contradict each other about. Nobody may
generate this file: its whole worth is that it was typed.
"""

import functools

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

# What each released code stands for: an edge of the account holder's or of the platform's. Where two
# codes stand, the first is for before the start and the second for after it.
EDGE_CODES = {
    ("create", None): "CF101",
    ("pause", "created"): "CF102",
    ("pause", "in-progress"): "CF103",
    ("resume", "paused"): "CF104",
    ("complete", "paused"): "CF105",
    ("archive", "completed"): "CF106",
    ("edit", "created"): "CF107",
    ("edit", "paused"): "CF108",
    ("edit-callbacks", "created"): "CF109 CF111",
    ("edit-callbacks", "paused"): "CF110 CF113",
    ("edit-callbacks", "in-progress"): "CF112",
    ("reschedule", "created"): "CF114",
    ("reschedule", "paused"): "CF115 CF116",
    ("delete", "created"): "CF117",
}
EVENT_CODES = {
    ("start", "created"): "CF301",
    ("finish", "in-progress"): "CF302",
    ("fail", "created"): "CF303",
    ("fail", "in-progress"): "CF304",
    ("expire", "paused"): "CF305",
    ("suspend", "in-progress"): "CF306",
}

# What the pages contradict each other about, of what the platform does: a paused campaign at its end time, and one in
# progress at its end time.
CONTESTED_EVENTS = {"CF305", "CF306"}

# A resume that sets a new schedule in the same body, on voice: what an answer may show besides what a bare resume's may,
# while the new start is ahead.
ACCEPTED_UNTIL_THE_NEW_START = "paused created"

EVENTS = {
    ("start", "created"): "in-progress",
    ("finish", "in-progress"): "completed",
    ("fail", "created"): "failed",
    ("fail", "in-progress"): "failed",
    ("expire", "paused"): "canceled",
    ("suspend", "in-progress"): "paused",
}
NO_WAY_BACK = {"CF105", "CF106", "CF117", "CF302", "CF303", "CF304", "CF305"}

# The code of each refusal; a dot where nothing is ever refused. What is refused only for being
# contested is CF251 everywhere.
REFUSED_MESSAGE = """
            create pause resume complete archive edit  edit-callbacks reschedule delete
new         .      CF203 CF203  CF203    CF203   CF203 CF203          CF203      CF203
created     CF202  .     CF222  CF225    CF226   CF232 CF233          CF234      CF241
in-progress CF202  .     CF212  CF224    CF226   CF232 CF233          CF234      CF241
paused      CF202  CF211 .      .        CF226   CF232 CF233          CF234      CF241
completed   CF202  CF221 CF223  CF213    .       CF231 CF231          CF231      CF241
archived    CF202  CF221 CF223  CF225    CF214   CF231 CF231          CF231      CF241
failed      CF202  CF221 CF223  CF225    CF226   CF231 CF231          CF231      CF241
canceled    CF202  CF221 CF223  CF225    CF226   CF231 CF231          CF231      CF241
deleted     CF202  CF221 CF223  CF225    CF226   CF231 CF231          CF231      CF215
unknown     CF201  CF201 CF201  CF201    CF201   CF201 CF201          CF201      CF201
"""
REFUSED_VOICE = """
            create pause resume complete archive edit  edit-callbacks reschedule delete
new         .      CF203 CF203  CF203    CF203   CF203 CF203          CF203      CF203
created     CF202  .     CF222  CF225    CF226   CF232 .              CF235      CF243
in-progress CF202  .     CF212  CF224    CF226   CF232 .              CF235      CF243
paused      CF202  CF211 .      .        CF226   CF232 .              .          CF242
completed   CF202  CF221 CF223  CF213    .       CF231 CF231          CF231      CF243
archived    CF202  CF221 CF223  CF225    CF214   CF231 CF231          CF231      CF243
failed      CF202  CF221 CF223  CF225    CF226   CF231 CF231          CF231      CF243
canceled    CF202  CF221 CF223  CF225    CF226   CF231 CF231          CF231      CF243
deleted     CF202  CF221 CF223  CF225    CF226   CF231 CF231          CF231      CF215
unknown     CF201  CF201 CF201  CF201    CF201   CF201 CF201          CF201      CF201
"""

# The vendor's pages, by the keys that the package gives them: message campaigns, call campaigns, guides, general.
# fmt: off
PAGES = [
    "create-sms-campaign", "sms-reference-create", "sms-campaign-details", "bulk-sms-campaign-details", "sms-reference-bulk", "console-bulk-sms-campaigns", "sms-details", "sms-reference-details-of-each", "sms-reference-manage", "update-sms-campaign",
    "create-campaign", "voice-reference-create", "console-campaigns", "campaign-details", "bulk-campaign-details", "call-details", "update-campaign", "update-campaign-details", "console-update-campaign", "manage-campaign", "delete-campaign", "campaign-webhooks", "campaigns-overview", "how-campaigns-work",
    "campaign-scheduling", "campaign-faqs", "campaign-reporting", "creating-sms-campaign", "creating-voice-campaign",
    "authentication", "api-credentials", "error-codes", "http-status-codes", "rate-limiting", "webhooks", "webhooks-setup",
]
# fmt: on
# Which of them are about one kind of campaign alone. How campaigns work is about calls, and the only page that says how a
# campaign of either kind ends.
ABOUT = {
    "message": PAGES[: PAGES.index("create-campaign")],
    "voice": PAGES[PAGES.index("create-campaign") : PAGES.index("how-campaigns-work")],
}
# The pages that each code rests on, in the order in which they are said.
RESTS_ON = """
CF101 create-sms-campaign create-campaign how-campaigns-work
CF102 update-sms-campaign manage-campaign
CF103 update-sms-campaign manage-campaign campaign-faqs campaign-faqs campaign-reporting
CF104 update-sms-campaign manage-campaign
CF105 update-sms-campaign manage-campaign
CF106 update-sms-campaign manage-campaign
CF107 update-sms-campaign update-campaign-details
CF108 update-sms-campaign update-campaign-details
CF109 update-sms-campaign update-campaign-details
CF110 update-sms-campaign update-campaign-details
CF111 update-campaign-details manage-campaign
CF112 update-campaign-details manage-campaign
CF113 update-campaign-details manage-campaign
CF114 update-sms-campaign update-campaign-details
CF115 update-sms-campaign update-campaign-details
CF116 campaign-scheduling update-campaign-details manage-campaign
CF117 manage-campaign how-campaigns-work campaign-faqs
CF201 how-campaigns-work
CF202 create-sms-campaign create-campaign
CF203 create-sms-campaign create-campaign
CF211 update-sms-campaign manage-campaign
CF212 update-sms-campaign manage-campaign
CF213 update-sms-campaign manage-campaign
CF214 update-sms-campaign manage-campaign
CF215 manage-campaign
CF221 update-sms-campaign manage-campaign how-campaigns-work
CF222 update-sms-campaign manage-campaign campaign-scheduling
CF223 update-sms-campaign manage-campaign how-campaigns-work
CF224 update-sms-campaign manage-campaign update-sms-campaign update-campaign
CF225 update-sms-campaign manage-campaign
CF226 update-sms-campaign manage-campaign
CF231 update-sms-campaign update-campaign-details how-campaigns-work
CF232 update-sms-campaign update-campaign-details campaign-faqs
CF233 update-sms-campaign
CF234 update-sms-campaign campaign-scheduling
CF235 campaign-scheduling update-campaign-details manage-campaign
CF241 manage-campaign
CF242 how-campaigns-work manage-campaign
CF243 how-campaigns-work manage-campaign
CF251
CF301 campaign-scheduling
CF302 how-campaigns-work campaign-scheduling campaign-faqs
CF303 how-campaigns-work
CF304 how-campaigns-work
CF305 how-campaigns-work campaign-faqs
CF306 campaign-scheduling campaign-faqs how-campaigns-work
CF402 update-sms-campaign update-campaign manage-campaign create-sms-campaign create-campaign
CF404 authentication update-sms-campaign
CF407 update-sms-campaign manage-campaign
CF411 update-campaign
CF412 update-sms-campaign manage-campaign
CF413 update-sms-campaign update-campaign update-campaign-details campaign-scheduling
CF414 create-sms-campaign create-campaign
CF415 update-sms-campaign
CF416 campaign-scheduling
CF417 delete-campaign
CF418 update-sms-campaign update-campaign
CF604 how-campaigns-work
CF606 create-sms-campaign create-campaign console-campaigns console-update-campaign
"""
# What pages about both kinds of campaign, or about how any ends, say of calls alone: by the code of the action, words of it.
CALLS_ONLY = {
    "CF101": ["one invalid number fails the whole request for a call campaign"],
    "CF103": [
        "calls that are connected finish, and tries that wait are kept",
        "calls that are not connected yet are reported as canceled",
    ],
}
# Which pages stand against which about what is contested.
SIDES = {
    "CF116": ("campaign-scheduling", "update-campaign-details manage-campaign"),
    "CF117": ("how-campaigns-work", "campaign-faqs"),
    "CF305": ("how-campaigns-work", "campaign-faqs"),
    "CF306": ("campaign-scheduling campaign-faqs", "how-campaigns-work"),
}
# These rest on the package, on HTTP or on a team's policy alone. CF251 has the pages of the edge that it refuses.
REST_ON_NO_PAGE = """
CF401 CF403 CF405 CF406 CF408 CF409 CF410 CF501 CF502 CF503 CF504 CF505
CF601 CF602 CF603 CF605 CF607 CF608 CF609 CF701 CF702 CF703 CF704 CF705 CF706 CF707 CF801 CF802 CF803
"""

# A word or two of the title and of the advice of each problem.
PROBLEMS = {
    "CF401": ("after decoding or folding", "byte for byte"),
    "CF402": ("method and path", "Use PUT or DELETE"),
    "CF403": ("a query string", "without a query string"),
    "CF404": ("credentials in the URL", "auth=(key, token)"),
    "CF405": ("contradicts the URL", "derive them from the URL"),
    "CF406": ("method-override", "the method that is meant"),
    "CF407": ("content type", "exactly one 'Content-Type: application/json'"),
    "CF408": ("wrongly framed", "matching Content-Length"),
    "CF409": ("exactly one UTF-8 JSON object", "in UTF-8"),
    "CF410": ("keys", "every key once"),
    "CF411": ("exactly one campaign", "one item"),
    "CF412": ("not on the list", "pause, resume, complete, archive"),
    "CF413": ("mixed with fields", "the action alone"),
    "CF414": ("not a parameter", "out of an edit"),
    "CF415": ("id or account", "1 to 64"),
    "CF416": ("new end", "in the future"),
    "CF417": ("a body", "DELETE without a body"),
    "CF418": ("version of the API", "/v2"),
    "CF501": ("could not be read", "Look at the cause"),
    "CF502": ("in exactly one way", "Look at the answer"),
    "CF503": ("another campaign", "any proxy"),
    "CF504": ("a cache", "Take the cache out"),
    "CF505": ("the gate itself", "report it"),
    "CF601": ("contradicts the model", "report what the server did"),
    "CF602": ("after a lost answer", "Read the campaign"),
    "CF603": ("credentials in the recording", "Change the key"),
    "CF604": ("on no list", "Ask the vendor"),
    "CF605": ("cannot be judged", "Record the read"),
    "CF606": ("break a documented limit", "Correct them"),
    "CF607": ("suppresses nothing", "Take it out"),
    "CF608": ("has expired", "renew it with a reason"),
    "CF609": ("answered with a redirect", "Follow no redirects of writes"),
    "CF701": ("the policy forbids", "change the policy"),
    "CF702": ("without the confirmation", "confirmed"),
    "CF703": ("outside the hours", "within the hours"),
    "CF704": ("without the end", "an end"),
    "CF705": ("earlier than the policy allows", "old enough"),
    "CF706": ("an account", "the policy's list"),
    "CF707": ("a host or region", "the policy's list"),
    "CF801": ("from inside", "after that one has returned"),
    "CF802": ("for too long", "a longer deadline="),
    "CF803": ("forked while the call was at work", "again in the child"),
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


@functools.cache
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


def code(status, action, channel, started, *, strict=False):
    """The code that the typed tables give a cell."""
    if legal(status, action, channel, started, strict=strict) is not None:
        before, *after = EDGE_CODES[action, status].split()
        has_started = status == "paused" if started is None else started
        return after[0] if after and has_started else before
    if contested(status, action, channel, started):
        return "CF251"
    head, *rows = (REFUSED_VOICE if channel == "voice" else REFUSED_MESSAGE).strip("\n").splitlines()
    (row,) = [row.split()[1:] for row in rows if row.split()[0] == (status or "new")]
    return row[head.split().index(action)]


def pages():
    """The keys of the pages that each code rests on."""
    rows = (line.split() for line in (*RESTS_ON.strip().splitlines(), *REST_ON_NO_PAGE.split()))
    return {code: tuple(keys) for code, *keys in rows}


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


# What the gate says of a write where more than the status counts. A campaign that is called Diwali, has a start and an
# end, and was completed an hour ago (if it was); what is asked for; what else is set; the code.
# `=name` stands for the name that it has, `+name` for another one; `+end` for a schedule with an end ahead, `-end`
# for one whose end has passed, `+start` for one without an end; `+callback` for a new callback URL.
NARROWED = """
message paused     started:     resume +name               .               CF413
message paused     started:     resume =name               .               CF104
message paused     started:     resume +end                .               CF413
message paused     not-started: resume +end                .               CF413
message in-progress started:    resume +name               .               CF212
message in-progress started:    pause +name                .               CF413
message in-progress started:    pause =name                .               CF103
message in-progress started:    pause +callback            .               CF413
message paused     started:     resume +end+name           .               CF413
voice   created    not-started: pause +callback            .               CF413
voice   created    started:     pause +callback            .               CF413
voice   in-progress started:    pause +callback            .               CF413
voice   paused     not-started: resume +callback           .               CF413
voice   paused     started:     resume +callback           .               CF413
voice   paused     started:     resume +end+callback       .               CF413
message paused     started:     complete +name             .               CF413
message completed  started:     archive +name              .               CF413
message completed  started:     complete +name             .               CF213
voice   paused     started:     resume +end                .               CF116
voice   paused     not-started: resume +end                .               CF116
voice   paused     started:     resume +end                strict          CF251
voice   paused     not-started: resume +end                strict          CF251
voice   paused     started:     resume -end                .               CF416
voice   paused     started:     resume +start              .               CF416
voice   paused     started:     resume +end+name           .               CF413
voice   paused     started:     pause +end                 .               CF211
voice   in-progress started:    pause +end                 .               CF413
voice   in-progress started:    resume +end                .               CF212
voice   paused     started:     reschedule -end            .               CF416
voice   paused     started:     reschedule +start          .               CF416
voice   paused     not-started: reschedule +start          .               CF115
voice   paused     started:     reschedule -end            strict          CF251
message in-progress started:    pause                      forbid-pause    CF701
message paused     started:     pause                      forbid-pause    CF211
message paused     started:     resume                     forbid-pause    CF104
message in-progress started:    pause +name                forbid-pause    CF413
voice   paused     started:     resume +end                forbid-resched  CF701
message paused     started:     complete                   confirm         CF702
message paused     started:     complete                   confirmed       CF105
message in-progress started:    complete                   confirm         CF224
message paused     started:     resume                     hours           CF703
message in-progress started:    pause                      hours           CF103
voice   paused     not-started: reschedule +start          end             CF704
voice   paused     not-started: reschedule +end            end             CF115
message completed  started:     archive                    age             CF705
message completed  started:     archive                    young           CF106
message paused     started:     archive                    age             CF226
message in-progress started:    pause                      account         CF706
message in-progress started:    pause                      host            CF707
voice   created    not-started: delete                     forbid-delete   CF701
voice   created    not-started: delete                     strict          CF251
"""


def narrowed():
    """Each typed line: channel, status, started, action, what stands beside it, what is set, code."""
    for line in NARROWED.strip().splitlines():
        head, _, tail = line.partition(":")
        channel, status, when = head.split()
        *asked, setting, code = tail.split()
        yield channel, status, when == "started", asked[0], "".join(asked[1:]), setting, code
