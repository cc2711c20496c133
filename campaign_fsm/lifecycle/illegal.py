"""The error of a machine's illegal trigger."""

from __future__ import annotations

from typing import ClassVar

from transitions import MachineError

from campaign_fsm.errors import IllegalTransition


class IllegalTrigger(IllegalTransition, MachineError):
    """A trigger of a machine that the life cycle forbids in the state of the model, which stays as it is.

    It is a `transitions.MachineError` too. `action` and `decision` are None where the trigger is one of the platform's.

    Attributes:
        code: The stable code of the reason (``CF…``); for a trigger of the platform that of an edge with this trigger.
        reason: Why, in a sentence.
        route: The shortest legal way to what the action is for; None where there is none.
    """

    guide: ClassVar[str] = "state-machine"

    @property
    def value(self) -> str:  # type: ignore[override]
        """The message, under the name that `transitions.MachineError` has for it."""
        return self.message

    def _from_fields(self) -> str:
        source = f" Rule: {self.sources[0]}." if self.sources else ""
        return f"Illegal trigger [{self.code}]: {self.reason}{source} {self.advice}".rstrip()
