"""Where a client talks to and as whom: arguments before environment before defaults."""

import inspect
import itertools
import ssl

import attrs
import httpx
import httpx2
import pytest

from campaign_fsm import AsyncCampaignClient, CampaignClient
from campaign_fsm.client.endpoint import resolve
from campaign_fsm.client.proxies import environment_proxy
from campaign_fsm.errors import ConfigurationError
from campaign_fsm.gate import GateSettings, GuardSettings
from campaign_fsm.wire.hosts import is_loopback

ENV = {"EXOTEL_ACCOUNT_SID": "acme1", "EXOTEL_API_KEY": "key-e", "EXOTEL_API_TOKEN": "token-e"}
# What stands for no name; the successor of httpx does not look into it.
PUNYCODE = ["xn--a", "xn--", "XN--zz.example", "xn--zz.example:443/b"] if httpx.__name__ == "httpx" else []
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
        ({"region": "https://k:t@api.in.exotel.com"}, ENV, "region"),
        ({}, {**ENV, "EXOTEL_REGION": "https://k:t@api.in.exotel.com"}, "EXOTEL_REGION"),
        ({}, {}, "account_sid, api_key and api_token"),
        ({"api_key": "k"}, {}, "account_sid and api_token"),
        ({"api_token": "t"}, {}, "account_sid and api_key"),
        ({"account_sid": "a"}, {}, "api_key and api_token"),
        ({"base_url": "https://k@x.example"}, {}, "account_sid and api_token"),
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


_NAMES = {"account_sid": "EXOTEL_ACCOUNT_SID", "api_key": "EXOTEL_API_KEY", "api_token": "EXOTEL_API_TOKEN"}


@pytest.mark.parametrize("blank", [None, "", " "])
@pytest.mark.parametrize("missing", [some for count in (1, 2, 3) for some in itertools.combinations(_NAMES, count)])
def test_all_that_is_missing_is_named_at_once(missing, blank):
    """Whichever of the three it is, and whether its variable is unset or blank; what is there is not named."""
    environment = {_NAMES[name]: "there" for name in _NAMES if name not in missing}
    if blank is not None:
        environment |= {_NAMES[name]: blank for name in missing}
    with pytest.raises(ConfigurationError) as caught:
        resolve(environment=environment)
    for name, variable in _NAMES.items():
        assert (name in caught.value.setting) == (name in missing)
        assert (variable in caught.value.problem) == (name in missing)


@pytest.mark.parametrize("setting", ["base_url", "EXOTEL_BASE_URL"])
@pytest.mark.parametrize(
    "url",
    [
        "https://k-canary:t-canary@api.exotel.com\n.evil.example",
        "https://k-canary:t-canary@api.exo\ttel.com",
        "https://k-canary:t-canary@api.exotel.com\r\n",
        "\nhttps://k-canary:t-canary@api.exotel.com",
        " https://k-canary:t-canary@api.exotel.com",
        "https://k-canary:t-canary@api.exotel.com ",
        "https://k-canary:t-canary@api.exotel.com/gate way",
        "https://k-canary:t-canary@api.exotel.com\0",
        "https://k-canary:t-canary@api.exotel.com\x7f",
        "https://k-canary:t-canary@api.exotel.com\\.evil.example",
        "https:\\\\k-canary:t-canary@api.exotel.com",
        "https://k-canary:t-canary@\u0430pi.exotel.com",
        "https://k-canary:t-canary@api\u3002exotel.com",
        "https://k-canary:t-canary@api.exotel.com\u2044.evil.example",
        "https://k-canary:t-canary@api.exotel.com\u200b",
        "https://k-canary:t-canary@m\u00fcnchen.example",
        "https://k-canary:t-canary@api%2Eexotel.com",
        "https://k-canary:t-canary@api.exotel.com%00.evil.example",
        "https://k-canary:t-canary@api..exotel.com",
        "https://k-canary:t-canary@.exotel.com",
        "https://k-canary:t-canary@api.exotel.com..",
        "https://k-canary:t-canary@-api.exotel.com",
        f"https://k-canary:t-canary@{'a' * 64}.example",
        "https://k-canary:t-canary@api,exotel.com",
        "https://k-canary:t-canary@api.exotel.com;x",
        "https://k-canary:t-canary@<host>",
        "https://k-canary:t-canary@api.exotel.com:",
        "https://k-canary:t-canary@api.exotel.com:0",
        "https://k-canary:t-canary@api.exotel.com:65536",
        "https://k-canary:t-canary@api.exotel.com:99999999",
        "https://k-canary:t-canary@api.exotel.com:-1",
        "https://k-canary:t-canary@api.exotel.com:+443",
        "https://k-canary:t-canary@api.exotel.com:4_43",
        "https://k-canary:t-canary@api.exotel.com:443:443",
        "https://k-canary:t-canary@[fe80::1%25eth0]",
        "https://k-canary:t-canary@[fe80::1%eth0]",
        "https://k-canary:t-canary@[::1",
        "https://k-canary:t-canary@[::1]x",
        "https://k-canary:t-canary@x[::1]",
        "https://k-canary:t-canary@[:::1]",
        "https://k-canary:t-canary@[v1.x]",
        "https://k-canary:t-canary@[1.2.3.4]",
        "https://k-canary:t-canary@::1",
        "https://k-canary:t-canary@999.1.1.1",
        "https://k-canary:t-canary@01.02.03.04:8443/a",
        *(f"https://k-canary:t-canary@{host}" for host in PUNYCODE),
    ],
)
def test_a_base_url_that_could_be_another_host_is_named_and_not_shown(url, setting):
    """Whatever a parser drops, folds or decodes is no part of a host; the error shows nothing of the URL."""
    environment = {**ENV, "EXOTEL_BASE_URL": url} if setting == "EXOTEL_BASE_URL" else ENV
    with pytest.raises(ConfigurationError) as caught:
        resolve(base_url=url if setting == "base_url" else None, environment=environment)
    assert caught.value.setting == setting
    assert "canary" not in f"{caught.value}{caught.value.__cause__}{caught.value.__context__}"


def test_an_internationalised_host_is_written_in_its_ascii_form():
    """The error says so, and the form works."""
    with pytest.raises(ConfigurationError, match="xn--"):
        resolve(base_url="https://m\u00fcnchen.example", environment=ENV)
    assert resolve(base_url="https://xn--mnchen-3ya.example", environment=ENV).host == "xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("HTTPS://API.Exotel.com", "https://api.exotel.com"),
        ("https://api.exotel.com.", "https://api.exotel.com."),
        ("https://api.exotel.com:00443/", "https://api.exotel.com:443"),
        ("https://my_gateway:65535/a/b/", "https://my_gateway:65535/a/b"),
        ("https://[2001:DB8::1]:1", "https://[2001:db8::1]:1"),
        ("https://[::ffff:1.2.3.4]", "https://[::ffff:1.2.3.4]"),
        (f"https://{'a' * 63}.example", f"https://{'a' * 63}.example"),
    ],
)
def test_a_plain_base_url_is_taken(url, same):
    """Nothing is refused because it is rare."""
    assert resolve(base_url=url, environment=ENV).base_url == same


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


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "a.localhost", "::ffff:127.0.0.1"])
def test_loopback_is_recognised(host):
    """All of 127.0.0.0/8, ::1 and localhost."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "127.0.0.1.example", "localhost.example", "10.0.0.1", "::ffff:10.0.0.1", ""]
)
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


_URLS = [
    "https://api.exotel.com",
    "https://api.exotel.com:8443",
    "https://exotel.com",
    "https://notexotel.com",
    "http://api.exotel.com",
    "http://127.0.0.1:8080",
    "http://127.0.0.2",
    "http://localhost:8080",
    "http://a.localhost",
    "http://[::1]:8080",
    "https://192.168.1.7",
]


@pytest.mark.parametrize("proxies", ["http,https,all", "https", "all", "http", ""])
@pytest.mark.parametrize(
    "no_proxy",
    [
        None,
        "",
        " , ",
        "*",
        "other.example, *",
        "exotel.com",
        ".exotel.com",
        "EXOTEL.com",
        "api.exotel.com",
        " api.exotel.com , localhost",
        "api.exotel.com:443",
        "api.exotel.com:8443",
        "https://api.exotel.com",
        "https://api.exotel.com:8443",
        "http://api.exotel.com",
        "all://api.exotel.com",
        "all://*exotel.com",
        "all://*.exotel.com",
        "https://",
        "https://*",
        "all://",
        "all://*",
        "all://*:8443",
        "127.0.0.1",
        "127.0.0.1:8080",
        "::1",
        "https://[",
        "a b",
        "localhost",
        "LocalHost",
        "localhost:8080",
        "com",
        # The successor reads these in another way.
        *(["*.exotel.com", "127.0.0.0/8", "192.168.0.0/16", "192.168.1.7/32"] if httpx.__name__ == "httpx" else []),
    ],
)
def test_the_environments_proxy_is_the_one_that_httpx_takes(monkeypatch, proxies, no_proxy):
    """For every form of `NO_PROXY`, whatever else is set, and for every kind of host."""
    for scheme in filter(None, proxies.split(",")):
        monkeypatch.setenv(f"{scheme}_proxy", f"http://{scheme}.proxy.example:3128")
    if no_proxy is not None:
        monkeypatch.setenv("no_proxy", no_proxy)
    with httpx.Client(verify=False) as client:
        for url in _URLS:
            chosen = client._transport_for_url(httpx.URL(url))
            theirs = None if chosen is client._transport else chosen._pool._proxy_url
            ours = environment_proxy(url)
            assert (ours and httpx.URL(ours).raw_host) == (theirs and theirs.host), url


@pytest.mark.parametrize("host", ["999.1.1.1", *PUNYCODE])
@pytest.mark.parametrize("family", [httpx, httpx2], ids=lambda family: family.__name__)
@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9"])
def test_a_host_that_the_http_library_cannot_read_makes_no_client(monkeypatch, host, family, proxy):
    """Of either library, with proxies in the environment and without."""
    if proxy is not None:
        monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(ConfigurationError, match="base_url: its host"):
        CampaignClient(base_url=f"https://{host}", **ARGS, http=family)


def test_a_proxy_that_the_http_library_cannot_read_is_named(monkeypatch):
    """As the one that is given, of the environment, and among those that are not to be used."""
    bad = "http://999.1.1.1:80" if httpx.__name__ == "httpx2" else "http://xn--zz.example:80"
    with pytest.raises(ConfigurationError, match="proxy or trust_env"):
        CampaignClient(proxy=bad, **ARGS)
    monkeypatch.setenv("https_proxy", bad)
    with pytest.raises(ConfigurationError, match="proxy or trust_env"):
        CampaignClient(**ARGS)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", bad)
    with pytest.raises(ConfigurationError, match="NO_PROXY"):
        CampaignClient(**ARGS)


@pytest.mark.parametrize("no_proxy", ["::1/128", "[::1]", "https://x:port"])
def test_an_exclusion_that_httpx_cannot_read_is_named(monkeypatch, no_proxy):
    """`httpx` builds no client then (its successor drops the entry): nobody knows whether the proxy is meant."""
    monkeypatch.setenv("https_proxy", "http://proxy.example")
    monkeypatch.setenv("no_proxy", no_proxy)
    if httpx.__name__ == "httpx":
        with pytest.raises(httpx.InvalidURL):
            httpx.Client()
    with pytest.raises(ConfigurationError, match="NO_PROXY"):
        environment_proxy("https://api.exotel.com")


# Certificates


@pytest.mark.parametrize("family", [httpx, httpx2], ids=lambda family: family.__name__)
@pytest.mark.parametrize("kind", [CampaignClient, AsyncCampaignClient])
def test_certificates_are_loaded_only_for_a_host_that_is_spoken_to_by_tls(monkeypatch, kind, family):
    """To load them takes longer than the requests; and without them nobody is trusted, instead of everybody."""
    found, make = [], getattr(family, kind._http_transport)
    monkeypatch.setattr(family, kind._http_transport, lambda **given: found.append(given["verify"]) or make(**given))
    kind(base_url="http://localhost", **ARGS, http=family)
    (nobody,) = found
    assert (nobody.verify_mode, nobody.check_hostname, nobody.get_ca_certs()) == (ssl.CERT_REQUIRED, True, [])
    for settings in ({}, {"verify": True}, {"proxy": "http://127.0.0.1:9"}):
        found.clear()
        kind(base_url="http://localhost" if settings else None, **ARGS, **settings, http=family)
        assert found == [True]


# The settings of the gate


def test_the_guards_take_every_setting_of_the_gate_and_no_other():
    """Under its own name, and with its own type unless the gate makes something else of it."""
    fields, keywords = attrs.fields_dict(GateSettings), GuardSettings.__annotations__
    assert list(fields) == list(keywords)
    for name, field in fields.items():
        assert field.converter is not None or field.type == keywords[name].__forward_arg__


@pytest.mark.parametrize("kind", [CampaignClient, AsyncCampaignClient])
def test_the_client_takes_settings_of_the_gate_with_the_same_defaults(kind):
    """Whoever adds one to both says the same in both."""
    given = inspect.signature(kind).parameters
    shared = {name: field.default for name, field in attrs.fields_dict(GateSettings).items() if name in given}
    assert shared == {name: given[name].default for name in shared}
    assert {"max_age", "strict", "deadline", "on_drift", "budget", "on_wait", "trace", "policy"} == set(shared)
