"""Nothing secret: what servers echo goes into no log, trace, error or output, whatever form it has."""

import base64
import json
import logging
import time

import httpx
import pytest
from canaries import KEY, TOKEN, Echo, assert_nowhere, forms, item, logged, shown_by
from commands import call
from servers import Server
from wires import ID, MESSAGE, VOICE, wire

from campaign_fsm import CampaignClient, GuardTransport, errors
from campaign_fsm.private import printable_id, printable_key, redact, word
from campaign_fsm.wire.intent import read_intent

PHONES = ["+919876543210", "919876543210", "98765 43210", "9876-543-210"]
MESSAGES = ["Your OTP is 4711, do not share it", "नमस्ते दुनिया", "Dear customer, pay now"]
ECHOES = [KEY, base64.b64encode(KEY.encode()).decode().rstrip("="), *forms(KEY, TOKEN)]


def with_status(raw):
    return 200, item(data={"sid": ID, "status": raw})


SAYINGS = {
    "a request id": lambda echo: (200, item(data={"sid": ID, "status": "in-progress"}, request_id=echo)),
    "a status": with_status,
    "a status among words": lambda echo: with_status(f"on hold {echo}"),
    "a status that is cut": lambda echo: with_status("x" * (100 - len(echo) // 2) + echo),
    "an error": lambda echo: (
        409,
        item(409, "failure", error={"code": echo, "message": echo, "description": echo}, request_id=echo),
    ),
    "an error that is cut": lambda echo: (
        400,
        item(400, "failure", error={"message": "x" * (300 - len(echo) + 3) + echo}),
    ),
    "an older error": lambda echo: (500, json.dumps({"RestException": {"Code": echo, "Message": echo}}).encode()),
    "a failed item": lambda echo: (200, item(409, "failure", error={"description": echo}, request_id=echo)),
    "a redirect": lambda echo: (302, item(302, "failure", error={"message": echo})),
    "a proxy's refusal": lambda echo: (407, item(407, "failure", error={"message": echo})),
    "doubled keys": lambda echo: (200, f"{{{json.dumps(echo)}: 1, {json.dumps(echo)}: 2}}".encode()),
}


@pytest.mark.parametrize("to_writes_alone", [False, True])
@pytest.mark.parametrize("saying", SAYINGS)
def test_credentials_that_a_server_echoes_are_nowhere(
    caplog, capsys, monkeypatch, pace, tmp_path, saying, to_writes_alone
):
    """In whatever field and form: not in logs of any level, traces, errors, nor what the command line prints."""
    shown, echoes = [], ECHOES[to_writes_alone::2]  # each form once with each saying
    with Echo() as server, caplog.at_level(logging.DEBUG):
        server.to_writes_alone = to_writes_alone
        settings = {"account_sid": "acme1", "base_url": server.url, "deadline": 0, "verify": False}
        monkeypatch.setenv("EXOTEL_ACCOUNT_SID", "acme1")
        monkeypatch.setenv("EXOTEL_BASE_URL", server.url)
        monkeypatch.setenv("EXOTEL_API_KEY", KEY)
        monkeypatch.setenv("EXOTEL_API_TOKEN", TOKEN)
        pace(looks=(0.0,))
        for echo in echoes:
            server.code, server.said = SAYINGS[saying](echo)
            server.statuses[ID] = "in-progress"
            events = []
            with CampaignClient(api_key=KEY, api_token=TOKEN, trace=events.append, **settings) as client:
                for ask in (client.get, client.pause, client.ensure_paused, lambda _: list(client.list())):
                    try:
                        shown.append(repr(ask(ID)))
                    except errors.CampaignFsmError as error:
                        shown += shown_by(error)
            inner = httpx.HTTPTransport(verify=False)  # makes no context each time
            guard = GuardTransport(inner, deadline=0, trace=events.append, max_age=5, watch_reads=True)
            with httpx.Client(transport=guard, auth=(KEY, TOKEN), base_url=server.url) as plain:
                try:
                    answer = plain.put(MESSAGE, json={"action": "pause"})
                    shown.append(repr(answer.extensions["campaign_fsm"]))
                except errors.CampaignFsmError as error:
                    shown += shown_by(error)
                plain.get(MESSAGE)
            shown.append(json.dumps(events, ensure_ascii=False))
        path = tmp_path / "trace.jsonl"

        for command in (["get", ID], ["pause", ID], ["list"]):
            for flags in (["--json"], ["-v", "--trace", str(path)]):
                _, out, err = call(capsys, *command, *flags, "--deadline", "0")
                shown += [out, err]
        assert path.read_text()
        shown += [path.read_text(), *logged(caplog)]
    assert len(server.requests) > 5 * len(echoes)
    assert_nowhere([echo[:-4] for echo in ECHOES], shown)  # nor the greater part of one


def test_what_a_campaign_says_is_shown_without_the_credentials(capsys, monkeypatch):
    """A server may echo them as a name, a template or a key of no meaning; JSON stays JSON."""
    data = {"sid": ID, "status": "paused", "name": f"x {TOKEN}", "template": KEY, "raw": {TOKEN: [f"{KEY}:{TOKEN}"]}}
    with Echo() as server:
        server.said = item(data=data)
        for name, value in (("ACCOUNT_SID", "acme1"), ("API_KEY", KEY), ("API_TOKEN", TOKEN), ("BASE_URL", server.url)):
            monkeypatch.setenv(f"EXOTEL_{name}", value)
        code, out, err = call(capsys, "get", ID, "--json")
        assert code == 0
        assert json.loads(out)["campaign"]["name"] == "x [redacted]"
        assert json.loads(out)["campaign"]["raw"] == {"raw": {"[redacted]": ["[redacted]"]}}
        assert_nowhere([KEY, TOKEN], [out, err, *call(capsys, "get", ID)[1:]])


@pytest.mark.parametrize("private", [*PHONES, *MESSAGES])
def test_numbers_and_messages_instead_of_a_status_are_nowhere(caplog, capsys, monkeypatch, pace, private):
    """Neither before the write, where the status is on no list, nor in its answer, where it is drift."""
    shown = []
    with Echo() as server, caplog.at_level(logging.DEBUG):
        server.code, server.said = with_status(private)
        pace(looks=(0.0,))
        for server.to_writes_alone in (False, True):
            events, drifts = [], []
            settings = {"base_url": server.url, "deadline": 0, "trace": events.append, "on_drift": drifts.append}
            with CampaignClient(account_sid="acme1", api_key=KEY, api_token=TOKEN, **settings) as client:
                with pytest.raises(errors.CampaignFsmError) as caught:
                    client.pause(ID)
            shown += [*shown_by(caught.value), repr(drifts), json.dumps(events, ensure_ascii=False)]
            assert len(drifts) == server.to_writes_alone
        for name, value in (("ACCOUNT_SID", "acme1"), ("API_KEY", KEY), ("API_TOKEN", TOKEN), ("BASE_URL", server.url)):
            monkeypatch.setenv(f"EXOTEL_{name}", value)
        server.to_writes_alone = False
        for command in (
            ["get", ID],
            ["get", ID, "--json"],
            ["pause", ID],
            ["pause", ID, "--json"],
            ["pause", ID, "-v"],
        ):
            shown += call(capsys, *command)[1:]
    assert_nowhere([private, private.partition(" ")[2] or private], [*shown, *logged(caplog)])


@pytest.mark.parametrize("private", PHONES)
def test_numbers_in_other_places_of_an_answer_are_nowhere(caplog, private):
    """As a doubled key, as a request id, as the code of an item."""
    number = int("".join(filter(str.isdigit, private)))
    key = json.dumps(private)
    for said in (
        f"{{{key}: 1, {key}: 2}}".encode(),
        f'{{"response": {{"data": {{{key}: 1, {key}: 1}}}}}}'.encode(),
        json.dumps({"request_id": private.strip("+"), "response": {"data": {"sid": ID, "status": "paused"}}}).encode(),
        item(number, "failure"),
        json.dumps({"response": [{"code": number, "status": "failure"}]}).encode(),
    ):
        events = []
        with Echo() as server, caplog.at_level(logging.DEBUG):
            server.said = said
            settings = {"base_url": server.url, "deadline": 0, "trace": events.append}
            with CampaignClient(account_sid="acme1", api_key=KEY, api_token=TOKEN, **settings) as client:
                shown = [json.dumps(events)]
                for ask in (client.get, client.pause, lambda _: list(client.list())):
                    try:
                        ask(ID)
                    except errors.CampaignFsmError as error:
                        shown += shown_by(error)
        assert_nowhere([private, str(number)], [*shown, json.dumps(events), *logged(caplog)])


@pytest.mark.parametrize("private", [*PHONES, *MESSAGES])
@pytest.mark.parametrize("body", ['{"action": "pause", %s: 1, %s: 2}', '{"action": %s}', '{"action": "pause", %s: 1}'])
def test_what_a_request_holds_is_in_no_refusal_and_no_trace(caplog, private, body):
    """Keys that could be mistaken, an action on no list, fields beside an action."""
    events = []
    with Server() as server, caplog.at_level(logging.DEBUG):
        guard = GuardTransport(httpx.HTTPTransport(), deadline=0, trace=events.append)
        with httpx.Client(transport=guard, base_url=server.url) as plain:
            content = body.replace("%s", json.dumps(private, ensure_ascii=False)).encode()
            with pytest.raises(errors.UnreadableRequest) as caught:
                plain.put(MESSAGE, content=content, headers={"Content-Type": "application/json"})
            name = {"action": "pause", private: 1}  # as an edit, it is a parameter
            del name["action"]
            server.statuses[ID] = "created"
            with pytest.raises(errors.Refused):
                plain.put(MESSAGE, json=name | {"name": "x", "status": "y"})
    assert_nowhere([private], [*shown_by(caught.value), json.dumps(events, ensure_ascii=False), *logged(caplog)])


def test_the_names_of_parameters_in_a_trace_are_names():
    """A key that is none is told by its length."""
    events = []
    with Server() as server:
        server.statuses[ID] = "created"
        server.answer = lambda arrived: with_status("created")
        guard = GuardTransport(httpx.HTTPTransport(), deadline=0, trace=events.append)
        with httpx.Client(transport=guard, base_url=server.url) as plain:
            plain.put(MESSAGE, json={"+919876543210": 1, "dlt_entity_id": "1"})
    assert [event["fields"] for event in events if "fields" in event] == [["[13 characters]", "dlt_entity_id"]] * 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("paused", "paused"),
        ("On Hold", "On Hold"),
        ("wait for funds", "wait for funds"),
        ("phase-2b", "phase-2b"),
        ("x12345", "x#####"),
        ("9876543210", "[10 characters]"),
        ("a b c d", "[7 characters]"),
        ("a  b", "[4 characters]"),
        ("now!", "[4 characters]"),
        ("paused\x1b[31m", "[11 characters]"),
        ("pau\u202esed", "[7 characters]"),
        ("paused\n", "[7 characters]"),
        ("a" * 40, "a" * 40),
        ("a" * 41, "[41 characters]"),
        ("", "[0 characters]"),
    ],
)
def test_only_a_word_is_shown_as_it_is(text, shown):
    """One to three short words of letters and few digits; of all else the length."""
    assert word(text) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("cb8733a7c65a4a8586d6d4e8a3357088", "cb8733a7c65a4a8586d6d4e8a3357088"),
        ("cb8733a7-c65a-4a85-86d6-d4e8a3357088", "cb8733a7-c65a-4a85-86d6-d4e8a3357088"),
        ("f919876543210a", "f919876543210a"),
        ("r-919876543210", "[14 characters]"),
        ("n919876543210", "[13 characters]"),
        ("123456", "123456"),
        ("1234567", "[7 characters]"),
        ("98765-43210", "[11 characters]"),
        ("+91 98765 43210", "[15 characters]"),
    ],
)
def test_an_id_is_shown_unless_it_can_be_called(given, shown):
    """The vendor's support needs it; seven digits that belong to no hex word may be a phone number."""
    assert printable_id(given) == shown


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("Action", "'Action'"),
        (" action", "' action'"),
        ("__proto__", "'__proto__'"),
        ("k98765", "'k#####'"),
        ("two words", "'[9 characters]'"),
        ("+919876543210", "'[13 characters]'"),
        ("a" * 99, f"'{'a' * 40}'"),
    ],
)
def test_a_key_is_shown_by_its_beginning(key, shown):
    """If it is one word; whoever looks for it finds it."""
    assert printable_key(key) == shown
    with pytest.raises(errors.UnreadableRequest) as caught:
        read_intent(wire(target=VOICE, body=f"{{{json.dumps(key)}: 1, {json.dumps(key)}: 2}}".encode()))
    assert f"it says {shown} twice" in caught.value.reason


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cannot reach http://user:pa%20ss@proxy.example:1/x?y", "cannot reach http://[redacted]@proxy.example:1/x?y"),
        ("URL('socks5://user:p@ss@proxy') and https://b/", "URL('socks5://[redacted]@proxy') and https://b/"),
        ("Proxy-Authorization: Basic dXNlcjpwYXNz", "Proxy-Authorization: Basic [redacted]"),
        ("b'basic dXNlcjpwYXM='", "b'basic [redacted]'"),
        ("Authorization: Bearer abc.DEF-1", "Authorization: Bearer [redacted]"),
        ('Basic realm="api"', 'Basic realm="api"'),
        (
            "Basic authentication is needed, see https://a.example/b",
            "Basic authentication is needed, see https://a.example/b",
        ),
    ],
)
def test_what_looks_like_credentials_is_redacted_whoever_they_belong_to(text, shown):
    """Userinfo of URLs and values of authorization headers; their names and schemes stay."""
    assert redact(text, ()) == shown
    assert redact(shown, ()) == shown


@pytest.mark.parametrize("private", [*PHONES, *MESSAGES])
@pytest.mark.parametrize("output", ["text", "json", "sarif"])
def test_an_audit_repeats_nothing_private_of_a_recording(capsys, tmp_path, private, output):
    """A number or a message that was recorded as an action, a status or a key is in no finding."""
    url = f"https://api.exotel.com{MESSAGE}"
    key = json.dumps(private)
    doubled = base64.b64encode(f"{{{key}: 1, {key}: 2}}".encode()).decode()
    lines = [
        {"method": "GET", "url": url, "status_code": 200, "status": private},
        {"method": "PUT", "url": url, "status_code": 200, "action": private},
        {"method": "PUT", "url": url, "status_code": 200, "request_base64": doubled},
    ]
    path = tmp_path / "traffic.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    code, out, err = call(capsys, "audit", str(path), "--output", output)
    assert code == 1
    assert all(found in out for found in ("CF604", "CF412", "it says '["))
    assert_nowhere([private], [out, err])


@pytest.mark.parametrize("hostile", ["://", "://@", "Basic ", "Basic a", "Basic\t", "@", "a:b@://"])
def test_redacting_takes_no_longer_for_a_hostile_text(hostile):
    """A reason phrase may be long; what is looked for in it is found in one pass."""
    begun = time.process_time()
    redact(hostile * 30_000, ("secret",))
    assert time.process_time() - begun < 2


class Broken(Server):
    """Answers with the token in the wrong places: as a reason, as a header line, or as a body that is no JSON."""

    def __init__(self, way, method):
        self._way, self._method, self._open = way, method, {}
        super().__init__()

    def serve(self, connection, number):
        self._open[number] = connection
        super().serve(connection, number)

    def answer(self, arrived):
        if arrived.method != self._method:
            return super().answer(arrived)
        said = TOKEN.encode()
        self._open[arrived.connection].sendall(
            {
                "reason": b"HTTP/1.1 200 for " + said + b"\r\nContent-Length: 2\r\n\r\n{}",
                "header": b"HTTP/1.1 200 OK\r\n" + said + b"\r\n\r\n",
                "body": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said,
            }[self._way]
        )
        raise ConnectionAbortedError  # which ends the connection


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("way", ["reason", "header", "body"])
@pytest.mark.parametrize("guarded", [False, True])
def test_credentials_in_the_wrong_places_of_an_answer_are_nowhere(caplog, pace, way, method, guarded):
    """Neither of a client of ours nor of one with the gate, in all errors that an error comes from."""
    pace(looks=(0.0,))
    caplog.set_level("INFO")
    texts = []
    with Broken(way, method) as server:
        if guarded:
            client = httpx.Client(transport=GuardTransport(httpx.HTTPTransport()), auth=(KEY, TOKEN))
            body = {"json": {"action": "pause"}} if method == "PUT" else {}
            act = lambda: client.request(method, server.url + MESSAGE, **body)  # noqa: E731
        else:
            client = CampaignClient(
                account_sid="acme1", api_key=KEY, api_token=TOKEN, base_url=server.url, deadline=0, trust_env=False
            )
            act = lambda: client.pause(ID) if method == "PUT" else client.get(ID)  # noqa: E731
        with client:
            try:
                act()
            except Exception as error:  # noqa: BLE001 (whatever comes is looked at)
                texts += shown_by(error)
    # A hand-written client gets what httpx makes of it: an error, or an answer that is no status.
    assert texts or (guarded and way != "header")
    assert_nowhere(forms(KEY, TOKEN), texts + logged(caplog))


@pytest.mark.parametrize("length", range(50, 90, 3))
def test_a_secret_in_a_bad_id_is_redacted_before_the_id_is_cut(length):
    """Where it lies across the cut, half of it is not shown either."""
    with CampaignClient(account_sid="acme1", api_key="key", api_token="SECRET-canary-of-24-signs") as client:
        with pytest.raises(errors.InvalidParameters) as caught:
            client.get("x" * length + "!SECRET-canary-of-24-signs")
    assert "SECRET-" not in str(caught.value)
