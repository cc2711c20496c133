"""The recipes of the guide for frameworks, as it prints them, on the servers and workers that they are for.

What arrived is in the journal of a real `SimulatorServer`.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pages
import pytest
from commands import DRAFT
from places import GUIDES
from programs import PATIENCE, running, said

import campaign_fsm
from campaign_fsm import CampaignClient, errors

GUIDE = GUIDES / "frameworks.md"


@pytest.fixture
def recipes(tmp_path):
    """A folder with the guide's files; what is to be added to one stands in a later block of its name."""
    for block in pages.blocks(GUIDE):
        if block.name:
            with (tmp_path / block.name).open("a") as file:
                file.write(block.text)
    return tmp_path


@pytest.fixture
def answers(recipes):
    """The module that makes answers of errors."""
    spec = importlib.util.spec_from_file_location("campaign_errors", recipes / "campaign_errors.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def writes(simulator, campaign=None):
    return [
        entry
        for entry in simulator.journal
        if entry.method not in ("GET", None) and (campaign is None or entry.id == campaign)
    ]


def is_clean(simulator):
    """Whether no illegal write arrived, and nothing twice that cannot be undone."""
    once = Counter((entry.id, entry.action) for entry in writes(simulator) if entry.action not in ("pause", "resume"))
    return all(entry.legal is not False for entry in simulator.journal) and all(times == 1 for times in once.values())


# What errors become

STATUS_CODES = {
    "CampaignFsmError": 500, "Refused": 500, "IllegalTransition": 409, "IllegalTrigger": 409, "AlreadyThere": 409,
    "UnknownStatus": 502, "UnreadableRequest": 400, "StatusUnavailable": 503, "CampaignBusy": 503,
    "ForbiddenByPolicy": 403, "GateFailure": 500, "ApiError": 502, "BadRequest": 422, "AuthenticationError": 502,
    "PaymentRequired": 502, "Forbidden": 502, "NotFound": 404, "Conflict": 409, "RateLimited": 429,
    "ServerError": 502, "UnexpectedRedirect": 502, "UnexpectedAnswer": 502, "StateConflict": 409,
    "OutcomeUnknown": 500, "ConnectionFailed": 502, "TimedOut": 504, "BudgetSpent": 429, "NotReached": 409,
    "NotOne": 409, "InvalidParameters": 422, "UnreadableCallback": 400, "PolicyError": 500, "ConfigurationError": 500,
}  # fmt: skip


def kinds(kind):
    yield kind
    for each in kind.__subclasses__():
        if each.__module__.startswith("campaign_fsm."):
            yield from kinds(each)


def test_every_error_has_a_status_code(answers):
    """It is the one typed here, and none is left to a default by accident."""
    assert campaign_fsm.IllegalTrigger  # is defined when it is asked for
    found = {kind.__name__: answers.status_code(kind("something")) for kind in kinds(errors.CampaignFsmError)}
    assert found == STATUS_CODES | {"NotOne": 404}  # one that knows of no match


def unread(**fields):
    return errors.StatusUnavailable(code="CF501", reason="The status could not be read.", **fields)


@pytest.mark.parametrize(
    ("error", "status_code", "headers"),
    [
        (unread(no_answer=True), 503, {}),
        (unread(status_code=500), 503, {}),
        (unread(status_code=429, retry_after=4.2), 503, {"Retry-After": "5"}),
        (unread(status_code=404), 404, {}),
        (unread(status_code=401), 502, {}),
        (unread(status_code=200), 502, {}),
        (errors.NotOne(name="diwali", matches=("a" * 32, "b" * 32)), 409, {}),
        (errors.RateLimited(status_code=429, method="GET", retry_after=0.5), 429, {"Retry-After": "1"}),
        (errors.BudgetSpent(account="acme1", host="h", seconds=12.5), 429, {"Retry-After": "13"}),
        # For how long somebody has been at work says nothing of how long he will be.
        (errors.CampaignBusy(code="CF802", reason="Busy.", seconds=9.0), 503, {}),
    ],
)
def test_fields_of_an_error_count(answers, error, status_code, headers):
    assert (answers.status_code(error), answers.headers(error)) == (status_code, headers)


def test_a_body_says_what_is_legal_and_holds_no_credentials(account, answers):
    """Refusals of each kind, a rejection and a wrong parameter, each as JSON."""
    done, there = account.add("completed"), account.add("paused")
    bodies = []
    with CampaignClient(deadline=0) as client:
        account.fault("rejected", method="GET", status_code=401)
        calls = [
            lambda: client.get(there),
            lambda: client.pause(done),
            lambda: client.pause(there),
            lambda: client.pause("token-canary key"),
            lambda: client.edit(there, partial=True, name=""),
        ]
        for call in calls:
            with pytest.raises(errors.CampaignFsmError) as raised:
                call()
            bodies.append(json.loads(json.dumps(answers.body(raised.value))))
    rejected, illegal, already, no_id, invalid = bodies
    assert rejected.keys() == {"error", "message"}
    assert illegal | {"message": "", "reason": ""} == {
        "error": "IllegalTransition", "message": "", "code": "CF221", "reason": "", "status": "completed",
        "legal_actions": ["archive"], "route": None,
    }  # fmt: skip
    assert illegal["reason"]
    assert (already["error"], already["status"]) == ("AlreadyThere", "paused")
    assert [body["error"] for body in (no_id, invalid)] == ["InvalidParameters"] * 2
    assert "name" in invalid["problems"][0]
    assert "canary" not in json.dumps(bodies)
    assert writes(account) == []


def test_the_guide_shows_a_refusal(account, tmp_path, monkeypatch):
    """What it prints is what its module makes of one."""
    account.seed()
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setitem(sys.modules, "campaign_errors", None)
    del sys.modules["campaign_errors"]  # and again when the test is over
    pages.Reader(folder, dict(os.environ), 8080).read(GUIDE)
    assert [entry.method for entry in account.journal] == ["GET"]


# Servers


def post(url, campaign, action="pause"):
    return httpx.post(f"{url}/campaigns/{campaign}/{action}", timeout=PATIENCE, trust_env=False)


def serves_campaigns(account, url):
    """Eight at the same time, and each way in which a call can end."""
    campaigns = [account.add("in-progress") for _ in range(8)]
    done = account.add("completed")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda campaign: post(url, campaign), campaigns))
    assert [(each.status_code, each.json()["status"]) for each in found] == [(200, "paused")] * 8
    assert post(url, campaigns[0]).status_code == 200
    assert [entry.applied for entry in writes(account)] == [True] * 8
    refused = post(url, done)
    assert (refused.status_code, refused.json()["legal_actions"]) == (409, ["archive"])
    assert (post(url, "0" * 32).status_code, post(url, "no id").status_code) == (404, 422)
    account.fault("rate-limited", method="GET", retry_after=60)
    later = post(url, campaigns[0])
    assert (later.status_code, later.headers["Retry-After"]) == (503, "60")
    lost = account.add("in-progress")
    account.fault("lost-after", method="PUT")
    assert post(url, lost).status_code == 200
    assert [len(writes(account, each)) for each in (done, lost)] == [0, 1]
    assert is_clean(account)


def uvicorn(folder, *command):
    return running(folder, folder / "log", "uvicorn", *command, "--port", "0")


def listening(folder, program):
    said(program, folder / "log", "startup complete")
    return said(program, folder / "log", r"running on (http://[\w.:]+)")[1]


@pytest.mark.long
def test_fastapi_on_uvicorn(account, recipes):
    """Two workers, by the command that the guide has."""
    for name in ("fastapi", "uvicorn"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    command = "app:app --workers 2"
    assert f"`uvicorn {command}`" in GUIDE.read_text(encoding="utf-8")
    with uvicorn(recipes, *command.split()) as program:
        url = listening(recipes, program)
        serves_campaigns(account, url)
        unknown = account.add("in-progress")
        account.fault("server-error", method="PUT", status_code=504)
        found = post(url, unknown)
        assert is_clean(account)
        # Another process pauses it between the read and the write.
        raced = account.add("in-progress")
        account.fault("moved", method="GET", to_status="paused")
        assert (post(url, raced).json()["status"], len(writes(account, raced))) == ("paused", 1)
    assert (found.status_code, found.json()["error"]) == (500, "OutcomeUnknown")
    assert len(writes(account, unknown)) == 1


SETTINGS = """
SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["127.0.0.1"]
MIDDLEWARE = ["campaigns.CampaignErrors"]
ROOT_URLCONF = "urls"
"""
# Beside the views of the guide one that uses its own transport, and one of an `AsyncCampaignClient` for all loops.
URLS = """
import os
from functools import cache
from django.http import JsonResponse
from django.urls import include, path
from campaign_fsm import AsyncCampaignClient
import own_transport

def own(request, campaign_id):
    url = f"{os.environ['EXOTEL_BASE_URL']}/v2/accounts/acme1/message-campaigns/{campaign_id}"
    auth = (os.environ["EXOTEL_API_KEY"], os.environ["EXOTEL_API_TOKEN"])
    if request.method == "GET":
        text = own_transport.http.get(url, auth=auth).text
        found = campaign_id if campaign_id in text else text
    else:
        found = own_transport.http.put(url, auth=auth, json={"action": "complete"}).status_code
    return JsonResponse({"found": found, "worker": os.getpid()})

shared = cache(AsyncCampaignClient)

async def on_every_loop(request, campaign_id):
    return JsonResponse({"status": (await shared().get(campaign_id)).status})

urlpatterns = [
    path("campaigns/", include("campaigns")),
    path("own/<campaign_id>", own),
    path("on-every-loop/<campaign_id>", on_every_loop),
]
"""


@pytest.fixture
def project(recipes, monkeypatch):
    """A Django project with the guide's views."""
    pytest.importorskip("django", reason="Django is not installed")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "settings")
    (recipes / "settings.py").write_text(SETTINGS)
    (recipes / "urls.py").write_text(URLS)
    for name in ("wsgi", "asgi"):
        make = f"get_{name}_application"
        (recipes / f"{name}.py").write_text(f"from django.core.{name} import {make}\napplication = {make}()\n")
    return recipes


def serves_django(account, url):
    serves_campaigns(account, url)
    campaign, done = account.add("paused"), account.add("completed")
    assert post(url, campaign, "resume").json() == {"status": "in-progress"}
    assert post(url, done, "resume").status_code == 409
    assert (len(writes(account, campaign)), writes(account, done)) == (1, [])
    assert is_clean(account)


@pytest.mark.long
def test_django_on_uvicorn(account, project):
    """Its views, the synchronous one and the other, under ASGI."""
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    with uvicorn(project, "asgi:application", "--workers", "2") as program:
        serves_django(account, listening(project, program))


def gunicorn(folder, monkeypatch, *options):
    pytest.importorskip("gunicorn", reason="gunicorn is not installed")
    for home in ("HOME", "XDG_RUNTIME_DIR"):  # where newer versions put a socket
        monkeypatch.setenv(home, str(folder))
    return running(folder, folder / "log", "gunicorn", *options, "--bind", "127.0.0.1:0", "wsgi")


def bound(folder, program):
    return said(program, folder / "log", r"Listening at: (http://\S+)")[1]


@pytest.mark.long
def test_django_on_gunicorn(account, project, monkeypatch):
    """Its views under WSGI, with the guide's configuration: two workers, preloaded, with a transport of each."""
    with gunicorn(project, monkeypatch) as program:
        url = bound(project, program)
        serves_django(account, url)
        campaigns, workers = [account.add("in-progress") for _ in range(8)], set()

        def own(campaign):
            return httpx.get(f"{url}/own/{campaign}", timeout=PATIENCE, trust_env=False).json()

        with ThreadPoolExecutor(8) as pool:
            for turn in range(40):
                found = list(pool.map(own, campaigns))
                assert [each["found"] for each in found] == campaigns
                workers |= {each["worker"] for each in found}
                if turn >= 4 and len(workers) == 2:
                    break
        assert len(workers) == 2
        refused = httpx.post(f"{url}/own/{campaigns[0]}", timeout=PATIENCE, trust_env=False)
        assert (refused.status_code, refused.json()["code"]) == (409, "CF224")
    assert writes(account, campaigns[0]) == []
    assert is_clean(account)


@pytest.mark.long
def test_an_async_client_is_of_one_loop(account, project, monkeypatch):
    """What the guide tells Django's async views not to do: under WSGI the second view on it fails."""
    campaign = account.add("paused")
    with gunicorn(project, monkeypatch, "--workers", "1", "--threads", "1") as program:
        url = f"{bound(project, program)}/on-every-loop/{campaign}"
        found = [httpx.get(url, timeout=PATIENCE, trust_env=False).status_code for _ in range(2)]
    assert found[0] == 200
    assert found[1] != 200


@pytest.mark.long
@pytest.mark.parametrize("worker", ["gthread", "sync"])
def test_gunicorn_ends_a_slow_request_of_a_sync_worker(account, project, monkeypatch, worker):
    """A write that takes longer than `timeout` gets its answer with the guide's worker class, and none with `sync`."""
    campaign = account.add("in-progress")
    account.fault("stall", method="PUT", seconds=3)
    options = (
        "--timeout",
        "1",
        "--workers",
        "1",
        *(("--worker-class", worker, "--threads", "1") if worker == "sync" else ()),
    )
    with gunicorn(project, monkeypatch, *options) as program:
        url = bound(project, program)
        try:
            found = post(url, campaign).status_code
        except httpx.TransportError:
            found = None
    assert (found == 200) == (worker == "gthread")
    assert [entry.action for entry in writes(account)] == ["pause"]


# Celery

CELERY = """
import os
broker_url, result_backend = "filesystem://", "file://" + os.path.abspath("results")
broker_transport_options = {
    "data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control", "polling_interval": 0.05
}
worker_lost_wait = 1
"""
# Beside the tasks of the guide one that uses its own transport; each child of the worker says which it is.
MORE = """
import os, pathlib
from celery.signals import worker_process_init
from tasks import app, create, own_transport, pause

@worker_process_init.connect(weak=False)
def tell(**_):
    pathlib.Path("children", str(os.getpid())).touch()

@app.task
def own(campaign):
    url = f"{os.environ['EXOTEL_BASE_URL']}/v2/accounts/acme1/message-campaigns/{campaign}"
    auth = (os.environ["EXOTEL_API_KEY"], os.environ["EXOTEL_API_TOKEN"])
    text = own_transport.http.get(url, auth=auth).text
    return [campaign if campaign in text else text, os.getpid()]
"""
# Sends a task for each of several things, and prints how each ended and with what.
SEND = """
import json, sys
import more

task, *given = json.loads(sys.argv[1])
for result in [getattr(more, task).delay(each) for each in given]:
    found = result.get(timeout=30, interval=0.05, propagate=False)
    print(json.dumps([result.state, found if isinstance(found, str | list) else type(found).__name__]))
"""


@pytest.fixture
def worker(recipes):
    """A folder with the tasks, and what starts a worker on them."""
    pytest.importorskip("celery", reason="Celery is not installed")
    (recipes / "celeryconfig.py").write_text(CELERY)
    (recipes / "more.py").write_text(MORE)
    for folder in ("results", "queue", "control", "children"):
        (recipes / folder).mkdir()
    command = ("celery", "-A", "more", "worker", "--pool", "prefork", "--loglevel", "INFO")
    alone = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--concurrency")

    def worker(children=1):
        return running(recipes, recipes / "log", *command, *alone, str(children))

    return worker


def send(folder, task, *given):
    return subprocess.Popen(
        [sys.executable, "-c", SEND, json.dumps([task, *given])], cwd=folder, text=True, stdout=subprocess.PIPE
    )


def ends(sent):
    """How each task ended, and with what."""
    told, _ = sent.communicate(timeout=2 * PATIENCE)
    return [tuple(json.loads(line)) for line in told.splitlines()]


def until(true, log):
    limit = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < limit, log.read_text()
        time.sleep(0.05)


def kill_in_the_write(account, folder):
    """Kill the only child of a worker once a write has arrived, which is not answered yet."""
    log = folder / "log"
    until(lambda: writes(account), log)
    (child,) = (int(path.name) for path in (folder / "children").iterdir())
    os.kill(child, signal.SIGKILL)
    until(lambda: len(list((folder / "children").iterdir())) == 2, log)


@pytest.mark.long
def test_a_task_that_is_redelivered_pauses_once(account, recipes, worker):
    """Its worker is killed between the write and the acknowledgement: the second run finds it paused."""
    campaign, done = account.add("in-progress"), account.add("completed")
    account.fault("stall", method="PUT", seconds=PATIENCE)
    with worker() as program:
        said(program, recipes / "log", " ready")
        sent = send(recipes, "pause", campaign)
        kill_in_the_write(account, recipes)
        assert ends(sent) == [("SUCCESS", "paused")]
        assert ends(send(recipes, "pause", done)) == [("FAILURE", "IllegalTransition")]
    assert [(entry.id, entry.action) for entry in writes(account)] == [(campaign, "pause")]
    # It was read again after the write; the refusal was not retried.
    asked = [entry.method for entry in account.journal if entry.id == campaign]
    assert "GET" in asked[asked.index("PUT") :]
    assert [entry.method for entry in account.journal if entry.id == done] == ["GET"]
    assert is_clean(account)


FIELDS = {name: value for name, value in DRAFT.items() if name != "schedule"}


@pytest.mark.long
@pytest.mark.parametrize(
    ("how", "times"),
    [("@app.task\n", 1), ("@app.task(acks_late=True, reject_on_worker_lost=True)\n", 2)],
    ids=["early", "late"],
)
def test_a_create_is_acked_early(account, recipes, worker, how, times):
    """Its worker is killed: nothing is created again. Acked late, as the guide says not to, there are two campaigns."""
    text = (recipes / "tasks.py").read_text()
    assert text.count("@app.task\ndef create") == 1
    (recipes / "tasks.py").write_text(text.replace("@app.task\ndef create", f"{how}def create"))
    account.fault("stall", method="POST", seconds=PATIENCE)
    with worker() as program:
        said(program, recipes / "log", " ready")
        sent = send(recipes, "create", FIELDS)
        kill_in_the_write(account, recipes)
        assert [state for state, _ in ends(sent)] == ["FAILURE" if times == 1 else "SUCCESS"]
        # Whatever is still in the queue is done before this one.
        assert ends(send(recipes, "pause", account.add("paused"))) == [("SUCCESS", "paused")]
    assert [entry.action for entry in writes(account)] == ["create"] * times


@pytest.mark.long
def test_each_child_of_celery_has_a_transport_of_its_own(account, recipes, worker):
    """The guide's `worker_process_init` makes it; every task gets its own campaign's answer."""
    campaigns, children = [account.add("paused") for _ in range(20)], set()
    with worker(2) as program:
        said(program, recipes / "log", " ready")
        for _ in range(10):
            found = ends(send(recipes, "own", *campaigns))
            assert [each for _, (each, _) in found] == campaigns
            children |= {child for _, (_, child) in found}
            if len(children) == 2:
                break
    assert len(children) == 2


# Runs the task at once, retries without waiting, and prints how it ended, and how long each retry would have waited.
RETRY = """
import json, sys
import tasks

waits, retry = [], tasks.pause.retry

def counted(**given):
    waits.append(given["countdown"])
    return retry(**given)

tasks.pause.retry = counted
tasks.client = tasks.CampaignClient(deadline=0)
found = tasks.pause.apply([sys.argv[1]])
print(json.dumps([found.state, str(found.result) if found.successful() else type(found.result).__name__, waits]))
"""
RETRIES = {
    "nothing": ({}, ["SUCCESS", "paused", []], 1),
    "a read that fails": ({"kind": "server-error", "method": "GET", "times": 2}, ["SUCCESS", "paused", [60] * 2], 1),
    "a limit": ({"kind": "rate-limited", "method": "PUT", "retry_after": 7}, ["SUCCESS", "paused", [7]], 2),
    "a write that is lost": ({"kind": "lost-before", "method": "PUT"}, ["SUCCESS", "paused", [60]], 2),
    "a time-out on the way": (
        {"kind": "server-error", "method": "PUT", "status_code": 504}, ["SUCCESS", "paused", [60]], 2
    ),
    "for ever": ({"kind": "server-error", "method": "GET", "times": 99}, ["FAILURE", "StatusUnavailable", [60] * 6], 0),
    "credentials": ({"kind": "rejected", "method": "GET", "status_code": 401}, ["FAILURE", "StatusUnavailable", []], 0),
    "no permission": ({"kind": "rejected", "method": "PUT"}, ["FAILURE", "Forbidden", []], 1),
    "a conflict": ({"kind": "moved", "method": "GET", "to_status": "completed"}, ["FAILURE", "StateConflict", []], 1),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("case", RETRIES)
def test_a_task_retries_what_may_pass(account, recipes, case):
    """Errors of a read that pass, and of a write that can be undone; no refusal, no rejection, no conflict."""
    pytest.importorskip("celery", reason="Celery is not installed")
    (recipes / "celeryconfig.py").write_text("result_backend = 'cache+memory://'")
    campaign = account.add("in-progress")
    fault, found, times = RETRIES[case]
    if fault:
        account.fault(**fault)
    run = subprocess.run(
        [sys.executable, "-c", RETRY, campaign], cwd=recipes, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert (json.loads(run.stdout), len(writes(account))) == (found, times)


# Notebooks

CELLS = """
import asyncio, sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()

async def run(cell):
    found = await shell.run_cell_async(cell, transformed_cell=shell.transform_cell(cell))
    found.raise_error()
    return found.result

async def main():
    assert asyncio.get_running_loop()
    shown = await run(Path("cell.ipy").read_text())
    drawn, _ = shell.display_formatter.format(shown)
    print(shown.id, shown.status, "<svg" in drawn["text/html"], "nest_asyncio" in sys.modules)
    blocking = await run("from campaign_fsm import CampaignClient\\nwith CampaignClient() as client:\\n"
        f"    found = client.ensure_paused({shown.id!r})\\nfound")
    print(blocking.status)

asyncio.run(main())
"""


@pytest.mark.long
def test_a_cell_of_a_notebook(account, recipes, monkeypatch):
    """As a kernel runs it, on a loop that runs already; the campaign that ends it is drawn."""
    pytest.importorskip("IPython", reason="IPython is not installed")
    monkeypatch.setenv("IPYTHONDIR", str(recipes / "ipython"))
    account.seed()
    run = subprocess.run(
        [sys.executable, "-c", CELLS], cwd=recipes, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert run.returncode == 0, run.stderr + run.stdout
    said = [line for line in run.stdout.splitlines() if not line.startswith("Out[")]
    assert said == ["90dad70b939f469fbf8b801660148272 paused True False", "paused"]
    assert [entry.action for entry in writes(account)] == ["pause"]
    assert is_clean(account)
