"""Activations, saliency and similar images for a prediction."""

from math import isqrt, prod
from typing import NamedTuple

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape
from byhand.layers.base import backward_through
from byhand.network import PREDICTED_ROWS, Network


def image_shape(network: Network, told: Shape | None = None) -> Shape:
    """(height, width) of the images that the network takes as (h, w, 1), (h, w), or rows of h · w numbers.

    It is (height, width, 3) for images in colours.

    Args:
        network: the network.
        told: what its data say, for rows; a square by default.

    Raises:
        ByhandError: it does not take images, or gives more than one answer an image.
    """
    shape = network.input_shape
    if len(network.plan[-1].out_shape) > 1:
        raise ByhandError("This network reads whole lines; looking inside needs one that gives each image one answer.")
    if len(shape) == 2 or shape[2:] == (1,):
        return shape[:2]
    if shape[2:] == (3,):
        return shape
    if len(shape) == 1:
        side = isqrt(shape[0])
        if told and prod(told) == shape[0]:
            return told
        if side * side == shape[0]:
            return side, side
    raise ByhandError(f"This network takes inputs of {' × '.join(map(str, shape))}, which are not images.")


def layer_outputs(network: Network, x: Array) -> list[Array]:
    """Each layer's output (n, *out) for x (n, *input_shape) outside training, in order, in arrays of their own."""
    workspace = network.workspace(len(x), share=False)
    network.forward(x, workspace)
    return [at.y for at in workspace.passes.layers]


class Sensitivity(NamedTuple):
    """The gradients of outputs with respect to all layers.

    Attributes:
        values: the input and each layer's output (n, *out), in order.
        slopes: ∂(Σⱼ weights[i, j] y[i, j]) by each of them, of the same shapes.
    """

    values: list[Array]
    slopes: list[Array]


def sensitivity(network: Network, x: Array, weights: Array, depth: int | None = None) -> Sensitivity:
    """The gradients of Σⱼ weights[i, j] y[i, j] by the input and by every layer's output, outside training.

    y is the output (n, outputs) of the first `depth` layers, of all by default. The network stays as it is.

    Raises:
        ByhandError: x or weights have another shape.
    """
    twin, depth = network.twin(), depth or len(network.layers)  # the twin's gradient may be written over
    x = network.as_input(x)
    workspace = twin.workspace(len(x), share=False)
    twin.forward(x, workspace)
    layers = workspace.passes.layers[:depth]
    if weights.shape != layers[-1].y.shape:
        raise ByhandError(f"weights must be {layers[-1].y.shape}, one for each output; got {weights.shape}.")
    layers[-1].dy[...] = weights
    dx = np.empty_like(x)
    backward_through(network.ops, network.layers[:depth], layers, dx)
    return Sensitivity([x, *(at.y for at in layers)], [dx, *(at.dy for at in layers)])


def last_hidden(network: Network, x: Array) -> Array:
    """The input (n, k) of the last layer with parameters, the features of x (n, *input_shape)."""
    last = max((i for i, plan in enumerate(network.plan) if plan.learns), default=0)
    width = prod(network.plan[last - 1].out_shape if last else network.input_shape)
    result = np.empty((len(x), width), network.dtype)
    for start in range(0, len(x), PREDICTED_ROWS):
        rows = network.as_input(x[start : start + PREDICTED_ROWS])
        rows = layer_outputs(network, rows)[last - 1] if last else rows
        result[start : start + PREDICTED_ROWS] = rows.reshape(len(rows), -1)
    return result


def outputs(network: Network, x: Array) -> Array:
    """The last layer's output (n, outputs) for x (n, *input_shape): logits where the loss contains the activation."""
    pieces = (network.forward(x[start : start + PREDICTED_ROWS]).copy() for start in range(0, len(x), PREDICTED_ROWS))
    return np.concatenate(list(pieces))


def occlusion(network: Network, image: Array, output: int, patch: int) -> Array:
    """Occlusion: how much output `output` falls when zeros cover a square around each pixel (height, width).

    Zeiler and Fergus, "Visualizing and understanding convolutional networks" (2014), section 4.2.

    Args:
        network: the network.
        image: one image (height, width) or (height, width, 3), as numbers that the network takes.
        output: which of its outputs.
        patch: the square's side in pixels.
    """
    height, width = image.shape[:2]
    covered = np.repeat(image[None], height * width + 1, axis=0)
    before, after = (patch - 1) // 2, patch // 2 + 1
    for k, (r, c) in enumerate(np.ndindex(height, width)):
        covered[k, max(0, r - before) : r + after, max(0, c - before) : c + after] = 0
    z = outputs(network, covered.reshape((-1, *network.input_shape)))[:, output]
    fall: Array = (z[-1] - z[:-1]).reshape(height, width)  # the last one is covered nowhere
    return fall


def nearest(feature: Array, features: Array, count: int) -> tuple[Array, Array]:
    """The rows of features (n, k) that lie nearest to feature (k,), and their Euclidean distances, nearest first."""
    distance = np.linalg.norm(features - feature, axis=1)  # (n,)
    order = np.argsort(distance, kind="stable")[:count]
    return order, distance[order]


class Plane(NamedTuple):
    """The plane through points (n, k) along which they vary most: principal component analysis.

    Attributes:
        centre: their mean (k,).
        axes: two directions of length 1 (k, 2), at right angles; where k is 1 the second is zero.
        shares: how much of the points' variance lies along each, from 0 to 1.
    """

    centre: Array
    axes: Array
    shares: tuple[float, float]

    def __call__(self, points: Array) -> Array:
        """Project points (n, k) onto the plane (n, 2)."""
        where: Array = (points - self.centre) @ self.axes
        return where


def principal_plane(points: Array) -> Plane:
    """The first two principal components of points (n, k), n ≥ 2, by a singular value decomposition.

    Each axis points to where its largest coefficient is positive, so that the same points give the same picture.
    """
    centre = points.mean(axis=0)
    _, lengths, directions = np.linalg.svd((points - centre).astype(np.float64), full_matrices=False)
    axes, shares = np.zeros((points.shape[1], 2)), [0.0, 0.0]
    total = float(np.sum(lengths**2)) or 1.0
    for i, direction in enumerate(directions[:2]):
        axes[:, i] = direction * np.sign(direction[np.argmax(np.abs(direction))])
        shares[i] = float(lengths[i] ** 2) / total
    return Plane(centre, axes, (shares[0], shares[1]))
