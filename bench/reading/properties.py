"""Whether a reading stays the same where the picture changes in ways that should not matter.

    python -m bench.reading.properties FOLDER... --model reader.safetensors --json figures.json

For every picture and every change: the text of the changed picture beside that of the picture itself; the share of
pictures for which both are the same. A picture in which nothing is read does not count.
"""

import argparse
import json
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from byhand.pictures.image import open_image
from byhand.reading.reader import Reader

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


def rim(picture, width):
    """The picture with so many pixels of its rim's median around it; fewer than none cut that many away."""
    if width < 0:
        return picture[-width:width, -width:width] if min(picture.shape) > 8 * -width else picture
    return np.pad(picture, width, constant_values=paper(picture))


def paper(picture):
    return int(np.median(np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])))


def resized(picture, factor):
    size = tuple(max(1, round(side * factor)) for side in picture.shape[::-1])
    return np.asarray(
        Image.fromarray(picture).resize(size, Image.Resampling.BOX if factor < 1 else Image.Resampling.BICUBIC)
    )


def jpeg(picture, quality=80):
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("L"))


def wedge(picture, side):
    """A dark wedge along one side, as a table's edge beside the paper."""
    around = rim(picture, max(12, round(0.25 * min(picture.shape))))
    turned = np.rot90(around, side).copy()
    depth = np.linspace(0.05, 0.5, turned.shape[1]) * max(12, round(0.25 * min(picture.shape)))
    turned[np.arange(turned.shape[0])[:, None] < depth] = 30
    return np.ascontiguousarray(np.rot90(turned, -side))


def row_below(picture):
    """Another row below it: the picture itself once more, mirrored so that nobody takes it for the same."""
    return np.concatenate(
        [picture, np.full((max(8, picture.shape[0] // 2), picture.shape[1]), paper(picture), np.uint8), picture]
    )


CHANGES = {
    "rim + 1": lambda p: rim(p, 1),
    "rim + 8": lambda p: rim(p, 8),
    "rim + 12": lambda p: rim(p, 12),
    "rim - 2": lambda p: rim(p, -2),
    "inverted": lambda p: 255 - p,
    "twice as large": lambda p: resized(p, 2),
    "half as large": lambda p: resized(p, 0.5),
    "JPEG 80": jpeg,
    "wedge above": lambda p: wedge(p, 0),
    "wedge beside": lambda p: wedge(p, 1),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--form", default="digits")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    reader = Reader(options.model, form=options.form)
    figures = {folder.name: measure(reader, folder) for folder in options.folders}
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def measure(reader, folder):
    """For each change the share of pictures whose reading stays the same."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)
    same = {name: [] for name in [*CHANGES, "own box", "own box + 6", "row below"]}
    for file in files:
        picture = open_image(file)
        reading = reader.read(picture)
        if not reading.text:
            continue
        for name, change in CHANGES.items():
            if name != "half as large" or min(line.box[3] - line.box[1] for line in reading.lines) >= 16:
                same[name].append(reader.read(change(picture)).text == reading.text)
        twice = reader.read(row_below(picture)).text
        same["row below"].append(twice == f"{reading.text}\n{reading.text}")
        for line in reading.lines:
            for name, width in (("own box", 0), ("own box + 6", 6)):
                left, top, right, bottom = line.box
                part = picture[max(top - width, 0) : bottom + width, max(left - width, 0) : right + width]
                same[name].append(reader.read(np.ascontiguousarray(part)).text == line.text)
    print(f"\n{folder.name}, {len(files)} pictures")
    for name, values in same.items():
        print(f"  {name:<16}{100 * np.mean(values):6.1f} % of {len(values)}", flush=True)
    return {name: float(np.mean(values)) for name, values in same.items()}


if __name__ == "__main__":
    main()
