"""Where a client talks to and as whom: arguments before environment before defaults."""

import pytest

from campaign_fsm.client.settings import environment_proxy, is_loopback, resolve
from campaign_fsm.errors import ConfigurationError

ENV = {"EXOTEL_ACCOUNT_SID": "acme1", "EXOTEL_API_KEY": "key-e", "EXOTEL_API_TOKEN": "token-e"}
ARGS = {"account_sid": "acme2", "api_key": "key-a", "api_token": "token-a"}


def test_the_default_is_singapore():
    """Without a region or URL it is the documented default host."""
    settings = resolve(environment=ENV)
    assert (settings.base_url, settings.account_sid, settings.api_key) == ("https://api.exotel.com", "acme1", "key-e")


def test_arguments_come_before_the_environment():
    """Each value by itself, and a region argument before a base URL of the environment."""
    settings = resolve(**ARGS, region="mumbai", environment={**ENV, "EXOTEL_BASE_URL": "https://elsewhere.example"})
    assert (settings.base_url, settings.account_sid, settings.api_token) == (
        "https://api.in.exotel.com",
        "acme2",
        "token-a",
    )
    assert resolve(environment={**ENV, "EXOTEL_REGION": "Mumbai"}).base_url == "https://api.in.exotel.com"


@pytest.mark.parametrize(
    ("given", "environment", "setting"),
    [
        ({"region": "mumbai", "base_url": "https://x.example"}, ENV, "region and base_url"),
        (
            {},
            {**ENV, "EXOTEL_REGION": "mumbai", "EXOTEL_BASE_URL": "https://x.example"},
            "EXOTEL_REGION and EXOTEL_BASE_URL",
        ),
        ({"region": "paris"}, ENV, "region"),
        ({}, {}, "account_sid, api_key and api_token"),
        ({"api_key": "k"}, {}, "api_token"),
        ({"api_key": "k", "api_token": "t"}, {}, "account_sid"),
        ({"account_sid": "../x"}, ENV, "account_sid or EXOTEL_ACCOUNT_SID"),
        ({"api_key": "a:b"}, ENV, "api_key or EXOTEL_API_KEY"),
        ({"api_token": "t\nX: y"}, ENV, "api_token or EXOTEL_API_TOKEN"),
        ({"api_key": ""}, ENV, "api_key"),
        ({"api_token": "  "}, ENV, "api_token"),
        ({"account_sid": ""}, ENV, "account_sid"),
        ({}, {**ENV, "EXOTEL_API_KEY": "  "}, "api_key"),
        ({}, {"EXOTEL_REGION": "mumbai"}, "account_sid, api_key and api_token"),
        ({"channel": "fax"}, ENV, "channel"),
        ({"base_url": "api.exotel.com"}, ENV, "base_url"),
        ({"base_url": "ftp://x.example"}, ENV, "base_url"),
        ({"base_url": "https://"}, ENV, "base_url"),
        ({"base_url": "https://x.example:port"}, ENV, "base_url"),
        ({"base_url": "https://x.example/?a=1"}, ENV, "base_url"),
        ({"base_url": "https://x.example/#a"}, ENV, "base_url"),
        ({"base_url": "https://x.example/a/../b"}, ENV, "base_url"),
        ({"base_url": "https://x.example/a%2Fb"}, ENV, "base_url"),
        ({"base_url": "https://x.example//a"}, ENV, "base_url"),
        ({"base_url": "https://x.example/v2/accounts"}, ENV, "base_url"),
        ({"base_url": "http://api.exotel.com"}, ENV, "base_url"),
        ({}, {**ENV, "EXOTEL_BASE_URL": "http://10.0.0.1"}, "EXOTEL_BASE_URL"),
        ({"base_url": "https://k:t@x.example", "api_key": "other"}, ENV, "api_key"),
        ({}, {**ENV, "EXOTEL_BASE_URL": "https://k:t@x.example"}, "EXOTEL_API_KEY"),
    ],
)
def test_settings_that_cannot_work_are_named(given, environment, setting):
    """The error names the argument or variable, and never shows a credential."""
    with pytest.raises(ConfigurationError) as caught:
        resolve(**given, environment=environment)
    assert caught.value.setting == setting
    assert str(caught.value).startswith(setting)
    for secret in ("key-e", "token-e", "a:b", "t\nX", "k:t@"):
        assert secret not in str(caught.value)


def test_userinfo_moves_out_of_the_base_url():
    """Credentials in a URL end up in logs; they are taken out of it and used."""
    settings = resolve(account_sid="a", base_url="https://my%2Dkey:tok%40en@x.example/gw/", environment={})
    assert (settings.base_url, settings.api_key, settings.api_token) == ("https://x.example/gw", "my-key", "tok@en")
    settings = resolve(base_url="https://k-url:t-url@x.example", environment=ENV)
    assert (settings.api_key, settings.api_token) == ("k-url", "t-url")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80", "http://sim.localhost"]
)
def test_plain_http_is_for_loopback(url):
    """The simulator needs no certificate."""
    assert resolve(base_url=url, environment=ENV).base_url == url


def test_plain_http_elsewhere_has_to_be_named():
    """Whoever sends credentials in the clear has said so."""
    url = "http://gateway.internal:8080"
    assert resolve(base_url=url, plain_http_hosts=["Gateway.internal"], environment=ENV).base_url == url


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "a.localhost"])
def test_loopback_is_recognised(host):
    """All of 127.0.0.0/8, ::1 and localhost."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1.example", "localhost.example", "10.0.0.1", ""])
def test_what_only_looks_like_loopback_is_not(host):
    """A host name that begins with 127 is somebody else's."""
    assert not is_loopback(host)


def test_the_repr_of_settings_shows_no_credentials():
    """Neither key nor token."""
    assert "key-a" not in repr(resolve(**ARGS, environment={}))
    assert "token-a" not in repr(resolve(**ARGS, environment={}))


def test_proxies_come_from_the_environment(monkeypatch):
    """`HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` mean what they mean everywhere."""
    assert environment_proxy("https://api.exotel.com") is None
    monkeypatch.setenv("ALL_PROXY", "proxy.example:3128")
    assert environment_proxy("https://api.exotel.com") == "http://proxy.example:3128"
    monkeypatch.setenv("HTTPS_PROXY", "http://secure.example:3128")
    assert environment_proxy("https://api.exotel.com") == "http://secure.example:3128"
    monkeypatch.setenv("NO_PROXY", "exotel.com,127.0.0.1")
    assert environment_proxy("https://api.exotel.com") is None
    assert environment_proxy("http://127.0.0.1:8000") is None
