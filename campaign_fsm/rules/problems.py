"""Codes outside the life cycle: requests and readings that cannot be used, findings of an audit, policies."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from campaign_fsm.rules import pages
from campaign_fsm.rules.pages import Source, source


@frozen(eq=False)
class Problem:
    """A code outside the life cycle: why a request or a reading could not be used.

    `sources` is empty where the code rests on this package, HTTP or your policy alone, and on no page of the vendor's.
    """

    code: str
    title: str
    advice: str
    sources: tuple[Source, ...] = ()


PROBLEMS: Final = {
    problem.code: problem
    for problem in (
        Problem(
            "CF401",
            "the path is a campaign path only after decoding or folding",
            "Send the documented path, byte for byte.",
        ),
        Problem(
            "CF402",
            "no write is documented with this method and path",
            "Use PUT or DELETE on a campaign, POST on its collection.",
            (
                source("update-sms-campaign", "an action or an edit is a PUT on the campaign"),
                source("update-campaign", "an action or an edit is a PUT on the campaign"),
                pages.DELETE,
                *pages.CREATE,
            ),
        ),
        Problem("CF403", "a query string on a write", "Send writes without a query string."),
        Problem(
            "CF404",
            "credentials in the URL",
            "Take key and token out of the URL, because URLs end up in logs, and give them to the HTTP client as "
            "auth=(key, token), which is httpx.BasicAuth: they then travel in the Authorization header.",
            (
                source("authentication", "recommends the Authorization header"),
                source("update-sms-campaign", "the sample requests have key and token in the URL"),
            ),
        ),
        Problem(
            "CF405",
            "the Host header, the target or a rewriting header contradicts the URL",
            "Let the HTTP client derive them from the URL.",
        ),
        Problem("CF406", "a method-override header", "Send the method that is meant."),
        Problem(
            "CF407",
            "the content type is missing, not JSON, or not the same twice",
            "Send exactly one 'Content-Type: application/json'.",
            (
                source("update-sms-campaign", "the sample requests have the content type application/json"),
                source("manage-campaign", "the sample request has the content type application/json"),
            ),
        ),
        Problem("CF408", "an encoded or wrongly framed body", "Send the body plain, with a matching Content-Length."),
        Problem(
            "CF409",
            "the body is not exactly one UTF-8 JSON object",
            "Send one JSON object, in UTF-8, without duplicate keys.",
        ),
        Problem(
            "CF410", "keys that two parsers could read differently", "Write every key once, in its documented spelling."
        ),
        Problem(
            "CF411",
            "not exactly one campaign in the body",
            "Send one item for each request.",
            (source("update-campaign", "the body of a call campaign is a list, campaigns, of one item"),),
        ),
        Problem(
            "CF412",
            "the action is not on the list",
            "Send one of pause, resume, complete, archive as a plain string.",
            (
                source("update-sms-campaign", "the actions are pause, resume, complete and archive"),
                source("manage-campaign", "the actions are pause, resume, complete and archive"),
            ),
        ),
        Problem(
            "CF413",
            "an action mixed with fields",
            "Send the action alone.",
            (
                source("update-sms-campaign", "the sample request has the action alone"),
                source("update-campaign", "the sample of a pause has caller_id and url beside the action"),
                source(
                    "update-campaign-details",
                    "lists the action beside the callbacks that can still be updated; no sample has both in one body",
                ),
                pages.RESCHEDULE_MESSAGES,
            ),
        ),
        Problem(
            "CF414",
            "an edit of something that is not a parameter",
            "Leave status and ids out of an edit; use an action to change the status.",
            pages.PARAMETERS,
        ),
        Problem(
            "CF415",
            "the id or account is not of the documented form",
            "Ids are 1 to 64 of A-Z a-z 0-9 _ -.",
            (source("update-sms-campaign", "the id in the sample answer is 32 hexadecimal digits"),),
        ),
        Problem(
            "CF416",
            "the new end of the schedule is missing, unreadable or not ahead",
            "Give an end with a time zone that lies in the future.",
            (pages.RESCHEDULE,),
        ),
        Problem(
            "CF417",
            "a body where none is documented",
            "Send DELETE without a body.",
            (source("delete-campaign", "DELETE on the campaign deletes it"),),
        ),
        Problem(
            "CF418",
            "a campaign in a version of the API whose rules are not known",
            "Send it to /v2, the version that the vendor's pages describe.",
            (
                source("update-sms-campaign", "the path begins with /v2"),
                source("update-campaign", "the path begins with /v2"),
            ),
        ),
        Problem("CF501", "the status could not be read", "Look at the cause; nothing was written."),
        Problem(
            "CF502",
            "the answer about the status cannot be read in exactly one way",
            "Look at the answer; nothing was written.",
        ),
        Problem("CF503", "the answer is about another campaign", "Check the host and any proxy; nothing was written."),
        Problem("CF505", "the gate itself failed", "That is a bug: report it with its traceback; nothing was written."),
        Problem(
            "CF504",
            "the reading came from a cache",
            "Take the cache out of the transport below the gate; nothing was written.",
        ),
        Problem(
            "CF601",
            "the server's answer contradicts the model",
            "Look at the campaign; if nobody else moved it, report what the server did.",
        ),
        Problem(
            "CF602",
            "a write after a lost answer, without a read in between",
            "Read the campaign after a lost answer: the write may have been applied.",
        ),
        Problem("CF603", "credentials in the recording", "Change the key, and filter the header out when recording."),
        Problem(
            "CF604",
            "a status that is on no list",
            "Ask the vendor what it means; no write is legal in it.",
            (pages.STATUSES,),
        ),
        Problem(
            "CF605",
            "a write that cannot be judged, because the status is not known",
            "Record the read that comes before the write.",
        ),
        Problem(
            "CF606",
            "parameters that break a documented limit",
            "Correct them; the server may refuse or drop them.",
            (*pages.PARAMETERS, *pages.INTERVAL),
        ),
        Problem("CF607", "a suppression that suppresses nothing", "Take it out of the configuration."),
        Problem("CF608", "a suppression that has expired", "Fix what it suppresses, or renew it with a reason."),
        Problem(
            "CF609",
            "a write that was answered with a redirect",
            "Follow no redirects of writes: they are sent again, to another place, and not judged.",
        ),
        Problem("CF701", "an action that the policy forbids", "Leave the campaign as it is, or change the policy."),
        Problem(
            "CF702",
            "an action without the confirmation that the policy asks for",
            "Confirm it: `with campaign_fsm.confirmed():` in Python, --yes on the command line.",
        ),
        Problem("CF703", "a start outside the hours that the policy allows", "Choose a start within the hours."),
        Problem("CF704", "a schedule without the end that the policy asks for", "Give the schedule an end."),
        Problem("CF705", "an archive earlier than the policy allows", "Wait until the campaign is old enough."),
        Problem("CF706", "an account that the policy does not allow", "Use an account of the policy's list."),
        Problem("CF707", "a host or region that the policy does not allow", "Use a host of the policy's list."),
        Problem(
            "CF801",
            "a call from inside another one that is at work on the same campaign",
            "Make it after that one has returned: put it in a queue that another thread works off, or start a thread, "
            "or a task with context=contextvars.Context(), and do not wait for it inside.",
        ),
        Problem(
            "CF802",
            "another call of this process was at work on the campaign for too long",
            "Try again later, or set a longer deadline= of the client or transport.",
        ),
        Problem(
            "CF803",
            "the process was forked while the call was at work",
            "Make the call again in the child process; the parent goes on with this one.",
        ),
    )
}
"""Codes of requests and readings that the gate refuses, of what an audit finds and of policies, by code."""
