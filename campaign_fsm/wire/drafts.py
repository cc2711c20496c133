"""What a create or an edit asks for, checked against the documented limits before anything is sent.

Fact sheet section 7 (S6, S7, S3). A broken limit is a problem, and all problems of a draft come in one
`InvalidParameters`. What the vendor's pages state loosely or contradict (fact sheet section 5) is a
warning: `warnings` lists them, and the client logs them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Self
from urllib.parse import urlsplit

import attrs
from attrs import field, frozen

from campaign_fsm.errors import FieldProblem, InvalidParameters
from campaign_fsm.private import redact, word
from campaign_fsm.rules import PAGES, Channel
from campaign_fsm.wire.answer import SCHEDULE_KEYS, parse_time
from campaign_fsm.wire.campaign import Campaign, Schedule
from campaign_fsm.words import did_you_mean

_AHEAD: Final = 600.0
_SHORTEST: Final = timedelta(hours=2)
_MOST_NUMBERS: Final = 5000
_SHOWN: Final = 5
# Their content stays out of errors and logs.
_PRIVATE: Final = frozenset({"from", "template", "read_via_text", "custom_field", "caller_id"})

_halves: Final = re.compile("[\ud800-\udfff]")

Check = Callable[[Any], Iterator[str]]


def _form(value: object) -> str:
    """What a message may hold of something private."""
    if isinstance(value, str):
        return f"{len(value)} characters"
    if isinstance(value, list | tuple):
        return f"{len(value)} entries"
    return "None" if value is None else f"of type {type(value).__name__}"


def _shown(name: str, value: object) -> str:
    if name in _PRIVATE or isinstance(value, list | tuple):
        return _form(value)
    text = redact(repr(value), ())  # URLs have passwords
    return text if len(text) <= 60 else f"{text[:59]}…"


def _kept(value: Any) -> Any:
    """A list as a tuple: nobody can change it after it was checked, and equal drafts have one hash."""
    return tuple(value) if isinstance(value, list) else value


# Checks of one value: each yields what the limit is, for everything that breaks it.


def _text(least: int = 1, most: int | None = None) -> Check:
    limit = f"a text of {least}{f' to {most}' if most else ' or more'} characters"

    def check(value: Any) -> Iterator[str]:
        if not isinstance(value, str) or len(value.strip()) < least or (most is not None and len(value) > most):
            yield limit
        elif _halves.search(value):
            yield "a text of whole characters, without halves of surrogate pairs"

    return check


def _one_of(*values: str, any_case: bool = False) -> Check:
    def check(value: Any) -> Iterator[str]:
        if not isinstance(value, str) or (value.lower() if any_case else value) not in values:
            yield f"one of {', '.join(values)}"

    return check


def _digits(value: Any) -> Iterator[str]:
    # As a number a DLT id would lose its last digits in readers that use floats.
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,19}", value):
        yield "a string of at most 19 digits"


def _url(value: Any) -> Iterator[str]:
    try:
        parts = urlsplit(value) if isinstance(value, str) and value.isprintable() and " " not in value else None
        sound = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not match, a port that is none
        sound = False
    if not sound:
        yield "an http or https URL"


def _boolean(value: Any) -> Iterator[str]:
    if not isinstance(value, bool):
        yield "True or False"


def _whole(least: int, most: int | None = None) -> Check:
    limit = f"a whole number, {least} to {most}" if most is not None else f"a whole number, {least} or more"

    def check(value: Any) -> Iterator[str]:
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or value < least
            or (most is not None and value > most)
        ):
            yield limit

    return check


def _lists(value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 5:
        yield "1 to 5 list ids"
    elif not all(isinstance(entry, str) and entry.strip() and not _halves.search(entry) for entry in value):
        yield "list ids, each a text"


def _library() -> Any:
    """`phonenumbers` (the extra ``phone``), or None: then the shape of a number has to do."""
    try:
        import phonenumbers
    except ImportError:
        return None
    return phonenumbers


def _bare(number: str) -> str:
    """A number without what people put between its digits."""
    return re.sub(r"[ ().-]", "", number)


def _possible(number: str) -> bool:
    library = _library()
    bare = _bare(number)
    if not re.fullmatch(r"\+?[0-9]{6,15}", bare):
        return False
    if library is None or not bare.startswith("+"):
        return True
    try:
        return bool(library.is_possible_number(library.parse(bare)))
    except library.NumberParseException:
        return False


def _numbers(value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= _MOST_NUMBERS:
        yield f"1 to {_MOST_NUMBERS} phone numbers"
        return
    bad = [at for at, number in enumerate(value, 1) if not isinstance(number, str) or not _possible(number)]
    if bad:
        places = ", ".join(str(at) for at in bad[:_SHOWN])
        more = f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
        yield f"phone numbers, preferably in E.164 (+ and up to 15 digits); number {places}{more} in the list is none"


def _aware(value: Any) -> bool:
    """Whether a value is a datetime that is the same moment for everybody; at the ends of the calendar UTC has none."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        return False
    try:
        value.astimezone(UTC)
    except OverflowError:
        return False
    return True


@frozen(kw_only=True)
class Retries:
    """How a voice campaign tries again numbers that were not reached (S7).

    Attributes:
        number_of_retries: 0 to 3.
        interval_mins: Minutes between two tries.
        mechanism: ``"Linear"`` or ``"Exponential"``.
        on_status: Which outcomes are tried again: ``busy``, ``no-answer``, ``failed``.
    """

    number_of_retries: int
    interval_mins: int | None = None
    mechanism: str | None = None
    on_status: Sequence[str] | None = field(default=None, converter=_kept)


_RETRY_STATUSES: Final = ("busy", "no-answer", "failed")


def _retry_statuses(value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple) or not all(entry in _RETRY_STATUSES for entry in value):
        yield f"some of {', '.join(_RETRY_STATUSES)}"


_RETRIES: Final[dict[str, Check]] = {
    "number_of_retries": _whole(0, 3),
    "interval_mins": _whole(1),
    "mechanism": _one_of("Linear", "Exponential"),
    "on_status": _retry_statuses,
}


def _check_retries(value: Any) -> Iterator[FieldProblem]:
    if not isinstance(value, Retries):
        yield FieldProblem("retries", "a Retries", _shown("retries", value))
        return
    for name, check in _RETRIES.items():
        part = getattr(value, name)
        if part is not None or name == "number_of_retries":
            for rule in check(part):
                yield FieldProblem(f"retries.{name}", rule, _shown(name, part))


def check_schedule(value: Any, channel: Channel) -> Iterator[FieldProblem]:
    """What is wrong with a schedule (S6, S7)."""
    first, last = (f"schedule.{key}" for key in SCHEDULE_KEYS[channel])
    if not isinstance(value, Schedule):
        yield FieldProblem("schedule", "a Schedule", _shown("schedule", value))
        return
    sound = True
    for name, part in ((first, value.start), (last, value.end)):
        if part is not None and not _aware(part):
            sound = False
            yield FieldProblem(name, "a datetime with a time zone", _shown(name, part))
    if value.start is None and value.end is None:
        yield FieldProblem("schedule", "a start or an end, or no schedule at all", "neither")
    elif sound and value.start is not None and value.end is not None:
        # In UTC: within one zone Python subtracts what clocks show, and those are set twice a year.
        length = value.end.astimezone(UTC) - value.start.astimezone(UTC)
        if channel is Channel.MESSAGE and length < _SHORTEST:
            yield FieldProblem(last, "at least 2 hours after the start", f"{length} after it")
        elif length <= timedelta(0):
            yield FieldProblem(last, "after the start", f"{length} after it")


def schedule_to_wire(schedule: Schedule, channel: Channel) -> dict[str, str]:
    """A schedule as RFC 3339 texts with their offsets, under the keys of the channel."""
    parts = zip(SCHEDULE_KEYS[channel], (schedule.start, schedule.end), strict=True)
    return {key: part.isoformat() for key, part in parts if part is not None}


def _sent(value: Any, channel: Channel) -> Any:
    """A value as it stands in JSON."""
    match value:
        case Schedule():
            return schedule_to_wire(value, channel)
        case Retries():
            return {name: _sent(part, channel) for name in _RETRIES if (part := getattr(value, name)) is not None}
        case tuple():
            return list(value)
    return value


def _limit(check: Check | None, *, wire: str = "", required: bool = False) -> dict[str, Any]:
    """What a field has to keep to, and its name on the wire where that differs."""
    return {"check": check, "wire": wire, "required": required}


@frozen(kw_only=True)
class _Draft:
    """What both kinds of draft share. Problems are found when a draft is made, all at once."""

    channel: ClassVar[Channel]

    def __attrs_post_init__(self) -> None:
        problems = tuple(self.problems(partial=False))
        if problems:
            raise InvalidParameters(what=f"{self.channel} campaign", problems=problems)

    @classmethod
    def specs(cls) -> dict[str, attrs.Attribute[Any]]:
        """The fields, by their names on the wire."""
        found = attrs.fields_dict(cls)
        return {spec.metadata["wire"] or name: spec for name, spec in found.items()}

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, spec.name) for name, spec in self.specs().items()}

    def problems(self, *, partial: bool) -> Iterator[FieldProblem]:
        """What breaks a documented limit; a partial draft may lack what is required."""
        values = self._values()
        for name, value in values.items():
            spec = self.specs()[name]
            if value is None:
                if spec.metadata["required"] and not partial:
                    yield FieldProblem(name, "it is required")
            elif name == "schedule":
                yield from check_schedule(value, self.channel)
            elif name == "retries":
                yield from _check_retries(value)
            else:
                for rule in spec.metadata["check"](value):
                    yield FieldProblem(name, rule, _shown(name, value))
        yield from self._across({name: value for name, value in values.items() if value is not None}, partial=partial)

    def _across(self, given: dict[str, Any], *, partial: bool) -> Iterator[FieldProblem]:
        raise NotImplementedError

    def warnings(self, now: datetime | None = None) -> tuple[FieldProblem, ...]:
        """What the vendor's pages state loosely or contradict each other about, and this draft goes against.

        Args:
            now: An aware datetime; the local clock if None.
        """
        return tuple(self._warnings(now or datetime.now(UTC)))

    def _warnings(self, now: datetime) -> Iterator[FieldProblem]:
        raise NotImplementedError

    def to_wire(self) -> dict[str, Any]:
        """The parameters as they are sent, without what is not set."""
        return {name: _sent(value, self.channel) for name, value in self._values().items() if value is not None}

    @classmethod
    def from_wire(cls, parameters: Mapping[str, Any]) -> Self:
        """A draft from parameters in the vendor's own names, as in a JSON file.

        Raises:
            InvalidParameters: With every problem, unknown names and missing ones included.
        """
        return cls.build(parameters, partial=False)

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """The draft that a campaign shows: change it with `attrs.evolve`, and send it as a whole edit.

        Raises:
            InvalidParameters: The server does not show everything that a draft needs.
        """
        given: dict[str, Any] = {**campaign.raw, **campaign.callbacks, "schedule": _shown_schedule(campaign)}
        read = {"name": campaign.name, "template": campaign.template, "lists": campaign.lists or None}
        given |= {key: value for key, value in read.items() if value is not None}
        if given.get("dlt_entitiy_id") is not None:  # S1 spells it so
            given["dlt_entity_id"] = given["dlt_entitiy_id"]
        known = cls.specs()
        return cls.build(
            {key: value for key, value in given.items() if key in known and value is not None}, partial=False
        )

    @classmethod
    def build(cls, parameters: Mapping[str, Any], *, partial: bool, problems: Sequence[FieldProblem] = ()) -> Self:
        """A draft from parameters in wire names; a partial one may lack what is required.

        Args:
            parameters: What is given.
            partial: Whether it is for an edit of some parameters only.
            problems: What is known to be wrong already.
        """
        specs = cls.specs()
        found = list(problems)
        values: dict[str, Any] = {}
        unread: set[str] = set()
        for name, value in parameters.items():
            if name in specs:
                wrong: list[FieldProblem] = []
                values[name] = _from_wire(name, value, cls.channel, wrong)
                # A part that could not even be read is not reported a second time as a whole.
                unread |= {name, *(problem.field for problem in wrong)} if wrong else set()
                found += wrong
            else:
                found += cls._stranger(str(name), value)
        draft = cls.__new__(cls)
        for name, spec in specs.items():
            object.__setattr__(draft, spec.name, _kept(values.get(name)))
        found += [problem for problem in draft.problems(partial=partial) if problem.field not in unread]
        if partial:
            # No page says how a parameter is taken back, so none is sent as null.
            rule = "a value; no page shows how to unset one"
            found += [FieldProblem(name, rule, "None") for name in specs if name in values and values[name] is None]
        if found:
            what = f"edit of a {cls.channel} campaign" if partial else f"{cls.channel} campaign"
            raise InvalidParameters(what=what, problems=tuple(found))
        return draft

    @classmethod
    def _stranger(cls, name: str, value: object) -> Iterator[FieldProblem]:
        if name == "channel" and cls.channel is Channel.MESSAGE:
            if value != "SMS":
                yield FieldProblem(name, "SMS, in capitals", _shown(name, value))
            return
        meant = did_you_mean(name, cls.specs())
        yield FieldProblem(".".join(map(word, name.split("."))), f"no such parameter{meant and f'; {meant}'}")


def _shown_schedule(campaign: Campaign) -> object:
    """The schedule that a campaign shows, with the parts of it that could not be read as they came."""
    read, unread = campaign.schedule, campaign.raw.get("schedule")
    if read is None:
        return unread
    keys = SCHEDULE_KEYS[campaign.channel]
    times = dict(zip(keys, (read.start, read.end), strict=True))
    if isinstance(unread, Mapping):
        times = {key: unread.get(key) if time is None else time for key, time in times.items()}
    return {key: time for key, time in times.items() if time is not None} or None


def _from_wire(name: str, value: Any, channel: Channel, problems: list[FieldProblem]) -> Any:
    """A value as it stands in JSON, as what the draft's class holds."""
    if name == "schedule" and isinstance(value, Mapping):
        keys = SCHEDULE_KEYS[channel]
        problems += _strangers(name, value, keys)
        parts = []
        for key in keys:
            part = value.get(key)
            parsed = part if isinstance(part, datetime) else parse_time(part)
            if part is not None and parsed is None:
                rule = "a time with an offset, as in 2026-11-23T10:00:00+05:30"
                problems.append(FieldProblem(f"schedule.{key}", rule, _shown(key, part)))
            parts.append(parsed)
        return Schedule(*parts)
    if name == "retries" and isinstance(value, Mapping):
        problems += _strangers(name, value, tuple(_RETRIES))
        given: dict[str, Any] = {key: value.get(key) for key in _RETRIES}
        return Retries(**given)
    return value


def _strangers(name: str, value: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[FieldProblem]:
    for key in value:
        if key not in keys:
            yield FieldProblem(f"{name}.{word(str(key))}", f"no such parameter; there are {', '.join(keys)}")


def schedule_warnings(schedule: Schedule | None, channel: Channel, now: datetime) -> Iterator[FieldProblem]:
    """What speaks against a schedule that keeps to the limits: a start that is near or past, an end that is past."""
    if schedule and schedule.end and schedule.end <= now:
        name = f"schedule.{SCHEDULE_KEYS[channel][1]}"
        yield FieldProblem(name, "an end that lies ahead", schedule.end.isoformat())
    if not schedule or not schedule.start:
        return
    ahead = (schedule.start.astimezone(UTC) - now.astimezone(UTC)).total_seconds()
    if ahead < _AHEAD:
        name = f"schedule.{SCHEDULE_KEYS[channel][0]}"
        yield FieldProblem(
            name, f"{PAGES['S6'].title!r} asks for a start at least 10 minutes ahead", f"{ahead:.0f} s ahead"
        )


@frozen(kw_only=True)
class MessageCampaignDraft(_Draft):
    """The parameters of a message campaign (S6, S3), for a create or a whole edit.

    Refused, because the pages say so plainly: a required field that is missing, a value that is not on
    its list, more than 5 lists (1 if dynamic), a template of more than 2000 characters, DLT ids that are
    no strings of up to 19 digits, a sender id that does not fit the type, a name of less than 3
    characters, an end less than 2 hours after the start, a time without a zone, a URL that is none.
    Warned about only: no DLT ids (required for India), a start less than 10 minutes ahead (5.7), a name
    of 3 characters (S6 wants more), a dynamic template without a ``@@column``.

    Attributes:
        content_type: ``"static"`` or ``"dynamic"``.
        lists: Ids of contact lists: 1 to 5, exactly 1 if dynamic.
        sender_id: Letters for transactional, digits for promotional messages.
        sms_type: ``"transactional"`` or ``"promotional"``, in any case.
        template: The text, at most 2000 characters; dynamic ones use ``@@column``.
        dlt_entity_id: Digits, as a string.
        dlt_template_id: Digits, as a string.
        name: At least 3 characters.
        schedule: When it starts and ends; without a start it starts at once.
        status_callback: A URL that is told when the campaign ends.
        sms_status_callback: A URL that is told about each message.

    Raises:
        InvalidParameters: With every field's problem.
    """

    channel: ClassVar[Channel] = Channel.MESSAGE

    content_type: str = field(metadata=_limit(_one_of("static", "dynamic"), required=True))
    lists: Sequence[str] = field(converter=_kept, metadata=_limit(_lists, required=True))
    sender_id: str = field(metadata=_limit(_text(), required=True))
    sms_type: str = field(metadata=_limit(_one_of("transactional", "promotional", any_case=True), required=True))
    template: str = field(repr=_form, metadata=_limit(_text(1, 2000), required=True))
    dlt_entity_id: str | None = field(default=None, metadata=_limit(_digits))
    dlt_template_id: str | None = field(default=None, metadata=_limit(_digits))
    name: str | None = field(default=None, metadata=_limit(_text(3)))
    schedule: Schedule | None = field(default=None, metadata=_limit(None))
    status_callback: str | None = field(default=None, metadata=_limit(_url))
    sms_status_callback: str | None = field(default=None, metadata=_limit(_url))

    def _across(self, given: dict[str, Any], *, partial: bool) -> Iterator[FieldProblem]:
        lists = given.get("lists")
        if given.get("content_type") == "dynamic" and isinstance(lists, list | tuple) and len(lists) > 1:
            yield FieldProblem("lists", "exactly 1 list id, because the content is dynamic", _shown("lists", lists))
        sender, kind = given.get("sender_id"), given.get("sms_type")
        if isinstance(sender, str) and isinstance(kind, str) and sender.strip():
            if kind.lower() == "transactional" and not re.fullmatch(r"[A-Za-z]+", sender):
                yield FieldProblem(
                    "sender_id", "letters, because the type is transactional", _shown("sender_id", sender)
                )
            if kind.lower() == "promotional" and not re.fullmatch(r"[0-9]+", sender):
                yield FieldProblem("sender_id", "digits, because the type is promotional", _shown("sender_id", sender))

    def _warnings(self, now: datetime) -> Iterator[FieldProblem]:
        for name in ("dlt_entity_id", "dlt_template_id"):
            if getattr(self, name) is None:
                yield FieldProblem(name, f"{PAGES['S6'].title!r} requires it for India", "nothing")
        if self.name is not None and len(self.name) == 3:
            yield FieldProblem(
                "name",
                f"{PAGES['S3'].title!r} asks for at least 3 characters, {PAGES['S6'].title!r} for more",
                repr(self.name),
            )
        if self.content_type == "dynamic" and self.template and "@@" not in self.template:
            yield FieldProblem("template", "a dynamic template names columns as @@column", "none")
        yield from schedule_warnings(self.schedule, self.channel, now)

    def to_wire(self) -> dict[str, Any]:
        return {"channel": "SMS", **super().to_wire()}


@frozen(kw_only=True)
class VoiceCampaignDraft(_Draft):
    """The parameters of a call campaign (S7, S3), for a create or a whole edit.

    Refused, because the pages say so plainly: neither or both of `from_` and `lists`, more than 5000
    numbers or something that is no number, more than 5 lists (1 if dynamic), a value that is not on its
    list, retries outside 0 to 3, a name of less than 3 characters, an end before the start, a time
    without a zone, a URL that is none. Warned about only: numbers that are not in E.164 ("preferably",
    5.7) or not valid by their country's plan, a start less than 10 minutes ahead (5.7).

    With the extra ``phone`` numbers are checked by `phonenumbers`, without it by their shape.

    Attributes:
        caller_id: The virtual number that calls.
        from_: Numbers to call, 1 to 5000; ``from`` on the wire. Or `lists`.
        lists: Ids of contact lists: 1 to 5, exactly 1 if dynamic. Or `from_`.
        campaign_type: ``"static"`` or ``"dynamic"``.
        flow_type: ``"ivr"`` or ``"greeting"``.
        url: The flow that answers.
        read_via_text: The text that is read out.
        name: At least 3 characters.
        type: ``"trans"``.
        call_duplicate_numbers: Whether a number that occurs twice is called twice.
        retries: How often, and when, a number is tried again.
        schedule: When it starts and ends; without a start it starts at once.
        call_status_callback: A URL that is told about each call.
        call_schedule_callback: A URL that is told about the schedule.
        status_callback: A URL that is told when the campaign ends.
        mode: ``"auto"`` or ``"custom"``.
        throttle: Calls a minute, for mode ``"custom"``.
        custom_field: A text that comes back in callbacks.
        repeat_menu_attempts: How often a menu is repeated.

    Raises:
        InvalidParameters: With every field's problem.
    """

    channel: ClassVar[Channel] = Channel.VOICE

    caller_id: str = field(repr=_form, metadata=_limit(_text(), required=True))
    from_: Sequence[str] | None = field(
        default=None, converter=_kept, repr=_form, metadata=_limit(_numbers, wire="from")
    )
    lists: Sequence[str] | None = field(default=None, converter=_kept, metadata=_limit(_lists))
    campaign_type: str | None = field(default=None, metadata=_limit(_one_of("static", "dynamic")))
    flow_type: str | None = field(default=None, metadata=_limit(_one_of("ivr", "greeting")))
    url: str | None = field(default=None, metadata=_limit(_url))
    read_via_text: str | None = field(default=None, repr=_form, metadata=_limit(_text()))
    name: str | None = field(default=None, metadata=_limit(_text(3)))
    type: str | None = field(default=None, metadata=_limit(_one_of("trans")))
    call_duplicate_numbers: bool | None = field(default=None, metadata=_limit(_boolean))
    retries: Retries | None = field(default=None, metadata=_limit(None))
    schedule: Schedule | None = field(default=None, metadata=_limit(None))
    call_status_callback: str | None = field(default=None, metadata=_limit(_url))
    call_schedule_callback: str | None = field(default=None, metadata=_limit(_url))
    status_callback: str | None = field(default=None, metadata=_limit(_url))
    mode: str | None = field(default=None, metadata=_limit(_one_of("auto", "custom")))
    throttle: int | None = field(default=None, metadata=_limit(_whole(1)))
    custom_field: str | None = field(default=None, repr=_form, metadata=_limit(_text()))
    repeat_menu_attempts: int | None = field(default=None, metadata=_limit(_whole(0)))

    def _across(self, given: dict[str, Any], *, partial: bool) -> Iterator[FieldProblem]:
        both = [name for name in ("from", "lists") if name in given]
        if len(both) == 2 or (not both and not partial):
            yield FieldProblem("from and lists", "exactly one of the two", "both" if both else "neither")
        lists = given.get("lists")
        if given.get("campaign_type") == "dynamic" and isinstance(lists, list | tuple) and len(lists) > 1:
            yield FieldProblem("lists", "exactly 1 list id, because the campaign is dynamic", _shown("lists", lists))

    def _warnings(self, now: datetime) -> Iterator[FieldProblem]:
        numbers = self.from_ or ()
        local = sum(not re.fullmatch(r"\+[0-9]+", number) for number in numbers)
        if local:
            yield FieldProblem(
                "from", f"{PAGES['S7'].title!r} prefers E.164: +, the country code, digits alone", f"{local} others"
            )
        invalid = _invalid_by_plan(numbers)
        if invalid:
            yield FieldProblem("from", "numbers that are valid in their country's plan", f"{invalid} that are not")
        yield from schedule_warnings(self.schedule, self.channel, now)


def _invalid_by_plan(numbers: Sequence[str]) -> int:
    library = _library()
    if library is None:
        return 0
    full = (bare for bare in map(_bare, numbers) if bare.startswith("+"))
    return sum(not library.is_valid_number(library.parse(bare)) for bare in full)


Draft = MessageCampaignDraft | VoiceCampaignDraft
DRAFT_OF: Final[dict[Channel, type[Draft]]] = {
    Channel.MESSAGE: MessageCampaignDraft,
    Channel.VOICE: VoiceCampaignDraft,
}


@functools.cache
def _attribute_names(channel: Channel) -> dict[str, str]:
    """Attribute names that differ from those on the wire."""
    return {spec.name: name for name, spec in DRAFT_OF[channel].specs().items()}


def changes_to_wire(channel: Channel, changes: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[FieldProblem, ...]]:
    """Some parameters, by attribute or wire name, as they are sent in an edit; and the warnings about them.

    Raises:
        InvalidParameters: With every problem.
    """
    names = _attribute_names(channel)
    given = {names.get(name, name): value for name, value in changes.items()}
    problems = [
        FieldProblem(wire, "one value; it is given by both of its names", "two")
        for name, wire in names.items()
        if name != wire and name in changes and wire in changes
    ]
    if not given:
        problems.append(FieldProblem("edit", "at least one parameter", "nothing"))
    draft = DRAFT_OF[channel].build(given, partial=True, problems=problems)
    wire = draft.to_wire()
    warnings = tuple(found for found in draft.warnings() if found.field.partition(".")[0] in given)
    return {name: wire[name] for name in given if name in wire}, warnings
