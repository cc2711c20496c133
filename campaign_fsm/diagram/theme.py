"""Colours. Every text has a contrast of at least 4.5 to 1 on what it stands on, in both themes.

The hues are Okabe and Ito's blue and vermilion, which people who are colour-blind tell apart. No meaning hangs on
colour alone: what cannot be undone has a mark and a thick line, the platform's lines are dashed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from attrs import frozen


class Theme(StrEnum):
    """Which colours a picture has."""

    LIGHT = "light"
    """Dark on light."""
    DARK = "dark"
    """Light on dark."""
    AUTO = "auto"
    """What the viewer prefers; for SVG and HTML, which can follow that."""


@frozen(kw_only=True)
class Palette:
    """The colours of one theme, as #rrggbb."""

    page: str
    ink: str
    soft: str
    live: str
    over: str
    platform: str
    warning: str
    strong: str
    faint: str
    """Texts that are not what the view is about."""
    trace: str
    """Lines that are not."""


LIGHT: Final = Palette(
    page="#FFFFFF",
    ink="#1A1A1A",
    soft="#57606A",
    live="#E3F0FB",
    over="#EDEDED",
    platform="#0064A0",
    warning="#A84300",
    strong="#FFE9A8",
    faint="#5F6871",
    trace="#AAB2BB",
)
DARK: Final = Palette(
    page="#0D1117",
    ink="#E6EDF3",
    soft="#A3ADB8",
    live="#13314B",
    over="#2A2F37",
    platform="#6CB6FF",
    warning="#FF9B5C",
    strong="#4A3700",
    faint="#98A1AB",
    trace="#4D5661",
)
PALETTES: Final = {Theme.LIGHT: LIGHT, Theme.DARK: DARK}
