"""HAR files, as Chromium's developer tools write them."""

import json

URL = "https://api.exotel.com/v2/accounts/acme1/campaigns/c1"


def entry(request=None, response=None, **more):
    """An entry as Chromium's developer tools write it."""
    return {
        "_initiator": {"type": "script", "stack": {"callFrames": [{"functionName": "", "lineNumber": 1}]}},
        "_priority": "High",
        "_resourceType": "fetch",
        "cache": {},
        "connection": "443",
        "request": {
            "method": "PUT",
            "url": URL,
            "httpVersion": "http/2.0",
            "headers": [
                {"name": ":authority", "value": "api.exotel.com"},
                {"name": ":method", "value": "PUT"},
                {"name": "content-type", "value": "application/json"},
                {"name": "X-Two", "value": "1"},
                {"name": "X-Two", "value": "2"},
            ],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 38,
            "postData": {"mimeType": "application/json", "text": '{"campaigns":[{"action":"pausé"}]}'},
            **(request or {}),
        },
        "response": {
            "status": 200,
            "statusText": "",
            "httpVersion": "http/2.0",
            "headers": [{"name": "content-encoding", "value": "br"}],
            "cookies": [],
            "content": {"size": 15, "mimeType": "application/json", "text": '{"ok": "señor"}'},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
            "_transferSize": 100,
            "_error": None,
            "_fetchedViaServiceWorker": False,
            **(response or {}),
        },
        "serverIPAddress": "192.0.2.1",
        "startedDateTime": "2026-01-05T10:00:00.123Z",
        "time": 12.34,
        "timings": {"blocked": 1.5, "dns": -1, "_blocked_queueing": 0.5},
        **more,
    }


def har(*entries, **more):
    log = {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [], "entries": entries}
    return json.dumps({"log": {**log, **more}}, indent=2).encode()
