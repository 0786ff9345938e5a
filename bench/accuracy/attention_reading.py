"""A transformer that writes what stands in a row of digits, beside one that is read by CTC.

    python -m bench.accuracy.attention_reading --seeds 1

Rows of one to six of MNIST's digits, 28 pixels high and cut into 42 slices of four columns, are read by two networks
with about as many parameters. Both begin with blocks of attention among the slices. One ends in eleven outputs for each
slice and learns by CTC; the other has a decoder, which attends to the slices and writes digit by digit, from the digits
before (teacher forcing in training, the likeliest digit at each step afterwards). Both see the same rows in the same
number of epochs. Nothing was tuned on any row; rows of MNIST's test images are read once, at the end.
"""

import argparse
import time

import numpy as np

import byhand as bh
from byhand.losses.decoding import best_path

HEIGHT, COLUMNS = 28, 4  # pixels of a slice
SLICES, LONGEST = 42, 6
MARK = 10  # the token before the first digit and behind the last one
UNITS, HEADS = 96, 4
GAPS = (-2, 9)  # pixels between two digits


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rows", type=int, default=30_000, help="to learn from")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--only", choices=["CTC", "attention"], help="one of the two")
    options = parser.parse_args()
    digits = bh.load("mnist")
    for seed in range(options.seeds):
        rng = np.random.default_rng(seed)
        parts = {
            "train": (digits.x_train[:55_000], digits.y_train[:55_000], options.rows),
            "held back": (digits.x_train[55_000:], digits.y_train[55_000:], 2_000),
            "test": (digits.x_test, digits.y_test, 2_000),
        }
        rows = {name: some_rows(x.reshape(-1, HEIGHT, HEIGHT), y, n, rng) for name, (x, y, n) in parts.items()}
        for name, train, read in (("CTC", train_ctc, read_ctc), ("attention", train_writer, read_writer)):
            if options.only not in (None, name):
                continue
            start = time.process_time()
            network = train(*rows["train"], options.epochs, seed)
            minutes = (time.process_time() - start) / 60
            shares = []
            for part in ("held back", "test"):
                slices, labels = rows[part]
                right = (read(network, slices) == labels).all(axis=1)
                long = (labels[:, -1] >= 0) | (labels[:, -2] >= 0)
                shares.append(f"{part} {100 * right.mean():.2f} % (five or six digits {100 * right[long].mean():.2f})")
            print(
                f"seed {seed}, {name}: {network.size:,} parameters, {minutes:.1f} min, {', '.join(shares)}", flush=True
            )


def some_rows(images, labels, n, rng):
    """n rows: slices (n, 42, 112) uint8, ink 255, and their digits (n, 6), −1 behind the last one."""
    slices, digits = np.zeros((n, SLICES, HEIGHT * COLUMNS), np.uint8), np.full((n, LONGEST), -1)
    for i in range(n):
        row, at = np.zeros((HEIGHT, SLICES * COLUMNS), np.uint8), int(rng.integers(6))
        for k in range(int(rng.integers(1, LONGEST + 1))):
            which = int(rng.integers(len(images)))
            image = images[which]
            image = image[:, image.any(axis=0)]  # without the columns of paper beside it
            if at + image.shape[1] > row.shape[1]:
                break
            place = row[:, at : at + image.shape[1]]
            np.maximum(place, image, out=place)
            digits[i, k] = labels[which]
            at = max(0, at + image.shape[1] + int(rng.integers(*GAPS)))
        slices[i] = row.reshape(HEIGHT, SLICES, COLUMNS).transpose(1, 0, 2).reshape(SLICES, -1)
    return slices, digits


def encoder(blocks):
    attention = [bh.TransformerBlock(UNITS, HEADS, dropout=0.1)] * blocks
    return [bh.Dense(UNITS), bh.LearnedPositions(SLICES), *attention, bh.LayerNorm()]


def train(network, x, y, epochs, seed):
    rule = bh.AdamW(bh.WarmupCosine(0.001), weight_decay=0.05)
    clip = [bh.ClipNorm(1.0)]
    bh.fit(network, x, y, epochs=epochs, batch_size=64, optimizer=rule, regularizers=clip, rng=seed, progress=False)
    return network


def train_ctc(slices, digits, epochs, seed):
    layers, shape = [*encoder(5), bh.Dense(MARK + 1)], (SLICES, HEIGHT * COLUMNS)
    network = bh.Network(shape, layers, bh.CTC(MARK, LONGEST), rng=seed, inputs="grey levels")
    return train(network, slices, digits, epochs, seed)


def read_ctc(network, slices):
    read = np.full((len(slices), LONGEST), -1)
    for row, p in zip(read, network.predict_proba(slices), strict=True):
        label = best_path(p)[:LONGEST]
        row[: len(label)] = label
    return read


def train_writer(slices, digits, epochs, seed):
    steps = LONGEST + 1  # the mark behind the last digit, too
    layers = [
        bh.SplitSteps(SLICES, encoder(3), [bh.Dense(UNITS), bh.LearnedPositions(steps)]),
        *[bh.DecoderBlock(UNITS, HEADS, SLICES, dropout=0.1)] * 2,
        bh.StepsFrom(SLICES),
        *(bh.LayerNorm(), bh.Dense(MARK + 1)),
    ]
    shape = (SLICES + steps, HEIGHT * COLUMNS)
    network = bh.Network(shape, layers, bh.CategoricalCrossEntropy(), rng=seed, inputs="grey levels")
    answers = np.pad(np.where(digits < 0, MARK, digits), ((0, 0), (0, 1)), constant_values=MARK)
    return train(network, with_tokens(slices, answers), answers, epochs, seed)


def with_tokens(slices, answers):
    """The slices (n, 42, 112), then the mark and all tokens of answers (n, 7) but the last, one-hot."""
    before = np.pad(answers[:, :-1], ((0, 0), (1, 0)), constant_values=MARK)
    one_hot = 255 * (np.arange(slices.shape[2]) == before[:, :, None])
    return np.concatenate([slices, one_hot.astype(np.uint8)], axis=1)


def read_writer(network, slices):
    """The likeliest token at each step, given those before; what stands behind a mark counts nothing."""
    answers = np.full((len(slices), LONGEST + 1), MARK)
    for step in range(LONGEST):
        answers[:, step] = network.predict_proba(with_tokens(slices, answers))[:, step].argmax(axis=1)
    over = np.cumsum(answers == MARK, axis=1) > 0
    return np.where(over, -1, answers)[:, :LONGEST]


if __name__ == "__main__":
    main()
