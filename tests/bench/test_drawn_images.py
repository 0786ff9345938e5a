"""The experiment with drawn images: what is drawn carries the digit that was asked for, or that it was made from."""

import numpy as np
from bench.accuracy.drawn_images import drawn_by_gan, drawn_by_vae

from byhand.data import from_arrays

FEW = from_arrays(np.arange(3, dtype=np.uint8)[:, None] * np.ones((1, 784), np.uint8), np.array([2, 0, 1]))


class Asked:
    """A GAN that draws the level of the class that it is asked for."""

    def draw(self, n, rng, labels):
        return np.full((n, 784), 0.2) * labels[:, None]


class Copying:
    """A VAE whose one latent number is an image's level, with a deviation of 1/10."""

    def encode(self, x):
        return x[:, :1].astype(float), np.full((len(x), 1), 2 * np.log(0.1))

    def decode(self, z):
        return np.clip(z / 10, 0, 1) * np.ones((1, 784))


def test_drawn_images_and_their_digits():
    images, labels = drawn_by_gan(FEW, 2, Asked(), np.random.default_rng(0))
    assert labels.tolist() == [2, 0, 1, 2, 0, 1] and images.dtype == np.uint8
    assert images[:, 5].tolist() == [102, 0, 51, 102, 0, 51]
    images, labels = drawn_by_vae(FEW, 200, Copying(), np.random.default_rng(0))
    levels = images[:, 0].reshape(200, 3) / 25.5
    np.testing.assert_allclose(levels.mean(axis=0), [0, 1, 2], atol=0.05)
    assert 0.08 < levels[:, 2].std() < 0.12 and labels.reshape(200, 3)[7].tolist() == [2, 0, 1]
