"""Explainers side by side: one table, how sure its means are, and the page that shows what stands behind them."""

from .compare import compare_explainers
from .explained import Explained, explain_and_score, table_of
from .table import Comparison

__all__ = ["Comparison", "Explained", "compare_explainers", "explain_and_score", "table_of"]
