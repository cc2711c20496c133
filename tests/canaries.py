"""Credentials that must not be seen anywhere, in every form in which somebody could show them, and where to look."""

import base64
import html
import json
import pickle
import re
import traceback
from urllib.parse import quote

from servers import Server

from campaign_fsm import errors

KEY, TOKEN = "key-canary", "tok+en/canary&1"


def forms(user, password):
    """A name and a password as a header carries them, and as somebody on the way may have spelled them anew."""
    pair = f"{user}:{password}".encode()
    blob = base64.b64encode(pair).decode()
    return [
        password,
        f"{user}:{password}",
        blob,
        f"Basic {blob}",
        blob.rstrip("="),
        base64.urlsafe_b64encode(pair).decode(),
        quote(password),
        quote(password, safe=""),
        quote(blob, safe=""),
        html.escape(password),
        # One of the two alone, as PHP writes it, and as others do.
        base64.b64encode(password.encode()).decode().rstrip("="),
        password.encode().hex(),
        password.replace("/", "\\/"),
        re.sub("%..", lambda found: found[0].lower(), quote(password, safe="")),
    ]


def shown_by(error):
    """Everything that an error shows, with all that it comes from."""
    texts = []
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        texts += [str(error), repr(error), repr(error.args), "".join(traceback.format_exception(error))]
        texts.append(str(getattr(error, "doc", "")))
        if isinstance(error, errors.CampaignFsmError):
            texts += [pickle.dumps(error).decode("latin-1"), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return texts


def logged(caplog):
    # What httpcore says at DEBUG are the headers as they came; nobody but its own users turns that on.
    records = [record for record in caplog.records if not record.name.startswith("httpcore")]
    return [text for record in records for text in (record.getMessage(), repr(fields_of(record)))]


def fields_of(record):
    """What a record carries beside its message, by names without their prefix."""
    prefix = "campaign_fsm_"
    return {name.removeprefix(prefix): value for name, value in vars(record).items() if name.startswith(prefix)}


def assert_nowhere(secrets, texts):
    for secret in secrets:
        for text in texts:
            assert secret not in text, secret
            assert json.dumps(secret)[1:-1] not in text, secret


class Echo(Server):
    """Answers every request, or every write, with bytes that a test has given."""

    said = b"{}"
    code = 200
    to_writes_alone = False

    def answer(self, arrived):
        if self.to_writes_alone and arrived.method == "GET":
            return super().answer(arrived)
        return self.code, self.said


def item(code=200, status="success", data=None, error=None, **more):
    body = {"code": code, "status": status, "data": data, "error_data": error}
    return json.dumps({**more, "response": {key: value for key, value in body.items() if value is not None}}).encode()
