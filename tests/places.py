"""Where things of the repository are; tests stand in folders that mirror the package."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
DIAGRAMS = ROOT / "diagrams"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
