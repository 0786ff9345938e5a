"""The figures and pictures of a model card: predictions for MNIST's test images.

    python -m bench.accuracy.card src/byhand/models/digits.safetensors --out docs/images

Writes NAME-confusion.png, the confusion matrix, and NAME-mistakes.png, the mistakes with the highest confidence, and
prints the figures.
"""

import argparse
from pathlib import Path

import numpy as np

import byhand
from byhand.metrics import confusion_matrix
from byhand.plots.canvas import save
from byhand.plots.matrix import confusion
from byhand.plots.sheets import digits

WORST = 40


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of the pictures")
    options = parser.parse_args()
    network = byhand.Network.load(options.model)
    data = byhand.load("mnist")
    images, truth = data.x_test.reshape(-1, *network.input_shape), np.asarray(data.y_test)
    p = network.predict_proba(images)
    predicted, sure = p.argmax(axis=1), p.max(axis=1)
    wrong = np.flatnonzero(predicted != truth)
    worst = wrong[np.argsort(-sure[wrong], kind="stable")][:WORST]
    name, size = options.model.stem, options.model.stat().st_size
    print(f"{network.size:,} parameters, {size:,} bytes")
    print(f"{len(truth) - len(wrong):,} of {len(truth):,} right, error {100 * len(wrong) / len(truth):.2f} %")
    save(confusion(confusion_matrix(truth, predicted, 10)), options.out / f"{name}-confusion.png")
    sheet = digits(images[worst].reshape(-1, 28, 28), truth[worst], predicted[worst], sure[worst])
    save(sheet, options.out / f"{name}-mistakes.png")


if __name__ == "__main__":
    main()
