"""Write folders of single digits, as data sets have them, for `python -m bench.reading`.

    python -m bench.reading.folders FOLDER

Three of them: scikit-learn's 1,797 digits of 8 × 8 pixels, which no network here was trained on; and MNIST's first
1,000 training images, as they are, and cut out with no paper around them. The networks for rows were not trained on
these; the one that judges single digits was, on most of them.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

import byhand
from byhand.pictures.boxes import box_of

HELD_BACK = 1000  # of the first 5,000 training images, which `byhand train-rows` leaves out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    small, mnist = byhand.load("digits"), byhand.load("mnist")
    images, labels = mnist.x_train[:HELD_BACK].reshape(-1, 28, 28), mnist.y_train[:HELD_BACK]
    write(options.folder / "scikit-learn", np.rint(small.x_train * 255).reshape(-1, 8, 8), small.y_train)
    write(options.folder / "mnist", images, labels)
    write(options.folder / "mnist-cut-out", map(cut_out, images), labels)


def write(folder, images, labels):
    """The images as PNG files, and labels.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "label"])
        for i, (image, label) in enumerate(zip(images, labels, strict=True)):
            Image.fromarray(image.astype(np.uint8)).save(folder / f"{i}.png")
            table.writerow([f"{i}.png", label])


def cut_out(image):
    """The smallest rectangle of it that holds the ink."""
    left, top, right, bottom = box_of(image > 63)
    return image[top:bottom, left:right]


if __name__ == "__main__":
    main()
