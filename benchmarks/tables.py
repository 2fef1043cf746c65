"""From the records of a run to tables: a record is a row, its targets stand beside the figures, and the table says what is met.

``python -m benchmarks.tables out/bench/results.json`` prints those of an earlier run.
"""

import json
import math
import sys

RECORDS = "records"  # the key of a benchmark's extra_info

# The tables in their order, and what stands above each.
PEERS = "Beside the peers"
PRECISION = "bfloat16"
SEARCH = "Searches"
SCALING = "Scaling"
MEMORY = "Peak memory"
IMPORTS = "Import time"
CATALOGUE = "Every explainer and metric"
TITLES = {
    PEERS: "The plain forward, skxai and the peer take turns, each in a process of its own. They are compared in each round, "
    "and the median over the rounds is told; beside it, the fastest round of each compared. "
    "One forward is the plain module on a batch of 64 random clips in eval mode and float32, for a clip.",
    PRECISION: 'Forward-only work with `skxai.config_context(precision="bfloat16")` against float32, on trained networks.',
    SEARCH: "",
    SCALING: "Cost of a clip by the number of clips.",
    MEMORY: "Of a fresh process, above the data and the model, in MB. The limit is working_memory + 300 MB.",
    IMPORTS: "Wall time of a fresh Python process, beside what skxai stands on; `pass` is Python alone.",
    CATALOGUE: "With default parameters on Acoumon 32×32, so that a new method is timed with no file touched.",
}


def record(benchmark, table, figures, *, goals=None, note=None):
    """Keep a row of a table with the benchmark.

    Parameters
    ----------
    benchmark : BenchmarkFixture
    table : str
        One of ``TITLES``.
    figures : dict
        From column to value; None is unknown.
    goals : dict from str to (str, float), optional
        For a column, "≤" or "≥" and the target.
    note : str, optional
        Why something is missing.
    """
    row = {"table": table, "figures": figures, "goals": goals or {}, "note": note}
    benchmark.extra_info.setdefault(RECORDS, []).append(row)


def records_of(benchmarks):
    """Return the records of benchmarks as pytest-benchmark's JSON has them."""
    return [row for benchmark in benchmarks for row in benchmark["extra_info"].get(RECORDS, [])]


def is_met(row):
    """Return whether all targets of a row are met; None where it has none, or figures are missing and the rest are met."""
    outcomes = [_meets(row["figures"].get(column), goal) for column, goal in row["goals"].items()]
    if False in outcomes:
        return False
    return None if not outcomes or None in outcomes else True


def markdown(records, skipped=()):
    """Return the tables as Markdown.

    Parameters
    ----------
    records : list of dict
        See ``record``.
    skipped : iterable of str
        What was not run, and why.

    Returns
    -------
    str
    """
    parts = []
    for table, title in TITLES.items():
        rows = [row for row in records if row["table"] == table]
        if rows:
            parts += [f"## {table}", *([title] if title else []), _table(rows), *_notes(rows)]
    if skipped:
        parts += ["## Skipped or failed", "\n".join(f"- {reason}" for reason in skipped)]
    judged = [is_met(row) for row in records]
    verdict = f"{judged.count(True)} of {len(judged) - judged.count(None)} rows with targets meet them."
    return "\n\n".join([verdict, *parts]) + "\n"


def _table(rows):
    columns = list(dict.fromkeys(column for row in rows for column in row["figures"]))
    goals = {column for row in rows for column in row["goals"]}
    header, cells = [], [[] for _ in rows]
    for column in columns:
        header.append(column)
        for line, row in zip(cells, rows):
            line.append(_shown(row["figures"].get(column)))
        if column in goals:
            header.append("wanted")
            for line, row in zip(cells, rows):
                sign, target = row["goals"].get(column, ("", None))
                line.append(f"{sign} {_shown(target)}" if sign else "")
    if goals:
        header.append("met")
        for line, row in zip(cells, rows):
            line.append({True: "yes", False: "**no**", None: "–" if row["goals"] else ""}[is_met(row)])
    return _aligned([header, *cells], numeric=[_is_numeric(column) for column in zip(*cells)])


def _aligned(lines, numeric):
    widths = [max(3, *(len(line[place]) for line in lines)) for place in range(len(lines[0]))]

    def joined(cells):
        padded = (cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(cells, widths, numeric))
        return f"| {' | '.join(padded)} |"

    ruler = ["-" * (width - 1) + (":" if right else "-") for width, right in zip(widths, numeric)]
    return "\n".join([joined(lines[0]), joined(ruler), *map(joined, lines[1:])])


def _notes(rows):
    notes = dict.fromkeys(row["note"] for row in rows if row["note"])
    return ["\n".join(f"- {note}" for note in notes)] if notes else []


def _meets(value, goal):
    sign, target = goal
    if value is None or math.isnan(value):
        return None
    return value <= target if sign == "≤" else value >= target


def _shown(value):
    if value is None:
        return "–"
    if isinstance(value, float):
        if math.isnan(value):
            return "–"
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
        return f"{value:.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_numeric(cells):
    return all(not cell or cell == "–" or cell.lstrip("≤≥ -")[:1].isdigit() for cell in cells) and any(cells)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(markdown(records_of(json.load(file)["benchmarks"])))
