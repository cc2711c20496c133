"""The checks: one small function each, and a file for each family.

To add one, add the function to its family's file, or add a file here; nothing else lists it::

    @check("CF601", stage=Stage.ANSWER, of=(CampaignWrite,), reads={"at"})
    def written_at_night(seen: CampaignWrite) -> Iterator[Detection]:
        "Writes at an hour at which nobody works."
        if "T03:" in (seen.exchange.at or ""):
            yield Detection(code="CF601", level=Level.WARNING, message=f"{seen.action} at three in the morning.")

A check is asked about every observation (`campaign_fsm.audit.observation`) of the kinds in `of`, and gets it as it was
before the campaign was brought up to date: `seen.tracked` is what was known until then. It changes nothing and keeps
nothing. The title and the advice of its code are in `campaign_fsm/rules/problems.py`, where a new code comes first; its
message has no secrets, numbers and texts of the recording. Findings come in the order of `Stage`, within one stage
in that of the files' names, and within one file in that of its functions.

Most exchanges of a long recording are like one before and are not looked at again (`campaign_fsm.audit.shortcut`). What
a check looks at that does not tell such exchanges apart, such as their time, it names in `reads`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from campaign_fsm.audit.check import REGISTERED, Ask, Check, Stage
from campaign_fsm.audit.observation import Observation

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")

CHECKS: Final = tuple(sorted(REGISTERED, key=lambda check: check.stage))
"""Every check, in the order of findings."""


def _by_kind(checks: Sequence[Check]) -> dict[type[Observation], tuple[Ask, ...]]:
    return {kind: tuple(check.ask for check in checks if kind in check.of) for one in checks for kind in one.of}


CHECKS_OF: Final = _by_kind(CHECKS)
"""What each kind of observation is asked about, in the same order."""

CHECKS_OF_STATE: Final = _by_kind([check for check in CHECKS if check.stage >= Stage.BEFORE])
"""The same, of the checks whose word depends on what is known of the campaign."""
