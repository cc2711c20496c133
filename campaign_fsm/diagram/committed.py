"""The diagrams that are committed: writing them, and noticing that they no longer show the table.

Every diagram says in a stamp how it was made. So a folder needs no list: whatever bears a stamp is made anew
and compared, under whatever name it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import unified_diff
from errno import EEXIST
from os.path import realpath
from pathlib import Path
from typing import Final

from attrs import field, frozen

from campaign_fsm.diagram.formats import DiagramFormat
from campaign_fsm.diagram.png import CannotRasterize
from campaign_fsm.diagram.stamp import NEAR, Recipe
from campaign_fsm.diagram.views import NoRoute
from campaign_fsm.diagram.writers import make, stamp
from campaign_fsm.files import without_mark, write_whole
from campaign_fsm.history.model import History
from campaign_fsm.printable import quoted

Load = Callable[[Path, str | None], History]
"""Reads a recording: its path, and the only campaign that is wanted."""

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


class CannotFollow(Exception):
    """A stamp asks for what cannot be read or drawn. The message names the diagram."""


@frozen
class StaleDiagram:
    """One committed diagram that is not what the table says.

    Attributes:
        name: The file's name.
        problem: What is wrong with it.
        difference: From the file to what it should be, as a unified difference; empty for pictures.
        mended: `write` makes it anew.
    """

    name: str
    problem: str
    difference: str = ""
    mended: bool = True


@frozen
class DriftCheck:
    """Whether the diagrams in a folder are what the table says.

    Attributes:
        checked: The diagrams that were compared.
        unstamped: The files that are passed over: pictures that bear no stamp, and what bears one that is not read.
        drift: The diagrams that are not what the table says.
    """

    checked: tuple[str, ...] = ()
    unstamped: tuple[str, ...] = ()
    drift: tuple[StaleDiagram, ...] = field(default=())


def stamped(directory: Path) -> tuple[dict[str, Recipe], list[str]]:
    """The diagrams in a folder with their recipes, and the names of what is passed over, see `DriftCheck.unstamped`.

    Raises:
        OSError: The folder or a file in it cannot be read.
    """
    recipes, others = {}, []
    for path in sorted(directory.iterdir()):
        kind = DiagramFormat.of(path)
        if kind is None or not path.is_file():
            continue
        start, place = _start(path, kind)
        recipe = Recipe.read(start[place:]) if place >= 0 and _begins(start, kind) else None
        if recipe is not None and recipe.format is kind:
            recipes[path.name] = recipe
        elif place >= 0 or not kind.traits.common:
            others.append(path.name)
    return recipes, others


def _start(path: Path, kind: DiagramFormat) -> tuple[bytes, int]:
    """What is searched for a stamp of a format, and where it begins in it."""
    with path.open("rb") as file:
        # An older version wrote it at the end of a picture.
        start = file.read() if kind.traits.drawn_from else file.read(NEAR)
    return start, Recipe.place(start, kind)


def _begins(start: bytes, kind: DiagramFormat) -> bool:
    """Whether a file that bears a stamp is that diagram, and no page that quotes it.

    An editor or a formatter may have been there: white space, capitals and a byte order mark make no difference.
    """
    return bool(kind.traits.drawn_from) or _bare(start).startswith(_bare(kind.traits.begins))


def _bare(data: bytes) -> bytes:
    return re.sub(rb"\s", b"", without_mark(data)).lower()


def check(directory: Path | str, load: Load) -> DriftCheck:
    """Whether the diagrams in a folder are what the table says.

    Text is compared byte for byte, a PNG by the digest of what it was drawn from: its bytes depend on the fonts of the
    machine that drew it, and resvg is not needed. Of the picture itself only that it is whole is checked.

    Raises:
        CannotFollow: A stamp names a recording that is not there, or lies outside of the folder.
        OSError: The folder or a file in it cannot be read.
        UnreadableRecording: A recording that one of them shows cannot be read.
    """
    directory = Path(directory)
    recipes, others = stamped(directory)
    drift = []
    for name, recipe in recipes.items():
        compare = _text_drift if recipe.format.traits.drawn_from is None else _picture_drift
        try:
            stale = compare(directory / name, recipe, _history(recipe, directory / name, load))
        except NoRoute as error:
            stale = StaleDiagram(name, f"shows a route that is not legal: {str(error).rstrip('.')}", mended=False)
        except ValueError as error:
            stale = StaleDiagram(name, f"cannot be made: {error}", mended=False)
        if stale is not None:
            drift.append(stale)
    return DriftCheck(tuple(recipes), tuple(others), tuple(drift))


def write(directory: Path | str, load: Load) -> list[Path]:
    """Redraw every diagram in a folder, or write the whole gallery if there is none, and say which files these are.

    Everything is drawn before the first file is touched.

    Raises:
        CannotRasterize: resvg_py or every font is missing, and one of the diagrams in the folder is a PNG. (The PNG of
            a new gallery is left out then.)
        CannotFollow: A stamp asks for what cannot be drawn, as a route that is not legal any more, or names a recording
            that is not there, or lies outside of the folder.
        OSError: The folder or a file in it cannot be written, or is not ours to write.
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
            contents[name] = as_bytes(make(recipe, _history(recipe, directory / name, load)))
        except (NoRoute, ValueError) as error:
            raise CannotFollow(f"{directory / name} cannot be made: {error}") from error
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


def _history(recipe: Recipe, diagram: Path, load: Load) -> History | None:
    if recipe.history is None:
        return None
    directory, problem = diagram.parent, ""
    path = directory / recipe.history
    try:
        # Somebody else may have written the stamp, or put a link there.
        if not Path(realpath(path)).is_relative_to(realpath(directory)):
            problem = "lies outside of the folder of the diagram"
        elif not path.is_file():
            # Also a pipe or a device: reading that could last for ever.
            problem = "cannot be read: it is no file"
    except ValueError:  # a zero byte
        problem = "cannot be read: it is no name of a file"
    if problem:
        raise CannotFollow(
            f"{diagram} shows the recording {quoted(recipe.history)} by its stamp, and that {problem}. "
            "Put the recording into the folder and draw the diagram again, or delete it."
        )
    return load(path, recipe.campaign)


def _text_drift(path: Path, recipe: Recipe, history: History | None) -> StaleDiagram | None:
    data, expected, name = path.read_bytes(), as_bytes(make(recipe, history)), path.name
    if data == expected:
        return None
    before, after = (text.decode("utf-8", errors="replace") for text in (data, expected))
    if before.splitlines() == after.splitlines():
        return StaleDiagram(name, "differs in its line ends only; it is written with a line feed after each line")
    if without_mark(data) == expected:
        return StaleDiagram(name, "differs in the byte order mark that it begins with; it is written without one")
    lines = unified_diff(before.splitlines(), after.splitlines(), name, f"{name} (from the table)", lineterm="", n=1)
    return StaleDiagram(name, "differs from the table", "\n".join(line[:300] for line in lines))


def _picture_drift(path: Path, recipe: Recipe, history: History | None) -> StaleDiagram | None:
    data = path.read_bytes()
    if stamp(recipe, history).encode() not in data:
        return StaleDiagram(path.name, "was drawn from another table, or by another version of this package")
    return None if recipe.format.is_intact(data) else StaleDiagram(path.name, "is cut off or broken")
