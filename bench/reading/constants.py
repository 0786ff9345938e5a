"""What the constants that decide a reading are worth: rows read right with 0.7 and with 1.4 times each of them.

    python -m bench.reading.constants FOLDER [--pictures 20]

FOLDER is one that `python -m bench.reading.composed` wrote: by writers, in fonts and on papers that no network learnt
from.
"""

import argparse
import csv
from importlib import import_module
from pathlib import Path

from byhand.pictures.image import open_image
from byhand.reading.reader import Reader

FORMS = {
    "plain-rows": "digits",
    "rows": "digits",
    "printed": "digits",
    "singles": "digits",
    "plain-signs": "text",
    "signs": "text",
}
FACTORS = (0.7, 1.4)
CONSTANTS = {
    "candidates": ("BAND", "INKED", "LINE_PAPER", "NUMBER_SHARE"),
    "crops": ("CROP_MARGIN", "LEVELLED_FROM", "LOWER", "SHARPER"),
    "cut": ("REACH", "AROUND", "LOW", "HIGH", "STRONG"),
    "find": ("LARGEST_LEVEL", "SMALL_PAGE", "THERE", "SAME", "STEEPEST_FALL", "SLOPE_SHOWS"),
    "number_model": ("POSSIBLE", "BEAM", "WEIGHT"),
    "pieces": ("WHOLE",),
    "reader": ("PAPER_AROUND",),
    "row_reader": ("SURE", "SECOND", "RARE", "LEAST_PROBABILITY"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=20, help="of each kind")
    options = parser.parse_args()
    pictures = [one for name in FORMS for one in some(options.folder / name, options.pictures)]
    readers = {form: Reader(form=form) for form in set(FORMS.values())}
    before = texts(pictures, readers)
    print(f"{right(pictures, before)} of {len(pictures)} pictures are read right.\n")
    print("| constant | value | " + " | ".join(f"× {factor}: right, texts that change" for factor in FACTORS) + " |")
    print("|---|---|" + "---|" * len(FACTORS))
    for module, names in CONSTANTS.items():
        for name in names:
            value = getattr(import_module(f"byhand.reading.{module}"), name)
            cells = []
            for factor in FACTORS:
                put(module, name, type(value)(value * factor))
                found = texts(pictures, readers)
                gain = right(pictures, found) - right(pictures, before)
                cells.append(f"{gain:+d}, {sum(a != b for a, b in zip(before, found, strict=True))}")
            put(module, name, value)
            print(f"| `{module}.{name}` | {value:g} | " + " | ".join(cells) + " |", flush=True)


def some(folder, count):
    """Of a folder's pictures so many: grey levels, label and form."""
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        labels = [(row["file"], row["label"]) for row in csv.DictReader(file)]
    chosen = labels[:: max(1, len(labels) // count)][:count]
    return [(open_image(folder / file), label, FORMS[folder.name]) for file, label in chosen]


def put(module, name, value):
    """Give a constant a value, wherever it was imported as well."""
    home = import_module(f"byhand.reading.{module}")
    before = getattr(home, name)
    for other in CONSTANTS:
        at = import_module(f"byhand.reading.{other}")
        if at is home or getattr(at, name, None) == before:
            setattr(at, name, value)


def texts(pictures, readers):
    return ["".join(readers[form].read(image).text.split()) for image, _, form in pictures]


def right(pictures, found):
    """How many texts are their labels', of digits asked for the digits alone."""
    wanted = ("".join(filter(str.isdigit, label)) if form == "digits" else label for _, label, form in pictures)
    return sum(text == "".join(label.split()) for text, label in zip(found, wanted, strict=True))


if __name__ == "__main__":
    main()
