"""For the tests of code that works on campaigns: strategies, assertions, a hypothesis machine, a pytest plugin.

`legal_walks`, `illegal_walks`, `campaigns`, `payloads` and `drafts` are hypothesis strategies;
`assert_legal` and `assert_refused` hold one action against the life cycle; `CampaignLife` is a machine
to subclass. `campaign_fsm.testing.plugin` is known to pytest once the package is installed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from campaign_fsm.testing.assertions import assert_legal, assert_refused
    from campaign_fsm.testing.machine import CampaignLife
    from campaign_fsm.testing.strategies import (
        Step,
        actions,
        campaigns,
        channels,
        drafts,
        illegal_walks,
        legal_walks,
        payloads,
        statuses,
    )

# Importing the package imports none of it: pytest loads the plugin in every run, and hypothesis takes long.
_HOMES = {
    "assertions": ("assert_legal", "assert_refused"),
    "machine": ("CampaignLife",),
    "strategies": (
        "Step",
        "actions",
        "campaigns",
        "channels",
        "drafts",
        "illegal_walks",
        "legal_walks",
        "payloads",
        "statuses",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "CampaignLife",
    "Step",
    "actions",
    "assert_legal",
    "assert_refused",
    "campaigns",
    "channels",
    "drafts",
    "illegal_walks",
    "legal_walks",
    "payloads",
    "statuses",
]


def __getattr__(name: str) -> Any:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
