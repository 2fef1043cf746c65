"""One small change to a source file: where tests that see it fail, they hold the code to its definition."""

import ast
import difflib
from dataclasses import dataclass

SWAPS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in", ast.NotIn: "in",
    ast.Is: "is not", ast.IsNot: "is", ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "/", ast.Mod: "*",
    ast.Pow: "*", ast.BitAnd: "|", ast.BitOr: "&", ast.And: "or", ast.Or: "and",
}  # fmt: skip
OTHER_NAMES = {
    "min": "max", "minimum": "maximum", "argmin": "argmax", "ceil": "floor", "mean": "sum", "any": "all", "nanmean": "nansum",
    "nanmin": "nanmax", "cumsum": "cumprod", "zeros": "ones", "zeros_like": "ones_like", "relu": "abs", "amin": "amax",
}  # fmt: skip
OTHER_NAMES |= {other: name for name, other in OTHER_NAMES.items() if other != "abs"}
COMMUTATIVE = ("hypot", "minimum", "maximum", "min", "max", "array_equal", "allclose", "add", "multiply", "logical_and")
NO_EFFECT = ("frozen", "maxsize", "stacklevel")  # keywords that change no result
SILENT = ("logger", "log", "logging", "warnings")  # what they are called with is text


@dataclass(frozen=True)
class Mutation:
    """One change of one span of a file.

    Attributes
    ----------
    file : str
        Path under ``skxai/``.
    start, end : int
        The span, in bytes of the UTF-8 text.
    new : str
        What stands there instead.
    place : str
        The function or class at the top of the file that it is in; "" where it is in none.
    function : str
        The innermost function that it is in; "" where it is in none.
    """

    file: str
    start: int
    end: int
    new: str
    place: str
    function: str

    def apply(self, text):
        """Return the text of the file with the change."""
        data = text.encode()
        return (data[: self.start] + self.new.encode() + data[self.end :]).decode()

    def lines(self, text):
        """Return the lines that go and those that come, as ``-…`` and ``+…``."""
        changed = difflib.unified_diff(text.splitlines(), self.apply(text).splitlines(), n=0, lineterm="")
        return [line for line in changed if line[0] in "+-" and line[:3] not in ("+++", "---")]

    def line(self, text):
        """Return the number of its first line."""
        return text.encode()[: self.start].count(b"\n") + 1


def mutations_of(file, text):
    """Return the mutations of a file: none of docstrings, texts, hints and what is logged or raised."""
    return _Collector(file, text).mutations


class _Collector(ast.NodeVisitor):
    def __init__(self, file, text):
        self.file, self.data, self.mutations, self.place, self.function = file, text.encode(), [], "", ""
        self.starts = [0]
        for line in self.data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        for node in ast.parse(text).body:
            self.place = getattr(node, "name", "")
            self.visit(node)

    def span(self, node):
        return (
            self.starts[node.lineno - 1] + node.col_offset,
            self.starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def source(self, node):
        start, end = self.span(node)
        return self.data[start:end].decode()

    def replace(self, node, new):
        self.add(*self.span(node), new)

    def add(self, start, end, new):
        self.mutations.append(Mutation(self.file, start, end, new, self.place, self.function))

    def operator(self, left, right, new):
        """Put another operator between two expressions; what is between them is an operator, blanks and brackets."""
        start, end = self.span(left)[1], self.span(right)[0]
        between = self.data[start:end].decode()
        if "#" in between:
            return
        core = between.strip(" \n\t()")
        at = between.index(core)
        self.add(start + len(between[:at].encode()), start + len((between[:at] + core).encode()), new)

    # What is never changed.
    def visit_JoinedStr(self, node):
        pass

    def visit_Import(self, node):
        pass

    visit_ImportFrom = visit_Import

    def visit_Raise(self, node):
        self.replace(node, "pass")

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self.visit(node.value)

    def visit_arg(self, node):
        pass

    def visit_Assign(self, node):
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if "__all__" in names:
            return
        if not names and not any(isinstance(target, ast.Tuple) for target in node.targets):  # x.y = …, x[i] = …
            self.replace(node, "pass")
        outer, self.function = self.function, self.function or " ".join(names)  # an attribute of a class is asked for by name
        self.visit(node.value)
        self.function = outer
        for target in node.targets:
            self.visit(target)

    def visit_FunctionDef(self, node):
        if node.name in ("__repr__", "_repr_html_", "__getstate__", "__setstate__"):
            return
        outer, self.function = self.function, node.name
        for part in (*node.decorator_list, node.args, *node.body):
            self.visit(part)
        self.function = outer

    def visit_AugAssign(self, node):
        self.replace(node, "pass")
        self.operator(node.target, node.value, SWAPS.get(type(node.op), "-") + "=")
        self.visit(node.value)

    def visit_Expr(self, node):
        if isinstance(node.value, ast.Constant):  # a docstring
            return
        if isinstance(node.value, ast.Yield | ast.YieldFrom):
            self.visit(node.value)
            return
        if self._logs(node.value):
            return
        self.replace(node, "pass")
        self.visit(node.value)

    def _logs(self, node):
        owner = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        return isinstance(owner, ast.Name) and owner.id in ("logger", "log", "logging")

    def visit_Return(self, node):
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self.replace(node, "return None")
            self.visit(node.value)

    def visit_Compare(self, node):
        for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators):
            self.operator(left, right, SWAPS[type(operator)])
        self.generic_visit(node)

    def visit_BinOp(self, node):
        texts = isinstance(node.left, ast.Constant | ast.JoinedStr) and isinstance(getattr(node.left, "value", ""), str)
        if type(node.op) in SWAPS and not texts:
            self.operator(node.left, node.right, SWAPS[type(node.op)])
        self.generic_visit(node)

    def visit_BoolOp(self, node):
        for left, right in zip(node.values, node.values[1:]):
            self.operator(left, right, SWAPS[type(node.op)])
        self.generic_visit(node)

    def visit_UnaryOp(self, node):
        self.replace(node, f"({self.source(node.operand)})")
        self.visit(node.operand)

    def visit_If(self, node):
        self.replace(node.test, f"(not ({self.source(node.test)}))")
        self.generic_visit(node)

    visit_IfExp = visit_If

    def visit_Constant(self, node):
        value = node.value
        if isinstance(value, bool):
            self.replace(node, repr(not value))
        elif isinstance(value, int | float):
            self.replace(node, repr(value + 1 if isinstance(value, int) else 2 * value or 1.0))
            if isinstance(value, int) and value > 0:
                self.replace(node, repr(value - 1))

    def visit_Slice(self, node):
        for bound in (node.lower, node.upper):
            if bound is not None and not isinstance(bound, ast.Constant):
                self.replace(bound, f"({self.source(bound)}) + 1")
        self.generic_visit(node)

    def visit_Call(self, node):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in OTHER_NAMES:
            _, end = self.span(node.func)
            self.add(end - len(name.encode()), end, OTHER_NAMES[name])
        owner = getattr(node.func, "value", None)
        if isinstance(owner, ast.Name) and owner.id in SILENT:
            return
        if len(node.args) >= 2 and name not in COMMUTATIVE and not any(isinstance(each, ast.Starred) for each in node.args[:2]):
            first, second = node.args[:2]
            if self.source(first) != self.source(second):
                between = self.data[self.span(first)[1] : self.span(second)[0]].decode()
                self.add(self.span(first)[0], self.span(second)[1], self.source(second) + between + self.source(first))
        self.generic_visit(node)

    def visit_keyword(self, node):
        if node.arg not in NO_EFFECT:
            self.visit(node.value)
