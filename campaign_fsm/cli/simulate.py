"""`campaign-fsm simulate`: the simulator as a real HTTP server."""

from __future__ import annotations

import shlex
import signal
from queue import SimpleQueue
from typing import Any
from urllib.parse import quote, urlsplit

import click

from campaign_fsm.cli.options import command, json_option
from campaign_fsm.cli.output import print_value, print_warning
from campaign_fsm.rules import Channel, Status
from campaign_fsm.simulator import Simulator, SimulatorServer
from campaign_fsm.simulator.account import CHOICES
from campaign_fsm.simulator.simulator import UNAUTHORIZED_AS
from campaign_fsm.wire.hosts import is_loopback
from campaign_fsm.wire.target import COLLECTION_OF


def greeting(server: SimulatorServer, campaigns: list[tuple[Channel, str, Status]]) -> dict[str, Any]:
    """What a program has to know to use the simulator."""
    simulator = server.simulator
    return {
        "base_url": server.base_url,
        "account_sid": simulator.account_sid,
        "api_key": simulator.api_key,
        "api_token": simulator.api_token,
        "campaigns": [{"channel": channel, "id": id_, "status": status} for channel, id_, status in campaigns],
    }


def is_private(base_url: str) -> bool:
    """Whether only this machine can reach it: it does not ask who drives it."""
    return is_loopback(urlsplit(base_url).hostname or "")


def lines(facts: dict[str, Any]) -> list[str]:
    """The greeting for a person."""
    first = next(entry for entry in facts["campaigns"] if entry["status"] == Status.COMPLETED)
    credentials = ":".join(quote(facts[name], safe="") for name in ("api_key", "api_token"))
    url = facts["base_url"].replace("://", f"://{credentials}@", 1)
    exports = [
        shlex.quote(f"EXOTEL_{name.upper()}={facts[name]}")
        for name in ("base_url", "account_sid", "api_key", "api_token")
    ]
    path = f"/v2/accounts/{facts['account_sid']}/{COLLECTION_OF[first['channel']]}/{first['id']}"
    return [
        f"The simulator listens on {facts['base_url']}. Ctrl-C ends it.",
        "",
        "For campaign-fsm and CampaignClient():",
        f"  export {' '.join(exports[:2])} \\",
        f"    {' '.join(exports[2:])}",
        "",
        *(f"  {entry['channel']:<8} {entry['id']}  {entry['status']}" for entry in facts["campaigns"]),
        "",
        "The vendor's own line, unguarded:",
        f"  curl --request PUT '{url}{path}' \\",
        "    --header 'content-type: application/json' --data-raw '{\"action\":\"archive\"}'",
        "",
        f"Clock, faults and journal: curl {facts['base_url']}/_simulator/",
    ]


def _listening(simulator: Simulator, host: str, port: int, allow_hosts: tuple[str, ...]) -> SimulatorServer:
    try:
        return SimulatorServer(simulator, host, port, allow_hosts=allow_hosts)
    except OSError as problem:
        advice = "perhaps another simulator runs there: use that one, or give this one another --port"
        raise click.ClickException(f"cannot listen on {host} port {port}: {problem.strerror}; {advice}.") from None
    except ValueError as problem:
        raise click.BadParameter(f"{problem}.", param_hint="--allow-host") from None


def _statuses(switch: str) -> click.Choice[str]:
    return click.Choice([status.value for status in CHOICES[switch]])


@command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="PORT", default=8080, show_default=True, help="0 picks a free one."
)
@json_option("Print one JSON object on the first line, once it listens.")
@click.option("--live", is_flag=True, help="Let the clock run; it stands still otherwise.")
@click.option(
    "--illegal-status-code",
    type=click.IntRange(400, 499),
    default=409,
    show_default=True,
    metavar="CODE",
    help="The status code that an illegal action gets; no page says which it is.",
)
@click.option(
    "--at-end",
    type=_statuses("at_end"),
    default="completed",
    show_default=True,
    help="What a campaign in progress is after its end time; the vendor's pages contradict each other.",
)
@click.option(
    "--paused-at-end",
    type=_statuses("paused_at_end"),
    default="canceled",
    show_default=True,
    help="What a paused campaign is after its end time; the vendor's pages contradict each other.",
)
@click.option(
    "--resume-before-start",
    type=_statuses("resume_before_start"),
    default="in-progress",
    show_default=True,
    help="The status after a resume before the start; the vendor's pages contradict each other. created and paused go"
    " on at the start. With paused, a resume without a start in its schedule leads to in-progress.",
)
@click.option(
    "--campaigns-mandatory",
    is_flag=True,
    help="Answer 400 to bodies about voice (call) campaigns that are not wrapped in campaigns; one client has seen it.",
)
@click.option(
    "--unauthorized-as",
    type=click.Choice(UNAUTHORIZED_AS),
    default="envelope",
    show_default=True,
    help="The form of the answer to wrong credentials; no page says which it is.",
)
@click.option(
    "--rate-limit", type=click.IntRange(min=1), metavar="COUNT", help="Requests a minute before it answers 429."
)
@click.option(
    "--journal-limit",
    type=click.IntRange(min=0),
    default=10_000,
    show_default=True,
    metavar="COUNT",
    help="How many entries the journal keeps, the newest ones; 0 keeps all.",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    metavar="NAME",
    multiple=True,
    help="A name by which clients may reach it, such as sim.namespace. May be repeated. Loopback names and --host are"
    " always allowed. With --host 0.0.0.0, so is any address, and any name that cannot be public: without a dot, with"
    " a _ in its last part, or under .internal, .local, .svc, .lan, .home.arpa or .test.",
)
@click.option("--account-sid", default="acme1", show_default=True, help="The account in the paths.")
@click.option("--api-key", default="key", show_default=True, help="The key that requests must have.")
@click.option("--api-token", default="token", show_default=True, help="The token that goes with it.")
def simulate(
    host: str, port: int, as_json: bool, allow_hosts: tuple[str, ...], journal_limit: int, **switches: Any
) -> None:
    """Serve the documented campaign API of one account from memory.

    It starts with a campaign in every status, on both channels. Its clock, faults and journal can be
    controlled over HTTP under /_simulator/. It posts no callbacks. The codes and words of its errors are its own.

    \b
    Examples:
      campaign-fsm simulate
      campaign-fsm simulate --port 0 --json
      curl -X POST http://127.0.0.1:8080/_simulator/clock -d '{"advance": 3600}'
      curl -X POST http://127.0.0.1:8080/_simulator/faults \\
        -d '{"kind": "lost-after", "method": "PUT"}'

    Exit code: 0 when it is ended by Ctrl-C or SIGTERM, 2 if it cannot listen.
    """
    simulator = Simulator(journal_limit=journal_limit or None, **switches)
    campaigns = simulator.seed()
    server = _listening(simulator, host, port, allow_hosts)
    # A signal may come while this thread is in the middle of waiting: an Event's lock would be taken twice then.
    ended: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: ended.put(number))
    with server:
        facts = greeting(server, campaigns)
        # Flushed, because whoever started it waits for this line.
        if as_json:
            print_value(facts)
        else:
            click.echo("\n".join(lines(facts)))
        if not is_private(server.base_url):
            print_warning(f"everybody who can reach {server.base_url} can use it and drive it.")
        ended.get()
    if not as_json:
        click.echo("\nThe simulator has ended.")
