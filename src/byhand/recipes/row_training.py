"""How the row reader's network is trained, from nothing but MNIST and what the project draws."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from byhand.core.types import Array
from byhand.data import load
from byhand.handwriting.glyphs import Writer, drawn_writers, image_writers
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.reader_training.networks import HEIGHT, LONGEST, WIDTH, row_network
from byhand.reader_training.rows import RowPictures
from byhand.reader_training.supply import FreshRows
from byhand.schedules import OneCycle
from byhand.training import Averaging, Callback, Training
from byhand.training.fit import fit

HELD_BACK = 5000  # of MNIST's training images, and a tenth of the drawn writers, are for validation


def train_row_reader(
    out: Path,
    *,
    epochs: int = 12,
    part: int = 12_000,
    stay: int = 4,
    rate: float = 3e-3,
    writers: int = 1500,
    images: float = 0.4,
    seed: int = 0,
    start: Path | None = None,
    average: bool = False,
    checkpoint: Path | None = None,
    say: Callable[[str], None] = print,
) -> Network:
    """Train the network and write it into `out` in half precision, after each epoch.

    Args:
        out: the model file.
        epochs: how many.
        part: new rows an epoch.
        stay: for how many epochs a row stays.
        rate: the highest learning rate of the cycle.
        writers: drawn writers to learn from.
        images: share of rows whose digits are MNIST's.
        seed: of everything random.
        start: a network to go on from.
        average: whether the result is the mean of the parameters before and after; needs `start`.
        checkpoint: a folder for the training's state, from which it goes on.
        say: what to do with a line about the progress.
    """
    clock = _Clock(say)
    known, others = (_writers(name, writers, images, seed) for name in ("train", "validation"))
    held = RowPictures(others, HEIGHT, WIDTH, LONGEST).batch(2000, np.random.default_rng(10**6 + seed))
    clock(f"{len(known)} writers")
    supply = FreshRows(RowPictures(known, HEIGHT, WIDTH, LONGEST), part, stay, seed)
    x, t = supply.first()
    clock(f"{len(x)} rows")
    network = Network.load(start) if start else row_network(seed)
    say(network.summary())
    fit(
        network,
        x,
        t,
        epochs=epochs,
        batch_size=64,
        optimizer=Adam(OneCycle(rate, peak=0.15)),
        rng=seed,
        callbacks=[Averaging(0.999), supply, _Report(held, out, clock)],
        checkpoint=checkpoint,
        resume=bool(checkpoint),
        progress=False,
    )
    if average and start:
        before = Network.load(start)
        network.theta[...] = (before.theta + network.theta) / 2
        network.state[...] = (before.state + network.state) / 2
        network.save(out, "float16")
    return network


def _writers(part: str, count: int, images: float, seed: int) -> list[Writer]:
    """MNIST's writers and drawn ones in the wanted shares; those for validation are others than those for training."""
    rng = np.random.default_rng((seed, part == "train"))
    digits = load("mnist")
    rows = slice(HELD_BACK, None) if part == "train" else slice(HELD_BACK)
    pixels, labels = digits.x_train[rows].reshape(-1, 28, 28), digits.y_train[rows]
    count = count if part == "train" else 150
    drawn = drawn_writers(count, rng)
    wanted = round(count * images / (1 - images))
    own = image_writers(pixels, labels, rng, 200 if part == "train" else 40, drawn)
    return drawn + [own[i % len(own)] for i in range(wanted)]


class _Clock:
    """Says something, with the seconds since the start."""

    def __init__(self, say: Callable[[str], None]):
        self.say, self.start = say, time.monotonic()

    def __call__(self, text: str) -> None:
        self.say(f"{time.monotonic() - self.start:6.0f} s: {text}")


class _Report(Callback):
    """After each epoch: how many composed rows of other hands are read, and the network as it is, in a file."""

    def __init__(self, held: tuple[Array, Array], out: Path, clock: _Clock):
        self.held, self.out, self.clock = held, out, clock

    def on_epoch(self, training: Training) -> None:
        """Read the rows that were held back, and write the network."""
        x, t = self.held
        read = training.network.decide(training.network.predict_proba(x))
        right = np.mean([(row == label).all() for row, label in zip(read, t, strict=True)])
        loss = training.history.last["loss"]
        self.clock(f"epoch {training.epoch}, loss {loss:.4f}, {100 * right:.2f} % of {len(x)} rows")
        training.network.save(self.out, "float16")
