"""How many of a thousand kinds of images a GAN draws: three digits of MNIST stacked as the channels of one image.

    python -m bench.accuracy.stacked_digits --recipe gan --seed 0

The measure of Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled generative adversarial networks" (2017): 26,000 drawn
images, each channel read by a classifier, here the package's own for single digits. Modes are the different numbers
from 000 to 999 among them; the divergence is that of their shares from those in the training images, in nats. Published
with convolutional networks: DCGAN 99 modes, divergence 3.40; unrolled 48.7, 4.32; VEEGAN 150, 2.95 (Srivastava and
others, 2017); WGAN-GP 959, 0.73; PacGAN 1000, 0.06 (Lin and others, 2018).
"""

import argparse
import time
from dataclasses import replace

import numpy as np

from byhand.core.types import Array
from byhand.data import from_arrays, load
from byhand.generating.training import GANTrainer
from byhand.layers import ConvTranspose2D, Dense, Layer, Reshape
from byhand.network import Network
from byhand.reading.reader import MODEL
from byhand.recipes.drawing import GANRecipe, get_drawing_recipe

CHANNELS, SIDE = 3, 28
KINDS = 10**CHANNELS
DRAWN = 26_000


def stacked(images: Array, labels: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """As many images (n, 28 · 28 · 3) as there are digits, each of three at random, and their numbers (n,)."""
    chosen = rng.integers(len(images), size=(len(images), CHANNELS))  # (n, 3)
    x = images[chosen].reshape(-1, CHANNELS, SIDE * SIDE).transpose(0, 2, 1)  # channels last
    return np.ascontiguousarray(x).reshape(len(x), -1), labels[chosen] @ [100, 10, 1]


def kinds_of(images: Array, classifier: Network) -> Array:
    """The numbers (n,) from 0 to 999 of images (n, 28 · 28 · 3), as the classifier reads their channels."""
    digits = [classifier.predict(images[:, channel::CHANNELS]) for channel in range(CHANNELS)]
    return np.stack(digits, axis=1) @ [100, 10, 1]


def measures(drawn: Array, real: Array) -> tuple[int, float]:
    """How many kinds there are among the drawn (n,), and Σ q log(q / p) of their shares q and the real ones' p."""
    q, p = (np.bincount(kinds, minlength=KINDS) / len(kinds) for kinds in (drawn, real))
    there = q > 0
    return int(there.sum()), float(np.sum(q[there] * np.log(q[there] / p[there])))


def with_channels(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """A recipe's layers, for images of three channels in place of one."""

    def changed(layer: Layer) -> Layer:
        if isinstance(layer, Dense) and layer.units == SIDE * SIDE:
            return replace(layer, units=CHANNELS * SIDE * SIDE)
        if isinstance(layer, ConvTranspose2D) and layer.filters == 1:
            return replace(layer, filters=CHANNELS)
        return Reshape((SIDE, SIDE, CHANNELS)) if layer == Reshape((SIDE, SIDE, 1)) else layer

    return tuple(changed(layer) for layer in layers)


def trainer_of(recipe: GANRecipe, x: Array, seed: int) -> GANTrainer:
    """The recipe's networks for stacked digits, at their start."""
    larger = replace(recipe, generator=with_channels(recipe.generator), critic=with_channels(recipe.critic))
    grey = from_arrays(x, np.zeros(len(x), int), image_shape=(SIDE, SIDE * CHANNELS))  # the recipe counts numbers only
    return larger.begin(grey, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="gan", help="gan, dcgan or wgan-gp")
    parser.add_argument("--epochs", type=int, help="by default the recipe's")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    recipe = get_drawing_recipe(options.recipe)
    if not isinstance(recipe, GANRecipe) or recipe.conditional:
        raise SystemExit(f"{options.recipe} is no unconditional GAN; take gan, dcgan or wgan-gp.")
    digits, classifier = load("mnist"), Network.load(MODEL)
    x, numbers = stacked(digits.x_train, digits.y_train, np.random.default_rng(options.seed))
    trainer = trainer_of(recipe, x, options.seed)
    epochs = options.epochs or recipe.epochs

    def told(count: int = 5_000) -> None:
        modes, divergence = measures(kinds_of(trainer.model.draw(count, np.random.default_rng(1)), classifier), numbers)
        minutes = (time.process_time() - start) / 60
        print(f"{trainer.history.epochs} epochs, {minutes:.1f} min: {modes} modes of {count:,}, {divergence:.3f} nats")

    start = time.process_time()
    trainer.train(epochs, after_epoch=told)
    told(DRAWN)


if __name__ == "__main__":
    main()
