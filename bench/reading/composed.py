"""Write folders of composed pictures by writers, on papers and in fonts that no network was trained on.

    python -m bench.reading.composed FOLDER --hands HANDS --fonts FONTS

They stand in for kinds of picture of which there is no collection: whole pages of every kind, forms with boxes,
numbers with signs, printed numbers, single digits; and what is to be refused: letters, words, scribbles, blank paper.
Each folder holds PNG files and a labels.csv for `python -m bench.reading`; rows are joined by a literal \\n.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

import byhand
from byhand.handwriting.line import write_line
from byhand.handwriting.numbers import any_text
from byhand.handwriting.others import draw_other
from byhand.handwriting.pages import PAGE_KINDS, compose_page
from byhand.handwriting.paper import Paper, any_paper, put_on_paper
from byhand.handwriting.rows import NumberRows
from byhand.handwriting.style import some_style
from byhand.handwriting.writers import Stock, collect

WHOLE = [kind for kind in PAGE_KINDS if kind not in ("words", "blank", "strips", "form", "single")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hands", type=Path, help="folder of free hands")
    parser.add_argument("--fonts", type=Path, help="folder of fonts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=1, help="how many times as many pictures")
    options = parser.parse_args()
    mnist = byhand.load("mnist")
    images = mnist.x_train.reshape(-1, 28, 28), mnist.y_train
    stock = collect("validation", hands=options.hands, fonts=options.fonts, mnist=images, report=print)
    for number, (name, (count, make)) in enumerate(FOLDERS.items()):
        pictures = (
            make(stock, np.random.default_rng((options.seed, number, i)), i) for i in range(options.times * count)
        )
        write(options.folder / name, pictures)


def page(kinds):
    """Pages of these kinds in turn, most of them as phones' pictures are made smaller."""

    def make(stock, rng, i):
        size = tuple(int(side) for side in rng.integers(500, 1100, size=2))
        found = compose_page(rng, stock, size, kinds[i % len(kinds)], 0)
        return found.image, label_of(found)

    return make


def label_of(page):
    """The page's lines from above, what stands side by side joined by a space; other ink is left out."""
    lines = {}
    for row in page.rows:
        lines.setdefault(row.line, []).append(row)
    ordered = sorted(lines.values(), key=lambda rows: np.mean([row.polygon[:, 1].mean() for row in rows]))
    texts = [" ".join(row.text for row in sorted(rows, key=lambda row: row.polygon[0, 0])) for rows in ordered]
    return "\\n".join(" ".join(text.replace("?", " ").split()) for text in texts)


def row(wanted):
    """Rows whose text is wanted."""

    def make(stock, rng, i):
        while True:
            picture, text = NumberRows(stock).picture(rng)
            if wanted(text):
                return picture, text

    return make


def printed(stock, rng, i):
    """A row in print."""
    kinds = {"printed": stock.kinds.get("printed") or stock.kinds["drawn"]}
    while True:
        picture, text = NumberRows(Stock(kinds, {"printed": 1.0}, held=True)).picture(rng)
        if text.isdigit():
            return picture, text


def plain(wanted):
    """Rows whose text is wanted, in good light on plain or ruled paper, as a scanner sees them."""

    def make(stock, rng, i):
        while True:
            writer = stock.pick(rng)
            size = int(rng.integers(24, 60)), 800
            line = write_line(any_text(rng, 16), writer, some_style(rng, writer.printed), rng, size)
            if wanted(line.label):
                break
        ink = np.pad(line.ink, [tuple(rng.integers(4, 20, size=2)) for _ in range(2)])
        ruled = rng.random() < 0.2
        paper = Paper(rng.uniform(0.75, 1), rng.uniform(0.5, 0.95), rules=0.3 * ruled, footed=True, held=True)
        return put_on_paper(ink, paper, rng), line.label

    return make


def has_signs(text):
    """Whether a text has digits and signs, and nothing else."""
    return any(s in text for s in ".,-/:+%€$£") and "?" not in text and len(digits_in(text)) > 0


def is_long(text):
    """Whether a text is two digits or more."""
    return len(text) > 1 and text.isdigit()


def single(stock, rng, i):
    """A digit, large or small."""
    side = int(rng.integers(24, 400))
    found = compose_page(rng, stock, (side, side), "single", 0)
    return found.image, label_of(found)


def other(kind):
    """Other writing than numbers."""

    def make(stock, rng, i):
        if kind == "blank":
            return compose_page(rng, stock, (300, 400), "blank", 0).image, ""
        ink = np.rint(255 * draw_other(rng, int(rng.integers(30, 70)), kind)).astype(np.uint8)
        ink = np.pad(ink, int(rng.integers(4, 30)))[:75, :650]
        return put_on_paper(ink, any_paper(rng, len(ink)), rng), ""

    return make


FOLDERS = {
    "pages": (56, page(WHOLE)),
    "forms": (24, page(["form"])),
    "signs": (200, row(has_signs)),
    "plain-signs": (300, plain(has_signs)),
    "rows": (200, row(is_long)),
    "plain-rows": (300, plain(is_long)),
    "printed": (100, printed),
    "singles": (200, single),
    "letters": (200, other("letter")),
    "words": (200, other("word")),
    "scribbles": (200, other("scribble")),
    "blank": (100, other("blank")),
}


def digits_in(text):
    """The digits of a text."""
    return "".join(filter(str.isdigit, text))


def write(folder, pictures):
    """The pictures as PNG files, and labels.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "label"])
        for i, (picture, label) in enumerate(pictures):
            Image.fromarray(picture).save(folder / f"{i}.png")
            table.writerow([f"{i}.png", label])


if __name__ == "__main__":
    main()
