"""Reading a row by cutting it: many cuts proposed, every piece judged by a network for single digits, the best kept.

M. Nielsen, Neural Networks and Deep Learning (2015), chapter 1, sketches it: to segment an image, trial segmentations
are scored by the classifier. Here all of them are tried at once, by dynamic programming over the cuts.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from byhand.core.types import Array
from byhand.network import Network
from byhand.pictures.boxes import box_of
from byhand.pictures.components import components
from byhand.pictures.prepare import digit_image
from byhand.reading.crops import Ink, RowView, crop, slant
from byhand.reading.cut import STRONG
from byhand.reading.pieces import digit_ink, parted, upright
from byhand.reading.row_read import RowRead

# By hand.
HEIGHT, VIEW = 48, RowView(share=0.9)  # the row is cut as a picture of so many pixels' height
CLOSEST_CUTS = 0.1  # of the row's height: two cuts are not closer
THICK = 0.5  # a cut goes through at most this part of the height in ink
ATOMS = 5  # a piece is at most so many stretches between cuts
WIDEST_PIECE = 1.5  # and at most so wide, in the row's heights
WIDE, TOO_WIDE = 0.95, 6.0  # a digit is seldom wider than this part of the height: the cost of each height more
LOW, TOO_LOW = 0.55, 12.0  # nor lower; likewise
LOWEST_PIECE = 0.4  # what is lower than this part of the height is not a digit
JOIN, CUT = 1.5, 3.0  # what it costs to join what a gap parts, and each end that goes through a height of ink
PIECE_COST = 0.7  # what each digit costs, so that none is cut without need
NOTHING = 2.5  # what a stretch with more than a mark costs that is left out, for the height's length
TEMPERATURE = 1.5  # the network is too sure of pieces that are not digits


class CutPieces(NamedTuple):
    """What may be digits in a row with k stretches between cuts.

    Attributes:
        spans: first stretch, and the one after the last (n, 2).
        images: as the network sees them, uint8 (n, 28, 28).
        cost: of the shape (n,).
        middle: columns of the row's image (n,).
    """

    spans: Array
    images: Array
    cost: Array
    middle: Array


class CutReader:
    """Reads rows with a network for images (28, 28) of single digits."""

    form = "digits"

    def __init__(self, network: Network):
        self.network = network

    def read(self, row: Ink, again: bool = True) -> RowRead:
        """The best reading of a row; there is only one look at it."""
        seen = crop(row, VIEW, HEIGHT)
        ink = (seen.image > STRONG) & (
            crop(row._replace(image=255 * row.mask.astype(np.uint8)), VIEW, HEIGHT).image > 127
        )
        column = upright(ink.shape, slant(ink))
        cuts, through = propose(ink, column)
        stretch = parted(components(ink), column, cuts)
        pieces, skip = judge_shapes(seen.image, ink, stretch, column, through)
        if not len(pieces.spans):
            return RowRead((), 1.0, [], np.zeros((0, 10)))
        x = pieces.images.reshape(-1, *self.network.input_shape)
        p = self.network.predict_proba(x).astype(float) ** (1 / TEMPERATURE)
        p /= p.sum(axis=1, keepdims=True)
        chosen = best_way(pieces.spans, pieces.cost + PIECE_COST - np.log(p.max(axis=1)), skip)
        p = p[chosen]
        label = tuple(p.argmax(axis=1).tolist())
        return RowRead(
            label, float(p.max(axis=1, initial=0).prod()), (seen.left + pieces.middle[chosen] / seen.scale).tolist(), p
        )


def propose(mask: Array, column: Array) -> tuple[list[float], list[float]]:
    """Columns where digits may be parted: gaps, thin places, and where a contour comes in from above or below.

    Also through how much ink each of them goes, as a part of the height.
    """
    box = box_of(mask)
    if box is None:
        return [], []
    height = box[3] - box[1]
    y, x = np.nonzero(mask)
    at = np.rint(column[y, x]).astype(np.int64)
    first = int(at.min())
    at -= first
    width = int(at.max()) + 1
    amount = np.bincount(at, minlength=width)
    top, bottom = np.full(width, mask.shape[0]), np.full(width, -1)
    np.minimum.at(top, at, y)
    np.maximum.at(bottom, at, y)
    thin = amount <= THICK * height
    places: list[float] = []
    for depth in (-amount, top, -bottom):  # deep is good
        places += _peaks(np.where(thin, depth, -mask.size), round(CLOSEST_CUTS * height))
    chosen: list[float] = []
    for place in sorted(places, key=lambda at: (amount[round(at)], at)):  # the thinnest first
        if amount[round(place)] <= THICK * height and all(
            abs(place - other) >= CLOSEST_CUTS * height for other in chosen
        ):
            chosen.append(place)
    chosen.sort()
    return [first + place for place in chosen], [float(amount[round(place)]) / height for place in chosen]


def _peaks(depth: Array, reach: int) -> list[float]:
    """The middles of stretches that are deeper than what lies before and behind them, within `reach`."""
    change = np.flatnonzero(np.diff(depth)) + 1
    starts, ends = np.concatenate([[0], change]), np.concatenate([change, [len(depth)]])
    found = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        before, behind = depth[max(0, start - max(reach, 1)) : start], depth[end : end + max(reach, 1)]
        if before.size and behind.size and depth[start] >= max(before.max(), behind.max()):
            found.append((start + end - 1) / 2)
    return found


def judge_shapes(
    image: Array, mask: Array, stretch: Array, column: Array, through: Sequence[float]
) -> tuple[CutPieces, Array]:
    """The pieces that may be digits, and what each of the stretches costs if it is left out (len(through) + 1,)."""
    count = len(through) + 1
    box = box_of(mask) or (0, 0, 0, 0)
    height = box[3] - box[1]
    boxes = [box_of(stretch == i) for i in range(count)]
    skip = np.zeros(count)
    for i, b in enumerate(boxes):
        if b is not None and b[3] - b[1] >= LOWEST_PIECE * height:
            skip[i] = NOTHING * (b[3] - b[1]) / height
    spans, images, cost, middle = [], [], [], []
    for i in range(count):
        for j in range(i + 1, min(i + ATOMS, count) + 1):
            inside = np.array([b for b in boxes[i:j] if b is not None])
            if boxes[i] is None or boxes[j - 1] is None:
                continue
            hull = (*inside[:, :2].min(axis=0).tolist(), *inside[:, 2:].max(axis=0).tolist())
            wide, high = (hull[2] - hull[0]) / height, (hull[3] - hull[1]) / height
            if wide > WIDEST_PIECE or high < LOWEST_PIECE:
                continue
            part = (stretch >= i) & (stretch < j)
            spans.append((i, j))
            images.append(digit_image(digit_ink(image, part, hull, mask)))
            shape = TOO_WIDE * max(0.0, wide - WIDE) + TOO_LOW * max(0.0, LOW - high) ** 2
            across = JOIN * sum(t == 0 for t in through[i : j - 1])
            ends = CUT * sum(through[k] for k in (i - 1, j - 1) if 0 <= k < count - 1)
            cost.append(shape + across + ends)
            middle.append(float(column[part].mean()))
    found = (np.array(spans, int).reshape(-1, 2), np.array(images, np.uint8).reshape(-1, 28, 28))
    return CutPieces(*found, np.array(cost), np.array(middle)), skip


def best_way(spans: Array, cost: Array, skip: Array) -> list[int]:
    """Of pieces that span stretches those that cost least in all, where a stretch in no piece costs `skip`.

    C(j) = min(C(j − 1) + skip(j − 1), min over pieces (i, j) of C(i) + cost), C(0) = 0 (Bellman, 1957).
    """
    total, piece = np.full(len(skip) + 1, np.inf), np.full(len(skip) + 1, -1)
    total[0] = 0
    order = np.argsort(spans[:, 1], kind="stable")
    at = 0
    for j in range(1, len(skip) + 1):
        total[j] = total[j - 1] + skip[j - 1]
        while at < len(order) and spans[order[at], 1] == j:
            k = order[at]
            if total[spans[k, 0]] + cost[k] < total[j]:
                total[j], piece[j] = total[spans[k, 0]] + cost[k], k
            at += 1
    found = []
    j = len(skip)
    while j > 0:
        if piece[j] >= 0:
            found.append(int(piece[j]))
            j = int(spans[piece[j], 0])
        else:
            j -= 1
    return found[::-1]
