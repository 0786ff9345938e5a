"""Example digits as pen strokes, in different handwritings."""

from functools import lru_cache

import numpy as np

from byhand.handwriting.forms import FORMS
from byhand.handwriting.strokes import STEPS, Hand, all_forms, any_hand, write_down

LARGEST_HAND = 9999
TIDY = Hand(slant=0.05, bend=0.0, jitter=0.0)  # the first hand's; it also takes the first form of each digit

PenStrokes = list[list[list[float]]]


@lru_cache(maxsize=64)
def examples(hand: int) -> dict[str, PenStrokes]:
    """The ten digits by one hand: pen strokes of points (x, y), x around 0, y from 0 at the top to 1 at the foot.

    Args:
        hand: its number, 0 to `MOST`; 0 is a tidy one.
    """
    rng = np.random.default_rng(hand)
    style = any_hand(rng) if hand else TIDY
    return {
        str(digit): _written(digit, int(rng.integers(len(FORMS[digit]))) if hand else 0, style, rng) for digit in FORMS
    }


def _written(digit: int, form: int, hand: Hand, rng: np.random.Generator) -> PenStrokes:
    points = write_down(all_forms()[str(digit)][form], hand, rng)  # (q, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - [(low[0] + high[0]) / 2, low[1]]) / (high[1] - low[1])
    ends = np.cumsum([(len(stroke) - 1) * STEPS + 1 for stroke in FORMS[digit][form]])
    return [np.round(stroke, 3).tolist() for stroke in np.split(points, ends[:-1])]
