"""A data set of ten easy classes of 28 × 28 images, made on the spot: class k has a bright block at place k."""

import numpy as np

from byhand.data import write_idx


def blocks(n, rng):
    labels = np.arange(n, dtype=np.uint8) % 10
    images = rng.integers(0, 60, (n, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        top, left = 2 + 13 * (label // 5), 1 + 5 * (label % 5)
        image[top : top + 10, left : left + 5] = 200
    return images, labels


def write_blocks(folder, train=600, test=200):
    """Write them as MNIST's four files into `folder`; returns the folder."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for part, n in (("train", train), ("t10k", test)):
        images, labels = blocks(n, rng)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(write_idx(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(write_idx(labels))
    return folder
