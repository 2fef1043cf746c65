"""Explainers side by side: one table, how sure its means are, and the page that shows what stands behind them."""

from .compare import compare_explainers, compare_results
from .method_result import MethodResult, explain_and_score
from .table import Comparison

__all__ = ["Comparison", "MethodResult", "compare_explainers", "compare_results", "explain_and_score"]
