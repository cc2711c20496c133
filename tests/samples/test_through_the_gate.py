"""The same request by hand through the gate: the page's form of URL is refused, and what the refusal says works."""

import base64
import logging
import traceback

import httpx
import httpx2
import pytest
from commands import call
from faces import FACES, Face
from servers import Server
from wires import ID, MESSAGE

from campaign_fsm import AsyncCampaignClient, CampaignClient, errors
from campaign_fsm.rules import PROBLEMS

KEY, TOKEN = "key-canary", "token-canary"
BASIC = "Basic " + base64.b64encode(f"{KEY}:{TOKEN}".encode()).decode()
SAMPLE = {"content": b'{     "action":"archive" }', "headers": {"content-type": "application/json"}}


@pytest.fixture
def completed():
    """A server with a completed campaign."""
    with Server() as server:
        server.statuses[ID] = "completed"
        yield server


@pytest.fixture(params=[(name, family) for family in (httpx, httpx2) for name in FACES], ids=lambda param: param[0])
def face(request):
    return Face(*request.param)


def with_credentials(url):
    return url.replace("://", f"://{KEY}:{TOKEN}@")


@pytest.mark.parametrize("where", ["the URL", "the URL, and auth=", "the base URL of the client"])
def test_credentials_in_the_url_are_refused_before_any_connection_and_the_advice_works(completed, face, caplog, where):
    """CF404 with nothing sent and nothing given away; with auth= the same request is the first that arrives."""
    caplog.set_level(logging.DEBUG)
    page, plain = with_credentials(completed.url), completed.url

    async def scenario():
        base = {"base_url": page} if where == "the base URL of the client" else {}
        auth = {"auth": (KEY, TOKEN)} if where == "the URL, and auth=" else {}
        async with face.client(face.guard(face.http()), **base) as client:
            with pytest.raises(errors.UnreadableRequest) as caught:
                await client.put(MESSAGE if base else page + MESSAGE, **auth, **SAMPLE)
        refusal = caught.value
        assert (refusal.code, refusal.advice) == ("CF404", PROBLEMS["CF404"].advice)
        for told in (
            "Take key and token out of the URL",
            "auth=(key, token)",
            "httpx.BasicAuth",
            "Authorization header",
        ):
            assert told in str(refusal)
        assert completed.received == []
        shown = "".join(traceback.format_exception_only(refusal)) + repr(refusal) + repr(vars(refusal)) + caplog.text
        assert KEY not in shown
        assert TOKEN not in shown

        async with face.client(face.guard(face.http())) as client:
            response = await client.put(plain + MESSAGE, auth=(KEY, TOKEN), **SAMPLE)
        assert response.json()["response"]["data"]["status"] == "archived"

    face.run(scenario)
    assert [(arrived.connection, arrived.method) for arrived in completed.requests] == [(1, "GET"), (1, "PUT")]
    assert {arrived.headers["authorization"] for arrived in completed.requests} == {BASIC}
    assert {arrived.path for arrived in completed.requests} == {MESSAGE}


def test_an_illegal_archive_that_the_samples_send_does_not_leave(completed, face):
    """What arrives from each sample as illegal is read, refused and never sent."""
    completed.statuses[ID] = "in-progress"

    async def scenario():
        async with face.client(face.guard(face.http())) as client:
            with pytest.raises(errors.IllegalTransition, match="CF226"):
                await client.put(completed.url + MESSAGE, auth=(KEY, TOKEN), **SAMPLE)

    face.run(scenario)
    assert [arrived.method for arrived in completed.requests] == ["GET"]


def test_a_client_takes_the_pages_form_as_its_base_url(completed, face, caplog):
    """Key and token move into the header; the URL that is sent, logged and shown has none."""
    caplog.set_level(logging.DEBUG)
    kind = AsyncCampaignClient if face.is_async else CampaignClient

    async def scenario():
        settings = {"account_sid": "acme1", "base_url": with_credentials(completed.url), "http": face.family}
        client = kind(transport=face.http(), **settings)
        assert TOKEN not in repr(client)
        campaign = await face.done(client.archive(ID))
        await face.done(client.aclose() if face.is_async else client.close())
        assert campaign.status == "archived"

    face.run(scenario)
    assert {arrived.headers["authorization"] for arrived in completed.requests} == {BASIC}
    assert {arrived.path for arrived in completed.requests} == {MESSAGE}
    assert completed.writes
    assert TOKEN not in caplog.text


def test_the_whole_url_of_the_page_is_no_base_url():
    """The client adds the rest; what is said shows no credentials."""
    with pytest.raises(errors.ConfigurationError, match="ends before /v2") as caught:
        CampaignClient(account_sid="acme1", base_url=with_credentials("https://api.exotel.com") + MESSAGE)
    assert TOKEN not in str(caught.value)


def test_the_code_is_explained_with_the_change(capsys):
    """In the words of the refusal, with both pages."""
    code, out, _ = call(capsys, "explain", "CF404")
    assert code == 0
    assert PROBLEMS["CF404"].advice in out
    assert "sample requests have key and token in the URL\n" in out
