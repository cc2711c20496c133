"""`campaign-fsm pause`, `resume`, `complete`, `archive` and `delete`: one action, on one campaign or on several."""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import click
from attrs import frozen

from campaign_fsm.cli.campaign import as_dict, print_campaign
from campaign_fsm.cli.connection import ENVIRONMENT, Host, host_options
from campaign_fsm.cli.errors import ByHand, NotConfirmed, already, error_dict, print_expected
from campaign_fsm.cli.options import CAMPAIGN_IDS, DRY_RUN, STRICT, YES, Chosen, command
from campaign_fsm.cli.output import print_outcome, print_text
from campaign_fsm.cli.rehearsal import ask, confirm, judge, print_verdict, require_terminal
from campaign_fsm.cli.selectors import Choose, selectors
from campaign_fsm.client import CampaignClient, rehearse
from campaign_fsm.errors import (
    AlreadyThere,
    ApiError,
    CampaignFsmError,
    ConnectionFailed,
    ServerError,
    StateConflict,
    StatusUnavailable,
)
from campaign_fsm.guides import pointer_to
from campaign_fsm.lifecycle import undoable
from campaign_fsm.printable import printable
from campaign_fsm.rules import Action, Channel, effect_of, goal_of
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.target import COLLECTION_OF
from campaign_fsm.words import counted, sentence

# How many of several are named in a question.
_SHOWN: Final = 3
# What the exit codes of several mean, in their count.
_DONE: Final = ("as wanted", "refused or overtaken", "rejected, not read or unknown")


@frozen
class _How:
    """How an action is to be done, whatever the campaign."""

    action: Action
    as_json: bool
    dry: bool
    yes: bool
    several: bool
    """Whether it may be about several campaigns: then JSON says which."""

    @property
    def why(self) -> str | None:
        """Why it is asked about; None if it is not."""
        if undoable(self.action):
            return None
        # That no way back is documented, and what else there is to say, is behind the first clause.
        effect = re.split("[;.]", effect_of(self.action))[0]
        return f"{self.action} cannot be undone: {effect[:1].lower()}{effect[1:]}."

    def call(self, on: Any, campaign_id: str) -> Any:
        return on.delete(campaign_id) if self.action is Action.DELETE else on.act(campaign_id, self.action)

    def about(self, campaign_id: str) -> dict[str, Any]:
        return {"campaign_id": campaign_id} if self.several else {}


def _act(
    how: _How, chosen: Chosen, choose: Choose | None, host: Host, *, expected: int | None, strict: bool
) -> int | None:
    if choose is not None and how.why and how.yes and expected is None:
        # Before anything is read: a selection that nobody has seen is not confirmed by whatever it turns out to be.
        raise NotConfirmed(f"{how.why} Of a selection --yes needs --expect COUNT, which --dry-run tells.")
    with host.client(strict=strict) as client:
        if choose is None and not how.several:
            if expected not in (None, 1):
                raise NotConfirmed(_differs(expected, 1))
            return _one(client, how, chosen.ids[0], asks=not how.yes)
        ids = chosen.ids
        if choose is not None:
            ids = tuple(one.id for one in client.select(choose((host.channel,)), how.action))
        if expected is not None and expected != len(ids):
            raise NotConfirmed(_differs(expected, len(ids)))
        if not ids:
            _tell_none(how, host.channel)
            return 0
        if how.why and not how.yes and not how.dry:
            _confirm_all(client, how, ids, selected=choose is not None)
        return _each(client, how, ids)


def _differs(expected: int, count: int) -> str:
    return f"{counted(count, 'campaign')} would be meant, and --expect says {expected}; nothing was sent."


def _tell_none(how: _How, channel: Channel) -> None:
    if how.as_json:
        print_outcome("nothing selected")
    else:
        print_text(f"There is no such {channel} campaign of which {how.action} is legal; nothing was sent.", err=True)


def _each(client: CampaignClient, how: _How, campaign_ids: tuple[str, ...]) -> int:
    """Do it on one after the other; the worst of the exit codes. However it ends, each is accounted for."""
    codes: list[int] = []
    try:
        for campaign_id in campaign_ids:
            code, error = _one_of_several(client, how, campaign_id)
            codes.append(code)
            if _are_credentials_wrong(error):
                break  # the others would be answered alike
    except KeyboardInterrupt:
        if at := campaign_ids[len(codes) : len(codes) + 1]:
            codes.append(2)
            unknown = f"if the {how.action} was on its way, it is unknown whether it took effect"
            _tell(how, "interrupted", at[0], "nothing was sent (dry run)" if how.dry else unknown)
    for campaign_id in campaign_ids[len(codes) :]:
        _tell(how, "not tried", campaign_id, "it was not tried")
    if not how.as_json:
        print_text(_summary(how, codes, len(campaign_ids)), err=True)
        if max(codes):
            print_text(pointer_to("outcomes"), err=True)
    return max(codes)


def _tell(how: _How, outcome: str, campaign_id: str, text: str) -> None:
    """Say of a campaign what is no error of ours; a standard output that is full stops nobody."""
    if how.as_json:
        with suppress(OSError):
            print_outcome(outcome, **how.about(campaign_id), error={"type": None, "message": text})
    else:
        print_text(f"{campaign_id}: {text}.", err=True)


def _one_of_several(client: CampaignClient, how: _How, campaign_id: str) -> tuple[int, BaseException | None]:
    """Do it on one campaign: the exit code, and the error that was printed."""
    try:
        return _printed(client, how, campaign_id)
    except Exception as error:
        if os.environ.get("CAMPAIGN_FSM_DEBUG"):
            raise
        _tell(how, "unexpected", campaign_id, f"what came of it is unknown: {type(error).__name__}: {error}")
        return 2, error


def _printed(client: CampaignClient, how: _How, campaign_id: str) -> tuple[int, BaseException | None]:
    try:
        if how.dry and not how.as_json:
            print_text(click.style(campaign_id, bold=True))
        return _one(client, how, campaign_id, asks=False) or 0, None
    except (CampaignFsmError, ByHand) as error:
        code = print_expected(error, as_json=how.as_json, campaign_id=campaign_id)
        assert code is not None
        return code, error.__cause__ if isinstance(error, ByHand) else error


def _are_credentials_wrong(error: BaseException | None) -> bool:
    """Whether a read or a write was answered with 401."""
    return isinstance(error, ApiError | StatusUnavailable) and error.status_code == HTTPStatus.UNAUTHORIZED


def _summary(how: _How, codes: list[int], count: int) -> str:
    done = ("legal, or there already", "illegal", "unknown") if how.dry else _DONE
    parts = [f"{codes.count(code)} {words}" for code, words in enumerate(done) if code in codes]
    if len(codes) < count:
        parts.append(f"{count - len(codes)} not done")
    return f"{counted(count, 'campaign')}: {', '.join(parts)}."


def _confirm_all(client: CampaignClient, how: _How, campaign_ids: tuple[str, ...], *, selected: bool) -> None:
    """Ask once for all of them, with the first of their names and what the rules warn of.

    Raises:
        NotConfirmed: There is no terminal to ask on.
    """
    require_terminal(str(how.why), f"--yes --expect {len(campaign_ids)}" if selected else "--yes")
    rows = [("account", client.account_sid), ("host", client.base_url)]
    warnings: dict[str, None] = {}
    for campaign_id in campaign_ids[:_SHOWN]:
        try:
            found = judge(functools.partial(rehearse, client, functools.partial(how.call, campaign_id=campaign_id)))
        except CampaignFsmError:
            rows.append(("campaign", f"{campaign_id} (its status could not be read)"))
        else:
            assert found.campaign is not None  # only a create has none
            name, status = found.campaign.name or "-", found.campaign.status
            rows.append(("campaign", f"{campaign_id} {printable(name)} ({status})"))
            warnings |= dict.fromkeys(map(sentence, found.verdict.warnings))
    if len(campaign_ids) > _SHOWN:
        rows.append(("", f"and {len(campaign_ids) - _SHOWN} more"))
    why = " ".join([str(how.why), *warnings])
    ask(rows, why, f"{how.action.capitalize()} {counted(len(campaign_ids), 'campaign')}?")


def _one(client: CampaignClient, how: _How, campaign_id: str, *, asks: bool) -> int | None:
    judged = functools.partial(rehearse, client, functools.partial(how.call, campaign_id=campaign_id))
    about = how.about(campaign_id)
    try:
        if how.dry:
            return print_verdict(judged().verdict, as_json=how.as_json, why=how.why, yes=how.yes, **about)
        if how.why and asks:
            confirm(client, judged, f"{how.action.capitalize()} it?", how.why, _about)
        campaign = getattr(client, how.action.value)(campaign_id)
    except (AlreadyThere, StateConflict) as error:
        there = already(error)
        if there is None:
            raise
        if how.as_json:
            print_outcome("already there", **about, error=error_dict(error), campaign=_as_it_is(client, campaign_id))
        else:
            print_text(f"{campaign_id} is {there}")
    except (ConnectionFailed, StatusUnavailable, ServerError) as error:
        if how.action is Action.PAUSE and _is_unreachable(error):
            raise ByHand(by_hand(client, campaign_id)) from error
        raise
    else:
        _print_applied(how, campaign)
    return None


def _about(campaign: Campaign) -> list[tuple[str, str]]:
    return [
        ("campaign", f"{campaign.id} ({campaign.channel})"),
        ("name", printable(campaign.name or "-")),
        ("status", campaign.status),
        ("pending", "unknown" if campaign.pending is None else str(campaign.pending)),
    ]


def _as_it_is(client: CampaignClient, campaign_id: str) -> dict[str, Any] | None:
    """The campaign, which is as wanted; None if it cannot be read, which takes nothing away from that."""
    try:
        return as_dict(client.get(campaign_id))
    except CampaignFsmError:
        return None


def _is_unreachable(error: ConnectionFailed | StatusUnavailable | ServerError) -> bool:
    answered = error.status_code if isinstance(error, StatusUnavailable) else None
    return answered is None or not 200 <= answered < 500


def by_hand(client: CampaignClient, campaign_id: str) -> str:
    """The vendor's curl line for a pause, with the credentials left to the shell's environment.

    As on <https://developer.exotel.com/api/update-sms-campaign-3> and <https://developer.exotel.com/api/update-campaign>.
    """
    body: Any = {"action": "pause"}
    if client.channel is Channel.VOICE:
        body = {"campaigns": [body]}
    url = f"{client.base_url}/v2/accounts/{client.account_sid}/{COLLECTION_OF[client.channel]}/{campaign_id}"
    return (
        f"curl --request PUT {shlex.quote(url)} "
        '--user "$EXOTEL_API_KEY:$EXOTEL_API_TOKEN" '
        f"--header 'content-type: application/json' --data-raw {shlex.quote(json.dumps(body))}"
    )


def _print_applied(how: _How, campaign: Campaign) -> None:
    if how.as_json:
        word = "deleted" if how.action is Action.DELETE else "applied"
        print_outcome(word, **how.about(campaign.id), campaign=as_dict(campaign))
    elif how.action is Action.DELETE:
        print_campaign("deleted", campaign, as_json=False)
    else:
        print_text(f"{how.action} of {campaign.id} applied: it is {campaign.status}.")
        if how.action is Action.RESUME:
            print_text("What is sent from now on stays sent.")


_EXPECT: Final = click.option(
    "--expect",
    "expected",
    type=click.IntRange(min=0),
    metavar="COUNT",
    help="Do nothing unless exactly so many campaigns are meant.",
)


def _command(action: Action, summary: str) -> click.Command:
    @command(action.value, epilog=ENVIRONMENT)
    @CAMPAIGN_IDS
    @selectors(action)
    @DRY_RUN
    @YES
    @_EXPECT
    @STRICT
    @host_options
    def act(
        campaign_ids: Chosen,
        selection: Choose | None,
        host: Host,
        as_json: bool,
        *,
        expected: int | None,
        dry_run: bool,
        yes: bool,
        strict: bool,
    ) -> int | None:
        how = _How(action, as_json, dry_run, yes, selection is not None or campaign_ids.several)
        return _act(how, campaign_ids, selection, host, expected=expected, strict=strict)

    voice = " --channel voice"
    fewer = "--name 'otp-*'" + (voice if action is Action.DELETE else "")
    act.help = f"""{summary}

    \b
    Examples:
      campaign-fsm {action} 90dad70b939f469fbf8b801660148272{voice if action is Action.DELETE else " --dry-run"}
      campaign-fsm {action} 90dad70b939f469fbf8b801660148272{voice}{"" if undoable(action) else " --yes"}
      campaign-fsm {action} -{voice if action is Action.DELETE else ""}{"" if undoable(action) else " --yes"} < ids.txt
      campaign-fsm {action} {fewer}{"" if undoable(action) else " --yes --expect 12"}

    Of several, each is read and done by itself, one after the other, and what fails stops none of the
    others, unless the credentials are wrong. With - the ids are read from the standard input, one on each
    line. With --name, --status, --older-than, --newer-than or --all they come from the list of --channel.

    Exit code: 0 if it took effect, or the campaign was {goal_of(action)} already; 1 if it was refused or
    overtaken; 2 if the server rejected it, its status could not be read or the outcome is unknown. Of
    several campaigns, the worst of theirs.
    """
    return act


pause = _command(Action.PAUSE, "Pause a campaign: contact no more numbers. Legal while it is created or in-progress.")
resume = _command(
    Action.RESUME, "Resume a campaign: go on with the numbers not yet contacted. Legal while it is paused."
)
complete = _command(
    Action.COMPLETE,
    "Complete a campaign: mark the remaining numbers as failed. Legal while it is paused. Cannot be undone.",
)
archive = _command(Action.ARCHIVE, "Archive a campaign: put it away. Legal while it is completed. Cannot be undone.")
delete = _command(
    Action.DELETE,
    "Delete a voice campaign that has not started; the vendor's pages contradict each other about that. "
    "Cannot be undone.",
)
