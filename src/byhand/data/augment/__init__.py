"""Augmentation: random versions of images with the same label.

>>> from byhand.data.augment import Augment, Elastic, Rotate
>>> augment = Augment([Rotate(15), Elastic()])
>>> augment(images, rng)  # (n, height, width) or (n, height, width, 3) bytes → floats from 0 to 1
"""

from byhand.data.augment.augment import Augment, Augmenter
from byhand.data.augment.colours import ColourJitter
from byhand.data.augment.elastic import Elastic
from byhand.data.augment.geometric import Flip, Rotate, Scale, Shear, Shift
from byhand.data.augment.mixup import Mixup
from byhand.data.augment.pixels import Erase, Noise, Thickness

__all__ = [
    "Augment",
    "Augmenter",
    "ColourJitter",
    "Elastic",
    "Erase",
    "Flip",
    "Mixup",
    "Noise",
    "Rotate",
    "Scale",
    "Shear",
    "Shift",
    "Thickness",
]
