"""Reading labels off probabilities, against all paths one by one."""

from itertools import groupby, product

import numpy as np
import pytest

from byhand.losses.decoding import Symbol, beam_search, best_path, log_probabilities, peaks, symbols


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


@pytest.mark.parametrize("seed", range(5))
def test_a_beam_that_keeps_everything_finds_every_label(seed):
    p = probabilities(6, 3, seed, 1.0)
    truth = all_labels(p)
    found = {d.label: d.probability for d in beam_search(p, width=1000)}
    assert found.keys() == truth.keys()
    np.testing.assert_allclose([found[label] for label in truth], list(truth.values()), rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_narrow_beam_finds_the_best_and_is_in_order(seed):
    p = probabilities(7, 4, seed, 4.0)
    truth = all_labels(p)
    found = beam_search(p, width=8)
    assert found[0].label == max(truth, key=truth.get)
    assert [d.probability for d in found] == sorted((d.probability for d in found), reverse=True)
    assert found[0].probability > 0.9 * truth[found[0].label]
    for d in found:
        assert d.probability <= truth[d.label] * (1 + 1e-12)


def test_the_beam_may_differ_from_the_best_path():
    p = np.array([[0.4, 0.6], [0.4, 0.6]])  # _ _ has 0.36; the three paths that read 0 have 0.64 together
    assert best_path(p) == ()
    assert beam_search(p)[0].label == (0,)
    np.testing.assert_allclose(beam_search(p)[0].probability, 0.64)


def test_best_path_joins_repetitions_and_drops_blanks():
    p = np.eye(4)[[3, 1, 1, 3, 1, 2, 2, 3, 0]]
    assert best_path(p) == (1, 1, 2, 0)
    assert best_path(np.eye(4)[[3, 3]]) == ()


def test_long_rows_do_not_vanish():
    p = probabilities(600, 11, 0, 0.2)
    assert len(beam_search(p)) == 8 and beam_search(p)[0].label


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
    assert peaks(p, label) == expected


def test_no_peaks_where_the_label_does_not_fit():
    assert peaks(probabilities(3, 3, 0), (1, 1, 0)) == []
    assert beam_search(np.zeros((2, 3))) == []


def test_symbols_say_how_sure_they_are_and_what_else_they_might_be():
    p = np.array([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.5, 0.1, 0.4], [0.2, 0.7, 0.1]])
    assert symbols(p, (0, 1)) == [Symbol(0, 1, 0.6, ((1, 0.3),)), Symbol(1, 3, 0.7, ((0, 0.2),))]
    assert symbols(p, ()) == []


@pytest.mark.parametrize("seed", range(3))
def test_the_probabilities_of_given_labels(seed):
    p = np.stack([probabilities(6, 3, 10 * seed + i, 1.0) for i in range(2)])
    truths = [all_labels(row) for row in p]
    labels = sorted({*truths[0], *truths[1]}, key=lambda label: (len(label) % 2, label))  # long and short ones mixed
    found = np.exp(log_probabilities(np.log(p), labels))
    expected = [[truth.get(label, 0) for label in labels] for truth in truths]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert np.exp(log_probabilities(np.log(p), [(0, 0, 0, 0)])).max() == 0  # four of a kind need seven steps
