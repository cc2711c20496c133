"""Where PyInstaller, by the entry point ``pyinstaller40``, finds the hook of this package.

Source: https://pyinstaller.org/en/stable/hooks.html
"""

from __future__ import annotations

from pathlib import Path


def get_hook_dirs() -> list[str]:
    """The folders with hooks."""
    return [str(Path(__file__).parent)]
