"""Train the row reader's network, from nothing but MNIST and what the project draws.

    python bench/train_rows.py first.safetensors

With --start it goes on from an earlier network, at a lower rate and with rows of another seed; with --average the
result is the mean of the parameters before and after. The network that ships:

    python bench/train_rows.py row.safetensors --start first.safetensors --average --seed 1 --rate 0.0015 --epochs 8
"""

import argparse
import time

import numpy as np

import byhand
from byhand.handwriting.glyphs import drawn_writers, image_writers
from byhand.reading.row_network import HEIGHT, LONGEST, WIDTH, row_network
from byhand.reading.rows import Rows
from byhand.reading.supply import FreshRows
from byhand.schedules import OneCycle
from byhand.training import Averaging, Callback

HELD_BACK = 5000  # of MNIST's training images, and a tenth of the drawn writers, are for validation


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--part", type=int, default=12000, help="new rows an epoch")
    parser.add_argument("--stay", type=int, default=4, help="epochs that a row stays")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--writers", type=int, default=1500)
    parser.add_argument("--images", type=float, default=0.4, help="share of rows whose digits are MNIST's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", help="folder for the training's state, from which it goes on")
    parser.add_argument("--start", help="a network to go on from")
    parser.add_argument("--average", action="store_true", help="the mean of the parameters before and after")
    options = parser.parse_args()
    if options.average and not options.start:
        parser.error("--average needs --start, the network to average with")
    start = time.time()
    train, validation = (writers(options, part) for part in ("train", "validation"))
    held = Rows(validation, HEIGHT, WIDTH, LONGEST).batch(2000, np.random.default_rng(10**6 + options.seed))
    print(f"{time.time() - start:.0f} s: {len(train)} writers", flush=True)
    supply = FreshRows(Rows(train, HEIGHT, WIDTH, LONGEST), options.part, options.stay, options.seed)
    x, t = supply.first()
    print(f"{time.time() - start:.0f} s: {len(x)} rows", flush=True)
    network = byhand.Network.load(options.start) if options.start else row_network(options.seed)
    print(network.summary())
    byhand.fit(
        network,
        x,
        t,
        epochs=options.epochs,
        batch_size=64,
        optimizer=byhand.Adam(OneCycle(options.rate, peak=0.15)),
        rng=options.seed,
        callbacks=[Averaging(0.999), supply, Report(held, options.out, start)],
        checkpoint=options.checkpoint,
        resume=bool(options.checkpoint),
        progress=False,
    )
    if options.average:
        before = byhand.Network.load(options.start)
        network.theta[...] = (before.theta + network.theta) / 2
        network.state[...] = (before.state + network.state) / 2
        network.save(options.out, "float16")


def writers(options, part):
    """MNIST's writers and drawn ones in the wanted shares; those for validation are others than those for training."""
    rng = np.random.default_rng((options.seed, part == "train"))
    digits = byhand.load("mnist")
    rows = slice(HELD_BACK, None) if part == "train" else slice(HELD_BACK)
    images, labels = digits.x_train[rows].reshape(-1, 28, 28), digits.y_train[rows]
    count = options.writers if part == "train" else 150
    drawn = drawn_writers(count, rng)
    wanted = round(count * options.images / (1 - options.images))
    own = image_writers(images, labels, rng, 200 if part == "train" else 40, drawn)
    return drawn + [own[i % len(own)] for i in range(wanted)]


class Report(Callback):
    """After each epoch: how many composed rows of others' hands are read, and the network as it is, in a file."""

    def __init__(self, held, out, start):
        self.held, self.out, self.start = held, out, start

    def on_epoch(self, training):
        x, t = self.held
        p = training.network.predict_proba(x)
        right = np.mean([(row == label).all() for row, label in zip(training.network.decide(p), t, strict=True)])
        print(
            f"{time.time() - self.start:6.0f} s, epoch {training.epoch}: loss {training.history.last['loss']:.4f}, "
            f"{100 * right:.2f} % of {len(x)} rows",
            flush=True,
        )
        training.network.save(self.out, "float16")


if __name__ == "__main__":
    main()
