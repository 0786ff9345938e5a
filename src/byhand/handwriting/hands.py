"""Hands that may be learnt from freely: real digits and signs by writers who gave them away, from a folder of files.

The folder holds any of these; each is read if it is there (`README` of the data says where they come from):

- `kensanata-train.npz`: digits by 16 writers scanned from paper, github.com/kensanata/numbers, CC0.
- `uji_digits.npz`: pen strokes of digits by 60 writers, UJI Pen Characters v2, CC BY 4.0.
- `bridger_one_writer.npz`: pen strokes of digits and signs by one writer, bridger/NumberPad, Apache-2.0.
- `bhmsds28.npz`: digits and signs by a few writers, wblachowski/bhmsds, MIT.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.glyphs import HEIGHT, Writer, enlarged
from byhand.handwriting.pens import any_pen, pen_trace
from byhand.handwriting.strokes import any_hand

CREDITS = {
    "kensanata-train.npz": "digits of 16 writers, github.com/kensanata/numbers (CC0)",
    "uji_digits.npz": "UJI Pen Characters v2: digits of 60 writers (CC BY 4.0)",
    "bridger_one_writer.npz": "one writer's strokes, github.com/bridger/NumberPad (Apache-2.0)",
    "bhmsds28.npz": "digits and signs, github.com/wblachowski/bhmsds (MIT)",
}
PENS = 5  # that each hand is drawn or thresholded with
STROKE_POINTS = 28  # of a digit's strokes, about
PIECE = 75  # images of a digit that one writer of bhmsds is taken to have
SYMBOL = {"dot": ".", "minus": "-", "plus": "+", "slash": "/"}
# A sign's height beside a digit (of a minus and a plus the width), where the image shows it enlarged.
NATURAL = {".": 0.13, "-": 0.42, "+": 0.5, "/": 1.05, "w": 0.6, "x": 0.6, "y": 0.85, "z": 0.6}


def hands_in(folder: Path, rng: np.random.Generator) -> list[Writer]:
    """All writers of the folder's files, each with a few pens; their names begin with the file's."""
    writers: list[Writer] = []
    for name, read in (
        ("kensanata-train.npz", _scanned),
        ("uji_digits.npz", _strokes_of_many),
        ("bridger_one_writer.npz", _strokes_of_one),
        ("bhmsds28.npz", _images),
    ):
        if (folder / name).exists():
            with np.load(folder / name, allow_pickle=False) as arrays:
                writers += read({key: arrays[key] for key in arrays.files}, rng)
    return writers


def _scanned(arrays: dict[str, Array], rng: np.random.Generator) -> list[Writer]:
    """Scanned digits: each writer's images in PENS parts, each thresholded another way."""
    writers = []
    for who in np.unique(arrays["writer"]):
        images, labels = (arrays[key][arrays["writer"] == who] for key in ("images", "labels"))
        for part in range(PENS):
            cut = rng.uniform(0.25, 0.6)
            own = {str(d): [enlarged(i, cut) for i in images[labels == d][part::PENS]] for d in range(10)}
            writers.append(Writer(own, f"kensanata {who}"))
    return writers


def _strokes_of_many(arrays: dict[str, Array], rng: np.random.Generator) -> list[Writer]:
    """Strokes of digits: of each digit, the k-th two are the k-th writer's."""
    offsets = arrays["offsets"]
    curves = [arrays["points"][a:b] for a, b in pairwise(offsets)]
    by_digit = [np.flatnonzero(arrays["labels"] == digit) for digit in range(10)]
    writers = []
    for k in range(min(map(len, by_digit)) // 2):
        for _ in range(PENS):
            own = {str(d): [curves[i] for i in rows[2 * k : 2 * k + 2]] for d, rows in enumerate(by_digit)}
            writers.append(_traced(own, f"uji {k}", rng))
    return writers


def _strokes_of_one(arrays: dict[str, Array], rng: np.random.Generator) -> list[Writer]:
    """Strokes of one hand in 4 · PENS parts; its signs keep the size that its digits give them."""
    offsets, labels = arrays["offsets"], arrays["labels"]
    curves = [arrays["points"][a:b] for a, b in pairwise(offsets)]
    writers = []
    for part in range(4 * PENS):
        own = {
            label: [curves[i] for i in np.flatnonzero(labels == label)[part :: 4 * PENS]] for label in "0123456789+-/"
        }
        writers.append(_traced(own, "bridger", rng))
    return writers


def _images(arrays: dict[str, Array], rng: np.random.Generator) -> list[Writer]:
    """Images of digits and signs, dark on light: PIECE of a kind, as they follow each other, are a writer's."""
    by_label = {label: arrays["images"][arrays["labels"] == label] for label in np.unique(arrays["labels"])}
    writers = []
    for k in range(min(map(len, by_label.values())) // PIECE):
        cut, glyphs = rng.uniform(0.3, 0.6), {}
        for label, images in by_label.items():
            symbol = SYMBOL.get(label, label)
            own = [255 - image for image in images[k * PIECE : (k + 1) * PIECE : 5]]
            glyphs[symbol] = [enlarged(image, cut, _natural(symbol)) for image in own]
        writers.append(Writer(glyphs, f"bhmsds {k}"))
    return writers


def _natural(symbol: str) -> int:
    return round(HEIGHT * NATURAL[symbol]) if symbol in NATURAL else HEIGHT


def _traced(curves: dict[str, list[Array]], name: str, rng: np.random.Generator) -> Writer:
    """The strokes, points (n, 3) of x, y and whether the pen leaves the paper behind one, drawn with some pen."""
    pen, hand = any_pen(rng), any_hand(rng)
    lean, wide = rng.normal(0, 0.08), float(np.exp(rng.normal(0, 0.1)))
    unit = float(np.median([np.ptp(c[:, 1]) for d, many in curves.items() if d.isdigit() for c in many]))
    glyphs: dict[str, list[Array]] = {symbol: [] for symbol in curves}
    for symbol, many in curves.items():
        for curve in many:
            points, starts, along = _thinned(curve)
            scale = max(np.ptp(points[:, 1]), 0.5 * np.ptp(points[:, 0])) if symbol.isdigit() else unit
            points = points / max(scale, 1e-6)
            points = points + rng.normal(0, hand.jitter / 3, points.shape)
            points = points @ np.array([[wide, 0], [-lean, 1]])
            ink = pen_trace(points, starts, starts + 1, along, pen, HEIGHT, rng)
            glyphs[symbol].append(np.rint(255 * ink).astype(np.uint8))
    return Writer(glyphs, name)


def _thinned(curve: Array) -> tuple[Array, Array, Array]:
    """Fewer points of the strokes (q, 2), where the pieces between them begin, and how far along their stroke."""
    points, starts, along, at = [], [], [], 0
    ends = np.flatnonzero(curve[:, 2] > 0)
    step = max(1, len(curve) // STROKE_POINTS)
    first = 0
    for end in [*ends, len(curve) - 1]:
        if end < first:
            continue
        chosen = np.unique(np.append(np.arange(first, end + 1, step), end))
        if len(chosen) == 1:
            chosen = np.repeat(chosen, 2)
        points.append(curve[chosen, :2])
        starts.append(at + np.arange(len(chosen) - 1))
        along.append(np.arange(len(chosen) - 1) / (len(chosen) - 1))
        at += len(chosen)
        first = end + 1
    return np.concatenate(points), np.concatenate(starts), np.concatenate(along)
