"""The guarded client, with a sync and an async face over the same operations."""

from campaign_fsm.client.async_ import AsyncCampaignClient
from campaign_fsm.client.sync import CampaignClient, rehearse

__all__ = ["AsyncCampaignClient", "CampaignClient", "rehearse"]
