"""The diagrams that are committed: writing them, and noticing that they no longer show the table.

Every diagram says in a stamp how it was made. So a folder needs no list: whatever bears a stamp is made anew
and compared, under whatever name it is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import unified_diff
from errno import EACCES, EEXIST, ENOENT
from os.path import realpath
from pathlib import Path
from typing import Final

from attrs import field, frozen

from campaign_fsm.diagram.formats import DiagramFormat
from campaign_fsm.diagram.png import CannotRasterize
from campaign_fsm.diagram.stamp import NEAR, Recipe
from campaign_fsm.diagram.views import NoRoute
from campaign_fsm.diagram.writers import make, stamp
from campaign_fsm.files import write_whole
from campaign_fsm.history.model import History

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
        kind = DiagramFormat.of(path)
        if kind is None or not path.is_file():
            continue
        with path.open("rb") as file:
            start = file.read(NEAR)
        recipe, begins = Recipe.read(start), kind.traits.begins
        # A page that quotes a diagram bears its stamp, and is not that diagram.
        first = start.startswith(begins) or start.replace(b"\r\n", b"\n").startswith(begins)
        if recipe is not None and recipe.format is kind and first:
            recipes[path.name] = recipe
        elif not kind.traits.common:
            others.append(path.name)
    return recipes, others


def check(directory: Path | str, load: Load) -> DriftCheck:
    """Whether the diagrams in a folder are what the table says.

    Text is compared byte for byte, a PNG by the digest of what it was drawn from: its bytes depend on the fonts of the
    machine that drew it, and resvg is not needed.

    Raises:
        OSError: The folder or a file in it cannot be read, or a stamp names a recording outside of it.
        UnreadableRecording: A recording that one of them shows cannot be read.
    """
    directory = Path(directory)
    recipes, others = stamped(directory)
    drift = []
    for name, recipe in recipes.items():
        compare = _text_drift if recipe.format.traits.drawn_from is None else _picture_drift
        try:
            stale = compare(directory / name, recipe, _history(recipe, directory, load))
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
    # Somebody else may have written the stamp, or put a link there.
    if not Path(realpath(path)).is_relative_to(realpath(directory)):
        raise PermissionError(EACCES, "a stamp names it, and it lies outside of the folder of the diagram", str(path))
    if not path.is_file():
        # Also a pipe or a device: reading that could last for ever.
        raise FileNotFoundError(ENOENT, "it is no file", str(path))
    return load(path, recipe.campaign)


def _text_drift(path: Path, recipe: Recipe, history: History | None) -> StaleDiagram | None:
    data, expected, name = path.read_bytes(), as_bytes(make(recipe, history)), path.name
    if data == expected:
        return None
    before, after = (text.decode("utf-8", errors="replace") for text in (data, expected))
    if before.splitlines() == after.splitlines():
        return StaleDiagram(name, "differs in its line ends only; it is written with a line feed after each line")
    lines = unified_diff(before.splitlines(), after.splitlines(), name, f"{name} (from the table)", lineterm="", n=1)
    return StaleDiagram(name, "differs from the table", "\n".join(line[:300] for line in lines))


def _picture_drift(path: Path, recipe: Recipe, history: History | None) -> StaleDiagram | None:
    with path.open("rb") as file:
        start = file.read(NEAR)
    if stamp(recipe, history).encode() in start:
        return None
    return StaleDiagram(path.name, "was drawn from another table, or by another version of this package")
