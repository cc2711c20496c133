"""`campaign-fsm demo`: a real client, a real server on loopback, and what reached it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import click
import httpx

from campaign_fsm.cli.options import command, json_option
from campaign_fsm.cli.output import print_json
from campaign_fsm.client import CampaignClient
from campaign_fsm.errors import IllegalTransition, StateConflict, UnreadableRequest
from campaign_fsm.rules import Status
from campaign_fsm.simulator import Simulator, SimulatorServer
from campaign_fsm.transports import GuardTransport


def _styled(text: str, **style: Any) -> str:
    return click.style(text, **style)


def story(server: SimulatorServer, simulator: Simulator) -> Iterator[str]:
    """Run the client through the story, line by line. Every line reports what has just happened."""
    diwali = simulator.add("in-progress", name="diwali-offers")
    with CampaignClient(
        base_url=server.base_url,
        account_sid=simulator.account_sid,
        api_key=simulator.api_key,
        api_token=simulator.api_token,
        trust_env=False,
    ) as client:
        yield _styled("1. An illegal action is stopped before its bytes leave", bold=True)
        yield f"   client.complete({diwali[:8]}…) while {client.get(diwali).status}:"
        try:
            client.complete(diwali)
        except IllegalTransition as refusal:
            yield from _refusal(refusal)

        yield _styled("2. The legal way goes through", bold=True)
        for action in ("pause", "complete", "archive"):
            campaign = getattr(client, action)(diwali)
            yield f"   client.{action}({diwali[:8]}…) {_styled('sent', fg='green')}: it is {campaign.status} now"

        yield _styled("3. A race: somebody resumes the campaign between our read and our write", bold=True)
        raced = simulator.add("paused", name="race")
        simulator.fault("moved", method="GET", id=raced, to_status=Status.IN_PROGRESS)
        try:
            client.complete(raced)
        except StateConflict as conflict:
            yield f"   client.complete({raced[:8]}…) {_styled('overtaken', fg='yellow')}: it was {conflict.seen} when"
            yield f"   read and is {conflict.now} now, moved perhaps by {conflict.who}."
            yield "   The API has no compare-and-set, so this cannot be prevented; it is detected and reported."

        yield _styled("4. A lost answer: the connection breaks after the pause took effect", bold=True)
        lost = simulator.add("in-progress", name="lost-answer")
        simulator.fault("lost-after", method="PUT", id=lost)
        campaign = client.pause(lost)
        yield f"   client.pause({lost[:8]}…) {_styled('applied', fg='green')}: read again, it is {campaign.status}."
        yield "   Nothing was sent twice."

    yield _styled("5. A hand-written request through the same gate", bold=True)
    body = b'{"action": "pause", "Action": "complete"}'
    hand = simulator.add("in-progress", name="by-hand")
    with httpx.Client(
        transport=GuardTransport(httpx.HTTPTransport()), auth=(simulator.api_key, simulator.api_token)
    ) as plain:
        url = f"{server.base_url}/v2/accounts/{simulator.account_sid}/message-campaigns/{hand}"
        yield f"   PUT {body.decode()}"
        try:
            plain.put(url, content=body, headers={"Content-Type": "application/json"})
        except UnreadableRequest as refusal:
            yield from _refusal(refusal)


def _refusal(refusal: IllegalTransition | UnreadableRequest) -> Iterator[str]:
    yield f"   {_styled('refused', fg='red')} [{refusal.code}] {refusal.reason}"
    if refusal.sources:
        yield f"   rule      {refusal.sources[0].statement}"
    if refusal.decision is not None and refusal.decision.way:
        yield f"   legal way {refusal.decision.way}"
    elif refusal.advice:
        yield f"   advice    {refusal.advice}"


def summary(simulator: Simulator) -> dict[str, Any]:
    """What reached the server, counted from its journal."""
    writes = [entry for entry in simulator.journal if entry.kind == "request" and entry.method != "GET"]
    return {
        "requests": sum(entry.kind == "request" for entry in simulator.journal),
        "writes": len(writes),
        "illegal_on_arrival": sum(entry.legal is False for entry in writes),
    }


def _journal(simulator: Simulator) -> Iterator[str]:
    yield f"   {'#':>2}  {'what':<10} {'campaign':<10} {'status before':<14} {'after':<12} answer"
    for entry in simulator.journal:
        what = entry.action if entry.method == "PUT" else entry.method or entry.kind
        answer = entry.status_code if entry.status_code is not None else ("lost" if entry.kind == "request" else "-")
        legal = "" if entry.legal is not False else "  illegal on arrival (moved in between)"
        line = f"   {entry.number:>2}  {what or '-':<10} {(entry.id or '-')[:8]:<10} "
        line += f"{entry.status_before or '-':<14} {entry.status_after or '-':<12} {answer}{legal}"
        yield _styled(line, dim=entry.method == "GET")


@command()
@json_option("Print the journal's totals as one JSON object.")
def demo(as_json: bool) -> None:
    """Show the gate at work on the embedded simulator: no account, no network.

    Starts a server on a free loopback port and runs a real client against it over HTTP: an illegal
    action, the legal way, a race, a lost answer and an ambiguous request. Prints what reached the server.

    \b
    Examples:
      campaign-fsm demo
      campaign-fsm demo --json

    Exit code: 0; 2 if something does not go as the demo says.
    """
    logging.getLogger("campaign_fsm").addHandler(logging.NullHandler())
    simulator = Simulator()
    with SimulatorServer(simulator) as server:
        if not as_json:
            click.echo(f"The simulator listens on {server.base_url} (loopback only).\n")
        for line in story(server, simulator):
            if not as_json:
                click.echo(line)
    totals = summary(simulator)
    if totals["illegal_on_arrival"] != 1 or totals["writes"] != 5:
        raise UnexpectedJournal(f"the journal shows {totals}, not 5 writes of which 1 was overtaken")
    if as_json:
        print_json(totals)
        return
    click.echo(_styled("\nWhat reached the server, from its own journal", bold=True))
    for line in _journal(simulator):
        click.echo(line)
    click.echo(
        f"\n{totals['writes']} writes arrived. The illegal complete and the ambiguous request are not among them; the\n"
        "one that was illegal on arrival had been legal when read, and the caller got a StateConflict."
    )


class UnexpectedJournal(RuntimeError):
    """The demo's story did not go as it says."""
