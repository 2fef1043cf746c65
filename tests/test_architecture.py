"""The order of the packages, and what every public name tells its reader."""

import ast
import doctest
import importlib
import inspect
import textwrap
from pathlib import Path

import pytest

import skxai
from tools import docstrings, house

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
    "comparison",
    "studies",
    "testing.discovery",
    "testing.checks",
]
# How many statements of a file catch any exception. Each has its reason in a comment.
BROAD = {
    "cli.py": 1,
    "comparison/page/__init__.py": 1,
    "engine/_tracing.py": 1,
    "explainers/captum_explainer.py": 1,
    "testing/checks/__init__.py": 1,
    "testing/checks/_assertions.py": 1,
}


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


def test_what_catches_any_exception_gives_a_reason_and_gets_no_more():
    found = {path.relative_to(ROOT).as_posix(): house.broad_excepts(path) for path in MODULES}
    assert [(file, line) for file, lines in found.items() for line, reason in lines.items() if not reason] == []
    assert [file for file, lines in found.items() if len(lines) > BROAD.get(file, 0)] == []


BROAD_CODE = """
try:
    pass
except (ValueError, Exception):
    pass
except:  # a reason
    pass
except ValueError:
    pass
# a reason
with contextlib.suppress(BaseException), suppress(KeyError):
    pass
"""


def test_what_catches_any_exception_is_found(tmp_path):
    (tmp_path / "module.py").write_text(BROAD_CODE)
    assert house.broad_excepts(tmp_path / "module.py") == {4: False, 6: True, 11: True}


def public_names(packages=PUBLIC):
    modules = {package: importlib.import_module(f"skxai.{package}") for package in packages}
    named = [(package, name, getattr(module, name)) for package, module in modules.items() for name in module.__all__]
    return [(package, name) for package, name, value in named if (getattr(value, "__module__", None) or "").startswith("skxai")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path):
    long = {name: length for name, length in house.lines_of_code(path).items() if length > 60}
    if (length := len(path.read_text(encoding="utf-8").splitlines())) > 300:
        long["the file"] = length
    assert not long


@pytest.mark.parametrize(("package", "name"), public_names())
def test_public_name_is_documented(package, name):
    value = getattr(importlib.import_module(f"skxai.{package}"), name)
    text = inspect.getdoc(value)
    assert text, f"{name} has no docstring."
    if not inspect.isabstract(value):  # a base tells what its subclasses take
        assert docstrings.unknown(value) == []
    assert docstrings.undocumented(value) == []
    assert docstrings.wrong_defaults(value) == []
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


@pytest.mark.parametrize(("package", "name"), public_names())
def test_methods_document_what_they_take(package, name):
    value = getattr(importlib.import_module(f"skxai.{package}"), name)
    for place, method in docstrings.public_callables(value):
        if place != name and docstrings.documented_parameters(method):  # one of a line or two may do without
            found = [docstrings.undocumented(method), docstrings.unknown(method), docstrings.wrong_defaults(method)]
            assert found == [[], [], []], place


@pytest.mark.parametrize(("package", "name"), public_names([*PUBLIC, "engine"]))
def test_public_functions_and_methods_have_type_hints(package, name):
    value = getattr(importlib.import_module(f"skxai.{package}"), name)
    missing = {place: docstrings.missing_hints(function) for place, function in docstrings.public_callables(value)}
    assert {place: names for place, names in missing.items() if names} == {}


def wrong(x, scale=1, *, axis=0):
    """Do what it does not say.

    Parameters
    ----------
    x : int, default=3
        A number.
    scale : float, default=2
        Another.
    other : str
        Gone.
    """


def test_what_a_docstring_gets_wrong_is_found():
    assert docstrings.undocumented(wrong) == ["axis"]
    assert docstrings.unknown(wrong) == ["other"]
    assert [line.split()[0] for line in docstrings.wrong_defaults(wrong)] == ["x", "scale"]
    assert docstrings.missing_hints(wrong) == ["x", "scale", "axis", "return"]


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
