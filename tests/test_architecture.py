"""The order of the packages, and what every public name tells its reader."""

import ast
import doctest
import importlib
import inspect
import textwrap
from pathlib import Path

import pytest

import skxai
from tools import house

ROOT = Path(skxai.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
IMPORTS = house.all_imports(ROOT)
PUBLIC = [
    "datasets",
    "features",
    "models",
    "explainers",
    "metrics",
    "inspection",
    "display",
    "report",
    "testing.discovery",
    "testing.checks",
]


def test_every_package_has_its_place():
    packages = {house.package_of(path.relative_to(ROOT).as_posix()) for path in MODULES} - {"__init__"}
    assert packages == set(house.ORDER)


def test_imports_go_only_to_the_left():
    found = {(each.importer, each.imported) for each in IMPORTS if each.backwards}
    assert found == house.BACKWARDS  # one that is gone must go from the list, too
    assert all(each.late for each in IMPORTS if each.backwards)


def test_no_files_import_each_other_in_a_circle():
    assert house.circles(IMPORTS) == []


def test_what_is_private_is_used_in_its_own_package_only():
    assert house.private_imports(IMPORTS) == []


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
    # Records and bare networks are seen in the examples of what makes them, studies on the command line.
    if (
        package not in ("comparison", "studies")
        and (inspect.isfunction(value) or hasattr(value, "fit"))
        and not inspect.isabstract(value)
    ):
        assert "Examples\n--------" in text, f"{name} has no example."


@pytest.mark.filterwarnings("ignore:precision='bfloat16' needs a processor")
@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_in_docstrings_run(path, tmp_path, monkeypatch):
    name = ".".join(["skxai", *path.relative_to(ROOT).with_suffix("").parts])
    if name.endswith("__main__"):
        return
    monkeypatch.chdir(tmp_path)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    module = importlib.import_module(name.removesuffix(".__init__"))
    # An example is a user's: what it declares is no part of the module.
    result = doctest.testmod(module, optionflags=options, verbose=False, extraglobs={"__name__": "__main__"})
    assert result.failed == 0
