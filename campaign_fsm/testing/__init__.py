"""For the tests of code that works on campaigns: strategies, assertions, a hypothesis machine, a pytest plugin.

`legal_walks`, `illegal_walks`, `campaigns`, `payloads` and `drafts` are hypothesis strategies;
`assert_legal` and `assert_refused` hold one action against the life cycle; `CampaignLife` is a machine
to subclass, about a client of yours. `follow` and `ModelLife` hold a model of your own against the life cycle, along
a walk and by such a machine. `campaign_fsm.testing.plugin` is known to pytest once the package is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign_fsm.testing.assertions import assert_legal as assert_legal
    from campaign_fsm.testing.assertions import assert_refused as assert_refused
    from campaign_fsm.testing.machine import CampaignLife as CampaignLife
    from campaign_fsm.testing.model import ModelLife as ModelLife
    from campaign_fsm.testing.model import follow as follow
    from campaign_fsm.testing.strategies import Step as Step
    from campaign_fsm.testing.strategies import actions as actions
    from campaign_fsm.testing.strategies import campaigns as campaigns
    from campaign_fsm.testing.strategies import channels as channels
    from campaign_fsm.testing.strategies import drafts as drafts
    from campaign_fsm.testing.strategies import illegal_walks as illegal_walks
    from campaign_fsm.testing.strategies import legal_walks as legal_walks
    from campaign_fsm.testing.strategies import payloads as payloads
    from campaign_fsm.testing.strategies import statuses as statuses
else:
    from campaign_fsm._lazy import lazy

    # Importing the package imports none of it: pytest loads the plugin in every run, and hypothesis takes long.
    _HOMES = {
        "assertions": "assert_legal assert_refused",
        "machine": "CampaignLife",
        "model": "ModelLife follow",
        "strategies": "Step actions campaigns channels drafts illegal_walks legal_walks payloads statuses",
    }
    __getattr__, __dir__, __all__ = lazy(__name__, _HOMES)
