"""Every operation against every fault, over real sockets: the outcome is the one that is typed here."""

import gc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import anyio
import httpx
import operations
import pytest
from operations import AHEAD, PAUSED, Operation, campaign_for, later, voice

from campaign_fsm import (
    AsyncCampaignClient,
    Campaign,
    CampaignClient,
    Simulator,
    SimulatorServer,
    errors,
)

STALL, PATIENCE = 3600, 1.0


OPERATIONS = {
    **operations.OPERATIONS,
    "wait_until": Operation("wait", "message", PAUSED, lambda c, i, s: c.wait_until(i, "paused", poll=0.01, timeout=5)),
    "reschedule the end": Operation("undoable", "message", AHEAD, lambda c, i, s: c.reschedule(i, later(s, None))),
    "list voice": Operation("halves", "voice", PAUSED, lambda c, i, s: c.list()),
    # Here it counts that they read pages of which half can be asked for.
    "find": operations.OPERATIONS["find"]._replace(kind="halves"),
    "create voice": Operation("create", "voice", {}, lambda c, i, s: c.create(voice())),
}

LOST_APPLIED = ["lost-after", "reset-after", "truncated", "oversized", "malformed", "wrong-shape", "wrong-campaign"]
LOST_NOT_APPLIED = ["lost-before", "reset"]
REJECTIONS = {
    "rejected 400": errors.BadRequest,
    "rejected 401": errors.AuthenticationError,
    "rejected 402": errors.PaymentRequired,
    "rejected 403": errors.Forbidden,
    "rejected 404": errors.NotFound,
    "rejected 409": errors.Conflict,
    "rejected 408": errors.ApiError,
    "rejected 418": errors.ApiError,
    "rejected 425": errors.ApiError,
    "failed-item": errors.BadRequest,
    "multi-status": errors.BadRequest,
    "redirect": errors.UnexpectedRedirect,
}
FIVES = ["server-error 500", "server-error 503"]
LIMITS = ["rate-limited", "rate-limited 0"]
FAULTS = [
    *LOST_APPLIED,
    *LOST_NOT_APPLIED,
    "stall",
    *REJECTIONS,
    *FIVES,
    "server-error 504",
    *LIMITS,
    "no-date",
]
BROKEN = ["lost-after", "reset-after", "truncated", "lost-before", "reset", "stall"]
OK = "ok"


def on_a_read(kind, fault, *, patient):
    """What a plain read ends as, with the fault on its only request."""
    passing = [*BROKEN, *FIVES, "server-error 504", *LIMITS]
    if fault == "no-date" or (fault == "wrong-campaign" and kind in ("pages", "halves", "details")):
        return OK  # such an answer names no single campaign
    if fault == "oversized" and kind == "halves":
        return OK  # half a page is asked for, and comes
    if fault in passing and (patient or kind == "wait"):
        return OK
    if fault == "stall":
        return errors.TimedOut
    if fault in BROKEN or fault == "oversized":
        return errors.ConnectionFailed
    if fault in LIMITS:
        return errors.RateLimited
    if fault.startswith("server-error"):
        return errors.ServerError
    if fault in ("malformed", "wrong-shape", "wrong-campaign"):
        return errors.UnexpectedAnswer
    return REJECTIONS[fault]


def before_a_write(fault, *, patient):
    """What a write ends as, with the fault on the read before it."""
    if fault == "no-date" or (patient and fault in [*BROKEN, *FIVES, "server-error 504", *LIMITS]):
        return OK
    return errors.StatusUnavailable


def in_a_write(kind, fault, *, patient):
    """What a write ends as with the fault on itself, and how often it may arrive."""
    if fault == "no-date" or fault in LOST_APPLIED or fault == "stall":
        return OK, 1
    if fault in LIMITS:
        return (OK, 2) if patient else (errors.RateLimited, 1)
    if fault in ("server-error 504", "rejected 408"):
        return errors.OutcomeUnknown, 1
    if fault in [*LOST_NOT_APPLIED, *FIVES, "rejected 425", "redirect"]:
        if kind == "create":
            return errors.OutcomeUnknown, 1
        if fault == "redirect":
            return errors.UnexpectedRedirect, 1
        if kind == "undoable" and patient:
            return OK, 2
        if fault == "rejected 425":
            return errors.ApiError, 1
        return (errors.ServerError if fault in FIVES else errors.ConnectionFailed), 1
    return REJECTIONS[fault], 1


def plan(simulator, fault, method):
    kind, _, number = fault.partition(" ")
    settings = {"method": method, "seconds": STALL}
    if kind == "rate-limited":
        settings["retry_after"] = int(number) if number else None
    elif number:
        settings["status_code"] = int(number)
    simulator.fault(kind, **settings)


def serving():
    # The clock of the machine, for the cells in which the server does not say its own.
    return SimulatorServer(Simulator(now=datetime.now(UTC).replace(microsecond=0)))


@pytest.fixture(scope="module")
def server():
    with serving() as server:
        yield server


@pytest.fixture(autouse=True)
def no_waiting(pace):
    """Real waits are short; that they are waited at all is tested elsewhere."""
    pace(looks=(0.0, 0.0, 0.0), first_delay=0.002)


def settings_for(server, channel, fault, patient):
    return {
        "base_url": server.base_url,
        "account_sid": "acme1",
        "api_key": "key",
        "api_token": "token",
        "channel": channel,
        "deadline": 5.0 if patient else 0.0,
        "timeout": PATIENCE if fault == "stall" else 20.0,
        "trust_env": False,
    }


def settled(client):
    """No campaign of its server is locked, and no connection of the pool is in use."""
    guard = client._http._transport
    sections = guard._gate.context.sections
    keys = [ticket.key for table in (sections._holders.values(), *sections._queues) for ticket in tuple(table)]
    assert not [key for key in keys if f":{httpx.URL(client.base_url).port} " in key]
    pool = guard._inner.here._pool
    assert all(connection.is_idle() or connection.is_closed() for connection in pool.connections)
    assert not pool._requests


def drained(thing):
    return list(thing) if hasattr(thing, "__next__") else thing


def run_sync(settings, call, campaign, simulator):
    with CampaignClient(**settings) as client:
        try:
            return drained(call(client, campaign, simulator))
        except errors.CampaignFsmError as error:
            return error
        finally:
            settled(client)


def run_async(backend):
    async def go(settings, call, campaign, simulator):
        async with AsyncCampaignClient(**settings) as client:
            try:
                thing = call(client, campaign, simulator)
                return [found async for found in thing] if hasattr(thing, "__anext__") else await thing
            except errors.CampaignFsmError as error:
                return error
            finally:
                settled(client)

    return lambda *args: anyio.run(go, *args, backend=backend)


FACES = [run_sync, run_async("asyncio"), run_async("trio")]
CELLS = {
    (name, patient): [
        (fault, where)
        for fault in FAULTS
        for where in (
            ["GET"]
            if kind in ("read", "wait", "pages", "halves", "details")
            else ["POST"]
            if kind == "create"
            else ["GET", "write"]
        )
    ]
    for name, (kind, *_) in OPERATIONS.items()
    for patient in (False, True)
}


def in_turn():
    """A part of the matrix: each fault at each place, under each kind of operation, whose members take turns."""
    kinds = {kind: [name for name, (its, *_) in OPERATIONS.items() if its == kind] for kind, *_ in OPERATIONS.values()}
    found = {cell: [] for cell in CELLS}
    for names in kinds.values():
        for patient in (False, True):
            for turn, cell in enumerate(CELLS[names[0], patient]):
                found[names[(turn + patient) % len(names)], patient].append(cell)
    return found


SOME = in_turn()


@pytest.mark.parametrize(("name", "patient"), SOME)
def test_each_fault_ends_as_documented_under_each_kind_of_operation(server, name, patient):
    """Right outcome, right number of arrivals, nothing irreversible twice, nothing leaked."""
    hold(server, name, patient, SOME[name, patient], but="stall")


def test_each_stall_ends_as_documented_under_each_kind_of_operation():
    """What waits for the time-out does so together: each cell has a server of its own."""

    def alone(name, patient, index, where):
        with serving() as server:
            return strike(server, name, patient, index, "stall", where)

    cells = [
        (*key, index, where)
        for key, some in SOME.items()
        for index, (fault, where) in enumerate(some)
        if fault == "stall"
    ]
    assert len(cells) == 2 * (5 + 2 * 2 + 1)
    with ThreadPoolExecutor(len(cells)) as pool:
        wrong = [found for found in pool.map(alone, *zip(*cells, strict=True)) if found]
    assert wrong == []
    gc.collect()


@pytest.mark.long
@pytest.mark.parametrize(("name", "patient"), CELLS)
def test_every_fault_ends_as_documented(server, name, patient):
    """The whole matrix."""
    hold(server, name, patient, CELLS[name, patient])


def hold(server, name, patient, cells, but=None):
    cells = [(index, fault, where) for index, (fault, where) in enumerate(cells) if fault != but]
    wrong = [found for cell in cells if (found := strike(server, name, patient, *cell))]
    assert wrong == []
    gc.collect()


def strike(server, name, patient, index, fault, where):
    """One cell: what is wrong about its outcome, None if nothing is."""
    simulator = server.simulator
    kind, channel, _, call = OPERATIONS[name]
    simulator.reset()
    campaign = campaign_for(simulator, OPERATIONS[name])
    method = where if where != "write" else "DELETE" if name == "delete" else "PUT"
    plan(simulator, fault, method)
    # Every cell on the sync client, and in turn on the async one under asyncio or trio.
    face = FACES[index % 3]
    found = face(settings_for(server, channel, fault, patient), call, campaign, simulator)
    entries = [entry for entry in simulator.journal if entry.kind == "request"]
    assert any(entry.fault for entry in entries), f"{fault} never struck"
    writes = [entry for entry in entries if entry.method != "GET"]
    arrivals = 1
    if kind in ("read", "wait", "pages", "halves", "details"):
        expected, arrivals = on_a_read(kind, fault, patient=patient), 0
    elif where == "GET":
        expected = before_a_write(fault, patient=patient)
        arrivals = 1 if expected is OK else 0
    else:
        expected, arrivals = in_a_write(kind, fault, patient=patient)
    got = type(found) if isinstance(found, errors.CampaignFsmError) else OK
    if got is OK and kind in ("undoable", "final", "create"):
        assert isinstance(found, Campaign)
        assert found.status is simulator.status(found.id), fault
    assert sum(entry.applied for entry in writes) <= 1, fault
    assert all(entry.legal for entry in writes), fault
    if kind == "final":
        assert sum(entry.status_code != 429 for entry in writes) <= 1, fault
    if got is expected and len(writes) == arrivals:
        return None
    return name, patient, fault, where, found, expected, len(writes), arrivals


def test_the_matrix_is_as_large_as_it_says():
    """No operation and no fault falls out unseen."""
    cells = sum(len(cells) for cells in CELLS.values())
    print(f"\n{len(OPERATIONS)} operations, {len(FAULTS)} faults, {cells} cells")
    assert (len(OPERATIONS), len(FAULTS), cells) == (24, 28, 2184)
    assert sum(len(some) for some in SOME.values()) == 28 * 2 * (5 + 2 * 2 + 1)
    assert all(SOME.values())


REFUSED = [
    (name, errors.StatusUnavailable if kind in ("undoable", "final") else errors.ConnectionFailed)
    for name, (kind, *_) in OPERATIONS.items()
    if kind != "wait"
]


@pytest.mark.parametrize(("name", "expected"), REFUSED)
@pytest.mark.parametrize("face", FACES)
def test_nothing_listens(name, expected, face):
    """A connection that never opens: no operation can have changed anything, and each says so."""
    simulator = Simulator()
    server = SimulatorServer(simulator)
    server.close()
    _, channel, _, call = OPERATIONS[name]
    found = face(settings_for(server, channel, "none", patient=False), call, "abc", simulator)
    assert type(found) is expected
    assert "sent" not in vars(found) or not found.sent


def test_waiting_for_a_server_that_is_away_ends_in_time():
    """`wait_until` rides out what passes by itself, and says that the status could not be read."""
    server = SimulatorServer(Simulator())
    server.close()
    with CampaignClient(**settings_for(server, "message", "none", patient=False)) as client:
        with pytest.raises(errors.NotReached, match="could not be read") as caught:
            client.wait_until("abc", "paused", poll=0.01, timeout=0.1)
    assert caught.value.reachable
    assert caught.value.now is None
