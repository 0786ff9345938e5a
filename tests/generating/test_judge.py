"""Measures of drawn images against calculations by hand and by other libraries."""

import numpy as np
import pytest

from byhand import CategoricalCrossEntropy, Conv2D, Dense, Flatten, Network, ReLU
from byhand.generating.judge import features, frechet_distance, judge_images, nearest_images, neighbourhoods


def test_frechet_distance_is_scipys():
    linalg = pytest.importorskip("scipy.linalg")
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((200, 5)) @ rng.standard_normal((5, 5)), 2 + rng.standard_normal((150, 5))
    root = linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    wanted = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-9)
    assert frechet_distance(a, a + 3) == pytest.approx(5 * 9, rel=1e-9)  # moved by 3 in each of 5 directions


def naive_neighbourhoods(drawn, real, k):
    """The definitions, pair by pair."""

    def reach(x):
        return [sorted(np.linalg.norm(x - one, axis=1))[k] for one in x]  # the first one is 0, to itself

    distance = np.array([[np.linalg.norm(r - d) for d in drawn] for r in real])
    close = distance <= np.array(reach(real))[:, None]
    back = distance <= np.array(reach(drawn))[None]
    return {
        "precision": np.mean([close[:, j].any() for j in range(len(drawn))]),
        "recall": np.mean([back[i].any() for i in range(len(real))]),
        "density": close.sum() / (k * len(drawn)),
        "coverage": np.mean([close[i].any() for i in range(len(real))]),
    }


def test_precision_recall_density_coverage_by_their_definitions():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(1)
    drawn, real = rng.standard_normal((40, 3)) * 0.7 + 0.5, rng.standard_normal((60, 3))
    found, wanted = neighbourhoods(drawn, real, 5), naive_neighbourhoods(drawn, real, 5)
    assert found == pytest.approx(wanted)
    assert 0 < found["recall"] < found["precision"] <= 1
    assert neighbourhoods(drawn + 100, real) == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}


def test_features_are_what_goes_into_the_last_layer():
    rng = np.random.default_rng(2)
    x = rng.uniform(size=(700, 8))
    dense = Network(8, [Dense(5), ReLU(), Dense(3)], CategoricalCrossEntropy())
    found, p = features(dense, x)
    np.testing.assert_allclose(found, np.maximum(x @ dense.p[0].W + dense.p[0].b, 0), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(p, dense.predict_proba(x))
    conv = Network((4, 2, 1), [Conv2D(3), Flatten(), Dense(2)], CategoricalCrossEntropy())
    maps = Network((4, 2, 1), [Conv2D(3)])
    maps.theta = np.concatenate([conv.p[0].W.ravel(), conv.p[0].b])
    np.testing.assert_allclose(features(conv, x)[0], maps.predict_proba(x).mean(axis=(1, 2)), rtol=1e-5, atol=1e-6)


def test_histogram_confidence_and_what_was_asked():
    pytest.importorskip("sklearn")
    classifier = Network(2, [Dense(2, bias=False)], CategoricalCrossEntropy(), rng=None)
    classifier.p[0].W[...] = np.eye(2)
    images = np.array([[1, 0]] * 6 + [[0, 1]] * 2, float) + np.linspace(0, 1e-3, 8)[:, None]
    judged = judge_images(classifier, images, images[::-1], np.array([0] * 4 + [1] * 4))
    assert judged.histogram == (0.75, 0.25)
    assert judged.divergence == pytest.approx(0.75 * np.log(1.5) + 0.25 * np.log(0.5))
    assert judged.confidence == pytest.approx(1 / (1 + np.exp(-1)), rel=1e-6)
    assert judged.as_asked == 0.75
    assert judged.frechet == pytest.approx(0, abs=1e-9)


def test_nearest():
    pytest.importorskip("sklearn")
    index, distance = nearest_images(np.array([[0.0, 1.0], [5.0, 5.0]]), np.array([[5.0, 4.0], [0.0, 0.0], [9.0, 9.0]]))
    assert index.tolist() == [1, 0]
    np.testing.assert_allclose(distance, [1, 1])
