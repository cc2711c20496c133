"""A proxy that fails is named, and its password is nowhere."""

import base64
import json
import logging
import time
from urllib.parse import quote

import httpx
import pytest
from canaries import KEY, TOKEN, assert_nowhere, forms, item, logged, shown_by
from faces import FACES, Face
from servers import _Server
from wires import ID, MESSAGE

from campaign_fsm import CampaignClient, GuardTransport, errors

USER, PASSWORD = "proxy-user", "pass canary/2+é"


class Reluctant(_Server):
    """A proxy that is asked, and does not do it.

    Attributes:
        reply: What it says to a whole head; None to say nothing.
        heads: What it was asked.
    """

    reply = b""

    def __init__(self):
        self.heads = []
        super().__init__()

    def serve(self, connection, number):
        head = b""
        while b"\r\n\r\n" not in head and (chunk := connection.recv(65536)):
            head += chunk
        self.heads.append(head)
        if self.reply is None:
            connection.recv(1)  # until it is given up
        else:
            connection.sendall(self.reply)


def refusal_of(code, echo, body=b""):
    """An answer that has what was sent in its first line, a header and the body."""
    line = echo.encode("ascii", "ignore")
    head = b"HTTP/1.1 %d %b\r\nX-Echo: %b\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (
        code,
        line,
        line,
        len(body),
    )
    return head + body


PROXY_ECHOES = [form for form in forms(USER, PASSWORD) if form.isascii()]


@pytest.fixture(params=[*FACES[:2], pytest.param("trio", marks=pytest.mark.long)])
def face(request):
    return Face(request.param, httpx)


async def failures(face, url, **settings):
    """What a read and a write come to."""
    found = []
    settings = {"deadline": 0, "timeout": 10, **settings}
    async with face.campaigns(url, None, **settings) as client:
        for ask in (client.get, client.pause):
            try:
                await ask(ID)
            except errors.CampaignFsmError as error:
                found.append(error)
    return found


@pytest.mark.parametrize(
    ("reply", "from_environment"),
    [
        *((refusal_of(407, echo), False) for echo in PROXY_ECHOES),
        (refusal_of(407, PROXY_ECHOES[0]), True),
        (refusal_of(502, "Bad Gateway"), False),
        (b"", True),
        (b"SSH-2.0-OpenSSH_9.6\r\n", False),
        (None, False),
    ],
)
def test_a_proxy_that_makes_no_tunnel_is_named(face, caplog, monkeypatch, reply, from_environment):
    """Whatever it says or does not say: with host and port, without its password, and nothing was sent."""
    found = []

    async def scenario():
        url = f"http://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{proxy.port}"
        if from_environment:
            monkeypatch.setenv("HTTPS_PROXY", url)
        settings = {} if from_environment else {"proxy": url}
        if reply is None:
            # Short for its silence alone: a busy machine may need longer to connect.
            settings["timeout"] = httpx.Timeout(10, read=0.05)
        found.extend(await failures(face, "https://api.exotel.com", **settings))

    with Reluctant() as proxy, caplog.at_level(logging.DEBUG):
        proxy.reply = reply
        face.run(scenario)
        sent = base64.b64encode(f"{USER}:{PASSWORD}".encode())
        give_up = time.monotonic() + 10
        while len(proxy.heads) < 2 and time.monotonic() < give_up:
            time.sleep(0.01)  # it reads what was sent, whether or not it is waited for
        assert all(head.startswith(b"CONNECT api.exotel.com:443 ") and sent in head for head in proxy.heads)
        assert len(proxy.heads) == 2
    read, write = found
    assert isinstance(read, errors.ConnectionFailed)
    assert not read.sent
    assert isinstance(write, errors.StatusUnavailable)
    assert write.no_answer
    for error in found:
        assert f"the proxy 127.0.0.1:{proxy.port}" in str(error)
        assert_nowhere([PASSWORD, *forms(USER, PASSWORD)], [*shown_by(error), *logged(caplog)])


@pytest.mark.parametrize("where", ["127.0.0.1:{port}", "[::1]:{port}", "proxy.invalid:{port}"])
def test_a_proxy_that_is_not_there_is_named(face, where):
    """Refused or without an address: it is the proxy that could not be reached, and the host was never asked."""
    with Reluctant() as gone:
        port = gone.port
    found = []
    where = where.format(port=port)

    async def scenario():
        found.extend(await failures(face, "https://api.exotel.com", proxy=f"http://u:pass-canary@{where}"))

    face.run(scenario)
    assert [type(error).__name__ for error in found] == ["ConnectionFailed", "StatusUnavailable"]
    for error in found:
        assert f"the proxy {where}" in str(error)
        assert_nowhere(["pass-canary"], shown_by(error))


def test_a_host_that_fails_behind_a_proxy_is_no_proxy_that_fails(face):
    """A tunnel that was made and then holds no TLS, or a host that hangs up, is told as what it is."""
    found = []

    async def scenario():
        found.extend(await failures(face, "https://api.exotel.com", proxy=f"http://127.0.0.1:{proxy.port}"))
        found.extend(await failures(face, "http://127.0.0.1:1", proxy=f"http://127.0.0.1:{plain.port}"))

    with Reluctant() as proxy, Reluctant() as plain:
        proxy.reply = b"HTTP/1.1 200 Connected\r\n\r\nnot TLS at all"
        face.run(scenario)
        assert plain.heads[0].startswith(b"GET http://127.0.0.1:1/v2/")
    assert len(found) == 4
    assert not [str(error) for error in found if "the proxy" in str(error)]


@pytest.mark.parametrize("kind", ["text", "URL", "Proxy", "headers"])
@pytest.mark.parametrize("echo", PROXY_ECHOES)
def test_a_password_that_a_forward_proxy_echoes_is_nowhere(caplog, kind, echo):
    """However the proxy is given; an answer that it makes itself is an answer, and 407 says whose it is."""
    given = {
        "text": lambda url: url,
        "URL": httpx.URL,
        "Proxy": lambda url: httpx.Proxy(httpx.URL(url).copy_with(userinfo=b""), auth=(USER, PASSWORD)),
        "headers": lambda url: httpx.Proxy(
            httpx.URL(url).copy_with(userinfo=b""),
            headers={"Proxy-Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()},
        ),
    }[kind]
    shown = []
    with Reluctant() as proxy, caplog.at_level(logging.DEBUG):
        proxy.reply = refusal_of(407, echo, item(407, "failure", error={"message": echo}, request_id=echo))
        url = given(f"http://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{proxy.port}")
        events = []
        keys = {"account_sid": "acme1", "api_key": KEY, "api_token": TOKEN, "trace": events.append}
        with CampaignClient(base_url="http://127.0.0.1:1", proxy=url, deadline=0, **keys) as client:
            for ask in (client.get, client.pause):
                with pytest.raises(errors.CampaignFsmError, match="407") as caught:
                    ask(ID)
                assert "It comes from a proxy" in str(caught.value)
                shown += shown_by(caught.value)
            shown += [repr(client), json.dumps(events)]
    assert len(proxy.heads) == 2
    assert_nowhere(forms(USER, PASSWORD), [*shown, *logged(caplog)])


@pytest.mark.parametrize("echo", ["Basic dXNlcjpwYXNzLWNhbmFyeQ==", "http://user:pass-canary@127.0.0.1/"])
def test_a_bare_guard_redacts_what_looks_like_credentials(echo):
    """It does not know the proxy below it; `secrets` tells it more."""
    with Reluctant() as proxy:
        proxy.reply = refusal_of(407, f"{echo} and proxy-secret")
        inner = httpx.HTTPTransport(proxy=f"http://user:pass-canary@127.0.0.1:{proxy.port}")
        guard = GuardTransport(inner, deadline=0, secrets=["proxy-secret"])
        with httpx.Client(transport=guard) as plain, pytest.raises(errors.StatusUnavailable, match="407") as caught:
            plain.put(f"https://api.exotel.com{MESSAGE}", json={"action": "pause"})
    assert_nowhere(["pass-canary", "dXNlcjpwYXNzLWNhbmFyeQ", "proxy-secret"], shown_by(caught.value))


@pytest.mark.parametrize(
    "proxy", ["http://user:pa/ss-canary@host:1", "http://u:pass-canary@[::1", "http://u:p@h:canary"]
)
def test_a_proxy_that_is_no_url_is_named_and_not_shown(proxy):
    """What a parser takes for a host or a port may be half of a password."""
    with pytest.raises(errors.ConfigurationError, match="proxy") as caught:
        CampaignClient(account_sid="acme1", api_key=KEY, api_token=TOKEN, proxy=proxy)
    assert caught.value.__context__ is None  # `traceback` would show the line of this test, too
    assert_nowhere(["canary"], [str(caught.value), repr(caught.value), repr(vars(caught.value))])
