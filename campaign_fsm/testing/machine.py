"""A hypothesis machine to subclass: one account, a client of yours, and everything else that moves campaigns."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from campaign_fsm.client import CampaignClient
from campaign_fsm.errors import AuthenticationError, CampaignFsmError, ConfigurationError, GateFailure
from campaign_fsm.lifecycle import Decision, decide
from campaign_fsm.rules import Action, Channel, Status
from campaign_fsm.simulator import Simulator, SimulatorTransport
from campaign_fsm.testing.strategies import statuses
from campaign_fsm.wire.schedule import Schedule

_HOUR: Final = 3600


class CampaignLife(RuleBasedStateMachine):
    """A client works on campaigns of a simulated account while time passes and others move them.

    Subclass it, override `make_client`, and let pytest run the test case of your class, as in the example. Methods of
    `CampaignClient` that the client lacks are not called; it must have `pause`, `resume`, `complete`
    and `archive`.

    Attributes:
        channel: The kind of campaign that it is about.
        expected: The errors that the client may raise; everything else fails the run.
        simulator: The account.
        client: What `make_client` gave.

    >>> class OurLife(CampaignLife):
    ...     def make_client(self, simulator):
    ...         return super().make_client(simulator)  # or a client of yours
    >>> TestOurLife = OurLife.TestCase
    """

    channel: ClassVar[Channel] = Channel.MESSAGE
    expected: ClassVar[tuple[type[Exception], ...]] = (CampaignFsmError,)

    simulator: Simulator
    client: Any

    ids = Bundle("ids")

    # What a team overrides

    def make_simulator(self) -> Simulator:
        """The account that a run begins with."""
        return Simulator()

    def make_client(self, simulator: Simulator) -> Any:
        """The client under test, on that account: something with ``pause(id)`` and the like.

        By default a `CampaignClient`.

        Args:
            simulator: What `make_simulator` gave.
        """
        return CampaignClient(
            account_sid=simulator.account_sid,
            api_key=simulator.api_key,
            api_token=simulator.api_token,
            channel=self.channel,
            transport=SimulatorTransport(simulator),
            deadline=0,
        )

    def settled(self, action: Action, decision: Decision, error: Exception | None) -> None:
        """Called after each action of the client, for checks of your own; it does nothing.

        Args:
            action: What was asked for.
            decision: What the life cycle answered, in the status that the campaign had.
            error: What the client raised of `expected`, None if it raised nothing.
        """

    def close_client(self, client: Any) -> None:
        """Called at the end of a run; it calls the client's ``close``, if it has one.

        Args:
            client: What `make_client` gave.
        """
        close = getattr(client, "close", None)
        if close is not None:
            close()

    # The account

    @initialize(target=ids)
    def open_account(self) -> str:
        """A run begins: with an account, a client, and a campaign that is created."""
        self.simulator = self.make_simulator()
        self.client = self.make_client(self.simulator)
        return self._add(Status.CREATED, 1, 8)

    def _add(self, status: Status, start: int, hours: int) -> str:
        begin = self.simulator.now + timedelta(hours=start)
        return self.simulator.add(status, channel=self.channel, start=begin, end=begin + timedelta(hours=hours))

    @rule(target=ids, status=statuses(), start=st.integers(-4, 4), hours=st.integers(2, 12))
    def another_campaign(self, status: Status, start: int, hours: int) -> str:
        """Another client creates a campaign."""
        return self._add(status, start, hours)

    @rule(seconds=st.integers(1, 12 * _HOUR))
    def time_passes(self, seconds: int) -> None:
        """The platform starts, finishes, fails and cancels what is due."""
        self.simulator.advance(seconds)

    @rule(campaign=ids, status=statuses())
    def foreign_move(self, campaign: str, status: Status) -> None:
        """The dashboard or another client moves a campaign."""
        self.simulator.move(campaign, status)

    # The client

    def act(self, action: Action, campaign: str, call: Callable[[], object]) -> None:
        """Let the client do something, and look at how it ends.

        Args:
            action: What is asked for.
            campaign: The id of the campaign.
            call: What has the client do it.

        Raises:
            TypeError: The client is asynchronous.
        """
        record = self.simulator.records[campaign]
        decision = decide(record.status, action, channel=self.channel, started=record.started(self.simulator.now))
        error: Exception | None = None
        try:
            result = call()
            if inspect.isawaitable(result):
                raise TypeError("the client is asynchronous, so nothing was sent; give make_client a synchronous one")
        except (AuthenticationError, ConfigurationError, GateFailure):
            raise  # with these nothing was tried at all
        except self.expected as raised:
            error = raised
        self.settled(action, decision, error)

    def _ask(self, action: Action, method: str, campaign: str, *args: Any, **kwargs: Any) -> None:
        ask = getattr(self.client, method, None)
        if ask is not None:
            self.act(action, campaign, lambda: ask(campaign, *args, **kwargs))

    @rule(campaign=ids)
    def pause(self, campaign: str) -> None:
        """The client pauses a campaign."""
        self.act(Action.PAUSE, campaign, lambda: self.client.pause(campaign))

    @rule(campaign=ids)
    def resume(self, campaign: str) -> None:
        """The client resumes a campaign."""
        self.act(Action.RESUME, campaign, lambda: self.client.resume(campaign))

    @rule(campaign=ids)
    def complete(self, campaign: str) -> None:
        """The client completes a campaign."""
        self.act(Action.COMPLETE, campaign, lambda: self.client.complete(campaign))

    @rule(campaign=ids)
    def archive(self, campaign: str) -> None:
        """The client archives a campaign."""
        self.act(Action.ARCHIVE, campaign, lambda: self.client.archive(campaign))

    @rule(campaign=ids)
    def edit(self, campaign: str) -> None:
        """The client edits the name of a campaign."""
        name = f"name {len(self.simulator.journal)}"
        self._ask(Action.EDIT, "edit", campaign, partial=True, name=name)

    @rule(campaign=ids)
    def edit_callbacks(self, campaign: str) -> None:
        """The client edits a callback URL of a campaign."""
        url = f"https://example.com/{len(self.simulator.journal)}"
        self._ask(Action.EDIT_CALLBACKS, "edit", campaign, partial=True, status_callback=url)

    @rule(campaign=ids, hours=st.integers(1, 12))
    def reschedule(self, campaign: str, hours: int) -> None:
        """The client sets the schedule of a campaign."""
        start = self.simulator.now + timedelta(hours=hours)
        self._ask(Action.RESCHEDULE, "reschedule", campaign, Schedule(start, start + timedelta(hours=8)))

    @rule(campaign=ids)
    def delete(self, campaign: str) -> None:
        """The client deletes a campaign."""
        self._ask(Action.DELETE, "delete", campaign)

    # The claim

    @invariant()
    def nothing_illegal_arrived(self) -> None:
        """The account has seen no write that was illegal on arrival.

        Raises:
            AssertionError: It has seen one.
        """
        for entry in self.simulator.journal if hasattr(self, "simulator") else ():
            if entry.legal is False:
                raise AssertionError(
                    f"{entry.action or entry.method} of {self.channel} campaign {entry.id} was sent while "
                    f"{entry.status_before} (journal entry {entry.number})"
                )

    def teardown(self) -> None:
        """A run ends."""
        if hasattr(self, "client"):
            self.close_client(self.client)
