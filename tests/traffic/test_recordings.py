"""Recordings by the real tools: nothing is found in them as they are, and each tampering is."""

import base64
import json
import shutil

import httpx
import pytest
from sessions import record_har, session

from campaign_fsm import CampaignClient, Simulator, SimulatorServer
from campaign_fsm.audit.run import Audit

RECORDERS = ["vcr-yaml", "vcr-json", "har", "trace"]


def record_vcr(path, serializer):
    vcr = pytest.importorskip("vcr", reason="vcrpy is not installed")
    simulator = Simulator()
    settings = {"serializer": serializer, "filter_headers": ["authorization"], "decode_compressed_response": True}
    with SimulatorServer(simulator) as server, vcr.use_cassette(str(path), **settings):
        with httpx.Client(auth=(simulator.api_key, simulator.api_token)) as client:
            headers = {"content-type": "application/json"}
            session(
                simulator,
                server.base_url,
                lambda method, url, body: client.request(method, url, content=body, headers=headers if body else None),
            )


def record_trace(path):
    simulator = Simulator()
    with SimulatorServer(simulator) as server:
        given = {"account_sid": simulator.account_sid, "api_key": "key", "api_token": "token"}
        with CampaignClient(base_url=server.base_url, trace=path, **given) as client:

            def request(method, url, body):
                campaign = url.rpartition("/")[2]
                client.get(campaign) if method == "GET" else getattr(client, json.loads(body)["action"])(campaign)

            session(simulator, server.base_url, request)


class Cassette:
    """A recording that can be changed: its writes, one after the other."""

    def __init__(self, path):
        self.path, self.yaml = path, path.suffix == ".yaml"
        if self.yaml:
            import yaml

            self.document = yaml.safe_load(path.read_text())
        else:
            self.document = json.loads(path.read_text())
        self.writes = [one for one in self.document["interactions"] if one["request"]["method"] == "PUT"]

    def ask(self, number, body):
        self.writes[number]["request"]["body"] = body

    def header(self, number, name, value):
        self.writes[number]["request"]["headers"][name] = [value]

    def answer(self, number, change):
        string = self.writes[number]["response"]["body"]
        string["string"] = change(string["string"])

    def code(self, number, code):
        self.writes[number]["response"]["status"]["code"] = code

    def save(self):
        if self.yaml:
            import yaml

            self.path.write_text(yaml.safe_dump(self.document))
        else:
            self.path.write_text(json.dumps(self.document))


class Har(Cassette):
    def __init__(self, path):
        self.path, self.yaml = path, False
        self.document = json.loads(path.read_text())
        self.writes = [one for one in self.document["log"]["entries"] if one["request"]["method"] == "PUT"]

    def ask(self, number, body):
        self.writes[number]["request"]["postData"]["text"] = body

    def header(self, number, name, value):
        kept = [one for one in self.writes[number]["request"]["headers"] if one["name"].lower() != name.lower()]
        self.writes[number]["request"]["headers"] = [*kept, {"name": name, "value": value}]

    def answer(self, number, change):
        content = self.writes[number]["response"]["content"]
        text = base64.b64decode(content["text"]).decode() if content.get("encoding") else content["text"]
        content.pop("encoding", None)
        content["text"] = change(text)

    def code(self, number, code):
        self.writes[number]["response"]["status"] = code

    def scrub(self):
        for entry in self.document["log"]["entries"]:
            for header in entry["request"]["headers"]:
                if header["name"].lower() == "authorization":
                    header["value"] = "REDACTED"
        return self


def name_of(kind):
    return {"vcr-yaml": "x.yaml", "vcr-json": "x.json", "har": "x.har", "trace": "x.jsonl"}[kind]


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Each recording, made when it is first asked for."""
    made = {}

    def original(kind):
        if kind not in made:
            path = tmp_path_factory.mktemp(kind) / name_of(kind)
            match kind:
                case "har":
                    record_har(path)
                    Har(path).scrub().save()
                case "trace":
                    record_trace(path)
                case _:
                    record_vcr(path, kind.removeprefix("vcr-"))
            made[kind] = path
        return made[kind]

    return original


@pytest.fixture
def recording(originals, tmp_path):
    def copy(kind):
        path = tmp_path / name_of(kind)
        shutil.copy(originals(kind), path)
        return path

    return copy


def audit(path, *, strict=False):
    found = []
    run = Audit(found.append, strict=strict)
    run.file(str(path))
    summary = run.end()
    assert summary.incomplete == ()
    assert summary.campaigns == 1
    return [finding.code for finding in found]


@pytest.mark.parametrize("kind", RECORDERS)
def test_a_legal_session_has_nothing_to_find(recording, kind):
    """Also under --strict: everything could be judged."""
    assert audit(recording(kind), strict=True) == []


def shows(status):
    return lambda text: (
        text.replace('"paused"', f'"{status}"') if isinstance(text, str) else text.replace(b'"paused"', status.encode())
    )


TAMPERINGS = {
    "an action that was illegal": (lambda r: (r.ask(0, '{"action": "archive"}'), r.code(0, 409)), ["CF226", "CF212"]),
    "an action done twice": (lambda r: (r.ask(1, '{"action": "pause"}'), r.code(1, 400)), ["CF211", "CF211"]),
    "a key said twice": (lambda r: r.ask(0, '{"action": "pause", "action": "complete"}'), ["CF410"]),
    "an action on no list": (lambda r: r.ask(0, '{"action": "stop"}'), ["CF412"]),
    "another content type": (lambda r: r.header(0, "content-type", "text/plain"), ["CF407"]),
    "an edit after the start": (lambda r: (r.ask(1, '{"name": "later"}'), r.code(1, 400)), ["CF232", "CF211"]),
    "an answer that cannot be": (lambda r: r.answer(0, shows("archived")), ["CF601", "CF223"]),
    "a status on no list": (lambda r: r.answer(0, shows("stalled")), ["CF604"]),
    "a lost answer": (lambda r: r.code(3, 503), ["CF602"]),
    "credentials": (lambda r: r.header(0, "Authorization", "Basic a2V5MTIzOnRva2VuNDU2"), ["CF603"]),
}


@pytest.mark.parametrize("kind", ["vcr-yaml", "vcr-json", "har"])
@pytest.mark.parametrize("name", TAMPERINGS)
def test_each_tampering_is_found_and_nothing_else(recording, kind, name):
    """One change to one exchange; what follows from it is found too."""
    tamper, expected = TAMPERINGS[name]
    path = recording(kind)
    tampered = (Har if kind == "har" else Cassette)(path)
    tamper(tampered)
    tampered.save()
    assert audit(path) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda event: event | ({"action": "complete"} if event["event"] == "sent" else {}), ["CF224"]),
        (lambda event: event | ({"status_code": 503} if event["event"] == "answered" else {}), ["CF602"]),
        (lambda event: event | ({"raw_status": "stalled"} if event["event"] == "answered" else {}), ["CF604"]),
        (lambda event: {"event": "decided", "version": 1} if event["event"] == "answered" else event, ["CF602"]),
    ],
)
def test_a_trace_that_was_changed_is_found(recording, change, expected):
    """Its first write, by what the events say."""
    path = recording("trace")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    first = next(number for number, event in enumerate(lines) if event["event"] == "sent")
    flow = lines[first]["flow"]
    changed = [change(event) if event.get("flow") == flow else event for event in lines]
    # The reads before the later writes would settle what was lost.
    kept = [event for event in changed if event["event"] != "read" or event.get("flow") == flow]
    path.write_text("".join(json.dumps(event) + "\n" for event in kept))
    assert audit(path) == expected
