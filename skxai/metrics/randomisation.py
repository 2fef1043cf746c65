"""Does a map depend on what the network has learned?"""

import copy
import warnings

import numpy as np

from ..engine import unwrap
from ..utils.random import seed_from, torch_seed
from ._base import metric
from ._correlation import spearman
from ._perturb import subject

ORDERS = ("cascading", "independent")


@metric(greater_is_better=False, bounds=(-1, 1), requires_explainer=True, measures_truth=False)
def parameter_randomisation(estimator, X, maps, y=None, *, target=None, order="cascading", n_stages=None, random_state=0):
    r"""Mean rank correlation of the maps with those of the same network after its layers were re-initialised.

    .. math:: \frac{1}{L} \sum_{l=1}^{L} \rho\big(|M(x)|, |M^{(l)}(x)|\big)

    with M^(l) the map of the network whose top l layers (cascading), or whose l-th layer alone (independent), have new random
    weights. The map of the trained network itself is not among them. A map that stays the same explains the architecture or
    the clip, not the model: smaller is better.

    Parameters
    ----------
    estimator : explainer
        Fitted; the maps of the randomised networks are its own.
    X : array-like of shape (n, ...)
        The clips.
    maps : array-like of shape (n, ...)
        Their maps.
    y : ignored
        For the sake of one signature.
    target : label, array-like of shape (n,) or None, default=None
        The class c. None is the explainer's ``target``, or else the class that the trained network predicts.
    order : {"cascading", "independent"}, default="cascading"
        From the top down, keeping what was randomised before, or one layer at a time.
    n_stages : int or None, default=None
        How many of the stages, evenly spaced from the top down, are measured. None is all of them. A stage is a layer with
        weights together with the normalisation after it.
    random_state : int, RandomState instance or None, default=0
        Seed of the new weights; each layer has a seed of its own.

    Returns
    -------
    ndarray of shape (n,)
        In [−1, 1]; NaN where the map, or all maps of the randomised networks, are constant.

    Raises
    ------
    TypeError
        If ``estimator`` is not an explainer.

    References
    ----------
    .. [1] Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import VanillaSaliency
    >>> from skxai.metrics import parameter_randomisation
    >>> from skxai.models import AcoumonClassifier
    >>> X = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32)
    >>> y = np.repeat(["cough", "wheeze"], 10)
    >>> explainer = VanillaSaliency(AcoumonClassifier(max_epochs=1, random_state=0)).fit(X, y)
    >>> bool(parameter_randomisation(explainer, X, explainer.transform(X)).mean() < 0.5)
    True
    """
    if not hasattr(estimator, "explain_module"):
        raise TypeError(f"estimator must be an explainer for parameter_randomisation; got {type(estimator).__name__}.")
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}; got {order!r}.")
    if n_stages is not None and n_stages < 1:
        raise ValueError(f"n_stages must be at least 1, or None for all; got {n_stages!r}.")
    it = subject(estimator, X, maps, target)
    before = np.abs(it.maps).reshape(len(it.maps), -1)
    correlations = []
    for module in randomised_modules(unwrap(estimator).module_, order, n_stages, seed_from(random_state)):
        after = estimator.explain_module(module, it.X, it.predictor.classes_[it.target])
        correlations.append(spearman(before, np.abs(after).reshape(len(after), -1)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice")  # constant at every stage: NaN is the answer
        return np.nanmean(correlations, axis=0)


def randomised_modules(module, order="cascading", n_stages=None, seed=0):
    """Yield copies of a module with re-initialised layers, from the top down.

    Parameters
    ----------
    module : torch.nn.Module
        It is not touched.
    order : {"cascading", "independent"}
        Whether what was randomised before stays so.
    n_stages : int or None
        How many stages, evenly spaced; None is all.
    seed : int
        Of the first layer; each has its own, and torch's global generator is left as it was.
    """
    stages = _stages(module)
    if not stages:
        raise ValueError(f"{type(module).__name__} has no layer with reset_parameters: there is nothing to randomise.")
    wanted = set(range(len(stages)))
    if n_stages is not None and n_stages < len(stages):
        wanted = set(np.linspace(0, len(stages) - 1, n_stages).round().astype(int).tolist())
    randomised = copy.deepcopy(module)
    for number, names in enumerate(stages):
        if order == "independent":
            randomised = copy.deepcopy(module)
        for offset, name in enumerate(names):
            with torch_seed(seed + 1000 * number + offset):
                randomised.get_submodule(name).reset_parameters()
        if number in wanted:
            yield copy.deepcopy(randomised)


def _stages(module):
    """Group the layers that can be re-initialised, the topmost first: one with weights, and the normalisation after it."""
    stages = []
    for name, layer in module.named_modules():
        if not hasattr(layer, "reset_parameters") or not any(True for _ in layer.parameters(recurse=False)):
            continue
        if stages and "Norm" in type(layer).__name__:
            stages[-1].append(name)
        else:
            stages.append([name])
    return stages[::-1]
