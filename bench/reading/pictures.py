"""The pictures of docs/reading.md: how a photo becomes digits, step by step, and what is read wrong.

    python -m bench.reading.pictures --out docs/images

Everything on them is drawn by the project's own pens.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle
from PIL import Image

from byhand.handwriting.compose import Style, write_row
from byhand.handwriting.glyphs import drawn_writers
from byhand.handwriting.others import draw_other
from byhand.handwriting.page import draw_page
from byhand.handwriting.paper import Paper, put_on_paper
from byhand.plots.canvas import BLUE, COLOURS, ORANGE, figure, save
from byhand.reading.candidates import number_ink
from byhand.reading.crops import RowView, crop, row_ink
from byhand.reading.cut import cut_all
from byhand.reading.finder import CELL, PAD, UPRIGHT
from byhand.reading.pieces import cut_between, upright
from byhand.reading.reader import MODEL, Reader

ROWS = ["31415", "92653", "58979"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."))
    parser.add_argument("--model", type=Path, help="the model that reads rows")
    options = parser.parse_args()
    reader = Reader(options.model)
    writers = drawn_writers(12, np.random.default_rng(5))
    save(stages(reader, writers), options.out / "reading-stages.png")
    save(row(reader, writers), options.out / "reading-row.png")
    save(parting(writers), options.out / "reading-pieces.png")
    save(failures(reader, writers), options.out / "reading-failures.png")


def grey(picture):
    return np.asarray(Image.fromarray(picture).convert("L"))


def panel(picture, place, image, title, **more):
    ax = picture.add_subplot(*place)
    ax.imshow(image, cmap="gray", **more)
    ax.set_title(title, fontsize=9)
    ax.set(xticks=[], yticks=[])
    return ax


def found_row(reader, image):
    """The one row that the finder finds, as it is cropped."""
    ((line,),) = cut_all(reader.finder.find(image))
    return row_ink(line.image, line.mask)


def outline(ax, box, colour):
    left, top, right, bottom = box
    ax.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor=colour))


def stages(reader, writers):
    """A page with a shadow and ruled lines, two of the finder's maps, and what was read."""
    page = draw_page(ROWS, writers[3], np.random.default_rng(3), (420, 520), Style(climb=0.3), rules=0.6, shadow=0.9)
    image = grey(page.picture)
    found = reader.finder.find(image)
    maps = found.numbers[0].level.maps
    rows, columns = (slice(PAD // CELL, side // CELL) for side in image.shape)
    reading = reader.read(image)
    picture = figure(9, 2.4)
    panel(picture, (1, 4, 1), page.picture, "the photo")
    panel(picture, (1, 4, 2), 1 - number_ink(maps)[rows, columns], "ink of numbers", vmin=0, vmax=1)
    panel(picture, (1, 4, 3), 1 - maps[UPRIGHT][rows, columns], "their cores", vmin=0, vmax=1)
    ax = panel(picture, (1, 4, 4), page.picture, "lines, digits, and what was read")
    for line in reading.lines:
        outline(ax, line.box, ORANGE)
        for digit in line.digits:
            outline(ax, digit.box, BLUE)
            ax.text(digit.box[0], digit.box[1] - 4, digit.digit, color=BLUE, fontsize=8)
    return picture


def row(reader, writers):
    """A climbing row as the network sees it, and what it says at every step."""
    rng = np.random.default_rng(8)
    ink = write_row("70924", writers[3], Style(climb=0.7, gap=0.25), rng, (70, 320))
    image = put_on_paper(np.pad(ink, 14), Paper(contrast=0.5, rules=0.3, grain=0.03), rng)
    ink = found_row(reader, image)
    views = {
        "level, its ink 0.85 of the height": RowView(),
        "smaller": RowView(share=0.65),
        "upright": RowView(lean=0.0),
        "leaning, wider, only its ink": RowView(lean=0.15, stretch=1.2, only_ink=True),
    }
    crops = [crop(ink, view, reader._way.height) for view in views.values()]
    picture = figure(9, 4.2)
    panel(picture, (3, 2, 1), image, "the picture", vmin=0, vmax=255)
    for i, (name, one) in enumerate(zip(views, crops, strict=True)):
        panel(picture, (3, 2, 2 + i), 255 - one.image, name, vmin=0, vmax=255)
    p = reader._way.look(crops[:1])[1][0]
    ax = picture.add_subplot(3, 2, 6)
    ax.imshow(p.T, aspect="auto", cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    ax.set(xlabel="step, one every 4 columns", yticks=[*range(0, 10, 3), 22], yticklabels=[*"0369", "blank"])
    ax.tick_params(axis="y", labelsize=7)
    ax.set_title("probability of the 23 classes at each step, first view", fontsize=9)
    ax.set_xlim(-0.5, crops[0].image.shape[1] / reader._way.step + 1)
    return picture


def parting(writers):
    """Where the row network sees digits, and the pieces that a network for single digits is shown."""
    rng = np.random.default_rng(2)
    ink = write_row("360528", writers[1], Style(gap=-0.02, uneven_gap=0.05), rng, (70, 420))
    image = put_on_paper(np.pad(ink, 14), Paper(contrast=0.7, grain=0.02), rng)
    single = Reader(MODEL)
    seen = found_row(single, image)
    middles = single._way.rows.read(seen).middles
    column = upright(seen.mask.shape, seen.lean, seen.steep)
    reading = single.read(image)
    picture = figure(9, 3.4)
    ax = panel(picture, (2, 2, 1), 255 - seen.image, "middles of digits, and cuts between them", vmin=0, vmax=255)
    y = np.arange(seen.mask.shape[0])
    for places, colour in ((middles, BLUE), (cut_between(seen.mask, column, middles), ORANGE)):
        for x in places:
            ax.plot([float(np.abs(row - x).argmin()) for row in column], y, color=colour, linewidth=1)
    ax = panel(picture, (2, 2, 2), image, f"the ink of each, and what was read: {reading.text}", vmin=0, vmax=255)
    for i, digit in enumerate(reading.digits):
        outline(ax, digit.box, COLOURS[i % 3])
    for i, digit in enumerate(reading.digits):
        title = f"{digit.digit} ({digit.confidence:.2f})"
        panel(picture, (2, 6, 7 + i), 255 - digit.image, title, vmin=0, vmax=255)
    return picture


def failures(reader, writers):
    """Pictures that show what goes wrong, with what stands on them and what is read."""
    rng = np.random.default_rng(6)

    def written_row(label, writer=0, style=None, high=44):
        return np.pad(write_row(label, writers[writer], style or Style(gap=0.2), rng, (high, 400)), 12)

    struck = written_row("4827", 4)
    struck[struck.shape[0] // 2 - 2 : struck.shape[0] // 2 + 2, 12:-12] = 255
    first, second = written_row("3", 1), written_row("8", 5)
    width = max(first.shape[1], second.shape[1])
    over = np.maximum(*(np.pad(one, ((0, 0), (0, width - one.shape[1]))) for one in (first, second)))
    plain = Paper(contrast=0.75, grain=0.02)
    kinds = [
        ("struck out: 4827", struck, plain),
        ("one over the other: 3 or 8", over, plain),
        ("upside down: 2046", written_row("2046", 2), plain),
        ("a word", np.pad(np.rint(255 * draw_other(rng, 44, "word")).astype(np.uint8), 12), plain),
        ("written in a bow: 60895", written_row("60895", 3, Style(gap=0.1, wave=1.6)), plain),
        ("5 pixels high: 35194", written_row("35194", 7, high=44), Paper(contrast=0.8, coarse=9, grain=0.03)),
        ("hardly darker than the paper: 713", written_row("713", 8), Paper(contrast=0.05, grain=0.03, quality=30)),
        ("pattern darker than the ink: 2590", written_row("2590", 9), Paper(contrast=0.3, pattern=0.5)),
    ]
    picture = figure(9, 4.4)
    for i, (title, ink, paper) in enumerate(kinds):
        image = put_on_paper(np.ascontiguousarray(ink[:, :440]), paper, rng)
        image = np.rot90(image, 2) if "upside" in title else image
        text = reader.read(image).text.replace("\n", " | ") or "nothing"
        panel(picture, (2, 4, i + 1), image, f"{title}\nread: {text}", vmin=0, vmax=255)
    return picture


if __name__ == "__main__":
    main()
