"""Connected components: which pixels hang together."""

from typing import NamedTuple

import numpy as np

from byhand.core.types import Array


class Components(NamedTuple):
    """The connected pieces of a mask; piece k has the label k + 1.

    Attributes:
        labels: int32 (height, width): 0 outside the mask, 1... inside, in reading order.
        boxes: left, top, right, bottom of every piece, right and bottom exclusive: int (pieces, 4).
        areas: how many pixels each has: int (pieces,).
    """

    labels: Array
    boxes: Array
    areas: Array

    def pixels(self, keep: Array) -> Array:
        """Where the pieces are that are to be kept, bool (pieces,): bool (height, width)."""
        return np.concatenate([[False], keep])[self.labels]


def components(mask: Array) -> Components:
    """The connected pieces of a mask (height, width), bool; pixels that touch at a corner belong together.

    The mask is cut into runs, the stretches of ones in a row. Each run points to an earlier run of its piece, or to
    itself. Where two runs touch, the later of the two that they point to is pointed to the other; pointers are followed
    to their ends; and so on, until all runs that touch point to the same one.
    """
    height, width = mask.shape
    edges = _edges(mask)
    starts, ends = edges[::2], edges[1::2]
    parent = _joined(len(starts), *_touching(starts, ends, width + 1))
    first = parent == np.arange(len(starts))
    piece = (np.cumsum(first) - 1)[parent]  # of each run
    count = int(np.count_nonzero(first))
    label = np.zeros(len(edges) + 1, np.int32)  # of each stretch, those between the runs included
    label[1::2] = piece + 1
    labels = np.repeat(label, np.diff(edges, prepend=0, append=height * (width + 1)))
    return Components(
        labels.reshape(height, width + 1)[:, :width],
        _boxes(piece, count, starts, ends, (height, width)),
        np.bincount(piece, ends - starts, count).astype(np.int64),
    )


def _edges(mask: Array) -> Array:
    """Where runs start and end, by turns, along one long row in which a zero follows each of the mask's rows."""
    height, width = mask.shape
    row = np.zeros(height * (width + 1) + 1, bool)  # and one goes before the first
    row[1:].reshape(height, width + 1)[:, :width] = mask
    return np.flatnonzero(row[1:] != row[:-1])


def _touching(starts: Array, ends: Array, pitch: int) -> tuple[Array, Array]:
    """Pairs of runs that touch: (pairs,) and (pairs,), the second in the row above the first's."""
    low = np.searchsorted(ends, starts - pitch, "left")
    high = np.searchsorted(starts, ends - pitch, "right")
    count = np.maximum(high - low, 0)
    run = np.repeat(np.arange(len(starts)), count)
    return run, np.arange(len(run)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)


def _joined(count: int, a: Array, b: Array) -> Array:
    """For each of `count` runs the first one of its piece, for the pairs of runs that touch."""
    parent = np.arange(count)
    while not np.array_equal(one := parent[a], other := parent[b]):
        np.minimum.at(parent, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(further := parent[parent], parent):
            parent = further
    return parent


def _boxes(piece: Array, count: int, starts: Array, ends: Array, shape: tuple[int, int]) -> Array:
    """The boxes of pieces, from their runs."""
    height, width = shape
    y, x = np.divmod(starts, width + 1)
    box = np.tile([width, height, 0, 0], (count, 1))
    np.minimum.at(box[:, 0], piece, x)
    np.minimum.at(box[:, 1], piece, y)
    np.maximum.at(box[:, 2], piece, x + ends - starts)
    np.maximum.at(box[:, 3], piece, y + 1)
    return box
