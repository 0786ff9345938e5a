"""Rows drawn on paper that was stretched unevenly: strokes bent as no two hands bend them."""

import numpy as np

from byhand.core.types import Array

SMALLEST = 4  # pixels of a row's height and width; a smaller one stays as it is
ROW_GRID = 0.5  # a row's height, times this: how far the nodes of the bent grid are apart


def warp(row: Array, far: float, rng: np.random.Generator, cell: float = ROW_GRID) -> Array:
    """The row of ink (height, width), uint8, bent: each node of a grid is moved by up to `far` of the height.

    The nodes at the edge move along it only, so no ink leaves the picture.
    """
    from PIL import Image

    height, width = row.shape
    if min(row.shape) < SMALLEST:
        return row
    rows, columns = 2, max(1, min(round(width / (cell * height)), width // 2))
    y, x = np.meshgrid(np.linspace(0, height, rows + 1), np.linspace(0, width, columns + 1), indexing="ij")
    moved_y, moved_x = (at + rng.uniform(-far, far, at.shape) * height for at in (y, x))
    moved_y[[0, -1]], moved_x[:, [0, -1]] = y[[0, -1]], x[:, [0, -1]]
    corners = np.stack([moved_x, moved_y], axis=-1)  # (rows + 1, columns + 1, 2)
    mesh = []
    for i in range(rows):
        for j in range(columns):
            box = (round(x[i, j]), round(y[i, j]), round(x[i, j + 1]), round(y[i + 1, j]))
            quad = (corners[i, j], corners[i + 1, j], corners[i + 1, j + 1], corners[i, j + 1])
            mesh.append((box, tuple(float(v) for corner in quad for v in corner)))
    picture = Image.fromarray(row)
    return np.asarray(picture.transform(picture.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR))
