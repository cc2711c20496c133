"""What an editor shows of a public name, and what the API pages are made of."""

import ast
import builtins
import enum
import functools
import importlib
import inspect
import re
import sys
import textwrap
from itertools import pairwise
from pathlib import Path
from types import FunctionType

import attrs
from api_pages import MODULES

SECTION = re.compile(r"^(Args|Attributes|Raises|Warns):\n((?:[ \t]+.*\n?|\n)+)", re.MULTILINE)
ENTRY = re.compile(r"^\*{0,2}(\w+):", re.MULTILINE)
REFERENCE = re.compile(r"(?<!`)`([A-Za-z_][\w.]*)`(?!`)")


def doc_of(thing):
    return inspect.cleandoc(thing.__doc__ or "") + "\n"


def entries(doc, *titles):
    """The names that are explained in sections of a docstring."""
    return [
        name for title, text in SECTION.findall(doc) if title in titles for name in ENTRY.findall(textwrap.dedent(text))
    ]


def is_ours(thing):
    return getattr(thing, "__module__", "").startswith("campaign_fsm")


def names_of(module):
    """The public names of a module: those of `__all__`, or what it defines."""
    own = getattr(module, "__all__", None)
    defined = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    return [name for name in (defined if own is None else own) if not name.startswith("_")]


PUBLIC = {}
for page in map(importlib.import_module, MODULES):
    for public in names_of(page):
        found = getattr(page, public)
        found = inspect.unwrap(getattr(found, "_fixture_function", found))  # of a fixture of pytest
        if (inspect.isclass(found) or isinstance(found, FunctionType)) and is_ours(found):
            PUBLIC[f"{found.__module__}.{found.__qualname__}"] = found
CLASSES = [thing for thing in PUBLIC.values() if inspect.isclass(thing)]


def family(kind):
    """A class and those of ours that it derives from; what begins with an underscore has nothing for users."""
    return [one for one in kind.__mro__ if is_ours(one) and not one.__name__.startswith("_")]


def methods(kind):
    """Its public methods and properties, as functions."""
    for one in family(kind):
        for name, value in vars(one).items():
            whole = value.func if isinstance(value, functools.cached_property) else value
            function = getattr(whole, "fget", None) or getattr(whole, "__func__", whole)
            if not name.startswith("_") and isinstance(function, FunctionType) and is_ours(function):
                yield function


CALLABLES = {
    f"{function.__module__}.{function.__qualname__}": function
    for thing in PUBLIC.values()
    for function in (methods(thing) if inspect.isclass(thing) else [thing])
}


@functools.cache
def trees_of(module):
    """The syntax trees of the classes and functions of a module, by their qualified names."""
    trees = {}

    def visit(node, above):
        for inner in ast.iter_child_nodes(node):
            here = above
            if isinstance(inner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                here = f"{above}{inner.name}."
                trees[here.removesuffix(".")] = inner
            visit(inner, here)

    visit(ast.parse(Path(sys.modules[module].__file__).read_text("utf-8")), "")
    return trees


def tree_of(thing):
    return trees_of(thing.__module__)[thing.__qualname__]


def body_of(kind):
    return tree_of(kind).body


def explained_below(kind):
    """The names of a class that have a docstring of their own, under them."""
    for statement, after in pairwise(body_of(kind)):
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def fields_of(kind):
    """The public fields of a class: those of attrs and msgspec, members of enumerations, annotated attributes."""
    if issubclass(kind, enum.Enum):
        return list(kind.__members__)
    fields = [field.name for field in attrs.fields(kind)] if attrs.has(kind) else []
    fields += getattr(kind, "__struct_fields__", ())
    for one in family(kind):
        fields += [node.target.id for node in body_of(one) if isinstance(node, ast.AnnAssign)]
    return [name for name in fields if not name.startswith("_")]


def test_every_public_name_says_what_it_is():
    """Classes, functions, methods and properties; none leaves it to a class that it derives from."""
    assert [name for name, thing in {**PUBLIC, **CALLABLES}.items() if not doc_of(thing).strip()] == []


def test_every_field_is_explained():
    """Under `Attributes` of its class, or of one that it derives from, or below itself; and nothing else is."""
    silent, strange = [], []
    for kind in CLASSES:
        explained = {name for one in family(kind) for name in entries(doc_of(one), "Attributes")}
        below = {name for one in family(kind) for name in explained_below(one)}
        # A typed dictionary has the fields of another class, which `tests/client/test_settings.py` compares.
        fields = set() if issubclass(kind, dict) else set(fields_of(kind))
        nodes = [node for one in family(kind) for node in ast.walk(tree_of(one))]
        set_in_code = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        silent += [(kind.__qualname__, name) for name in sorted(fields - explained - below)]
        strange += [(kind.__qualname__, name) for name in sorted(explained - fields - {*dir(kind), *set_in_code})]
    assert (silent, strange) == ([], [])


def parameters_of(function):
    """Its parameters, without the object or class that a method is of."""
    names = [name for name in inspect.signature(function).parameters if not name.startswith("_")]
    return [name for place, name in enumerate(names) if place or name not in {"self", "cls"}]


def test_every_parameter_is_explained():
    """Under `Args`, with nothing else; in backticks; or by a function that is named. A single one needs nothing."""
    wrong = []
    for name, function in CALLABLES.items():
        doc, parameters = doc_of(function), parameters_of(function)
        if explained := entries(doc, "Args"):
            wrong += [(name, one) for one in sorted({*explained} ^ {*parameters})]
        # Hypothesis calls the rules of a machine.
        elif len(parameters) > 1 and "see `" not in doc and not any("hypothesis" in key for key in vars(function)):
            wrong += [(name, one) for one in parameters if f"`{one}`" not in doc]
    assert wrong == []


def constructors():
    """Constructors that are written out, each with its docstring and that of its class; attrs makes the others."""
    for kind in CLASSES:
        owner = next((one for one in family(kind) if "__init__" in vars(one)), object)
        made = owner.__init__
        if isinstance(made, FunctionType) and not made.__code__.co_filename.startswith("<attrs"):
            yield made.__qualname__, made, doc_of(made) + doc_of(owner)


def test_every_argument_of_a_class_is_explained():
    """By the docstring of its constructor or of the class; those of attrs are its fields."""
    wrong = []
    for name, made, doc in constructors():
        explained = entries(doc, "Args", "Attributes")
        wrong += [(name, one) for one in parameters_of(made) if one not in explained]
    assert wrong == []


def raised_by(function):
    """The names of the exceptions that it makes and raises itself."""
    for node in ast.walk(tree_of(function)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            yield node.exc.func.id


def test_what_a_function_raises_itself_is_explained():
    """Under `Raises`, of a constructor or of its class."""
    wrong = []
    for name, function, doc in [*((name, one, doc_of(one)) for name, one in CALLABLES.items()), *constructors()]:
        wrong += [(name, one) for one in raised_by(function) if one not in entries(doc, "Raises")]
    assert wrong == []


DOCSTRINGS = (
    {name: (doc_of(thing), thing) for name, thing in {**PUBLIC, **CALLABLES}.items()}
    | {name: (doc, made) for name, made, doc in constructors()}
    | {name: (doc_of(importlib.import_module(name)), importlib.import_module(name)) for name in MODULES}
)


def surroundings(thing):
    """What a name in a docstring may be one of, as objects: the class, its module, the public packages."""
    names = getattr(thing, "__qualname__", "").split(".")
    module = thing if inspect.ismodule(thing) else inspect.getmodule(thing)
    kind = getattr(module, names[0], None)
    return [kind, module, *map(importlib.import_module, MODULES), builtins]


def is_there(reference, thing):
    """Whether a reference in backticks stands for something."""
    first, *rest = reference.split(".")
    if not rest:
        kind = surroundings(thing)[0]
        known = parameters_of(thing) if isinstance(thing, FunctionType) else []
        known += fields_of(kind) + parameters_of(kind.__init__) if inspect.isclass(kind) else []
        if first in known:
            return True
    for start in surroundings(thing):
        if hasattr(start, first):
            found = getattr(start, first)
            break
    else:
        try:
            found = importlib.import_module(first)
        except ImportError:
            return False
    for name in rest:
        if inspect.ismodule(found) and not hasattr(found, name):
            try:
                importlib.import_module(f"{found.__name__}.{name}")
            except ImportError:
                return False
        if inspect.isclass(found) and name in fields_of(found):
            return True
        if not hasattr(found, name):
            return False
        found = getattr(found, name)
    return True


def is_exception(name, thing):
    """Whether a name is that of an exception, where a docstring stands or in a public package."""
    known = [getattr(start, name, None) for start in surroundings(thing)]
    return any(inspect.isclass(one) and issubclass(one, BaseException) for one in known)


def test_what_a_docstring_names_is_there():
    """Each name in backticks stands for something, and what is raised is an exception."""
    wrong = []
    for name, (doc, thing) in DOCSTRINGS.items():
        wrong += [(name, one) for one in REFERENCE.findall(doc) if not is_there(one, thing)]
        wrong += [(name, one) for one in entries(doc, "Raises", "Warns") if not is_exception(one, thing)]
    assert wrong == []
