"""Explainers side by side: the table, the studies that `skxai compare` runs, and their figures."""

from ._compare import compare_explainers
from .clips import Clips, load_clips, split_clips
from .comparison import Comparison
from .explained import Explained, explain_and_score, table_of
from .run import StudyResult, run_study
from .studies import Study, all_studies, get_study

__all__ = [
    "Clips",
    "Comparison",
    "Explained",
    "Study",
    "StudyResult",
    "all_studies",
    "compare_explainers",
    "explain_and_score",
    "get_study",
    "load_clips",
    "run_study",
    "split_clips",
    "table_of",
]
