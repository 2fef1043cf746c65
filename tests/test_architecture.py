"""The order of the packages, and what every public name tells its reader."""

import ast
import doctest
import importlib
import inspect
import textwrap
from pathlib import Path

import pytest

import skxai

ROOT = Path(skxai.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
# The direction of the data. A package imports from those before it; engine, where the networks are run, stands beside it.
ORDER = ["utils", "datasets", "features", "engine", "models", "explainers", "metrics", "discovery", "inspection", "display",
         "report", "cli"]  # fmt: skip
ABOVE = {"utils/discovery", "utils/checks"}  # they look at the packages up to metrics
# An explainer is scored by a metric, as ClassifierMixin.score calls one.
LATE_IMPORTS = {("explainers/_base.py", "metrics")}
PUBLIC = [
    "datasets",
    "features",
    "models",
    "explainers",
    "metrics",
    "inspection",
    "display",
    "report",
    "utils.discovery",
    "utils.checks",
]


def place(module):
    """Return the package that a module counts to, given by its path under skxai or by its dotted name."""
    parts = module.removesuffix(".py").split("/")
    if "/".join(parts[:2]) in ABOVE:
        return "discovery"
    return {"__main__": "cli"}.get(parts[0], parts[0])


def imports(path):
    """Yield (module of skxai as a path, whether the import is inside a function) of each import in a file."""
    package = ["skxai", *path.relative_to(ROOT).parent.parts]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {
        node
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module.split(".") if node.module else [])]
            names = [[*base, alias.name] for alias in node.names]
        else:
            continue
        for name in names:
            if name[0] == "skxai" and len(name) > 1:
                yield "/".join(name[1:3]), node in late


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_only_to_the_left(path):
    name = path.relative_to(ROOT).as_posix()
    here = place(name)
    for imported, late in imports(path):
        there = place(imported + ".py")
        if there not in ORDER or here not in ORDER or here == there:
            continue  # a name of skxai itself, such as its version; or the same package
        if late and (name, there) in LATE_IMPORTS:
            continue
        assert ORDER.index(there) < ORDER.index(here), f"{name} imports {imported}, which stands to its right."


def public_names():
    modules = {package: importlib.import_module(f"skxai.{package}") for package in PUBLIC}
    return [(package, name) for package, module in modules.items() for name in getattr(module, "__all__", [])]


@pytest.mark.parametrize(("package", "name"), public_names())
def test_public_name_is_documented(package, name):
    value = getattr(importlib.import_module(f"skxai.{package}"), name)
    if not value.__module__.startswith("skxai"):
        return
    text = inspect.getdoc(value)
    assert text, f"{name} has no docstring."
    takes = [parameter for parameter in inspect.signature(value).parameters if parameter not in ("self", "args", "kwargs")]
    told = all(f"\n{parameter} : " in text or f"{parameter}," in text or f", {parameter}" in text or f"**{parameter}" in text
               or f"*{parameter}" in text for parameter in takes)  # fmt: skip
    assert told or "for the parameters" in text, f"a parameter of {name} is not documented: {takes}."
    if inspect.isfunction(value):
        tree = ast.parse(textwrap.dedent(inspect.getsource(value)))
        returns = any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(tree.body[0]))
        assert not returns or "Returns\n-------" in text, f"what {name} returns is not documented."
    # Records and bare networks are seen in the examples of what makes them, reports in the README.
    if package != "report" and (inspect.isfunction(value) or hasattr(value, "fit")) and not inspect.isabstract(value):
        assert "Examples\n--------" in text, f"{name} has no example."


@pytest.mark.filterwarnings("ignore:precision='bfloat16' needs a processor")
@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_in_docstrings_run(path, tmp_path, monkeypatch):
    name = ".".join(["skxai", *path.relative_to(ROOT).with_suffix("").parts])
    if name.endswith("__main__"):
        return
    monkeypatch.chdir(tmp_path)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(importlib.import_module(name.removesuffix(".__init__")), optionflags=options, verbose=False)
    assert result.failed == 0
