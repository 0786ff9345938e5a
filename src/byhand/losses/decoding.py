"""From the probabilities of each step to the label that they read, as connectionist temporal classification has it.

p is (T, k): for each of T steps the probabilities of k classes, the last of them the blank. A path takes one class at
every step; it reads as the label that is left when repetitions are joined and then blanks are dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf

import numpy as np

from byhand.core.types import Array

Label = tuple[int, ...]

UNLIKELY = 1e-4  # a class below this probability is not tried at a step
SCALED = 8  # steps from one scaling of probabilities to the next


@dataclass(frozen=True)
class Decoded:
    """A label as it was read.

    Attributes:
        label: its class numbers.
        probability: the sum of the probabilities of the paths that were found to read so, at most 1.
    """

    label: Label
    probability: float


@dataclass(frozen=True)
class Symbol:
    """One symbol of a label that was read.

    Attributes:
        name: its class number.
        step: the step at which it is most probable.
        probability: of its class at that step.
        others: the other classes but the blank with their probabilities at that step, the likeliest first.
    """

    name: int
    step: int
    probability: float
    others: tuple[tuple[int, float], ...]


def symbols(p: Array, label: Label) -> list[Symbol]:
    """Where each symbol of `label` stands, how sure it is, and what else it might be; see `peaks`."""
    found = []
    for name, step in zip(label, peaks(p, label), strict=False):
        order = np.argsort(-p[step, :-1], kind="stable").tolist()
        others = tuple((c, float(p[step, c])) for c in order if c != name)
        found.append(Symbol(name, step, float(p[step, name]), others))
    return found


def best_path(p: Array) -> Label:
    """What the most probable path reads: the best class at every step, joined. Graves et al. (2006), section 3.2."""
    classes = p.argmax(axis=1)
    new = np.ones(len(classes), bool)
    new[1:] = classes[1:] != classes[:-1]
    return tuple(classes[new & (classes != p.shape[1] - 1)].tolist())


def beam_search(p: Array, width: int = 8) -> list[Decoded]:
    """The most probable labels, best first: at every step the `width` best beginnings are kept.

    Each beginning l has two probabilities, of its paths that end in a blank, b(l), and in its last symbol, s(l):
    b′(l) = p(blank) (b(l) + s(l)), s′(l) = p(last of l) s(l), and longer by c, s′(l c) += p(c) (b(l) + s(l)), where
    for c equal to the last of l only b(l) counts. Hannun, Maas, Jurafsky and Ng, First-Pass Large Vocabulary
    Continuous Speech Recognition using Bi-Directional Recurrent DNNs (2014), algorithm 1.
    """
    blank = p.shape[1] - 1
    beams: dict[Label, tuple[float, float]] = {(): (1.0, 0.0)}
    lost = 0.0  # log of what the probabilities were divided by, so that they do not vanish
    for step in p.tolist():
        after: dict[Label, list[float]] = {}
        likely = [(c, q) for c, q in enumerate(step[:blank]) if q > UNLIKELY]
        for label, (b, s) in beams.items():
            last = label[-1] if label else blank
            same = after.setdefault(label, [0.0, 0.0])
            same[0] += step[blank] * (b + s)
            if label:
                same[1] += step[last] * s
            for c, q in likely:
                longer = after.setdefault((*label, c), [0.0, 0.0])
                longer[1] += q * (b if c == last else b + s)
        possible = [item for item in after.items() if sum(item[1]) > 0]
        kept = sorted(possible, key=lambda item: -sum(item[1]))[:width]
        if not kept:
            return []
        top = sum(kept[0][1])
        lost += np.log(top)
        beams = {label: (b / top, s / top) for label, (b, s) in kept}
    return [Decoded(label, exp(lost) * (b + s)) for label, (b, s) in beams.items()]


def peaks(p: Array, label: Label) -> list[int]:
    """The step at which each symbol of the label is most probable, on the best of the paths that read it.

    Returns:
        One step for each symbol, in rising order; nothing where T steps are too few for the label.
    """
    found = all_peaks(p[np.newaxis], label)
    return [] if found is None else found[0].tolist()


def all_peaks(p: Array, label: Label) -> Array | None:
    """`peaks` of one label in n rows (n, T, k): steps (n, symbols), or None where T steps are too few.

    The same recursion as the loss's, with the greatest instead of the sum (Viterbi, 1967).
    """
    n, steps, blank = len(p), p.shape[1], p.shape[2] - 1
    places = np.full(2 * len(label) + 1, blank)
    places[1::2] = label
    with np.errstate(divide="ignore"):
        log_p = np.log(p[:, :, places])  # (n, T, S)
    may_skip = np.full(len(places), -inf)
    may_skip[3::2][places[3::2] != places[1:-2:2]] = 0
    score = np.full((steps, n, len(places) + 2), -inf)  # two places before the first that are never reached
    stay, one, two = score[:, :, 2:], score[:, :, 1:-1], score[:, :, :-2]
    stay[0, :, :2] = log_p[:, 0, :2]
    for t in range(1, steps):
        now = stay[t]
        np.add(two[t - 1], may_skip, out=now)
        np.maximum(now, one[t - 1], out=now)
        np.maximum(now, stay[t - 1], out=now)
        now += log_p[:, t]
    moves = np.where(two + may_skip > np.maximum(stay, one), 2, one > stay)  # by so many places, after each step
    rows = np.arange(n)
    place = np.full(n, len(places) - 1)
    if label:
        place -= stay[-1, :, -2] > stay[-1, :, -1]
    if (stay[-1, rows, place] == -inf).any():
        return None
    path = np.empty((n, steps), np.int64)
    path[:, -1] = place
    for t in range(steps - 2, -1, -1):
        path[:, t] = path[:, t + 1] - moves[t, rows, path[:, t + 1]]
    taken = np.take_along_axis(p, places[path][:, :, np.newaxis], axis=2)[:, np.newaxis, :, 0]  # (n, 1, T)
    at = path[:, np.newaxis] == np.arange(1, len(places), 2)[:, np.newaxis]  # (n, symbols, T)
    return np.where(at, taken, -1).argmax(axis=2)


def log_probabilities(log_p: Array, labels: Sequence[Label]) -> Array:
    """log P(label) for each of some labels in each of n rows: (n, labels), for log_p (n, T, k), log p.

    The forward recursion of Graves et al. (2006), equations 6 to 8, for all of them at once. As they propose, α is
    divided by its greatest now and then, so that it does not vanish; a place less probable than that by 300 powers of
    ten counts as impossible.
    """
    blank = log_p.shape[2] - 1
    places = np.full((len(labels), 2 * max(map(len, labels), default=0) + 1), blank)
    for row, label in zip(places, labels, strict=True):
        row[1 : 2 * len(label) : 2] = label
    may_skip = np.zeros(places.shape)
    may_skip[:, 3::2] = places[:, 3::2] != places[:, 1:-2:2]
    p = np.moveaxis(np.exp(log_p)[:, :, places], 1, 0)  # (T, n, labels, S)
    alpha = np.zeros((*p.shape[1:3], places.shape[1] + 2))  # two places before the first that are never reached
    now, ahead, lost = alpha[:, :, 2:], np.empty(p.shape[1:]), np.zeros(p.shape[1:3])
    now[:, :, :2] = p[0, :, :, :2]
    for t, step in enumerate(p[1:]):
        np.multiply(alpha[:, :, :-2], may_skip, out=ahead)
        ahead += alpha[:, :, 1:-1]
        ahead += now
        np.multiply(ahead, step, out=now)
        if t % SCALED == 0:
            top = now.max(axis=2, keepdims=True)
            top[top == 0] = 1
            now /= top
            lost += np.log(top[:, :, 0])
    end = 2 * np.array([len(label) for label in labels], int)
    rows = np.arange(len(labels))
    with np.errstate(divide="ignore"):
        return lost + np.log(now[:, rows, end] + np.where(end > 0, now[:, rows, end - 1], 0))
