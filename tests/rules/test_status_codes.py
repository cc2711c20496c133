"""What `campaign-fsm explain` says of an HTTP status code is on a page or called unknown, and is what a client does."""

import json

import httpx
import pytest
from commands import call
from wires import ID

from campaign_fsm import CampaignClient, errors
from campaign_fsm.rules.status_codes import STATUS_CODES, meaning_of

TWO = "http-status-codes error-codes"
# Typed from the vendor's pages and the README: code, error, whether a read and a write are sent again, pages.
TABLE = f"""
200 UnexpectedAnswer    never  never     {TWO} update-sms-campaign
202 UnexpectedAnswer    never  never     {TWO}
207 UnexpectedAnswer    never  never
400 BadRequest          never  never     {TWO}
401 AuthenticationError never  never     {TWO} api-credentials
402 PaymentRequired     never  never     {TWO}
403 Forbidden           never  never     {TWO}
404 NotFound            never  never     {TWO}
407 ApiError            never  never
408 ApiError            never  never
409 Conflict            never  never     {TWO}
425 ApiError            never  unapplied
429 RateLimited         always always    {TWO} rate-limiting
500 ServerError         always unapplied {TWO}
502 ServerError         always unapplied {TWO}
503 ServerError         always unapplied {TWO}
504 ServerError         always never     http-status-codes
204 UnexpectedAnswer    never  never
302 UnexpectedRedirect  never  never
418 ApiError            never  never
599 ServerError         always unapplied http-status-codes
"""
KEYS = "version status_code kind title documented error hint client read_again write_again seen unknown sources guide"
# What the error adds, and `explain` too: a word of it.
HINTS = {401: "other region", 402: "balance", 403: "no access", 404: "this account", 407: "a proxy", 302: "no redirect"}
ROWS = {int(row[0]): row[1:] for row in map(str.split, TABLE.strip().splitlines())}


def explained(capsys, code):
    """The text about a status code, and its JSON."""
    text, told = call(capsys, "explain", str(code)), call(capsys, "explain", str(code), "--json")
    assert (text[0], text[2], told[0], told[2]) == (0, "", 0, "")
    return text[1], json.loads(told[1])


@pytest.mark.parametrize("code", ROWS)
def test_every_status_code_is_explained_with_its_pages_or_called_unknown(capsys, code):
    """Each statement with its address; what is on no page says so; text and JSON alike."""
    error, read_again, write_again, *pages = ROWS[code]
    text, told = explained(capsys, code)
    assert text.startswith(f"{code}  HTTP status code: {told['title']}\n")
    assert (told["version"], told["status_code"], told["kind"]) == (1, code, "status code")
    assert (told["error"], told["read_again"], told["write_again"]) == (error, read_again, write_again)
    assert {source["page"] for source in told["sources"]} == set(pages)
    assert told["documented"] == bool(pages)
    assert all(f"{source['title']}: {source['says']}\n" in text for source in told["sources"])
    assert all(f"             {source['url']}\n" in text for source in told["sources"])
    assert all(told[key] in text for key in ("client", "hint", "seen", "unknown"))
    assert pages or "on no page" in told["unknown"]
    assert f"  raises     {error}: " in text
    assert HINTS.get(code, "") in told["hint"]
    assert f"  hint       {told['hint']}\n" in text or not told["hint"]
    assert "  instead " not in text
    # A success that is a reading stops no write.
    when = "before a write and is no reading;" if code == 200 else "before a write;"
    assert f"StatusUnavailable, if it is the answer to the read {when} the write was not sent.\n" in text
    assert bool(told["hint"]) == (code in HINTS)
    assert list(told) == KEYS.split()


def test_every_entry_is_in_the_typed_table():
    """A new one is typed by hand, too."""
    assert set(STATUS_CODES) <= set(ROWS)
    assert list(STATUS_CODES) == sorted(STATUS_CODES)


def test_both_readings_of_a_conflict_are_told(capsys):
    """The pages differ: a conflict with the state, or a concurrent update."""
    says = {source["page"]: source["says"] for source in explained(capsys, 409)[1]["sources"]}
    assert "the state of the resource" in says["error-codes"]
    assert "concurrently" in says["http-status-codes"]


def test_which_code_an_illegal_action_gets_is_called_unknown(capsys):
    """By the two that are understood as its answer, and by no other."""
    for code in ROWS:
        assert ("illegal action" in explained(capsys, code)[1]["unknown"]) == (code in (400, 409))


def test_what_only_client_code_has_seen_is_called_so(capsys):
    """That call details are answered with 404 before the first call is on no page."""
    text, told = explained(capsys, 404)
    assert "call details" in told["seen"]
    assert f"{told['seen']} Seen in public client code; it is on no page.\n" in text
    assert [code for code in ROWS if meaning_of(code).seen] == [404]


def test_the_limits_contradict_each_other_and_it_says_so(capsys):
    """30, 300 and 200 requests a minute; the headers with their units."""
    told = explained(capsys, 429)[1]
    says = " ".join(source["says"] for source in told["sources"])
    assert all(part in says for part in ("30 requests", "300 for", "200 requests", "Retry-After, in seconds", "epoch"))
    assert "Which of these limits counts for reads" in told["unknown"]


def test_the_items_own_code_is_said_to_count(capsys):
    """Of the two codes whose envelope can hold a failed item."""
    assert [code for code in ROWS if "item in the answer counts" in meaning_of(code).client] == [200, 207]


@pytest.mark.parametrize("wrong", ["999", "42", "600", "099", "0409", "4090", "5xx", "5XX"])
def test_a_number_that_is_no_status_code_is_refused(capsys, wrong):
    """Exit code 2, and which there are."""
    code, out, err = call(capsys, "explain", wrong)
    assert (code, out) == (2, "")
    assert f"{wrong} is not an HTTP status code. Give one from 100 to 599" in err


def test_every_status_code_there_is_has_an_explanation(capsys):
    """The others are those of their class."""
    for code in (100, 101, 299, 300, 399, 400, 499, 500, 599):
        assert explained(capsys, code)[1]["error"] == meaning_of(code).error.__name__


# What a client does


class Account:
    """Answers the first request with the method `trouble` with a status code, every other one honestly."""

    def __init__(self, code, trouble, status):
        self.code, self.trouble, self.status = code, trouble, status
        self.methods = []

    def __call__(self, request):
        self.methods.append(request.method)
        if request.method == self.trouble and self.methods.count(self.trouble) == 1:
            return httpx.Response(self.code, content=b"{}")
        if request.method == "PUT":
            self.status = {"pause": "paused", "complete": "completed"}[json.loads(request.content)["action"]]
        data = {"sid": ID, "status": self.status}
        return httpx.Response(200, json={"response": {"code": 200, "status": "success", "data": data}})

    def client(self):
        keys = {"account_sid": "acme1", "api_key": "key", "api_token": "token"}
        return CampaignClient(**keys, transport=httpx.MockTransport(self))


@pytest.fixture
def quick(impatient, pace):
    pace(first_delay=0.001)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("code", ROWS)
def test_a_client_reads_again_after_what_the_table_says(code):
    """One read is answered with the code and the next one is not; without a next one the error is the table's."""
    account = Account(code, "GET", "paused")
    with account.client() as client:
        if meaning_of(code).read_again == "always":
            assert client.get(ID).status == "paused"
            assert account.methods == ["GET", "GET"]
            return
        with pytest.raises(errors.ApiError) as caught:
            client.get(ID)
    assert type(caught.value) is meaning_of(code).error
    assert account.methods == ["GET"] if code != 404 else ["GET", "GET"]  # the other channel


@pytest.mark.parametrize("code", [code for code in ROWS if code != 200 and meaning_of(code).read_again == "never"])
def test_the_answer_to_the_read_before_a_write_stops_the_write(code):
    """As is said of each code: StatusUnavailable, and nothing was written."""
    account = Account(code, "GET", "in-progress")
    with account.client() as client, pytest.raises(errors.StatusUnavailable) as caught:
        client.pause(ID)
    assert caught.value.status_code == code
    assert "PUT" not in account.methods


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("action", ["pause", "complete"])
@pytest.mark.parametrize("code", ROWS)
def test_a_client_writes_again_after_what_the_table_says(code, action):
    """One write is answered with the code; what cannot be undone is sent again only where nothing was applied."""
    account = Account(code, "PUT", "in-progress" if action == "pause" else "paused")
    again = meaning_of(code).write_again
    with account.client() as client:
        if again == "always" or (again == "unapplied" and action == "pause"):
            getattr(client, action)(ID)
            assert account.methods.count("PUT") == 2
            return
        with pytest.raises((errors.ApiError, errors.OutcomeUnknown)) as caught:
            getattr(client, action)(ID)
    if isinstance(caught.value, errors.ApiError):
        assert type(caught.value) is meaning_of(code).error
    else:
        assert "OutcomeUnknown" in meaning_of(code).client
    assert account.methods.count("PUT") == 1
