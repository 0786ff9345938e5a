"""Small pictures side by side, as people cut them out: single digits, rows, cells; the finder learns from them, too."""

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.line import write_line
from byhand.handwriting.numbers import any_digits, any_text, some_word
from byhand.handwriting.others import draw_other
from byhand.handwriting.paper import any_paper, plainer, put_on_paper
from byhand.handwriting.style import some_style
from byhand.handwriting.writers import Stock
from byhand.reader_training.networks import FINDER_SIDE
from byhand.reading.finder import (
    CELL,
    CORE,
    DARK,
    LIGHT,
    MAPS,
    OTHER,
    PAD,
    SMALLEST,
    TALLEST,
    UPRIGHT,
    rim_level,
    stretch,
)

LOWEST, HIGHEST = 12, 100  # pixels of a picture's height
SINGLE, ROW, WORD = 0.34, 0.5, 0.12  # shares of the pictures; the rest holds scribbles, lines or nothing
FILL = 2.0  # ink that covers half of a cell counts in full
CORE_INK = 90  # grey level from which ink is a core's


def small_pictures(stock: Stock, rng: np.random.Generator) -> tuple[Array, Array]:
    """A field of small pictures, uint8 (SIDE, SIDE), each with its own paper, and its maps as in `targets.piece`."""
    field = np.full((FINDER_SIDE, FINDER_SIDE), rng.integers(256), np.uint8)
    maps = np.zeros((MAPS, FINDER_SIDE, FINDER_SIDE), np.uint8)
    y = 0
    while y + LOWEST + 2 * PAD <= FINDER_SIDE:
        tall = min(FINDER_SIDE - y - 2 * PAD, int(np.exp(rng.uniform(np.log(LOWEST), np.log(HIGHEST)))))
        x = 0
        while x + LOWEST + 2 * PAD <= FINDER_SIDE:
            picture, parts = _small(stock, rng, tall, FINDER_SIDE - x - 2 * PAD)
            height, width = picture.shape
            field[y : y + height + 2 * PAD, x : x + width + 2 * PAD] = rim_level(picture)
            inner = slice(y + PAD, y + PAD + height), slice(x + PAD, x + PAD + width)
            field[inner] = picture
            maps[(slice(None), *inner)] = parts
            x += width + 2 * PAD
        y += tall + 2 * PAD
    cells = maps.reshape(MAPS, FINDER_SIDE // CELL, CELL, -1, CELL).mean(axis=(2, 4)).astype(np.float32) / 255
    for k in (DARK, LIGHT, OTHER):
        cells[k] = np.minimum(1, FILL * cells[k])
    return field, cells


def _small(stock: Stock, rng: np.random.Generator, tall: int, wide: int) -> tuple[Array, Array]:
    """A picture of at most (tall, wide), uint8, and the kinds of its pixels, uint8 (MAPS, height, width)."""
    kind = rng.random()
    margin = rng.uniform(0, 0.5 if kind > SINGLE else 1.2) if rng.random() < 0.7 else 0.0
    high = max(8, round(tall / (1 + 2 * margin)))
    room = int(min(max(12, wide - 2 * margin * high), rng.uniform(0.8, 12) * high))
    number = kind < SINGLE + ROW
    if number:
        writer = stock.pick(rng)
        longest = 1 if kind < SINGLE else max(1, int(room / (0.6 * high)))
        text = any_digits(rng, longest) if rng.random() < 0.7 else any_text(rng, longest)
        line = write_line(text, writer, some_style(rng, writer.printed), rng, (high, room))
        ink, number = line.ink, bool(line.label.strip("?"))
    elif kind < SINGLE + ROW + WORD:
        writer = stock.pick(rng)
        ink = write_line(some_word(rng), writer, some_style(rng, writer.printed), rng, (high, room)).ink
    else:
        drawn = draw_other(rng, high, ("scribble", "line", "letter")[int(rng.integers(3))])
        ink = np.rint(255 * drawn).astype(np.uint8) * (rng.random() < 0.7)
    above, below, left, right = (round(margin * high * rng.uniform(0.2, 1)) for _ in range(4))
    ink = np.ascontiguousarray(np.pad(ink, ((above, below), (left, right)))[:tall, :wide])
    paper = any_paper(rng, high)
    paper = plainer(paper, rng) if rng.random() < 0.5 else paper
    picture = put_on_paper(ink, paper, rng)
    parts = np.zeros((MAPS, *ink.shape), np.uint8)
    if not number:
        parts[OTHER] = ink
        return stretch(picture)[picture], parts
    parts[LIGHT if paper.inverted else DARK] = ink
    core, height = core_of(ink)
    if SMALLEST <= height <= TALLEST:
        parts[UPRIGHT] = core
    return stretch(picture)[picture], parts


def core_of(ink: Array) -> tuple[Array, float]:
    """The core of a row's ink, uint8 (height, width), a band along its middle, 0 or 255; and the row's height."""
    there = ink > CORE_INK
    columns = np.flatnonzero(there.any(axis=0))
    if not len(columns):
        return np.zeros_like(ink), 0.0
    high, wide = ink.shape
    top = np.full(wide, high)
    bottom = np.zeros(wide, int)
    top[columns], bottom[columns] = there[:, columns].argmax(axis=0), high - there[::-1, columns].argmax(axis=0)
    half = max(1, high // 2)
    upper = np.lib.stride_tricks.sliding_window_view(np.pad(top, half, constant_values=high), 2 * half + 1).min(axis=1)
    lower = np.lib.stride_tricks.sliding_window_view(np.pad(bottom, half), 2 * half + 1).max(axis=1)
    height = float(np.median((lower - upper)[columns]))
    middle = np.convolve(
        np.pad((upper + lower) / 2, half, mode="edge"), np.ones(2 * half + 1) / (2 * half + 1), "valid"
    )
    core = np.abs(np.arange(high)[:, None] + 0.5 - middle) <= CORE * height
    first, last = columns[0], columns[-1] + 1
    more = max(0, round(0.3 * height - (last - first) / 2))  # a 1 is slim
    core[:, : max(0, first - more)] = core[:, last + more :] = False
    return core.astype(np.uint8) * 255, height
