"""The API pages, made of the docstrings: ``python tests/api_pages.py FOLDER``, with the group ``docs``.

A warning of pdoc's, such as a type that it cannot resolve, is an error; so is a link that leads nowhere.
"""

import importlib
import inspect
import re
import sys
import warnings
from pathlib import Path

import attrs

MODULES = (
    "campaign_fsm",
    "campaign_fsm.diagram",
    "campaign_fsm.errors",
    "campaign_fsm.gate.settings",
    "campaign_fsm.history",
    "campaign_fsm.log",
    "campaign_fsm.policy",
    "campaign_fsm.simulator",
    "campaign_fsm.testing",
    "campaign_fsm.testing.plugin",
    "campaign_fsm.trace",
    "campaign_fsm.traffic",
)
"""What users import names from, or are pointed to; `tests/test_docstrings.py` holds the docstrings."""


def forget_attrs():
    """Of a constructor attrs says no more than that it has made it."""
    for module in map(importlib.import_module, MODULES):
        for kind in filter(inspect.isclass, [getattr(module, name) for name in dir(module)]):
            for one in filter(attrs.has, kind.__mro__):
                if one.__init__.__code__.co_filename.startswith("<attrs"):
                    one.__init__.__doc__ = None


def show_inherited(kind):
    """What a class inherits from one of ours that is on no page is shown as its own."""
    original = kind._taken_from

    def taken_from(self, name, obj):
        module, qualname = original(self, name, obj)
        is_hidden = module.startswith("campaign_fsm") and module not in MODULES and not qualname.startswith("_")
        return (self.modulename, f"{self.qualname}.{name}") if is_hidden else (module, qualname)

    kind._taken_from = taken_from


def dead_links(folder):
    """Links to pages and places that are not there."""
    pages = {path.resolve(): path.read_text("utf-8") for path in folder.rglob("*.html")}
    places = {path: {"", *re.findall(r'\bid="([^"]+)"', text)} for path, text in pages.items()}
    for path, text in pages.items():
        for target in re.findall(r'<a\b[^>]* href="(?!https?:)([^"$]+)"', text):
            file, _, place = target.partition("#")
            if place not in places.get((path.parent / file).resolve() if file else path, ()):
                yield f"{path.name}: {target}"


def main(folder):
    import pdoc

    warnings.simplefilter("error")
    forget_attrs()
    show_inherited(pdoc.doc.Class)
    pdoc.render.configure(docformat="google", show_source=False)
    pdoc.pdoc(*MODULES, output_directory=Path(folder))
    if dead := sorted({*dead_links(Path(folder))}):
        sys.exit("\n".join(["links that lead nowhere:", *dead]))


if __name__ == "__main__":
    main(*sys.argv[1:])
