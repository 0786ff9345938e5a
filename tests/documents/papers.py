"""Small pictures with digits on them, drawn by the project's own pens."""

import io

import numpy as np
from PIL import Image

from byhand.handwriting.drawn import draw_ink
from byhand.handwriting.pens import Pen
from byhand.handwriting.strokes import Hand

HAND, PEN = Hand(0.05, 0.0, 1.0, 0.01, 0.005), Pen(0.09)


def paper(*rows, seed=0, high=40, margin=30):
    """Dark digits on light paper, uint8 (height, width), a row each."""
    rng = np.random.default_rng(seed)
    width = 2 * margin + high * max(map(len, rows))
    amount = np.zeros((2 * margin + 2 * high * len(rows) - high, width), np.float32)
    for i, row in enumerate(rows):
        x, y = margin, margin + 2 * i * high
        for name in row:
            ink = draw_ink(name, rng, high, HAND, PEN, form=0)
            place = amount[y : y + ink.shape[0], x : x + ink.shape[1]]
            np.maximum(place, ink, out=place)
            x += ink.shape[1] + high // 5
    return np.clip(230 - 190 * amount + rng.normal(0, 1.5, amount.shape), 0, 255).astype(np.uint8)


def saved(path, *papers, **options):
    """Papers as the pages of one file; the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *others = map(Image.fromarray, papers)
    more = {"save_all": True, "append_images": others} if others else {}
    first.save(path, **more, **options)
    return path


def encoded(picture, format="PNG"):
    """A paper as a file's bytes."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format)
    return stream.getvalue()
