"""Reading a picture of a digit: prepared as MNIST was made, then given to a network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from byhand.digits.image import Source
from byhand.digits.prepare import Box, prepare
from byhand.errors import ByhandError
from byhand.network import Network
from byhand.types import Array

MODEL = Path(__file__).parents[1] / "models" / "dense.safetensors"  # the one that comes with the package
PIXELS = 28 * 28


@dataclass(frozen=True)
class Reading:
    """What was read in a picture of one digit.

    Attributes:
        text: the digit.
        confidence: the network's probability for it, from 0 to 1.
        box: where it stands in the picture: left, top, right, bottom in pixels, right and bottom exclusive.
        alternatives: the other classes with their probabilities, the likeliest first.
        image: what the network saw, uint8 (28, 28), ink 255 on paper 0.
    """

    text: str
    confidence: float
    box: Box
    alternatives: tuple[tuple[str, float], ...]
    image: Array

    def to_json(self, pixels: bool = False) -> dict[str, Any]:
        """Plain data: text, and lines of digits with confidence and box; with `pixels` also the image."""
        digit = {"digit": self.text, "confidence": self.confidence, "box": list(self.box)}
        line = {"text": self.text, "confidence": self.confidence, "digits": [digit]}
        return {"text": self.text, "lines": [line]} | ({"image": self.image.tolist()} if pixels else {})


class Reader:
    """Reads pictures with one network.

    Args:
        model: a model file whose network takes 28 × 28 images; the one that comes with the package by default.

    Raises:
        ByhandError: the file is no such model.
    """

    def __init__(self, model: str | Path | None = None):
        if model is None:
            model = MODEL
        self.network = Network.load(model)
        if np.prod(self.network.input_shape) != PIXELS:
            shape = " × ".join(map(str, self.network.input_shape))
            raise ByhandError(f"{model}: this network takes inputs of {shape}; reading pictures needs one for 28 × 28.")

    def read(self, source: Source) -> Reading:
        """Read a picture of one digit.

        Args:
            source: a file, or an array (height, width) or (height, width, 3 or 4), uint8 or from 0 to 1.

        Raises:
            ByhandError: the picture cannot be opened, or holds no ink.
        """
        image, box = prepare(source)
        p = self.network.predict_proba(image.reshape((1, *self.network.input_shape)))[0]  # (outputs,)
        names = self.network.classes or tuple(str(i) for i in range(len(p)))
        order = np.argsort(-p, kind="stable")
        ranked = tuple((names[i], float(p[i])) for i in order)
        return Reading(ranked[0][0], ranked[0][1], box, ranked[1:], image)
