"""From a sheet to its picture: turned, seen from aside, bent; the same for layers of ink and for single points."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.types import Array

MESH = 12  # pieces of a bent sheet along each side
ROUNDS = 5  # of the iteration that finds where a point of a bent sheet is seen


@dataclass(frozen=True)
class View:
    """How a sheet is seen.

    Attributes:
        matrix: from homogeneous points of the picture to the sheet's, (3, 3).
        size: of the picture, height and width.
        swell: how far the sheet's lines swing up and down, in pixels.
        waves: of these over the picture's width, and their phase.
    """

    matrix: Array
    size: tuple[int, int]
    swell: float = 0.0
    waves: tuple[float, float] = (1.0, 0.0)

    @classmethod
    def of(
        cls,
        sheet: tuple[int, int],
        size: tuple[int, int],
        angle: float = 0.0,
        zoom: float = 1.0,
        shift: tuple[float, float] = (0.0, 0.0),
        aside: tuple[float, float] = (0.0, 0.0),
        swell: float = 0.0,
        waves: tuple[float, float] = (1.0, 0.0),
    ) -> "View":
        """A view of a sheet's middle, moved by `shift` pixels (x, y).

        angle: by which the sheet is turned clockwise, in radians; zoom: how many times larger it is seen; aside: by
        how much the scale changes from one side to the other, across and down.
        """
        c, s = np.cos(angle) / zoom, np.sin(angle) / zoom
        to_middle = np.array([[1, 0, -size[1] / 2 - shift[0]], [0, 1, -size[0] / 2 - shift[1]], [0, 0, 1]])
        turned = np.array([[c, s, 0], [-s, c, 0], [aside[0] / size[1], aside[1] / size[0], 1]])
        from_middle = np.array([[1, 0, sheet[1] / 2], [0, 1, sheet[0] / 2], [0, 0, 1]])
        return cls(from_middle @ turned @ to_middle, size, swell, waves)

    def sheet(self, points: Array) -> Array:
        """Where the picture's points (n, 2) lie on the sheet: x, y (n, 2)."""
        q = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ self.matrix.T
        return q[:, :2] / q[:, 2:] + self._bend(points)

    def picture(self, points: Array) -> Array:
        """Where the sheet's points (n, 2) are seen in the picture: x, y (n, 2)."""
        back = np.linalg.inv(self.matrix)
        bend, seen = np.zeros_like(points, float), points
        for _ in range(ROUNDS if self.swell else 1):
            q = np.concatenate([points - bend, np.ones((len(points), 1))], axis=1) @ back.T
            seen = q[:, :2] / q[:, 2:]
            bend = self._bend(seen)
        return seen

    def _bend(self, points: Array) -> Array:
        many, phase = self.waves
        down = self.swell * np.sin(2 * np.pi * many * points[:, 0] / self.size[1] + phase)
        return np.stack([np.zeros(len(points)), down], axis=1)

    def layer(self, image: Any) -> Any:
        """What a picture (PIL) of the sheet looks like from here."""
        from PIL import Image

        height, width = self.size
        how = Image.Resampling.BILINEAR
        if not self.swell:
            m = (self.matrix / self.matrix[2, 2]).ravel()
            return image.transform((width, height), Image.Transform.PERSPECTIVE, m[:8].tolist(), how)
        xs, ys = (np.rint(np.linspace(0, side, MESH + 1)).astype(int) for side in (width, height))
        x, y = np.meshgrid(xs, ys)
        at = self.sheet(np.stack([x.ravel(), y.ravel()], axis=1).astype(float)).reshape(MESH + 1, MESH + 1, 2)
        mesh = []
        for i in range(MESH):
            for j in range(MESH):
                quad = np.concatenate([at[i, j], at[i + 1, j], at[i + 1, j + 1], at[i, j + 1]])
                mesh.append(((int(xs[j]), int(ys[i]), int(xs[j + 1]), int(ys[i + 1])), tuple(quad.tolist())))
        return image.transform((width, height), Image.Transform.MESH, mesh, how)
