"""The vendor's pages, and the statements of theirs that several rules or refusals rest on."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from campaign_fsm.rules.vocabulary import Channel


@frozen
class Page:
    """A page of the vendor's that rules rest on.

    Attributes:
        key: A short name of ours.
        title: Its title.
        url: Its address.
        about: The kind of campaign whose reference it is; None where it is about both, or the only one on its matter.
    """

    key: str
    title: str
    url: str
    about: Channel | None = None


@frozen
class Source:
    """One statement of one vendor page, in our words.

    Attributes:
        page: The page.
        says: What it says, in our words.
        about: The kind of campaign that it is about where its page is about both; None for that of the page.
    """

    page: Page
    says: str
    about: Channel | None = None

    @property
    def statement(self) -> str:
        """The page's title and what it says."""
        return f"{self.page.title}: {self.says}"

    def __str__(self) -> str:
        return f"{self.page.title} <{self.page.url}>: {self.says}"

    def as_dict(self) -> dict[str, str]:
        """Plain data for JSON: the page's key, title and address, and what it says."""
        return {"page": self.page.key, "title": self.page.title, "url": self.page.url, "says": self.says}


_MESSAGE, _VOICE = Channel.MESSAGE, Channel.VOICE

PAGES: Final = {
    page.key: page
    for page in (
        # Message campaigns
        Page(
            "create-sms-campaign",
            "Create SMS campaign",
            "https://developer.exotel.com/api/create-sms-campaign",
            _MESSAGE,
        ),
        Page(
            "sms-reference-create",
            "Create campaign (SMS reference)",
            "https://developer.exotel.com/docs/sms-campaigns/api-reference/create-campaign",
            _MESSAGE,
        ),
        Page(
            "sms-campaign-details",
            "SMS campaign details",
            "https://developer.exotel.com/api/get-sms-campaign-details-2",
            _MESSAGE,
        ),
        Page(
            "bulk-sms-campaign-details",
            "Bulk SMS campaign details",
            "https://developer.exotel.com/api/bulk-sms-campaign-details-2",
            _MESSAGE,
        ),
        Page(
            "sms-reference-bulk",
            "Bulk campaign details (SMS reference)",
            "https://developer.exotel.com/docs/sms-campaigns/api-reference/bulk-campaign-details",
            _MESSAGE,
        ),
        Page(
            "console-bulk-sms-campaigns",
            "Bulk SMS campaign details (API console)",
            "https://developer.exotel.com/api-console/get-bulk-sms-campaign-details-api-console-2",
            _MESSAGE,
        ),
        Page(
            "sms-details",
            "SMS details",
            "https://developer.exotel.com/api/sms-details-of-a-single-sms-campaign-2",
            _MESSAGE,
        ),
        Page(
            "sms-reference-details-of-each",
            "SMS details (SMS reference)",
            "https://developer.exotel.com/docs/sms-campaigns/api-reference/sms-details",
            _MESSAGE,
        ),
        Page(
            "sms-reference-manage",
            "Manage campaign (SMS reference)",
            "https://developer.exotel.com/docs/sms-campaigns/api-reference/manage-campaign",
            _MESSAGE,
        ),
        Page(
            "update-sms-campaign",
            "Update SMS campaign",
            "https://developer.exotel.com/api/update-sms-campaign-3",
            _MESSAGE,
        ),
        # Call campaigns
        Page("create-campaign", "Create campaign", "https://developer.exotel.com/api/create-campaign", _VOICE),
        Page(
            "voice-reference-create",
            "Create campaign (voice reference)",
            "https://developer.exotel.com/docs/campaigns/api-reference/create-campaign",
            _VOICE,
        ),
        Page(
            "console-campaigns", "Campaigns (API console)", "https://developer.exotel.com/api-console/campaigns", _VOICE
        ),
        Page("campaign-details", "Campaign details", "https://developer.exotel.com/api/get-campaign-details", _VOICE),
        Page(
            "bulk-campaign-details",
            "Bulk campaign details",
            "https://developer.exotel.com/api/bulk-campaign-details",
            _VOICE,
        ),
        Page(
            "call-details", "Call details", "https://developer.exotel.com/api/call-details-of-a-single-campaign", _VOICE
        ),
        Page("update-campaign", "Update campaign", "https://developer.exotel.com/api/update-campaign", _VOICE),
        Page(
            "update-campaign-details",
            "Update campaign details",
            "https://developer.exotel.com/api/update-campaign-details",
            _VOICE,
        ),
        Page(
            "console-update-campaign",
            "Update campaign details (API console)",
            "https://developer.exotel.com/api-console/update-campaign-details-api-console",
            _VOICE,
        ),
        Page(
            "manage-campaign",
            "Manage campaign",
            "https://developer.exotel.com/docs/campaigns/api-reference/manage-campaign",
            _VOICE,
        ),
        Page("delete-campaign", "Delete campaign", "https://developer.exotel.com/api/delete-campaign", _VOICE),
        Page(
            "campaign-webhooks",
            "Campaign webhooks",
            "https://developer.exotel.com/docs/campaigns/api-reference/webhooks",
            _VOICE,
        ),
        Page(
            "campaigns-overview", "Campaigns overview", "https://developer.exotel.com/docs/campaigns/overview", _VOICE
        ),
        # About call campaigns, and the only one that says how a campaign ends, of whatever kind.
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


def source(key: str, says: str, *, about: Channel | None = None) -> Source:
    """A statement of the page with this key; `about` one kind of campaign, where the page is about both."""
    return Source(PAGES[key], says, about)


def on(channel: Channel, sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Those that are not about the other channel alone; all of them if there are no others."""
    return tuple(one for one in sources if (one.about or one.page.about) in (None, channel)) or sources


# Statements that several rules, refusals and problems rest on.
CREATE: Final = (
    source("create-sms-campaign", "create is a POST to the collection"),
    source("create-campaign", "create is a POST to the collection"),
)
PAUSE: Final = (
    source("update-sms-campaign", "only a created or in-progress campaign can be paused"),
    source("manage-campaign", "the action table offers pause for created and in-progress campaigns"),
)
RESUME: Final = (
    source("update-sms-campaign", "only a paused campaign can be resumed; the numbers not yet called are called"),
    source("manage-campaign", "the action table offers resume for paused campaigns"),
)
COMPLETE: Final = (
    source(
        "update-sms-campaign",
        "only a paused campaign can be marked as completed; the remaining numbers are marked as failed",
    ),
    source(
        "manage-campaign",
        "the action table offers complete for paused campaigns; calls that remain are marked as failed",
    ),
)
ARCHIVE: Final = (
    source("update-sms-campaign", "only a completed campaign can be marked as archived"),
    source("manage-campaign", "the action table offers archive for completed campaigns"),
)
EDIT: Final = (
    source("update-sms-campaign", "all parameters of a campaign that has not started can be updated"),
    source(
        "update-campaign-details",
        "all parameters can be updated until the start time; after it only callbacks and the action",
    ),
)
EDIT_AFTER: Final = source(
    "campaign-faqs", "the FAQ shows a campaign being paused, given one more contact list, and resumed"
)
CALLBACKS: Final = (
    source("update-campaign-details", "once send_at has passed, only the three callback URLs can still be updated"),
    source("manage-campaign", "after send_at only callbacks and the action can be updated"),
)
RESCHEDULE: Final = source(
    "campaign-scheduling",
    "a schedule can be changed while created or paused; a paused multi-day campaign is given a new schedule and "
    "resumed, and goes on at its new send_at",
)
RESCHEDULE_MESSAGES: Final = source(
    "campaign-scheduling",
    "the guide speaks of calls and of messages, and of every campaign; only its sample is of a call campaign",
)
DELETE: Final = source("manage-campaign", "DELETE deletes a call campaign and is answered with 200")
DELETE_NOT_STARTED: Final = source("how-campaigns-work", "a campaign can be deleted only if it has not started")
NO_DELETE: Final = source("campaign-faqs", "the FAQ says that a created campaign cannot be deleted")
SCHEDULING: Final = source("campaign-scheduling", "a campaign starts at its start time, or at once without a schedule")
COMPLETED_AT_END: Final = source(
    "how-campaigns-work", "a campaign completes when all contacts are processed or its end time is reached"
)
PAUSED_AT_END: Final = (
    source("campaign-scheduling", "the contacts that remain at the end time are paused"),
    source("campaign-faqs", "a campaign is paused when its end time is reached"),
)
CANCELED: Final = source(
    "how-campaigns-work",
    "a call campaign that is paused and not resumed is canceled at its end time, and the rest is marked as failed",
)
NEVER_CANCELED: Final = source(
    "campaign-faqs", "the contacts of a paused campaign wait without limit, until it is resumed or completed by hand"
)
FINALS: Final = source(
    "how-campaigns-work", "completed, failed, deleted and canceled are terminal; the page is about call campaigns"
)
STATUSES: Final = source("how-campaigns-work", "lists the statuses of a call campaign")
OPENING: Final = tuple(
    source(
        page,
        "the opening sentence offers resume and complete while in progress; its bullets ask for a paused campaign",
    )
    for page in ("update-sms-campaign", "update-campaign")
)
STUCK: Final = {
    Channel.MESSAGE: source("campaign-faqs", "a campaign stays created while its list is processed or without credits"),
    Channel.VOICE: source(
        "campaign-faqs",
        "a campaign stays created while its list is processed, without credits, with an inactive ExoPhone or with a "
        "wrong URL of the flow",
    ),
}
LISTS: Final = source("campaign-faqs", "a contact list of an active or paused campaign cannot be deleted")
INVALID_NUMBER: Final = source(
    "how-campaigns-work", "one invalid number fails the whole request for a call campaign", about=Channel.VOICE
)
PARAMETERS: Final = (
    source("create-sms-campaign", "lists the parameters of a message campaign, with their limits"),
    source("create-campaign", "lists the parameters of a call campaign, with their limits"),
)
INTERVAL: Final = (
    source("console-campaigns", "interval_mins is mandatory when number_of_retries is given"),
    source("console-update-campaign", "the same of an edit"),
)
