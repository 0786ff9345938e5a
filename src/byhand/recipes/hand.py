"""Learning one person's hand: the last layers of the network for rows go on learning, without forgetting others'."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data import load
from byhand.handwriting.alphabet import ALPHABET, UNREAD, encode
from byhand.handwriting.rows import NumberRows
from byhand.handwriting.writers import collect
from byhand.losses.decoding import best_path
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.pictures.image import open_image
from byhand.reader_training.contrast import contrast
from byhand.reader_training.networks import HEIGHT, MOST_SIGNS
from byhand.reading.crops import RowView, crop, row_ink
from byhand.reading.cut import TextLine, cut_all
from byhand.reading.find import Finder
from byhand.reading.hand import LEARNT_FROM, save_hand
from byhand.reading.model import load_model
from byhand.reading.reader import READER
from byhand.schedules import OneCycle
from byhand.training import fit
from byhand.training.groups import Group

LEAST_SAMPLES, MOST_SAMPLES = 5, 5_000
VIEWS = [
    RowView(share, stretch, lean)
    for share, stretch, lean in ((0.85, 1, None), (0.65, 1, None), (0.95, 1, None), (0.85, 1, 0.0), (0.75, 1.15, None))
] + [RowView(0.85, 0.85, 0.15), RowView(0.9, 1.0, None, only_ink=True)]
OTHER_WRITERS = 200  # writers that the project draws, a tenth of them held out
REPLAYED = 2.0  # rows of other hands to one of this hand's, at least LEAST_REPLAYED
LEAST_REPLAYED = 3_600
HELD_ROWS = 1_000  # composed rows, and images of MNIST, by which forgetting is measured
MOST_LOST = 0.001  # of them that may be read wrong afterwards and were right before
SHARES_LEARNT = (1.0, 0.75, 0.5, 0.35, 0.2, 0.1)  # of the way from the network before to the one after


@dataclass(frozen=True)
class HandFigures:
    """What learning a hand has brought.

    Attributes:
        samples: rows that were learnt from.
        left_out: samples on which not one row was found, or whose label has other signs or more than MOST_SIGNS.
        share: how far the network went from before to after: as far as others' writing allows.
        own: which part of the samples is read right, before and after; they were learnt from.
        composed: likewise of composed rows by other hands.
        mnist: likewise of MNIST's images.
    """

    samples: int
    left_out: int
    share: float
    own: tuple[float, float]
    composed: tuple[float, float]
    mnist: tuple[float, float]


def train_hand(
    samples: str | Path,
    out: str | Path,
    *,
    epochs: int = 3,
    rate: float = 5e-4,
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> HandFigures:
    """Learn a hand from samples, and write it into a file for `Reader(hand=...)` and `byhand read --hand`.

    The last layers of the network for rows are trained on the samples and on composed rows by other hands. Then θ is
    set to a mean of before and after that forgets nothing: θ₀ + s (θ₁ − θ₀), with the largest s of SHARES_LEARNT at
    which composed rows by hands that were held out, and MNIST's images, lose at most 0.1 points each (Wortsman et
    al., Robust fine-tuning of zero-shot models, 2022).

    Args:
        samples: a CSV file with the columns `file` (a picture of one row, beside the CSV file) and `label` (its
            text), or an npz file of single digits, x_train (n, 28, 28) and y_train, as `byhand serve` gives them.
        out: the file.
        epochs: how often the samples are seen.
        rate: the learning rate's peak.
        seed: of everything random.
        say: is told what happens.

    Raises:
        ByhandError: there are too few samples, or they cannot be read.
    """
    rng = np.random.default_rng(seed)
    model = load_model(READER)
    base, network = model.rows[0], load_model(READER).rows[0]
    width = base.input_shape[1]
    own, left_out = _own_rows(Path(samples), Finder(model.finder), rng)
    say(f"{len(own)} samples, {left_out} left out")
    mnist = load("mnist")
    images, labels = mnist.x_train.reshape(-1, 28, 28), mnist.y_train
    others, held = (
        NumberRows(collect(part, mnist=(images, labels), drawn=OTHER_WRITERS), HEIGHT, width, MOST_SIGNS, contrast)
        for part in ("train", "validation")
    )
    x, t = _views(own, width)
    more = max(LEAST_REPLAYED, round(REPLAYED * len(x)))
    others_x, others_t = others.batch(more, rng)
    say(f"{len(x)} views of them, {more} rows by others")
    tests = {
        "own": (x[:: len(VIEWS)], t[:: len(VIEWS)]),
        "composed": held.batch(HELD_ROWS, np.random.default_rng(10**6)),
        "mnist": _single(images[:HELD_ROWS], labels[:HELD_ROWS], width),
    }
    before = {name: right(base, *test) for name, test in tests.items()}
    fit(
        network,
        np.concatenate([x, others_x]),
        np.concatenate([t, others_t]),
        epochs=epochs,
        batch_size=32,
        optimizer=Adam(OneCycle(rate, peak=0.2)),
        rng=seed,
        groups=[Group(f"{layer}.*", rate=0) for layer in _frozen(network)],
        accuracy=False,
        progress=False,
    )
    theta, state = network.theta.copy(), network.state.copy()
    for share in SHARES_LEARNT:
        network.theta[...] = base.theta + share * (theta - base.theta)
        network.state[...] = base.state + share * (state - base.state)
        after = {name: right(network, *test) for name, test in tests.items()}
        say(f"{share:.0%} of the way: " + ", ".join(f"{k} {before[k]:.2%} → {v:.2%}" for k, v in after.items()))
        if all(before[name] - after[name] <= MOST_LOST + 1e-9 for name in ("composed", "mnist")):
            break
    else:
        raise ByhandError("what was learnt makes others' writing worse at every step; check the samples' labels.")
    both = {name: (before[name], after[name]) for name in tests}
    figures = HandFigures(len(own), left_out, share, both["own"], both["composed"], both["mnist"])
    save_hand(network, base, out, {"figures": vars(figures), "seed": seed})
    return figures


def _frozen(network: Network) -> list[int]:
    named = {int(name.split(".")[0]) for name in network.named_parameters()}
    return sorted(layer for layer in named if layer < LEARNT_FROM)


def right(network: Network, x: Array, t: Array) -> float:
    """Which part of rows (n, height, width, 1) the network reads as labelled, t (n, longest)."""
    p = np.concatenate([network.predict_proba(x[start : start + 100]) for start in range(0, len(x), 100)])
    wanted = [tuple(int(c) for c in target if c >= 0) for target in t]
    return float(np.mean([best_path(row) == label for row, label in zip(p, wanted, strict=True)]))


# ---- samples ----


def _own_rows(path: Path, finder: Finder, rng: np.random.Generator) -> tuple[list[tuple[Array, Array, str]], int]:
    """Image and mask of each sample's row, and its text; and how many samples were left out."""
    if path.suffix == ".npz":
        return _from_digits(path, rng), 0
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            table = list(csv.DictReader(file))
    except OSError as error:
        raise ByhandError(f"{path} cannot be opened: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ByhandError(f"{path} cannot be read as a CSV file in UTF-8: {error}.") from None
    if not table or not {"file", "label"} <= table[0].keys():
        raise ByhandError(f"{path} needs a header with the columns file and label, and a line for each picture.")
    if len(table) > MOST_SAMPLES:
        raise ByhandError(f"{path} names {len(table):,} samples; at most {MOST_SAMPLES:,} are learnt from.")
    found, left_out = [], 0
    for entry in table:
        label = "".join((entry["label"] or "").split())
        lines = _lines(open_image(path.parent / (entry["file"] or "")), finder)
        if not (0 < len(label) <= MOST_SIGNS and set(label) <= set(ALPHABET[:UNREAD])) or len(lines) != 1:
            left_out += 1
            continue
        found.append((lines[0].image, lines[0].mask, label))
    if len(found) < LEAST_SAMPLES:
        raise ByhandError(
            f"{path}: a row was found on {len(found)} of {len(table)} pictures; at least {LEAST_SAMPLES} are needed, "
            "each with one row of digits."
        )
    return found, left_out


def _lines(picture: Array, finder: Finder) -> list[TextLine]:
    return [line for row in cut_all(finder.find(picture)) for line in row]


def _from_digits(path: Path, rng: np.random.Generator) -> list[tuple[Array, Array, str]]:
    """Rows composed from single digits by one hand."""
    digits = load(str(path))
    images, labels = np.asarray(digits.x_train).reshape(-1, 28, 28), np.asarray(digits.y_train)
    if len(images) < LEAST_SAMPLES:
        raise ByhandError(f"{path}: {len(images)} digits are too few; at least {LEAST_SAMPLES} are needed.")
    found = []
    for _ in range(max(60, len(images))):
        chosen = rng.integers(len(images), size=int(rng.integers(1, 7)))
        inks = [_tight(images[k]) for k in chosen]
        row = np.concatenate([np.pad(ink, ((4, 4), (int(rng.integers(1, 6)), 2))) for ink in inks], axis=1)
        found.append((row, row > 90, "".join(str(int(labels[k])) for k in chosen)))
    return found


def _tight(image: Array) -> Array:
    """An image's ink in its own width, at the image's height."""
    columns = np.flatnonzero(image.max(axis=0) > 40)
    return image[:, columns[0] : columns[-1] + 1] if len(columns) else image[:, :2]


def _views(own: list[tuple[Array, Array, str]], width: int) -> tuple[Array, Array]:
    """The rows as the reader looks at them (n · views, HEIGHT, width, 1), those of one sample together; labels."""
    x = np.zeros((len(own) * len(VIEWS), HEIGHT, width, 1), np.uint8)
    t = np.full((len(x), MOST_SIGNS), -1, np.int8)
    for k, (image, mask, label) in enumerate(own):
        ink = row_ink(image, mask)
        for i, view in enumerate(VIEWS):
            seen = crop(ink, view, HEIGHT).image
            if seen.shape[1] > width:
                seen = crop(ink, RowView(0.95 * width / seen.shape[1] * view.share), HEIGHT).image[:, :width]
            x[k * len(VIEWS) + i, :, : seen.shape[1], 0] = seen
            t[k * len(VIEWS) + i, : len(label)] = encode(label)
    return x, t


def _single(images: Array, labels: Array, width: int) -> tuple[Array, Array]:
    """Single digits as rows of one (n, HEIGHT, width, 1)."""
    x = np.zeros((len(images), HEIGHT, width, 1), np.uint8)
    x[:, 6:34, 6:34, 0] = images
    t = np.full((len(images), MOST_SIGNS), -1, np.int8)
    t[:, 0] = labels
    return x, t
