"""Paths through the space of latent vectors."""

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.generating.gan import GAN
from byhand.generating.vae import VAE


def interpolation(model: GAN | VAE, rng: np.random.Generator, rows: int, steps: int, labels: Array | None) -> Array:
    """Images along paths between random pairs of latent vectors: (rows, steps, *image_shape).

    The path is a great circle, whose vectors have the lengths that are usual for N(0, 1); a straight line would pass
    close to 0, where N(0, 1) has hardly any vectors. White, "Sampling generative networks" (2016).

    Args:
        model: the networks.
        rng: the generator of the pairs.
        rows: number of pairs.
        steps: number of images on each path, including both ends, at least 2.
        labels: the class of each row (rows,), for a conditional GAN.
    """
    a, b = rng.standard_normal((2, rows, 1, model.latent))
    cosine = (a * b).sum(axis=-1, keepdims=True) / np.linalg.norm(a, axis=-1, keepdims=True)
    angle = np.arccos(np.clip(cosine / np.linalg.norm(b, axis=-1, keepdims=True), -1, 1))  # (rows, 1, 1)
    share = np.linspace(0, 1, steps)[:, np.newaxis]
    z = (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)  # (rows, steps, latent)
    told = None if labels is None else np.repeat(labels, steps)
    images = model.decode(z.reshape(rows * steps, -1), told)
    return images.reshape(rows, steps, *model.image_shape)


def latent_map(model: GAN | VAE, side: int) -> Array:
    """Images of a grid of latent vectors (side, side, *image_shape), for a model with two latent numbers.

    Both axes are quantiles of N(0, 1), at equal shares: each image stands for as many random vectors as any other.
    Kingma and Welling, "Auto-encoding variational Bayes" (2014), appendix A.

    Raises:
        ByhandError: the model has another number of latent numbers, or is told classes.
    """
    from statistics import NormalDist

    if model.latent != 2 or model.classes:
        raise ByhandError(f"A map needs 2 latent numbers and no classes; this model has {model.latent}.")
    quantiles = [NormalDist().inv_cdf((i + 0.5) / side) for i in range(side)]
    down, across = np.meshgrid(quantiles[::-1], quantiles, indexing="ij")
    z = np.stack([across.ravel(), down.ravel()], axis=1)
    return model.decode(z).reshape(side, side, *model.image_shape)
