"""Points on a sine curve with noise, a small regression task."""

import numpy as np

from byhand.core.types import Array

CURVE_POINTS = 500
CURVE_NOISE = 0.1  # standard deviation of what is added to the sine


def sine_with_noise(points: int = CURVE_POINTS, noise: float = CURVE_NOISE, seed: int = 0) -> dict[str, Array]:
    """Columns x, from −π to π, and y = sin x + noise."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-np.pi, np.pi, points)
    return {"x": x, "y": np.sin(x) + noise * rng.standard_normal(points)}
