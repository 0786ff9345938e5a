"""Pictures for the pages on forms and on the reader in a product: python -m bench.reading.form_pictures docs/images

forms.png: a filled form as it was photographed, and what was read on it, laid over the empty form. cookbook.png: an
amount, a date, a meter and a time, each with the pattern that reads it, and what was read. All hands are drawn.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.reading.filled_forms import described
from bench.reading.form_sheets import draw_sheet, fill_sheet, inked, photographed
from byhand.documents.options import ReadOptions
from byhand.forms.filling import FormReader
from byhand.handwriting.line import write_line
from byhand.handwriting.style import LineStyle
from byhand.handwriting.writers import drawn_writer
from byhand.reading.reader import Reader

BLUE, ORANGE = (0, 114, 178), (213, 94, 0)  # accepted, to be looked at
HIGH = 900  # pixels
COOKBOOK = (("amount", "1249,50"), ("date", "24.11.2028"), (r"\d{6}", "048213"), ("time", "17:45"))


def form_picture():
    """A photo of a filled form beside what was read on it."""
    sheet, rng = draw_sheet(np.random.default_rng(4)), np.random.default_rng(12)
    ink, _ = fill_sheet(sheet, drawn_writer(0, "drawn 36"), rng)
    photo, _ = photographed(inked(sheet, ink, rng), rng)
    form = described(sheet)
    reading = FormReader(form).read(photo)
    page = Image.fromarray(255 - (255 - sheet.image) // 3).convert("RGB")
    draw = ImageDraw.Draw(page)
    for part, one in zip(form.parts(), reading.fields, strict=True):
        left, top, right, bottom = part.box
        colour = BLUE if one.accepted else ORANGE
        draw.rectangle(part.box, outline=colour, width=3)
        font = ImageFont.load_default(round(0.62 * (bottom - top)))
        pitch = (right - left) / part.length if part.kind == "cells" else 0
        for k, sign in enumerate(one.text if pitch else ()):
            draw.text((left + (k + 0.25) * pitch, top + 2), sign, colour, font)
        if not pitch:
            draw.text((left + 8, top + 2), one.text, colour, font)
    return beside([Image.fromarray(photo).convert("RGB"), page])


def beside(pictures):
    """The pictures side by side, equally high."""
    scaled = [picture.resize((round(picture.width * HIGH / picture.height), HIGH)) for picture in pictures]
    sheet = Image.new("RGB", (sum(one.width for one in scaled) + 20 * (len(scaled) - 1), HIGH), "white")
    x = 0
    for one in scaled:
        sheet.paste(one, (x, 0))
        x += one.width + 20
    return sheet


def cookbook_picture():
    """A row for each recipe: the picture, the pattern, what was read, and how sure that is."""
    rows, writer = [], drawn_writer(0, "drawn 55")
    for k, (pattern, text) in enumerate(COOKBOOK):
        rng = np.random.default_rng(k)
        style = LineStyle(gap=0.2, stroke=3.5, slant=-0.05)
        ink = np.pad(write_line(text, writer, style, rng, (46, 420)).ink, 26)
        grey = np.clip(236 - 190 / 255 * ink + rng.normal(0, 2, ink.shape), 0, 255).astype(np.uint8)
        (row, *_) = ReadOptions(pattern).read(Reader(form=pattern), grey).lines or [None]
        line = Image.new("RGB", (960, 110), "white")
        line.paste(Image.fromarray(grey), (10, 5))
        draw, font = ImageDraw.Draw(line), ImageFont.load_default(26)
        draw.text((470, 40), f"--pattern {pattern}", (0, 0, 0), font)
        said = f"{row.text}  {row.confidence:.0%}" if row else "refused"
        draw.text((730, 40), said, BLUE if row else ORANGE, font)
        rows.append(np.asarray(line))
    return Image.fromarray(np.concatenate(rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    form_picture().quantize(32).save(folder / "forms.png", optimize=True)
    cookbook_picture().quantize(64).save(folder / "cookbook.png", optimize=True)


if __name__ == "__main__":
    main()
