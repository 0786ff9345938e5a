"""NetworkLines of code, layer by layer: how a network becomes straight-line code.

Each kind of layer has a function that writes its lines, forward and backward; see `arithmetic`, `windows`,
`recurrence`, `steps`, `attention`. Forward lines never write into an array, so that they serve JAX as well as NumPy;
only recurrent layers have others there, in `scans`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.layers import Layer
from byhand.network import Network

WIDEST = 120  # columns of a line
COMMENT = 64  # the column at which comments begin, where the code leaves it free


@dataclass
class CodeLines:
    """A layer's lines: (code, comment) each."""

    forward: list[tuple[str, str]] = field(default_factory=list)
    backward: list[tuple[str, str]] = field(default_factory=list)

    def ahead(self, code: str, comment: str = "") -> None:
        """Add a forward line."""
        self.forward.append((code, comment))

    def back(self, code: str, comment: str = "") -> None:
        """Add a backward line."""
        self.backward.append((code, comment))


@dataclass
class LayerWriting:
    """A layer with the names of its quantities: x and y, their gradients dx (None: not wanted) and dy, its number.

    A recurrent layer may begin with the states `begins`, and leaves the expressions of its last ones in `ends`: h, and
    c of an LSTM. With `handed`, the gradients by its last states lie in dh and dc when it goes back.
    """

    lines: "NetworkLines"
    layer: Any
    plan: Plan
    in_shape: Shape
    path: tuple[int, ...]
    x: str
    dx: str | None
    number: int = 0
    y: str = ""
    begins: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    handed: bool = False

    @property
    def dy(self) -> str:
        """The gradient by the output."""
        return f"d{self.y}"

    @property
    def mask(self) -> str | None:
        """What says which steps are there, (n, T); None where all of them are."""
        return self.lines.mask

    def output(self, letter: str) -> str:
        """Name the output."""
        self.y = self.lines.fresh(f"{letter}{self.number}")
        return self.y

    def own(self, name: str) -> str:
        """A name for something that it keeps between forward and backward: u1."""
        return self.lines.fresh(f"{name}{self.number}")

    def p(self, name: str) -> str:
        """A parameter: p["W1"]."""
        return f'p["{self._known(name)}"]'

    def g(self, name: str) -> str:
        """A parameter's gradient: g["W1"]."""
        return f'g["{self._known(name)}"]'

    def s(self, name: str) -> str:
        """A number that is kept without being learnt: s["running_mean1"]."""
        return f's["{self._known(name)}"]'

    def _known(self, name: str) -> str:
        full = ".".join([*map(str, self.path), name])
        return self.lines.names.setdefault(full, f"{name}{self.number}")


class NetworkLines:
    """The lines of a network.

    Attributes:
        forward: lines from x to the last layer's output `y`.
        backward: lines from the gradient by `y` to the first parameter's.
        names: what each parameter and each number of the state is called, by its full name in the network.
        draws: how many layers draw random numbers.
        number: how many layers with parameters there were so far.
        mask: what says which steps are there, at the layer that is being written; None where all of them are.
        shared: full names of the parameters that later layers use, too.
        tokens: full names of the embeddings' matrices.
    """

    def __init__(self, network: Network, language: str, padded: bool = False):
        self.language = language
        self.names: dict[str, str] = {}
        self.draws = 0
        self._taken, self.number = {"x"}, 0
        self.mask = self.fresh("mask") if padded else None
        self.shared = {full for plan in network.plan for full, _ in plan.shared.values()}
        self.tokens = {f"{i}.W" for i, layer in enumerate(network.layers) if layer.takes == "tokens"}
        first = next((i for i, plan in enumerate(network.plan) if plan.learns), len(network.layers))
        piece, self.y = self.chain(network.layers, network.plan, network.input_shape, (), "x", None, first)
        self.forward, self.backward = piece.forward, piece.backward
        if padded:
            steps = batch_shape(network.input_shape[:1])
            self.forward.insert(0, ("mask = (x != 0).any(axis=-1)", f"steps that are there, {steps}"))
        if self.mask:
            raise ByhandError("Targets for every step of sequences with masks can't be written in a program yet.")

    def fresh(self, name: str) -> str:
        """`name`, or the same with a number where it is taken."""
        found, again = name, 1
        while found in self._taken:
            again += 1
            found = f"{name}_{again}"
        self._taken.add(found)
        return found

    def chain(
        self,
        layers: Sequence[Layer],
        plans: Sequence[Plan],
        in_shape: Shape,
        path: tuple[int, ...],
        x: str,
        dx: str | None,
        first: int = 0,
    ) -> tuple[CodeLines, str]:
        """The lines of layers in a row, the gradient going back as far as layer `first`; and the last one's output."""
        whole, backward = CodeLines(), []
        for i, (layer, plan) in enumerate(zip(layers, plans, strict=True)):
            piece, y = self.one(layer, plan, in_shape, (*path, i), x, dx if i == first else f"d{x}")
            whole.forward += piece.forward
            backward.append(piece.backward if i >= first else [])
            x, in_shape = y, plan.out_shape
        whole.backward = [line for lines in reversed(backward) for line in lines]
        return whole, x

    def one(
        self, layer: Layer, plan: Plan, in_shape: Shape, path: tuple[int, ...], x: str, dx: str | None
    ) -> tuple[CodeLines, str]:
        """The lines of one layer, and the name of its output."""
        place = LayerWriting(self, layer, plan, in_shape, path, x, dx)
        return self.written(place), place.y

    def written(self, place: LayerWriting) -> CodeLines:
        """The lines of one layer, whose output is named on the way."""
        kind = type(place.layer)
        write = WRITERS.get((kind, self.language)) or WRITERS.get((kind, ""))
        if write is None:
            raise ByhandError(f"The layer {place.layer.label()} can't be written as a program yet.")
        self.number += bool(place.plan.params)
        place.number = self.number
        piece = CodeLines()
        write(place, piece)
        return piece


WRITERS: dict[tuple[type, str], Callable[[Any, CodeLines], None]] = {}


def writes(
    *kinds: type, language: str = ""
) -> Callable[[Callable[[Any, CodeLines], None]], Callable[[Any, CodeLines], None]]:
    """Decorator: the function writes the lines of these layers, in one language or in all that have no other one."""

    def note(function: Callable[[Any, CodeLines], None]) -> Callable[[Any, CodeLines], None]:
        WRITERS.update({(kind, language): function for kind in kinds})
        return function

    return note


def batch_shape(shape: Shape) -> str:
    """(n, 784): the shape of a batch."""
    return f"(n, {', '.join(map(str, shape))})" if shape else "(n,)"


def batch_axes(shape: Shape) -> str:
    """All axes of a batch but the last one, as code: "0", or "(0, 1)"."""
    return str(tuple(range(len(shape)))) if len(shape) > 1 else "0"


def array_shape(shape: Shape) -> str:
    """(784, 10), or (10,): the shape of a parameter."""
    return str(tuple(shape))


def flat_rows(name: str, shape: Shape) -> str:
    """A batch (n, ..., k) as rows (n ..., k)."""
    return name if len(shape) == 1 else f"{name}.reshape(-1, {shape[-1]})"


def layout(lines: Sequence[tuple[str, str]], indent: int = 4) -> str:
    """NetworkLines as text, their comments below each other."""
    out = []
    for code, comment in lines:
        text = " " * indent + code
        if comment and len(text) + len(comment) + 4 > WIDEST:
            out.append(f"{' ' * (len(text) - len(text.lstrip()))}# {comment}")
        elif comment:
            text = f"{text:<{COMMENT}}  # {comment}"
        out.append(text)
    return "\n".join(out)


def require_plain(layer: Any) -> None:
    """Raise ByhandError unless a recurrent layer is one that programs know."""
    layer.require_usual("written in a program yet")
    if layer.dropout:
        raise ByhandError("Recurrent weights that are dropped can't be written in a program yet.")
