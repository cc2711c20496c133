"""The guides: Markdown pages beside this module, for `campaign-fsm help` and for whoever reads the repository."""

from __future__ import annotations

from typing import Final

TOPICS: Final = (
    "getting-started",
    "stop",
    "command-line",
    "client",
    "state-machine",
    "gate",
    "outcomes",
    "ci",
    "audit",
    "policy",
    "diagrams",
    "simulator",
    "api",
    "frameworks",
    "costs",
    "limits",
    "adding",
)
"""Each guide by the name of its file, in the order in which people need them."""

_OF_CODES: Final = {
    "CF1": "state-machine",
    "CF2": "outcomes",
    "CF3": "state-machine",
    "CF4": "gate",
    "CF5": "outcomes",
    "CF6": "audit",
    "CF7": "policy",
    "CF8": "gate",
}


def guide_of(code: str) -> str:
    """The topic of the guide that explains what a code is about.

    >>> guide_of("CF224")
    'outcomes'
    """
    return _OF_CODES[code[:3]]


def command_for(topic: str) -> str:
    """The command that shows a guide."""
    return f"campaign-fsm help {topic}"


def pointer_to(topic: str) -> str:
    """The sentence that points to a guide."""
    return f"{command_for(topic)} says more."


def text_of(topic: str) -> str:
    """A guide, as Markdown.

    Raises:
        KeyError: There is no such topic.
    """
    if topic not in TOPICS:
        raise KeyError(topic)
    from importlib.resources import files  # the errors import this module, and `campaign-fsm check` them

    return files(__name__).joinpath(f"{topic}.md").read_text(encoding="utf-8")


def summary_of(topic: str) -> str:
    """What a guide is for: the sentence below its title."""
    return " ".join(text_of(topic).split("\n\n", 2)[1].split())
