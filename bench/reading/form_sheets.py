"""Forms that the project prints, fills by hand and scans or photographs: to test and to measure how forms are read."""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from byhand.forms.perspective import fit_perspective, project, warped
from byhand.handwriting.line import write_line
from byhand.handwriting.style import LineStyle

WIDTH, HEIGHT = 1240, 1754  # pixels: A4 at 150 an inch
WORDS = ["Name", "Date", "Number", "Amount", "Street", "Meter", "Reading", "Account", "Class", "Points", "Total"]
WORDS += ["Signature", "Reference", "Unit", "Town", "Code"]


@dataclass
class Place:
    """A field of a sheet: kind "cells", "comb", "box", "line" or "table"; of a table columns and rows."""

    name: str
    kind: str
    box: tuple[int, int, int, int]
    length: int = 0
    columns: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


@dataclass
class Sheet:
    """An empty form, uint8 (HEIGHT, WIDTH), and its fields."""

    image: np.ndarray
    places: list[Place]


def draw_sheet(rng, table=True):
    """Print a form: a heading, words, cells wall to wall, combs, boxes, lines, and a table at the foot."""
    image = Image.new("L", (WIDTH, HEIGHT), 255)
    draw, places = ImageDraw.Draw(image), []
    thick = int(rng.integers(2, 4))
    draw.text((100, 80), "Form " + "".join(rng.choice(list("ABCDEFGHJKLM"), 3)), 0, ImageFont.load_default(48))
    draw.text((100, 150), _words(rng, 11), 0, ImageFont.load_default(18))
    y = 230
    while y < (1000 if table else 1550):
        x, high = 100 + int(rng.integers(0, 30)), int(rng.integers(48, 62))
        while x < 900:
            word = _words(rng, int(rng.integers(1, 3)))
            font = ImageFont.load_default(20)
            draw.text((x, y + high // 2 - 12), word, 0, font)
            x += int(draw.textlength(word, font)) + 16
            place = _place(draw, rng, x, y, high, thick, f"f{len(places)}")
            if place is None:
                break
            places.append(place)
            x = place.box[2] + int(rng.integers(40, 120))
        y += high + int(rng.integers(34, 60))
    if table:
        places.append(_table(draw, rng, y + 10, thick))
    return Sheet(np.asarray(image), places)


def _words(rng, count):
    return " ".join(rng.choice(WORDS, count))


def _place(draw, rng, x, y, high, thick, name):
    kind = str(rng.choice(["cells", "comb", "box", "box", "line"]))
    pitch = int(high * rng.uniform(0.75, 0.95))
    length = int(rng.integers(3, 9))
    wide = pitch * length if kind in ("cells", "comb") else int(rng.integers(180, 320))
    if x + wide > WIDTH - 80:
        return None
    box = (x, y, x + wide, y + high)
    if kind == "cells":
        draw.rectangle(box, outline=0, width=thick)
        for k in range(1, length):
            draw.line((x + k * pitch, y, x + k * pitch, y + high), 0, thick)
    elif kind == "comb":
        draw.line((x, y + high, x + wide, y + high), 0, thick)
        for k in range(length + 1):
            tall = high if k in (0, length) else high // 3
            draw.line((x + k * pitch, y + high - tall, x + k * pitch, y + high), 0, thick)
    elif kind == "box":
        draw.rectangle(box, outline=0, width=thick)
        length = max(2, min(7, int(wide / (0.6 * high))))
    else:
        draw.line((x, y + high, x + wide, y + high), 0, thick)
        length = max(2, min(7, int(wide / (0.6 * high))))
    return Place(name, kind, box, length)


def _table(draw, rng, top, thick):
    rows, columns = int(rng.integers(5, 9)), int(rng.integers(3, 6))
    xs = [100 + round(k * (WIDTH - 220) / columns) for k in range(columns + 1)]
    ys = [top + 60 * k for k in range(rows + 1)]
    for y in ys:
        draw.line((xs[0], y, xs[-1], y), 0, thick)
    for x in xs:
        draw.line((x, ys[0], x, ys[-1]), 0, thick)
    for k in range(columns):
        draw.text((xs[k] + 14, ys[0] + 18), WORDS[(3 * k + rows) % len(WORDS)], 0, ImageFont.load_default(20))
    return Place("table", "table", (xs[0], ys[1], xs[-1], ys[-1]), 4, xs, ys[1:])


def draw_grid(rows, columns, cell, headings=False, thick_every=0):
    """A sheet with a table, cells (width, height) pixels; with printed headings, or thick lines between blocks."""
    width, height = cell
    image = Image.new("L", (columns * width + 160, rows * height + 160), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(20)
    xs, ys = [80 + k * width for k in range(columns + 1)], [80 + k * height for k in range(rows + 1)]
    for k, y in enumerate(ys):
        draw.line((xs[0], y, xs[-1], y), 0, 5 if thick_every and k % thick_every == 0 else 2)
    for k, x in enumerate(xs):
        draw.line((x, ys[0], x, ys[-1]), 0, 5 if thick_every and k % thick_every == 0 else 2)
    if headings:
        for k in range(columns):
            draw.text((xs[k] + 10, ys[0] + height // 3), "Pupil" if k == 0 else f"Task {'ABCDEFGH'[k - 1]}", 0, font)
        for k in range(1, rows):
            draw.text(
                (xs[0] + 10, ys[k] + height // 3), ["Ada", "Ben", "Cem", "Dora", "Eli", "Fay"][(k - 1) % 6], 0, font
            )
    first = 1 if headings else 0
    box = (xs[first], ys[first], xs[-1], ys[-1])
    return Sheet(np.asarray(image), [Place("table", "table", box, 1 if thick_every else 2, xs[first:], ys[first:])])


# ---- filled by hand ----


def fill_sheet(sheet, writer, rng, empty=0.1):
    """The sheet with numbers in its fields by one hand, ink uint8, and what stands there: {name: text}.

    Cells keep blanks in their places; of a table there is a text for each cell, "name.row.column".
    """
    ink = np.zeros(sheet.image.shape, np.uint8)
    style = LineStyle(
        wide=float(np.exp(rng.normal(0.05, 0.12))),
        slant=rng.normal(-0.05, 0.15),
        gap=rng.uniform(0.08, 0.3),
        uneven_gap=0.05,
        uneven_height=rng.uniform(0.02, 0.1),
        uneven_base=rng.uniform(0.01, 0.05),
        stroke=rng.uniform(2.5, 6),
    )
    truth = {}
    for place in sheet.places:
        if place.kind == "table":
            for i, (y0, y1) in enumerate(zip(place.rows, place.rows[1:], strict=False), 1):
                for k, (x0, x1) in enumerate(zip(place.columns, place.columns[1:], strict=False), 1):
                    text = "" if rng.random() < empty else _digits(rng, int(rng.integers(1, place.length + 1)))
                    truth[f"{place.name}.{i}.{k}"] = text
                    _write(ink, (x0, y0, x1, y1), text, writer, style, rng)
        elif rng.random() < empty:
            truth[place.name] = ""
        elif place.kind in ("cells", "comb"):
            truth[place.name] = _in_cells(ink, place, writer, style, rng)
        else:
            truth[place.name] = _digits(rng, int(rng.integers(1, place.length + 1)))
            _write(ink, place.box, truth[place.name], writer, style, rng)
    return ink, truth


def _digits(rng, n):
    return "".join(str(d) for d in rng.integers(0, 10, n))


def _in_cells(ink, place, writer, style, rng):
    left, top, right, bottom = place.box
    pitch = (right - left) / place.length
    many = place.length if rng.random() < 0.6 else int(rng.integers(1, place.length + 1))
    before = int(rng.integers(0, place.length - many + 1))
    digits = _digits(rng, many)
    for k, digit in enumerate(digits, before):
        x = left + k * pitch
        _write(ink, (round(x), top, round(x + pitch), bottom), digit, writer, style, rng, 0.05)
    return (" " * before + digits).rstrip()


def _write(ink, box, text, writer, style, rng, room=0.04):
    """Write a text into a box, here and there a little over its edge."""
    if not text:
        return
    left, top, right, bottom = box
    high = (bottom - top) * rng.uniform(0.55, 0.82)
    wide = (right - left) * (1 - 2 * room)
    line = write_line(text, writer, style, rng, (high, wide)).ink
    y = top + (bottom - top - len(line)) * rng.uniform(0.35, 0.95) + rng.normal(0, 0.03) * high
    spare = max(0.0, right - left - line.shape[1])
    x = left + (spare * rng.uniform(0.3, 0.7) if len(text) == 1 else spare * rng.uniform(0.05, 0.5))
    y, x = max(0, round(y)), max(0, round(x))
    place = ink[y : y + len(line), x : x + line.shape[1]]
    np.maximum(place, line[: place.shape[0], : place.shape[1]], out=place)


# ---- scanned or photographed ----


def inked(sheet, ink, rng):
    """Printed and written on white paper, uint8."""
    dark = rng.uniform(0.65, 0.95)
    return (sheet.image * (1 - dark * ink / np.float32(255))).astype(np.uint8)


def scanned(image, rng):
    """As a scanner gives it: shifted, turned a little, in another resolution, grain, JPEG; and the matrix to it."""
    scale, angle = rng.uniform(0.95, 1.6), rng.normal(0, np.radians(1.2))
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    shift = rng.normal(0, 0.012, 2) * size
    c, s = np.cos(angle), np.sin(angle)
    middle = np.array(size) / 2
    corners = _corners(image.shape[::-1])
    targets = ((corners * scale - middle) @ np.array([[c, s], [-s, c]])) + middle + shift
    return _seen(image, corners, targets, size, rng, 255 * rng.uniform(0.93, 1), 2.0)


def photographed(image, rng):
    """As a telephone held above a table gives it: perspective, quarter turns at times, uneven light; and the matrix."""
    size = (1500, 2000) if rng.random() < 0.8 else (2000, 1500)
    inset = np.array(size) * rng.uniform(0.02, 0.09, (4, 2))
    frame = _corners(size)
    targets = frame + np.sign(np.array(size) / 2 - frame) * inset
    if size[0] > size[1]:
        targets = np.roll(targets, 1 if rng.random() < 0.5 else -1, axis=0)
    return _seen(image, _corners(image.shape[::-1]), targets, size, rng, rng.uniform(30, 110), 4.0)


def _corners(size):
    w, h = size
    return np.array([[0, 0], [w, 0], [w, h], [0, h]], float)


def _seen(image, corners, targets, size, rng, beside, grain):
    matrix = fit_perspective(corners, targets, np.ones(4))
    back = np.linalg.inv(matrix)
    paper = warped(image, back, size, 0).astype(np.float32)
    there = warped(np.full(image.shape, 255, np.uint8), back, size, 0) / np.float32(255)
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / max(size)
    light = 0.85 + 0.15 * rng.uniform(-1, 1) * (x - 0.5) + 0.15 * rng.uniform(-1, 1) * (y - 0.5)
    seen = light * (paper * 0.95 + (1 - there) * beside) + rng.normal(0, grain, paper.shape)
    return np.clip(seen, 0, 255).astype(np.uint8), matrix


def farthest(matrix, other, size):
    """How far two matrices take a sheet's corners from each other, in pixels."""
    corners = _corners(size)
    return float(np.sqrt(((project(matrix, corners) - project(other, corners)) ** 2).sum(axis=1)).max())
