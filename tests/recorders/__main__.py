"""The command: see `HELP`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from campaign_fsm.simulator.journal import JournalEntry

from .compare import Comparison, compare
from .play import Played, play
from .tools import TOOLS, NotThere, Tool, Variant

HELP = """\
Record requests to the simulator with real recorders, audit what they wrote, and hold each verdict against the
simulator's own journal: every write that arrived is judged, the illegal ones are found, and nothing else is.

Each recorder is installed into an environment of its own, once. Exit codes: 0 all agree, 1 something disagrees,
2 something could not be installed or recorded.
"""
EXAMPLES = """\
examples:
  python -m tests.recorders
  python -m tests.recorders --tool mitmproxy --tool polly
  python -m tests.recorders --tool playwright --keep recordings
  python -m tests.recorders --list
"""
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "campaign-fsm", "recorders")
_SHOWN = 6

Say = Callable[[str], None]


def compared(variant: Variant, played: Played) -> Iterator[tuple[str, Comparison]]:
    """The recording of each story, and at last their folder as a whole."""
    undecided: list[str] = []
    everything: list[JournalEntry] = []
    for story, path in played.recordings.items():
        own = {id_ for ids in story.campaigns.values() for id_ in ids}
        arrived = [entry for entry in played.journal if entry.id in own]
        # Some clients send a request again by themselves when its answer is lost, and their recorder sees one of them.
        again = story.length is not None and len(arrived) > story.length
        if again:
            arrived = [entry for entry in arrived if entry.status_code is not None]
        hidden = sorted(own) if again or not (story.ordered or variant.keeps.order) else []
        undecided += hidden
        everything += arrived
        # In which order two requests arrive that are sent together is in the journal alone.
        codes = story.findings if story.ordered else None
        yield story.name, compare(path, arrived, variant.keeps, codes=codes, undecided=hidden)
    if len(played.recordings) > 1:
        yield "(folder)", compare(played.folder, everything, variant.keeps, undecided=undecided)


def _tools(names: Sequence[str] | None) -> list[Tool]:
    return [tool for tool in TOOLS if not names or tool.name in names]


def run(tools: Sequence[Tool], cache: Path, keep: Path, say: Say) -> list[dict[str, Any]]:
    """Everything about these recorders: lines as it goes, and at last plain data."""
    results: list[dict[str, Any]] = []
    for tool in tools:
        if not tool.installed(cache):
            say(f"install  {tool.name}: {' '.join(tool.needs)}")
            try:
                tool.install(cache)
            except NotThere as problem:
                say(f"MISSING  {tool.name}: {problem}")
                results.append({"tool": tool.name, "outcome": "missing", "problems": [str(problem)]})
                continue
        for variant in tool.variants:
            own = {"tool": tool.name, "variant": variant.name}
            results += [{**own, **result} for result in _tried(tool, variant, cache, keep, say)]
    return results


def _tried(tool: Tool, variant: Variant, cache: Path, keep: Path, say: Say) -> Iterator[dict[str, Any]]:
    place = f"{tool.name}/{variant.name}"
    begun = time.monotonic()
    try:
        played = play(tool, variant, cache, keep / tool.name / variant.name)
    except NotThere as problem:
        say(f"MISSING  {place}: {problem}")
        yield {"outcome": "missing", "problems": [str(problem)]}
        return
    say(f"record   {place}: {len(played.journal)} requests, {time.monotonic() - begun:.1f} s")
    for story, why in variant.omits.items():
        say(f"leave    {place}/{story}: {why}")
    for story, comparison in compared(variant, played):
        say(_line(f"{place}/{story}", comparison))
        for problem in comparison.problems[:_SHOWN]:
            say(f"           {problem}")
        if len(comparison.problems) > _SHOWN:
            say(f"           and {len(comparison.problems) - _SHOWN} more (--json has them)")
        yield {
            "story": story,
            "outcome": "disagrees" if comparison.problems else "agrees",
            "requests": len(comparison.expected.requests),
            "judged": len(comparison.expected.judged),
            "unjudged": len(comparison.expected.unjudged),
            "found": comparison.found,
            "problems": comparison.problems,
            "remarks": comparison.remarks,
        }


def _line(place: str, comparison: Comparison) -> str:
    expected = comparison.expected
    found = " ".join(f"{code}×{n}" if n > 1 else code for code, n in sorted(Counter(comparison.found).items()))
    parts = [
        f"{len(expected.requests)} requests, {len(expected.judged)} writes to judge",
        *([f"{len(expected.unjudged)} that nobody can"] if expected.unjudged else []),
        f"found {found or 'nothing'}",
        *comparison.remarks,
    ]
    return f"{'DISAGREE' if comparison.problems else 'agree   '} {place}: {'; '.join(parts)}"


def exit_code(results: Sequence[dict[str, Any]]) -> int:
    outcomes = {result["outcome"] for result in results}
    return 1 if "disagrees" in outcomes else 2 if "missing" in outcomes else 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        "python -m tests.recorders", description=HELP, epilog=EXAMPLES, formatter_class=argparse.RawTextHelpFormatter
    )
    names = [tool.name for tool in TOOLS]
    parser.add_argument("--tool", action="append", choices=names, help="only this recorder; can be given several times")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep the recordings there, in place of earlier ones"
    )
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="FOLDER", help="where the recorders are installed")
    parser.add_argument("--json", action="store_true", help="print one JSON list; progress goes to the standard error")
    parser.add_argument("--list", action="store_true", help="print the recorders, what is installed for each, and end")
    options = parser.parse_args(arguments)

    def say(line: str) -> None:
        print(line, file=sys.stderr if options.json else sys.stdout, flush=True)

    if options.list:
        for tool in _tools(options.tool):
            ways = ", ".join(variant.name for variant in tool.variants)
            print(f"{tool.name}: {'npm' if tool.npm else 'pip'} install {' '.join(tool.needs)} ({ways})")
        return 0
    with TemporaryDirectory() as scratch:
        results = run(_tools(options.tool), options.cache.absolute(), (options.keep or Path(scratch)).absolute(), say)
    outcomes = Counter(result["outcome"] for result in results)
    say(", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())))
    if options.json:
        print(json.dumps(results, indent=1))
    return exit_code(results)


if __name__ == "__main__":
    sys.exit(main())
