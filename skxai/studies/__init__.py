"""What `skxai compare` runs: studies, their clips, their results and their figures."""

from .clips import Clips, load_clips, split_clips
from .presets import all_studies, get_study
from .run import StudyResult, run_study
from .study import Study

__all__ = ["Clips", "Study", "StudyResult", "all_studies", "get_study", "load_clips", "run_study", "split_clips"]
