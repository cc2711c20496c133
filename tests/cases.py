"""Small recordings as real tools write them: one file for each kind of trouble, made by hand."""

import base64
import gzip
import json
from pathlib import Path

URL = "https://api.example.com/v2/accounts/acme1/campaigns/camp_abc123"
ELSEWHERE = "https://www.example.com/logo.png"
JSON = {"name": "Content-Type", "value": "application/json"}


def body(status, code=200):
    """An answer about the campaign."""
    data = {"id": "camp_abc123", "account_sid": "acme1", "status": status} if status else None
    error = {} if status else {"error_data": {"code": 1004, "description": "Invalid state"}}
    return {"http_code": code, "response": [{"code": code, "status": "success", "data": data, **error}]}


def asked(action):
    return {"campaigns": [{"action": action}]}


def entry(second, action=None, status="InProgress", code=200, url=URL):
    """An entry of a HAR: a read, or a write with its answer."""
    headers = [{"name": "Accept", "value": "application/json"}]
    request = {"method": "PUT" if action else "GET", "url": url, "headers": headers, "bodySize": 0}
    if action:
        text = json.dumps(asked(action))
        headers.append(JSON)
        request |= {"bodySize": len(text), "postData": {"mimeType": "application/json", "text": text}}
    text = json.dumps(body(status, code))
    content = {"size": len(text), "mimeType": "application/json", "text": text}
    response = {"status": code, "headers": [JSON], "content": content, "bodySize": len(text)}
    return {
        "startedDateTime": f"2026-01-05T10:00:{second:02}.000Z",
        "time": 10,
        "request": request,
        "response": response,
        "timings": {"send": 0, "wait": 10, "receive": 0},
    }


def elsewhere(second=3, **response):
    found = entry(second, url=ELSEWHERE)
    found["response"] |= {"content": {"size": 0, "mimeType": "image/png"}} | response
    return found


def har(*entries):
    return json.dumps(
        {"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": entries}}, indent=1
    )


def illegal():
    return [entry(1), entry(2, "complete", None, 409)]


def legal():
    return [entry(1), entry(2, "pause", "Paused"), entry(3, "complete", "Completed"), entry(4, "archive", "Archived")]


def changed(entries, change):
    for one in entries:
        change(one)
    return har(*entries)


def without_headers(one):
    one["request"]["headers"] = []


def kept_compressed(one):
    content = one["response"]["content"]
    packed = gzip.compress(content["text"].encode(), mtime=0)
    content |= {"text": base64.b64encode(packed).decode(), "encoding": "base64"}
    one["response"]["headers"] = [JSON, {"name": "Content-Encoding", "value": "gzip"}]


def integer_header():
    entries = illegal()
    entries[1]["request"]["headers"].append({"name": "content-length", "value": 39})
    return har(*entries)


def no_response():
    found = elsewhere(4)
    del found["response"]
    return har(found, *illegal())


def preflight():
    found = entry(2)
    found["request"]["method"] = "OPTIONS"
    found["response"] |= {"status": 204, "content": {"size": 0, "mimeType": "x-unknown"}}
    return har(entry(1), found, entry(3, "pause", "Paused"))


def not_modified():
    found = entry(3)
    found["response"] |= {"status": 304, "content": {"size": 0, "mimeType": "x-unknown"}}
    return har(entry(1), entry(2, "pause", "Paused"), found, entry(4, "complete", "Completed"))


def with_authorization(value, url=URL):
    found = entry(1, url=url)
    found["request"]["headers"].append({"name": "Authorization", "value": value})
    return har(found)


def cassette(*interactions):
    return "interactions:\n" + "".join(interactions) + "version: 1\n"


def interaction(method, sent, status, code, *, keys="", headers="content-type: [application/json]", answer=None):
    """One interaction of VCR.py, as YAML."""
    shown = json.dumps(body(status, code))
    return (
        f"- request:\n    headers:\n      accept: [application/json]\n      {headers}\n{keys}"
        f"    method: {method}\n    uri: {URL}\n{sent}"
        f"  response:\n    status: {{code: {code}, message: x}}\n"
        f"    headers:\n      content-type: [application/json]\n" + (answer or f"    body: {{string: '{shown}'}}\n")
    )


READ = interaction("GET", "    body: null\n", "InProgress", 200)
TEXT = '    body: \'{"campaigns": [{"action": "complete"}]}\'\n'
MAPPING = "    body:\n      campaigns:\n      - action: complete\n"
COMPLETE = interaction("PUT", TEXT, None, 409)
ISTR = "      ? !!python/object/apply:multidict._multidict.istr\n      - Content-Type\n      : [application/json]\n"


def tornado(text):
    plain = "    headers:\n      content-type: [application/json]\n    body"
    pairs = "    headers:\n    - !!python/tuple\n      - Content-Type\n      - [application/json]\n    body"
    return text.replace(plain, pairs)


def parsed_body():
    sent = MAPPING.replace("    body:", "    parsed_body:")
    answers = [f"    parsed_body: {json.dumps(body(*shown))}\n" for shown in (("InProgress", 200), (None, 409))]
    read = interaction("GET", "    body: ''\n", "InProgress", 200, answer=answers[0])
    return cassette(read, interaction("PUT", sent, None, 409, answer=answers[1]))


def http_interactions():
    """The layout of betamax and Ruby's VCR."""
    found = []
    for method, sent, status, code in (
        ("get", "", "InProgress", 200),
        ("put", json.dumps(asked("complete")), None, 409),
    ):
        request = {
            "method": method,
            "uri": URL,
            "body": {"encoding": "utf-8", "string": sent},
            "headers": {"Content-Type": ["application/json"]},
        }
        shown = {"encoding": "utf-8", "string": json.dumps(body(status, code))}
        response = {"status": {"code": code, "message": "x"}, "headers": {}, "body": shown}
        found.append({"request": request, "response": response, "recorded_at": "Mon, 05 Jan 2026 10:00:00 GMT"})
    return {"http_interactions": found, "recorded_with": "x"}


def ruby():
    """As Ruby's Psych writes it: blocks, and single quotes."""
    lines = ["---", "http_interactions:"]
    for one in http_interactions()["http_interactions"]:
        request, response = one["request"], one["response"]
        lines += [
            "- request:",
            f"    method: {request['method']}",
            f"    uri: {request['uri']}",
            f"    body:\n      encoding: utf-8\n      string: '{request['body']['string']}'",
            "    headers:\n      Content-Type:\n      - application/json",
            f"  response:\n    status:\n      code: {response['status']['code']}\n      message: x\n    headers: {{}}",
            f"    body:\n      encoding: utf-8\n      string: '{response['body']['string']}'",
            f"  recorded_at: {one['recorded_at']}",
        ]
    return "\n".join([*lines, "recorded_with: VCR 6.0.0", ""])


def go_vcr():
    lines = ["---", "version: 2", "interactions:"]
    for number, (method, sent, status, code) in enumerate(
        (("GET", "", "InProgress", 200), ("PUT", json.dumps(asked("complete")), None, 409))
    ):
        lines += [
            f"- id: {number}\n  request:\n    method: {method}\n    url: {URL}",
            f"    headers:\n      Content-Type:\n      - application/json\n    body: '{sent}'",
            f"  response:\n    headers: {{}}\n    body: '{json.dumps(body(status, code))}'",
            f"    status: x\n    code: {code}\n    duration: 1ms",
        ]
    return "\n".join([*lines, ""])


def nock():
    path = URL.removeprefix("https://api.example.com")
    read = {"method": "GET", "path": path, "body": "", "status": 200, "response": body("InProgress")}
    write = {"method": "PUT", "path": path, "body": asked("complete"), "status": 409, "response": body(None, 409)}
    return json.dumps([{"scope": "https://api.example.com:443", **one} for one in (read, write)])


BYSTANDERS = {
    "alert.yaml": "name: x\nrunbook: https://wiki.example.com/run\n",
    "analytics.jsonl": '{"interactions": 3, "page": "/"}\n',
    "config.json": '{\n  "log": {\n    "level": "info"\n  },\n  "server": {\n    "port": 80\n  }\n}',
    "docker-log.jsonl": '{"log": "started\\n", "stream": "stdout", "time": "2026-01-05T10:00:00Z"}\n',
    "pact.json": '{"consumer": {"name": "a"}, "provider": {"name": "b"}, "interactions": [{"description": "d", '
    '"request": {"method": "GET", "path": "/x"}, "response": {"status": 200}}], "metadata": {}}',
    "structlog.jsonl": '{"event": "started", "version": "1.2.0", "level": "info"}\n',
}

_UNSORTED = [entry(1), entry(3, "pause", "Paused")]

FILES = {
    "control-legal.har": har(*legal()),
    "control-illegal.har": har(*illegal()),
    "vcr-control.yaml": cassette(READ, COMPLETE),
    "unsorted-completion-order-legal.har": har(*[legal()[place] for place in (0, 2, 1, 3)]),
    "unsorted-hides-illegal.har": har(*_UNSORTED, entry(2, "complete", None, 409)),
    "unsorted-hides-illegal-200.har": har(*_UNSORTED, entry(2, "complete", "Completed")),
    "polly6-int-header.har": integer_header(),
    "webpagetest-status-minus2.har": har(elsewhere(5, status=-2), *illegal()),
    "capture-har-error-object.har": har(
        elsewhere(status=302, _error={"message": "x", "code": "MAXREDIRECTS"}), *illegal()
    ),
    "base64-removed-elsewhere.har": har(
        elsewhere(content={"size": 0, "text": "REMOVED BY HAND", "encoding": "base64"}), *illegal()
    ),
    "status-null-elsewhere.har": har(elsewhere(status=None), *illegal()),
    "no-response-elsewhere.har": no_response(),
    "headers-empty-legal.har": changed(legal(), without_headers),
    "gzip-kept-base64-legal.har": changed(legal(), kept_compressed),
    "preflight-legal.har": preflight(),
    "not-modified-304-legal.har": not_modified(),
    "placeholder-angle.har": with_authorization("Basic <BASIC_AUTH>"),
    "placeholder-angle2.har": with_authorization("<AUTH>"),
    "placeholder-dollar.har": with_authorization("Bearer {{token}}"),
    "placeholder-env.har": with_authorization("Bearer $TOKEN"),
    "placeholder-fake.har": with_authorization("Bearer test_openai_api_key"),
    "placeholder-upper.har": with_authorization("Basic REDACTED_TOKEN"),
    "credentials-other-host.har": with_authorization("Bearer abcdef", "https://other.example.net/x"),
    "no-campaign.har": har(elsewhere()),
    "utf16.har": ("\ufeff" + har(*legal())).encode("utf-16-le"),
    "vcr-aiohttp-json.yaml": cassette(READ, interaction("PUT", MAPPING, None, 409, headers="accept-encoding: [gzip]")),
    "vcr-tornado.yaml": tornado(cassette(READ, COMPLETE)),
    "vcr-multidict-istr.yaml": cassette(READ, interaction("PUT", TEXT, None, 409, headers="x: [y]", keys=ISTR)),
    "vcr-parsed-body.yaml": parsed_body(),
    "betamax.json": json.dumps(http_interactions()),
    "ruby-vcr.yml": ruby(),
    "go-vcr.yaml": go_vcr(),
    "nock.json": nock(),
    **{f"folder-bystanders/{name}": text for name, text in BYSTANDERS.items()},
    "folder-bystanders/ok.yaml": cassette(READ),
    "folder-mixed/betamax.json": json.dumps(http_interactions()),
    "folder-mixed/ruby-vcr.yml": ruby(),
    "folder-mixed/nock.json": nock(),
    "folder-mixed/ok.yaml": cassette(READ),
}


def write(folder):
    """Every file, under its name."""
    for name, content in FILES.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
