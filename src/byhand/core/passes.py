"""The arrays of a layer, or of the loss, in one pass."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

from byhand.core.types import Array, Rng

Kind = TypeVar("Kind")


class Pass:
    """The arrays of a layer in one pass of n samples, allocated in advance.

    Attributes:
        x: the input (n, *in).
        y: the output (n, *out); forward writes it.
        dy: ∂L/∂y (n, *out).
        dx: ∂L/∂x (n, *in), which backward writes; None where nobody wants it.
        p: the layer's parameters and state, by name.
        g: the gradients by its parameters, by name; backward overwrites them.
        learns: whether anybody wants these; if not, a layer may save the work.
        cache: the arrays that its plan asked for, by name.
        carry: what each sample carries from one pass to the next, by name.
        carries: whether this pass goes on from `carry`; otherwise it starts from zeros.
        rng: the generator of whatever is random in training; None outside training.
        mask: (n, T), True at the steps of each sequence that are there; None where all of them are.
        children: the passes through the layers that it is made of.
    """

    __slots__ = ("cache", "carries", "carry", "children", "dx", "dy", "g", "learns", "mask", "p", "rng", "x", "y")

    x: Array
    y: Array
    dy: Array
    dx: Array | None
    p: SimpleNamespace
    g: SimpleNamespace
    learns: bool
    cache: SimpleNamespace
    carry: SimpleNamespace
    carries: bool
    rng: Rng
    mask: Array | None
    children: "tuple[Pass, ...]"

    def __init__(self) -> None:
        self.rng = self.mask = self.dx = None
        self.carries = False
        self.learns = True


class LossPass:
    """The arrays of the loss in one pass of n samples.

    Attributes:
        y: the network's last output (n, ..., k).
        t: the targets: class numbers (n, ...), or numbers of y's shape.
        dy: ∂L/∂y (n, ..., k); backward writes it.
        cache: the arrays that it asked for, by name; `each` (n, ...) gets the loss of every sample, or of every step.
        mask: (n, T), True at the steps that count; None where all do.
        weights: sample weights (n,), or None.
        factor: what the samples' losses are multiplied by.
    """

    __slots__ = ("cache", "dy", "factor", "mask", "t", "weights", "y")

    y: Array
    t: Array
    dy: Array
    cache: SimpleNamespace
    mask: Array | None
    weights: Array | None
    factor: float

    def __init__(self) -> None:
        self.mask = self.weights = None
        self.factor = 1.0


def passes_of(
    kind: type[Kind], layers: Sequence[Any], passes: Sequence[Pass], path: str = ""
) -> Iterator[tuple[str, Kind, Pass]]:
    """(number, layer, pass) of every layer of a kind, those within other layers too: "1.2" is the second within 1."""
    for i, (layer, at) in enumerate(zip(layers, passes, strict=True)):
        if isinstance(layer, kind):
            yield f"{path}{i + 1}", layer, at
        yield from passes_of(kind, layer.layers, at.children, f"{path}{i + 1}.")
