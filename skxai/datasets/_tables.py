"""Tables of clips and of annotations, from a CSV file or a DataFrame, with the checks that both need."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd


def read_table(table: pd.DataFrame | str | Path, required: Sequence[str], *, name: str) -> pd.DataFrame:
    """Return a copy of a table, or of the CSV file at a path, with its rows numbered from 0.

    Cells of a CSV are text, so that a class "NA" or "1" keeps its name. ``name`` is the argument, for messages.
    """
    if isinstance(table, pd.DataFrame):
        source, rows = name, table.reset_index(drop=True)
    else:
        source = str(Path(table))
        if not Path(source).is_file():
            raise FileNotFoundError(f"{source}: there is no such table ({name}).")
        try:
            rows = pd.read_csv(source, dtype=str, keep_default_na=False)
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise ValueError(f"{source}: not a CSV table ({error}).") from error
    missing = [column for column in required if column not in rows.columns]
    if missing:
        raise ValueError(f"{source}: must have the columns {list(required)}; {missing} missing, got {list(rows.columns)}.")
    if rows.empty:
        raise ValueError(f"{source}: the table has no rows.")
    return rows


def cell_text(value: Any) -> str:
    """Return the text of a cell, stripped; empty where the value is missing."""
    return "" if pd.isna(value) else str(value).strip()
