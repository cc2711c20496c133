"""Whatever breaks while a write is out: it ends as one of the documented outcomes, and never as what broke."""

import asyncio
import concurrent.futures
import json
import logging
import os
import socket
import ssl
import struct
from datetime import UTC, datetime
from functools import partial

import anyio
import h11
import httpcore
import httpx
import pytest
import trio
from faces import FACES, Face
from operations import message
from servers import DEST, Server
from wires import ID

from campaign_fsm import Campaign, Simulator, errors

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"


@pytest.fixture(autouse=True)
def quick(impatient, pace):
    """Nothing here gets better by waiting for it."""
    pace(first_delay=0.001)


@pytest.fixture(params=[*FACES[:2], pytest.param("trio", marks=pytest.mark.long)])
def face(request):
    return Face(request.param)


def outcome(face, server, transport, work, **settings):
    """The campaign that a client returns, or the error that it raises."""

    async def scenario():
        async with face.campaigns(server, transport, **settings) as client:
            try:
                return await work(client)
            except Exception as error:  # noqa: BLE001 (the test looks at it)
                return error

    return face.run(scenario)


def status(found):
    """The status of a campaign; errors have one, too."""
    assert isinstance(found, Campaign), found
    return found.status


# 1. Connections that break, over TLS


def raw(tunnel, data):
    """Put bytes next to what is encrypted."""
    with socket.socket(fileno=os.dup(tunnel.fileno())) as below:
        below.sendall(data)


def reset(tunnel):
    tunnel.sendall(HALF)
    tunnel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def goodbye(tunnel):
    tunnel.sendall(HALF)
    tunnel.unwrap()


BREAKS = {
    "a record that ends too soon": lambda tunnel: raw(tunnel, b"\x17\x03\x03\x00\x64" + b"x" * 10),
    "a record that nobody has encrypted": lambda tunnel: raw(tunnel, b"\x17\x03\x03\x00\x20" + b"x" * 32),
    "an answer that is not encrypted": lambda tunnel: raw(tunnel, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "garbage": lambda tunnel: raw(tunnel, bytes(range(255))),
    "garbage in the middle of an answer": lambda tunnel: (tunnel.sendall(HALF), raw(tunnel, b"\xff" * 100)),
    "an alert": lambda tunnel: raw(tunnel, b"\x15\x03\x03\x00\x02\x02\x28"),
    "an end without a goodbye": lambda tunnel: None,
    "an end in the middle, without a goodbye": lambda tunnel: tunnel.sendall(HALF),
    "an end in the middle, with a goodbye": goodbye,
    "a reset in the middle": reset,
}


class Breaking(Server):
    """Breaks connections instead of answering, as often as it is told, for requests with some methods.

    Attributes:
        created: What was created.
    """

    def __init__(self, tls, how, *methods, times=1, applied=True):
        self._how, self._methods, self._times, self._applied = how, methods, times, applied
        self._open, self.created = {}, []
        super().__init__(tls)
        self.statuses[ID] = "in-progress"

    def serve(self, connection, number):
        self._open[number] = connection
        super().serve(connection, number)

    def answer(self, arrived):
        breaks = arrived.method in self._methods and self._times > 0
        self._times -= breaks
        found = self._found(arrived) if self._applied or not breaks else None
        if breaks:
            self._how(self._open[arrived.connection])
            raise ConnectionAbortedError  # which ends the connection
        return found

    def _found(self, arrived):
        if "/message-campaigns?" not in arrived.path and arrived.method != "POST":
            return super().answer(arrived)
        if arrived.method == "POST":
            made = {"sid": f"c{len(self.created)}", "status": "created", "date_created": datetime.now(UTC).isoformat()}
            self.created.append({**json.loads(arrived.body), **made})
        items = [{"code": 200, "status": "success", "data": data} for data in self.created]
        return 200, json.dumps({"metadata": {"total": len(items)}, "response": items}).encode()


@pytest.fixture(scope="module")
def tls():
    """The contexts of a server and of a client that trusts it."""
    trustme = pytest.importorskip("trustme", reason="trustme makes the certificates of a server with TLS")
    authority, theirs, ours = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(theirs)
    authority.configure_trust(ours)
    return theirs, ours


@pytest.fixture
def broken(face, tls):
    """Has a client of the face work on a server that breaks; what came of it, and what was sent."""
    theirs, ours = tls

    def run(how, work, *methods, status="in-progress", times=1, applied=True, deadline=5.0):
        with Breaking(theirs, BREAKS[how], *methods, times=times, applied=applied) as server:
            server.statuses[ID] = status
            found = outcome(face, server.url, face.http(verify=ours), work, deadline=deadline)
            return found, [request.method for request in server.writes]

    return run


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_answer_to_a_write_is_looked_into(broken, how):
    """Applied, it is the campaign; not applied, it is sent again if that can be undone, and said not to be if not."""
    found, sent = broken(how, lambda client: client.pause(ID), "PUT")
    assert (status(found), sent) == ("paused", ["PUT"])
    found, sent = broken(how, lambda client: client.pause(ID), "PUT", applied=False)
    assert (status(found), sent) == ("paused", ["PUT", "PUT"])
    found, sent = broken(how, lambda client: client.complete(ID), "PUT", status="paused", applied=False)
    assert type(found) is errors.ConnectionFailed
    assert (found.sent, "was not applied" in str(found), sent) == (True, True, ["PUT"])


@pytest.mark.parametrize("how", BREAKS)
def test_where_everything_breaks_the_outcome_is_unknown(face, tls, how):
    """The write and every look for it."""
    theirs, ours = tls
    with Breaking(theirs, BREAKS[how], "PUT", "GET", times=99) as server:
        server._times = 0

        def from_now_on(arrived):
            server._times = 99 if arrived.method == "PUT" else server._times

        server.before_answer = from_now_on
        # Here the client makes its transport itself.
        found = outcome(face, server.url, None, lambda client: client.pause(ID), verify=ours)
        assert type(found) is errors.OutcomeUnknown
        assert (found.seen, found.now, len(server.writes)) == ("in-progress", None, 1)


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_answer_to_a_create_is_looked_for(broken, how):
    """Found in the list it is the campaign, and else nobody knows; it is sent once."""
    draft = message(Simulator())
    found, sent = broken(how, lambda client: client.create(draft), "POST")
    assert (found.name, status(found), sent) == (draft.name, "created", ["POST"])
    found, sent = broken(how, lambda client: client.create(draft), "POST", applied=False)
    assert (type(found), sent) == (errors.OutcomeUnknown, ["POST"])


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_answer_to_a_read_is_a_failed_connection(broken, how):
    """It is tried again in time, and is an error of the tree after that; a write does not leave on it."""
    read = [lambda client: client.get(ID), lambda client: client.check(ID, "pause"), lambda client: client.find("n")]
    for work in read:
        found, sent = broken(how, work, "GET", times=99, deadline=0)
        assert (type(found), sent) == (errors.ConnectionFailed, [])
    found, _ = broken(how, read[0], "GET", times=2)
    assert status(found) == "in-progress"
    found, sent = broken(how, lambda client: client.pause(ID), "GET", times=99, deadline=0)
    assert (type(found), found.no_answer, sent) == (errors.StatusUnavailable, True, [])


# 2. Answers that do not say what became of the write


class Answering(Breaking):
    """Gives a certain answer to the next `times` writes, which it has applied or not.

    Attributes:
        shown: What it shows of the campaign beside its status.
    """

    def __init__(self, instead, *, times=1, applied=True, status="in-progress", **shown):
        self._instead, self.shown = instead, shown
        super().__init__(None, None, "PUT", "DELETE", "POST", times=times, applied=applied)
        self.statuses[ID] = status

    def answer(self, arrived):
        odd = arrived.method in self._methods and self._times > 0
        self._times -= odd
        found = self._found(arrived) if self._applied or not odd else None
        return self._instead if odd else found

    def _found(self, arrived):
        if "/message-campaigns?" in arrived.path or arrived.method == "POST":
            return super()._found(arrived)
        if arrived.method == "DELETE":
            self.statuses[ID] = "deleted"
        elif arrived.method == "PUT":
            fields = json.loads(arrived.body)
            self.statuses[ID] = DEST.get(fields.pop("action", None), self.statuses[ID])
            self.shown.update(fields)
        if self.statuses[ID] == "deleted":
            return 404, b'{"http_code": 404, "response": {"code": 404, "status": "failure", "error_data": null}}'
        data = {"sid": ID, "status": self.statuses[ID], **self.shown}
        return 200, json.dumps({"response": {"code": 200, "status": "success", "data": data}}).encode()


def failed(code):
    item = {"code": code, "status": "failure", "error_data": {"code": 1, "message": "x"}}
    return 200, json.dumps({"http_code": 200, "response": item}).encode()


def elsewhere(code):
    return code, b"", (b"Location", b"/elsewhere")


# The answer; what a write ends as that a read shows not to be applied; whether it is sent again if it can be undone.
OPEN = {
    "500": ((500, b""), errors.ServerError, True),
    "503": ((503, b"{}"), errors.ServerError, True),
    "520": ((520, b""), errors.ServerError, True),
    "425": ((425, b""), errors.ApiError, True),
    "a failed item 500": (failed(500), errors.ServerError, True),
    "a failed item 503": (failed(503), errors.ServerError, True),
    "a failed item 425": (failed(425), errors.ApiError, True),
    "504": ((504, b""), errors.OutcomeUnknown, False),
    "408": ((408, b""), errors.OutcomeUnknown, False),
    "a failed item 504": (failed(504), errors.OutcomeUnknown, False),
    "a failed item 408": (failed(408), errors.OutcomeUnknown, False),
    "a failed item 303": (failed(303), errors.OutcomeUnknown, False),
    "301": (elsewhere(301), errors.UnexpectedRedirect, False),
    "302": (elsewhere(302), errors.UnexpectedRedirect, False),
    "303": (elsewhere(303), errors.UnexpectedRedirect, False),
    "304": ((304, b""), errors.UnexpectedRedirect, False),
    "307": (elsewhere(307), errors.UnexpectedRedirect, False),
    "308": (elsewhere(308), errors.UnexpectedRedirect, False),
}
AHEAD = {"schedule": {"send_at": "2999-01-01T00:00:00Z"}}


@pytest.fixture
def answered(face):
    """Has a client of the face work on a server that gives a certain answer; what came of it, and what was sent."""

    def run(instead, work, *, channel="message", deadline=5.0, **settings):
        with Answering(instead, **settings) as server:
            found = outcome(face, server.url, None, work, channel=channel, deadline=deadline, verify=False)
            return found, [request.method for request in server.writes]

    return run


@pytest.mark.parametrize("name", OPEN)
def test_an_applied_write_is_no_failure_whoever_failed_on_the_way_back(answered, name):
    """A proxy or a server that had it done and then answers otherwise: a read shows what became of it."""
    instead, *_ = OPEN[name]
    found, sent = answered(instead, lambda client: client.pause(ID))
    assert (status(found), sent) == ("paused", ["PUT"])
    found, sent = answered(instead, lambda client: client.complete(ID), status="paused")
    assert (status(found), sent) == ("completed", ["PUT"])
    edit = {"status": "created", "template": "old"}
    found, sent = answered(instead, lambda client: client.edit(ID, partial=True, template="new"), **edit)
    assert (status(found), found.template, sent) == ("created", "new", ["PUT"])
    found, sent = answered(instead, lambda client: client.delete(ID), channel="voice", status="created", **AHEAD)
    assert (status(found), sent) == ("deleted", ["DELETE"])
    draft = message(Simulator())
    found, sent = answered(instead, lambda client: client.create(draft))
    assert (status(found), found.name, sent) == ("created", draft.name, ["POST"])


@pytest.mark.parametrize("name", OPEN)
def test_a_write_that_was_not_applied_is_known_by_a_read_whatever_was_answered(answered, name):
    """Sent again if it can be undone and nobody sent it elsewhere; unknown where it may be on its way, as a create."""
    instead, error, again = OPEN[name]
    found, sent = answered(instead, lambda client: client.pause(ID), applied=False)
    if again:
        assert (status(found), sent) == ("paused", ["PUT", "PUT"])
    else:
        assert (type(found), sent) == (error, ["PUT"])
    found, sent = answered(instead, lambda client: client.complete(ID), status="paused", applied=False, times=9)
    assert (type(found), sent) == (error, ["PUT"])
    assert ("was not applied" in str(found)) == (error is not errors.OutcomeUnknown)
    found, sent = answered(instead, lambda client: client.create(message(Simulator())), applied=False)
    assert (type(found), sent) == (errors.OutcomeUnknown, ["POST"])


def test_a_redirect_says_that_it_was_not_followed_and_what_a_read_showed(answered):
    """Both are known, so both are said."""
    found, _ = answered(elsewhere(303), lambda client: client.pause(ID), applied=False)
    assert "was not followed" in str(found)
    assert "was not applied" in str(found)


@pytest.mark.parametrize("code", [400, 403, 404, 409, 422])
def test_a_rejection_is_the_servers_word(answered, code):
    """A campaign that is where it was wanted after it was brought there by somebody; nothing is sent again."""
    for instead in ((code, b""), failed(code)):
        found, sent = answered(instead, lambda client: client.pause(ID))
        assert (type(found), found.now, sent) == (errors.StateConflict, "paused", ["PUT"])
        found, sent = answered(instead, lambda client: client.pause(ID), applied=False)
        assert (found.status_code, sent) == (code, ["PUT"])


class Late(Answering):
    """Loses a write that then arrives late, just before the next one.

    Attributes:
        blind: Whether it cannot be read after that.
    """

    blind = False

    def answer(self, arrived):
        if arrived.method == "PUT" and len(self.writes) == 1:
            return 503, b""
        if arrived.method == "PUT":
            self._found(arrived)  # the first one
            return self._instead
        return (500, b"") if self.blind and len(self.writes) > 1 else self._found(arrived)


@pytest.mark.parametrize("instead", [(409, b""), (400, b""), failed(409)])
def test_a_second_try_that_meets_the_first_one_is_no_conflict(face, instead):
    """What was brought there by an earlier try of ours was not brought there by somebody else."""
    for each in (instead, (429, b"")):
        with Late(each) as server:
            found = outcome(face, server.url, None, lambda client: client.pause(ID), verify=False, deadline=5.0)
            assert (status(found), len(server.writes)) == ("paused", 2)
    with Late(instead, status="created", template="old") as server:
        work = lambda client: client.edit(ID, partial=True, template="new")  # noqa: E731
        found = outcome(face, server.url, None, work, verify=False, deadline=5.0)
        assert (status(found), found.template) == ("created", "new")


@pytest.mark.parametrize(("deep", "template"), [(61, None), (62, "new"), (450, "new"), (20_000, "new")])
def test_what_a_server_shows_after_a_write_raises_nothing_however_deep_it_is(answered, deep, template):
    """What is too deep is no answer, and a read shows what became of the write."""
    ready = {"status": "created", "template": "old"}
    instead = shows(template="DEEP")
    instead = instead[0], instead[1].replace(b'"DEEP"', b'{"a":' * deep + b"1" + b"}" * deep)
    found, sent = answered(instead, lambda client: client.edit(ID, partial=True, template="new"), **ready)
    assert (status(found), found.template, sent) == ("created", template, ["PUT"])


def shows(**parameters):
    data = {"sid": ID, "status": "created", **parameters}
    return 200, json.dumps({"response": {"code": 200, "status": "success", "data": data}}).encode()


@pytest.mark.parametrize("cost", [10**400, -(10**4000), float("1e300")], ids=["huge", "huge and negative", "1e300"])
def test_no_number_of_a_server_stands_between_a_write_and_its_campaign(face, cost):
    """However large it is: in the answer, in a read, in a list."""
    with Answering(None, times=0, estimated_cost=cost) as server:
        for work in (lambda c: c.pause(ID), lambda c: c.get(ID)):
            found = outcome(face, server.url, None, work, verify=False)
            assert (status(found), found.estimated_cost or found.raw["estimated_cost"]) == ("paused", cost)


def test_a_second_try_is_unknown_where_nobody_can_see_what_became_of_the_first(face):
    """A rejection of the second says nothing of the first."""
    with Late((409, b"")) as server:
        server.blind = True
        found = outcome(face, server.url, None, lambda client: client.pause(ID), verify=False, deadline=5.0)
        assert (type(found), found.seen, found.now) == (errors.OutcomeUnknown, "in-progress", None)
        assert len(server.writes) == 2


# 3. A campaign that is gone, and a server that is


ITEM = {"code": 404, "status": "failure", "error_data": {"code": 1, "message": "no such campaign"}}
GONE = {
    "an item": (404, {"http_code": 404, "response": ITEM}),
    "an item of a list": (404, {"http_code": 404, "response": [ITEM]}),
    "a failed item in a 200": (200, {"http_code": 200, "response": [ITEM]}),
    "an envelope without an item": (404, {"request_id": "r1", "http_code": 404, "response": None}),
    "the older form": (404, {"RestException": {"Status": 404, "Message": "Not Found"}}),
    "the older form, with a text": (404, {"RestException": {"Status": "404", "Message": "Not Found"}}),
}
AWAY = {
    "a page": (404, b"<html>default backend - 404</html>"),
    "a text": (404, b"404 page not found"),
    "nothing": (404, b""),
    "JSON of a gateway": (404, b'{"message": "no Route matched with those values"}'),
    "a list": (404, b"[]"),
    "JSON of two readings": (404, b'{"http_code": 404, "response": null, "Response": {}}'),
    "another failure": (404, b'{"RestException": {"Status": 503, "Message": "away"}}'),
    "an item that is there": (404, b'{"response": {"code": 200, "status": "success", "data": {}}}'),
    "an envelope of a success": (404, b'{"http_code": 200, "response": null}'),
    "a server error": (500, json.dumps({"response": ITEM}).encode()),
    "a cache": (404, json.dumps({"http_code": 404, "response": ITEM}).encode(), (b"Age", b"7")),
}


class Losing(Answering):
    """Loses a DELETE, or answers it, and gives certain answers to the reads after it."""

    def __init__(self, after, deleted):
        self._after, self._deleted = list(after), deleted
        super().__init__(None, status="created", **AHEAD)

    def answer(self, arrived):
        if arrived.method == "DELETE":
            if self._deleted is None:
                raise ConnectionAbortedError
            return self._deleted
        if not self.writes:
            return self._found(arrived)
        return self._after.pop(0) if self._after else self._found(arrived)


@pytest.fixture
def deleted(face):
    """What a client of the face makes of a DELETE with these answers to it and to the reads after it."""

    def run(*after, answer=None):
        with Losing(after, answer) as server:
            work = lambda client: client.delete(ID)  # noqa: E731
            found = outcome(face, server.url, None, work, channel="voice", deadline=0, verify=False)
            assert len(server.writes) == 1
            return found

    return run


@pytest.mark.parametrize("name", GONE)
def test_a_lost_delete_is_one_where_the_api_says_that_there_is_no_such_campaign(deleted, name):
    """In each of its forms; also where somebody before it could not reach it at first."""
    code, body = GONE[name]
    gone = code, json.dumps(body).encode()
    assert status(deleted(gone)) == "deleted"
    assert status(deleted(AWAY["a page"], gone)) == "deleted"


@pytest.mark.parametrize("name", AWAY)
@pytest.mark.parametrize("lost", [None, (503, b""), (404, b"<html>"), (200, b"<html>")])
def test_a_lost_delete_is_unknown_where_only_somebody_before_the_api_answers(deleted, lost, name):
    """A page of theirs says nothing of a campaign; where it is still shown after that, nobody took it for gone."""
    found = deleted(*[AWAY[name]] * 9, answer=lost)
    assert type(found) is (errors.NotFound if lost and lost[0] == 404 else errors.OutcomeUnknown)
    found = deleted(AWAY[name], answer=lost)
    assert isinstance(found, errors.CampaignFsmError)
    assert not isinstance(found, errors.StateConflict)


@pytest.mark.parametrize("claim", [(204, b""), (200, b""), (202, b" ")])
def test_a_delete_that_the_server_claims_is_one_with_any_404(deleted, claim):
    """Its word and a 404 go together; without one, it does not show it."""
    assert status(deleted(AWAY["a page"], answer=claim)) == "deleted"
    assert status(deleted(AWAY["nothing"], answer=claim)) == "deleted"
    assert type(deleted(answer=claim)) is errors.OutcomeUnknown


# 4. Transports that raise


class Foreign(Exception):
    pass


class Unspeakable(Exception):
    def __str__(self):
        return "\x1b[2J" * 1000


def group():
    return ExceptionGroup("several", [OSError("one"), ExceptionGroup("more", [ValueError("two")])])


RAISED = {
    each.__name__: partial(each, *args)
    for each, *args in (
        (ssl.SSLError, 1, "record layer failure"),
        (ssl.SSLEOFError, 8, "EOF occurred in violation of protocol"),
        (ssl.SSLZeroReturnError, 6, "closed"),
        (OSError, "broken"),
        (ConnectionResetError, 104, "reset"),
        (BrokenPipeError, 32, "pipe"),
        (EOFError,),
        (RuntimeError, "the loop is closed"),
        (RecursionError, "too deep"),
        (NotImplementedError,),
        (MemoryError,),
        (ValueError, "no port"),
        (TypeError, "no bytes"),
        (AttributeError, "no stream"),
        (KeyError, "host"),
        (AssertionError,),
        (StopIteration,),
        (UnicodeDecodeError, "ascii", b"\xff", 0, 1, "no"),
        (httpx.ReadError, "read"),
        (httpx.WriteError, "write"),
        (httpx.RemoteProtocolError, "odd"),
        (httpx.LocalProtocolError, "odd"),
        (httpx.DecodingError, "odd"),
        (httpx.TooManyRedirects, "many"),
        (httpx.StreamError, "streamed"),
        (httpx.StreamClosed,),
        (httpx.StreamConsumed,),
        (httpx.ResponseNotRead,),
        (httpx.InvalidURL, "odd"),
        (httpx.CookieConflict, "two"),
        (httpcore.ReadError, "read"),
        (httpcore.RemoteProtocolError, "odd"),
        (h11.RemoteProtocolError, "odd"),
        (h11.LocalProtocolError, "odd"),
        (anyio.EndOfStream,),
        (anyio.BrokenResourceError,),
        (anyio.ClosedResourceError,),
        (anyio.BusyResourceError, "reading from"),
        (trio.BrokenResourceError,),
        (trio.ClosedResourceError,),
        (asyncio.InvalidStateError,),
        (concurrent.futures.CancelledError,),  # of a thread's work, and no cancellation of ours
        (errors.NotFound, "of something else"),
        (errors.UnexpectedRedirect, "of something else"),
        (errors.ConnectionFailed, "of something else"),
        (errors.OutcomeUnknown, "of something else"),
        (errors.IllegalTransition, "of something else"),
        (Foreign, "odd"),
        (Unspeakable,),
    )
} | {"a group": group}
TIMED_OUT = [
    TimeoutError,
    partial(httpx.ReadTimeout, "late"),
    partial(httpcore.ReadTimeout, "late"),
    trio.TooSlowError,
    partial(concurrent.futures.TimeoutError, "late"),
]


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Half an answer, and then an error."""

    def __init__(self, error):
        self._error = error

    def __iter__(self):
        yield b"{"
        raise self._error

    async def __aiter__(self):
        yield b"{"
        raise self._error


class Raising(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A server that is asked in process, and raises at some requests.

    Attributes:
        status: That of its campaign.
        sent: The methods of what arrived.
    """

    def __init__(self, error, *methods, status="in-progress", applied=True, where="head", times=1):
        self._error, self._methods, self._applied, self._where = error, methods, applied, where
        self._times, self.status, self.sent = times, status, []
        self._created = []

    def _answer(self, request):
        self.sent.append(request.method)
        breaks = request.method in self._methods and self._times > 0
        self._times -= breaks
        if self._applied or not breaks:
            found = self._found(request)
        if not breaks:
            return found
        if self._where == "head":
            raise self._error()
        return httpx.Response(200, stream=Body(self._error()))

    def _found(self, request):
        if request.method == "PUT":
            self.status = DEST[json.loads(request.content)["action"]]
        if request.method == "POST":
            made = {"sid": "c0", "status": "created", "date_created": datetime.now(UTC).isoformat()}
            self._created.append({**json.loads(request.content), **made})
        if request.method == "POST" or request.url.query:
            items = [{"code": 200, "data": data} for data in self._created]
            return httpx.Response(200, json={"metadata": {"total": len(items)}, "response": items})
        data = {"sid": ID, "status": self.status}
        return httpx.Response(200, json={"response": {"code": 200, "status": "success", "data": data}})

    def handle_request(self, request):
        request.read()
        return self._answer(request)

    async def handle_async_request(self, request):
        await request.aread()
        return self._answer(request)


URL = "https://api.exotel.com"


@pytest.fixture(params=["sync", pytest.param("asyncio", marks=pytest.mark.long)])
def driver(request):
    return Face(request.param)


@pytest.mark.parametrize("where", ["head", "body"])
@pytest.mark.parametrize("kind", RAISED)
def test_whatever_a_transport_raises_after_a_write_is_looked_into(driver, kind, where):
    """Of any class and in any part of the answer; what cannot be undone is sent once."""
    server = Raising(RAISED[kind], "PUT", where=where)
    assert status(outcome(driver, URL, server, lambda client: client.pause(ID))) == "paused"
    assert server.sent.count("PUT") == 1
    server = Raising(RAISED[kind], "PUT", status="paused", applied=False, where=where)
    found = outcome(driver, URL, server, lambda client: client.complete(ID))
    assert type(found) is errors.ConnectionFailed
    assert (found.sent, "was not applied" in str(found), server.sent.count("PUT")) == (True, True, 1)
    assert str(found).isprintable()
    assert len(str(found)) < 500
    server = Raising(RAISED[kind], "PUT", applied=False, where=where)
    assert status(outcome(driver, URL, server, lambda client: client.pause(ID))) == "paused"
    assert server.sent.count("PUT") == 2


@pytest.mark.parametrize("kind", RAISED)
def test_whatever_a_transport_raises_after_a_create_is_looked_for(driver, kind):
    """The list has it or not; it is sent once."""
    draft = message(Simulator())
    server = Raising(RAISED[kind], "POST")
    assert outcome(driver, URL, server, lambda client: client.create(draft)).id == "c0"
    assert server.sent.count("POST") == 1
    server = Raising(RAISED[kind], "POST", applied=False)
    found = outcome(driver, URL, server, lambda client: client.create(draft))
    assert (type(found), server.sent.count("POST")) == (errors.OutcomeUnknown, 1)


@pytest.mark.parametrize("kind", RAISED)
def test_whatever_a_transport_raises_from_a_read_is_an_error_of_the_tree(driver, kind):
    """Of a read, of every page, and of the read before a write, which then does not leave."""
    for work in (lambda client: client.get(ID), lambda client: client.find("n")):
        server = Raising(RAISED[kind], "GET", times=99)
        found = outcome(driver, URL, server, work, deadline=0)
        assert isinstance(found, errors.CampaignFsmError)
        assert len(server.sent) == 1
    server = Raising(RAISED[kind], "GET", times=99)
    found = outcome(driver, URL, server, lambda client: client.pause(ID), deadline=0)
    assert isinstance(found, errors.CampaignFsmError)
    assert set(server.sent) == {"GET"}


@pytest.mark.parametrize("late", TIMED_OUT)
def test_a_write_that_timed_out_may_still_be_on_its_way(face, late):
    """By whatever class somebody says that it took too long: not seen yet is not "not applied"."""
    server = Raising(late, "PUT", applied=False)
    found = outcome(face, URL, server, lambda client: client.pause(ID))
    assert type(found) is errors.OutcomeUnknown
    assert isinstance(found.__cause__, errors.TimedOut)
    assert (found.seen, found.now, server.sent.count("PUT")) == ("in-progress", "in-progress", 1)


class Struck(BaseException):
    pass


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError, Struck])
def test_what_is_no_exception_comes_through_as_it_is(kind):
    """An interrupt or a cancellation is for whoever runs the program: nothing more is asked of the server."""
    server = Raising(kind, "PUT")
    with pytest.raises(kind):
        outcome(Face("sync"), URL, server, lambda client: client.pause(ID))
    assert server.sent == ["GET", "PUT"]


@pytest.mark.parametrize("answer", [None, object(), "200"])
def test_a_transport_that_answers_with_no_response_is_looked_into(face, answer):
    """The write may have left all the same."""

    class Odd(Raising):
        def _answer(self, request):
            found = super()._answer(request)
            return answer if request.method == "PUT" else found

    assert status(outcome(face, URL, Odd(None), lambda client: client.pause(ID))) == "paused"


def test_a_client_that_was_closed_sends_nothing(face):
    """The error is of the tree and says why, and nothing is waited for."""
    server, draft = Raising(None), message(Simulator())

    async def scenario():
        async with face.campaigns(URL, server) as client:
            pass
        for work in (lambda: client.get(ID), lambda: client.pause(ID), lambda: client.create(draft)):
            with pytest.raises(errors.ConnectionFailed, match="RuntimeError") as caught:
                await work()
            assert not caught.value.transient
        assert not caught.value.sent
        assert "It was not sent." in str(caught.value)

    face.run(scenario)
    assert server.sent == []


def test_what_the_caller_does_wrong_stays_visible(face):
    """Arguments that no call takes are no failure of a connection."""

    async def scenario():
        async with face.campaigns(URL, Raising(None)) as client:
            for work in (client.pause, lambda: client.pause(ID, force=True), lambda: client.edit(ID, 7)):
                with pytest.raises((TypeError, AttributeError)):
                    await work()

    face.run(scenario)


# 5. What else fails while a write is out


class Handler(logging.Handler):
    """Raises when the HTTP library begins to wait for the answer to a write."""

    def __init__(self, error):
        super().__init__(logging.DEBUG)
        self._error, self.struck = error, 0

    def emit(self, record):
        said = record.getMessage()
        if said.startswith("receive_response_headers.started") and "PUT" in said:
            self.struck += 1
            raise self._error


@pytest.fixture
def handle():
    """Hangs a handler onto what the HTTP library logs."""
    undo = []

    def add(handler):
        for name in ("httpcore.http11", "httpcore2.http11"):
            logger = logging.getLogger(name)
            undo.append((logger, logger.level, handler))
            logger.addHandler(handler)
            logger.setLevel(logging.DEBUG)
        return handler

    yield add
    for logger, level, handler in undo:
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError])
def test_another_connection_that_never_opened_is_not_that_of_the_write(face, handle, pace, kind):
    """A log handler cannot reach its own server: the write has left, and is looked for instead of sent again."""
    pace(looks=(0.0, 0.1, 1.0, 5.0))  # a busy server may take a while to read it
    handler = handle(Handler(kind("elsewhere")))
    with Server() as server:
        server.statuses[ID] = "paused"
        found = outcome(face, server.url, face.http(), lambda client: client.complete(ID))
    assert status(found) == "completed"
    assert ([request.method for request in server.writes], handler.struck) == (["PUT"], 1)
