"""The diagrams that are committed: writing them, and noticing that they no longer show the table."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path
from typing import Final

from attrs import frozen

from campaign_fsm.diagram.stamp import Stamp, digest, read_png, read_svg
from campaign_fsm.diagram.writers import Format, render
from campaign_fsm.rules import Channel

FILES: Final[dict[str, tuple[Format, Channel | None]]] = {
    "lifecycle.mmd": (Format.MERMAID, None),
    "lifecycle.dot": (Format.DOT, None),
    "lifecycle.svg": (Format.SVG, None),
    "lifecycle.png": (Format.PNG, None),
    "lifecycle-message.mmd": (Format.MERMAID, Channel.MESSAGE),
    "lifecycle-message.svg": (Format.SVG, Channel.MESSAGE),
    "lifecycle-voice.mmd": (Format.MERMAID, Channel.VOICE),
    "lifecycle-voice.svg": (Format.SVG, Channel.VOICE),
}
"""The name of each committed diagram, its format, and its channel (None for both)."""


@frozen
class Drift:
    """One committed diagram that is not what the table says.

    Attributes:
        name: The file's name.
        problem: What is wrong with it.
        difference: From the file to what it should be, as a unified difference; empty for pictures.
    """

    name: str
    problem: str
    difference: str = ""


def drift(directory: Path | str) -> list[Drift]:
    """The committed diagrams in a directory that are not what the table says; empty if all are.

    Text is compared byte for byte, pictures by their stamps: pygraphviz is not needed.

    Raises:
        OSError: The directory or a file in it cannot be read. A file that is not there is drift.
    """
    directory = Path(directory)
    present = {path.name for path in directory.iterdir()}
    found = []
    for name, (kind, channel) in FILES.items():
        if name not in present:
            found.append(Drift(name, "is missing"))
            continue
        data = (directory / name).read_bytes()
        difference = (
            _text_drift(name, data, kind, channel)
            if kind in (Format.MERMAID, Format.DOT)
            else _picture_drift(name, data, kind, channel)
        )
        if difference is not None:
            found.append(difference)
    return found


def write(directory: Path | str) -> list[Path]:
    """Write every committed diagram into a directory, made if need be, and say which files these are.

    Everything is drawn before the first file is touched.

    Raises:
        GraphvizMissing: pygraphviz cannot be imported.
        OSError: The directory or a file in it cannot be written.
    """
    directory = Path(directory)
    contents = {name: _as_bytes(render(kind, channel=channel)) for name, (kind, channel) in FILES.items()}
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (directory / name).write_bytes(content)
    return [directory / name for name in contents]


def _as_bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _text_drift(name: str, data: bytes, kind: Format, channel: Channel | None) -> Drift | None:
    expected = _as_bytes(render(kind, channel=channel))
    if data == expected:
        return None
    before, after = (text.decode("utf-8", errors="replace") for text in (data, expected))
    if before.splitlines() == after.splitlines():
        return Drift(name, "differs in its line ends only; it is written with a line feed after each line")
    lines = unified_diff(before.splitlines(), after.splitlines(), name, f"{name} (from the table)", lineterm="")
    return Drift(name, "is not what the table says", "\n".join(lines))


def _picture_drift(name: str, data: bytes, kind: Format, channel: Channel | None) -> Drift | None:
    stamp: Stamp | None = read_svg(data) if kind is Format.SVG else read_png(data)
    if stamp is None:
        return Drift(name, "has no stamp that says what it was drawn from")
    if stamp.dot != digest(_as_bytes(render(Format.DOT, channel=channel))):
        return Drift(name, "was drawn from another table, or by another version of this package")
    if not stamp.intact:
        return Drift(name, "was changed after it was drawn")
    return None
