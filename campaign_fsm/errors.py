"""The errors of this package, as a tree of classes:

    CampaignFsmError
    ├── Refused                  the write was not sent; never worth a blind retry
    │   ├── IllegalTransition    the life cycle forbids it in the status that was read
    │   │   └── IllegalTrigger   the same, by a machine of `build_machine` (also a `transitions.MachineError`)
    │   ├── AlreadyThere         the action has already taken effect
    │   ├── UnknownStatus        the status that was read is on no list
    │   ├── UnreadableRequest    the request cannot be read in exactly one way
    │   ├── StatusUnavailable    the status could not be read, or not for certain
    │   ├── CampaignBusy         another call of this process is at work on the campaign
    │   ├── ForbiddenByPolicy    it would be legal, but the team's policy is against it
    │   └── GateFailure          the gate itself failed, and so let nothing out
    ├── ApiError                 the server answered, and not with success
    │   ├── BadRequest (400)   AuthenticationError (401)   PaymentRequired (402)   Forbidden (403)
    │   ├── NotFound (404)     Conflict (409)              RateLimited (429)       ServerError (5xx)
    │   ├── UnexpectedRedirect   a 3xx, never followed
    │   └── UnexpectedAnswer     a success that cannot be read
    ├── StateConflict            something else moved the campaign between the read and the look after the write
    ├── OutcomeUnknown           whether the write took effect is unknown
    ├── ConnectionFailed         no answer; a write has not taken effect
    │   └── TimedOut
    ├── BudgetSpent              the request budget has no room in the time that was given; nothing was sent
    ├── NotReached               a status that was waited for did not come, or cannot come any more
    ├── NotOne                   a name that stands for no campaign, or for several (also a LookupError)
    ├── InvalidParameters        a draft, an edit or a schedule breaks documented limits, or an id has no form of one
    │                            (also a ValueError)
    ├── UnreadableCallback       a status callback cannot be read in exactly one way (also a ValueError)
    ├── PolicyError              a policy file cannot be read or understood (also a ValueError)
    └── ConfigurationError       a client cannot be built from these settings (also a ValueError)

Exceptions carry fields; their message is made from them. All of them survive pickling and copying. What is rebuilt
from its ``args`` alone (Celery's JSON results) is of the same class and has the message; its fields are unknown.
None of them is an `httpx` error, so nothing that retries those retries a refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, dataclass_transform

import attrs
from attrs import define, frozen

from campaign_fsm.guides import TOPICS, pointer_to
from campaign_fsm.words import listed

if TYPE_CHECKING:
    from campaign_fsm.lifecycle import Decision
    from campaign_fsm.rules import Action, Channel, Source, Status

_T = TypeVar("_T", bound=type)


@dataclass_transform(kw_only_default=True, eq_default=False)
def _error(cls: _T) -> _T:
    # `CampaignFsmError.__init__` calls what attrs makes of the fields.
    return define(init=False, slots=False, kw_only=True, eq=False, repr=False, str=False)(cls)


def _rebuild(cls: type[CampaignFsmError], fields: dict[str, Any]) -> CampaignFsmError:
    error = cls.__new__(cls)
    error.__dict__.update(fields)
    error.args = (error.message,)
    return error


# What a field without a default is where it is unknown, by its type. None for all others.
_UNKNOWN: Final = {"str": "", "int": 0, "float": 0.0, "bool": True, "tuple[Status, ...]": ()}


def _sentence(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


@_error
class CampaignFsmError(Exception):
    """The base of the errors of this package. Wrong types and values of arguments are a TypeError or a ValueError.

    Attributes:
        guide: The guide that says more: `campaign-fsm help` shows it, and a traceback names it.
    """

    guide: ClassVar[str] = "outcomes"

    def __init__(self, *args: object, **fields: Any) -> None:
        """Made of its fields; or of a message alone, by what knows no more of an exception than its ``args``.

        Args:
            *args: The message; without fields, which are unknown then.
            **fields: The fields, by the names of the attributes.
        """
        if args:
            self._text = str(args[0] if len(args) == 1 else args)
            known = attrs.fields(type(self))  # type: ignore[arg-type]
            needed = [each for each in known if each.default is attrs.NOTHING]
            fields = {each.name: _UNKNOWN.get(str(each.type)) for each in needed} | fields
        self.__attrs_init__(**fields)  # type: ignore[attr-defined]
        self.args = (self.message,)
        if self.guide in TOPICS:  # a class of a user's may have guides of its own
            self.__notes__ = [pointer_to(self.guide)]

    @property
    def message(self) -> str:
        """What happened and what to do next, made from the fields."""
        text: str | None = self.__dict__.get("_text")
        return self._from_fields() if text is None else text

    def _from_fields(self) -> str:
        return f"{type(self).__name__}."

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle by calling the class with positional args; ours have keyword-only fields.
        # What is noted on a copy is not noted on the original.
        notes = {"__notes__": [*self.__notes__]} if hasattr(self, "__notes__") else {}
        return _rebuild, (type(self), {**self.__dict__, **notes})


@_error
class Refused(CampaignFsmError):
    """The write was not sent.

    Attributes:
        code: The stable code of the reason (``CF…``); see ``campaign-fsm explain CODE``.
        reason: Why, in a sentence.
        action: What the request asked for, if that could be read.
        channel: The kind of campaign.
        campaign_id: The campaign that the request is about.
        status: The status that was read, None if none was.
        raw_status: Its spelling on the wire; only its length where it is on no list and no short word.
        sources: The vendor's statements that the refusal rests on.
        legal_actions: What is legal in that status.
        route: The shortest legal way to what the action is for; None where there is none.
        decision: The whole decision, where the life cycle refused.
        advice: What to do instead.
    """

    code: str
    reason: str
    action: Action | None = None
    channel: Channel | None = None
    campaign_id: str | None = None
    status: Status | None = None
    raw_status: str | None = None
    sources: tuple[Source, ...] = ()
    legal_actions: tuple[Action, ...] = ()
    route: tuple[Action, ...] | None = None
    decision: Decision | None = None
    advice: str = ""

    def _from_fields(self) -> str:
        what = self.action or "the write"
        about = f" of {self.channel} campaign {self.campaign_id}" if self.campaign_id and self.channel else ""
        source = f"Rule: {self.sources[0]}." if self.sources else None
        return _sentence(f"{what}{about} was not sent [{self.code}]: {self.reason}", source, self.advice)


@_error
class IllegalTransition(Refused):
    """The life cycle forbids the action in the status that was read."""


@_error
class AlreadyThere(Refused):
    """The action has already taken effect; repeating it would change nothing."""


@_error
class UnknownStatus(Refused):
    """The status that was read is on no list of the vendor's, so every write is refused."""


@_error
class UnreadableRequest(Refused):
    """The request cannot be read in exactly one way, so what it would do is unknown."""

    guide: ClassVar[str] = "gate"


@_error
class StatusUnavailable(Refused):
    """The status could not be read, or not for certain, so the write was not sent.

    Attributes:
        status_code: The status code of the answer, None without one.
        request_id: The vendor's id of the failed read.
        retry_after: Seconds that the server asked to wait; None if it did not ask.
        no_answer: Whether the last try ended in a time-out or a broken connection.
    """

    status_code: int | None = None
    request_id: str | None = None
    retry_after: float | None = None
    no_answer: bool = False


@_error
class CampaignBusy(Refused):
    """Another call of this process is at work on the campaign, between its read and its answer.

    ``CF801``: this call comes from inside that one (a callback, a log or signal handler, a finalizer, a
    greenlet, a task or thread that inherits its context), so waiting would be for ever. ``CF802``: it, or others that
    went first, took longer than the ``deadline``. ``CF803``: the process was forked while this call was at work, and it
    goes on in the parent.

    Attributes:
        holder: What is at work, and in which thread; empty if it is not one call (``CF803``, others that went first).
        seconds: For how many seconds it has been.
    """

    guide: ClassVar[str] = "gate"

    holder: str = ""
    seconds: float = 0.0


@_error
class ForbiddenByPolicy(Refused):
    """The life cycle allows the write, but the team's policy is against it.

    Attributes:
        violations: The codes of everything that the policy has against it; `code` is the first.
        origin: The file that the policy was read from.
    """

    guide: ClassVar[str] = "policy"

    violations: tuple[str, ...] = ()
    origin: str = ""


@_error
class GateFailure(Refused):
    """The gate itself failed. That is a bug; the write was not sent."""


@_error
class ApiError(CampaignFsmError):
    """The server answered, and not with success.

    Attributes:
        status_code: The status code; of the item, where a 200 holds a failed item.
        method: The HTTP method of the request.
        campaign_id: The campaign that the request was about, if it was about one.
        request_id: The vendor's id of the request, for its support.
        error_code: The vendor's own error code.
        description: The vendor's text, at most 300 characters.
        retry_after: Seconds that the server asked to wait; None if it did not ask.
        hint: What this usually means and what to do.
    """

    status_code: int
    method: str
    campaign_id: str | None = None
    request_id: str | None = None
    error_code: str | None = None
    description: str | None = None
    retry_after: float | None = None
    hint: str = ""

    def _from_fields(self) -> str:
        about = f" campaign {self.campaign_id}" if self.campaign_id else ""
        code = f"code {self.error_code}" if self.error_code else None
        detail = ", ".join(part for part in (code, self.description) if part)
        request = f"(request id {self.request_id})" if self.request_id else None
        wait = f"The server asks to wait {self.retry_after:g} s." if self.retry_after is not None else None
        head = f"{self.method}{about} was answered with {self.status_code}{': ' + detail if detail else ''}"
        return _sentence(f"{head} {request}." if request else f"{head}.", wait, self.hint)


@_error
class BadRequest(ApiError):
    """400: the server calls the request malformed, or (undocumented) the action illegal."""


@_error
class AuthenticationError(ApiError):
    """401: wrong key or token, or the account lives in the other region."""


@_error
class PaymentRequired(ApiError):
    """402: the plan or the balance does not allow it."""


@_error
class Forbidden(ApiError):
    """403: the account has no access."""


@_error
class NotFound(ApiError):
    """404: no such campaign here."""


@_error
class Conflict(ApiError):
    """409: a state conflict or a concurrent update, and the action would still be legal."""


@_error
class RateLimited(ApiError):
    """429: too many requests; `retry_after` says how long to wait."""


@_error
class ServerError(ApiError):
    """5xx: the server's own failure."""


@_error
class UnexpectedRedirect(ApiError):
    """3xx: the API documents none, and following one would send the write again."""


@_error
class UnexpectedAnswer(ApiError):
    """A success that cannot be read in exactly one way, or is about something else."""


@_error
class StateConflict(CampaignFsmError):
    """The campaign was moved by another client, a person or the platform between the read and the write.

    Attributes:
        action: What was asked for.
        campaign_id: The campaign.
        seen: The status that made the action legal.
        now: The status that a read after the write found.
        who: Who may have moved it, in words.
        rejection: What the server answered, as an error that was not raised; None if it claimed a success that could be
            read, or gave no answer.
        perhaps_applied: Whether the write itself may have taken effect before the campaign was moved on: its answer was
            lost, or claimed success.
    """

    action: Action
    campaign_id: str
    seen: Status
    now: Status
    who: str
    rejection: ApiError | None = None
    perhaps_applied: bool = False

    def _from_fields(self) -> str:
        rejection = f"The server answered: {self.rejection.message}" if self.rejection else None
        return _sentence(
            f"{self.action} of campaign {self.campaign_id} was overtaken: it was {self.seen} when read and is "
            f"{self.now} now.",
            f"It may have been moved by {self.who}.",
            f"The {self.action} itself may have taken effect before that." if self.perhaps_applied else None,
            rejection,
            "Look at the campaign before the next action.",
        )


@_error
class OutcomeUnknown(CampaignFsmError):
    """The write was sent, and whether it took effect is unknown.

    It may still take effect. Read the campaign, or after a create list the campaigns, a minute later, and decide then.

    Attributes:
        action: What was asked for.
        campaign_id: The campaign; None for a create.
        seen: The status before the write.
        now: The last status read after it, None if none could be read.
        why: What went wrong.
        candidates: Ids of campaigns that a create of unknown outcome may have made.
    """

    action: Action
    campaign_id: str | None
    seen: Status | None
    now: Status | None = None
    why: str
    candidates: tuple[str, ...] = ()

    def _from_fields(self) -> str:
        if self.campaign_id is None:
            candidates = f"It may be one of {', '.join(self.candidates)}." if self.candidates else None
            return _sentence(
                f"The outcome of {self.action} is unknown: {self.why}",
                candidates,
                "It was not sent again; list the campaigns before repeating it.",
            )
        state = f"It was {self.seen} before" if self.seen else "Its status before is not known"
        after = f" and still reads {self.now}." if self.now else "; it could not be read since."
        return _sentence(
            f"The outcome of {self.action} of campaign {self.campaign_id} is unknown: {self.why}",
            state + after,
            "Nothing was sent again; read the campaign before repeating anything.",
        )


@_error
class ConnectionFailed(CampaignFsmError):
    """No answer came. A write has not taken effect: the connection never opened, or a read has shown that.

    It may be tried again.

    Attributes:
        method: The HTTP method of the request.
        host: The host that was asked.
        why: The class of the failure and its text.
        sent: Whether the request may have reached the server; False only where it certainly has not.
        outcome: What a read after the failure found out about a write.
        transient: Whether the same request may well succeed a little later.
        too_large: Whether there was an answer, and it was larger than what is read of one: 4 MiB, encoded 256 KiB.
    """

    method: str
    host: str
    why: str
    sent: bool = True
    outcome: str = ""
    transient: bool = True
    too_large: bool = False

    def _from_fields(self) -> str:
        return _sentence(f"{self.method} to {self.host} got no answer: {self.why.rstrip('.')}.", self.outcome)


@_error
class TimedOut(ConnectionFailed):
    """No answer came in time."""


@_error
class BudgetSpent(CampaignFsmError):
    """The account's request budget is used up for longer than the call may wait; nothing was sent.

    Attributes:
        account: The account.
        host: The host.
        seconds: After how many seconds there would be room.
    """

    account: str
    host: str
    seconds: float

    def _from_fields(self) -> str:
        return (
            f"The request budget of account {self.account} on {self.host} is used up for another {self.seconds:.0f} s, "
            "longer than this call may wait; nothing was sent."
        )


@_error
class NotReached(CampaignFsmError):
    """A campaign that was waited for did not get to the status.

    Attributes:
        campaign_id: The campaign.
        goal: The statuses that were waited for.
        now: The last status that was read, None if none was.
        reachable: Whether it can still get there; if not, waiting longer is no use.
        waited: How long it was waited for, in seconds.
    """

    guide: ClassVar[str] = "client"

    campaign_id: str
    goal: tuple[Status, ...]
    now: Status | None
    reachable: bool
    waited: float

    def _from_fields(self) -> str:
        goal = listed(self.goal, "or")
        if not self.reachable:
            return f"Campaign {self.campaign_id} is {self.now}, and no documented way leads from there to {goal}."
        state = f"it is {self.now}" if self.now else "its status could not be read"
        return f"Campaign {self.campaign_id} was not {goal} within {self.waited:.3g} s; {state}."


@_error
class NotOne(CampaignFsmError, LookupError):
    """A name does not stand for exactly one campaign.

    Attributes:
        name: The name that was looked for.
        matches: The ids of the campaigns with exactly this name, at most ten.
    """

    guide: ClassVar[str] = "client"

    name: str
    matches: tuple[str, ...] = ()

    def _from_fields(self) -> str:
        if not self.matches:
            return f"No campaign has exactly the name {self.name!r}; check its spelling, the account and the channel."
        return (
            f"{len(self.matches)} campaigns or more have the name {self.name!r}: {', '.join(self.matches)}. Use an id."
        )


@frozen
class FieldProblem:
    """What is wrong with one parameter.

    Attributes:
        field: Its name on the wire; parts of nested ones with a dot.
        rule: What the vendor's pages ask for.
        given: What was given, of phone numbers and texts only their form; empty if that says nothing.
    """

    field: str
    rule: str
    given: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.rule}{f' (given: {self.given})' if self.given else ''}"


@_error
class InvalidParameters(CampaignFsmError, ValueError):
    """Parameters break the documented limits, or an id is not of the documented form; nothing was sent.

    Attributes:
        what: What they are parameters of.
        problems: Every field's problem.
    """

    guide: ClassVar[str] = "client"

    what: str
    problems: tuple[FieldProblem, ...] = ()

    def _from_fields(self) -> str:
        listed = "; ".join(str(problem) for problem in self.problems)
        return f"The {self.what} cannot be sent: {listed}{'' if listed.endswith('?') else '.'}"


@_error
class UnreadableCallback(CampaignFsmError, ValueError):
    """The body of a status callback cannot be read in exactly one way.

    Attributes:
        reason: What is wrong with it.
    """

    guide: ClassVar[str] = "client"

    reason: str

    def _from_fields(self) -> str:
        return f"The status callback cannot be used: {self.reason}. Read the campaign instead."


@_error
class PolicyError(CampaignFsmError, ValueError):
    """A policy file cannot be read, or says something that is not understood.

    Attributes:
        path: The file.
        line: The line, from 1; 0 if there is none to name.
        key: The key, empty if it is about the whole file.
        reason: What is wrong, and what there is instead.
    """

    guide: ClassVar[str] = "policy"

    path: str
    line: int
    key: str = ""
    reason: str

    def _from_fields(self) -> str:
        where = f"{self.path}{f':{self.line}' if self.line else ''}: {f'{self.key}: ' if self.key else ''}"
        return f"{where}{self.reason}{'' if self.reason.endswith('?') else '.'}"


@_error
class ConfigurationError(CampaignFsmError, ValueError):
    """A client cannot be built from these settings.

    Attributes:
        setting: The argument or environment variable.
        problem: What is wrong with it and what to do.
    """

    guide: ClassVar[str] = "getting-started"

    setting: str
    problem: str

    def _from_fields(self) -> str:
        return f"{self.setting}: {self.problem}"
