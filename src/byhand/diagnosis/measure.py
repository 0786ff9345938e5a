"""Measurements of arrays of a network."""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array
from byhand.layers import Layer, ReLU, Sigmoid, Tanh
from byhand.layers.sequences.recurrent import Recurrent

FLAT = 0.01  # a sigmoid or tanh counts as saturated where its slope is below this share of its steepest
UNIFORM, ONE_PLACE = 0.99, 0.95  # see `attention`
TWIN = 1e-3  # two columns count as equal where they differ by less than this share of the largest weight


def numbers_a_sample(plan: Plan) -> int:
    """How many numbers a layer's output and cache have for each sample, those of layers within it too."""
    own = math.prod(plan.out_shape) + sum(math.prod(shape) for shape in plan.cache.values())
    return own + sum(map(numbers_a_sample, plan.children))


def rms(a: Array) -> float:
    """√(mean a²): the size of a typical entry."""
    flat = a.ravel()
    with np.errstate(over="ignore"):
        total = float(np.dot(flat, flat))
    if not 1e-30 < total < 1e30:  # squares of float32 numbers that are too small or too large for it
        total = float(np.sum(np.square(flat, dtype=np.float64)))
    return math.sqrt(total / a.size) if a.size else 0.0


def relative(change: Array, size: Array) -> float:
    """‖change‖ / ‖size‖; infinity where something changed that was zero."""
    by, of = rms(change), rms(size)
    return by / of if of else math.inf if by else 0.0


def spread(a: Array) -> float:
    """How far the rows of a (n, ...) vary: the root mean square of their distances from the mean row."""
    return rms(a - a.mean(axis=0))


def r2(targets: Array, outputs: Array) -> float:
    """R², the share of the variance of targets (n, k) that outputs (n, k) explain; NaN where there is none."""
    variance = spread(targets) ** 2
    return 1 - rms(targets - outputs) ** 2 / variance if variance else math.nan


def recalls(labels: Array, decided: Array, classes: int, least: int = 5) -> list[float]:
    """For each class the share of its samples that were decided right; NaN where there are fewer than `least`."""
    counts = np.bincount(labels, minlength=classes)
    right = np.bincount(labels[labels == decided], minlength=classes)
    return [float(a / b) if b >= least else math.nan for a, b in zip(right, counts, strict=True)]


def gain(weights: Iterable[Array]) -> float:
    """The geometric mean over the layers' weights W (..., out) of rms(W) √(inputs of a unit); NaN without any."""
    sizes = [rms(W) * math.sqrt(math.prod(W.shape[:-1])) for W in weights]
    return float(np.exp(np.mean(np.log(np.maximum(sizes, 1e-30))))) if sizes else math.nan


def dead(y: Array) -> float:
    """The share of a ReLU layer's units whose outputs y (n, ...) are 0 for every one of the n samples.

    Of images (n, height, width, channels) a channel is a unit: it has the same weights at every pixel.
    """
    return 1 - float(np.mean(np.any(y > 0, axis=(0, 1, 2) if y.ndim == 4 else 0)))


def saturated(layer: Layer, y: Array) -> float:
    """The share of outputs y of a sigmoid or tanh layer where the slope is under a hundredth of the steepest.

    The slopes are y (1 − y), at most ¼, and 1 − y², at most 1.
    """
    slope = 4 * y * (1 - y) if isinstance(layer, Sigmoid) else 1 - y * y
    return float(np.mean(slope < FLAT))


def twins(W: Array) -> float:
    """The share of the columns of W (in, out) that equal another one: units that compute the same.

    Up to 64 rows of W are looked at. Equal columns are neighbours once the columns are sorted by a random sum.
    """
    W = W.reshape(-1, W.shape[-1])
    W = W[:: max(1, len(W) // 64)].astype(np.float64)
    sums = np.random.default_rng(0).standard_normal(len(W)) @ W  # (out,)
    columns = W[:, np.argsort(sums, kind="stable")]
    limit = TWIN * np.abs(W).max()
    same = np.abs(np.diff(columns, axis=1)).max(axis=0) <= limit  # of each column and the next: (out − 1,)
    return float(np.mean(np.append(same, False) | np.append(False, same)))


def entropy(a: Array, activation: str | None) -> float:
    """Mean normalised entropy of the output activations a (n, k), from 0 to 1; NaN if they are not probabilities.

    −Σ p log p / log k for softmax, else the mean of −[a log a + (1 − a) log(1 − a)] / log 2.
    """
    if activation is None or (activation == "softmax" and a.shape[1] < 2):
        return math.nan
    p = np.clip(a.astype(np.float64), 1e-12, 1)
    if activation == "softmax":
        return float(np.mean(-np.sum(p * np.log(p), axis=1)) / math.log(p.shape[1]))
    q = np.clip(1 - a.astype(np.float64), 1e-12, 1)
    return float(np.mean(-(p * np.log(p) + q * np.log(q))) / math.log(2))


def one_answer(decided: Array) -> float:
    """The share of the samples that are predicted as the most frequent class."""
    return float(np.unique(decided, return_counts=True)[1].max() / len(decided))


def measured_activations(
    layers: Sequence[Layer], passes: Sequence[Pass], path: str = ""
) -> Iterator[tuple[str, Layer, Array]]:
    """(number, layer, output) of every ReLU, sigmoid and tanh, those within other layers too: "2", or "3.1"."""
    for i, (layer, at) in enumerate(zip(layers, passes, strict=True)):
        number = f"{path}{i + 1}"
        if isinstance(layer, ReLU | Sigmoid | Tanh):
            yield number, layer, at.y
        yield from measured_activations(layer.layers, at.children, f"{number}.")


def ratios_over_time(layers: Sequence[Layer], passes: Sequence[Pass], path: str = "") -> Iterator[tuple[str, float]]:
    """(number, ratio) of every recurrent layer that hands on its last state alone: how large ∂L/∂z is at a sequence's
    first step, over the last one; NaN where it is 0 at the last one.
    """
    for i, (layer, at) in enumerate(zip(layers, passes, strict=True)):
        number = f"{path}{i + 1}"
        if isinstance(layer, Recurrent) and not layer.return_sequences:
            ends = (-1, 0) if layer.reverse else (0, -1)
            first, last = (rms(at.cache.dz[:, t]) for t in ends)
            yield number, first / last if last else math.nan
        yield from ratios_over_time(layer.layers, at.children, f"{number}.")


def attention(a: Array, causal: bool, mask: Array | None) -> tuple[float, float]:
    """The shares of heads that look everywhere alike, and that look at one place only, from A (n, heads, T, keys).

    Queries that may see one key only don't count. A head looks everywhere alike where the mean entropy of its rows is
    at least 99 % of the largest possible, and at one place where one key gets at least 95 % of the weight, on average.
    """
    n, _, steps, keys = a.shape
    there = np.ones((n, steps, keys), bool) if mask is None else np.repeat(mask[:, None], steps, axis=1)
    counts = (np.tril(there) if causal else there).sum(axis=2)  # (n, T)
    several = counts >= 2
    if not several.any():
        return math.nan, math.nan
    rows = a.swapaxes(1, 2)[several].astype(np.float64)  # (queries, heads, keys)
    entropy = -np.sum(rows * np.log(np.maximum(rows, 1e-30)), axis=2) / np.log(counts[several])[:, None]
    return float(np.mean(entropy.mean(axis=0) >= UNIFORM)), float(np.mean(rows.mean(axis=0).max(axis=1) >= ONE_PLACE))
