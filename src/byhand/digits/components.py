"""Connected components: which pixels hang together."""

import numpy as np

from byhand.types import Array


def components(mask: Array) -> tuple[Array, int]:
    """Number the connected pieces of a mask; pixels that touch at a corner belong together.

    mask `(height, width)` bool. Returns labels int32 of that shape (0 outside the mask, 1... inside, in
    reading order) and how many pieces there are.

    The mask is cut into runs, the stretches of ones in a row. Runs of neighbouring rows that touch are joined
    in a forest: each run points to an earlier one of its piece, the first run points to itself (union-find).
    """
    rows, starts, ends = _runs(mask)
    parent = list(range(len(rows)))

    def first(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    above = 0  # the earliest run that may still touch the current one
    for run, row in enumerate(rows):
        while rows[above] < row - 1 or (rows[above] == row - 1 and ends[above] < starts[run]):
            above += 1
        other = above
        while rows[other] == row - 1 and starts[other] <= ends[run]:
            a, b = first(run), first(other)
            parent[max(a, b)] = min(a, b)
            other += 1

    labels = np.zeros(mask.shape, np.int32)
    number: dict[int, int] = {}
    for run, row in enumerate(rows):
        labels[row, starts[run] : ends[run]] = number.setdefault(first(run), len(number) + 1)
    return labels, len(number)


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


def _runs(mask: Array) -> tuple[list[int], list[int], list[int]]:
    """The row, the first column and the column after the last, of every stretch of ones, in reading order."""
    edge = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edge == 1)
    ends = np.nonzero(edge == -1)[1]
    return rows.tolist(), starts.tolist(), ends.tolist()
