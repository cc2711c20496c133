"""What an audit costs: ``python tests/benchmarks/audit.py [--events N]``.

Time against `json.loads` of the same lines, in one process and interleaved; memory as the most that a
process of its own held while it audited a file, less what it held before.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

CAMPAIGNS = 1000
BEGIN = datetime(2026, 1, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
AUDIT = """
import resource, sys
from campaign_fsm.audit.run import Audit
from campaign_fsm.traffic import har, lines
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run = Audit(print)
run.file(sys.argv[1])
summary = run.end()
assert (summary.errors, summary.warnings, summary.incomplete) == (0, 0, ()), summary
print(summary.events, before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def lines(events: int) -> Iterator[dict[str, Any]]:
    """Legal traffic: pauses and resumes of a thousand campaigns, as an access log tells them, in 300 bytes each."""
    chance = random.Random(7)
    paused: dict[int, bool] = {}
    for number in range(events):
        which = chance.randrange(CAMPAIGNS)
        was = paused.get(which)
        now = paused[which] = not was if was is not None else False
        step = {} if was is None else {"action": "pause" if now else "resume"}
        yield {
            "at": (BEGIN + timedelta(seconds=number)).isoformat(timespec="milliseconds"),
            "method": "GET" if was is None else "PUT",
            "url": f"/v2/accounts/acme1/campaigns/{which:032x}",
            **step,
            "status_code": 200,
            "status": "Paused" if now else "InProgress",
            "remote": "10.0.0.17",
            "agent": "ops-tool/1.2 (httpx)",
            "request_id": f"{number:032x}",
        }


def entry(line: dict[str, Any]) -> dict[str, Any]:
    """The same as an entry of a HAR file, with bodies."""
    url = "https://api.exotel.com" + line["url"]
    data = {"id": line["url"].rpartition("/")[2], "status": line["status"]}
    body = {"http_code": 200, "response": [{"code": 200, "status": "success", "data": data}]}
    request: dict[str, Any] = {
        "method": line["method"],
        "url": url,
        "httpVersion": "HTTP/2.0",
        "headers": [{"name": "content-type", "value": "application/json"}] if "action" in line else [],
    }
    if "action" in line:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps({"action": line["action"]})}
    content = {"size": 1, "mimeType": "application/json", "text": json.dumps(body)}
    response = {"status": 200, "statusText": "OK", "headers": [], "content": content}
    return {"startedDateTime": line["at"], "time": 12, "request": request, "response": response}


def cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def speed(path: Path, pairs: int) -> None:
    from campaign_fsm.audit.run import Audit

    def audit() -> None:
        run = Audit(print)
        run.file(str(path))
        run.end()

    def loads() -> None:
        with path.open("rb") as file:
            for line in file:
                json.loads(line)

    found = [(cpu(audit), cpu(loads)) for _ in range(pairs)]
    ratio = statistics.median(ours / theirs for ours, theirs in found)
    count = sum(1 for _ in path.open("rb"))
    ours, theirs = (statistics.median(column) / count * 1e6 for column in zip(*found, strict=True))
    figures = f"{ours:.2f} µs, {theirs:.2f} µs a line"
    print(f"| auditing JSON Lines | `json.loads` of the same lines | {ratio:.2f} | {figures} |")


def memory(name: str, path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", AUDIT, str(path)], check=True, capture_output=True, text=True)
    events, before, most = (int(part) for part in done.stdout.split())
    grown, whole = (most - before) / 1024, most / 1024
    print(
        f"| {events} events over {CAMPAIGNS} campaigns as {name} | before | +{grown:.0f} MB | {whole:.0f} MB in all |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=7)
    asked = parser.parse_args()
    print("| what | against | ratio | figures |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder, "short.jsonl")
        short.write_text("".join(json.dumps(line) + "\n" for line in lines(100_000)))
        speed(short, asked.pairs)
        long = Path(folder, "long.jsonl")
        with long.open("w") as file:
            for line in lines(asked.events):
                file.write(json.dumps(line) + "\n")
        memory("JSON Lines", long)
        har = Path(folder, "long.har")
        with har.open("w") as file:
            file.write('{"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [')
            for comma, line in zip(itertools.chain([""], itertools.repeat(",")), lines(asked.events), strict=False):
                file.write(comma + json.dumps(entry(line)))
            file.write("]}}")
        memory("HAR", har)


if __name__ == "__main__":
    main()
