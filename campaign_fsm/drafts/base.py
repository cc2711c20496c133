"""What both kinds of draft share: problems, warnings, and the ways from and to the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs
from attrs import frozen

from campaign_fsm.drafts.limits import Check, kept, numbers
from campaign_fsm.drafts.names import OTHER_NAMES, OtherName
from campaign_fsm.drafts.preview import form, preview
from campaign_fsm.drafts.retries import RETRIES, Retries, check_retries
from campaign_fsm.drafts.schedule import check_schedule, schedule_of, schedule_to_wire
from campaign_fsm.errors import FieldProblem, InvalidParameters
from campaign_fsm.private import word
from campaign_fsm.rules import Channel
from campaign_fsm.wire.campaign import SPELLED_AS, Campaign
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, Schedule, parse_time
from campaign_fsm.words import did_you_mean

if TYPE_CHECKING:
    Spec = attrs.Attribute[Any]
else:
    Spec = attrs.Attribute  # which takes no parameters when the program runs


def _sent(value: Any, channel: Channel) -> Any:
    """A value as it stands in JSON."""
    match value:
        case Schedule():
            return schedule_to_wire(value, channel)
        case Retries():
            return {name: _sent(part, channel) for name in RETRIES if (part := getattr(value, name)) is not None}
        case tuple():
            return list(value)
    return value


def limit(check: Check | None, *, wire: str = "", required: bool = False) -> dict[str, Any]:
    """What a field has to keep to, and its name on the wire where that differs."""
    return {"check": check, "wire": wire, "required": required}


@frozen(kw_only=True)
class BaseDraft:
    """What both kinds of draft share. Problems are found when a draft is made, all at once."""

    channel: ClassVar[Channel]
    """The kind of campaign."""

    def __attrs_post_init__(self) -> None:
        problems = tuple(self.problems(partial=False))
        if problems:
            raise InvalidParameters(what=f"{self.channel} campaign", problems=problems)

    @classmethod
    def specs(cls) -> dict[str, Spec]:
        """The fields of the class, by their names on the wire."""
        fields = attrs.fields_dict(cls)
        return {spec.metadata["wire"] or name: spec for name, spec in fields.items()}

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, spec.name) for name, spec in self.specs().items()}

    def problems(self, *, partial: bool) -> Iterator[FieldProblem]:
        """What breaks a documented limit.

        Args:
            partial: Whether it is for an edit of some parameters only, which may lack what is required.
        """
        values = self._values()
        for name, value in values.items():
            spec = self.specs()[name]
            if value is None:
                if spec.metadata["required"] and not partial:
                    yield FieldProblem(name, "it is required")
            elif name == "schedule":
                yield from check_schedule(value, self.channel)
            elif name == "retries":
                yield from check_retries(value)
            else:
                for rule in spec.metadata["check"](value):
                    yield FieldProblem(name, rule, preview(name, value))
        yield from self._across({name: value for name, value in values.items() if value is not None}, partial=partial)

    def _across(self, given: dict[str, Any], *, partial: bool) -> Iterator[FieldProblem]:
        raise NotImplementedError

    def warnings(self, now: datetime | None = None, *, partial: bool = False) -> tuple[FieldProblem, ...]:
        """What the vendor's pages state loosely or contradict each other about, and what is most likely a slip.

        Args:
            now: An aware datetime; the local clock if None.
            partial: Whether it is for an edit of some parameters only: nothing is missed that it leaves out.
        """
        return tuple(self._warnings(now or datetime.now(UTC), partial=partial))

    def _warnings(self, now: datetime, *, partial: bool) -> Iterator[FieldProblem]:
        raise NotImplementedError

    def to_wire(self) -> dict[str, Any]:
        """The parameters by their names on the wire, as they are sent, without what is not set."""
        return {name: _sent(value, self.channel) for name, value in self._values().items() if value is not None}

    @classmethod
    def from_wire(cls, parameters: Mapping[str, Any]) -> Self:
        """A draft from parameters in the vendor's own names, as in a JSON file.

        Args:
            parameters: The parameters, by their names on the wire.

        Raises:
            InvalidParameters: With every problem, unknown names and missing ones included.
        """
        return cls.build(parameters, partial=False)

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """The draft that a campaign shows: change it with `attrs.evolve`, and send it as a whole edit.

        Args:
            campaign: The campaign, as it was read.

        Raises:
            InvalidParameters: The server does not show everything that a draft needs.
        """
        values: dict[str, Any] = {**campaign.raw, **campaign.callbacks, "schedule": schedule_of(campaign)}
        read = {"name": campaign.name, "template": campaign.template, "lists": campaign.lists or None}
        values |= {key: value for key, value in read.items() if value is not None}
        for name, spelling in SPELLED_AS.items():
            if values.get(spelling) is not None:
                values[name] = values[spelling]
        known = cls.specs()
        return cls.build(
            {key: value for key, value in values.items() if key in known and value is not None}, partial=False
        )

    @classmethod
    def build(cls, parameters: Mapping[str, Any], *, partial: bool, problems: Sequence[FieldProblem] = ()) -> Self:
        """A draft from parameters in wire names; a partial one may lack what is required.

        Args:
            parameters: What is given.
            partial: Whether it is for an edit of some parameters only.
            problems: What is known to be wrong already.

        Raises:
            InvalidParameters: With every problem, unknown names included.
        """
        specs = cls.specs()
        wrong = list(problems)
        values: dict[str, Any] = {}
        unread: set[str] = set()
        for name, value in parameters.items():
            if name in specs:
                misread: list[FieldProblem] = []
                values[name] = _from_wire(name, value, cls.channel, misread)
                # A part that could not even be read is not reported a second time as a whole.
                unread |= {name, *(problem.field for problem in misread)} if misread else set()
                wrong += misread
            else:
                wrong += cls._stranger(_key(name), value)
                other = OTHER_NAMES[cls.channel].get(_key(name))
                # What is given by another name alone is not missed as well.
                unread |= {other.means} - parameters.keys() if other else set()
        draft = cls.__new__(cls)
        for name, spec in specs.items():
            object.__setattr__(draft, spec.name, kept(values.get(name)))
        wrong += [problem for problem in draft.problems(partial=partial) if problem.field not in unread]
        if partial:
            # No page says how a parameter is taken back, so none is sent as null.
            rule = "a value; no page shows how to unset one"
            wrong += [FieldProblem(name, rule, "None") for name in specs if name in values and values[name] is None]
        if wrong:
            what = f"edit of a {cls.channel} campaign" if partial else f"{cls.channel} campaign"
            raise InvalidParameters(what=what, problems=tuple(wrong))
        return draft

    @classmethod
    def _stranger(cls, name: str, value: object) -> Iterator[FieldProblem]:
        if name == "channel" and cls.channel is Channel.MESSAGE:
            if value != "SMS":
                yield FieldProblem(name, "SMS, in capitals", preview(name, value))
            return
        other = OTHER_NAMES[cls.channel].get(name)
        meant = str(other) if other else did_you_mean(name, cls.specs())
        if (nested := _nested(name, cls.channel)) is not None:
            meant = f"{other}; {nested}" if other else nested
        yield FieldProblem(".".join(map(word, name.split("."))), f"no such parameter{meant and f'; {meant}'}")


def _nested(name: str, channel: Channel) -> str | None:
    """How a part is given that was named with a dot; None for what is no part of a schedule or of retries."""
    whole, dot, _ = name.partition(".")
    kinds = {"schedule": SCHEDULE_KEYS[channel]} | ({"retries": tuple(RETRIES)} if channel is Channel.VOICE else {})
    if not dot or whole not in kinds:
        return None
    other = OTHER_NAMES[channel].get(name)
    key = (other.means if other else name).partition(".")[2]
    if key not in kinds[whole]:
        return f"{whole} has {', '.join(kinds[whole])}"
    value = '"…"' if whole == "schedule" else "…"
    made = f"{whole}={whole.capitalize()}(…)"
    return f"""it is given in {whole}: --set '{whole}={{"{key}": {value}}}', or in Python {made}"""


def _from_wire(name: str, value: Any, channel: Channel, problems: list[FieldProblem]) -> Any:
    """A value as it stands in JSON, as what the draft's class holds."""
    if name == "schedule" and isinstance(value, Mapping):
        keys = SCHEDULE_KEYS[channel]
        problems += _strangers(name, value, keys, OTHER_NAMES[channel])
        parts = []
        for key in keys:
            part = value.get(key)
            parsed = part if isinstance(part, datetime) else parse_time(part)
            if part is not None and parsed is None:
                rule = "a time with an offset, as in 2026-11-23T10:00:00+05:30"
                problems.append(FieldProblem(f"schedule.{key}", rule, preview(key, part)))
            parts.append(parsed)
        return Schedule(*parts)
    if name == "retries" and isinstance(value, Mapping):
        problems += _strangers(name, value, tuple(RETRIES), {})
        given: dict[str, Any] = {key: value.get(key) for key in RETRIES}
        return Retries(**given)
    return numbers(value) if name == "from" else value


def _key(key: object) -> str:
    return key if isinstance(key, str) else form(key)


def _strangers(
    name: str, value: Mapping[str, Any], keys: tuple[str, ...], others: Mapping[str, OtherName]
) -> Iterator[FieldProblem]:
    for key in value:
        if key not in keys:
            meant = others.get(f"{name}.{_key(key)}") or f"there are {', '.join(keys)}"
            yield FieldProblem(f"{name}.{word(_key(key))}", f"no such parameter; {meant}")
