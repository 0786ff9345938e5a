"""Do drawn images help a classifier that has few of its own? By held-back images of MNIST.

    python -m bench.accuracy.drawn_images --seeds 3

The network of the recipe `conv` learns from 100 images of each digit, and besides from as many images again, drawn by

- a conditional GAN (the networks of the recipe `cgan`) that learnt from the same 1,000 images,
- a VAE (the recipe `vae`) that did: each of the 1,000 is encoded, and decoded from μ + σ ε,

or from the 1,000 distorted anew in each epoch (`Augment.digits`). Every way takes the same number of steps. Measured
once, at the end, on the same 10,000 held-back training images; the test images are not used.
"""

import argparse
import statistics
import time
from dataclasses import replace

import numpy as np

import byhand
from byhand.core.types import Array
from byhand.data import Dataset
from byhand.data.augment import Augment
from byhand.generating.gan import GAN
from byhand.generating.vae import VAE
from byhand.recipes import get_recipe
from byhand.recipes.drawing import get_drawing_recipe
from byhand.recipes.transfer import few_of_each
from byhand.schedules import CosineAnnealing

EACH, MEASURED = 100, 10_000
STEPS, BATCH = 2_000, 64  # of the classifier
GAN_EPOCHS, VAE_EPOCHS = 600, 300  # of 8 steps; chosen beforehand
TIMES = (1, 4)  # how many drawn images there are for each of the training images


def drawn_by_gan(few: Dataset, times: int, gan: GAN, rng: np.random.Generator) -> tuple[Array, Array]:
    """Drawn images, bytes (times · n, 784), and the digits that were asked for, as many of each."""
    labels = np.tile(few.y_train, times)
    return as_bytes(gan.draw(len(labels), rng, labels)), labels


def drawn_by_vae(few: Dataset, times: int, vae: VAE, rng: np.random.Generator) -> tuple[Array, Array]:
    """Variants of the images, bytes (times · n, 784), decoded from μ + σ ε, and their digits."""
    mean, log_variance = vae.encode(np.tile(few.x_train, (times, 1)))
    z = mean + np.exp(log_variance / 2) * rng.standard_normal(mean.shape)
    return as_bytes(vae.decode(z)), np.tile(few.y_train, times)


def as_bytes(images: Array) -> Array:
    """Images with numbers from 0 to 1 as rows of bytes."""
    return np.rint(255 * images.reshape(len(images), -1)).astype(np.uint8)


def accuracy(x: Array, y: Array, held: tuple[Array, Array], seed: int, augment: Augment | None = None) -> float:
    """Per cent of the held-back images that a network reads which learnt from x (n, 784) and y (n,) for STEPS steps."""
    conv = get_recipe("conv")
    network = byhand.Network(conv.input_shape, conv.layers, conv.loss, rng=seed, inputs="grey levels")
    epochs = round(STEPS * BATCH / len(x))
    byhand.fit(
        *(network, x.reshape(-1, 28, 28, 1), y),
        optimizer=byhand.Adam(CosineAnnealing(0.001)),
        epochs=epochs,
        batch_size=BATCH,
        rng=seed,
        augment=augment,
        progress=False,
    )
    return 100 * float((network.predict(held[0].reshape(-1, 28, 28, 1)) == held[1]).mean())


def ways(few: Dataset, held: tuple[Array, Array], seed: int):
    """For each way its name and the per cent that are right."""
    x, y = few.x_train, few.y_train
    yield "the images alone", accuracy(x, y, held, seed)
    yield "distorted", accuracy(x, y, held, seed, Augment.digits())
    for name, epochs, draw in (("cgan", GAN_EPOCHS, drawn_by_gan), ("vae", VAE_EPOCHS, drawn_by_vae)):
        trainer = get_drawing_recipe(name).begin(few, seed)
        trainer.train(epochs)
        for times in TIMES:
            more, labels = draw(few, times, trainer.model, np.random.default_rng(seed))
            both = np.concatenate([x, more]), np.concatenate([y, labels])
            yield f"and {times} × as many by {name}", accuracy(*both, held, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    digits, right, began = byhand.load("mnist"), {}, time.process_time()
    for seed in range(options.seeds):
        split = few_of_each(EACH, MEASURED)(digits, np.random.default_rng(seed))
        assert split.validation is not None
        few = replace(digits, x_train=split.train[0], y_train=split.train[1])
        for name, share in ways(few, split.validation[:2], seed):
            right.setdefault(name, []).append(share)
            print(f"seed {seed}, {name}: {share:.2f} %", flush=True)
    print(f"\n{time.process_time() - began:.0f} processor seconds in all:\n")
    print("| learnt from | right among 10,000 held back, % |\n|---|---|")
    for name, shares in right.items():
        spread = statistics.stdev(shares) if len(shares) > 1 else 0.0
        print(f"| {name} | {statistics.mean(shares):.2f} ± {spread:.2f} |")


if __name__ == "__main__":
    main()
