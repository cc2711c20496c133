"""Requests as they leave, for the tests of the reader and of the gate."""

import json
import re
from urllib.parse import quote

from campaign_fsm.wire.intent import WireRequest

HOST = "api.exotel.com"
ID = "90dad70b939f469fbf8b801660148272"
MESSAGE = f"/v2/accounts/acme1/message-campaigns/{ID}"
ALIAS = f"/v2/accounts/acme1/sms-campaigns/{ID}"
VOICE = f"/v2/accounts/acme1/campaigns/{ID}"
JSON = (b"Content-Type", b"application/json")


def wire(method="PUT", target=MESSAGE, body=b'{"action": "pause"}', headers=(JSON,), host=HOST, **more):
    if isinstance(body, dict | list | str) or body is None:
        body = json.dumps(body).encode()
    if isinstance(target, str):
        target = target.encode("latin-1")
    return WireRequest(
        method=method, scheme="https", host=host, port=None, target=target, headers=tuple(headers), body=body, **more
    )


def with_header(name, value, *others):
    """The usual headers with one more."""
    return (JSON, (name.encode(), value.encode()), *others)


LOOK_ALIKES = {
    "/": "\u2044\u2215\u29f8\u2571\u0338\uff0f\u2216\u29f5\uff3c",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d",
}

# Requests that nobody may read in one way only: what is odd, the code, and how `wire` makes it.
UNREADABLE = {
    # the body
    "duplicate keys": ("CF410", {"body": b'{"action": "pause", "action": "complete"}'}),
    "duplicate keys, the same value": ("CF410", {"body": b'{"action": "pause", "action": "pause"}'}),
    "case variants": ("CF410", {"body": b'{"action": "pause", "Action": "complete"}'}),
    "a case variant alone": ("CF410", {"body": b'{"Action": "complete"}'}),
    "a full-width variant": ("CF410", {"body": '{"\uff41ction": "complete"}'.encode()}),
    "a variant with an invisible character": ("CF410", {"body": '{"act\u200bion": "complete"}'.encode()}),
    "a variant with a space": ("CF410", {"body": b'{" action": "complete"}'}),
    "an escaped duplicate": ("CF410", {"body": b'{"action": "pause", "\\u0061ction": "complete"}'}),
    "a deep duplicate": ("CF410", {"body": b'{"schedule": {"end_time": 1, "end_time": 2}}'}),
    "campaigns in another case": ("CF410", {"target": VOICE, "body": b'{"Campaigns": [{"action": "pause"}]}'}),
    "several items": ("CF411", {"target": VOICE, "body": {"campaigns": [{"action": "pause"}, {"action": "complete"}]}}),
    "no item": ("CF411", {"target": VOICE, "body": {"campaigns": []}}),
    "an item that is no object": ("CF411", {"target": VOICE, "body": {"campaigns": ["pause"]}}),
    "an empty item": ("CF411", {"target": VOICE, "body": {"campaigns": [{}]}}),
    "campaigns that is no list": ("CF411", {"target": VOICE, "body": {"campaigns": {"action": "pause"}}}),
    "both forms at once": ("CF411", {"target": VOICE, "body": {"campaigns": [{"action": "pause"}], "action": "pause"}}),
    "the voice form on a message campaign": ("CF411", {"body": {"campaigns": [{"action": "pause"}]}}),
    "an empty object": ("CF411", {"body": {}}),
    "an unknown action": ("CF412", {"body": {"action": "stop"}}),
    "an action in another case": ("CF412", {"body": {"action": "Pause"}}),
    "an action with a space": ("CF412", {"body": {"action": "pause "}}),
    "an action that is a list": ("CF412", {"body": {"action": ["pause"]}}),
    "an action that is an object": ("CF412", {"body": {"action": {"name": "pause"}}}),
    "an action that is null": ("CF412", {"body": {"action": None}}),
    "an action that is true": ("CF412", {"body": {"action": True}}),
    "an action of ours that is no verb": ("CF412", {"body": {"action": "delete"}}),
    "a status in an edit": ("CF414", {"body": {"name": "new", "status": "completed"}}),
    "another id in an edit": ("CF414", {"body": {"name": "new", "sid": "another"}}),
    "a method in the body": ("CF414", {"body": {"name": "new", "_method": "DELETE"}}),
    "an action in a create": (
        "CF414",
        {"method": "POST", "target": MESSAGE.rpartition("/")[0], "body": {"action": "pause"}},
    ),
    "a start in another spelling": ("CF410", {"body": {"schedule": {"Start_Time": "2026-01-05T10:00:00Z"}}}),
    "a start without its underscore": ("CF410", {"target": VOICE, "body": {"schedule": {"sendAt": "x"}}}),
    "an end with a dash": ("CF410", {"target": VOICE, "body": {"action": "resume", "schedule": {"end-at": "x"}}}),
    "a full-width start": ("CF410", {"body": {"schedule": {"\uff53tart_time": "x"}}}),
    "a start with an odd dash": ("CF410", {"body": {"schedule": {"start\u2010time": "x"}}}),
    "the start of the other channel": ("CF410", {"body": {"schedule": {"send_at": "x"}}}),
    "another start of the other channel": ("CF410", {"body": {"schedule": {"start_time": "x", "send_at": "y"}}}),
    "a start in another spelling that is null": ("CF410", {"body": {"schedule": {"startTime": None}}}),
    "a start of the other channel in a create": (
        "CF410",
        {
            "method": "POST",
            "target": VOICE.rpartition("/")[0],
            "body": {"campaigns": [{"schedule": {"start_time": 1}}]},
        },
    ),
    "a schedule in another spelling": ("CF410", {"body": {"name": "new", "schedule_": {"start_time": "x"}}}),
    "a callback in another spelling": ("CF410", {"body": {"name": "new", "statusCallback": "https://x"}}),
    "an action in another spelling": ("CF410", {"body": {"act-ion": "complete"}}),
    "a name in another case": ("CF410", {"body": {"Name": "new"}}),
    "no body": ("CF409", {"body": b""}),
    "a blank body": ("CF409", {"body": b"  \n"}),
    "not JSON": ("CF409", {"body": b"action=pause"}),
    "two documents": ("CF409", {"body": b'{"action": "pause"}{"action": "complete"}'}),
    "a list": ("CF409", {"body": [{"action": "pause"}]}),
    "a string": ("CF409", {"body": "pause"}),
    "null": ("CF409", {"body": None}),
    "NaN": ("CF409", {"body": b'{"action": "pause", "x": NaN}'}),
    "a comment": ("CF409", {"body": b'{"action": "pause" /* or complete */}'}),
    "a byte order mark": ("CF409", {"body": b'\xef\xbb\xbf{"action": "pause"}'}),
    "UTF-16": ("CF409", {"body": '{"action": "pause"}'.encode("utf-16")}),
    "Latin-1": ("CF409", {"body": b'{"name": "\xe9t\xe9"}'}),
    "an unpaired surrogate": ("CF409", {"body": b'{"name": "\\ud800"}'}),
    "nesting without end": ("CF409", {"body": b'{"a":' * 100_000}),
    "a number without end": ("CF409", {"body": b'{"a": ' + b"9" * 5000 + b"}"}),
    "a body on a DELETE": ("CF417", {"method": "DELETE", "target": VOICE}),
    # the headers
    "no content type": ("CF407", {"headers": ()}),
    "a form": ("CF407", {"headers": [(b"Content-Type", b"application/x-www-form-urlencoded")]}),
    "two content types": ("CF407", {"headers": [JSON, (b"Content-Type", b"application/json; charset=utf-8")]}),
    "two content types in one": ("CF407", {"headers": [(b"Content-Type", b"application/json, application/json")]}),
    "another charset": ("CF407", {"headers": [(b"Content-Type", b"application/json; charset=utf-16")]}),
    "a content type like JSON": ("CF407", {"headers": [(b"Content-Type", b"application/jsonp")]}),
    "an encoding": ("CF408", {"headers": with_header("Content-Encoding", "gzip")}),
    "two framings": ("CF408", {"headers": with_header("Content-Length", "19", (b"Transfer-Encoding", b"chunked"))}),
    "a wrong length": ("CF408", {"headers": with_header("Content-Length", "7")}),
    "two lengths": ("CF408", {"headers": with_header("Content-Length", "19", (b"Content-Length", b"19"))}),
    "an odd transfer encoding": ("CF408", {"headers": with_header("Transfer-Encoding", "gzip, chunked")}),
    "a method override": ("CF406", {"headers": with_header("X-HTTP-Method-Override", "DELETE")}),
    "a method override on a read": (
        "CF406",
        {"method": "GET", "body": b"", "headers": with_header("X-HTTP-Method", "PUT")},
    ),
    "a method override with underscores": ("CF406", {"headers": with_header("X_Method_Override", "DELETE")}),
    "a rewritten URL": ("CF405", {"headers": with_header("X-Original-URL", "/v2/elsewhere")}),
    "a rewriting header that names a campaign": (
        "CF405",
        {"target": "/harmless", "headers": with_header("X-Rewrite-URL", MESSAGE)},
    ),
    **{
        f"{name} in a write of a campaign": ("CF405", {"headers": with_header(name, VOICE)})
        for name in ("X-Original-URI", "X-Original-Path", "X-Rewrite-URI", "X-Forwarded-Uri", "X_Forwarded_Path")
    },
    "X-Forwarded-Uri that names a campaign": (
        "CF405",
        {"target": "/harmless", "headers": with_header("X-Forwarded-Uri", MESSAGE)},
    ),
    "its own path and another one": (
        "CF405",
        {"headers": with_header("X-Forwarded-Uri", MESSAGE, (b"X-Original-URI", b"/x"))},
    ),
    "another Host": ("CF405", {"headers": with_header("Host", "elsewhere.example")}),
    "two Hosts": ("CF405", {"headers": with_header("Host", HOST, (b"Host", HOST.encode()))}),
    "a Host with another port": ("CF405", {"headers": with_header("Host", f"{HOST}:8443")}),
    # the URL
    "a query": ("CF403", {"target": f"{MESSAGE}?force=true"}),
    "a query that is a question mark": ("CF403", {"target": f"{MESSAGE}??"}),
    "userinfo": ("CF404", {"userinfo": True}),
    "userinfo on a read": ("CF404", {"method": "GET", "body": b"", "userinfo": True}),
    "a target that is not the URL's": ("CF405", {"url_target": b"/harmless"}),
    "a campaign URL behind a harmless target": ("CF405", {"target": "/harmless", "url_target": MESSAGE.encode()}),
    "a target in absolute form": ("CF405", {"target": f"https://{HOST}{MESSAGE}", "url_target": b"/harmless"}),
    # the path
    "an escaped letter": ("CF401", {"target": MESSAGE.replace("campaigns", "c%61mpaigns")}),
    "an escape escaped": ("CF401", {"target": MESSAGE.replace("campaigns", "c%2561mpaigns")}),
    "another case": ("CF401", {"target": MESSAGE.replace("message-campaigns", "Message-Campaigns")}),
    "a version in another case": ("CF401", {"target": MESSAGE.replace("/v2/", "/V2/")}),
    "a doubled slash": ("CF401", {"target": f"/{MESSAGE}"}),
    "a doubled slash inside": ("CF401", {"target": MESSAGE.replace("/accounts", "//accounts")}),
    "a trailing slash": ("CF401", {"target": f"{MESSAGE}/"}),
    "dots": ("CF401", {"target": f"/v2/x/../accounts/acme1/message-campaigns/{ID}"}),
    "dots after the campaign": ("CF401", {"target": f"{MESSAGE}/../{'0' * 32}"}),
    "dots that leave the campaign": ("CF401", {"target": f"{MESSAGE}/../../../../harmless"}),
    "escaped dots": ("CF401", {"target": f"/v2/x/%2e%2e/accounts/acme1/message-campaigns/{ID}"}),
    "an escaped slash": ("CF401", {"target": MESSAGE.replace(f"/{ID}", f"%2F{ID}")}),
    "an escaped slash in the account": ("CF401", {"target": MESSAGE.replace("acme1", "acme%2F1")}),
    "a backslash": ("CF401", {"target": MESSAGE.replace("/accounts", "\\accounts")}),
    "a backslash in the account": ("CF401", {"target": MESSAGE.replace("acme1", "ac\\me1")}),
    "an account that is cut away": ("CF401", {"target": MESSAGE.replace("/accounts/acme1", "//accounts/%23")}),
    "a path parameter": ("CF401", {"target": MESSAGE.replace("campaigns/", "campaigns;v=1/")}),
    "a full-width letter": ("CF401", {"target": MESSAGE.replace("campaigns", "%EF%BD%83ampaigns")}),
    "a trailing dot": ("CF401", {"target": MESSAGE.replace("campaigns/", "campaigns./")}),
    "a trailing space": ("CF401", {"target": MESSAGE.replace("campaigns/", "campaigns%20/")}),
    "a trailing NUL": ("CF401", {"target": MESSAGE.replace("campaigns/", "campaigns%00/")}),
    "an escaped question mark": ("CF401", {"target": MESSAGE.replace("campaigns/", "campaigns%3F/")}),
    "a path without end": ("CF401", {"target": f"{'/x/..' * 3000}{MESSAGE}"}),
    "a path that is decoded without end": ("CF401", {"target": f"/%2{'%3' * 10_000}561"}),
    "a letter escaped without end": ("CF401", {"target": MESSAGE.replace("camp", f"%{'25' * 30_000}63amp")}),
    "a letter escaped a little too often": ("CF401", {"target": MESSAGE.replace("camp", f"%{'25' * 17}63amp")}),
    "a stream of a folder": ("CF401", {"target": MESSAGE.replace("campaigns/", "campaigns::$INDEX_ALLOCATION/")}),
    "streams of all folders": ("CF401", {"target": re.sub(r"(?<=[a-z0-9])/", "%3A%3A$x/", MESSAGE)}),
    "a soft hyphen": ("CF401", {"target": MESSAGE.replace("message-", "message%C2%AD")}),
    **{
        f"U+{ord(char):04X} for {plain}": ("CF401", {"target": MESSAGE.replace(plain, spelled, 2)})
        for plain, chars in LOOK_ALIKES.items()
        for char in chars
        for spelled in (f"%u{ord(char):04x}", quote(char))
    },
    "a NUL and more": ("CF401", {"target": MESSAGE.replace("campaigns/", "campaigns%00foo/")}),
    "a segment of a NUL and more": ("CF401", {"target": MESSAGE.replace("/accounts", "/%00x/accounts")}),
    "a NUL in the version": ("CF401", {"target": MESSAGE.replace("/v2/", "/v2%00x/")}),
    "a line end and more": ("CF401", {"target": MESSAGE.replace("accounts/", "accounts%0d%0ax/")}),
    "a space and more": ("CF401", {"target": MESSAGE.replace("campaigns/", "campaigns%20x/")}),
    "an invisible character and a NUL": ("CF401", {"target": MESSAGE.replace("campaigns/", "cam%C2%ADpaigns%00x/")}),
    "an escape of IIS": ("CF401", {"target": MESSAGE.replace("campaigns", "%u0063ampaigns")}),
    "an escape of IIS, escaped": ("CF401", {"target": MESSAGE.replace("campaigns", "%25u0063ampaigns")}),
    "an escape of IIS that only some decode": (
        "CF401",
        {"target": MESSAGE.replace("accounts/acme1", "acc%6funts/a%u002fb")},
    ),
    "a slash in the account that only some split at": (
        "CF401",
        {"target": MESSAGE.replace("accounts/acme1", "acc%6funts/a%2Fb")},
    ),
    "an escaped slash in the account that only some split at": (
        "CF401",
        {"target": MESSAGE.replace("accounts/acme1", "Accounts/a%252fb")},
    ),
    "an overlong letter": ("CF401", {"target": MESSAGE.replace("campaigns", "c%c1%a1mpaigns")}),
    "an overlong letter of three bytes": ("CF401", {"target": MESSAGE.replace("campaigns", "c%e0%81%a1mpaigns")}),
    "an overlong letter of four bytes": ("CF401", {"target": MESSAGE.replace("accounts", "%f0%80%81%a1ccounts")}),
    "an overlong letter of six bytes": ("CF401", {"target": MESSAGE.replace("v2", "%fc%80%80%80%81%b62")}),
    "an overlong percent sign": ("CF401", {"target": MESSAGE.replace("campaigns", "c%c0%a561mpaigns")}),
    "an overlong slash": ("CF401", {"target": MESSAGE.replace("/accounts", "%c0%afaccounts")}),
    "no UTF-8": ("CF401", {"target": MESSAGE.replace("campaigns/", "campaigns%ff/")}),
    "no UTF-8 in the version": ("CF401", {"target": MESSAGE.replace("v2", "v%802")}),
    "Latin-1 in the path": ("CF401", {"target": MESSAGE.replace("campaigns", "c%aampaigns")}),
    "bytes that nobody escaped": ("CF401", {"target": MESSAGE.replace("campaigns", "\xef\xbd\x83ampaigns")}),
    "a collection as JSON": (
        "CF401",
        {"method": "POST", "target": f"{MESSAGE.rpartition('/')[0]}.json", "body": {"name": "new"}},
    ),
    "a collection as XML": ("CF401", {"target": MESSAGE.replace("campaigns/", "campaigns.xml/")}),
    "accounts as JSON": ("CF401", {"target": MESSAGE.replace("accounts/", "accounts.json/")}),
    "a version as JSON": ("CF401", {"target": MESSAGE.replace("v2/", "v2.json/")}),
    "an escaped suffix": ("CF401", {"target": MESSAGE.replace("campaigns/", "campaigns%2Ejson;v=1/")}),
    "this version behind another": ("CF401", {"target": f"/v3/..{MESSAGE}"}),
    "version 1": ("CF418", {"target": MESSAGE.replace("/v2/", "/v1/")}),
    "version 2.1": ("CF418", {"target": VOICE.replace("/v2/", "/v2.1/"), "method": "DELETE", "body": b""}),
    "version 3": ("CF418", {"target": MESSAGE.replace("/v2/", "/v3/")}),
    "version 3 of the collection": ("CF418", {"method": "POST", "target": "/v3/accounts/acme1/campaigns"}),
    "version 3 below a mount point": ("CF418", {"target": f"/gateway{VOICE.replace('/v2/', '/v3/')}"}),
    "version 3 in an odd spelling": ("CF418", {"target": "//V3/Accounts/acme1/c%61mpaigns.json/x"}),
    "version 10": ("CF418", {"target": ALIAS.replace("/v2/", "/v10/")}),
    "version 10, escaped": ("CF418", {"target": ALIAS.replace("/v2/", "/%7610/")}),
    "a beta version": ("CF418", {"target": VOICE.replace("/v2/", "/v3-beta/")}),
    "an id that is too long": ("CF415", {"target": MESSAGE + "0" * 40}),
    "an id with a dot": ("CF415", {"target": f"{MESSAGE}.json"}),
    "an id with a colon": ("CF415", {"target": f"{MESSAGE}:pause"}),
    "an account with a dot": ("CF415", {"target": MESSAGE.replace("acme1", "acme.1")}),
    "a write below a campaign": ("CF402", {"target": f"{MESSAGE}/message-details"}),
    "a PATCH": ("CF402", {"method": "PATCH"}),
    "a POST on a campaign": ("CF402", {"method": "POST"}),
    "a PUT on the collection": ("CF402", {"target": MESSAGE.rpartition("/")[0]}),
    "a DELETE on the collection": ("CF402", {"method": "DELETE", "target": VOICE.rpartition("/")[0], "body": b""}),
    "a method in lower case": ("CF402", {"method": "put"}),
    "a made-up method": ("CF402", {"method": "PAUSE"}),
}

# Requests that are none of the gate's business.
UNTOUCHED = {
    "another API": {"target": "/v1/Accounts/acme1/Sms/send.json"},
    "a list of lists": {"target": "/v2/accounts/acme1/lists"},
    "calls in another version": {"method": "POST", "target": "/v3/accounts/acme1/calls"},
    "a call in an odd spelling": {"target": "//V3/accounts/acme1/c%61lls/x"},
    "a read in another version": {"method": "GET", "target": "/v3/accounts/acme1/campaigns/x", "body": b""},
    "no version": {"target": "/accounts/acme1/campaigns/x"},
    "a version without accounts": {"target": "/v2/campaigns/x"},
    "a collection of another name": {"target": "/v2/accounts/acme1/campaignsfoo/x"},
    "a file named after a collection": {"target": "/v2/accounts/acme1/files/campaigns.json"},
    "a very long path": {"target": "/" + "a" * 10_000},
    "a very long path with escapes": {"target": "/files/" + "a%2fb%20/" * 2000},
    "an escape without end": {"target": f"/x/%{'25' * 30_000}41"},
    "many escapes without end": {"target": f"/accounts/%{'25' * 9000}2f%{'25' * 8000}u0041/campaigns"},
    "look-alikes elsewhere": {"target": "/files/a%u2215b%E2%80%91c::$DATA"},
    "a forwarded path about no campaign": {"target": "/files", "headers": with_header("X-Forwarded-Uri", "/api/files")},
    "campaigns of somebody else's API": {"target": "/campaigns/x"},
    "a campaign in the query": {"target": f"/proxy?url={MESSAGE}"},
    "a read in odd spelling": {"method": "GET", "target": f"/{MESSAGE}", "body": b""},
    "the server as a whole": {"method": "OPTIONS", "target": "*", "body": b""},
}
