"""A gate whose flow is driven by hand, and the answers and requests that it is given."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from wires import ID, MESSAGE, wire

from campaign_fsm import errors
from campaign_fsm.drive import Sleep
from campaign_fsm.gate import Forward, Gate, GateSettings, Poll
from campaign_fsm.wire.answer import Answer

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
SOON, PAST = (NOW + timedelta(hours=3)).isoformat(), (NOW - timedelta(hours=3)).isoformat()


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def envelope(status="paused", *, id=ID, code=200, wrapped=False, key=None, headers=(), **data):
    item = {"code": code, "status": "success" if code < 300 else "failure"}
    key = key or ("id" if wrapped else "sid")
    item["data"] = {key: id, "status": status, **data} if code < 300 else None
    if code >= 300:
        item["error_data"] = {"code": 1000, "description": "no"}
    body = {"request_id": "r1", "method": "GET", "http_code": 200, "response": [item] if wrapped else item}
    return Answer(200, tuple(headers), json.dumps(body).encode())


def make(*, own_sections=None, **settings):
    settings = GateSettings(**{"now": lambda: NOW, "clock": Clock(), **settings})
    return Gate(settings, blocking=False, own_sections=own_sections)


def run(gate, request, *answers, transient=lambda error: isinstance(error, OSError)):
    """Drive one flow with these answers (or exceptions); the result, and the steps that it took."""
    steps, answers = [], list(answers)
    flow = gate.flow(request, transient)
    try:
        step = next(flow)
        while True:
            steps.append(step)
            assert not isinstance(step, Poll), "somebody else is inside"
            if isinstance(step, Sleep):
                gate.context.settings.clock.now += step.seconds
                step = flow.send(None)
            elif isinstance(step, Forward) and not step.buffered:
                step = flow.send(None)
            else:
                answer = answers.pop(0)
                step = flow.throw(answer) if isinstance(answer, BaseException) else flow.send(answer)
    except StopIteration as stop:
        return stop.value, steps
    except BaseException as error:
        error.steps = steps
        raise
    finally:
        assert len(gate.context.sections) == 0, "a section was left behind"


def put(action, target=MESSAGE, **fields):
    return wire(target=target, body={"action": action, **fields})


def kinds(steps):
    return [type(step).__name__ for step in steps]


def refuse(gate, request, *answers, kind=errors.Refused):
    with pytest.raises(kind) as caught:
        run(gate, request, *answers)
    assert not any(isinstance(step, Forward) for step in caught.value.steps), "something was sent"
    return caught.value
