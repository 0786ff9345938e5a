"""The cost of augmentation: microseconds per image for each transform, and seconds per epoch of a training.

Run it with `python -m bench.speed.augment`. Each figure is the minimum of several runs. The network
is 784-256-128-10 in batches of 128 of MNIST's 60,000 images.
"""

import time

import numpy as np

import byhand
from byhand.data.augment import (
    Augment,
    Augmenter,
    Elastic,
    Erase,
    Mixup,
    Noise,
    Rotate,
    Scale,
    Shear,
    Shift,
    Thickness,
)

BATCH, RUNS, EPOCHS = 128, 200, 3
AFFINE = [Shift(), Rotate(), Scale(), Shear()]
STAGES = {
    "affine": Augment(AFFINE),
    "elastic": Augment([Elastic()]),
    "affine + elastic": Augment([*AFFINE, Elastic()]),
    "thickness": Augment([Thickness()]),
    "noise": Augment([Noise()]),
    "erase": Augment([Erase()]),
    "mixup": Augment([Mixup()]),
    "Augment.digits()": Augment.digits(),
    "Augment.clothing()": Augment.clothing(),
}


def microseconds(augment, images):
    """Least time an image."""
    augmenter = Augmenter(augment, (28, 28), BATCH, np.float32, targets=10)
    out, t, rng = np.empty(images.shape, np.float32), np.ones((BATCH, 10), np.float32), np.random.default_rng(0)
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        augmenter(images, rng, out, t)
        times.append(time.perf_counter() - start)
    return 1e6 * min(times) / BATCH


def epoch(digits, augment, workers=1):
    """Least seconds an epoch."""
    layers = [byhand.Dense(256), byhand.ReLU(), byhand.Dense(128), byhand.ReLU(), byhand.Dense(10)]
    network = byhand.Network(784, layers, byhand.CategoricalCrossEntropy(), inputs="grey levels")
    history = byhand.fit(
        network,
        digits.x_train,
        digits.y_train,
        epochs=EPOCHS,
        batch_size=BATCH,
        augment=augment,
        workers=workers,
        progress=False,
    )
    return min(history["seconds"])


def main():
    digits = byhand.load("mnist")
    print(f"{'µs an image':<24}{'':>10}")
    for name, augment in STAGES.items():
        print(f"  {name:<22}{microseconds(augment, digits.x_train[:BATCH].reshape(-1, 28, 28)):>10.2f}")
    print(f"{'seconds an epoch':<24}{'0 workers':>10}{'1':>10}{'2':>10}")
    print(f"  {'no augmentation':<22}{epoch(digits, None):>10.2f}")
    for name in ("affine", "affine + elastic", "Augment.digits()"):
        print(f"  {name:<22}" + "".join(f"{epoch(digits, STAGES[name], workers):>10.2f}" for workers in (0, 1, 2)))


if __name__ == "__main__":
    main()
