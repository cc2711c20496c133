"""Many campaigns at once.

`selection` says which and `select` lists them, `results` is what comes of it. `pausing` is the flow, once for sync and
async: it yields the calls of every operation and, in `steps`, what a `crew` of threads or tasks is to do beside it.
`faces` is what a caller iterates over.
"""

from campaign_fsm.client.many.faces import AsyncPausing, SyncPausing
from campaign_fsm.client.many.results import Listed, PauseOutcome, PauseReport, PauseResult
from campaign_fsm.client.many.select import estimated, selected
from campaign_fsm.client.many.selection import RUNNING, Selection

__all__ = [
    "RUNNING",
    "AsyncPausing",
    "Listed",
    "PauseOutcome",
    "PauseReport",
    "PauseResult",
    "Selection",
    "SyncPausing",
    "estimated",
    "selected",
]
