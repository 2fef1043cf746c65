"""The base of all explainers: checks, training, targets and batches, so that a method's file is its mathematics."""

from abc import ABC, abstractmethod
from itertools import chain
from numbers import Integral
from typing import Any, Self, TypeAlias

import joblib
import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from tqdm.auto import tqdm

from ..engine import FeatureRange, blocks, freeze, predictor
from ..utils.random import seed_from
from ..utils.validation import HasMethods, Interval, check_features
from ._fit import check_classifier, fit_once, is_trained_by_fit

MemoryLike: TypeAlias = str | joblib.Memory | None


class Explainer(MetaEstimatorMixin, TransformerMixin, BaseEstimator, ABC):
    """Base class of explainers: a classifier inside, features in, saliency maps of the same shape out.

    A subclass writes one method, ``_explain(network, x, target)``: from a batch of clips and the class to explain in each
    to a batch of maps. Everything else, here, is solved once.

    Parameters
    ----------
    estimator : classifier
        Of ``skxai.models``, or a skorch ``NeuralNetClassifier``; in ``FrozenEstimator`` it is not trained again.
    target : label or None, default=None
        The class to explain. None is the class that is predicted for each clip.
    batch_size : int or None, default=None
        Inputs at once. None chooses within ``sklearn.get_config()["working_memory"]``.
    memory : str, joblib.Memory or None, default=None
        Where trained classifiers are kept, so that the same one is trained once on the same data.
    verbose : int, default=0
        Above 0 shows a progress bar.

    Attributes
    ----------
    estimator_, classes_, feature_range_ : classifier, ndarray of shape (k,), FeatureRange
        The fitted clone; its labels; the lowest and highest feature value seen in ``fit``, and silence.
    feature_shape_ : tuple of int
        Shape of one clip.
    explains_model : bool
        Of the class: whether maps depend on the model. False for the controls, ``RandomMap``, ``EnergyMap`` and ``EdgeMap``:
        what is no better than they are does not explain.
    explains_target : bool
        Of the class: whether maps depend on the class that is explained. False for ``EigenCAM``; controls need not say so.
    requires_module : bool
        Of the class: whether the classifier must hold a torch module. False for methods that ask it for probabilities only,
        such as ``Occlusion``, and for the controls: they take any classifier of scikit-learn.
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "target": "no_validation",  # any label; checked against the classes
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
        "memory": [str, HasMethods(["cache"]), None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    explains_model = True
    explains_target = True
    requires_module = True

    # Whether ``_explain`` finds the predicted class itself, in the pass that it makes anyway.
    _finds_target = False

    # Whether batches may run in parallel threads. Where they would wait for each other, torch's own threads do more.
    _in_parallel = True

    def __init__(
        self, estimator: Any, *, target: Any = None, batch_size: int | None = None, memory: MemoryLike = None, verbose: int = 0
    ) -> None:
        self.estimator = estimator
        self.target = target
        self.batch_size = batch_size
        self.memory = memory
        self.verbose = verbose

    @abstractmethod
    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        """Return the maps of a batch of clips ``x (b, ...)``, of x's shape, for the columns of the classes in ``target (b,)``.

        ``network`` runs the classifier: ``input_gradient``, ``activation_gradients``, ``activations``, ``probabilities``, and
        in parallel, over many variants of the clips, ``run`` and ``sweep``. It is a FrozenNetwork, or with ``requires_module =
        False`` a Predictor, which gives probabilities only. With ``_finds_target`` the target is None for the predicted class.
        """

    @torch.inference_mode(False)  # where gradients would silently be zero
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit a clone of the classifier.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Features of 2 to 4 dimensions.
        y : array-like of shape (n,) or None
            Labels. None only with a classifier that needs no training.

        Returns
        -------
        self
        """
        check_classifier(self.estimator, y, type(self).__name__)
        self._validate_params()
        clips = check_features(self, X, reset=True)
        self.estimator_, self.classes_ = self._fit_classifier(clips, y)
        self.feature_range_ = FeatureRange.of(clips, self.estimator_)
        self.seed_ = seed_from(getattr(self, "random_state", None))
        if self.target is not None:
            self._network(clips).class_indices(clips[:1], self.target)
        self._check_network(clips)
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Return the saliency maps, raw relevance in X's shape, float32, of clips ``(n, ...)`` of the shape seen in ``fit``."""
        return self.explain(X)

    @torch.inference_mode(False)  # where gradients would silently be zero
    def explain(self, X: ArrayLike, target: Any = None) -> np.ndarray:
        """Return the saliency maps of given classes.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Features, each clip of the shape seen in ``fit``.
        target : label, array-like of shape (n,) or None, default=None
            A class label for all clips or one for each. None falls back to the explainer's ``target``.

        Returns
        -------
        ndarray of X's shape, float32
        """
        check_is_fitted(self, "estimator_")
        X = check_features(self, X)
        return self._maps(self._network(X), X, self.target if target is None else target)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the classifier's labels ``(n,)``."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Return the classifier's probabilities ``(n, k)``, float32."""
        check_is_fitted(self, "estimator_")
        X = check_features(self, X)
        return predictor(self.estimator_, X, batch_size=self.batch_size).predict_proba(X)

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Return the mean over the clips of insertion AUC − deletion AUC, in [−1, 1]; greater is more faithful."""
        # Late, as in ClassifierMixin.score: metrics stand to the right of explainers.
        from ..metrics import explanation_scorer

        scores = explanation_scorer("insertion_auc", "neg_deletion_auc")(self, X, y)
        return scores["insertion_auc"] + scores["neg_deletion_auc"]

    @torch.inference_mode(False)  # where gradients would silently be zero
    def explain_module(self, module: torch.nn.Module, X: ArrayLike, target: Any) -> np.ndarray:
        """Return the maps of another module in the place of the fitted one, as a randomisation check needs.

        Parameters
        ----------
        module : torch.nn.Module
            Of the fitted module's architecture.
        X, target : array-like of shape (n, ...), label or array-like of shape (n,)
            As in ``explain``.

        Returns
        -------
        ndarray of X's shape, float32
        """
        check_is_fitted(self, "estimator_")
        X = check_features(self, X)
        return self._maps(self._network(X, module), X, target)

    # -- for subclasses ------------------------------------------------------------------------------------------------

    def _fit_classifier(self, X, y):
        """Return the fitted classifier and its classes; a method with settings to learn learns them here."""
        return fit_once(self.estimator, X, y, self.memory)

    def _network(self, X, module=None):
        """Return what runs the classifier: the engine's copy of its network, or of another module in its place."""
        if self.requires_module or module is not None:
            return freeze(self.estimator_, X, batch_size=self.batch_size, module=module)
        return predictor(self.estimator_, X, batch_size=self.batch_size)

    def _check_network(self, X):
        """Raise or warn, at the end of ``fit``, if the network is none that this method can explain."""
        self._network(X)

    def _random(self):
        """Return a generator that starts anew from the explainer's seed: the same draws for every batch."""
        return np.random.default_rng(self.seed_)

    # -- shared machinery ----------------------------------------------------------------------------------------------

    def _maps(self, network, X, target=None):
        """Run ``_explain`` over batches of clips; ``network`` may be another than the fitted one (randomised, say)."""
        (maps,) = self._several_maps(lambda *batch: [self._explain(*batch)], 1, network, X, target)
        return maps

    def _several_maps(self, explain, n_maps, network, X, target=None):
        """Run ``explain``, which makes ``n_maps`` maps of each clip, over batches of clips; return a list of as many arrays."""
        maps = [np.empty(X.shape, dtype=np.float32) for _ in range(n_maps)]
        columns = None if target is None and self._finds_target else network.class_indices(X, target)

        def one(batch):
            x = network.tensor(X[batch])
            of_batch = None if columns is None else torch.as_tensor(columns[batch], device=network.device)
            with torch.no_grad():
                return [saliency.expand(x.shape) for saliency in explain(network, x, of_batch)]

        size = network.gradient_batch_size if self.requires_module else network.batch_size
        # Where few clips stay one block, the passes that a method makes for them run in parallel instead.
        batches = [(clips,) for clips, _ in (network.cut(len(X), 1, size) if self._in_parallel else blocks(len(X), 1, size))]
        groups = [batches] if self._in_parallel else [[batch] for batch in batches]
        done = chain.from_iterable(network.run(one, group) for group in groups)
        for batch, found in tqdm(
            done, desc=f"{type(self).__name__}: maps", total=len(batches), unit="batch", disable=not self.verbose
        ):
            for kept, saliency in zip(maps, found, strict=True):
                kept[batch] = saliency.cpu().numpy()
        finite = np.all([np.isfinite(kept).reshape(len(X), -1).all(axis=1) for kept in maps], axis=0)
        if not finite.all():
            clip = int(np.flatnonzero(~finite)[0])
            raise ValueError(
                f"{type(self).__name__} got a map that is not finite for clip {clip} of X: the scores of "
                f"{network.owner} or their gradients overflow there."
            )
        return maps

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.target_tags.required = is_trained_by_fit(self.estimator)
        return tags
