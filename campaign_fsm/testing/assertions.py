"""Assertions about one action in one status; where they fail, they say why and what the way is."""

from __future__ import annotations

from campaign_fsm.lifecycle import Decision, decide
from campaign_fsm.rules import Action, Channel, Status


def _asked(decision: Decision) -> str:
    started = {None: "", True: ", started", False: ", not started"}[decision.started]
    strict = ", strict" if decision.strict else ""
    return f"{decision.action} of a {decision.channel} campaign ({decision.status or 'not created'}{started}{strict})"


def _text(decision: Decision) -> str:
    rule = f"Rule: {decision.sources[0]}." if decision.sources else ""
    return " ".join(part for part in (f"[{decision.code}]: {decision.reason}", rule, decision.advice) if part)


def assert_legal(
    status: Status | str | None,
    action: Action | str,
    channel: Channel | str = Channel.MESSAGE,
    started: bool | None = None,
    strict: bool = False,
) -> Decision:
    """Assert that an action is legal in a status, and return the decision.

    Args:
        status: The status, None for "no campaign yet".
        action: The action.
        channel: The kind of campaign.
        started: Whether the campaign has started; None for unknown, as `campaign_fsm.decide` takes it.
        strict: Refuse what the vendor's pages contradict each other about.

    Raises:
        AssertionError: It is not legal; with the reason, the vendor's rule and the legal way.
        ValueError: The action or the channel is not on the list.

    >>> assert_legal("in-progress", "pause").destination
    <Status.PAUSED: 'paused'>
    """
    __tracebackhide__ = True
    decision = decide(status, action, channel=channel, started=started, strict=strict)
    if not decision:
        raise AssertionError(f"{_asked(decision)} is not legal {_text(decision)}")
    return decision


def assert_refused(
    status: Status | str | None,
    action: Action | str,
    channel: Channel | str = Channel.MESSAGE,
    started: bool | None = None,
    strict: bool = False,
    *,
    code: str | None = None,
) -> Decision:
    """Assert that an action is refused in a status, and return the decision.

    Args:
        status: The status, None for "no campaign yet".
        action: The action.
        channel: The kind of campaign.
        started: Whether the campaign has started; None for unknown, as `campaign_fsm.decide` takes it.
        strict: Refuse what the vendor's pages contradict each other about.
        code: The code that it has to be refused with; None for any.

    Raises:
        AssertionError: It is legal, or refused with another code; with the reason and the vendor's rule.
        ValueError: The action or the channel is not on the list.

    >>> assert_refused("in-progress", "complete", code="CF224").route
    (<Action.PAUSE: 'pause'>, <Action.COMPLETE: 'complete'>)
    """
    __tracebackhide__ = True
    decision = decide(status, action, channel=channel, started=started, strict=strict)
    if decision:
        raise AssertionError(f"{_asked(decision)} is not refused {_text(decision)} It leads to {decision.destination}.")
    if code is not None and decision.code != code:
        raise AssertionError(f"{_asked(decision)} is refused, but not with {code}. It is {_text(decision)}")
    return decision
