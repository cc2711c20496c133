"""What reads the guides finds what is wrong with one."""

import os
import sys
from pathlib import Path

import pages
import pytest

FENCE = "```"
TWO = f"{FENCE}sh\nexport WHAT=that\ncd ..\n{FENCE}\n\n{FENCE}sh\necho $WHAT; pwd\n{FENCE}\n"


@pytest.fixture
def read(tmp_path):
    """Reads a page in an empty folder, here or in processes."""

    def read(text, *, real=False):
        page = tmp_path / "page.md"
        page.write_text(text, encoding="utf-8")
        (tmp_path / "empty").mkdir(exist_ok=True)
        env = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
        pages.Reader(tmp_path / "empty", env, 1, real).read(page)

    return read


@pytest.mark.parametrize("real", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        (f"{FENCE}sh\nfalse\n{FENCE}", "page.md, line 1: false exits with 1"),
        (f"{FENCE}sh\ntrue  # exit code 1\n{FENCE}", "exits with 0"),
        (f"{FENCE}sh\nfalse | cat\n{FENCE}", "exits with 1"),
        (f"{FENCE}sh\ncampaign-fsm check in-progress complete\n{FENCE}", "complete exits with 1\nILLEGAL"),
        (f"{FENCE}sh\ncampaign-fsm check paused complete  # exit code 1\n{FENCE}", "exits with 0\nLEGAL"),
        (f"{FENCE}sh\necho a\n{FENCE}\n\n{FENCE}text\nb\n{FENCE}", "prints\na\n\nand not\nb"),
        (f"{FENCE}python\nprint(1)\n{FENCE}\n\nIt prints:\n\n{FENCE}text\n2\n{FENCE}", "prints\n1\n\nand not\n2"),
        (f"{FENCE}sh\necho abc\n{FENCE}\n\n{FENCE}text\nb…\n{FENCE}", "and not\nb…"),
        (f"{FENCE}text\nb\n{FENCE}", "no block above it prints that"),
        (f"{FENCE}bash\ntrue\n{FENCE}", "neither run nor saved"),
        (f"`other.json`\n\n{FENCE}json\n1\n{FENCE}", "neither run nor saved"),
        (f"{FENCE}\nHELLO\n{FENCE}", "neither run nor saved"),
        (f"Read `refusal.code`:\n\n{FENCE}sh\nfalse --nope\n{FENCE}", "false --nope exits with 1"),
        (f"Save `a.json`:\n\n{FENCE}sh\ntrue\n{FENCE}", "sh is not what a.json is written in"),
        (f"{FENCE}sh\necho a\n{FENCE}\n\n{FENCE}text\n…\n{FENCE}", "needs no output"),
        (f"{FENCE}sh\npip install .  && false\n{FENCE}", "installs what the guides do not install"),
        (f"{FENCE}sh\npip install . && false\n{FENCE}", "false exits with 1"),
        (f"{FENCE}sh\npip uninstall -y x; true\n{FENCE}", "installs what the guides do not install"),
    ],
)
def test_what_does_not_happen_as_it_is_printed_is_found(read, page, wrong, real):
    """With its place, and with what happened instead."""
    with pytest.raises(AssertionError) as found:
        read(page, real=real)
    assert wrong in str(found.value)


@pytest.mark.parametrize("real", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_page_is_one_session(read, tmp_path, real):
    """Variables, folders and files last from block to block; `…` is anything, also several lines."""
    read(f"{TWO}\n{FENCE}text\nthat\n{tmp_path}\n{FENCE}", real=real)
    read(f"Save `a/b.py`:\n\n{FENCE}python\nprint(6 * 7)\n{FENCE}\n\n{FENCE}sh\npython a/b.py\n{FENCE}\n", real=real)
    read(f"{FENCE}sh\nX='1\n2'\necho $X; echo \\\n  3\n{FENCE}\n\n{FENCE}text\n1…3\n{FENCE}\n", real=real)
    read(f"{FENCE}python\nimport os; print(sorted(os.listdir()))\n{FENCE}\n\n{FENCE}text\n['a']\n{FENCE}\n", real=real)


def test_a_page_that_prints_an_error_in_python_is_found(read):
    """What a script raises is no output."""
    with pytest.raises(ZeroDivisionError):
        read(f"{FENCE}python\n1 / 0\n{FENCE}")
