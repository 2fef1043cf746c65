"""Does the relevance of a segment say how much the prediction loses without it?"""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..utils.random import RandomStateLike
from ..utils.statistics import pearson
from .base import metric
from .perturbation import predict_perturbed, prepare_clips


@metric(greater_is_better=True, bounds=(-1, 1), family="faithfulness")
def faithfulness_estimate(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    target: Any = None,
    baseline: str | float = "floor",
    segments: tuple[int, int] = (4, 8),
    batch_size: int | None = None,
    random_state: RandomStateLike = 0,
) -> np.ndarray:
    r"""Correlation of each segment's relevance with the drop of the probability when it alone goes to the baseline.

    .. math:: \operatorname{corr}_j\Big(\sum_{i \in G_j} a_i,\; p_c(x) - p_c(x_{G_j \to b})\Big)

    The segments G_j are a grid over frequency and time. Greater is better.

    See ``average_drop`` for the parameters that are not listed.

    Parameters
    ----------
    segments : tuple of int, default=(4, 8)
        Rows and columns of the grid; fewer where the clip has fewer. A clip of one axis is a row: for waveforms take more
        columns, such as (1, 25), each a moment of the clip.

    Returns
    -------
    ndarray of shape (n,)
        In [−1, 1]; NaN where relevance or effect is the same for all segments.

    References
    ----------
    .. [1] Alvarez-Melis & Jaakkola, "Towards robust interpretability with self-explaining neural networks", NeurIPS 2018,
       section 5.1: faithfulness, one feature at a time; here one segment.
    .. [2] Nauta et al., "From anecdotal evidence to quantitative evaluation methods: a systematic review on evaluating
       explainable AI", ACM Computing Surveys 55(13s), 2023: single deletion.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import faithfulness_estimate
    >>> X = np.random.default_rng(0).random((50, 4))
    >>> model = LogisticRegression().fit(X, X[:, 0] > 0.5)
    >>> faithfulness_estimate(model, X, X * model.coef_, target=True).mean().round(1)
    np.float64(1.0)
    """
    if len(segments) != 2 or min(segments) < 1:
        raise ValueError(f"segments must be two positive integers, rows and columns; got {segments!r}.")
    explained = prepare_clips(estimator, X, maps, target, batch_size)
    grid = np.broadcast_to(_grid(explained.X.shape[1:], segments), explained.X.shape[1:])
    n_segments = int(grid.max()) + 1

    def without_segment(x, maps, baseline):
        segment = torch.as_tensor(grid.copy(), device=x.device)[None, None]
        x, baseline = torch.broadcast_tensors(x, baseline)

        def make(clips, variants):
            variant = torch.arange(variants.start, variants.stop, device=x.device)
            chosen = segment == variant.view(1, -1, *[1] * (x.dim() - 1))
            return torch.where(chosen, baseline[clips, None], x[clips, None])

        return make

    after, _ = predict_perturbed(explained, n_segments, without_segment, baseline=baseline, random_state=random_state)
    members = np.eye(n_segments)[grid.ravel()]
    return pearson(explained.maps.reshape(len(explained.maps), -1) @ members, explained.before[:, None] - after)


def _grid(clip_shape, segments):
    """Number the segment of each pixel of the last two axes."""
    rows, columns = (1, *clip_shape)[-2:]
    n_rows, n_columns = min(segments[0], rows), min(segments[1], columns)
    row = np.arange(rows) * n_rows // rows
    column = np.arange(columns) * n_columns // columns
    grid = row[:, None] * n_columns + column
    return grid[0] if len(clip_shape) == 1 else grid
