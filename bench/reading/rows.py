"""Composed writing: how fast it is made, and contact sheets of it.

    python -m bench.reading.rows forms.png rows.png page.png

Writes every form of every digit, rows as the row reader sees them, and a page; prints pictures a second on one core.
"""

import sys
import time

import numpy as np
from PIL import Image

import byhand
from byhand.handwriting.drawn import draw_ink
from byhand.handwriting.glyphs import drawn_writers, image_writers
from byhand.handwriting.page import draw_page
from byhand.handwriting.pens import any_pen
from byhand.handwriting.strokes import all_forms, any_hand
from byhand.reading.rows import Rows


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


def sheet(x, columns=3):
    """Rows (n, height, width, 1) side by side and one below the other."""
    framed = [np.pad(255 - row[:, :, 0], 2, constant_values=90) for row in x]
    return np.concatenate([np.concatenate(framed[i : i + columns], 1) for i in range(0, len(x), columns)])


def speed(make, count):
    """How many a second of processor time, the best of three."""
    best = 0.0
    for _ in range(3):
        start = time.process_time()
        make(count)
        best = max(best, count / (time.process_time() - start))
    return best


def main():
    rng = np.random.default_rng(0)
    drawn = drawn_writers(100, rng)
    digits = byhand.load("mnist")
    writers = drawn + image_writers(digits.x_train[:6000].reshape(-1, 28, 28), digits.y_train[:6000], rng, 40, drawn)
    pictures = [forms(rng), sheet(Rows(writers).batch(90, rng)[0])]
    pictures.append(draw_page(["31415", "926535", "8979", "323846264", "3383"], drawn[0], rng, rules=0.4).picture)
    for path, picture in zip(sys.argv[1:], pictures, strict=False):
        Image.fromarray(picture).save(path)

    def draw(count):
        for i in range(count):
            draw_ink(str(i % 10), rng, 40, any_hand(rng), any_pen(rng))

    print(f"{speed(draw, 1000):>8,.0f} digits a second, 40 pixels high")
    for height in (32, 40, 48):
        rows = Rows(writers, height, 8 * height)
        print(
            f"{speed(lambda count, rows=rows: rows.batch(count, rng), 500):>8,.0f} rows a second, {height} pixels high"
        )


if __name__ == "__main__":
    main()
