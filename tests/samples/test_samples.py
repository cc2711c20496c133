"""The samples of https://developer.exotel.com/api/update-sms-campaign-3, run by their real tools against the simulator.

Each is in a file of its own, with the page's method, form of URL, header, body and library calls; that of Node's fetch
is not on the page. What stands in angle brackets, or between %3C and %3E, is filled in, and https becomes http, which
the simulator speaks. Go's sample compiles its library first: it is left out of a plain run, and runs with --long.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from campaign_fsm import Simulator, SimulatorServer

HERE = Path(__file__).parent
KEY, TOKEN = "key-canary", "token-canary"


def command(name):
    return None if shutil.which(name) else f"{name} is not installed"


def node_module(name):
    """Looked for where Node looks for it outside of a project."""
    folders = filter(None, os.environ.get("NODE_PATH", "").split(os.pathsep))
    there = any((Path(folder) / name / "package.json").is_file() for folder in folders)
    return command("node") or (None if there else f"no folder of NODE_PATH has Node's module {name}")


def php():
    if missing := command("php"):
        return missing
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True, timeout=60, check=False).stdout
    return None if "curl" in modules.split() else "PHP has no curl"


def python_module(name):
    return None if importlib.util.find_spec(name) else f"{name} is not installed"


# How each is run, and what is asked for the reason why it cannot be.
RUN = {
    "curl.sh": (["sh"], lambda: command("curl")),
    "node_request.js": (["node"], lambda: node_module("request")),
    "node_fetch.mjs": (["node"], lambda: command("node")),
    "python_requests.py": ([sys.executable], lambda: python_module("requests")),
    "php_curl.php": (["php"], php),
    "go_http.go": (["go", "run"], lambda: command("go")),
}
# What each has of the page, typed from it: the call with its method, the header, and the body as it is handed on.
FORM = {
    "curl.sh": [
        "curl --location --request PUT '",
        "--header 'content-type: application/json'",
        """--data-raw '{     "action":"archive" }'""",
    ],
    "node_request.js": [
        'require("request")',
        'method: "PUT",',
        'headers: { "content-type": "application/json" },',
        'body: JSON.stringify({ action: "archive" }),',
        "request(options, (error, response) => {",
    ],
    "node_fetch.mjs": [
        'await fetch("',
        'method: "PUT",',
        'headers: { "content-type": "application/json", authorization: `Basic ${credentials}` },',
        'body: JSON.stringify({ action: "archive" }),',
    ],
    "python_requests.py": [
        'payload = json.dumps({"action": "archive"})',
        'headers = {"content-type": "application/json"}',
        'requests.request("PUT", url, headers=headers, data=payload)',
    ],
    "php_curl.php": [
        "curl_setopt_array($curl, array(",
        "CURLOPT_RETURNTRANSFER => true,",
        "CURLOPT_ENCODING => '',",
        "CURLOPT_MAXREDIRS => 10,",
        "CURLOPT_TIMEOUT => 0,",
        "CURLOPT_FOLLOWLOCATION => true,",
        "CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_1,",
        "CURLOPT_CUSTOMREQUEST => 'PUT',",
        """CURLOPT_POSTFIELDS => '{\n"action":"archive"\n}',""",
        "CURLOPT_HTTPHEADER => array('content-type: application/json'),",
        "curl_exec($curl)",
    ],
    "go_http.go": [
        'strings.NewReader(`{\n"action":"archive"\n}`)',
        'http.NewRequest("PUT", url, payload)',
        'request.Header.Add("content-type", "application/json")',
        "(&http.Client{}).Do(request)",
    ],
}
# Of these the checks of this repository have whatever the machine has. Go compiles its library first.
MARKS = {"php_curl.php": [pytest.mark.may_skip], "go_http.go": [pytest.mark.may_skip, pytest.mark.long]}


def filled_in(text, simulator, server, campaign):
    """A sample with what its placeholders stand for: on the page the subdomain begins with an @."""
    host = server.base_url.removeprefix("http://")
    for name, value in {
        "your_api_key": simulator.api_key,
        "your_api_token": simulator.api_token,
        "your_sid": simulator.account_sid,
        "subdomain": f"@{host}",
        "host": host,
        "id": campaign,
    }.items():
        text = text.replace(f"<{name}>", value).replace(f"%3C{name}%3E", value)
    return text.replace("https://", "http://")


def run(name, tmp_path, *placeholders):
    """What a sample prints, as JSON."""
    script = tmp_path / name
    script.write_text(filled_in((HERE / name).read_text("utf-8"), *placeholders), "utf-8")
    done = subprocess.run([*RUN[name][0], script], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def served():
    simulator = Simulator(api_key=KEY, api_token=TOKEN)
    with SimulatorServer(simulator) as server:
        yield simulator, server


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in RUN])
def test_the_pages_own_sample_archives_and_nothing_holds_it_back(served, tmp_path, name):
    """A completed campaign is archived; an illegal archive arrives all the same, and only the server can refuse it."""
    if missing := RUN[name][1]():
        pytest.skip(missing)
    simulator, server = served
    completed, running = simulator.add("completed"), simulator.add("in-progress")

    answer = run(name, tmp_path, simulator, server, completed)
    assert (answer["method"], answer["http_code"]) == ("PUT", 200)
    assert answer["response"]["data"]["sid"] == completed
    assert answer["response"]["data"]["status"] == "archived"
    (entry,) = simulator.journal
    assert (entry.method, entry.id, entry.action, entry.legal, entry.applied) == (
        "PUT",
        completed,
        "archive",
        True,
        True,
    )
    assert simulator.status(completed) == "archived"

    answer = run(name, tmp_path, simulator, server, running)
    assert (answer["response"]["status"], answer["response"]["data"]) == ("failure", None)
    _, entry = simulator.journal
    assert (entry.method, entry.id, entry.action, entry.legal, entry.applied) == (
        "PUT",
        running,
        "archive",
        False,
        False,
    )
    assert simulator.status(running) == "in-progress"


def test_every_sample_is_run():
    """No file here is forgotten, and each has the form of the page."""
    files = {path.name for path in HERE.iterdir() if path.is_file() and not path.name.startswith("test_")}
    assert files == set(RUN) == set(FORM)
    for name in files:
        text = (HERE / name).read_text("utf-8").replace("%3C", "<").replace("%3E", ">")
        credentials = "<host>" if "fetch" in name else "<your_api_key>:<your_api_token><subdomain>"
        assert f"https://{credentials}/v2/accounts/<your_sid>/message-campaigns/<id>" in text, name
        assert [part for part in FORM[name] if part not in text] == [], name


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_nodes_fetch_takes_no_url_with_credentials(served):
    """That is why its sample has a header: nothing is sent."""
    simulator, server = served
    url = server.base_url.replace("://", f"://{KEY}:{TOKEN}@")
    script = "fetch(process.argv[1]).then(() => 3, error => error instanceof TypeError ? 0 : 4).then(process.exit)"
    done = subprocess.run(["node", "-e", script, url], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert simulator.journal == ()
