"""Text about parameters that mean the same in many classes and functions: written once, here.

``make docstrings`` writes it into the docstrings under ``skxai/``, so that ``help``, editors and the site show it everywhere.
An entry is found by its whole head: one of the same name that means something else has another head, or stands in another
package. tests/test_docstrings.py fails where a file says something else.
"""

import ast
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1] / "skxai"
WIDTH = 128

_BATCH_SIZE = {
    "batch_size : int or None, default=None": 'Inputs at once. None chooses within ``sklearn.get_config()["working_memory"]``.'
}
_BASELINE = {
    'baseline : {"floor", "mean", "blur", "uniform"} or float, default="floor"': (
        'The values b. "floor" is silence: ``silence_``, or the lowest value of ``fit``; see ``skxai.engine.resolve_baseline``.'
    )
}
SHARED = {
    "datasets": {
        'on_error : {"raise", "skip"}, default="raise"': (
            "Whether the first bad file is an error, or all of them are left out and reported together in one warning."
        ),
    },
    "features": {
        "sample_rate : int": "Of the waveforms, in hertz.",
        "times_ : ndarray of shape (1 + samples // hop,)": "The centre of each column in seconds: 0, hop, 2·hop, …",
        "feature_shape_, n_features_in_ : tuple of int, int": "Shape of a clip's features in ``fit``, and its first number.",
    },
    "inspection": {
        "maps : array-like of shape (n, 1, f, t), (n, f, t), or (n, t) for axes without rows": (
            "Maps of clips; their magnitude counts, channels are added."
        ),
        "features : Pipeline, transformer, fitted search or FeatureAxes": (
            "The fitted feature pipeline of the maps, which knows their axes (see `skxai.features.feature_axes`), or the axes."
        ),
    },
    "models": {
        "n_classes : int": "How many scores it returns.",
        "optimizer : type, default=torch.optim.Adam": "A torch optimizer.",
        "criterion : type, default=torch.nn.CrossEntropyLoss": "The loss, on logits.",
        'device : str, default="auto"': '"auto" is CUDA where there is one.',
        "validation_fraction : float or None, default=None": (
            "Share of the training set, in equal parts per class, on which ``history_`` follows the loss."
        ),
        "n_threads : int or None, default=1": (
            "Threads that a CPU trains with, None for torch's number; a network of this size gains nothing by many. Another "
            "number changes the last bits, which training enlarges to 1e-3 of a probability and more."
        ),
        "n_threads : int or None, default=None": (
            "Threads that a CPU trains with, None for torch's number; 1 is slower, but faster where processes compete. Another "
            "number changes the last bits, which training enlarges to 1e-3 of a probability and more."
        ),
        "random_state : int, RandomState instance or None, default=None": (
            "Seed of initial weights, batches and validation split. On a CPU the same seed and ``n_threads`` give the same "
            "weights, to the bit, in all workers of joblib too."
        ),
        "callbacks : list or None, default=None": "Further skorch callbacks.",
        "verbose : int, default=0": "Above 0 shows a progress bar.",
        "silence : float or None, default=None": (
            'The feature value where there is nothing to hear, the "floor" of masking. None is the lowest one seen in ``fit``, '
            "which is right for decibels and min–max scales; for a network on waveforms it is 0."
        ),
        "classes_, history_, net_ : ndarray of shape (k,), skorch.history.History, skorch.NeuralNetClassifier": (
            "The labels; the losses of each epoch; the fitted skorch net."
        ),
        "feature_range_ : FeatureRange": (
            'Lowest and highest feature value seen in ``fit``, and silence, the "floor" of masking.'
        ),
    },
    "explainers": {
        **_BATCH_SIZE,
        **_BASELINE,
        "estimator : classifier": (
            "Of ``skxai.models``, or a skorch ``NeuralNetClassifier``; in ``FrozenEstimator`` it is not trained again."
        ),
        "estimator : classifier with ``predict_proba``": (
            "Of ``skxai.models``, skorch's or scikit-learn's; in ``FrozenEstimator`` it is not trained again."
        ),
        "target : label or None, default=None": "The class to explain. None is the class that is predicted for each clip.",
        "target : ignored": "Parameter not used, present for API consistency.",
        "layer : str, int or None, default=None": (
            "Dotted name of the layer, or index of a convolution. None is the classifier's ``cam_layer_``, or the last one."
        ),
        "memory : str, joblib.Memory or None, default=None": (
            "Where trained classifiers are kept, so that the same one is trained once on the same data."
        ),
        "verbose : int, default=0": "Above 0 shows a progress bar.",
        "estimator_, classes_, feature_range_ : classifier, ndarray of shape (k,), FeatureRange": (
            "The fitted clone; its labels; the lowest and highest feature value seen in ``fit``, and silence."
        ),
    },
    "metrics": {
        **_BATCH_SIZE,
        **_BASELINE,
        "estimator : classifier or explainer": "Fitted, with ``predict_proba``.",
        "estimator : classifier, explainer or None": (
            "Fitted, with ``predict_proba``; only to find out which class was explained."
        ),
        "estimator : explainer": "Fitted: it explains anew.",
        "estimator : ignored": "Parameter not used, present for API consistency.",
        "X : array-like of shape (n, ...) or None": "The clips.",
        "X, maps : array-like of shape (n, ...)": "The clips and their maps.",
        "maps : array-like of shape (n, ...)": "Their maps.",
        "y : ignored": "Parameter not used, present for API consistency.",
        "truth : EventTruth or array-like of shape (n, ...)": (
            "Where the classes sound; an array is the mask of the explained class, in [0, 1]. Required."
        ),
        "target : label, array-like of shape (n,) or None, default=None": (
            "The class c. None is the explainer's ``target``, or else the predicted class."
        ),
        "top : float, default=0.5": "Share of the pixels that is kept, in (0, 1].",
    },
    "display": {
        "estimator : explainer, Pipeline or search, or dict from str to such": (
            "Fitted; see ``skxai.metrics.split_pipeline``. A dict holds one for each method."
        ),
        "name : str or None, default=None": "For the legend, of a single estimator; None is the explainer's class.",
        "y : ignored": "Parameter not used, present for API consistency.",
        "groups : array-like of shape (n,) or None, default=None": (
            "The recording of each clip, for the intervals: those of one are not independent. None takes each clip for itself."
        ),
        "controls : sequence of str, default=()": (
            "Methods that others must beat, such as random maps: they are drawn black, with thin lines or names in italics."
        ),
    },
}


def rewritten(source: str, texts: dict[str, str]) -> str:
    """Return a file's source with the shared text under each head of ``texts`` in its docstrings."""
    lines, kept, done = source.split("\n"), [], 0
    for first, last in _docstrings(source):
        kept += lines[done:first]
        kept += _rewritten(lines[first:last], texts)
        done = last
    return "\n".join(kept + lines[done:])


def _docstrings(source):
    """Return the lines ``(first, one after the last)`` of each docstring, in their order."""
    owners = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    owned = [node for node in ast.walk(ast.parse(source)) if isinstance(node, owners) and ast.get_docstring(node) is not None]
    return sorted((node.body[0].lineno - 1, node.body[0].end_lineno) for node in owned)


def _rewritten(lines, texts):
    found, at = [], 0
    while at < len(lines):
        line = lines[at]
        found.append(line)
        at += 1
        if (text := texts.get(line.strip())) is not None:
            indent = " " * (len(line) - len(line.lstrip()) + 4)
            while at < len(lines) and (lines[at].startswith(indent) or _within(lines[at:], indent)):
                at += 1
            found += textwrap.wrap(
                text, WIDTH - 1, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )
    return found


def _within(lines, indent):
    """Return whether an entry goes on behind this empty line."""
    return len(lines) > 1 and not lines[0].strip() and lines[1].startswith(indent)


def outdated(root: Path = ROOT) -> dict[Path, str]:
    """Return the files whose docstrings say something else, each with the source that it should have."""
    files = [(path, texts) for package, texts in SHARED.items() for path in sorted((root / package).rglob("*.py"))]
    sources = {path: (path.read_text(encoding="utf-8"), texts) for path, texts in files}
    wanted = {path: (source, rewritten(source, texts)) for path, (source, texts) in sources.items()}
    return {path: after for path, (before, after) in wanted.items() if before != after}


def main():
    """Write the shared text into the files."""
    for path, source in outdated().items():
        path.write_text(source, encoding="utf-8")
        print(path.relative_to(ROOT.parent))


if __name__ == "__main__":
    main()
