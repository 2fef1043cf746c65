"""What metrics under a peer's convention share: the check of its name, and ties broken by position."""

from typing import Any

import torch


def convention_of(table: dict[str | None, Any], name: str | None, metric: str) -> Any:
    """Return ``table[name]``, what a convention changes of a metric; None is skxai's own definition."""
    if name is not None and not (isinstance(name, str) and name in table):
        known = ", ".join(sorted(key for key in table if key is not None))
        raise ValueError(f"convention must be None or one of {known} for {metric}; got {name!r}.")
    return table[name]


def ranks_by_position(maps: torch.Tensor, *, descending: bool = True) -> torch.Tensor:
    """Return the place of each pixel of ``maps (n, ...)`` in the order of relevance; of equal pixels the first comes first."""
    order = maps.flatten(1).argsort(dim=1, descending=descending, stable=True)
    return order.argsort(dim=1).to(torch.int32).view_as(maps)
