"""Composed writing: how fast it is made, and contact sheets of it.

    python -m bench.reading.rows forms.png rows.png pages.png --hands HANDS --fonts FONTS

Writes every form of every digit, rows as a row reader sees them, and pages of every kind, each beside its masks: ink of
numbers red, other writing orange, print blue, edges green, cores of rows violet. Prints pictures a second on one core.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image

import byhand
from byhand.handwriting.drawn import draw_ink
from byhand.handwriting.pages import EDGE, NUMBER, PAGE_KINDS, PRINT, WRITING, compose_page
from byhand.handwriting.pens import any_pen
from byhand.handwriting.rows import NumberRows
from byhand.handwriting.strokes import all_forms, any_hand
from byhand.handwriting.writers import collect

COLOURS = {NUMBER: (230, 0, 0), WRITING: (255, 150, 0), PRINT: (0, 140, 255), EDGE: (0, 190, 0)}


def forms(rng):
    """A row for each digit: its forms in turn, by other hands and pens."""
    lines = []
    for label, ways in all_forms().items():
        line = np.zeros((64, 1400), np.float32)
        x, k = 4, 0
        while True:
            ink = draw_ink(label, rng, 44, any_hand(rng), any_pen(rng), k % len(ways))[:58]
            if x + ink.shape[1] > line.shape[1]:
                break
            place = line[3 : 3 + len(ink), x : x + ink.shape[1]]
            np.maximum(place, ink, out=place)
            x, k = x + max(ink.shape[1] + 10, 52), k + 1
        lines.append(line)
    return (255 * (1 - np.concatenate(lines))).astype(np.uint8)


def rows_sheet(x, columns=3):
    """Rows (n, height, width, 1) side by side and one below the other."""
    framed = [np.pad(row[:, :, 0], 2, constant_values=90) for row in x]
    return np.concatenate([np.concatenate(framed[i : i + columns], 1) for i in range(0, len(x), columns)])


def pages_sheet(stock, rng, columns=3):
    """A line for each kind of page: pictures, each beside its masks."""
    lines = []
    for kind in PAGE_KINDS:
        pages = [compose_page(rng, stock, (320, 320), kind) for _ in range(columns)]
        lines.append(np.concatenate([np.concatenate([grey(page.image), coloured(page)], 1) for page in pages], 1))
    return np.concatenate(lines)


def grey(image):
    """A grey picture as one of colours."""
    return np.repeat(image[:, :, None], 3, axis=2)


def coloured(page):
    """What is what on a page, uint8 (height, width, 3)."""
    picture = grey(page.image // 2 + 110)
    for what, colour in COLOURS.items():
        picture[page.ink == what] = colour
    picture[page.core] = picture[page.core] // 2 + np.array([90, 0, 120], np.uint8)
    return picture


def speed(make, count):
    """How many a second of processor time, the best of three."""
    best = 0.0
    for _ in range(3):
        start = time.process_time()
        make(count)
        best = max(best, count / (time.process_time() - start))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs=3, type=Path)
    parser.add_argument("--hands", type=Path, help="folder of free hands")
    parser.add_argument("--fonts", type=Path, help="folder of fonts")
    options = parser.parse_args()
    rng, mnist = np.random.default_rng(0), byhand.load("mnist")
    images = mnist.x_train.reshape(-1, 28, 28), mnist.y_train
    stock = collect("train", hands=options.hands, fonts=options.fonts, mnist=images, drawn=200)
    rows = NumberRows(stock)
    sheets = forms(rng), rows_sheet(rows.batch(90, rng)[0]), pages_sheet(stock, rng)
    for path, picture in zip(options.files, sheets, strict=True):
        Image.fromarray(picture).save(path)
    makers = {
        "digits, 40 pixels high": lambda n: [
            draw_ink(str(i % 10), rng, 40, any_hand(rng), any_pen(rng)) for i in range(n)
        ],
        "rows, 40 pixels high": lambda n: [rows.picture(rng) for _ in range(n)],
        "pages, 512 × 512": lambda n: [compose_page(rng, stock) for _ in range(n)],
    }
    for (name, make), count in zip(makers.items(), (1000, 300, 60), strict=True):
        print(f"{speed(make, count):>8,.0f} {name}, a second")


if __name__ == "__main__":
    main()
