"""How work is cut into batches that fit the memory budget."""

from sklearn import get_config

# Larger batches gain nothing: on a CPU they leave the cache, on a GPU it is busy by then.
FASTEST_BATCH = {"cpu": 64, "cuda": 1024}


def batch_size_within(bytes_per_input, device="cpu"):
    """Return how many inputs go through the network at once.

    Parameters
    ----------
    bytes_per_input : float
        What one input holds in memory on its way through the network.
    device : str
        "cpu" or "cuda".

    Returns
    -------
    int
        At least 1, at most what is fast, within half of ``sklearn.get_config()["working_memory"]`` (MiB): the other half
        is for what callers hold beside it.
    """
    budget = get_config()["working_memory"] * 2**20 / 2
    return max(1, min(int(budget // max(bytes_per_input, 1)), FASTEST_BATCH.get(device, 64)))


def slices(n, size):
    """Cut ``range(n)`` into slices of at most ``size``."""
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def blocks(n_clips, n_variants, size):
    """Cut the grid clips × variants into rectangles of at most ``size`` cells.

    A rectangle, unlike a run of flat indices, lets a caller build its inputs by broadcasting.

    Yields
    ------
    clips, variants : slice
    """
    width = min(n_variants, size)
    for clips in slices(n_clips, max(1, size // width)):
        for variants in slices(n_variants, width):
            yield clips, variants
