"""Proof by counting bytes: a listening socket in another process sees no byte of a refused write."""

import asyncio
import json
import subprocess
import sys
import textwrap

import httpx
import pytest
from wires import ID, UNREADABLE

from campaign_fsm import AsyncCampaignClient, AsyncGuardTransport, CampaignClient, GuardTransport, errors

# A server of thirty lines that knows nothing of the package: it answers every read with one status and
# prints every byte that it received when it is told to end.
LISTENER = textwrap.dedent(
    """
    import json, socket, sys, threading
    status, campaign = sys.argv[1:]
    received, guard = [], threading.Lock()
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def serve(connection):
        buffer = b""
        while chunk := connection.recv(65536):
            with guard:
                received.append(chunk)
            buffer += chunk
            while b"\\r\\n\\r\\n" in buffer:
                head, _, buffer = buffer.partition(b"\\r\\n\\r\\n")
                data = {"sid": campaign, "status": status}
                body = json.dumps({"response": {"code": 200, "status": "success", "data": data}}).encode()
                connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()
    json.dump(b"".join(received).decode("latin-1"), sys.stdout)
    """
)


class Listener:
    def __init__(self, status):
        self.process = subprocess.Popen(
            [sys.executable, "-c", LISTENER, status, ID], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def received(self):
        """Ends the listener and gives every byte that it ever got."""
        out, _ = self.process.communicate()
        return json.loads(out)


@pytest.fixture
def listen():
    listeners = []

    def start(status):
        listeners.append(Listener(status))
        return listeners[-1]

    yield start
    for listener in listeners:
        if listener.process.poll() is None:
            listener.process.kill()
            listener.process.communicate()


def methods(received):
    """The methods of the requests in what was received; nothing else may be there."""
    return [part.split(" ", 1)[0] for part in received.split("\r\n\r\n") if part]


ILLEGAL = [
    ("in-progress", "complete"),
    ("in-progress", "resume"),
    ("in-progress", "archive"),
    ("paused", "pause"),
    ("paused", "archive"),
    ("completed", "pause"),
    ("completed", "resume"),
    ("completed", "complete"),
    ("created", "resume"),
    ("created", "complete"),
    ("archived", "pause"),
    ("failed", "resume"),
    ("canceled", "complete"),
    ("brand-new-status", "pause"),
]


@pytest.mark.parametrize("status", sorted({status for status, _ in ILLEGAL}))
def test_no_byte_of_a_refused_action_leaves(listen, status):
    """On kept-alive connections of sync and async clients, there are GETs and nothing else."""
    listener = listen(status)
    actions = [action for other, action in ILLEGAL if other == status]
    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "base_url": listener.url}
    with CampaignClient(**settings) as client:
        for action in actions:
            with pytest.raises(errors.Refused):
                getattr(client, action)(ID)

    async def in_a_loop():
        async with AsyncCampaignClient(**settings) as client:
            for action in actions:
                with pytest.raises(errors.Refused):
                    await getattr(client, action)(ID)

    asyncio.run(in_a_loop())
    received = listener.received()
    assert methods(received) == ["GET"] * 2 * len(actions)
    assert "action" not in received


BODIES = {name: parts["body"] for name, (_, parts) in UNREADABLE.items() if set(parts) == {"body"}}


def test_no_byte_of_an_unreadable_request_leaves(listen):
    """Not even a read is made for it."""
    listener = listen("in-progress")
    url = f"{listener.url}/v2/accounts/acme1/message-campaigns/{ID}"
    headers = {"Content-Type": "application/json"}

    def raw(body):
        return body if isinstance(body, bytes) else json.dumps(body).encode()

    with httpx.Client(transport=GuardTransport(httpx.HTTPTransport())) as client:
        for body in BODIES.values():
            with pytest.raises(errors.UnreadableRequest):
                client.put(url, content=raw(body), headers=headers)
        for odd in (f"{url}?force=1", url.replace("/v2", "//v2"), url.replace("campaigns", "c%61mpaigns"), f"{url}/"):
            with pytest.raises(errors.UnreadableRequest):
                client.put(odd, json={"action": "pause"})

    async def in_a_loop():
        async with httpx.AsyncClient(transport=AsyncGuardTransport(httpx.AsyncHTTPTransport())) as client:
            for body in BODIES.values():
                with pytest.raises(errors.UnreadableRequest):
                    await client.put(url, content=raw(body), headers=headers)

    asyncio.run(in_a_loop())
    assert listener.received() == ""


@pytest.mark.usefixtures("impatient")
def test_a_legal_action_does_leave(listen):
    """The proof can fail: a legal pause puts exactly one PUT on the wire, after its read."""
    listener = listen("in-progress")
    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "base_url": listener.url}
    with CampaignClient(**settings) as client, pytest.raises(errors.OutcomeUnknown):
        client.pause(ID)  # this server never shows the pause
    received = listener.received()
    assert received.count("PUT /v2/accounts/acme1/message-campaigns/") == 1
    assert '{"action":"pause"}' in received.replace(" ", "")
