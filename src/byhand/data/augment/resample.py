"""One map for all geometric transforms, and one bilinear sampling through it.

The map from a pixel p of the result to a place in the image is q = A p + Σ_k w_k f_k(p), with an affine A and the
waves f_k of elastic steps. Both are linear in what is random, so the coordinates of all pixels of all images are one
matrix product: (2n, 3 + r) coefficients by (3 + r, height · width) fields.
"""

from collections.abc import Sequence

import numpy as np

from byhand.core.types import Array, Shape
from byhand.data.augment.base import Geometric, Transform
from byhand.data.augment.elastic import Elastic
from byhand.data.augment.geometric import identities

BLOCK_IMAGES = 64  # images that are worked on at a time, so that they stay in the cache


class Resampler:
    """Draws maps and samples images through them, in arrays that are allocated once.

    Args:
        steps: the geometric and elastic steps, in order; an elastic field is added to the affine map of all others.
        shape: (height, width) of an image.
        rows: how many images at most.
        dtype: float32 or float64.
    """

    def __init__(self, steps: Sequence[Transform], shape: Shape, rows: int, dtype: np.dtype):
        height, width = self._shape = shape
        self._affine = [step for step in steps if isinstance(step, Geometric)]
        y, x = np.indices(shape).reshape(2, -1) - (np.array(shape)[:, None] - 1) / 2  # (h · w,), from the centre
        waves = [step.waves(height, width) for step in steps if isinstance(step, Elastic)]
        self._fields = np.vstack([x, y, np.ones_like(x), *waves]).astype(dtype)  # (3 + r, h · w)
        self._coefficients = np.empty(2 * rows * len(self._fields), dtype)
        # Around each image is a border of one pixel of background, 0. To the right of it and below lies the next
        # line's border, or the next image's; what is read there has the weight zero.
        self._stride = width + 2
        area = (height + 2) * self._stride
        block = min(BLOCK_IMAGES, rows)
        self._ink = np.zeros(block * area + self._stride + 1, dtype)
        self._padded = self._ink[: block * area].reshape(block, height + 2, self._stride)
        self._starts = (np.arange(block, dtype=dtype) * area)[:, None]  # of each image; exact below 2²⁴
        self._limits = dtype.type(width + 1), dtype.type(height + 1)
        pixels = (block, height * width)
        self._place, self._whole = np.empty((2, *pixels), dtype), np.empty((2, *pixels), dtype)
        self._index = np.empty(pixels, np.intp)
        self._corners = np.empty((4, *pixels), dtype)

    def __call__(self, images: Array, rng: np.random.Generator, out: Array) -> None:
        """Sample each image (n, height, width), bytes or 0-1, through a map of its own, into out of the same shape.

        Of images (n, height, width, 3) each colour is sampled through the image's map.
        """
        n = len(images)
        coefficients = self._draw(rng, n)  # (3 + r, 2, n)
        for start in range(0, n, len(self._padded)):
            rows = slice(start, start + len(self._padded))
            places = self._places(coefficients[:, :, rows])
            if images.ndim == 3:
                self._sample(images[rows], *places, out[rows])
                continue
            for colour in range(images.shape[3]):
                self._sample(images[rows, :, :, colour], *places, out[rows, :, :, colour])

    def _draw(self, rng: np.random.Generator, n: int) -> Array:
        """Coefficients (3 + r, 2, n) of x and y: the affine map's entries, then the waves' weights."""
        k = len(self._fields)
        coefficients = self._coefficients[: k * 2 * n].reshape(k, 2, n)
        maps = identities(n)
        for step in self._affine:  # q = M₁ M₂ … p: the last step is undone first
            maps = maps @ step.matrices(rng, n)
        coefficients[:3] = maps[:, :2].transpose(2, 1, 0)
        height, width = self._shape
        coefficients[2, 0] += (width - 1) / 2 + 1  # from the centre to the padded image's corner
        coefficients[2, 1] += (height - 1) / 2 + 1
        rng.standard_normal(dtype=coefficients.dtype.type, out=coefficients[3:])
        return coefficients

    def _places(self, coefficients: Array) -> tuple[Array, Array, Array]:
        """Where each pixel comes from: the number of the pixel above and to the left, the shares of right and below.

        All are (n, h · w), for n up to a block.
        """
        n = coefficients.shape[2]
        place, whole, index = self._place[:, :n], self._whole[:, :n], self._index[:n]
        for axis in (0, 1):  # place = (x, y) in the padded image, and no farther than its border
            np.dot(coefficients[:, axis].T, self._fields, out=place[axis])
            np.clip(place[axis], 0, self._limits[axis], out=place[axis])
            np.floor(place[axis], out=whole[axis])
            np.subtract(place[axis], whole[axis], out=place[axis])  # what remains, from 0 to 1, is the weight
        right, down = place
        flat = whole[1]  # number of the pixel above and to the left: start + ⌊y⌋ stride + ⌊x⌋
        np.multiply(flat, self._stride, out=flat)
        np.add(flat, whole[0], out=flat)
        np.add(flat, self._starts[:n], out=flat)
        np.copyto(index, flat, casting="unsafe")
        return index, right, down

    def _sample(self, images: Array, index: Array, right: Array, down: Array, out: Array) -> None:
        """Bilinear sampling of images (n, h, w) at such places into out of the same shape, for n up to a block."""
        n = len(images)
        interior = self._padded[:n, 1:-1, 1:-1]
        if images.dtype == np.uint8:
            np.divide(images, interior.dtype.type(255), out=interior)
        else:
            np.copyto(interior, images)
        a, b, c, d = self._corners[:, :n]  # the four pixels around: a b above, c d below
        for corner, ahead in ((a, 0), (b, 1), (c, self._stride), (d, self._stride + 1)):
            np.take(self._ink[ahead:], index, out=corner, mode="clip")
        mix(a, b, right)
        mix(c, d, right)
        mix(a, c, down)
        np.copyto(out, a.reshape(out.shape))


def mix(a: Array, b: Array, share: Array) -> None:
    """a ← a + share (b − a), and b is spoilt."""
    np.subtract(b, a, out=b)
    np.multiply(b, share, out=b)
    np.add(a, b, out=a)
