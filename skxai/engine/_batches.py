"""How work is cut into batches that fit the memory budget and run fast."""

from sklearn import get_config

# What one thread of a CPU works on at a time: less leaves its layers too short, more leaves its caches. On a GPU larger
# batches than the largest gain nothing, since it is busy by then.
FASTEST_BYTES = 40 * 2**20
# A classifier without a network, None, takes time for each call.
LARGEST_BATCH = {"cpu": 128, "cuda": 1024, None: 1024}


def batch_size_within(bytes_per_input, device="cpu", n_threads=1):
    """Return how many inputs a thread takes through the network at once.

    Parameters
    ----------
    bytes_per_input : float
        What one input holds in memory on its way through the network.
    device : str or None
        "cpu" or "cuda"; None where no network runs.
    n_threads : int, default=1
        How many threads do so at the same time.

    Returns
    -------
    int
        At least 1, at most what is fast; for all threads within half of ``sklearn.get_config()["working_memory"]`` (MiB):
        the other half is for what callers hold beside it.
    """
    bytes_per_input = max(bytes_per_input, 1)
    budget = get_config()["working_memory"] * 2**20 / 2 / n_threads
    fastest = LARGEST_BATCH.get(device, 128)
    if device == "cpu":
        fastest = min(fastest, max(4, int(FASTEST_BYTES // bytes_per_input)))
    return max(1, min(int(budget // bytes_per_input), fastest))


def slices(n, size):
    """Cut ``range(n)`` into slices of ``size`` and a rest."""
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def even_slices(n, size):
    """Cut ``range(n)`` into slices of at most ``size``, as equal as can be: the last to finish is waited for."""
    count = -(-n // size)
    return [slice(n * number // count, n * (number + 1) // count) for number in range(count)]


def blocks(n_clips, n_variants, size, n_threads=1):
    """Cut the grid clips × variants into rectangles of at most ``size`` cells, enough to keep ``n_threads`` busy.

    A rectangle, unlike a run of flat indices, lets a caller build its inputs by broadcasting.

    Yields
    ------
    clips, variants : slice
    """
    size = max(1, min(size, -(-n_clips * n_variants // n_threads)))
    columns = even_slices(n_variants, size)
    width = max(columns[0].stop, columns[-1].stop - columns[-1].start)
    for clips in even_slices(n_clips, max(1, size // width)):
        for variants in columns:
            yield clips, variants
