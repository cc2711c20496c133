"""The diagrams that are committed: writing them, and noticing that they no longer show the table.

Every diagram says in a stamp how it was made. So a folder needs no list: whatever bears a stamp is made anew
and compared, under whatever name it is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import unified_diff
from errno import EEXIST, ENOENT
from pathlib import Path
from typing import Final

from attrs import field, frozen

from campaign_fsm.diagram.png import CannotRasterize
from campaign_fsm.diagram.stamp import NEAR, SIGNATURE, DiagramFormat, Recipe, digest, digests
from campaign_fsm.diagram.views import NoRoute
from campaign_fsm.diagram.writers import make, source_svg
from campaign_fsm.files import write_whole
from campaign_fsm.history.model import History

Load = Callable[[Path, str | None], History]
"""Reads a recording: its path, and the only campaign that is wanted."""

_ENDINGS: Final = {
    ".mmd": DiagramFormat.MERMAID,
    ".mermaid": DiagramFormat.MERMAID,
    ".dot": DiagramFormat.DOT,
    ".gv": DiagramFormat.DOT,
    ".svg": DiagramFormat.SVG,
    ".png": DiagramFormat.PNG,
    ".scxml": DiagramFormat.SCXML,
    ".md": DiagramFormat.MARKDOWN,
    ".json": DiagramFormat.JSON,
    ".html": DiagramFormat.HTML,
    ".htm": DiagramFormat.HTML,
}

# What stands before a stamp.
_BEGINNINGS: Final = {
    DiagramFormat.MERMAID: b"---\ntitle: ",
    DiagramFormat.DOT: b"// ",
    DiagramFormat.SVG: b"<!-- ",
    DiagramFormat.SCXML: b"<?xml ",
    DiagramFormat.MARKDOWN: b"<!-- ",
    DiagramFormat.JSON: b'{\n"made": ',
    DiagramFormat.HTML: b"<!DOCTYPE html>",
}
# Files of these formats are mostly something else.
_COMMON: Final = frozenset({DiagramFormat.MARKDOWN, DiagramFormat.JSON, DiagramFormat.HTML})

GALLERY: Final = {
    "lifecycle.mmd": Recipe.make("mermaid"),
    "lifecycle.dot": Recipe.make("dot"),
    "lifecycle.scxml": Recipe.make("scxml"),
    "lifecycle.json": Recipe.make("json"),
    "lifecycle.md": Recipe.make("markdown"),
    "lifecycle.svg": Recipe.make("svg"),
    "lifecycle-light.svg": Recipe.make("svg", theme="light"),
    "lifecycle-dark.svg": Recipe.make("svg", theme="dark"),
    "lifecycle.png": Recipe.make("png"),
    "lifecycle-message.svg": Recipe.make("svg", channel="message"),
    "lifecycle-message.mmd": Recipe.make("mermaid", channel="message"),
    "lifecycle-voice.svg": Recipe.make("svg", channel="voice"),
    "lifecycle-voice.mmd": Recipe.make("mermaid", channel="voice"),
    "account-holder.svg": Recipe.make("svg", "account-holder"),
    "from-paused.svg": Recipe.make("svg", "from:paused"),
    "route.svg": Recipe.make("svg", "route:in-progress:archived"),
    "explorer.html": Recipe.make("html"),
}
"""What is written into a folder that holds no diagram yet."""


def format_of(path: Path) -> DiagramFormat | None:
    """The format by the end of a file's name; None if it is no diagram's."""
    return _ENDINGS.get(path.suffix.lower())


@frozen
class StaleDiagram:
    """One committed diagram that is not what the table says.

    Attributes:
        name: The file's name.
        problem: What is wrong with it.
        difference: From the file to what it should be, as a unified difference; empty for pictures.
    """

    name: str
    problem: str
    difference: str = ""


@frozen
class DriftCheck:
    """Whether the diagrams in a folder are what the table says.

    Attributes:
        checked: The diagrams that were compared.
        unstamped: Pictures that bear no stamp.
        drift: The diagrams that are not what the table says.
    """

    checked: tuple[str, ...] = ()
    unstamped: tuple[str, ...] = ()
    drift: tuple[StaleDiagram, ...] = field(default=())


def stamped(directory: Path) -> tuple[dict[str, Recipe], list[str]]:
    """The diagrams in a folder with their recipes, and the names of pictures that bear no stamp.

    Raises:
        OSError: The folder or a file in it cannot be read.
    """
    recipes, others = {}, []
    for path in sorted(directory.iterdir()):
        if format_of(path) is None or not path.is_file():
            continue
        with path.open("rb") as file:
            start = file.read(NEAR)
            recipe = Recipe.read(start + file.read() if start.startswith(SIGNATURE) else start)
        # A page that quotes a diagram bears its stamp, and is not that diagram.
        if recipe is not None and recipe.format is format_of(path) and _stands_first(recipe, start):
            recipes[path.name] = recipe
        elif format_of(path) not in _COMMON:
            others.append(path.name)
    return recipes, others


def _stands_first(recipe: Recipe, start: bytes) -> bool:
    """Whether a stamp stands where its writer puts it, and not in the middle of something else."""
    if recipe.format is DiagramFormat.PNG:
        return start.startswith(SIGNATURE)
    begin = _BEGINNINGS[recipe.format]
    return start.replace(b"\r\n", b"\n").startswith(begin)


def check(directory: Path | str, load: Load) -> DriftCheck:
    """Whether the diagrams in a folder are what the table says.

    Text is compared byte for byte, a PNG by its stamp: resvg is not needed.

    Raises:
        OSError: The folder or a file in it cannot be read.
        UnreadableRecording: A recording that one of them shows cannot be read.
    """
    directory = Path(directory)
    recipes, others = stamped(directory)
    drift = []
    for name, recipe in recipes.items():
        data = (directory / name).read_bytes()
        compare = _png_drift if recipe.format is DiagramFormat.PNG else _text_drift
        try:
            stale = compare(name, data, recipe, directory, load)
        except NoRoute as error:
            stale = StaleDiagram(name, f"shows a route that is not legal: {error}")
        except ValueError as error:
            stale = StaleDiagram(name, f"cannot be made: {error}")
        if stale is not None:
            drift.append(stale)
    return DriftCheck(tuple(recipes), tuple(others), tuple(drift))


def write(directory: Path | str, load: Load) -> list[Path]:
    """Make every diagram in a folder anew, or the whole gallery if there is none, and say which files these are.

    Everything is drawn before the first file is touched.

    Raises:
        CannotRasterize: resvg_py or every font is missing, and one of the diagrams in the folder is a PNG. (The PNG of
            a new gallery is left out then.)
        NoRoute: A route that one of them shows is not legal any more.
        OSError: The folder or a file in it cannot be written, or is not ours to write; or a recording cannot be read.
        ValueError: A stamp asks for what cannot be drawn.
        UnreadableRecording: A recording that one of them shows cannot be read.
    """
    directory = Path(directory)
    found = stamped(directory)[0] if directory.is_dir() else {}
    if not found and directory.is_dir():
        taken = sorted(name for name in GALLERY if (directory / name).exists() or (directory / name).is_symlink())
        if taken:
            raise FileExistsError(
                EEXIST,
                f"it is no diagram of ours, and a gallery would replace it; so nothing was written: {taken[0]}",
                str(directory / taken[0]),
            )
    for name in found:
        if (directory / name).is_symlink():
            raise FileExistsError(
                EEXIST, "it is a link to another file, which is not written over", str(directory / name)
            )
    contents = {}
    for name, recipe in (found or GALLERY).items():
        try:
            contents[name] = as_bytes(make(recipe, _history(recipe, directory, load)))
        except CannotRasterize:
            # A gallery is as good without; a PNG that is there already has to be made anew.
            if found:
                raise
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_whole(directory / name, content)
    return [directory / name for name in contents]


def as_bytes(content: str | bytes) -> bytes:
    """The bytes of a file."""
    return content.encode("utf-8") if isinstance(content, str) else content


def _history(recipe: Recipe, directory: Path, load: Load) -> History | None:
    if recipe.history is None:
        return None
    path = directory / recipe.history
    if not path.is_file():
        # Also a pipe or a device that somebody's stamp names: reading that could last for ever.
        raise FileNotFoundError(ENOENT, "it is no file", str(path))
    return load(path, recipe.campaign)


def _text_drift(name: str, data: bytes, recipe: Recipe, directory: Path, load: Load) -> StaleDiagram | None:
    expected = as_bytes(make(recipe, _history(recipe, directory, load)))
    if data == expected:
        return None
    before, after = (text.decode("utf-8", errors="replace") for text in (data, expected))
    if before.splitlines() == after.splitlines():
        return StaleDiagram(name, "differs in its line ends only; it is written with a line feed after each line")
    lines = unified_diff(before.splitlines(), after.splitlines(), name, f"{name} (from the table)", lineterm="", n=1)
    return StaleDiagram(name, "differs from the table", "\n".join(line[:300] for line in lines))


def _png_drift(name: str, data: bytes, recipe: Recipe, directory: Path, load: Load) -> StaleDiagram | None:
    found = digests(data)
    if found is None:
        return StaleDiagram(name, "has a stamp that cannot be read")
    source = source_svg(recipe, _history(recipe, directory, load))
    if found.svg != digest(source):
        return StaleDiagram(name, "was drawn from another table, or by another version of this package")
    return None if found.intact else StaleDiagram(name, "was changed after it was drawn")
