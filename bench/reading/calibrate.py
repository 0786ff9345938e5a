"""The power of rows' probabilities that fits how often they are right, and what a reader refuses.

    python -m bench.reading.calibrate reader.byhand --right FOLDER... --none FOLDER...

The folders of `--right` hold one row a picture, and labels.csv; those of `--none` letters, words, blank paper.
"""

import argparse
import csv
import re
from pathlib import Path

import numpy as np

from byhand.reading.reader import Reader, sureness


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--right", type=Path, nargs="+", default=[])
    parser.add_argument("--none", type=Path, nargs="+", default=[])
    parser.add_argument("--form", default="digits")
    options = parser.parse_args()
    reader = Reader(options.model, sure=0, form=options.form)
    rows = [row for folder in options.right for row in read(reader, folder, options.form)]
    p, sure, right = np.array(rows).T
    fitted = power(p, right)
    print(
        f"{len(rows)} rows, {100 * right.mean():.1f} % right; their probabilities to the power of {fitted:.3f} fit best"
    )
    for low, high in ((0, 0.5), (0.5, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.98), (0.98, 1.01)):
        there = (p >= low) & (p < high)
        if there.any():
            print(
                f"  {low:.2f}-{high:.2f}: {there.sum():4d} rows, said {p[there].mean():.3f}, "
                f"right {right[there].mean():.3f}"
            )
    others = {folder.name: list(most_sure(reader, folder)) for folder in options.none}
    for kept in (0.99, 0.995, 0.998, 1.0):
        threshold = float(np.quantile(sure[right == 1], 1 - kept))
        refused = ", ".join(f"{name} {100 * np.mean(np.array(s) < threshold):.1f}" for name, s in others.items())
        print(f"at {threshold:.3f}, which keeps {100 * kept:.1f} % of the rows read right, are refused, %: {refused}")


def read(reader, folder, form):
    """For each picture with one row the row's probability, how sure it is a sign, and whether it is right."""
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            label = re.sub("[^0-9]", "", row["label"]) if form == "digits" else row["label"].replace("?", " ").strip()
            lines = reader.read(folder / row["file"]).lines
            if len(lines) == 1 and label:
                text = re.sub("[^0-9]", "", lines[0].text) if form == "digits" else lines[0].text
                yield lines[0].confidence, sureness(lines[0]), text == label


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
