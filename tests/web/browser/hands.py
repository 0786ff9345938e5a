"""Digits as mouse paths: the strokes of byhand.reading, written by somebody's hand."""

import numpy as np

from byhand.handwriting.forms import FORMS
from byhand.handwriting.strokes import STEPS, Hand, all_forms, write_down


def strokes(digit, rng, form=0, hand=None):
    """Each stroke's points (n, 2), x around 0, y from 0 to 1."""
    compiled = all_forms()[str(digit)][form]
    points = write_down(compiled, hand or Hand(), rng)
    points = (points - points.min(axis=0)) / np.ptp(points[:, 1])
    points[:, 0] -= points[:, 0].max() / 2
    ends = np.cumsum([(len(stroke) - 1) * STEPS + 1 for stroke in FORMS[digit][form]])
    return [stroke[::STEPS] for stroke in np.split(points, ends[:-1])]  # a mouse tells of fewer points


def draw(page, strokes, canvas="#sheet", height=0.66, across=0.5, down=0.5):
    """Draw them with the mouse, `height` of the sheet high, their middle `across` its width and `down` its height."""
    box = page.locator(canvas).bounding_box()
    for stroke in strokes:
        x = box["x"] + across * box["width"] + stroke[:, 0] * height * box["height"]
        y = box["y"] + (down + (stroke[:, 1] - 0.5) * height) * box["height"]
        page.mouse.move(x[0], y[0])
        page.mouse.down()
        for place in zip(x[1:], y[1:], strict=True):
            page.mouse.move(*place)
        page.mouse.up()
