"""Requests to a simulated account, by hand."""

import base64
import json

BASIC = {"Authorization": "Basic " + base64.b64encode(b"key:token").decode()}


def request(simulator, method, path, body=None, headers=BASIC):
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return simulator.handle(method, path, list(headers.items()), content)


def url(campaign, channel="message", account="acme1"):
    collection = {"message": "message-campaigns", "voice": "campaigns", "alias": "sms-campaigns"}[channel]
    return f"/v2/accounts/{account}/{collection}" + (f"/{campaign}" if campaign else "")


def data(reply):
    response = json.loads(reply.body)["response"]
    return (response[0] if isinstance(response, list) else response)["data"]
