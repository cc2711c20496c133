"""The guarded client, with a sync and an async face over the same operations.

`sync` and `async_` are the faces, `base` what they share: the `endpoint` (where to, and as whom), the `connection` with
its `proxies` and `pools`, and the `failures` of the HTTP client. `operations` is what a client does, in `calls` that a
face performs; `rehearsal` judges the same writes instead of sending them. How long a client waits between tries is
`campaign_fsm.waiting`.
"""

from campaign_fsm.client.async_ import AsyncCampaignClient
from campaign_fsm.client.sync import CampaignClient, rehearse

__all__ = ["AsyncCampaignClient", "CampaignClient", "rehearse"]
