"""What is played in front of the recorders: requests to a simulated account, and to another host in between."""

from __future__ import annotations

import base64
import json
from typing import Any

from attrs import frozen

from campaign_fsm.simulator import Fault

from .world import StoryAccount

ACCOUNT = "acme1"
BASIC = "Basic " + base64.b64encode(b"key:token").decode()
_COLLECTION = {"message": "message-campaigns", "voice": "campaigns"}
_AT_THE_SAME_TIME = 0.25
"""Seconds after which the second of two requests is sent, while the first has no answer yet."""


@frozen
class Sent:
    """One request of a story.

    Attributes:
        method: The HTTP method.
        body: Its body; None for none.
        path: Where it goes, of another host; None for the campaign itself.
        type: What its body is.
        after: How many seconds after the first request of its step it is sent.
    """

    method: str
    body: bytes | None = None
    path: str | None = None
    type: str = "application/json"
    after: float = 0.0


@frozen
class Story:
    """One campaign's life, as one client lives it.

    Attributes:
        name: Its name, and that of its recording.
        says: What it is about, in one sentence.
        steps: The requests; those of one step are under way together.
        channel: The kind of campaign.
        findings: The codes that an audit has to find, in the order of the requests.
        fault: What happens to the first write.
        zipped: Whether the answers are compressed.
    """

    name: str
    says: str
    steps: tuple[tuple[Sent, ...], ...]
    channel: str = "message"
    findings: tuple[str, ...] = ()
    fault: Fault | None = None
    zipped: bool = False

    @property
    def campaign(self) -> str:
        return f"camp_{self.name}"

    @property
    def campaigns(self) -> dict[str, tuple[str, ...]]:
        """Its campaigns, of each channel."""
        return {self.channel: (self.campaign,)}

    @property
    def ordered(self) -> bool:
        """Whether each request is sent when the one before it has been answered."""
        return all(len(together) == 1 for together in self.steps)

    @property
    def length(self) -> int:
        """How many requests are about the campaign."""
        return sum(sent.path is None for together in self.steps for sent in together)

    def begin(self, account: StoryAccount) -> None:
        """Put its campaign into the account."""
        account.add("in-progress", channel=self.channel, id=self.campaign, name=f"Story {self.name}")
        if self.fault is not None:
            account.fault(self.fault, method="PUT", id=self.campaign, seconds=2.4 * _AT_THE_SAME_TIME)
        if self.fault is Fault.LOST_AFTER:
            account.closing.add(self.campaign)
        if self.zipped:
            account.zipped.add(self.campaign)

    def plan(self, account_url: str, elsewhere_url: str) -> dict[str, Any]:
        """The same for a driver, which is a process of its own."""
        campaign = f"{account_url}/v2/accounts/{ACCOUNT}/{_COLLECTION[self.channel]}/{self.campaign}"
        steps = [
            [
                {
                    "method": sent.method,
                    "url": campaign if sent.path is None else elsewhere_url + sent.path,
                    "headers": _headers(sent),
                    "body": None if sent.body is None else base64.b64encode(sent.body).decode(),
                    "after": sent.after,
                }
                for sent in together
            ]
            for together in self.steps
        ]
        return {"name": self.name, "steps": steps}


def _headers(sent: Sent) -> dict[str, str]:
    headers = {"Accept": "*/*"} if sent.path else {"Accept": "application/json", "Authorization": BASIC}
    return headers if sent.body is None else {**headers, "Content-Type": sent.type}


def _act(action: str, channel: str = "message", after: float = 0.0) -> Sent:
    document = {"campaigns": [{"action": action}]} if channel == "voice" else {"action": action}
    return Sent("PUT", json.dumps(document).encode(), after=after)


_READ = (Sent("GET"),)
_PAUSE, _COMPLETE, _ARCHIVE = ((_act(action),) for action in ("pause", "complete", "archive"))
_LEGAL = (_READ, _PAUSE, _READ, _COMPLETE, _READ, _ARCHIVE, _READ)

STORIES = (
    Story("legal", "a campaign is paused, completed and archived, and read in between", _LEGAL),
    Story(
        "illegal",
        "it is completed while it is in progress, and archived before it is completed",
        (
            _READ,
            (_act("complete", "voice"),),
            _READ,
            (_act("pause", "voice"),),
            (_act("archive", "voice"),),
            (_act("complete", "voice"),),
            _READ,
        ),
        channel="voice",
        findings=("CF224", "CF226"),
    ),
    Story(
        "overlap",
        "it is read while the pause is under way, which is answered last",
        (_READ, (_act("pause"), Sent("GET", after=_AT_THE_SAME_TIME)), _COMPLETE, _READ),
        fault=Fault.STALL,
    ),
    Story(
        "race",
        "it is completed while the pause is under way, which is answered last",
        (_READ, (_act("pause"), _act("complete", after=_AT_THE_SAME_TIME)), _ARCHIVE, _READ),
        fault=Fault.STALL,
    ),
    Story("zipped", "the answers are compressed", _LEGAL, zipped=True),
    Story(
        "elsewhere",
        "requests to another host stand in between, whose bodies are of every kind",
        (
            (Sent("GET", path="/picture.png"),),
            _READ,
            (Sent("POST", bytes(range(256)), path="/upload", type="application/octet-stream"),),
            _COMPLETE,
            (Sent("POST", b"a=1&b=%E4", path="/nothing", type="application/x-www-form-urlencoded"),),
            (Sent("GET", path="/latin"),),
            (Sent("GET", path="/moved"),),
            _PAUSE,
            (Sent("GET", path="/gone"),),
            (Sent("DELETE", path="/nothing"),),
            _COMPLETE,
        ),
        findings=("CF224",),
    ),
    Story(
        "lost",
        "the answer to the pause is lost, and the campaign is read before anything else is sent",
        (_READ, _PAUSE, _READ, _COMPLETE, _READ),
        fault=Fault.LOST_AFTER,
    ),
)


@frozen
class Walk:
    """Requests that a tool makes up, to several campaigns of both channels."""

    name: str = "walk"
    says: str = "whatever the tool makes up"
    credentials: str = "key:token"
    examples: int = 60
    findings: None = None
    ordered: bool = True
    length: None = None

    @property
    def campaigns(self) -> dict[str, tuple[str, ...]]:
        return {channel: tuple(f"camp_{channel}_{number}" for number in range(4)) for channel in _COLLECTION}

    def begin(self, account: StoryAccount) -> None:
        """Put its campaigns into the account."""
        for channel, campaigns in self.campaigns.items():
            for campaign in campaigns:
                account.add("in-progress", channel=channel, id=campaign)

    def description(self) -> dict[str, Any]:
        """What may be asked of these campaigns, as OpenAPI has it."""
        answers = {code: {"description": "An answer."} for code in ("200", "409")}
        paths = {}
        for channel, campaigns in self.campaigns.items():
            item = {
                "type": "object",
                "properties": {"action": {"enum": ["pause", "resume", "complete", "archive"]}},
                "required": ["action"],
                "additionalProperties": False,
            }
            body = {"required": True, "content": {"application/json": {"schema": item}}}
            campaign = {"name": "campaign", "in": "path", "required": True, "schema": {"enum": list(campaigns)}}
            paths[f"/v2/accounts/{ACCOUNT}/{_COLLECTION[channel]}/{{campaign}}"] = {
                "parameters": [campaign],
                "get": {"responses": answers},
                "put": {"requestBody": body, "responses": answers},
            }
        return {"openapi": "3.0.3", "info": {"title": "Campaigns", "version": "2"}, "paths": paths}
