"""Where things of the repository are; tests stand in folders that mirror the package."""

from pathlib import Path

from campaign_fsm import guides

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
DIAGRAMS = ROOT / "diagrams"
CI = ROOT / ".ci" / "run"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
# The installed ones: the package may be elsewhere than these tests.
GUIDES = Path(guides.__file__).parent
