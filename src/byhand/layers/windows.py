"""Sliding windows over images: positions and padding."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Pair, Shape

BLOCK_NUMBERS = 2**16  # numbers that an operation works on at once: they fit the cache


def as_pair(name: str, value: Any) -> Pair:
    """(3, 3) for 3, (3, 5) for (3, 5): down and across.

    Raises:
        ByhandError: neither a whole number, at least 1, nor two of them.
    """
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    whole = all(isinstance(v, int | np.integer) and not isinstance(v, bool) and v >= 1 for v in pair)
    if len(pair) != 2 or not whole:
        raise ByhandError(
            f"{name} must be a whole number, at least 1, or a pair of them, down and across: (3, 5); got {value!r}."
        )
    return int(pair[0]), int(pair[1])


Padding = str | int | Pair | tuple[Pair, Pair]


def as_padding(value: Any) -> str | tuple[Pair, Pair]:
    """ "same", "valid", or how many pixels to add: ((above, below), (left, right)).

    Raises:
        ByhandError: anything else than these, a number of pixels for all sides, or two, (down, across).
    """
    if value in ("same", "valid"):
        return str(value)
    sides = tuple(value) if isinstance(value, tuple | list) else (value, value)
    pairs = [tuple(side) if isinstance(side, tuple | list) else (side, side) for side in sides]
    numbers = [n for pair in pairs for n in pair]
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) and 0 <= n < 2**31 for n in numbers)
    if len(pairs) != 2 or len(numbers) != 4 or any(len(pair) != 2 for pair in pairs) or not whole:
        raise ByhandError(
            'padding must be "same", "valid", or pixels: 1, (down, across) or ((above, below), (left, right)); '
            f"got {value!r}."
        )
    (above, below), (left, right) = (tuple(map(int, pair)) for pair in pairs)
    return (above, below), (left, right)


@dataclass(frozen=True)
class Window:
    """A window with stride, dilation and padding.

    With padding "valid" it stays inside the image: ⌊(side − extent) / stride⌋ + 1 places along each side. With "same"
    it has ⌈side / stride⌉ places, as many as the image has pixels where the stride is 1; the image is padded by (places
    − 1) stride + extent − side pixels for that, half of them before it and half after it, the odd one after it (below,
    on the right). These are Keras' conventions, and for stride 1 PyTorch's too. Padding in pixels, as PyTorch has it,
    adds that many on each side.

    Attributes:
        size: its height and width.
        stride: how many pixels it moves, down and across.
        dilation: the distance between its neighbouring pixels.
        padding: "same", "valid", or pixels: a number, (down, across), or ((above, below), (left, right)).

    Raises:
        ByhandError: size, stride or dilation is not a pair, the padding is unknown, or it is as large as the window.
    """

    size: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: Padding = "valid"

    def __post_init__(self) -> None:
        object.__setattr__(self, "padding", as_padding(self.padding))
        if isinstance(self.padding, tuple) and any(max(self.added[i]) >= self.extent[i] for i in (0, 1)):
            raise ByhandError(f"a window of {_by(self.size)} takes less padding than its own size, not {self.padding}.")

    @property
    def added(self) -> tuple[Pair, Pair]:
        """The pixels that padding in pixels adds, ((above, below), (left, right)); none with other padding."""
        return ((0, 0), (0, 0)) if isinstance(self.padding, str) else self.padding  # type: ignore[return-value]

    @property
    def extent(self) -> Pair:
        """The extent of the window, down and across: (size − 1) dilation + 1."""
        return (self.size[0] - 1) * self.dilation[0] + 1, (self.size[1] - 1) * self.dilation[1] + 1

    def places(self, image: Shape) -> Pair:
        """The number of positions in an image (height, width), down and across.

        Raises:
            ByhandError: with padding "valid", a window that is larger than the image.
        """
        if self.padding == "same":
            return -(-image[0] // self.stride[0]), -(-image[1] // self.stride[1])
        tall, wide = (image[i] + sum(self.added[i]) for i in (0, 1))
        if self.extent[0] > tall or self.extent[1] > wide:
            spread = f", which sees {_by(self.extent)} pixels" if self.extent != self.size else ""
            raise ByhandError(
                f"a window of {_by(self.size)}{spread}, does not fit into an image of {_by(image[:2])}; "
                'make it smaller, or use padding="same".'
            )
        return (tall - self.extent[0]) // self.stride[0] + 1, (wide - self.extent[1]) // self.stride[1] + 1

    def pad(self, image: Shape) -> Pair:
        """The padding of an image (height, width) at the top and on the left."""
        return _pad(self, image)

    def label(self) -> str:
        """For example 3 × 3, or 3 × 3, stride 2."""
        words = [_by(self.size)]
        for name, pair, usual in (("stride", self.stride, (1, 1)), ("dilation", self.dilation, (1, 1))):
            if pair != usual:
                words.append(f"{name} {pair[0] if pair[0] == pair[1] else _by(pair)}")
        return ", ".join([*words, *padding_words(self.padding, "same")])


def padding_words(padding: Padding, usual: str) -> list[str]:
    """What to say of a padding: nothing of the usual one."""
    found = as_padding(padding)
    if isinstance(found, str):
        return [found] if found != usual else []
    (above, below), (left, right) = found
    return [f"padding {above}" if above == below == left == right else f"padding {above}-{below}, {left}-{right}"]


@lru_cache(1000)
def _pad(window: Window, image: Shape) -> Pair:
    """Cached, because it is needed in every pass."""
    if isinstance(window.padding, tuple):
        return window.added[0][0], window.added[1][0]
    places, extent = window.places(image), window.extent
    above, left = (max((places[i] - 1) * window.stride[i] + extent[i] - image[i], 0) // 2 for i in (0, 1))
    return above, left


def require_images(layer: str, in_shape: Shape) -> None:
    """Raise ByhandError unless `in_shape` is (height, width, channels)."""
    if len(in_shape) != 3:
        hint = " A grey image is (height, width, 1)." if len(in_shape) == 2 else ""
        raise ByhandError(f"{layer} takes images (height, width, channels), not inputs of shape {in_shape}.{hint}")


def _by(pair: Shape) -> str:
    return " × ".join(map(str, pair))
