"""How the networks that read pictures are trained: one finds numbers on pages, another reads them row by row.

What they learn from is composed while they learn; see `byhand.handwriting`. Nothing of it is a photo of anybody's.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data import load
from byhand.handwriting.numbers import any_text, label_of
from byhand.handwriting.rows import NumberRows
from byhand.handwriting.writers import Stock, collect
from byhand.layers import Residual
from byhand.losses.decoding import best_path
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.reader_training.contrast import contrast
from byhand.reader_training.networks import FINDER_SIDE, HEIGHT, MOST_SIGNS, deepened, finder_network, signs_network
from byhand.reader_training.number_grams import count_grams
from byhand.reader_training.supply import FreshRows
from byhand.reader_training.targets import FieldPieces
from byhand.reading.finder import MAPS
from byhand.reading.model import ReaderModel, is_reader, load_model, save_model
from byhand.schedules import OneCycle
from byhand.training import Averaging, Callback, Training, fit

WIDE = 320  # pixels of a row in training
HELD = {"rows": 1000, "finder": 160}  # samples of writers, papers and fonts held out, that each epoch is measured by


@dataclass(frozen=True)
class Course:
    """How one of the networks is trained.

    Attributes:
        network: "finder" or "rows".
        epochs: how often all samples of the moment are seen.
        part: how many new samples an epoch has.
        stay: for how many epochs a sample stays.
        rate: the learning rate's peak; it follows one cycle.
        peak: when the rate is highest, as a part of the training.
        batch: samples a step.
        drawn: how many writers the project draws.
        seed: of everything random.
        processes: that compose samples.
        start: a network's or a reader's file to go on from; for rows also a network that reads digits alone.
    """

    network: str
    epochs: int = 20
    part: int = 4096
    stay: int = 3
    rate: float = 2e-3
    peak: float = 0.15
    batch: int = 64
    drawn: int = 700
    seed: int = 0
    processes: int = 1
    start: str = ""


COURSES = {"finder": Course("finder", part=2048, rate=3e-3, batch=8), "rows": Course("rows", batch=32)}


def train(
    course: Course,
    out: str | Path,
    hands: str | Path | None = None,
    fonts: str | Path | None = None,
    say: Callable[[str], None] = print,
) -> Network:
    """Train one of the reader's networks, and write it into a file after every epoch, in half precision.

    Args:
        course: which, and how.
        out: the file.
        hands: a folder of free hands (see `handwriting.hands`).
        fonts: a folder of fonts (see `handwriting.fonts`).
        say: is told what happens.
    """
    begin = time.time()
    mnist = load("mnist")
    images = mnist.x_train.reshape(-1, 28, 28), mnist.y_train
    stocks = {
        part: collect(part, hands=hands, fonts=fonts, mnist=images, drawn=course.drawn, seed=course.seed, report=say)
        for part in ("train", "validation")
    }
    composers = {part: _composer(course.network, stock) for part, stock in stocks.items()}
    held = composers["validation"].batch(HELD[course.network], np.random.default_rng(10**6))
    supply = FreshRows(composers["train"], course.part, course.stay, course.seed, course.processes)
    x, t = supply.first()
    say(f"{time.time() - begin:.0f} s: {len(x)} samples")
    network = begun(course)
    fit(
        network,
        x,
        t,
        epochs=course.epochs,
        batch_size=course.batch,
        optimizer=Adam(OneCycle(course.rate, peak=course.peak)),
        rng=course.seed,
        accuracy=False,
        threads=course.processes,
        callbacks=[Averaging(0.999), supply, _Report(course, held, out, begin, say)],
        progress=False,
    )
    return network


def begun(course: Course) -> Network:
    """The network before it learns."""
    start = _started(course) if course.start else None
    if course.network == "rows" and (start is None or start.outputs == 11):
        return signs_network(start, course.seed, WIDE)
    return start or finder_network(course.seed)


def _started(course: Course) -> Network:
    """The network to go on from: a network's file, or this course's network of a reader's file."""
    if not is_reader(course.start):
        return Network.load(course.start)
    model = load_model(course.start)
    return model.finder if course.network == "finder" else model.rows[0]


def _composer(network: str, stock: Stock) -> Any:
    if network == "finder":
        return FieldPieces(stock)
    return NumberRows(stock, HEIGHT, WIDE, MOST_SIGNS, contrast)


class _Report(Callback):
    """After each epoch: how good the network is on what was held out, and the network as it is, in a file."""

    def __init__(
        self, course: Course, held: tuple[Array, Array], out: str | Path, begin: float, say: Callable[[str], None]
    ):
        self.course, self.held, self.out, self.begin, self.say = course, held, out, begin, say

    def on_epoch(self, training: Training) -> None:
        network, (x, t) = training.network, self.held
        figures = (finder_figures if self.course.network == "finder" else row_figures)(network, x, t)
        shown = ", ".join(f"{name} {100 * value:.2f} %" for name, value in figures.items())
        loss = training.history.last["loss"]
        self.say(f"{time.time() - self.begin:.0f} s, epoch {training.epoch}: loss {loss:.4f}; {shown}")
        network.save(self.out, "float16")


def finder_figures(network: Network, x: Array, t: Array) -> dict[str, float]:
    """Dice's coefficient of each map, 2 Σ min(p, t) / Σ (p + t), over all pictures."""
    p, t = (a.reshape(-1, MAPS).astype(np.float64) for a in (network.predict_proba(x), t))
    both = 2 * np.minimum(p, t).sum(axis=0) / np.maximum((p + t).sum(axis=0), 1e-9)
    return dict(zip(("core", "dark", "light", "turned", "other"), both.tolist(), strict=True))


def row_figures(network: Network, x: Array, t: Array) -> dict[str, float]:
    """Which part of the rows is read without a mistake; and of their digits alone, signs counting as nothing."""
    p = network.predict_proba(x)
    labels = [tuple(int(c) for c in row if c >= 0) for row in t]
    right = np.mean([best_path(row) == label for row, label in zip(p, labels, strict=True)])
    digits = np.concatenate([p[:, :, :10], 1 - p[:, :, :10].sum(axis=2, keepdims=True)], axis=2)
    alone = [tuple(c for c in label if c < 10) for label in labels]
    return {
        "rows": float(right),
        "digits": float(np.mean([best_path(row) == label for row, label in zip(digits, alone, strict=True)])),
    }


def deepen_rows(start: str | Path, out: str | Path) -> None:
    """Write the network for rows of a file with more layers and the same function; see `networks.deepened`.

    Raises:
        ByhandError: the file's network is no row network of eight convolutions.
    """
    network = _started(Course("rows", start=str(start)))
    if network.input_shape[0] != HEIGHT or any(isinstance(layer, Residual) for layer in network.layers):
        raise ByhandError(f"{start}: only a network for rows of eight convolutions is deepened.")
    deepened(network).save(out)


def pack_reader(networks: Sequence[str | Path], out: str | Path, card: dict[str, Any] | None = None) -> None:
    """Put a finder and networks for rows into one reader's file, in 8 bits.

    Raises:
        ByhandError: not one finder, or no network for rows.
    """
    loaded = [Network.load(path) for path in networks]
    finders = [network for network in loaded if network.input_shape[0] == FINDER_SIDE]
    rows = tuple(network for network in loaded if network.input_shape[0] == HEIGHT)
    if len(finders) != 1 or not rows:
        raise ByhandError("A reader's file needs one finder, and at least one network for rows.")
    save_model(ReaderModel(finders[0], rows, {}, card or {}, made_up_numbers()), out)


def made_up_numbers() -> dict[str, int]:
    """What numbers look like, counted in 100,000 of those that the reader's networks learn from."""
    rng = np.random.default_rng(0)
    return count_grams(label_of(any_text(rng, MOST_SIGNS)) for _ in range(100_000))


def reader_card(courses: Sequence[Course], hands: str | Path | None, fonts: str | Path | None) -> dict[str, Any]:
    """Where a reader's networks come from, as plain data: how they were trained, on what, under which licences."""
    files = {}
    for folder in (hands, fonts):
        for file in sorted(Path(folder).rglob("*")) if folder else []:
            if file.is_file() and file.suffix in (".npz", ".woff2", ".ttf", ".otf"):
                files[f"{file.parent.name}/{file.name}"] = sha256(file.read_bytes()).hexdigest()
    return {"courses": [asdict(course) for course in courses], "files": files}
