"""Run the benchmarks and print their ratios as a table: ``python tests/benchmarks/table.py``.

Ratios of medians within one run: the machine may be noisy, its noise hits both sides.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS = [
    ("`decide`", "decide", "a dict look-up", "dict_look_up", "<= 1.3", False),
    ("`decide`", "decide", "`machine.trigger`", "machine_trigger", ">= 50 times faster", True),
    ("`decide`", "decide", "`machine.may_…`", "machine_may", ">= 20 times faster", True),
    (
        "`campaign-fsm check`",
        "start_campaign_fsm_check",
        '`python -c "import click"`',
        "start_python_import_click",
        "<= 1.5",
        False,
    ),
]


def main() -> None:
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pytest", str(here / "test_benchmarks.py"), "-q", "-p", "no:cacheprovider"]
        command += [f"--benchmark-json={report}", "--benchmark-disable-gc", "-o", "addopts=", "-o", "timeout=0"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = json.loads(report.read_text())["benchmarks"]
    # Those of the group "decide" are a thousand calls each.
    median = {
        entry["name"].removeprefix("test_"): entry["stats"]["median"] / (1000 if entry["group"] == "decide" else 1)
        for entry in found
    }
    print("| what | against | ratio | goal | medians |")
    print("|---|---|---|---|---|")
    for what, name, against, base, goal, faster in ROWS:
        ratio = median[base] / median[name] if faster else median[name] / median[base]
        shown = f"{ratio:.0f} times faster" if faster else f"{ratio:.2f}"
        print(f"| {what} | {against} | {shown} | {goal} | {median[name] * 1e6:.2f} µs, {median[base] * 1e6:.2f} µs |")


if __name__ == "__main__":
    main()
