"""The packages of skxai and who imports whom: `make house` prints it, tests/test_architecture.py holds the rules.

Data flow from left to right, and imports go only to the left. ``engine``, the one place where networks are run, stands beside
the packages from models on; ``testing`` looks at the packages up to metrics.
"""

import ast
import io
import tokenize
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1] / "skxai"
ORDER = [
    "utils",
    "datasets",
    "features",
    "engine",
    "models",
    "explainers",
    "metrics",
    "testing",
    "inspection",
    "display",
    "comparison",
    "studies",
    "cli",
]
# The one arrow that runs backwards: an explainer is scored by a metric, as ClassifierMixin.score calls one.
BACKWARDS = {("explainers/_base.py", "metrics/__init__.py")}


_NOT_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


@dataclass(frozen=True)
class Import:
    """One name that a file imports from a file of skxai.

    Attributes
    ----------
    importer, imported : str
        Files, as paths under ``skxai/``; of a package its ``__init__.py``.
    name : str
        What is imported.
    late : bool
        Whether the import stands inside a function.
    """

    importer: str
    imported: str
    name: str
    late: bool

    @property
    def backwards(self):
        """Whether it goes from a package to one on its right."""
        here, there = package_of(self.importer), package_of(self.imported)
        return here in ORDER and there in ORDER and ORDER.index(there) > ORDER.index(here)


def package_of(file):
    """Return the package of a file, such as "metrics"; of a file beside the packages its own name."""
    first = file.split("/")[0].removesuffix(".py")
    return {"__main__": "cli"}.get(first, first)


def all_imports(root=ROOT):
    """Return every import of a file of skxai by a file of skxai."""
    return [found for path in sorted(root.rglob("*.py")) for found in _imports_of(path, root)]


def _imports_of(path, root):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    late = {node for function in functions for node in ast.walk(function)}
    package = ["skxai", *path.relative_to(root).parent.parts]
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
            if name[0] == "skxai" and (file := _file_of(name[1:], root)) is not None:
                yield Import(path.relative_to(root).as_posix(), file, name[-1], node in late)


def _file_of(parts, root):
    """Return the file that ``skxai.parts`` is in: its last part may be a name inside it."""
    for length in range(len(parts), 0, -1):
        place = root.joinpath(*parts[:length])
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                return path.relative_to(root).as_posix()
    return None


def circles(imports):
    """Return the groups of files that import each other in a circle, late imports included, but for arrows backwards."""
    arrows = {}
    for found in imports:
        # A package's __init__ gathers its files, so that every file of the package is in a circle with it by design.
        if not found.backwards and found.importer != found.imported:
            arrows.setdefault(found.importer, set()).add(found.imported)
    reached = {file: _reached(file, arrows) for file in arrows}
    groups = {frozenset(other for other in reached[file] if file in reached.get(other, ())) for file in arrows}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _reached(start, arrows):
    found, waiting = set(), [start]
    while waiting:
        for file in arrows.get(waiting.pop(), ()):
            if file not in found:
                found.add(file)
                waiting.append(file)
    return found


def private_imports(imports):
    """Return the imports of another package's private module, or of a private name from one."""
    return [
        found
        for found in imports
        if package_of(found.importer) != package_of(found.imported)
        and any(part.startswith("_") and not part.startswith("__") for part in (*found.imported.split("/"), found.name))
    ]


def lines_of_code(path):
    """Return ``{"name:line": lines of code}`` of the functions of a file: no docstring, blank line or comment is counted."""
    text = path.read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = {line for token in tokens if token.type not in _NOT_CODE for line in range(token.start[0], token.end[0] + 1)}
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {}
    for node in functions:
        first = node.body[0]
        documented = ast.get_docstring(node) is not None
        docstring = set(range(first.lineno, first.end_lineno + 1)) if documented else set()
        lengths[f"{node.name}:{node.lineno}"] = len(code.intersection(range(node.lineno, node.end_lineno + 1)) - docstring)
    return lengths


def broad_excepts(path):
    """Return ``{line: whether a comment beside or above gives a reason}`` of what catches any exception."""
    text = path.read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = {token.start[0] for token in tokens if token.type == tokenize.COMMENT}
    lines = [node.lineno for node in ast.walk(ast.parse(text)) if _catches_all(node)]
    return {line: not comments.isdisjoint({line - 1, line}) for line in sorted(lines)}


def _catches_all(node):
    if isinstance(node, ast.ExceptHandler):
        caught = [node.type] if node.type else [ast.Name("BaseException")]
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", None)) == "suppress":
        caught = node.args
    else:
        return False
    return any(getattr(each, "id", None) in ("Exception", "BaseException") for part in caught for each in ast.walk(part))


def main():
    """Print each package with its size and the packages that it imports."""
    imports = all_imports()
    print("package      lines  imports")
    for package in ORDER:
        files = [*(ROOT / package).rglob("*.py"), *ROOT.glob(f"{package}.py")]
        lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)
        arrows = {package_of(found.imported) for found in imports if package_of(found.importer) == package}
        print(f"{package:<11} {lines:>6}  {', '.join(name for name in ORDER if name in arrows - {package})}")
    for found in sorted({(found.importer, found.imported) for found in imports if found.backwards}):
        print(f"backwards: {' → '.join(found)}")


if __name__ == "__main__":
    main()
