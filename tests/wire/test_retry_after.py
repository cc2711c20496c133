"""How long a server asks to wait: in every form that HTTP has for it, and in none that it has not."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from wires import ID

from campaign_fsm import CampaignClient, errors
from campaign_fsm.wire.answer import Answer

NOW = "Wed, 21 Oct 2015 07:28:00 GMT"
DAY = 86_400.0


def asked(value, *more):
    return Answer(429, ((b"Retry-After", value.encode()), *more), b"").retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("60", 60.0),
        ("60.0", 60.0),
        ("0.25", 0.25),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("86401", DAY),
        ("1766000000", DAY),  # a moment and not a time to wait
        ("9" * 400, DAY),
        ("Wed, 21 Oct 2015 07:29:30 GMT", 90.0),
        ("Wed, 21 Oct 2015 12:59:30 +0530", 90.0),
        ("Wednesday, 21-Oct-15 07:29:30 GMT", 90.0),
        ("Wed Oct 21 07:29:30 2015", 90.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
        ("Mon, 01 Jan 0001 00:00:00 +1400", 0.0),
        ("Sat, 21 Oct 2045 07:28:00 GMT", DAY),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        *((text, None) for text in ("", "soon", "-5", "+5", "1e3", "nan", "inf", ".5", "5 6", "60,5", "60 seconds")),
        ("2015-10-21T07:29:30Z", None),
    ],
)
def test_a_time_to_wait_is_never_negative_and_at_most_a_day(value, seconds):
    """Seconds, also with a fraction, or a date by the clock of the answer itself; everything else says nothing."""
    assert asked(value, (b"Date", NOW.encode())) == seconds


@pytest.mark.parametrize("date", [(), ((b"Date", b"yesterday"),)])
def test_a_date_counts_from_now_where_the_server_shows_no_clock(date):
    """The local clock has to do."""
    ahead = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < asked(ahead, *date) <= 100
    assert asked(NOW, *date) == 0.0


def test_no_header_asks_for_nothing():
    """Nobody has to wait for what nobody says."""
    assert Answer(429, ((b"Date", NOW.encode()),), b"").retry_after is None


@pytest.mark.parametrize("value", ["3", "3.0", "Wed, 21 Oct 2015 07:28:03 GMT"])
def test_every_form_is_waited_for(value):
    """By reads and writes; where there is no time for it the error says it, also that of the read before a write."""
    slept, late = [], []

    def answer(request):
        late.append(request.method)
        if late.count(request.method) < 3:
            return httpx.Response(429, headers={"Retry-After": value, "Date": NOW})
        status = "in-progress" if request.method == "GET" else "paused"
        return httpx.Response(200, json={"response": {"code": 200, "data": {"sid": ID, "status": status}}})

    keys = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "transport": httpx.MockTransport(answer)}
    with CampaignClient(**keys) as client:
        client._sleep = slept.append
        assert client.get(ID).status == "in-progress"
        assert slept == [3.0, 3.0]
        assert client.pause(ID).status == "paused"
        assert slept == [3.0] * 4
    with CampaignClient(**keys, deadline=0) as client:
        late.clear()
        with pytest.raises(errors.RateLimited) as read:
            client.get(ID)
        with pytest.raises(errors.StatusUnavailable) as refused:
            client.pause(ID)
        late += ["GET"] * 3
        with pytest.raises(errors.RateLimited) as written:
            client.pause(ID)
        assert [caught.value.retry_after for caught in (read, refused, written)] == [3.0] * 3
