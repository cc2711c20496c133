"""What a create or an edit asks for, checked against the documented limits before anything is sent.

A broken limit is a problem, and all problems of a draft come in one `InvalidParameters`. What the vendor's pages
state loosely or contradict is a warning: `warnings` lists them, and the client logs them.
"""

from campaign_fsm.drafts.changes import DRAFT_OF, Draft, changes_to_wire
from campaign_fsm.drafts.message import MessageCampaignDraft
from campaign_fsm.drafts.retries import Retries
from campaign_fsm.drafts.schedule import check_schedule, schedule_to_wire, schedule_warnings
from campaign_fsm.drafts.voice import VoiceCampaignDraft

__all__ = [
    "DRAFT_OF",
    "Draft",
    "MessageCampaignDraft",
    "Retries",
    "VoiceCampaignDraft",
    "changes_to_wire",
    "check_schedule",
    "schedule_to_wire",
    "schedule_warnings",
]
