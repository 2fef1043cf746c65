"""Does a map depend on which clips had which label in training?"""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array
from skorch import NeuralNetClassifier
from torch import nn

from ..engine import Scores, output_of, shared, unwrap
from ..utils.random import RandomStateLike, seed_from, torch_seed
from ..utils.validation import columns_of
from ._other_module import correlate_with_module, prepare_for_another_module, reinitialise, seed_of, weighted_layers

# Of the training where a classifier has no settings of its own; those of TorchClassifier.
SETTINGS = {"optimizer": torch.optim.Adam, "lr": 1e-3, "max_epochs": 20, "batch_size": 32}


def label_randomisation(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    X_train: ArrayLike | None = None,
    y_train: ArrayLike | None = None,
    target: Any = None,
    max_epochs: int | None = None,
    random_state: RandomStateLike = 0,
) -> np.ndarray:
    r"""Rank correlation of the maps with those of the same architecture trained on permuted labels (data randomisation test).

    .. math:: \rho\big(|M(x)|, |M^{\pi}(x)|\big)

    with M^π the map, for the same class c, of a new network of that architecture, trained on the same clips with their labels
    permuted, so that it knows nothing of the classes: a map that stays the same shows what any network makes of the clip.
    Smaller is better. No metric of ``get_scorer``: it trains a network, and values depend on the clips of the training, too.

    See ``model_parameter_randomisation_curve`` for the parameters that are not listed.

    Parameters
    ----------
    y : array-like of shape (n,) or None, default=None
        Their labels; needed without ``X_train``.
    X_train, y_train : array-like of shape (m, ...) and (m,), or None, default=None
        What the network is trained on: best what the explained one was trained on. None is X and y.
    max_epochs : int or None, default=None
        See ``train_on_permuted_labels``.
    random_state : int, RandomState instance or None, default=0
        Seed of the permutation, the new weights and the training.

    Returns
    -------
    ndarray of shape (n,)
        In [−1, 1]; NaN where one of the two maps is constant.

    Raises
    ------
    TypeError
        If ``estimator`` is not an explainer of a classifier with a torch module.
    ValueError
        For no labels, labels that the classifier does not know, or fewer than two classes.

    See Also
    --------
    train_on_permuted_labels : The other network, which explainers share inside ``skxai.engine.shared_passes()``.

    References
    ----------
    .. [1] Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import VanillaSaliency
    >>> from skxai.metrics import label_randomisation
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> explainer = VanillaSaliency(AcoumonClassifier(max_epochs=1, random_state=0)).fit(X, y)
    >>> label_randomisation(explainer, X, explainer.transform(X), y).shape
    (20,)
    """
    explained = prepare_for_another_module(estimator, X, maps, target, "label_randomisation")
    if (X_train is None) != (y_train is None):
        raise ValueError("X_train and y_train must be given together for label_randomisation; got only one of them.")
    if X_train is None:
        X_train, y_train = X, y
    if y_train is None:
        raise ValueError("y, or X_train and y_train, must be given for label_randomisation; got None.")
    module = train_on_permuted_labels(unwrap(estimator), X_train, y_train, max_epochs=max_epochs, random_state=random_state)
    return correlate_with_module(estimator, module, explained)


@shared
@torch.inference_mode(False)  # where nothing can be trained
@torch.enable_grad()
def train_on_permuted_labels(
    estimator: Any, X: ArrayLike, y: ArrayLike | None, *, max_epochs: int | None = None, random_state: RandomStateLike = 0
) -> nn.Module:
    """Train a network of the same architecture, from new weights, on the clips with their labels permuted.

    Optimizer, learning rate, epochs and batch size are the classifier's own, or else those of ``skxai.models.TorchClassifier``:
    a module in ``PretrainedClassifier`` is trained, too. Neither the estimator nor its module is touched. Adebayo et al. train
    until most of the permuted labels are known by heart, which takes more epochs than to learn true ones.

    See ``label_randomisation`` for the parameters; the estimator may also be a classifier, and y has at least two classes.

    Parameters
    ----------
    max_epochs : int or None, default=None
        Passes over the clips. None is the classifier's own number, or else 20.

    Returns
    -------
    torch.nn.Module
        In eval mode.

    Raises
    ------
    ValueError
        For labels that the classifier does not know, fewer than two classes, or a training that diverges.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.metrics import train_on_permuted_labels
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> classifier = AcoumonClassifier(max_epochs=1, random_state=0).fit(X, y)
    >>> module = train_on_permuted_labels(classifier, X, y)
    >>> type(module) is type(classifier.module_), module is classifier.module_
    (True, False)
    """
    classifier, seed = unwrap(estimator), seed_from(random_state)
    clips = check_array(X, dtype=np.float32, allow_nd=True, force_writeable=True, input_name="X")  # torch takes no other
    columns = _columns(classifier, clips, y)
    module = copy.deepcopy(classifier.module_).train().requires_grad_(True)
    for number, name in enumerate(weighted_layers(module)):
        reinitialise(module.get_submodule(name), seed_of(seed, number))
    known = classifier.get_params(deep=False)
    own = {name: value for name, value in known.items() if name in SETTINGS or name.startswith("optimizer__")}
    settings = {**SETTINGS, **own, **({} if max_epochs is None else {"max_epochs": max_epochs})}
    with torch_seed(seed):
        NeuralNetClassifier(
            Scores(module, output_of(classifier)),
            criterion=nn.CrossEntropyLoss,
            classes=np.arange(len(classifier.classes_)),
            iterator_train__shuffle=True,
            # Batch norm cannot be trained on a last batch of one clip; shuffling drops another one in each epoch.
            iterator_train__drop_last=len(clips) % settings["batch_size"] == 1,
            train_split=None,
            callbacks__print_log=None,
            device=str(next(module.parameters()).device),
            verbose=0,
            **settings,
        ).fit(clips, np.random.default_rng(seed).permutation(columns))
    if not all(torch.isfinite(value).all() for value in module.state_dict().values()):
        raise ValueError(
            f"The training of {type(module).__name__} on permuted labels diverged: its weights are not finite. Scale X, or "
            f"train a classifier with a lower lr than {settings['lr']!r}."
        )
    return module.eval()


def _columns(classifier, clips, y):
    """Return the column ``(m,)`` of each label."""
    labels = np.asarray(y)
    if labels.shape != (len(clips),):
        raise ValueError(f"y must hold one label for each of the {len(clips)} clips; got shape {labels.shape}.")
    refusal = "y must hold only labels that the classifier knows, {classes}; got {label!r}."
    columns = columns_of(labels, classifier.classes_, refusal)
    if len(set(labels.tolist())) < 2:
        raise ValueError(f"y must hold at least 2 classes to be permuted; got only {labels.tolist()[0]!r}.")
    return columns
