"""Normalised weights, the variety of a batch, and the losses of critics, computed twice as in cases.py."""

import numpy as np

from byhand import Conv2D, Dense, Hinge, MinibatchStd, SpectralNorm, Wasserstein

SPECTRAL = [(SpectralNorm(Dense(4)), (6,)), (SpectralNorm(Conv2D(3, (2, 3)), iterations=2), (4, 5, 2))]
DEVIATIONS = [(MinibatchStd(), (5,)), (MinibatchStd(0.1), (3, 2, 2))]
CRITICS = [Wasserstein(), Hinge()]
PASSES = 3


def spectral_data(layer, in_shape):
    """x and dy of every pass, W and b, and directions u and v to begin with."""
    rng = np.random.default_rng(len(str(layer)))
    plan = layer.plan(in_shape)
    W, b = plan.children[0].params["W"], plan.children[0].params["b"]
    arrays = {"x": (PASSES, 5, *in_shape), "dy": (PASSES, 5, *plan.out_shape), "W": W, "b": b} | plan.state
    arrays = {name: rng.standard_normal(shape) for name, shape in arrays.items()}
    return arrays | {name: arrays[name] / np.linalg.norm(arrays[name]) for name in ("u", "v")}


def deviation_data(layer, in_shape):
    """x and dy."""
    rng = np.random.default_rng(4)
    return {"x": rng.standard_normal((6, *in_shape)), "dy": rng.standard_normal((6, *layer.plan(in_shape).out_shape))}


def critic_data():
    """Scores y (8, 1) and targets t: real, drawn, and something in between."""
    rng = np.random.default_rng(5)
    return {"y": 2 * rng.standard_normal((8, 1)), "t": np.array([1, 1, 1, 0, 0, 0, 0.9, 0.5])[:, None]}
