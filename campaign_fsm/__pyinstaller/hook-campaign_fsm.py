"""What PyInstaller cannot see in the code: modules that are imported by name, and files that are read.

Those of `campaign_fsm.testing` it sees where they are used; here they would bring pytest into every program.
"""

from __future__ import annotations

from pathlib import Path

package = Path(__file__).resolve().parents[1]
files = [path for path in sorted(package.rglob("*")) if path.is_file() and path.suffix != ".pyc"]

hiddenimports = [
    ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in files
    if path.suffix == ".py" and not {"testing", "__pyinstaller"} & set(path.parts[len(package.parts) :])
]
datas = [(str(path), str(path.parent.relative_to(package.parent))) for path in files if path.suffix != ".py"]
