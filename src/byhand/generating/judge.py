"""Measures of drawn images: how close they come to real ones, and how varied they are.

All of them compare features: what a classifier of the same kind of images computes before its last layer.
"""

from dataclasses import dataclass

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.extras import how_to_install
from byhand.core.types import Array
from byhand.network import Network
from byhand.network.network import PREDICTED_ROWS

NEIGHBOURS = 5  # the k of precision, recall, density and coverage, as in Naeem et al.


@dataclass(frozen=True)
class Judgement:
    """How images compare with real ones, by the features of a classifier.

    Attributes:
        samples: how many images were judged.
        frechet: the Fréchet distance between the features of both, 0 for the same distribution.
        precision: the share of the images that lie as close to a real one as its 5th neighbour does.
        recall: the share of the real ones that lie as close to one of these images as its 5th neighbour does.
        density: how many such real neighbours an image has, divided by 5; it may exceed 1.
        coverage: the share of real ones with one of these images as close as their 5th neighbour.
        histogram: the share of each class, as the classifier reads them.
        divergence: the Kullback-Leibler divergence of the histogram from equal shares, in nats.
        confidence: the classifier's mean largest probability.
        as_asked: the share that is read as the class that was asked for; None where none was.
    """

    samples: int
    frechet: float
    precision: float
    recall: float
    density: float
    coverage: float
    histogram: tuple[float, ...]
    divergence: float
    confidence: float
    as_asked: float | None = None


def judge_images(classifier: Network, images: Array, real: Array, labels: Array | None = None) -> Judgement:
    """Compare `images` with `real` ones.

    Args:
        classifier: a network that classifies such images.
        images: images (n, ...), bytes or numbers from 0 to 1.
        real: real images (m, ...), which the classifier did not learn from, if possible.
        labels: the classes (n,) that were asked for.

    Raises:
        ByhandError: scikit-learn is not installed, or there are too few images.
    """
    if min(len(images), len(real)) <= NEIGHBOURS:
        raise ByhandError(f"At least {NEIGHBOURS + 1} images are needed on both sides.")
    (theirs, p), (ours, _) = features(classifier, images), features(classifier, real)
    classes = p.argmax(axis=1)
    histogram = np.bincount(classes, minlength=p.shape[1]) / len(classes)
    shares = histogram[histogram > 0]
    return Judgement(
        samples=len(images),
        frechet=frechet_distance(theirs, ours),
        **neighbourhoods(theirs, ours),
        histogram=tuple(histogram.tolist()),
        divergence=float(np.sum(shares * np.log(shares * p.shape[1]))),
        confidence=float(p.max(axis=1).mean()),
        as_asked=None if labels is None else float((classes == labels).mean()),
    )


def features(classifier: Network, images: Array) -> tuple[Array, Array]:
    """For each image what goes into the classifier's last Dense layer, and its probabilities (n, classes).

    Feature maps (height, width, channels) that are flattened before it are averaged over their pixels instead: (n,
    channels).
    """
    x = classifier.as_input(np.asarray(images).reshape(-1, *classifier.input_shape))
    shapes = [classifier.input_shape, *(plan.out_shape for plan in classifier.plan)]
    at = len(shapes) - 3 if len(shapes) > 2 and len(shapes[-3]) == 3 else len(shapes) - 2
    found = []
    workspace = classifier.workspace(min(len(x), PREDICTED_ROWS), share=False)
    for start in range(0, len(x), PREDICTED_ROWS):
        piece = x[start : start + PREDICTED_ROWS]
        classifier.forward(piece, workspace)
        y = piece if at == 0 else workspace.passes.layers[at - 1].y
        found.append(y.reshape(len(y), -1, y.shape[-1]).mean(axis=1))
    return np.concatenate(found), classifier.predict_proba(x)


def frechet_distance(a: Array, b: Array) -> float:
    """‖μ_a − μ_b‖² + tr(C_a + C_b − 2 (C_a C_b)^½), with mean μ and covariance C of features (n, k).

    It is the distance of two normal distributions with these moments. Heusel, Ramsauer, Unterthiner, Nessler and
    Hochreiter, "GANs trained by a two time-scale update rule" (2017), who take the features of Inception; figures with
    other features cannot be compared with theirs.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    C_a, C_b = np.cov(a.T), np.cov(b.T)
    # tr (C_a C_b)^½ by the eigenvalues of C_a^½ C_b C_a^½, which is symmetric
    values, vectors = np.linalg.eigh(C_a)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ C_b @ root), 0)).sum()
    return float(((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum() + np.trace(C_a) + np.trace(C_b) - 2 * shared)


def neighbourhoods(images: Array, real: Array, k: int = NEIGHBOURS) -> dict[str, float]:
    """Precision, recall, density and coverage of features (n, d) against those of real images (m, d).

    Kynkäänniemi, Karras, Laine, Lehtinen and Aila, "Improved precision and recall metric" (2019), eq. 2; Naeem, Oh, Uh,
    Choi and Yoo, "Reliable fidelity and diversity metrics" (2020), eq. 3 and 5.
    """
    neighbours = _neighbours()
    reach_real = neighbours(n_neighbors=k + 1).fit(real).kneighbors(real)[0][:, -1]  # the nearest is the image itself
    reach_drawn = neighbours(n_neighbors=k + 1).fit(images).kneighbors(images)[0][:, -1]
    inside, recalled = np.zeros(len(images)), np.zeros(len(real), bool)
    covered = np.zeros(len(real), bool)
    for start in range(0, len(real), PREDICTED_ROWS):
        rows = slice(start, start + PREDICTED_ROWS)
        distance = _distances(real[rows], images)  # (rows, n)
        close = distance <= reach_real[rows, None]
        inside += close.sum(axis=0)
        covered[rows] = close.any(axis=1)
        recalled[rows] = (distance <= reach_drawn).any(axis=1)
    return {
        "precision": float((inside > 0).mean()),
        "recall": float(recalled.mean()),
        "density": float(inside.mean() / k),
        "coverage": float(covered.mean()),
    }


def nearest_images(images: Array, among: Array) -> tuple[Array, Array]:
    """For each of the images (n, pixels) the nearest of `among` (m, pixels): its index and distance."""
    distance, index = _neighbours()(n_neighbors=1).fit(among).kneighbors(images)
    return index[:, 0], distance[:, 0]


def _neighbours():  # type: ignore[no-untyped-def]
    try:
        from sklearn.neighbors import NearestNeighbors
    except ImportError:
        raise ByhandError(f"Judging images needs scikit-learn: {how_to_install('sklearn')}") from None
    return lambda n_neighbors: NearestNeighbors(n_neighbors=n_neighbors, algorithm="brute", n_jobs=1)


def _distances(a: Array, b: Array) -> Array:
    from sklearn.metrics import pairwise_distances

    found: Array = pairwise_distances(a, b)
    return found
