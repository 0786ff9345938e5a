"""How far the reader's confidence can be trusted, and how well it refuses what is no digit.

    python -m bench.reading.confidence --out docs/images [--pictures 1000] [--seed 1]

Pictures are composed by the project's own pens: rows of digits, and letters, words, scribbles, lines, marks and blank
paper, all on the same papers. Two curves come out: of the rows that were given such a confidence, how many are right;
and, for every threshold below which a row is not read, how many rows of digits are kept and how many of the others are
refused. It also prints by which factors the powers in the reader's file should be changed to fit best.
"""

import argparse
from pathlib import Path

import numpy as np

import byhand
from byhand.handwriting.compose import any_number, any_style, write_row
from byhand.handwriting.glyphs import drawn_writers, image_writers
from byhand.handwriting.others import OTHER_KINDS, draw_other
from byhand.handwriting.paper import any_paper, put_on_paper
from byhand.plots.canvas import COLOURS, DASHES, dress, figure, save
from byhand.reading.reader import Reader, sureness

LONGEST = 8


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("."))
    parser.add_argument("--pictures", type=int, default=1000, help="of rows; half as many of what is no digit")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    reader = Reader(options.model, sure=0, form="digits")
    enough = Reader(options.model).sure
    writers = hands(rng)
    rows = [read(reader, label, ink, rng) for label, ink in (row(writers, rng) for _ in range(options.pictures))]
    others = {}
    for kind in (*OTHER_KINDS, "blank paper"):
        inks = [other(kind, rng) for _ in range(options.pictures // 12)]
        others[kind] = np.array([read(reader, "", ink, rng)[0] for ink in inks])
    report(rows, others, enough)
    save(reliability(rows), options.out / "confidence.png")
    save(trade_off(rows, others, enough), options.out / "rejection.png")


def hands(rng):
    """Drawn writers and writers of MNIST's last training images, which the shipped networks were not trained on."""
    digits = byhand.load("mnist")
    drawn = drawn_writers(60, rng)
    return drawn + image_writers(digits.x_train[:5000].reshape(-1, 28, 28), digits.y_train[:5000], rng, 40, drawn)


def row(writers, rng):
    label = any_number(rng, LONGEST)
    writer = writers[int(rng.integers(len(writers)))]
    return label, write_row(label, writer, any_style(rng), rng, (int(rng.integers(24, 60)), 460))


def other(kind, rng):
    high = int(rng.integers(24, 60))
    if kind == "blank paper":
        return np.zeros((high, 4 * high), np.uint8)
    return np.rint(255 * draw_other(rng, high, kind)[:70, :460]).astype(np.uint8)


def read(reader, label, ink, rng):
    """How sure the reader is of a picture of this ink, 0 for nothing read, whether it is right, and of its digits."""
    margins = rng.integers(6, 18, size=4)
    ink = np.pad(ink, (margins[:2], margins[2:]))[:80, :700]
    reading = reader.read(put_on_paper(ink, any_paper(rng, 0.7 * ink.shape[0]), rng))
    sure = max((sureness(line) for line in reading.lines), default=0.0)
    right = reading.text == label
    digits = [
        (digit.confidence, digit.digit == name)
        for digit, name in zip(reading.digits, label, strict=False)
        if len(reading.text) == len(label)
    ]
    return sure, right, reading.confidence if reading.lines else 0.0, digits


def exponent(confidence, right, digits=False):
    """The a for which confidence^a, of digits c^a / (c^a + (1 − c)^a), fits best what was right: by likelihood."""
    tried = np.linspace(0.1, 3, 59)
    c = np.clip(np.array(confidence), 1e-4, 1 - 1e-4)[:, None]
    p = np.clip(c**tried / (c**tried + (1 - c) ** tried) if digits else c**tried, 1e-6, 1 - 1e-6)
    likelihood = np.where(np.array(right)[:, None], np.log(p), np.log(1 - p)).mean(axis=0)
    return tried[likelihood.argmax()]


def report(rows, others, enough):
    sure, right = (np.array([r[i] for r in rows]) for i in (0, 1))
    digits = [digit for r in rows for digit in r[3]]
    print(f"{len(rows)} rows of digits, {100 * right.mean():.1f} % read right")
    print(f"factor for the power of a row's confidence {exponent([r[2] for r in rows], right):.2f}", end=", ")
    print(f"of a digit's {exponent([d[0] for d in digits], [d[1] for d in digits], True):.2f}")
    print(f"{'threshold':<12}{'right rows kept, %':>20}" + "".join(f"{kind + ', %':>16}" for kind in others))
    for threshold in sorted({0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, enough}):
        kept = 100 * np.mean(sure[right] >= threshold)
        refused = [100 * np.mean((s < threshold) | (s == 0)) for s in others.values()]
        print(f"{threshold:<12.2f}{kept:>20.1f}" + "".join(f"{r:>16.1f}" for r in refused))


def reliability(rows):
    """Of rows and digits of about one confidence, the part that is right."""
    picture = figure(5.2, 4.4)
    ax = picture.add_subplot()
    ax.plot([0, 1], [0, 1], color="#999999", linewidth=1, label="as it should be")
    kinds = {
        "rows": [(r[2], r[1]) for r in rows if r[2] > 0],
        "digits": [digit for r in rows for digit in r[3]],
    }
    for (name, pairs), colour, mark in zip(kinds.items(), COLOURS, "os", strict=False):
        p, right = np.array(pairs, float).T
        groups = np.array_split(np.argsort(p), 10)
        ax.plot([p[g].mean() for g in groups], [right[g].mean() for g in groups], f"{mark}-", color=colour, label=name)
    dress(ax, "confidence", "part that is right")
    ax.legend()
    return picture


def trade_off(rows, others, enough):
    """What is refused against what is kept, for every threshold."""
    picture = figure(6.4, 4.4)
    ax = picture.add_subplot()
    sure = np.array([r[0] for r in rows if r[1]])
    thresholds = np.linspace(0, 1, 400)
    kept = [100 * np.mean(sure >= t) for t in thresholds]
    for i, (kind, s) in enumerate(others.items()):
        refused = [100 * np.mean((s < t) | (s == 0)) for t in thresholds]
        colour, dash = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
        ax.plot(refused, kept, dash, color=colour, label=f"{kind} (n = {len(s)})")
        ax.plot(100 * np.mean((s < enough) | (s == 0)), 100 * np.mean(sure >= enough), "o", color=colour)
    dress(ax, "refused, % of the pictures without digits", "kept, % of the rows that are read right")
    ax.set(ylim=(80, 100.5))
    ax.legend(title=f"circles: threshold {enough:.2f}", loc="lower left")
    return picture


if __name__ == "__main__":
    main()
