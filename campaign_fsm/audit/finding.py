"""What an audit finds: one model, which every writer shows."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen

from campaign_fsm.rules import Action, Channel, Source, Status


class Level(StrEnum):
    """How bad a finding is. `ERROR` and `WARNING` fail an audit, `NOTE` does not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@frozen(order=True)
class Place:
    """Where a finding is.

    Attributes:
        path: The file, as it was given.
        line: The line, from 1; 0 where the format has none.
        entry: The entry of a HAR file or a cassette, or the step of a runbook, from 1; 0 where the
            format is one of lines.
    """

    path: str
    line: int = 0
    entry: int = 0

    @property
    def in_words(self) -> str:
        """The same as a sentence begins with: ``log.jsonl, line 5``."""
        where = f"line {self.line}" if self.line else f"entry {self.entry}" if self.entry else ""
        return ", ".join(filter(None, (self.path, where)))

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        return f"{self.path}{line}{f' (entry {self.entry})' if self.entry else ''}"


@frozen
class Finding:
    """One finding.

    Attributes:
        code: Its stable code (``CF…``); ``campaign-fsm explain CODE`` says more.
        level: How bad it is.
        message: What was found, in one sentence, without secrets, numbers and texts.
        place: Where.
        advice: What to do instead, in one sentence; may be empty.
        sources: The vendor's statements that it rests on; empty where it rests on a policy.
        channel: The kind of campaign.
        campaign: The campaign's id.
        action: What was asked for.
        status: The last known status before it.
        at: When it was sent, as recorded.
        sent: Whether the request was sent.
        status_code: What the server answered; None if nothing is known of it.
        fingerprint: Sixteen hex digits that stay the same when a file of the same name is recorded anew, or
            gets other lines around it: a suppression or a baseline names a finding by it.
    """

    code: str
    level: Level
    message: str
    place: Place
    advice: str = ""
    sources: tuple[Source, ...] = ()
    channel: Channel | None = None
    campaign: str | None = None
    action: Action | None = None
    status: Status | None = None
    at: str | None = None
    sent: bool = True
    status_code: int | None = None
    fingerprint: str = field(default="")

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """The rules that it rests on, and what to do instead, as labels and sentences."""
        rules = [("rule", f"{source.statement} <{source.page.url}>") for source in self.sources]
        return [*rules, *([("instead", self.advice)] if self.advice else [])]
