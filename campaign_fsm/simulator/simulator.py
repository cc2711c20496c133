"""The simulator: the account behind its API, with faults and a rate limit on the way to it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from campaign_fsm.rules import Status
from campaign_fsm.simulator import api, replies
from campaign_fsm.simulator.account import Account, is_count
from campaign_fsm.simulator.answers import Request, Result
from campaign_fsm.simulator.faults import UNANSWERED, Fault, Faults, Planned
from campaign_fsm.simulator.limit import MinuteCount
from campaign_fsm.simulator.replies import Reply
from campaign_fsm.wire.target import read_target
from campaign_fsm.words import listed

UNAUTHORIZED_AS: Final = ("envelope", "rest-exception")


class Simulator(Account):
    """The documented campaign API of one account, in memory. May be shared by threads; a fork has a copy.

    It posts no callbacks: their URLs are kept, and never called. No page lists the codes and the words of errors about
    campaigns: each error has its own here, and says so. Nor does a page say which errors come as a
    ``RestException``: here those of unknown paths and of rate limits do.

    Args:
        account_sid: The account.
        api_key: The key that requests have to show.
        api_token: The token that goes with it.
        now: Where the virtual clock starts, an aware datetime; it stands still until it is moved.
        live: Let the clock run with the real one.
        illegal_status_code: The status code of an illegal action, 400 to 499; no page says which it is.
        at_end: What the end time does to a campaign in progress, which the pages contradict each
            other about: ``"completed"`` (CF302) or ``"paused"`` (CF306).
        paused_at_end: What it does to a paused one, about which they differ too: ``"canceled"`` (CF305), or
            ``"paused"``, for it waits to be resumed or completed (https://developer.exotel.com/docs/faqs/campaign-faqs).
        resume_before_start: The status after a resume before the start: ``"in-progress"`` (CF104), ``"created"``, or
            ``"paused"``. The last two go on at the start. ``"paused"`` is only for a resume whose schedule has a start
            ahead (https://developer.exotel.com/docs/campaign-guides/campaign-scheduling); any other leads to
            in-progress then.
        campaigns_mandatory: Answer 400 to call campaigns' bodies that are not wrapped in ``campaigns``. One client has
            seen that for a PUT, and no page says so; creates are treated alike.
        unauthorized_as: The form of the 401 for wrong credentials, ``"envelope"`` or ``"rest-exception"``; no page
            says which.
        rate_limit: How many requests it takes in a minute of its clock before it answers 429; its answers
            then carry ``X-RateLimit-*``. None for no limit.
        journal_limit: How many entries the journal keeps, the newest ones; `journal_dropped` counts the
            others. None keeps all.

    Attributes:
        campaigns: What the account stores, by id. `listed` has copies of it, for other threads.

    Raises:
        ValueError: A number is out of its range, or a status or a form is none of those named here.
        TypeError: `live` or `campaigns_mandatory` is no boolean.
    """

    def __init__(
        self,
        *,
        account_sid: str = "acme1",
        api_key: str = "key",
        api_token: str = "token",  # noqa: S107 (of a simulated account)
        now: datetime | None = None,
        live: bool = False,
        illegal_status_code: int = 409,
        at_end: str = "completed",
        paused_at_end: str = "canceled",
        resume_before_start: str = "in-progress",
        campaigns_mandatory: bool = False,
        unauthorized_as: str = "envelope",
        rate_limit: int | None = None,
        journal_limit: int | None = None,
    ) -> None:
        super().__init__(
            account_sid=account_sid,
            now=now,
            live=live,
            illegal_status_code=illegal_status_code,
            at_end=at_end,
            paused_at_end=paused_at_end,
            resume_before_start=resume_before_start,
            campaigns_mandatory=campaigns_mandatory,
            journal_limit=journal_limit,
        )
        if rate_limit is not None and not is_count(rate_limit):
            raise ValueError(f"rate_limit must be 1 or more, not {rate_limit!r}")
        if unauthorized_as not in UNAUTHORIZED_AS:
            raise ValueError(
                f"unauthorized_as must be {listed(map(repr, UNAUTHORIZED_AS), 'or')}, not {unauthorized_as!r}"
            )
        self.api_key, self.api_token = api_key, api_token
        self.unauthorized_as = unauthorized_as
        self.rate_limit = rate_limit
        self._count = MinuteCount()
        self._faults = Faults()

    # Faults

    def fault(
        self,
        kind: Fault | str,
        *,
        method: str | None = None,
        id: str | None = None,  # noqa: A002 (the API's own name)
        times: int = 1,
        after: int = 0,
        seconds: float = 0.0,
        retry_after: int | None = 1,
        status_code: int | None = None,
        to_status: Status | str | None = None,
    ) -> None:
        """Plan a fault for the next requests with this method and campaign.

        Args:
            kind: A `Fault` or its string.
            method: Only for this HTTP method; None for any.
            id: Only for the campaign with this id; None for any request.
            times: How many requests it strikes.
            after: How many matching requests it lets pass first.
            seconds: How long a stall lasts, at most a day.
            retry_after: The header of a 429, in seconds; None leaves it out.
            status_code: The status code of a server error (None is 503) or a rejection (None is 403).
            to_status: The status that another client gives the campaign right after the request, for `Fault.MOVED`.

        Raises:
            ValueError: There is no such fault, a value is out of its range, or `to_status` is missing.
        """
        with self._lock:
            self._faults.plan(
                kind,
                method=method,
                id=id,
                times=times,
                after=after,
                seconds=seconds,
                retry_after=retry_after,
                status_code=status_code,
                to_status=to_status,
            )

    @property
    def faults(self) -> tuple[Planned, ...]:
        """The faults that have not struck yet, as they stand."""
        with self._lock:
            return self._faults.waiting()

    def clear_faults(self) -> None:
        """Forget the faults that have not struck yet."""
        with self._lock:
            self._faults.clear()

    def reset(self) -> None:
        """Go back to the campaigns and the time before the first request; empty the journal, forget faults and
        the requests that the rate limit has counted.

        What is added from then on gets the same ids as the first time.
        """
        with self._lock:
            super().reset()
            self._faults.clear()
            self._count.clear()

    # Requests

    def handle(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> Reply:
        """Answer one request as the documented API would, with the next fault that is planned for it.

        Args:
            method: The HTTP method.
            target: The path and the query, as they stand in the request.
            headers: Names and values.
            body: The bytes of the body.
        """
        given = {name.lower(): value for name, value in headers}
        with self._lock:
            self.begin()
            self._catch_up()
            request = self._arrived(method, target, body)
            campaign_id = request.target.id if request.target else None
            fault = self._faults.strike(method, campaign_id)
            campaign, now = request.campaign, self.now
            before = campaign.status if campaign else None
            result = self._answer(request, given.get("authorization"), fault, now)
            unanswered = fault is not None and fault.kind in UNANSWERED
            self._journal.write(
                "request",
                now,
                method=method,
                path=target,
                channel=request.target.channel if request.target else None,
                id=campaign_id or result.made,
                action=result.action,
                status_before=before,
                status_after=campaign.status if campaign else None,
                legal=result.legal,
                applied=result.applied,
                status_code=None if unanswered else result.status_code,
                fault=fault.kind if fault else None,
                user_agent=given.get("user-agent"),
            )
            if campaign and fault and fault.to_status:
                self.move(campaign.id, fault.to_status)
            return self._reply(result, fault, now)

    def _arrived(self, method: str, target: str, body: bytes) -> Request:
        path, _, query = target.partition("?")
        # A server decodes what it is sent; so a write under an oddly spelled path arrives here too.
        place = read_target(path) or read_target(unquote(path))
        if place is not None and place.account != self.account_sid:
            place = None
        campaign = self.campaigns.get(place.id or "") if place else None
        if campaign and place and campaign.channel is not place.channel:
            campaign = None
        return Request(method, path, place, query, body, campaign)

    def _authorized(self, authorization: str | None) -> bool:
        expected = base64.b64encode(f"{self.api_key}:{self.api_token}".encode()).decode()
        scheme, _, given = (authorization or "").partition(" ")
        return scheme.lower() == "basic" and given.strip() == expected

    def _answer(self, request: Request, authorization: str | None, fault: Planned | None, now: datetime) -> Result:
        # What a write would do is read first, so that the journal knows it even if it is not done.
        plan = api.plan(self, request)
        if not self._authorized(authorization):
            return replies.unauthorized(plan, as_rest_exception=self.unauthorized_as == "rest-exception")
        if self.rate_limit is not None and self._count.take(now) > self.rate_limit:
            return replies.too_many(plan)
        return replies.carried_out(plan, fault)

    def _reply(self, result: Result, fault: Planned | None, now: datetime) -> Reply:
        limits: list[tuple[str, str]] = []
        if self.rate_limit is not None:
            limits = self._count.headers(self.rate_limit, now, limited=result.status_code == 429)
        request_id = hashlib.sha256(f"request {self._journal.written}".encode()).hexdigest()[:32]
        return replies.reply(result, fault, request_id=request_id, now=now, limits=limits)
