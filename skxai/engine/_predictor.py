"""A fitted classifier as the rest of the package sees it: probabilities of batches of tensors.

``FrozenNetwork`` adds what only a differentiable network has: gradients and the activations of a layer.
"""

import contextlib

import numpy as np
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from ._batches import batch_size_within, blocks, slices
from ._freeze import frozen_copy
from ._layers import convolution_names, layer_name, tensor_of
from ._sharing import shared

# What an input holds on its way through a network, as a multiple of the outputs of its leaf modules: functional
# operations between them are not seen by hooks, and a convolution needs a workspace.
WORKSPACE = 2.0


class Predictor:
    """A fitted classifier behind one interface: batches of tensors in, probabilities out.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        The labels, in the order of the columns.
    batch_size : int
        How many inputs go through at once.
    device : torch.device
        Where tensors are made.
    """

    device = torch.device("cpu")

    def tensor(self, array):
        """Copy an array onto the device: whatever a module does in place never reaches the caller's data."""
        # NumPy makes the copy, since torch takes no reversed arrays.
        return torch.from_numpy(np.array(array, dtype=np.float32, order="C")).to(self.device)

    def probabilities(self, inputs):
        """Return class probabilities ``(b, k)`` of a batch of tensors ``(b, ...)``."""
        raise NotImplementedError  # the two classes below

    def predict_proba(self, X):
        """Return class probabilities ``(n, k)``, float32, of an array ``(n, ...)``."""
        batches = [self.probabilities(self.tensor(X[batch])) for batch in slices(len(X), self.batch_size)]
        return torch.cat(batches).cpu().numpy()

    def sweep(self, n_clips, n_variants, make):
        """Run the network on every variant of every clip.

        Parameters
        ----------
        n_clips, n_variants : int
            The size of the grid.
        make : callable
            ``make(clips, variants)``, two slices → tensor ``(c, v, ...)`` of inputs, made when they are needed: memory
            does not grow with the grid.

        Yields
        ------
        clips, variants : slice
            Where in the grid.
        probabilities : tensor of shape (c, v, k)
        """
        for clips, variants in blocks(n_clips, n_variants, self.batch_size):
            inputs = make(clips, variants)
            yield clips, variants, self.probabilities(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])

    def class_indices(self, X, target=None):
        """Return the column ``(n,)`` of the class to explain in each clip.

        Parameters
        ----------
        X : ndarray of shape (n, ...)
        target : label, array-like of shape (n,) or None
            A class label for all clips, one for each, or None for the predicted class.

        Raises
        ------
        ValueError
            For a label that the classifier does not know, or another number of labels than clips.
        """
        if target is None:
            return self.predicted_indices(X)
        labels = np.asarray(target)
        if labels.ndim > 0 and labels.shape != (len(X),):
            raise ValueError(f"target must be one label or one for each of the {len(X)} clips; got shape {labels.shape}.")
        labels = np.broadcast_to(labels, (len(X),))
        index = {label: column for column, label in enumerate(self.classes_.tolist())}
        unknown = sorted({label for label in labels.tolist() if label not in index}, key=str)
        if unknown:
            raise ValueError(f"target={unknown[0]!r} is not a class of the classifier; they are {list(index)}.")
        return np.array([index[label] for label in labels.tolist()])

    def predicted_indices(self, X):
        """Return the column ``(n,)`` of the predicted class of each clip."""
        return unperturbed_probabilities(self, X).argmax(axis=1)


@shared
def unperturbed_probabilities(predictor, X):
    """Return ``predictor.predict_proba(X)``, once for all metrics that ask for it inside ``shared_passes()``."""
    return predictor.predict_proba(X)


class OpaquePredictor(Predictor):
    """Any fitted scikit-learn classifier: only its probabilities are known."""

    def __init__(self, estimator, batch_size=None):
        self.estimator = estimator
        self.classes_ = np.asarray(estimator.classes_)
        self.batch_size = batch_size or 1024

    def probabilities(self, inputs):
        return torch.from_numpy(np.asarray(self.estimator.predict_proba(inputs.numpy()), dtype=np.float32))


class FrozenNetwork(Predictor):
    """The fast, frozen copy of a classifier's network.

    Parameters
    ----------
    module : torch.nn.Module
        The trained module; it is copied and never touched.
    example : ndarray of shape (1, ...)
        One input, to check the copy and to measure its memory.
    classes : ndarray of shape (k,)
        The labels, in the order of the outputs.
    output : "logits", "probabilities" or callable
        What the module returns, or a function of it that gives logits ``(b, k)``.
    layer : str, int or None, default=None
        The layer that will be asked for, see ``layer_name``. None: no layer.
    batch_size : int or None, default=None
        Inputs at once; None: within the working memory.
    """

    def __init__(self, module, example, *, classes, output="logits", layer=None, batch_size=None):
        self.device = _device_of(module)
        self.classes_ = np.asarray(classes)
        self.output = output
        self.owner = type(module).__name__
        self.layer = layer
        self._forced_batch_size = batch_size
        self._recording = None  # "value" or "graph" while a method asks for the layer's output
        self._recorded = None
        example = self.tensor(example)
        self.module, stripped = frozen_copy(module, example, layer=layer, strip_softmax=output == "probabilities")
        if stripped:
            self.output = "logits"
        self._check_output(example)
        if layer is not None:
            self.module.get_submodule(layer).register_forward_hook(self._record)
        self._forward_bytes, self._graph_bytes = self._measure(example)

    # -- sizes ---------------------------------------------------------------------------------------------------------

    @property
    def batch_size(self):
        """Inputs at once in forward passes."""
        return self._forced_batch_size or batch_size_within(self._forward_bytes, self.device.type)

    @property
    def gradient_batch_size(self):
        """Inputs at once where a graph is kept."""
        return self._forced_batch_size or batch_size_within(self._graph_bytes, self.device.type)

    def _measure(self, example):
        """Return the bytes that one input holds in a forward pass, and with its graph."""
        sizes = [example.nbytes]
        leaves = [module for module in self.module.modules() if not any(True for _ in module.children())]

        def note(module, inputs, output):
            if isinstance(output := tensor_of(output), torch.Tensor):
                sizes.append(output.nbytes)

        handles = [leaf.register_forward_hook(note) for leaf in leaves]
        try:
            with torch.inference_mode():
                self.module(example.clone())
        finally:
            for handle in handles:
                handle.remove()
        return WORKSPACE * 2 * max(sizes), WORKSPACE * sum(sizes)

    # -- passes --------------------------------------------------------------------------------------------------------

    def logits(self, inputs):
        """Return the scores S ``(b, k)`` before the softmax.

        Where the module ends in a softmax that cannot be removed, log p stands in: it differs from S by a constant of
        the clip.
        """
        if inputs.dim() == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        raw = self.module(inputs)
        if callable(self.output):
            return self.output(raw)
        raw = tensor_of(raw)
        return raw.clamp_min(torch.finfo(raw.dtype).tiny).log() if self.output == "probabilities" else raw

    @torch.inference_mode()
    def probabilities(self, inputs):
        # A module may work in place on what it is given; variants are made for this call, so nothing of value is lost.
        return torch.softmax(self.logits(inputs), dim=1)

    def input_gradient(self, inputs, target):
        """Return ∂S_c/∂x of the shape of ``inputs``, for the class ``target`` ``(b,)`` of each input."""
        with torch.enable_grad():
            leaf = inputs.detach().requires_grad_()
            scores = self._score(leaf.clone(), target)  # the clone may be worked on in place, a leaf may not
        return _gradient(scores, leaf)

    def activations(self, inputs):
        """Return the layer's output A ``(b, channels, ...)`` without a graph, and the class probabilities ``(b, k)``."""
        with torch.inference_mode(), self._record_as("value"):
            probabilities = torch.softmax(self.logits(inputs.clone()), dim=1)
            return self._take_record(), probabilities

    def activation_gradients(self, inputs, target):
        """Return the layer's output A ``(b, channels, ...)`` and ∂S_c/∂A of the same shape.

        Parameters and input need no gradient, so that no graph is built below the layer.
        """
        with torch.enable_grad(), self._record_as("graph"):
            scores = self._score(inputs.clone(), target)
            leaf = self._take_record()
        return leaf.detach(), _gradient(scores, leaf)

    def _score(self, inputs, target):
        target = torch.as_tensor(target, device=self.device)
        return self.logits(inputs).gather(1, target[:, None]).sum()

    @contextlib.contextmanager
    def _record_as(self, kind):
        self._recording = kind
        try:
            yield
        finally:
            self._recording = self._recorded = None

    def _record(self, module, inputs, output):
        """Keep the layer's output; what runs after it gets a copy, on which it may work in place."""
        if self._recording is None:
            return None
        self._recorded = tensor = tensor_of(output)
        if not isinstance(tensor, torch.Tensor):
            return None
        if self._recording == "graph":
            self._recorded = tensor.detach().requires_grad_()
        copy = self._recorded.clone()
        return copy if tensor is output else (copy, *output[1:])

    def _take_record(self):
        record = self._recorded
        if not isinstance(record, torch.Tensor) or record.dim() < 3:
            got = "nothing: it was not run" if record is None else f"shape {tuple(getattr(record, 'shape', ()))}"
            raise ValueError(
                f"layer={self.layer!r} of {self.owner} must return a tensor (n, channels, …) with a spatial axis; got {got}."
            )
        return record

    # -- layers --------------------------------------------------------------------------------------------------------

    def convolution_shapes(self, x):
        """Return {name: (channels, ...)} of the outputs of all convolutions for one input, in the order they run."""
        shapes = {}
        names = convolution_names(self.module)
        handles = [
            self.module.get_submodule(name).register_forward_hook(
                lambda module, inputs, output, name=name: shapes.__setitem__(name, tuple(output.shape[1:]))
            )
            for name in names
        ]
        try:
            with torch.inference_mode():
                self.logits(self.tensor(x))
        finally:
            for handle in handles:
                handle.remove()
        return shapes

    def _check_output(self, example):
        with torch.inference_mode():
            raw = self.module(example.clone())
            scores = self.output(raw) if callable(self.output) else tensor_of(raw)
        if not isinstance(scores, torch.Tensor) or scores.shape != (1, len(self.classes_)):
            got = f"shape {tuple(scores.shape)}" if isinstance(scores, torch.Tensor) else f"a {type(scores).__name__}"
            raise ValueError(
                f"{self.owner} must return scores of shape (n, {len(self.classes_)}), one for each class; got {got} for one "
                "clip. Give output=, a function from what the module returns to logits."
            )


def _gradient(scores, leaf):
    """Return ∂scores/∂leaf; zero where the scores do not depend on the leaf."""
    if not scores.requires_grad:
        return torch.zeros_like(leaf)
    (gradient,) = torch.autograd.grad(scores, leaf, allow_unused=True)
    return torch.zeros_like(leaf) if gradient is None else gradient


def _device_of(module):
    return next((parameter.device for parameter in module.parameters()), torch.device("cpu"))


# -- from an estimator to a predictor ----------------------------------------------------------------------------------


@shared
def freeze(estimator, X, *, layer=None, last_convolution=False, batch_size=None, module=None):
    """Make the fast copy of a fitted classifier's network.

    Parameters
    ----------
    estimator : classifier
        A classifier of this package, a skorch ``NeuralNetClassifier``, or either in ``FrozenEstimator``.
    X : ndarray of shape (n, ...)
        What will be explained; its first clip serves as the example.
    layer : str, int or None, default=None
        The layer to record: a name, or an index into the convolutions.
    last_convolution : bool, default=False
        Whether None means the last convolution, rather than no layer.
    batch_size : int or None, default=None
        Inputs at once; None: within the working memory.
    module : torch.nn.Module or None, default=None
        Another module in the place of the classifier's, such as a randomised copy.

    Returns
    -------
    FrozenNetwork

    Raises
    ------
    TypeError
        If the estimator holds no torch module.
    ValueError
        If there is no such layer, or if the module does not return one score for each class.
    """
    estimator = unwrap(estimator)
    module = getattr(estimator, "module_", None) if module is None else module
    if not isinstance(module, torch.nn.Module):
        check_is_fitted(estimator)
        raise TypeError(
            f"estimator must be a classifier with a torch module (a classifier of skxai, or skorch's NeuralNetClassifier); "
            f"got {type(estimator).__name__}."
        )
    return freeze_module(
        module,
        X[:1],
        classes=estimator.classes_,
        output=_output_of(estimator),
        layer=layer_name(module, layer) if layer is not None or last_convolution else None,
        batch_size=batch_size,
    )


def freeze_module(module, example, **options):
    """Make the fast copy of a module; see ``FrozenNetwork``."""
    return FrozenNetwork(module, example, **options)


@shared
def predictor(estimator, X, *, batch_size=None):
    """Return a ``Predictor`` of any fitted classifier, or of the classifier inside an explainer.

    Parameters
    ----------
    estimator : classifier or explainer
        With ``predict_proba`` and ``classes_``.
    X : ndarray of shape (n, ...)
        What will be predicted; its first clip serves as the example.
    batch_size : int or None, default=None
        Inputs at once; None: within the working memory.

    Returns
    -------
    Predictor

    Raises
    ------
    TypeError
        If the estimator has no ``predict_proba``.
    """
    classifier = unwrap(estimator)
    if isinstance(getattr(classifier, "module_", None), torch.nn.Module):
        return freeze(classifier, X, batch_size=batch_size)
    if not hasattr(classifier, "predict_proba"):
        raise TypeError(f"estimator must be a fitted classifier with predict_proba; got {type(classifier).__name__}.")
    check_is_fitted(classifier)
    return OpaquePredictor(classifier, batch_size)


def unwrap(estimator):
    """Return the classifier inside explainers and ``FrozenEstimator``."""
    while True:
        if isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif hasattr(estimator, "explain"):
            check_is_fitted(estimator, "estimator_")
            estimator = estimator.estimator_
        else:
            return estimator


def _output_of(estimator):
    """Read what a classifier's module returns: ours say it, for skorch it follows from the criterion."""
    if hasattr(estimator, "output_"):
        return estimator.output_
    criterion = getattr(estimator, "criterion_", None)
    if isinstance(criterion, torch.nn.CrossEntropyLoss):
        return "logits"
    if isinstance(criterion, torch.nn.NLLLoss):  # skorch takes the log itself: the module returns probabilities
        return "probabilities"
    raise ValueError(
        f"criterion of {type(estimator).__name__} must be CrossEntropyLoss (the module returns logits) or NLLLoss (it "
        f"returns probabilities); got {type(criterion).__name__}. Wrap the module in PretrainedClassifier(module, "
        "output=…) instead."
    )
