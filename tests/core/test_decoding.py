"""Reading labels off probabilities, against all paths one by one."""

from itertools import groupby, product

import numpy as np
import pytest

from byhand.losses.decoding import all_peaks, best_path, log_probabilities


def probabilities(steps, classes, seed, sharpness=2.0):
    z = sharpness * np.random.default_rng(seed).standard_normal((steps, classes))
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def reads(path, blank):
    return tuple(c for c, _ in groupby(path) if c != blank)


def all_labels(p):
    """Every label's probability, over all paths."""
    total = {}
    for path in product(range(p.shape[1]), repeat=len(p)):
        label = reads(path, p.shape[1] - 1)
        total[label] = total.get(label, 0) + np.prod([p[t, c] for t, c in enumerate(path)])
    return total


def test_best_path_joins_repetitions_and_drops_blanks():
    p = np.eye(4)[[3, 1, 1, 3, 1, 2, 2, 3, 0]]
    assert best_path(p) == (1, 1, 2, 0)
    assert best_path(np.eye(4)[[3, 3]]) == ()


@pytest.mark.parametrize("label", [(), (1,), (0, 1), (1, 1), (0, 1, 1), (2, 0, 2)])
def test_peaks_lie_on_the_best_path_of_a_label(label):
    p = probabilities(6, 4, 11)
    paths = [path for path in product(range(4), repeat=6) if reads(path, 3) == label]
    best = max(paths, key=lambda path: np.prod([p[t, c] for t, c in enumerate(path)]))
    expected, t = [], 0
    for c, group in groupby(best):
        steps = range(t, t := t + len(list(group)))
        if c != 3:
            expected.append(max(steps, key=lambda s: p[s, c]))
    (steps,) = all_peaks(p[np.newaxis], label)
    assert steps.tolist() == expected


def test_no_peaks_where_the_label_does_not_fit():
    assert all_peaks(probabilities(3, 3, 0)[np.newaxis], (1, 1, 0)) is None


@pytest.mark.parametrize("seed", range(3))
def test_the_probabilities_of_given_labels(seed):
    p = np.stack([probabilities(6, 3, 10 * seed + i, 1.0) for i in range(2)])
    truths = [all_labels(row) for row in p]
    labels = sorted({*truths[0], *truths[1]}, key=lambda label: (len(label) % 2, label))  # long and short ones mixed
    found = np.exp(log_probabilities(np.log(p), labels))
    expected = [[truth.get(label, 0) for label in labels] for truth in truths]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert np.exp(log_probabilities(np.log(p), [(0, 0, 0, 0)])).max() == 0  # four of a kind need seven steps
