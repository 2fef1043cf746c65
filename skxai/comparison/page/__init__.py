"""A comparison as one page that needs no network: the table, the curves, and examples to look at and to listen to."""

import base64
import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ...display.style import PALETTE
from ..evidence import Evidence
from ..overview import Overview
from .curves import curves_context
from .examples import examples_context, sound_ids, sounds_of
from .images import png, ramp_tables
from .sounds import PLAYABLE, encode_within
from .table import table_context

DEFAULT_TITLE = "Explainers compared"
KEYS = {"unsigned": ("Less relevant", "more relevant"), "signed": ("Against the class", "for it")}
LUMINANCE = (0.2126, 0.7152, 0.0722)  # of red, green and blue
LEAST_LUMINANCE = 0.25  # on a dark page; its contrast is 5 : 1
SPARE = 20_000  # bytes for what the page tells of its own size


def write_page(
    path: str | PathLike, overview: Overview, evidence: Evidence | None, *, overwrite: bool = False, **options: Any
) -> Path:
    """Write the page of a comparison; for parameters and errors see ``Comparison.to_html``."""
    path = Path(path)
    if path.is_dir():
        raise FileExistsError(f"path of to_html must be a file; {str(path)!r} is a folder.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"path of to_html must be a new file; {str(path)!r} exists. overwrite=True replaces it.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path of to_html must be in a folder; {str(path.parent)!r} is not a folder.")
    return _write_whole(path, render_page(overview, evidence, **options))


def render_page(
    overview: Overview, evidence: Evidence | None = None, *, title: str | None = None, max_megabytes: float = 15.0
) -> str:
    """Return the page as text; for the parameters see ``Comparison.to_html``."""
    if not max_megabytes > 0:
        raise ValueError(f"max_megabytes of to_html must be greater than 0; got {max_megabytes!r}.")
    evidence = evidence or Evidence(np.array([], dtype=int), None, {}, {}, {}, {}, None, {})
    most = int(1e6 * max_megabytes)
    context = _context(overview, evidence, title)
    examples, template = context["examples"], _environment().get_template("page.html.j2")
    page = template.render(context)
    if len(page.encode()) + SPARE > most:
        context["examples"], context["left_out"] = _drop_examples(examples, len(page.encode()) + SPARE - most)
        page = template.render(context)
        if len(page.encode()) > most:
            raise ValueError(
                f"max_megabytes of to_html must hold the page: without examples it takes {len(page.encode()) / 1e6:.1f} MB; "
                f"got {max_megabytes:g}."
            )
    # A sound takes its button, too.
    ids = [sound_id for example in context["examples"] for sound_id in sound_ids(example)]
    with_buttons = template.render(context | {"sounds": dict.fromkeys(ids, "")})
    context |= _sounds_context(evidence, context["examples"], most - len(with_buttons.encode()) - SPARE)
    return template.render(context)


def _context(overview: Overview, evidence: Evidence, title: str | None) -> dict[str, Any]:
    explaining = [method for method in overview.methods if method not in overview.controls]
    methods = {method: number for number, method in enumerate([*explaining, *overview.controls])}  # their colours, too
    examples = examples_context(evidence, overview.clips)
    signed = {panel["signed"] for example in examples for panel in example["panels"]}
    return {
        "title": title or DEFAULT_TITLE,
        "table": table_context(overview),
        "overview": overview,
        "curves": curves_context(evidence.curves),
        "sentences": evidence.sentences,
        "accuracy": evidence.accuracy,
        "facts": evidence.facts,
        "examples": sorted(examples, key=lambda example: (example["label_or_predicted"], example["id"])),
        "classes": {example["label_or_predicted"] for example in examples},
        "methods": methods,
        "explaining": explaining,
        "palette": [(colour, _on_dark(colour)) for colour in PALETTE],
        "ramps": {
            (theme, kind): ramp_tables(signed=kind == "signed", dark=theme == "dark")
            for theme in ("light", "dark")
            for kind in KEYS
        },
        "keys": {kind: words for kind, words in KEYS.items() if (kind == "signed") in signed},
        "key_picture": png(np.linspace(0, 1, 64)[None]),
        "left_out": 0,
        "sounds": {},
        "sounds_in_words": None,
        "without_sounds": 0,
        "unplayable": None,
    }


def _drop_examples(examples: list[dict[str, Any]], n_bytes: int) -> tuple[list[dict[str, Any]], int]:
    """Return the examples without the last ones, which take at least so many bytes together, and how many these are."""
    n_kept = len(examples)
    for example in sorted(examples, key=lambda example: -example["id"]):
        if n_bytes <= 0:
            break
        n_kept -= 1
        # The methods share a picture, which the page holds once.
        n_bytes -= sum(map(len, {panel[name] for panel in example["panels"] for name in ("overlay", "picture")}))
    return [example for example in examples if example["id"] < n_kept], len(examples) - n_kept


def _sounds_context(evidence: Evidence, examples: Sequence[dict[str, Any]], n_bytes: int) -> dict[str, Any]:
    """Return the context of the sounds that fit into so many bytes."""
    order = sorted(example["id"] for example in examples)
    rate = next((rate for i in order for _, rate in [sounds_of(evidence, i)] if rate), None)
    if rate is None:
        return {}
    if not PLAYABLE[0] <= rate <= PLAYABLE[1]:
        return {"unplayable": rate}
    encoded, words = encode_within(lambda: (sounds_of(evidence, i)[0] for i in order), len(order), rate, n_bytes)
    sounds = {name: uri for of_clip in encoded for name, uri in of_clip.items()}
    return {"sounds": sounds, "sounds_in_words": words, "without_sounds": len(order) - len(encoded)}


def _environment() -> Environment:
    loader = PackageLoader("skxai.comparison.page", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["breakable"] = _breakable
    environment.filters["sha256"] = lambda text: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    environment.policies["json.dumps_kwargs"] = {}  # keys in the order of the methods
    # The style and the script are no templates: their braces are their own.
    environment.globals["asset"] = lambda name: Markup(loader.get_source(environment, name)[0])
    return environment


def _breakable(name: str) -> Markup:
    """Let a name that is written in one word break before its capitals."""
    return Markup(re.sub("(?<=[a-z0-9])(?=[A-Z])", "<wbr>", str(escape(name))))


def _on_dark(colour: str) -> str:
    """Return a colour of the palette for a dark page: lighter, so that a line of it can be told from the page."""
    channels = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)])
    for white in np.arange(0.35, 1, 0.05):
        mixed = channels + white * (255 - channels)
        if (mixed / 255) ** 2.2 @ LUMINANCE >= LEAST_LUMINANCE:
            break
    return "#" + "".join(f"{round(value):02X}" for value in mixed)


def _write_whole(path: Path, text: str) -> Path:
    """Write a text file so that it is there as a whole or not at all."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    try:
        file = open(partial, "x", encoding="utf-8")  # noqa: SIM115
    except PermissionError as error:
        message = f"path of to_html must be in a folder that can be written; {str(path.parent)!r} is not."
        raise PermissionError(message) from error
    try:
        with file:
            file.write(text)
        os.replace(partial, path)
    except BaseException:  # also Ctrl-C: no half-written page stays behind
        partial.unlink()
        raise
    return path
