"""Decoding of connectionist temporal classification.

p is (T, k): for each of T steps the probabilities of k classes, the last of them the blank. A path takes one class at
every step; its label is obtained by merging repetitions and then removing blanks.
"""

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np

from byhand.core.types import Array

Label = tuple[int, ...]

SCALED = 8  # steps from one scaling of probabilities to the next
UNLIKELY = 1e-5  # a class less probable than this is not tried at a step of a search; by hand


def best_path(p: Array) -> Label:
    """What the most probable path reads: the best class at every step, joined. Graves et al. (2006), section 3.2."""
    classes = p.argmax(axis=1)
    new = np.ones(len(classes), bool)
    new[1:] = classes[1:] != classes[:-1]
    return tuple(classes[new & (classes != p.shape[1] - 1)].tolist())


def all_peaks(p: Array, label: Label) -> Array | None:
    """The step at which each symbol of the label is most probable, on the best path that reads it, in n rows (n, T, k).

    Returns:
        The steps (n, symbols), rising in each row; None where T steps are too few for the label.

    The recursion of the loss with the maximum in place of the sum (Viterbi, 1967).
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
    divided by its maximum from time to time, so that it does not underflow; a place that is less probable by 300 powers
    of ten counts as impossible.
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


def search(p: Array, form: Any, width: int = 16) -> list[Label]:
    """The most probable labels that a finite automaton allows, the best first, for p (T, k).

    A beam search: after each step the `width` most probable beginnings are gone on with (Graves and Jaitly, 2014,
    algorithm 1), each with its state of the automaton.

    Args:
        p: the probabilities.
        form: the automaton: its first state `start`; `after(state, class)`, the next one, empty where no label that is
            allowed goes on so; and `ends(state)`, whether a label may end there.
        width: how many beginnings are kept.
    """
    blank = p.shape[1] - 1
    beams: dict[Label, tuple[float, float, Any]] = {(): (1.0, 0.0, form.start)}
    for step in p.tolist():
        after: dict[Label, list] = {}
        likely = [(c, q) for c, q in enumerate(step[:blank]) if q > UNLIKELY]
        for label, (b, s, state) in beams.items():
            last = label[-1] if label else blank
            same = after.setdefault(label, [0.0, 0.0, state])
            same[0] += step[blank] * (b + s)
            if label:
                same[1] += step[last] * s
            for c, q in likely:
                longer = form.after(state, c)
                if longer:
                    more = after.setdefault((*label, c), [0.0, 0.0, longer])
                    more[1] += q * (b if c == last else b + s)
        kept = sorted(after.items(), key=lambda item: -(item[1][0] + item[1][1]))[:width]
        top = kept[0][1][0] + kept[0][1][1]
        if not top > 0:
            return []
        beams = {label: (b / top, s / top, state) for label, (b, s, state) in kept}
    return [label for label, (b, s, state) in beams.items() if form.ends(state) and b + s > 0]
