"""What numpydoc docstrings say about parameters, beside what the signatures say."""

import ast
import inspect
import re

_SECTION = re.compile(r"^(?:Other )?(Parameters|Attributes)\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)", re.MULTILINE | re.DOTALL)
_ENTRY = re.compile(r"^(\*{0,2}\w+(?:, *\*{0,2}\w+)*)(?: *:(.*))?$", re.MULTILINE)
_DEFAULT = re.compile(r"\bdefault=(.*)$")


def documented_parameters(value, sections=("Parameters",)):
    """Return the parameters that a docstring documents, as ``{name: what stands after the colon}``."""
    found = {}
    for heading, section in _SECTION.findall(inspect.getdoc(value) or ""):
        for names, text in _ENTRY.findall(section) if heading in sections else ():
            found |= {name.strip().lstrip("*"): text.strip() for name in names.split(",")}
    return found


def undocumented(value):
    """Return the parameters of a function or class that its docstring leaves out, unless it says where they are.

    A record (dataclass, named tuple) may document them as its attributes.
    """
    if re.search(r"See `+\w+`+ for the parameters", inspect.getdoc(value) or ""):
        return []
    told = documented_parameters(value, ("Parameters", "Attributes") if inspect.isclass(value) else ("Parameters",))
    return [name for name in inspect.signature(value).parameters if name not in told and name not in ("self", "cls")]


def unknown(value):
    """Return the parameters that a docstring documents and the signature does not have."""
    takes = inspect.signature(value).parameters
    return [name for name in documented_parameters(value) if name not in takes]


def wrong_defaults(value):
    """Return a line for each default of which the docstring says something else than the signature, or nothing.

    None may stay unsaid: it means that the parameter is left out. So may all where no type is told ("As in ``plot``").
    """
    takes, wrong = inspect.signature(value).parameters, []
    for name, text in documented_parameters(value).items():
        if name not in takes or takes[name].kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
        default, said = takes[name].default, _DEFAULT.search(text)
        if said and default is inspect.Parameter.empty:
            wrong.append(f"{name} has no default, but the docstring names one")
        elif said and not _same(said[1], default):
            wrong.append(f"{name} is {default!r} by default, and {said[1]} in the docstring")
        elif text and not said and default not in (None, inspect.Parameter.empty):
            wrong.append(f"{name} is {default!r} by default, and the docstring does not say so")
    return wrong


def missing_hints(value):
    """Return the parameters without a hint, and "return" where a function has none for its result."""
    signature = inspect.signature(value)
    takes = {name: each for name, each in signature.parameters.items() if name not in ("self", "cls")}
    missing = [name for name, each in takes.items() if each.annotation is each.empty]
    named_init = getattr(value, "__name__", "") == "__init__"
    return missing + (["return"] if signature.return_annotation is signature.empty and not named_init else [])


def public_callables(value, package="skxai"):
    """Yield ``(name, callable)`` of a function, or of a class's constructor, methods and properties that the package wrote."""
    if not inspect.isclass(value):
        yield value.__name__, value
        return
    for name in dir(value):
        owner = next((each for each in value.__mro__ if name in vars(each)), None)
        if (name.startswith("_") and name != "__init__") or owner is None or not owner.__module__.startswith(package):
            continue
        found = vars(owner)[name]
        for wrapped in ("fget", "func", "__func__"):  # property, cached_property, classmethod and staticmethod
            found = getattr(found, wrapped, found)
        if inspect.isfunction(found) and found.__module__.startswith(package):
            yield f"{value.__name__}.{name}", found


def _same(text, default):
    """Whether the text of a default, such as ``0.5`` or ``torch.optim.Adam``, means the default."""
    text = text.strip().rstrip(".")
    try:
        said = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text.split(".")[-1] == getattr(default, "__name__", None)
    return type(said) is type(default) and said == default
