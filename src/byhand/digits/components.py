"""Connected components: which pixels hang together."""

import numpy as np

from byhand.types import Array


def components(mask: Array) -> tuple[Array, int]:
    """Number the connected pieces of a mask; pixels that touch at a corner belong together.

    mask `(height, width)` bool. Returns labels int32 of that shape (0 outside the mask, 1... inside, in
    reading order) and how many pieces there are.

    The mask is cut into runs, the stretches of ones in a row. Each run points to an earlier run of its piece or to
    itself; runs that touch take the earlier pointer, pointers are followed, and so on until nothing changes.
    """
    rows, starts, ends = _runs(mask)
    a, b = _touching(rows, starts, ends, mask.shape[1])
    parent = np.arange(len(rows))
    while True:
        least = np.minimum(parent[a], parent[b])
        before = parent.copy()
        for run in (a, b, before[a], before[b]):
            np.minimum.at(parent, run, least)
        parent = parent[parent]
        if np.array_equal(parent, before):
            break
    first, number = np.unique(parent, return_inverse=True)
    edges = np.zeros((mask.shape[0], mask.shape[1] + 1), np.int32)
    edges[rows, starts] = number + 1
    edges[rows, ends] -= (number + 1).astype(np.int32)
    return np.cumsum(edges, axis=1, dtype=np.int32)[:, :-1], len(first)


def _touching(rows: Array, starts: Array, ends: Array, width: int) -> tuple[Array, Array]:
    """Pairs of runs that touch: (pairs,) and (pairs,), the second in the row above the first's."""
    above = (rows - 1) * (width + 2)  # runs one behind the other along one long row
    start, end = rows * (width + 2) + starts, rows * (width + 2) + ends
    low = np.searchsorted(end, above + starts, "left")
    high = np.searchsorted(start, above + ends, "right")
    count = np.maximum(high - low, 0)
    run = np.repeat(np.arange(len(rows)), count)
    return run, np.arange(len(run)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)


def boxes(labels: Array, count: int) -> Array:
    """The box (left, top, right, bottom) of every piece, right and bottom exclusive: int (count + 1, 4).

    Row k is piece k; row 0, where there is no piece, means nothing.
    """
    y, x = np.nonzero(labels)
    piece = labels[y, x]
    box = np.tile([labels.shape[1], labels.shape[0], 0, 0], (count + 1, 1))
    np.minimum.at(box[:, 0], piece, x)
    np.minimum.at(box[:, 1], piece, y)
    np.maximum.at(box[:, 2], piece, x + 1)
    np.maximum.at(box[:, 3], piece, y + 1)
    return box


def _runs(mask: Array) -> tuple[Array, Array, Array]:
    """The row, the first column and the column after the last, of every stretch of ones, in reading order."""
    edge = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edge == 1)
    ends = np.nonzero(edge == -1)[1]
    return rows, starts, ends
