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
        # Message campaigns
        Page("create-sms-campaign", "Create SMS campaign", "https://developer.exotel.com/api/create-sms-campaign"),
        Page(
            "sms-reference-create",
            "Create campaign (SMS reference)",
            "https://developer.exotel.com/docs/sms-campaigns/api-reference/create-campaign",
        ),
        Page(
            "sms-campaign-details",
            "SMS campaign details",
            "https://developer.exotel.com/api/get-sms-campaign-details-2",
        ),
        Page(
            "bulk-sms-campaign-details",
            "Bulk SMS campaign details",
            "https://developer.exotel.com/api/bulk-sms-campaign-details-2",
        ),
        Page(
            "sms-reference-bulk",
            "Bulk campaign details (SMS reference)",
            "https://developer.exotel.com/docs/sms-campaigns/api-reference/bulk-campaign-details",
        ),
        Page("sms-details", "SMS details", "https://developer.exotel.com/api/sms-details-of-a-single-sms-campaign-2"),
        Page(
            "sms-reference-details-of-each",
            "SMS details (SMS reference)",
            "https://developer.exotel.com/docs/sms-campaigns/api-reference/sms-details",
        ),
        Page(
            "sms-reference-manage",
            "Manage campaign (SMS reference)",
            "https://developer.exotel.com/docs/sms-campaigns/api-reference/manage-campaign",
        ),
        Page("update-sms-campaign", "Update SMS campaign", "https://developer.exotel.com/api/update-sms-campaign-3"),
        # Call campaigns
        Page("create-campaign", "Create campaign", "https://developer.exotel.com/api/create-campaign"),
        Page(
            "voice-reference-create",
            "Create campaign (voice reference)",
            "https://developer.exotel.com/docs/campaigns/api-reference/create-campaign",
        ),
        Page("console-campaigns", "Campaigns (API console)", "https://developer.exotel.com/api-console/campaigns"),
        Page("campaign-details", "Campaign details", "https://developer.exotel.com/api/get-campaign-details"),
        Page(
            "bulk-campaign-details", "Bulk campaign details", "https://developer.exotel.com/api/bulk-campaign-details"
        ),
        Page("call-details", "Call details", "https://developer.exotel.com/api/call-details-of-a-single-campaign"),
        Page("update-campaign", "Update campaign", "https://developer.exotel.com/api/update-campaign"),
        Page(
            "update-campaign-details",
            "Update campaign details",
            "https://developer.exotel.com/api/update-campaign-details",
        ),
        Page(
            "console-update-campaign",
            "Update campaign details (API console)",
            "https://developer.exotel.com/api-console/update-campaign-details-api-console",
        ),
        Page(
            "manage-campaign",
            "Manage campaign",
            "https://developer.exotel.com/docs/campaigns/api-reference/manage-campaign",
        ),
        Page("delete-campaign", "Delete campaign", "https://developer.exotel.com/api/delete-campaign"),
        Page("campaigns-overview", "Campaigns overview", "https://developer.exotel.com/docs/campaigns/overview"),
        Page(
            "how-campaigns-work",
            "How does the Campaigns API work",
            "https://support.exotel.com/support/solutions/articles/3000085835-how-does-the-campaigns-api-work",
        ),
        # Guides
        Page(
            "campaign-scheduling",
            "Campaign scheduling",
            "https://developer.exotel.com/docs/campaign-guides/campaign-scheduling",
        ),
        Page("campaign-faqs", "Campaign FAQs", "https://developer.exotel.com/docs/faqs/campaign-faqs"),
        Page(
            "campaign-reporting",
            "Campaign reporting",
            "https://developer.exotel.com/docs/campaign-guides/campaign-reporting",
        ),
        Page(
            "creating-sms-campaign",
            "Creating an SMS campaign",
            "https://developer.exotel.com/docs/campaign-guides/creating-sms-campaign",
        ),
        Page(
            "creating-voice-campaign",
            "Creating a voice campaign",
            "https://developer.exotel.com/docs/campaign-guides/creating-voice-campaign",
        ),
        # Every API of the vendor's
        Page("authentication", "Authentication", "https://developer.exotel.com/docs/references/authentication"),
        Page(
            "api-credentials",
            "API credentials",
            "https://developer.exotel.com/docs/getting-started/api-credentials",
        ),
        Page("error-codes", "Error codes", "https://developer.exotel.com/docs/references/error-codes"),
        Page("http-status-codes", "HTTP status codes", "https://developer.exotel.com/api/http-status-codes"),
        Page("rate-limiting", "Rate limiting", "https://developer.exotel.com/docs/advanced-config/rate-limiting"),
        Page("webhooks", "Webhooks", "https://developer.exotel.com/docs/references/webhooks"),
        Page("webhooks-setup", "Webhooks set-up", "https://developer.exotel.com/docs/advanced-config/webhooks-setup"),
    )
}
"""The pages by key; the rules, the warnings of drafts and the docstrings cite no other address of the vendor's."""


def source(key: str, says: str) -> Source:
    """A statement of the page with this key."""
    return Source(PAGES[key], says)


# Statements that several rules, refusals and problems rest on.
CREATE: Final = source("create-sms-campaign", "create is a POST to the collection")
PAUSE: Final = source("update-sms-campaign", "only a created or in-progress campaign can be paused")
PAUSE_VOICE: Final = source("manage-campaign", "the action table offers pause for created and in-progress campaigns")
RESUME: Final = source(
    "update-sms-campaign", "only a paused campaign can be resumed; the numbers not yet called are called"
)
COMPLETE: Final = source(
    "update-sms-campaign",
    "only a paused campaign can be marked as completed; the remaining numbers are marked as failed",
)
COMPLETE_VOICE: Final = source("manage-campaign", "the action table offers complete for paused campaigns")
ARCHIVE: Final = source("update-sms-campaign", "only a completed campaign can be marked as archived")
EDIT: Final = source("update-sms-campaign", "all parameters of a campaign that has not started can be updated")
EDIT_VOICE: Final = source(
    "update-campaign-details",
    "all parameters can be updated until the start time; after it only callbacks and the action",
)
CALLBACKS: Final = source(
    "update-campaign-details", "once send_at has passed, only the three callback URLs can still be updated"
)
RESCHEDULE: Final = source(
    "campaign-scheduling",
    "a schedule can be changed while created or paused; a paused multi-day campaign is given a new end and resumed",
)
DELETE: Final = source("manage-campaign", "DELETE deletes a call campaign and is answered with 200")
DELETE_NOT_STARTED: Final = source("how-campaigns-work", "a campaign that has not started can be deleted")
NO_DELETE: Final = source("campaign-faqs", "the FAQ says that a created campaign cannot be deleted")
SCHEDULING: Final = source("campaign-scheduling", "a campaign starts at its start time, or at once without a schedule")
FINALS: Final = source("how-campaigns-work", "completed, failed, deleted and canceled are terminal")
STATUSES: Final = source("how-campaigns-work", "lists the statuses of a campaign")
OPENING: Final = source(
    "update-sms-campaign",
    "the opening sentence offers pause, resume and complete while in progress; its bullets ask for a paused campaign",
)
PARAMETERS: Final = (
    source("create-sms-campaign", "lists the parameters of a message campaign, with their limits"),
    source("create-campaign", "lists the parameters of a call campaign, with their limits"),
)
INTERVAL: Final = (
    source("console-campaigns", "interval_mins is mandatory when number_of_retries is given"),
    source("console-update-campaign", "the same of an edit"),
)
