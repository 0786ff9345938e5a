"""What networks that draw are made of, and ten steps of their training, computed twice as in cases.py."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand import (
    Adam,
    BatchNorm,
    BinaryCrossEntropy,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Flatten,
    Hinge,
    LeakyReLU,
    MinibatchStd,
    Network,
    QuadraticCost,
    ReLU,
    Reshape,
    RMSprop,
    Sigmoid,
    SpectralNorm,
    Tanh,
    Wasserstein,
)
from byhand.generating import GAN, VAE

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


ADAM = Adam(0.01, beta1=0.5)


@dataclass(frozen=True)
class GANCase:
    """A GAN and its training; see GANTrainer for the options."""

    name: str
    loss: Any
    critic: tuple = (Dense(7), LeakyReLU(0.2), Dense(5), ReLU(), Dense(1))
    generator: tuple = (Dense(6), ReLU(), Dense(8), Sigmoid())
    optimizer: Any = ADAM
    image_shape: tuple = (8,)
    classes: int = 0
    options: Any = None

    def gan(self):
        """The networks at their start."""
        options = {"dtype": np.float64}
        last = self.image_shape[-1] + self.classes
        critic = Network((*self.image_shape[:-1], last), self.critic, self.loss, rng=1, **options)
        critic.theta += 0.1 * np.random.default_rng(3).standard_normal(critic.size)  # biases, too
        return GAN(Network(4 + self.classes, self.generator, rng=2, **options), critic, self.classes)


GANS = [
    GANCase("non-saturating", BinaryCrossEntropy()),
    GANCase("least squares", QuadraticCost()),
    GANCase("hinge", Hinge()),
    GANCase("clipped", Wasserstein(), optimizer=RMSprop(0.01), options={"critic_steps": 2, "clip": 0.3}),
    GANCase("penalised", Wasserstein(), optimizer=Adam(0.01, 0.0, 0.9), options={"critic_steps": 3, "penalty": 10.0}),
    GANCase("conditional", BinaryCrossEntropy(), classes=3),
    GANCase("conditional penalised", Wasserstein(), classes=3, options={"penalty": 2.0}),
    GANCase(
        "convolutional",
        BinaryCrossEntropy(),
        critic=(Conv2D(3, 4, stride=2), LeakyReLU(0.2), Flatten(), Dense(1)),
        generator=(Dense(12), BatchNorm(), ReLU(), Reshape((2, 2, 3)), ConvTranspose2D(1, 4, stride=2), Sigmoid()),
        image_shape=(4, 4, 1),
        classes=2,
    ),
]
STEPS, BATCH = 10, 6


def gan_images(case):
    """Images and labels of ten batches."""
    rng = np.random.default_rng(6)
    n = STEPS * BATCH
    return rng.uniform(size=(n, *case.image_shape)), rng.integers(0, case.classes, n) if case.classes else None


VAE_OPTIMIZER = Adam(0.01)


def vae():
    """A small VAE at its start: 8 pixels, 3 latent numbers."""
    encoder = Network(8, [Dense(7), Tanh(), Dense(6)], rng=1, dtype=np.float64)
    return VAE(encoder, Network(3, [Dense(7), ReLU(), Dense(8)], BinaryCrossEntropy(), rng=2, dtype=np.float64))


def vae_images():
    """Images of ten batches."""
    return np.random.default_rng(7).uniform(size=(STEPS * BATCH, 8))
