"""How work is cut into batches that fit the memory budget and run fast."""

from collections.abc import Iterator

from sklearn import get_config

# What one thread of a CPU works on at a time: less leaves its layers too short, more leaves its caches. On a GPU larger
# batches than the largest gain nothing, since it is busy by then.
FASTEST_BYTES = 80 * 2**20
# A classifier without a network takes time for each call, too.
LARGEST_BATCH, LARGEST_BATCH_OF_CPU = 1024, 128
# Fewer inputs for each thread are not divided among threads: layers of a few inputs are so short that threads wait longer for
# Python's lock than they work, and torch's own threads take half the time.
FEWEST_PER_THREAD = 12
# In so many rounds a thread that has nothing to do in the last one still matters.
FEW_ROUNDS = 8


def batch_size_within(bytes_per_input: float, device: str | None = "cpu", n_threads: int = 1) -> int:
    """Return how many inputs each of ``n_threads`` threads takes through the network at once: at least 1, at most what is fast.

    ``device`` is "cpu" or the type of another, None where no network runs. All threads together stay within half of
    ``sklearn.get_config()["working_memory"]`` (MiB): the other half is for what callers hold beside it.
    """
    bytes_per_input = max(bytes_per_input, 1)
    budget = get_config()["working_memory"] * 2**20 / 2 / n_threads
    fastest = LARGEST_BATCH
    if device == "cpu":
        fastest = min(LARGEST_BATCH_OF_CPU, max(4, int(FASTEST_BYTES // bytes_per_input)))
    return max(1, min(int(budget // bytes_per_input), fastest))


def slices(n: int, size: int) -> list[slice]:
    """Cut ``range(n)`` into slices of ``size`` and a rest."""
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def blocks(n_clips: int, n_variants: int, size: int, n_threads: int = 1) -> Iterator[tuple[slice, slice]]:
    """Yield slices ``clips, variants`` that cut the grid into rectangles of at most ``size`` cells, to keep ``n_threads`` busy.

    A rectangle, unlike a run of flat indices, lets a caller build its inputs by broadcasting. A small grid stays whole.
    """
    cells = n_clips * n_variants
    if cells <= min(size, FEWEST_PER_THREAD * n_threads):
        n_threads = 1
    n_rows, n_columns = _in_full_rounds(n_clips, n_variants, size, n_threads) or _in_many(n_clips, n_variants, size)
    for clips in _equal_slices(n_clips, n_rows):
        for variants in _equal_slices(n_variants, n_columns):
            yield clips, variants


def _in_full_rounds(n_clips, n_variants, size, n_threads):
    """Return how many times to cut both ways so that in each of a few rounds all threads have a block, or None."""
    fewest = -(-n_clips * n_variants // (size * n_threads))
    for n_blocks in range(fewest * n_threads, FEW_ROUNDS * n_threads + 1, n_threads):
        cuts = [
            (n_rows, n_blocks // n_rows)
            for n_rows in range(min(n_blocks, n_clips), 0, -1)  # rather through the clips: variants of one share its tensors
            if n_blocks % n_rows == 0 and n_blocks // n_rows <= n_variants
        ]
        largest = [-(-n_clips // n_rows) * -(-n_variants // n_columns) for n_rows, n_columns in cuts]
        if cuts and min(largest) <= size:
            return cuts[largest.index(min(largest))]
    return None


def _in_many(n_clips, n_variants, size):
    """Return how many times to cut both ways so that no block has more cells than ``size``."""
    n_columns = -(-n_variants // size)
    width = -(-n_variants // n_columns)
    return -(-n_clips // max(1, size // width)), n_columns


def _equal_slices(n, count):
    """Cut ``range(n)`` into slices as equal as can be: the last to finish is waited for."""
    return [slice(n * number // count, n * (number + 1) // count) for number in range(count)]
