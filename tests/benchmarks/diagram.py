"""What diagrams cost: ``python tests/benchmarks/diagram.py``.

Each format once the model is loaded, the median of many; and a recorded history from its file to its picture.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from campaign_fsm.diagram import Recipe, make
from campaign_fsm.history import history_of_recording

EVENTS = 10_000
CAMPAIGNS = 200


def median(action: Callable[[], object], times: int) -> float:
    """Seconds that an action takes, the first time left out."""
    action()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def recording(path: Path) -> None:
    """Pauses and resumes of two hundred campaigns, one in twenty of them tried where it is not legal."""
    chance = random.Random(11)
    paused: dict[int, bool] = {}
    with path.open("w", encoding="utf-8") as file:
        for _ in range(EVENTS):
            which = chance.randrange(CAMPAIGNS)
            line: dict[str, object] = {"url": f"/v2/accounts/acme1/campaigns/camp_{which}", "status_code": 200}
            if which not in paused:
                paused[which] = False
                line |= {"method": "GET", "status": "InProgress"}
            elif chance.random() < 0.05:
                line |= {"method": "PUT", "action": "archive", "status_code": 409}
            else:
                paused[which] = not paused[which]
                line |= {"method": "PUT", "action": "pause" if paused[which] else "resume"}
                line["status"] = "Paused" if paused[which] else "InProgress"
            file.write(json.dumps(line) + "\n")


def main() -> None:
    print("one diagram, model loaded, median")
    for kind in ("mermaid", "dot", "scxml", "json", "markdown", "svg", "html"):
        recipe = Recipe.make(kind)
        print(f"  {kind:10} {median(lambda recipe=recipe: make(recipe), 200) * 1000:7.2f} ms")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.jsonl"
        recording(path)
        print(f"a history of {EVENTS:,} events over {CAMPAIGNS} campaigns, from the file on")
        read = median(lambda: history_of_recording(path), 5)
        history = history_of_recording(path)
        print(f"  read       {read * 1000:7.0f} ms")
        for kind in ("svg", "mermaid", "html"):
            recipe = Recipe.make(kind, "life" if kind == "html" else "history", history="history.jsonl")
            print(f"  {kind:10} {median(lambda recipe=recipe: make(recipe, history), 20) * 1000:7.1f} ms")


if __name__ == "__main__":
    main()
