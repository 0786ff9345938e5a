"""Perspective of a plane: 3 × 3 matrices that take the points of one picture to another's.

Points are x, y in pixels, and pixel k reaches from k to k + 1.
"""

import numpy as np

from byhand.core.types import Array

HORIZON = 1e-9
FIT_ROUNDS = 8  # of re-weighting
LEAST_ERROR = 0.3  # pixels: residuals are not trusted to be smaller


def project(matrix: Array, points: Array) -> Array:
    """The points (n, 2) seen through the matrix: (x, y, 1) M^T, divided by its third number.

    Points on the horizon, where that is 0, come out very far away.
    """
    seen = points @ matrix[:, :2].T + matrix[:, 2]
    depth = seen[:, 2:]
    found: Array = seen[:, :2] / np.where(np.abs(depth) < HORIZON, HORIZON, depth)
    return found


def scaling(x: float, y: float | None = None) -> Array:
    """The matrix that multiplies x and y."""
    return np.diag([x, x if y is None else y, 1.0])


def moving(x: float, y: float) -> Array:
    """The matrix that adds x and y."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def turning(angle: float, x: float, y: float) -> Array:
    """The matrix that turns by an angle in radians, from the x to the y axis, around a point."""
    c, s = np.cos(angle), np.sin(angle)
    return moving(x, y) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]) @ moving(-x, -y)


def fit_perspective(points: Array, targets: Array, weights: Array, affine: bool = False) -> Array:
    """The matrix that takes points (n, 2) nearest to their targets, by weighted least squares; four at least.

    x′ (g x + h y + 1) = a x + b y + c and the same for y′ (Hartley and Zisserman, Multiple View Geometry, 2003, 4.1),
    both sets moved and scaled to lie around the origin first. With `affine` g = h = 0.
    """
    there, here = _normal(targets), _normal(points)
    (x, y), (u, v) = project(here, points).T, project(there, targets).T
    one, none = np.ones_like(x), np.zeros_like(x)
    upper = np.stack([x, y, one, none, none, none, -u * x, -u * y], axis=1)
    lower = np.stack([none, none, none, x, y, one, -v * x, -v * y], axis=1)
    a = np.concatenate([upper, lower])[:, : 6 if affine else 8] * np.tile(weights, 2)[:, None]
    found = np.linalg.lstsq(a, np.concatenate([u, v]) * np.tile(weights, 2), rcond=None)[0]
    inner = np.append(found, [0.0] * (8 - len(found)) + [1.0]).reshape(3, 3)
    matrix: Array = np.linalg.inv(there) @ inner @ here
    return matrix / matrix[2, 2]


def _normal(points: Array) -> Array:
    """The matrix that moves points to the origin and scales their mean distance from it to √2."""
    middle = points.mean(axis=0)
    far = np.sqrt(((points - middle) ** 2).sum(axis=1)).mean()
    return scaling(np.sqrt(2) / max(far, 1e-9)) @ moving(*-middle)


def fit_most(points: Array, targets: Array, weights: Array, affine: bool = False) -> tuple[Array, Array]:
    """The matrix that takes most points to their targets, and how far each is from it, in pixels (n,).

    Weights are divided by 1 + (r / s)², r a residual and s its median (Cauchy's estimator), round after round.
    """
    trust = weights
    for _ in range(FIT_ROUNDS):
        matrix = fit_perspective(points, targets, np.sqrt(trust), affine)
        away = np.sqrt(((project(matrix, points) - targets) ** 2).sum(axis=1))
        trust = weights / (1 + (away / max(float(np.median(away)), LEAST_ERROR)) ** 2)
    return matrix, away


def warped(image: Array, matrix: Array, size: tuple[int, int], fill: int = 255) -> Array:
    """The picture uint8 of a size (width, height) whose point p shows what `image` has at matrix · p.

    Where several of the image's pixels fall into one, they are averaged first.
    """
    from PIL import Image

    source = Image.fromarray(image)
    width, height = size
    ends = project(matrix, np.array([[0, 0], [width, 0], [0, height], [width, height]], float))
    step = np.sqrt(np.abs(_area(ends)) / max(width * height, 1))
    if step >= 2:
        by = int(step)
        source, matrix = source.reduce(by), scaling(1 / by) @ matrix
    coefficients = (matrix / matrix[2, 2]).ravel()[:8].tolist()
    way, how = Image.Transform.PERSPECTIVE, Image.Resampling.BILINEAR
    return np.asarray(source.transform((width, height), way, coefficients, how, fillcolor=fill))


def _area(corners: Array) -> float:
    """Of four corners: left top, right top, left bottom, right bottom."""
    (a, b), (c, d) = corners[3] - corners[0], corners[2] - corners[1]
    return float(abs(a * d - b * c) / 2)


def is_plausible(matrix: Array, size: tuple[int, int]) -> bool:
    """Whether a sheet (width, height) seen through the matrix is neither mirrored nor folded nor a sliver."""
    width, height = size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    if not (np.isfinite(matrix).all() and (corners @ matrix[2, :2] + matrix[2, 2] > 0).all()):
        return False
    corners = project(matrix, corners)
    sides = np.roll(corners, -1, axis=0) - corners
    turns = sides[:, 0] * np.roll(sides, -1, axis=0)[:, 1] - sides[:, 1] * np.roll(sides, -1, axis=0)[:, 0]
    lengths = np.sqrt((sides**2).sum(axis=1)) / (width, height, width, height)
    return bool((turns > 0).all() and lengths.max() < 3 * lengths.min())
