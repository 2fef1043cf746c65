"""The overview of a comparison for a screen, and for a notebook."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from markupsafe import escape

from .overview import ARROWS, Cell, Column, Overview

GAP = "  "
_STYLE = "text-align:right;white-space:nowrap"


def overview_as_text(overview: Overview, width: int = 120) -> str:
    """Return a line for each metric and a column for each method; what does not fit into ``width`` follows in a further block.

    Means with half of their 95 % interval, an arrow for the metric's direction and the marks; last what the signs mean.
    """
    shown = _shown_columns(overview)
    cells = {method: [_cell_text(column.cells[method]) for column in shown] for method in overview.methods}
    return "\n".join([*_blocks([_label(column) for column in shown], cells, width), "", *_legend(overview)])


def overview_as_html(overview: Overview) -> str:
    """Return a table for a notebook: a row for each method, a column for each metric, with intervals and marks."""
    shown = _shown_columns(overview)
    head = "".join(f'<th style="text-align:right">{escape(_label(column).replace("_", " "))}</th>' for column in shown)
    rows = []
    for method in overview.methods:
        name = f"<em>{escape(method)}</em>" if method in overview.controls else escape(method)
        cells = "".join(f'<td style="{_STYLE}">{_cell_html(column.cells[method])}</td>' for column in shown)
        rows.append(f'<tr><th scope="row" style="text-align:left">{name}</th>{cells}</tr>')
    legend = "<br>".join(str(escape(line)) for line in _legend(overview))
    return (
        f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f'<p style="font-size:smaller">{legend}</p>'
    )


def _shown_columns(overview: Overview) -> list[Column]:
    return [*overview.columns, *([] if overview.ranks is None else [overview.ranks])]


def _label(column: Column) -> str:
    return f"{column.name} {ARROWS[column.greater_is_better]}".rstrip()


def _number(cell: Cell) -> str:
    return "–" if np.isnan(cell.mean) else f"{cell.mean:.3f}"


def _marks(cell: Cell) -> str:
    return "*" * cell.best + "†" * cell.not_better


def _cell_text(cell: Cell) -> str:
    return _number(cell) + (" " * 7 if np.isnan(cell.half) else f" ±{cell.half:.3f}") + f"{_marks(cell):2}"


def _cell_html(cell: Cell) -> str:
    number = f"<strong>{_number(cell)}</strong>" if cell.best else _number(cell)
    return number + ("" if np.isnan(cell.half) else f" <small>±{cell.half:.3f}</small>") + _marks(cell)


def _blocks(labels: Sequence[str], cells: Mapping[str, Sequence[str]], width: int) -> Iterator[str]:
    """Yield lines of at most ``width`` columns: as many methods side by side as fit, all blocks about the same."""
    label_width = max(len(label) for label in labels)
    widths = {method: max(len(method), *(len(cell) for cell in column)) for method, column in cells.items()}
    fitting = max(1, (width - label_width) // (max(widths.values()) + len(GAP)))
    methods = list(cells)
    per_block = int(np.ceil(len(methods) / np.ceil(len(methods) / fitting)))
    for start in range(0, len(methods), per_block):
        block = methods[start : start + per_block]
        if start:
            yield ""
        yield GAP.join([" " * label_width, *(method.rjust(widths[method]) for method in block)])
        for line, label in enumerate(labels):
            yield GAP.join([label.ljust(label_width), *(cells[method][line].rjust(widths[method]) for method in block)])


def _legend(overview: Overview) -> Iterator[str]:
    yield f"mean ± half of its 95 % interval (bootstrap over {overview.sample}); ↑ greater is better, ↓ smaller is better"
    best = f"* best method{', but for the controls ' + ', '.join(overview.controls) if overview.controls else ''}"
    not_better = f"; † not better than {overview.chance} (95 % interval of the difference)"
    yield best + (not_better if overview.marks_chance else "")
    yield (
        "mean rank: over the clips and all faithfulness and ground-truth metrics, 1 is the best; "
        "ms_per_map: without passes that an earlier method had made"
    )
