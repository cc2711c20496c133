"""The checks: one small function each, and a file for each family.

To add one, add the function to its family's file, or add a file here; nothing else lists it::

    @check("CF610", stage=Stage.ANSWER, of=(CampaignWrite,))
    def answered_by_teapot(seen: CampaignWrite) -> Iterator[Detection]:
        if seen.answer.status_code == 418:
            yield Detection(code="CF610", level=Level.WARNING, message=f"A teapot answered {seen.action}.")

A check is asked about every observation (`campaign_fsm.audit.observation`) of the kinds in `of`, and gets it as it was
before the campaign was brought up to date: `seen.tracked` is what was known until then. It changes nothing and keeps
nothing. The title and the advice of its code are in `campaign_fsm.rules`; its message has no secrets, numbers and texts
of the recording. Findings come in the order of `Stage`, within one stage in that of the files' names, and within one
file in that of its functions.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Final

from campaign_fsm.audit.check import REGISTERED

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")

CHECKS: Final = tuple(sorted(REGISTERED, key=lambda check: check.stage))
"""Every check, in the order of findings."""

CHECKS_OF: Final = {kind: tuple(check.ask for check in CHECKS if kind in check.of) for one in CHECKS for kind in one.of}
"""What each kind of observation is asked about, in the same order."""
