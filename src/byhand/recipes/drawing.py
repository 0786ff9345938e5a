"""Recipes of networks that draw."""

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from byhand.core.checks import did_you_mean
from byhand.core.errors import ByhandError
from byhand.data import Dataset
from byhand.generating.gan import GAN
from byhand.generating.training import GANTrainer, VAETrainer
from byhand.generating.vae import VAE
from byhand.initializers import He
from byhand.layers import (
    BatchNorm,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Flatten,
    Layer,
    LeakyReLU,
    ReLU,
    Reshape,
    Sigmoid,
)
from byhand.losses import BinaryCrossEntropy, Loss, Wasserstein
from byhand.network import Network
from byhand.optimizers import Adam, Optimizer
from byhand.schedules import CosineAnnealing


@dataclass(frozen=True)
class GANRecipe:
    """Two networks that learn from each other, and their training.

    Attributes:
        name: by which it is asked for.
        source: who published it.
        takes: what it consists of, in words.
        generator: the layers that draw; the last one gives as many numbers from 0 to 1 as an image has pixels.
        critic: the layers that judge; the last one gives one number.
        loss: the critic's.
        optimizer: of both networks.
        epochs: how many times all images are seen.
        batch_size: images a step.
        noise: how many numbers of noise the generator takes.
        conditional: whether both are told the class.
        critic_steps: how many steps the critic makes for each of the generator's.
        clip: the largest parameter of the critic; 0 for any.
        penalty: λ of the gradient penalty; 0 for none.
        dataset: the data set's name.
    """

    name: str
    source: str
    takes: str
    generator: tuple[Layer, ...]
    critic: tuple[Layer, ...]
    loss: Loss
    optimizer: Optimizer
    epochs: int
    batch_size: int = 128
    noise: int = 100
    conditional: bool = False
    critic_steps: int = 1
    clip: float = 0.0
    penalty: float = 0.0
    dataset: str = "mnist"

    def begin(self, dataset: Dataset, seed: int) -> GANTrainer:
        """The networks at their start, and their trainer; `seed` is that of everything random."""
        rng, shape = np.random.default_rng(seed), pixels(self.name, dataset)
        classes = len(dataset.classes) if self.conditional else 0
        generator = Network(self.noise + classes, self.generator, rng=rng)
        critic = Network(prod(shape) + classes, self.critic, self.loss, rng=rng, inputs="grey levels")
        return GANTrainer(
            GAN(generator, critic, classes),
            dataset.x_train,
            dataset.y_train if classes else None,
            generator_optimizer=self.optimizer,
            critic_optimizer=self.optimizer,
            batch_size=self.batch_size,
            critic_steps=self.critic_steps,
            clip=self.clip,
            penalty=self.penalty,
            rng=rng,
        )


@dataclass(frozen=True)
class VAERecipe:
    """A variational autoencoder and its training; attributes as in `GANRecipe`.

    Attributes:
        encoder: the layers that give (μ, log σ²), two numbers for each latent one.
        decoder: the layers that give the pixels' logits.
        latent: how many latent numbers there are.
    """

    name: str
    source: str
    takes: str
    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    latent: int
    optimizer: Optimizer
    epochs: int
    batch_size: int = 128
    dataset: str = "mnist"

    def begin(self, dataset: Dataset, seed: int) -> VAETrainer:
        """The networks at their start, and their trainer; `seed` is that of everything random."""
        rng, shape = np.random.default_rng(seed), pixels(self.name, dataset)
        encoder = Network(prod(shape), self.encoder, rng=rng, inputs="grey levels")
        decoder = Network(self.latent, self.decoder, BinaryCrossEntropy(), rng=rng)
        vae = VAE(encoder, decoder)
        return VAETrainer(vae, dataset.x_train, optimizer=self.optimizer, batch_size=self.batch_size, rng=rng)


def pixels(name: str, dataset: Dataset) -> tuple[int, int]:
    """The height and width of a data set's images.

    Raises:
        ByhandError: it has none.
    """
    if dataset.image_shape is None or len(dataset.image_shape) > 2:
        raise ByhandError(f"The recipe {name} draws grey images; {dataset.name} has none.")
    return dataset.image_shape[0], dataset.image_shape[1]


gan = GANRecipe(
    name="gan",
    source="byhand",
    takes="100 numbers of noise, 256-512-784 with batch normalisation and ReLU, against 784-512-256-1 with leaky ReLU; "
    "the non-saturating loss with a gradient penalty of 1 (Fedus et al., 2018); Adam with β₁ 0.5, from 0.001 along a "
    "cosine, batches of 128, 85 epochs.",
    generator=(
        *[Dense(256, He(), bias=False), BatchNorm(), ReLU()],
        *[Dense(512, He(), bias=False), BatchNorm(), ReLU()],
        *[Dense(784), Sigmoid()],
    ),
    critic=(Dense(512, He()), LeakyReLU(0.2), Dense(256, He()), LeakyReLU(0.2), Dense(1)),
    loss=BinaryCrossEntropy(),
    optimizer=Adam(CosineAnnealing(0.001), beta1=0.5),
    epochs=85,
    penalty=1.0,
)

cgan = replace(
    gan, name="cgan", takes=gan.takes.replace("; the non", ", both told the digit; the non"), conditional=True
)

wgan_gp = replace(
    gan,
    name="wgan-gp",
    takes="The networks of gan; the Wasserstein loss with a gradient penalty of 10, five steps of the critic for one "
    "of the generator; Adam 0.0001 with β₁ 0 and β₂ 0.9 (Gulrajani et al., 2017), batches of 64, 85 epochs.",
    loss=Wasserstein(),
    optimizer=Adam(0.0001, beta1=0.0, beta2=0.9),
    batch_size=64,
    critic_steps=5,
    penalty=10.0,
)

dcgan = replace(
    gan,
    name="dcgan",
    takes="Radford, Metz and Chintala (2015), a quarter as wide: 100 numbers of noise, 7 × 7 × 64, two transposed "
    "convolutions of 4 × 4 with stride 2 to 28 × 28, batch normalisation and ReLU; against two convolutions of 4 × 4 "
    "with stride 2, 32 and 64 filters, and leaky ReLU; loss, gradient penalty and Adam as gan's; batches of 128, 15 "
    "epochs.",
    generator=(
        *[Dense(7 * 7 * 64, He(), bias=False), BatchNorm(), ReLU(), Reshape((7, 7, 64))],
        *[ConvTranspose2D(32, 4, 2), BatchNorm(), ReLU()],  # (14, 14, 32)
        *[ConvTranspose2D(1, 4, 2), Sigmoid(), Flatten()],  # (28, 28, 1), and rows
    ),
    critic=(
        Reshape((28, 28, 1)),
        *[Conv2D(32, 4, 2), LeakyReLU(0.2)],
        *[Conv2D(64, 4, 2), LeakyReLU(0.2)],
        *[Flatten(), Dense(1)],
    ),
    epochs=15,
)

vae = VAERecipe(
    name="vae",
    source="pytorch/examples, vae",
    takes="784-400-20 and back, ReLU; Adam 0.001, batches of 128, 10 epochs; weights start as Glorot's (PyTorch's own "
    "start is a uniform distribution).",
    encoder=(Dense(400), ReLU(), Dense(40)),
    decoder=(Dense(400), ReLU(), Dense(784)),
    latent=20,
    optimizer=Adam(0.001),
    epochs=10,
)

vae_2 = replace(
    vae,
    name="vae-2",
    source="byhand",
    takes="784-400-2 and back, ReLU, otherwise as vae, 20 epochs: for the map of its two latent numbers.",
    encoder=(Dense(400), ReLU(), Dense(4)),
    latent=2,
    epochs=20,
)

vae_conv = replace(
    vae,
    name="vae-conv",
    source="byhand",
    takes="Two convolutions of 4 × 4 with stride 2, 32 and 64 filters, 20 latent numbers, and the same back by "
    "transposed convolutions, ReLU; Adam 0.001, batches of 128, 10 epochs.",
    encoder=(
        Reshape((28, 28, 1)),
        *[Conv2D(32, 4, 2), ReLU(), Conv2D(64, 4, 2), ReLU()],  # (7, 7, 64)
        *[Flatten(), Dense(40)],
    ),
    decoder=(
        *[Dense(7 * 7 * 64, He()), ReLU(), Reshape((7, 7, 64))],
        *[ConvTranspose2D(32, 4, 2), ReLU(), ConvTranspose2D(1, 4, 2), Flatten()],
    ),
)

DRAWING_RECIPES: dict[str, GANRecipe | VAERecipe] = {
    recipe.name: recipe for recipe in (gan, cgan, dcgan, wgan_gp, vae, vae_conv, vae_2)
}


def get_drawing_recipe(name: str) -> GANRecipe | VAERecipe:
    """The recipe of that name.

    Raises:
        ByhandError: there is none; the message lists those there are.
    """
    if name not in DRAWING_RECIPES:
        raise ByhandError(f"There is no recipe {name!r} that draws; {did_you_mean(name, DRAWING_RECIPES)}")
    return DRAWING_RECIPES[name]
