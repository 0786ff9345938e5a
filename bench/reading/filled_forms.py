"""How well filled forms are read: python -m bench.reading.filled_forms --hands HANDS --forms 60

Forms that the project prints, each with other fields, filled by writers that no network was trained on (drawn hands,
MNIST's held-out images, the held-out writers of the free hands in HANDS), half of them scanned, half photographed. For
each threshold of the confidence: how many fields are accepted, and how many of the accepted ones are right; a field is
right if its text is, blanks in their places, and an empty field if it is read as empty.
"""

import argparse
import json
from collections import Counter

import numpy as np

import byhand
from bench.reading.form_sheets import draw_sheet, fill_sheet, inked, photographed, scanned
from byhand.core.errors import ByhandError
from byhand.forms.filling import FormReader
from byhand.forms.template import FormField, FormTemplate
from byhand.handwriting.writers import collect

THRESHOLDS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)


def described(sheet):
    """The form, as a person would describe it."""
    fields = []
    for place in sheet.places:
        if place.kind in ("cells", "comb"):
            fields.append(FormField(place.name, place.box, "cells", place.length))
        else:
            tables = {"columns": tuple(place.columns), "rows": tuple(place.rows)} if place.kind == "table" else {}
            fields.append(FormField(place.name, place.box, place.kind, f"1-{place.length}", **tables))
    return FormTemplate(sheet.image, tuple(fields))


def read_forms(stock, count, seed):
    """Of each field: kind of place, kind of writer, confidence, whether another rule refuses it, truth, text."""
    found, refused = [], 0
    kinds = list(stock.kinds)
    for k in range(count):
        rng = np.random.default_rng((seed, k))
        sheet = draw_sheet(rng)
        kind = kinds[int(np.searchsorted(np.cumsum(list(stock.shares.values())), rng.random()))]
        writers = stock.kinds[kind]
        ink, truth = fill_sheet(sheet, writers[int(rng.integers(len(writers)))], rng)
        scan, _ = (scanned, photographed)[k % 2](inked(sheet, ink, rng), rng)
        try:
            reading = FormReader(described(sheet)).read(scan)
        except ByhandError:
            refused += 1
            continue
        places = {place.name: place.kind for place in sheet.places}
        for one in reading.fields:
            other = one.reason not in ("", "unsure")
            place = places[one.name.split(".")[0]]
            found.append((place, kind, one.confidence, other, truth[one.name], one.text))
        print(f"\r{k + 1} of {count} forms", end="", flush=True)
    print()
    return found, refused


def curve(found):
    """Lines of a table: for each threshold the part accepted, the part of these that is right, how many are wrong."""
    for threshold in THRESHOLDS:
        accepted = [(truth, text) for _, _, p, other, truth, text in found if p >= threshold and not other]
        wrong = sum(truth != text for truth, text in accepted)
        share, right = len(accepted) / len(found), 1 - wrong / max(1, len(accepted))
        print(f"| {threshold:.2f} | {share:.1%} | {right:.2%} | {wrong} |")


def by(found, column, name):
    """How many fields of each kind are right without any threshold."""
    total, right = Counter(), Counter()
    for one in found:
        total[one[column]] += 1
        right[one[column]] += one[4] == one[5]
    print(f"{name}: " + ", ".join(f"{kind} {right[kind] / total[kind]:.1%} of {total[kind]}" for kind in total))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hands", help="folder of free hands")
    parser.add_argument("--forms", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", help="write every field as a line of JSON")
    options = parser.parse_args()
    mnist = byhand.load("mnist")
    images = mnist.x_train.reshape(-1, 28, 28), mnist.y_train
    stock = collect("validation", hands=options.hands, mnist=images, report=print)
    found, refused = read_forms(stock, options.forms, options.seed)
    empty = sum(not one[4] for one in found)
    print(f"{options.forms} forms, {refused} refused; {len(found)} fields, {empty} of them empty")
    print("| confidence | accepted | right of these | wrong |\n|---|---|---|---|")
    curve(found)
    by(found, 0, "places")
    by(found, 1, "writers")
    by([one for one in found if not one[4]], 0, "empty ones")
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(one) + "\n" for one in found)


if __name__ == "__main__":
    main()
