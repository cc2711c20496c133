"""What all parts of the gate's flow share."""

from __future__ import annotations

from attrs import evolve, frozen

from campaign_fsm.gate.events import FlowEvents
from campaign_fsm.gate.readings import Readings
from campaign_fsm.gate.section import Sections, sections
from campaign_fsm.gate.settings import GateSettings
from campaign_fsm.private import redact, secrets_of, word
from campaign_fsm.rules import Action, Status
from campaign_fsm.waiting import Pace
from campaign_fsm.wire.intent import WireRequest
from campaign_fsm.wire.reading import Reading
from campaign_fsm.wire.target import Target


@frozen(eq=False)
class GateContext:
    """One gate, as the parts of its flow see it.

    Attributes:
        settings: What its user has set.
        blocking: Whether its driver blocks the thread while it waits.
        pace: How fast it tries again.
        readings: What it has read and may use again.
        own_sections: Sections of its own; None: those of the process.
    """

    settings: GateSettings
    blocking: bool
    pace: Pace
    readings: Readings
    own_sections: Sections | None

    @property
    def sections(self) -> Sections:
        """Where this gate and all others of the process hold campaigns."""
        return sections() if self.own_sections is None else self.own_sections

    def secrets(self, request: WireRequest) -> tuple[str, ...]:
        """What must not be shown, whoever says it."""
        return *self.settings.secrets, *secrets_of(request.headers)

    def redacted(self, reading: Reading, request: WireRequest) -> Reading:
        """The reading, in case that a server says something else than a status for one: this goes into logs."""
        if reading.status is not Status.UNKNOWN:
            return reading
        raw = reading.raw_status
        safe = redact(raw, self.secrets(request))
        return evolve(reading, raw_status=word(raw) if safe == raw else "[redacted]")

    def events(self, request: WireRequest, target: Target | None, action: Action | None) -> FlowEvents:
        """The log and trace of one request."""
        settings = self.settings
        return FlowEvents(request, target, action, settings.trace, settings.clock, secrets=self.secrets)
