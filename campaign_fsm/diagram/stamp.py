"""Stamps: what each diagram says about how it was made, so that it can be made anew and compared.

A stamp is one line in a comment of the file.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

from attrs import fields, frozen

from campaign_fsm.diagram.formats import DiagramFormat
from campaign_fsm.diagram.theme import Theme
from campaign_fsm.diagram.views import Look, form
from campaign_fsm.rules import Channel
from campaign_fsm.words import listed

_MADE: Final = "Made by campaign-fsm diagram: "
_END: Final = "; do not edit."
_STAMP: Final = re.compile(rf"{_MADE}([a-z]+=[^\s;]+(?: [a-z]+=[^\s;]+)*){re.escape(_END)}".encode())
# The name of a recording need not be UTF-8.
_BYTES: Final = "surrogateescape"
NEAR: Final = 4096
"""A stamp stands in the first bytes of a file."""


@frozen(kw_only=True)
class Recipe:
    """How a diagram is made.

    Attributes:
        format: What it is written as.
        look: The view.
        theme: Its colours, None where the format has none to choose.
        channel: One channel's life, None for both.
        history: The recording that it shows, as a path relative to the diagram's folder.
        campaign: The only campaign of the recording that it shows.
    """

    format: DiagramFormat
    look: Look = Look()  # noqa: RUF009 (frozen)
    theme: Theme | None = None
    channel: Channel | None = None
    history: str | None = None
    campaign: str | None = None

    @classmethod
    def make(
        cls,
        kind: DiagramFormat | str,
        view: Look | str = "life",
        *,
        theme: Theme | str | None = None,
        channel: Channel | str | None = None,
        history: str | None = None,
        campaign: str | None = None,
    ) -> Recipe:
        """The recipe of what is asked for.

        Args:
            kind: A `DiagramFormat` or its string.
            view: A `Look`, or its text as for `render`.
            theme: The colours; None: those of the format.
            channel: One channel's life; None for both.
            history: The recording that it shows, as a path relative to the diagram's folder.
            campaign: The only campaign of the recording that it shows.

        Raises:
            ValueError: Something is not on its list, or does not go together; the message says what.
        """
        kind, look = DiagramFormat(kind), Look.parse(view) if isinstance(view, str) else view
        usual, views = kind.traits.theme, kind.traits.views
        if theme is not None and usual is None:
            raise ValueError(f"{kind} has no colours to choose; leave the theme out")
        if theme == Theme.AUTO and usual is not Theme.AUTO:
            raise ValueError(f"{kind} cannot follow what a viewer prefers; choose the theme light or dark")
        if look.needs_history and history is None:
            raise ValueError(f"the view {look} draws something that was recorded; name the recording (--history FILE)")
        if history is not None and not look.needs_history and not kind.traits.replays:
            raise ValueError(f"the view {look} draws no recording; take the view history or coverage")
        if campaign is not None and history is None:
            raise ValueError("a campaign is chosen from a recording; name the recording (--history FILE)")
        if views is not None and look.view not in views:
            raise ValueError(f"{kind} has no view {look.view} of its own; take {listed(map(form, views), 'or')}")
        return cls(
            format=kind,
            look=look,
            theme=usual if theme is None else Theme(theme),
            channel=None if channel is None else Channel(channel),
            history=history,
            campaign=campaign,
        )

    @property
    def stamp(self) -> str:
        """The line that stands in the file."""
        pairs = {
            "format": self.format,
            "view": str(self.look),
            "theme": self.theme,
            "channel": self.channel,
            "history": self.history,
            "campaign": self.campaign,
        }
        assert set(pairs) == {"view", *(field.name for field in fields(Recipe))} - {"look"}
        text = " ".join(f"{key}={_quoted(value)}" for key, value in pairs.items() if value is not None)
        return f"{_MADE}{text}{_END}"

    @staticmethod
    def place(data: bytes, kind: DiagramFormat) -> int:
        """Where a stamp begins that names the format, of whatever version it is; -1 if there is none.

        Args:
            data: The bytes of a file.
            kind: The format.
        """
        return data.find(f"{_MADE}format={kind} ".encode())

    @classmethod
    def read(cls, data: bytes) -> Recipe | None:
        """The recipe in a file's stamp; None if there is no stamp, or not one of this version.

        Args:
            data: The bytes of the file; the first 4096 are looked at.
        """
        found = _STAMP.search(data[:NEAR])
        if found is None:
            return None
        pairs = dict(pair.split("=", 1) for pair in found[1].decode("ascii", "replace").split(" "))
        values = {key: unquote(value, errors=_BYTES) for key, value in pairs.items()}
        try:
            return cls.make(values.pop("format", ""), values.pop("view", ""), **values)
        except (TypeError, ValueError):
            return None


def _quoted(value: str) -> str:
    # Two hyphens would end a comment of XML.
    return quote(value, safe="/:.,", errors=_BYTES).replace("--", "%2D%2D")
