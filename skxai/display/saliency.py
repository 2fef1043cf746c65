"""Saliency maps over the spectrograms that they explain."""

import math
from numbers import Integral

import numpy as np

from ..features import feature_axes
from ..metrics import split_pipeline
from ._axes import has_seconds, label_axes, place_rows, place_times
from ._style import PALETTE, as_given, columns_of, grey_map, new_axes, relevance_map

__all__ = ["SaliencyDisplay"]


class SaliencyDisplay:
    """Saliency maps as a transparent overlay on spectrograms.

    Each map is brought to relative relevance: (m − min) / (max − min) within the clip, as the metrics do; a map with
    negative values is divided by its greatest magnitude instead and drawn in two hues. What is least relevant is
    transparent. Spectrograms share one scale of grey. Features ``(n, p)`` are drawn as a line on a strip of relevance.

    Parameters
    ----------
    maps : array-like of the shape of ``features``, or dict from str to such arrays
        Raw maps; a dict holds one array for each method.
    features : array-like of shape (n, 1, f, t), (n, f, t) or (n, p)
        What is explained.
    axes : FeatureAxes or None, default=None
        Seconds and hertz; see ``skxai.features.feature_axes``. None counts rows and columns.
    titles : sequence of n str, or None, default=None
        One for each clip.
    events : sequence of n sequences of events, or None, default=None
        What sounds in each clip: objects with ``onset`` and ``offset`` in seconds, ``low`` and ``high`` in hertz, and
        ``label``, such as ``AudioEvent``. Their boxes are drawn, which takes ``axes``; on cepstra from onset to offset.

    Attributes
    ----------
    ax_ : Axes or ndarray of Axes
        One a panel, in the order in which they are drawn.
    figure_ : Figure
        The figure that contains them.

    Raises
    ------
    ValueError
        For maps, axes, titles or events that do not fit to the features.

    See Also
    --------
    PerturbationCurveDisplay : Whether the maps are faithful.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from skxai.display import SaliencyDisplay
    >>> from skxai.features import MelSpectrogram, feature_axes
    >>> mel = MelSpectrogram(16000).fit(np.zeros((1, 16000)))
    >>> features = mel.transform(np.sin(np.arange(16000))[np.newaxis])
    >>> display = SaliencyDisplay.from_maps(features**2, features, axes=feature_axes(mel), titles=["tone"])
    >>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
    ('Time (s)', 'Frequency (Hz)')
    """

    def __init__(self, maps, features, *, axes=None, titles=None, events=None):
        self.maps = maps
        self.features = features
        self.axes = axes
        self.titles = titles
        self.events = events

    @classmethod
    def from_estimator(cls, estimator, X, y=None, *, clips=None, target=None, axes=None, events=None, ax=None, **plot_params):
        """Explain clips and draw the maps; titles tell the predicted label, and the true one where ``y`` is given.

        Parameters
        ----------
        estimator : explainer, Pipeline or search
            Fitted; see ``skxai.metrics.split_pipeline``.
        X : array-like of shape (n, ...)
            What the estimator takes.
        y : array-like of shape (n,) or None, default=None
            True labels.
        clips : int, sequence of int or None, default=None
            Which clips of ``X``, ``y`` and ``events`` are shown; None is all.
        target : label, array-like with one for each shown clip, or None, default=None
            The class to explain. None is the explainer's ``target``, or else the predicted class.
        axes : FeatureAxes or None, default=None
            None takes those of the pipeline, where it has some.
        events : sequence of n sequences of events, or None, default=None
            What sounds in each clip.
        ax : Axes, array-like of Axes or None, default=None
            See ``plot``.
        **plot_params
            Further parameters of ``plot``.

        Returns
        -------
        SaliencyDisplay
        """
        X, y, events = _chosen(clips, X=X, y=None if y is None else np.asarray(y), events=events)
        explainer, features = split_pipeline(estimator, X)
        predicted = explainer.predict(features)
        titles = [f"predicted: {label}" for label in predicted]
        if y is not None:
            titles = [f"true: {true}, {title}" for true, title in zip(y, titles)]
        if target is not None:
            explained = np.broadcast_to(np.asarray(target), len(titles))
            titles = [f"{title}\nexplained: {label}" for title, label in zip(titles, explained)]
        maps = explainer.explain(features, target)
        display = cls(maps, features, axes=axes or feature_axes(estimator), titles=titles, events=events)
        return display.plot(ax, **plot_params)

    @classmethod
    def from_maps(cls, maps, features, *, axes=None, titles=None, events=None, ax=None, **plot_params):
        """Draw maps that are there already.

        Parameters
        ----------
        maps, features, axes, titles, events
            As in the class.
        ax : Axes, array-like of Axes or None, default=None
            See ``plot``.
        **plot_params
            Further parameters of ``plot``.

        Returns
        -------
        SaliencyDisplay
        """
        return cls(maps, features, axes=axes, titles=titles, events=events).plot(ax, **plot_params)

    def plot(self, ax=None, *, n_columns=4, colorbar=True):
        """Draw.

        Maps of one method give one panel a clip. Maps of several methods give, for one clip, the plain spectrogram and
        then a panel a method; for several clips a row of such panels each.

        Parameters
        ----------
        ax : Axes, array-like of Axes or None, default=None
            One for each panel; None makes a new figure.
        n_columns : int, default=4
            At most so many panels side by side in a new figure; clips × methods takes what it needs.
        colorbar : bool, default=True
            Whether there are bars beside the panels for relevance and features.

        Returns
        -------
        SaliencyDisplay
            Itself, with ``ax_`` and ``figure_``.
        """
        if not isinstance(n_columns, Integral) or n_columns < 1:
            raise ValueError(f"n_columns of SaliencyDisplay must be an integer of at least 1; got {n_columns!r}.")
        features, maps = self._checked()
        panels = _panels(maps, len(features), self.titles)
        is_table = len(features) > 1 and len(panels) > len(features)
        n_columns = len(maps) + 1 if is_table else columns_of(len(panels), n_columns)
        n_rows = math.ceil(len(panels) / n_columns)
        is_line = features.ndim == 2
        panel = (5.6, 3.4) if len(panels) == 1 else (2.9, 2.4)
        all_axes = new_axes(ax, (n_rows, n_columns), panel=panel, n_panels=len(panels), owner="SaliencyDisplay")
        relevances = {name: relative_relevance(each) for name, each in maps.items()}
        signed = any(relevance.min() < 0 for relevance in relevances.values())
        overlays, greys = [], []
        for i, (each, (clip, name, title)) in enumerate(zip(all_axes, panels)):
            relevance = None if name is None else relevances[name][clip]
            draw = self._draw_line if is_line else self._draw_picture
            name_events = name is None or not isinstance(self.maps, dict)
            overlay, grey = draw(each, features, clip, relevance, signed)
            self._draw_events(each, clip, features.shape[1:], with_labels=name_events)
            overlays += [overlay] * (overlay is not None)
            greys += [grey] * (grey is not None)
            each.set_title(title, fontsize="medium" if len(panels) == 1 else "small")
            if ax is None and i % n_columns:
                each.set_ylabel("")
            if ax is None and i + n_columns < len(panels):
                each.set_xlabel("")
            elif ax is None:
                each.tick_params(labelbottom=True)  # also where an incomplete last row leaves nothing below
        self.ax_, self.figure_ = as_given(all_axes), all_axes[0].figure
        if colorbar:
            self._draw_bars(all_axes, overlays[0], greys[0] if greys else None, n_rows)
        return self

    def _draw_picture(self, ax, features, clip, relevance, signed):
        shape = features.shape[1:]
        at = {"origin": "lower", "aspect": "auto", "interpolation": "nearest"}
        at["extent"] = (*place_times(self.axes, shape[1]), -0.5, shape[0] - 0.5)
        low, high = _limits(features)
        grey = ax.imshow(features[clip], cmap=grey_map(), vmin=low, vmax=high, **at)
        overlay = None
        if relevance is not None:
            overlay = ax.imshow(relevance, cmap=relevance_map(signed=signed), vmin=-1 if signed else 0, vmax=1, **at)
            _tell_constant(ax, relevance)
        label_axes(ax, self.axes, shape)
        return overlay, grey

    def _draw_line(self, ax, features, clip, relevance, signed):
        n_columns = features.shape[1]
        left, right = place_times(self.axes, n_columns)
        low, high = _limits(features)
        margin = 0.05 * (high - low)
        overlay = None
        if relevance is not None:
            overlay = ax.imshow(
                relevance[np.newaxis],
                cmap=relevance_map(signed=signed),
                vmin=-1 if signed else 0,
                vmax=1,
                aspect="auto",
                interpolation="nearest",
                extent=(left, right, low - margin, high + margin),
            )
            _tell_constant(ax, relevance)
        centres = left + (np.arange(n_columns) + 0.5) * (right - left) / n_columns
        ax.plot(centres, features[clip], color="black", linewidth=0.9)
        ax.set(xlim=(left, right), ylim=(low - margin, high + margin), ylabel="Feature value")
        ax.set_xlabel("Time (s)" if has_seconds(self.axes) else "Feature")
        return overlay, None

    def _draw_events(self, ax, clip, shape, *, with_labels):
        for event in () if self.events is None else self.events[clip]:
            bottom, top = ax.get_ylim()
            if len(shape) == 2 and self.axes.frequencies is not None:
                bottom, top = place_rows(self.axes.frequencies, [event.low, event.high], beyond=None)
            left, right = np.clip([event.onset, event.offset], *ax.get_xlim())
            if right > left and top > bottom:  # some of it is on the axes
                _draw_box(ax, event.label if with_labels else "", left, right, bottom, top)

    def _draw_bars(self, all_axes, overlay, grey, n_rows):
        where = all_axes if len(all_axes) > 1 else all_axes[0]
        style = {"shrink": 1.0 if n_rows < 3 else 0.6, "aspect": 20 * min(n_rows, 2), "pad": 0.02}
        bars = [self.figure_.colorbar(overlay, ax=where, label="Relative relevance", **style)]
        if grey is not None:
            bars.append(self.figure_.colorbar(grey, ax=where, label="Feature value", **style))
        for bar in bars:
            bar.solids.set_rasterized(True)  # in PDF and SVG hundreds of transparent cells would show their seams

    def _checked(self):
        """Return features ``(n, f, t)`` or ``(n, p)`` and a dict of maps of the same shape."""
        features = np.asarray(self.features)
        given = features.shape
        if not (features.ndim in (2, 3) or (features.ndim == 4 and given[1] == 1)) or not features.size:
            raise ValueError(
                f"features of SaliencyDisplay must have the shape (n, 1, f, t), (n, f, t) or (n, p); got shape {given}."
            )
        maps = self.maps if isinstance(self.maps, dict) else {"": self.maps}
        if not maps:
            raise ValueError("maps of SaliencyDisplay must hold at least one method; got an empty dict.")
        shape = (given[0], *given[2:]) if features.ndim == 4 else given
        checked = {}
        for name, each in maps.items():
            owner = f"maps[{name!r}]" if isinstance(self.maps, dict) else "maps"
            if np.shape(each) != given:
                raise ValueError(
                    f"{owner} of SaliencyDisplay must have the shape of features, {given}; got shape {np.shape(each)}."
                )
            if not np.isfinite(each).all():
                raise ValueError(f"{owner} of SaliencyDisplay must be finite; got NaN or infinite values.")
            checked[name] = np.asarray(each).reshape(shape)
        self._check_axes(shape)
        for name, values in (("titles", self.titles), ("events", self.events)):
            if values is not None and len(values) != shape[0]:
                raise ValueError(f"{name} of SaliencyDisplay must be one for each of {shape[0]} clips; got {len(values)}.")
        if self.events is not None and not has_seconds(self.axes):
            raise ValueError(f"events of SaliencyDisplay need axes in seconds; got axes={self.axes!r}.")
        return features.reshape(shape), checked

    def _check_axes(self, shape):
        if self.axes is None:
            return
        n_rows, n_columns = self.axes.shape
        fits = n_columns == shape[-1] and (n_rows is None or len(shape) == 2 or n_rows == shape[1])
        if not fits:
            raise ValueError(
                f"axes of SaliencyDisplay must have the features' rows and columns, {shape[1:]}; got {self.axes.shape}."
            )


def relative_relevance(maps):
    """Scale each map to [0, 1] by its extremes, or, where it has negative values, to [−1, 1] by its magnitude.

    Parameters
    ----------
    maps : ndarray of shape (n, ...)
        Raw maps. If any has negative values, all are taken for signed.

    Returns
    -------
    ndarray of shape (n, ...)
        0 throughout for a constant map.
    """
    flat = maps.reshape(len(maps), -1).astype(np.float64)
    low = flat.min(axis=1, keepdims=True)
    span = flat.max(axis=1, keepdims=True) - low
    if low.min() < 0:
        scaled, size = flat, np.abs(flat).max(axis=1, keepdims=True)
    else:
        scaled, size = flat - low, span
    return np.divide(scaled, size, out=np.zeros_like(flat), where=(size > 0) & (span > 0)).reshape(maps.shape)


def _draw_box(ax, label, left, right, bottom, top):
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.5, foreground="white", alpha=0.8)]
    box = Rectangle((left, bottom), right - left, top - bottom, fill=False, edgecolor=PALETTE[0], linewidth=1.3)
    box.set_path_effects(halo)
    ax.add_patch(box)
    low, high = ax.get_ylim()
    above = top < low + 0.9 * (high - low)  # there is room for the label
    style = {"color": PALETTE[0], "fontsize": "small", "path_effects": halo, "va": "bottom" if above else "top"}
    ax.annotate(str(label), (left, top), xytext=(2, 2 if above else -2), textcoords="offset points", **style)


def _panels(maps, n_clips, titles):
    """Return clip, method (None: the plain spectrogram) and title of each panel."""
    titles = [""] * n_clips if titles is None else [str(title) for title in titles]
    if list(maps) == [""]:
        return [(clip, "", title) for clip, title in enumerate(titles)]
    panels = []
    for clip, title in enumerate(titles):
        panels.append((clip, None, title or "features"))
        panels += [(clip, name, name if clip == 0 else "") for name in maps]
    return panels


def _limits(features):
    low, high = float(features.min()), float(features.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _tell_constant(ax, relevance):
    if not relevance.any():
        ax.text(0.5, 0.5, "constant map", transform=ax.transAxes, ha="center", va="center", fontsize="small", style="italic")


def _chosen(clips, **arrays):
    """Return the chosen clips of each array; None stays None."""
    n_clips = len(arrays["X"])
    for name, values in arrays.items():
        if values is not None and len(values) != n_clips:
            raise ValueError(f"{name} of SaliencyDisplay must be one for each of {n_clips} clips; got {len(values)}.")
    if clips is None:
        return arrays.values()
    indices = [int(clip) for clip in np.atleast_1d(clips)]
    if not indices or min(indices) < -n_clips or max(indices) >= n_clips:
        raise ValueError(f"clips of SaliencyDisplay must be indices of the {n_clips} clips of X; got {clips!r}.")
    return [
        None if values is None else values[indices] if isinstance(values, np.ndarray) else [values[i] for i in indices]
        for values in arrays.values()
    ]
