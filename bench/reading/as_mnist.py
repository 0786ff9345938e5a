"""Compare the accuracy on pictures prepared like MNIST's images with that on MNIST's own images.

    python -m bench.reading.as_mnist [--model FILE]

Uses the validation images of the recipe `reader`. Each is predicted as it is; after it was enlarged four times,
shifted, put on grey paper with grain as dark ink, and prepared again by `prepare`; the same as light ink; and cropped
tightly from these pictures. Prints the accuracies and the differences between the images.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import byhand
from byhand.pictures.boxes import box_of
from byhand.pictures.prepare import prepare
from byhand.reading.reader import MODEL
from byhand.recipes import get_recipe
from byhand.recipes.run import begin_recipe

PAPER, INK, GRAIN = 205, 40, 3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--recipe", default="reader", help="of that network, with seed 0")
    options = parser.parse_args()
    _, split, _ = begin_recipe(get_recipe(options.recipe), 0, byhand.load("mnist"))
    images, labels = split.validation
    images = np.asarray(images, np.uint8).reshape(-1, 28, 28)
    network = byhand.Network.load(options.model)
    rng = np.random.default_rng(0)
    for name, seen in (
        ("as they are", images),
        ("dark on a photo, made ready", np.stack([prepare(photo(image, rng))[0] for image in images])),
        ("light on a photo, made ready", np.stack([prepare(255 - photo(image, rng))[0] for image in images])),
        ("dark, cut out, made ready", np.stack([prepare(cut_out(photo(image, rng)))[0] for image in images])),
        ("light, cut out, made ready", np.stack([prepare(255 - cut_out(photo(image, rng)))[0] for image in images])),
    ):
        right = network.predict(seen.reshape(-1, *network.input_shape)) == labels
        differs = np.abs(seen.astype(float) - images).mean()
        print(f"{name:<30}{100 * right.mean():7.2f} % read right, {differs:5.1f} grey levels from the original")


def photo(image, rng):
    """A picture (160, 140) of the digit as dark ink on grey paper, uint8."""
    large = np.asarray(Image.fromarray(image).resize((112, 112), Image.Resampling.BICUBIC), float) / 255
    ink = np.zeros((160, 140))
    top, left = rng.integers(0, 48), rng.integers(0, 28)
    ink[top : top + 112, left : left + 112] = large
    return np.clip(PAPER + (INK - PAPER) * ink + rng.normal(0, GRAIN, ink.shape), 0, 255).astype(np.uint8)


def cut_out(picture):
    """The smallest rectangle of it that holds the ink, and two pixels more on every side."""
    left, top, right, bottom = box_of(picture < (PAPER + INK) / 2)
    return picture[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2]


if __name__ == "__main__":
    main()
