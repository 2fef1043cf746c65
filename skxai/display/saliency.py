"""Saliency maps over the spectrograms that they explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ..features import FeatureAxes, feature_axes
from ..metrics import split_pipeline
from ._layout import AxesLike, as_given, new_axes
from ._methods import ByMethod, by_method, take_clips
from ._panels import draw_box, draw_signal, draw_spectrogram, draw_strip, signal_columns
from ._tables import SIGNAL, draw_titles, panels_of, size_of
from .axes import has_seconds, place_rows
from .relevance import mean_of_columns, relative_relevance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

__all__ = ["SaliencyDisplay"]

_BAR, _LONGEST_BAR = 0.11, 3.0  # width and greatest length of a colour bar, in inches


@dataclass(eq=False, repr=False)
class SaliencyDisplay:
    """Saliency maps as a transparent overlay on spectrograms.

    Each map is brought to relative relevance: (m − min) / (max − min) within the clip, as the metrics do; a map with
    negative values is divided by its greatest magnitude instead and drawn in two hues. What is least relevant is
    transparent. Spectrograms share one scale of grey. Signals ``(n, p)``, such as waveforms, are drawn over a strip of
    relevance; of those with more samples than the picture has columns one sees the range of each column's samples, and
    their mean relevance, relative to the other columns'.

    Parameters
    ----------
    maps : array-like of the shape of ``features``, or dict from str to such arrays
        Raw maps; a dict holds one array for each method.
    features : array-like of shape (n, 1, f, t), (n, f, t), (n, 1, p) or (n, p)
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

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.display import SaliencyDisplay
    >>> from skxai.features import MelSpectrogram, feature_axes
    >>> mel = MelSpectrogram(16000).fit(np.zeros((1, 16000)))
    >>> features = mel.transform(np.sin(np.arange(16000))[np.newaxis])
    >>> display = SaliencyDisplay.from_maps(features**2, features, axes=feature_axes(mel), titles=["tone"])
    >>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
    ('Time (s)', 'Frequency (Hz)')
    """

    maps: ByMethod
    features: ArrayLike
    _: KW_ONLY
    axes: FeatureAxes | None = None
    titles: Sequence[str] | None = None
    events: Sequence[Sequence[Any]] | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        clips: int | Sequence[int] | None = None,
        target: Any = None,
        axes: FeatureAxes | None = None,
        events: Sequence[Sequence[Any]] | None = None,
        ax: AxesLike = None,
        **plot_params: Any,
    ) -> Self:
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
        axes, events
            As in the class; None takes the axes of the pipeline, where it has some.
        ax, **plot_params
            Parameters of ``plot``.
        """
        X, labels, events = take_clips(clips, X=X, y=None if y is None else np.asarray(y), events=events)
        explainer, features = split_pipeline(estimator, X)
        predicted = explainer.predict(features)
        titles = [f"predicted: {label}" for label in predicted]
        if labels is not None:
            titles = [f"true: {true}, {title}" for true, title in zip(labels, titles)]
        if target is not None:
            explained = np.broadcast_to(np.asarray(target), len(titles))
            titles = [f"{title}\nexplained: {label}" for title, label in zip(titles, explained)]
        maps = explainer.explain(features, target)
        display = cls(maps, features, axes=axes or feature_axes(estimator), titles=titles, events=events)
        return display.plot(ax, **plot_params)

    @classmethod
    def from_maps(
        cls,
        maps: ByMethod,
        features: ArrayLike,
        *,
        ax: AxesLike = None,
        n_columns: int | None = None,
        colorbar: bool = True,
        **params: Any,
    ) -> Self:
        """Draw maps that are there already; ``params`` are those of the class, the others those of ``plot``."""
        return cls(maps, features, **params).plot(ax, n_columns=n_columns, colorbar=colorbar)

    def plot(self, ax: AxesLike = None, *, n_columns: int | None = None, colorbar: bool = True) -> Self:
        """Draw.

        Maps of one method give one panel a clip. Maps of several methods give, for one clip, the plain features and then a
        panel a method; for several clips a table of such panels: of spectrograms a row a clip and a column a method. Of
        signals the maps of several methods are strips under the signal, a column a clip.

        Parameters
        ----------
        ax : Axes, array-like of Axes or None, default=None
            One for each panel, row by row; None makes a new figure.
        n_columns : int or None, default=None
            At most so many panels side by side in a new figure; None is 4 clips or 7 methods of spectrograms, and 1 of signals.
            A table takes what it needs.
        colorbar : bool, default=True
            Whether there are bars beside the panels for relevance and features.
        """
        if n_columns is not None and (not isinstance(n_columns, Integral) or n_columns < 1):
            raise ValueError(f"n_columns of SaliencyDisplay must be an integer of at least 1 or None; got {n_columns!r}.")
        features, maps = self._checked()
        is_signal = features.ndim == 2
        panels, shape = panels_of(list(maps), len(features), is_signal, n_columns)
        strips = is_signal and isinstance(self.maps, dict)
        is_table = strips or (isinstance(self.maps, dict) and len(features) > 1)
        size = size_of(shape, self.titles, is_signal=is_signal, is_table=is_table)
        style = {"panel": size, "first": SIGNAL / size[1] if strips else 1.0, "share": False}
        all_axes = new_axes(ax, shape, n_panels=len(panels), owner="SaliencyDisplay", **style)
        if is_signal:
            columns = signal_columns(all_axes[0])
            maps = {name: mean_of_columns(each, columns) for name, each in maps.items()}
        relevances = {name: relative_relevance(each) for name, each in maps.items()}
        low, high = float(features.min()), float(features.max())
        style = {"limits": (low, high) if high > low else (low - 0.5, high + 0.5)}
        style["signed"] = any(relevance.min() < 0 for relevance in relevances.values())
        greys, overlays = [], []
        for each, (clip, name) in zip(all_axes, panels):
            relevance = None if name is None else relevances[name][clip]
            draw = draw_spectrogram if not is_signal else draw_strip if strips and name is not None else draw_signal
            grey, overlay = draw(each, features[clip], relevance, self.axes, **style)
            named = name is None or not isinstance(self.maps, dict)
            self._draw_events(each, clip, features.shape[1:], with_labels=named)
            greys.append(grey)
            overlays += [overlay] * (overlay is not None)
        draw_titles(all_axes, panels, shape, self.titles, width=size[0], is_new=ax is None, is_signal=is_signal)
        self.ax_, self.figure_ = as_given(all_axes), all_axes[0].figure
        if colorbar:
            self._draw_bars(all_axes, overlays[0], greys[0])
        return self

    def _draw_events(self, ax: Axes, clip: int, shape: tuple[int, ...], *, with_labels: bool) -> None:
        for event in () if self.events is None else self.events[clip]:
            bottom, top = ax.get_ylim()
            if len(shape) == 2 and self.axes is not None and self.axes.frequencies is not None:
                bottom, top = place_rows(self.axes.frequencies, [event.low, event.high], beyond=None)
            left, right = np.clip([event.onset, event.offset], *ax.get_xlim())
            if right > left and top > bottom:  # some of it is on the axes
                draw_box(ax, event.label if with_labels else "", left, right, bottom, top)

    def _draw_bars(self, all_axes: list[Axes], overlay: AxesImage, grey: AxesImage | None) -> None:
        where = all_axes if len(all_axes) > 1 else all_axes[0]
        width, height = self.figure_.get_size_inches()
        length = min(height, _LONGEST_BAR) / height
        style = {"shrink": length, "aspect": 0.8 * length * height / _BAR, "pad": _BAR / width, "fraction": 0.05}
        bars = [self.figure_.colorbar(overlay, ax=where, label="Relative relevance", **style)]
        if grey is not None:
            bars.append(self.figure_.colorbar(grey, ax=where, label="Feature value", **style))
        for bar in bars:
            bar.solids.set_rasterized(True)  # in PDF and SVG hundreds of transparent cells would show their seams
            bar.outline.set_linewidth(0.6)
            if len(all_axes) > 1:
                bar.ax.tick_params(labelsize="small")
                bar.ax.yaxis.label.set_size("small")

    def _checked(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return features ``(n, f, t)`` or ``(n, p)`` and a dict of maps of the same shape."""
        features = np.asarray(self.features)
        given = features.shape
        if not (features.ndim in (2, 3) or (features.ndim == 4 and given[1] == 1)) or not features.size:
            raise ValueError(
                f"features of SaliencyDisplay must have the shape (n, 1, f, t), (n, f, t) or (n, p); got shape {given}."
            )
        maps = by_method(self.maps, "maps of SaliencyDisplay")
        shape = (given[0], *given[2:]) if features.ndim == 4 or (features.ndim == 3 and given[1] == 1) else given
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

    def _check_axes(self, shape: tuple[int, ...]) -> None:
        if self.axes is None:
            return
        n_rows, n_columns = self.axes.shape
        fits = n_columns == shape[-1] and (n_rows is None or len(shape) == 2 or n_rows == shape[1])
        if not fits:
            raise ValueError(
                f"axes of SaliencyDisplay must have the features' rows and columns, {shape[1:]}; got {self.axes.shape}."
            )
