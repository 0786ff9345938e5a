"""The powers of rows' and signs' probabilities that fit how often they are right, and what a reader refuses.

    python -m bench.reading.calibrate reader.byhand --right FOLDER... --none FOLDER... --write

The folders of `--right` hold one row a picture, and labels.csv; those of `--none` letters, words, blank paper. With
`--write` the powers, and the threshold that keeps KEPT of the rows that are read right, are put into the reader's file.
"""

import argparse
import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from byhand.reading.model import load_model, save_model
from byhand.reading.reader import Reader, sureness

KEPT = 0.998  # of the rows that are read right stay above the threshold


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--right", type=Path, nargs="+", default=[])
    parser.add_argument("--none", type=Path, nargs="+", default=[])
    parser.add_argument("--form", nargs="+", default=["text", "digits"], help="all of them count")
    parser.add_argument("--write", action="store_true", help="put what is found into the reader's file")
    options = parser.parse_args()
    readers = {form: Reader(options.model, sure=0, form=form) for form in options.form}
    for reader in readers.values():
        reader._way.powers = (1.0, 1.0)
    found = fitted(readers, options)
    if options.write:
        save_model(replace(load_model(options.model), calibration=found), options.model)


def fitted(readers, options):
    """The calibration of readers whose powers are 1, by form."""
    found = [row for form, reader in readers.items() for folder in options.right for row in read(reader, folder, form)]
    rows, right = [row for row, _, _ in found], np.array([right for _, right, _ in found])
    p = np.array([row.confidence for row in rows])
    signs = [sign for _, _, signs in found for sign in signs]
    sign_p, sign_right = np.array(signs).T
    powers = {"row": power(p, right), "sign": power(sign_p, sign_right)}
    for name, (said, true) in {"row": (p, right), "sign": (sign_p, sign_right)}.items():
        print(f"{len(said)} {name}s, {100 * true.mean():.1f} % right; their power is {powers[name]:.3f}")
        reliability(said ** powers[name], true)
    sure = np.array([sureness(replace(row, confidence=row.confidence ** powers["row"])) for row in rows])
    reader = readers[options.form[0]]
    reader._way.powers = powers["row"], powers["sign"]
    others = {folder.name: list(most_sure(reader, folder)) for folder in options.none}
    for kept in (0.99, 0.995, 0.998, 1.0):
        threshold = float(np.quantile(sure[right == 1], 1 - kept))
        refused = ", ".join(f"{name} {100 * np.mean(np.array(s) < threshold):.1f}" for name, s in others.items())
        print(f"at {threshold:.3f}, which keeps {100 * kept:.1f} % of the rows read right, are refused, %: {refused}")
    return powers | {"sure": float(np.quantile(sure[right == 1], 1 - KEPT))}


def reliability(p, right):
    """Print how often what is said to be right with a probability p is."""
    for low, high in ((0, 0.5), (0.5, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.98), (0.98, 1.01)):
        there = (p >= low) & (p < high)
        if there.any():
            said, true = p[there].mean(), right[there].mean()
            print(f"  {low:.2f}-{high:.2f}: {there.sum():5d}, said {said:.3f}, right {true:.3f}")


def read(reader, folder, form):
    """For each picture with one row that row, whether it is right, and the same of its signs."""
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            label = re.sub("[^0-9]", "", row["label"]) if form == "digits" else row["label"].replace("?", " ").strip()
            lines = reader.read(folder / row["file"]).lines
            if len(lines) == 1 and label:
                text = re.sub("[^0-9]", "", lines[0].text) if form == "digits" else lines[0].text
                symbols = lines[0].digits if form == "digits" else lines[0].symbols
                wanted = label.replace(" ", "")
                signs = [
                    (symbol.confidence, symbol.digit == sign)
                    for symbol, sign in zip(symbols, wanted, strict=False)
                    if len(symbols) == len(wanted)
                ]
                yield lines[0], text == label, signs


def most_sure(reader, folder):
    """For each picture how sure its surest row is; 0 where there is none."""
    for file in sorted(folder.glob("*.png")):
        yield max((sureness(row) for row in reader.read(file).lines), default=0.0)


def power(p, right):
    """Of some powers a the one for which −Σ log of pᵃ, or of 1 − pᵃ where the row is wrong, is least."""
    p = np.clip(p, 1e-9, 1 - 1e-6)
    powers = np.exp(np.linspace(-3, 1.5, 91))
    cost = [-(right * a * np.log(p) + (1 - right) * np.log1p(-(p**a) + 1e-12)).sum() for a in powers]
    return float(powers[int(np.argmin(cost))])


if __name__ == "__main__":
    main()
