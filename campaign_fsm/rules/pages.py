"""The vendor's pages, and the statements of theirs that several rules or refusals rest on."""

from __future__ import annotations

from typing import Final

from attrs import frozen


@frozen
class Page:
    """A page of the vendor's that rules rest on."""

    key: str
    title: str
    url: str


@frozen
class Source:
    """One statement of one vendor page, in our words."""

    page: Page
    says: str

    @property
    def statement(self) -> str:
        """The page's title and what it says."""
        return f"{self.page.title}: {self.says}"

    def __str__(self) -> str:
        return f"{self.page.title} <{self.page.url}>: {self.says}"

    def as_dict(self) -> dict[str, str]:
        """Plain data for JSON: the page's key, title and address, and what it says."""
        return {"page": self.page.key, "title": self.page.title, "url": self.page.url, "says": self.says}


PAGES: Final = {
    page.key: page
    for page in (
        Page("S1", "Update SMS campaign", "https://developer.exotel.com/api/update-sms-campaign-3"),
        Page("S2", "Update campaign", "https://developer.exotel.com/api/update-campaign"),
        Page("S2d", "Update campaign details", "https://developer.exotel.com/api/update-campaign-details"),
        Page("S3", "Manage Campaign", "https://developer.exotel.com/docs/campaigns"),
        Page("S4", "How does the Campaigns API work (article 3000085835)", "https://support.exotel.com"),
        Page("S5", "Campaign Scheduling and Campaign FAQs", "https://developer.exotel.com/docs"),
        Page("S6", "Create SMS campaign", "https://developer.exotel.com/api/sms-campaigns"),
        Page("S7", "Create campaign", "https://developer.exotel.com/api/campaigns"),
        Page("S8", "Error Code Dictionary, Rate Limiting, Authentication", "https://developer.exotel.com"),
    )
}


def source(key: str, says: str) -> Source:
    """A statement of the page with this key."""
    return Source(PAGES[key], says)


# Statements that several rules and refusals rest on.
PAUSE: Final = source("S1", "only a created or in-progress campaign can be paused")
PAUSE_VOICE: Final = source("S3", "the action table offers pause for created and in-progress campaigns")
RESUME: Final = source("S1", "only a paused campaign can be resumed; the numbers not yet called are called")
COMPLETE: Final = source(
    "S1", "only a paused campaign can be marked as completed; the remaining numbers are marked as failed"
)
COMPLETE_VOICE: Final = source("S3", "the action table offers complete for paused campaigns")
ARCHIVE: Final = source("S1", "only a completed campaign can be marked as archived")
EDIT: Final = source("S1", "all parameters of a campaign that has not started can be updated")
EDIT_VOICE: Final = source(
    "S2", "all parameters can be updated until the start time; after it only callbacks and the action"
)
CALLBACKS: Final = source("S2d", "once send_at has passed, only the three callback URLs can still be updated")
RESCHEDULE: Final = source(
    "S5",
    "a schedule can be changed while created or paused; a paused multi-day campaign is given a new end and resumed",
)
DELETE: Final = source("S3", "DELETE is offered for a campaign that has not started")
DELETE_S4: Final = source("S4", "a campaign that has not started can be deleted")
NO_DELETE: Final = source("S5", "the FAQ says that a created campaign cannot be deleted")
SCHEDULING: Final = source("S5", "a campaign starts at its start time, or at once without a schedule")
FINALS: Final = source("S4", "completed, failed, deleted and canceled are terminal")
OPENING: Final = source(
    "S1",
    "the opening sentence offers pause, resume and complete while in progress; its bullets ask for a paused campaign",
)
