"""A sequence of transforms, and the arrays that it works in."""

from dataclasses import dataclass
from math import isqrt, prod
from types import SimpleNamespace
from typing import Any

import numpy as np

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape
from byhand.data.augment.base import Pixelwise, Transform
from byhand.data.augment.colours import ColourJitter
from byhand.data.augment.elastic import Elastic
from byhand.data.augment.geometric import Flip, Rotate, Scale, Shear, Shift
from byhand.data.augment.mixup import Mixup
from byhand.data.augment.pixels import Erase, Thickness
from byhand.data.augment.resample import Resampler


@register
@dataclass(frozen=True)
class Augment:
    """Random versions of images, grey ones or in colours.

    What moves pixels (Shift, Rotate, Scale, Shear, Flip, Elastic) makes one map, through which each image is sampled
    once, bilinearly, with background (0) outside; then follow Thickness, Noise, Erase and ColourJitter in their order,
    and last Mixup. Of images in colours all three go through the same map. The same generator state gives the same
    images, bit for bit.

    Attributes:
        steps: what is done, in this order.
        image_shape: (height, width), or (height, width, 3); by default what the data say, a square for plain rows.

    Raises:
        ByhandError: no step, something that is none, or steps in another order than sampling, pixels, mixing.
    """

    steps: tuple[Transform, ...]
    image_shape: Shape | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.steps, list | tuple) or not self.steps:
            raise ByhandError(f"Augment needs a list of steps such as [Shift(2), Rotate(10)]; got {self.steps!r}.")
        object.__setattr__(self, "steps", tuple(self.steps))
        for step in self.steps:
            require_instance("A step of augmentation", step, Transform, "one such as Rotate(10)")
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            if before.order > after.order or before.order == 2:
                raise ByhandError(
                    f"{type(after).__name__} cannot follow {type(before).__name__}: first come the steps that move "
                    "pixels, then Thickness, Noise, Erase and ColourJitter, then at most one Mixup."
                )
        if self.image_shape is not None:
            if not isinstance(self.image_shape, list | tuple) or not (len(self.image_shape) == 2 or self._coloured()):
                raise ByhandError(
                    f"image_shape must be (height, width) or (height, width, 3); got {self.image_shape!r}."
                )
            for size in self.image_shape:
                require_whole("image_shape (each side)", size)
            object.__setattr__(self, "image_shape", tuple(self.image_shape))

    @staticmethod
    def digits() -> "Augment":
        """For handwriting: shift, rotation, shear, scale, elastic distortion and stroke thickness."""
        return Augment(
            (Shift(2, 2), Scale((0.87, 1.13)), Shear(10), Rotate(10), Elastic(24, 4), Thickness((-0.2, 0.3)))
        )

    @staticmethod
    def clothing() -> "Augment":
        """For clothing: mirroring, small shifts and scales, and occasional erasing."""
        return Augment((Flip(), Shift(1.5, 1.5), Scale((0.93, 1.07)), Rotate(4), Erase(0.3, (0.02, 0.15))))

    @staticmethod
    def photographs() -> "Augment":
        """For small photographs in colours: mirroring, shifts by up to an eighth of 32 pixels, and colour jitter."""
        return Augment((Flip(), Shift(4, 4), ColourJitter()))

    def _coloured(self) -> bool:
        return self.image_shape is not None and len(self.image_shape) == 3 and self.image_shape[2] == 3

    def shape_of(self, sample_shape: Shape) -> Shape:
        """(height, width) or (height, width, 3) of the images in samples (h · w,), (h, w), (h, w, 1) or (h, w, 3).

        Raises:
            ByhandError: the samples are not such images.
        """
        size, told = prod(sample_shape), self.image_shape
        shape: Shape | None = None
        if len(sample_shape) == 2 or sample_shape[2:] in ((1,), (3,)):
            shape = sample_shape if sample_shape[2:] == (3,) else sample_shape[:2]
        elif len(sample_shape) == 1:
            shape = told or (isqrt(size), isqrt(size))
        if shape is None or prod(shape) != size or told not in (None, shape):
            raise ByhandError(
                f"Samples of shape {sample_shape} are not images{f' of {told[0]} × {told[1]}' if told else ''}; "
                "say how high and wide they are: Augment(steps, image_shape=(height, width))."
            )
        return shape

    def __call__(
        self, images: Any, rng: np.random.Generator, out: Array | None = None, t: Array | None = None
    ) -> Array:
        """A random version of each image; allocates its arrays, which `Augmenter` does only once.

        Args:
            images: (n, h, w), (n, h, w, 1), (n, h, w, 3) or (n, h · w); bytes from 0 to 255 or floats from 0 to 1.
            rng: the generator.
            out: where to; a new array of the same shape by default (float64 for float64, else float32).
            t: targets (n, k), changed in place; needed by Mixup only.

        Returns:
            out: floats from 0 to 1.

        Raises:
            ByhandError: no images, or Mixup without targets.
        """
        images = np.asarray(images)
        if images.ndim < 2 or images.dtype not in (np.uint8, np.float32, np.float64):
            raise ByhandError(f"Images must be bytes or floats (n, height, width), not {images.shape} {images.dtype}.")
        shape = self.shape_of(images.shape[1:])
        if out is None:
            out = np.empty(images.shape, np.float64 if images.dtype == np.float64 else np.float32)
        Augmenter(self, shape, len(images), out.dtype, 0 if t is None else t.shape[1])(images, rng, out, t)
        return out


class Augmenter:
    """An `Augment` with the arrays that it works in, for up to `rows` images at a time. One thread, one Augmenter.

    Args:
        augment: the steps.
        shape: (height, width), or (height, width, 3).
        rows: how many images at most.
        dtype: of the results, float32 or float64.
        targets: numbers in a sample's target, for Mixup.
    """

    def __init__(self, augment: Augment, shape: Shape, rows: int, dtype: Any, targets: int = 0):
        dtype = np.dtype(dtype)
        self._shape = shape
        self._resample = Resampler([s for s in augment.steps if s.order == 0], shape[:2], rows, dtype)
        self._moves = augment.steps[0].order == 0
        self._pixelwise = [
            (step, {k: np.empty((rows, *s), kind or dtype) for k, (s, kind) in step.scratch(shape).items()})
            for step in augment.steps
            if isinstance(step, Pixelwise)
        ]
        last = augment.steps[-1]
        self._mixup = last if isinstance(last, Mixup) else None
        if self._mixup and not targets:
            raise ByhandError("Mixup mixes targets too; give them as t, of shape (n, classes).")
        self._others = np.empty((rows, *shape), dtype) if self._mixup else None
        self._others_t = np.empty((rows, targets), dtype) if self._mixup else None

    def __call__(self, images: Array, rng: np.random.Generator, out: Array, t: Array | None = None) -> None:
        """Write a random version of each image (n, ...), bytes or floats from 0 to 1, into out; Mixup changes t too."""
        n = len(images)
        images, result = images.reshape(n, *self._shape), out.reshape(n, *self._shape)
        if self._moves:
            self._resample(images, rng, result)
        elif images.dtype == np.uint8:
            np.divide(images, result.dtype.type(255), out=result)
        else:
            np.copyto(result, images)
        for step, scratch in self._pixelwise:
            step.apply(rng, result, SimpleNamespace(**{name: array[:n] for name, array in scratch.items()}))
        if self._mixup and t is not None and self._others is not None and self._others_t is not None:
            self._mixup.apply(rng, result, t, self._others[:n], self._others_t[:n])
