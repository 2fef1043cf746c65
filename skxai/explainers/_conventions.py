"""What other packages do to maps beside a method's own formula: how they scale and resize them."""

from dataclasses import dataclass

from torch.nn import functional

from ..utils.validation import StrOptions

MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


def names_of(table):
    """Return the constraint of a parameter ``convention`` whose values are the keys of ``table``, None among them."""
    return [StrOptions({name for name in table if name is not None}), None]


def scaled(maps, epsilon, start=1):
    """Scale maps min–max by (m − min m) / (max m − min m + ε) over the axes from ``start`` on; ε = None leaves them.

    A constant map becomes 0: this is for numbers of others, who do so.
    """
    if epsilon is None:
        return maps
    flat = maps.flatten(start)
    ones = [1] * (maps.dim() - start)
    low, high = (extreme.view(*extreme.shape, *ones) for extreme in (flat.amin(-1), flat.amax(-1)))
    return (maps - low) / (high - low + epsilon)


@dataclass(frozen=True)
class Resizing:
    """How maps ``(b, m, ...)`` of a layer are brought to the size of the features: (bi)linearly, and perhaps scaled."""

    before: float | None = None  # ε of a min–max scaling of each map at its own size; None: not scaled
    corners: bool = False  # the centres of the corner pixels are aligned (``align_corners``), not the edges of the image
    after: float | None = None  # ε of a scaling at the size of the features

    def __call__(self, maps, size):
        """Return maps ``(b, m, *size)``."""
        maps = scaled(maps, self.before, 2)
        resized = functional.interpolate(maps, size=size, mode=MODES[maps.dim() - 2], align_corners=self.corners)
        return scaled(resized, self.after, 2)
