"""A session with the simulator that recorders watch."""

import base64
import json

from browser import chromium

from campaign_fsm import Simulator, SimulatorServer

ACTIONS = ["pause", "resume", "pause", "complete", "archive"]
FETCH = """async ([url, method, authorization, body]) => {
    const headers = {authorization, ...(body ? {"content-type": "application/json"} : {})};
    return await (await fetch(url, {method, headers, body})).text();
}"""


def session(simulator, base_url, request):
    """A read, five actions and a read, over a real socket: all of it legal."""
    campaign = simulator.add("in-progress")
    url = f"{base_url}/v2/accounts/{simulator.account_sid}/message-campaigns/{campaign}"
    request("GET", url, None)
    for action in ACTIONS:
        request("PUT", url, json.dumps({"action": action}))
    request("GET", url, None)
    assert [entry.applied for entry in simulator.journal if entry.action] == [True] * 5


def record_har(path):
    simulator = Simulator()
    basic = "Basic " + base64.b64encode(f"{simulator.api_key}:{simulator.api_token}".encode()).decode()
    with SimulatorServer(simulator) as server, chromium() as browser:
        context = browser.new_context(record_har_path=path)
        page = context.new_page()
        page.route(f"{server.base_url}/", lambda route: route.fulfill(body="<p>x", content_type="text/html"))
        page.goto(f"{server.base_url}/")
        session(simulator, server.base_url, lambda *args: page.evaluate(FETCH, [args[1], args[0], basic, args[2]]))
        context.close()
