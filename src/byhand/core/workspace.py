"""Workspaces: the arrays of passes through a network.

A workspace holds, for up to a given number of rows, every layer's output and cache, and two buffers that the gradient
moves between on its way back. A shorter batch uses the first rows of the same arrays: the passes for n rows are made
once for each n and cost nothing after that.
"""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from byhand.core.chains import bind, chain, first_rows, in_one_block, numbers_of
from byhand.core.errors import ByhandError
from byhand.core.passes import LossPass, Pass
from byhand.core.plan import Plan
from byhand.core.rooms import Rooms
from byhand.core.types import Array, Shape


class Passes(NamedTuple):
    """One pass through a network: one pass per layer, and that of the loss."""

    layers: tuple[Pass, ...]
    loss: LossPass


class Workspace:
    """Arrays for one pass at a time of up to `rows` samples through layers in a row.

    Two passes that are in flight at once (a discriminator's on real and on drawn images) take a workspace each.

    Args:
        plans: the layers' plans.
        in_shape: the shape of one sample.
        loss: shapes of the loss's arrays by name, without the batch axis.
        rows: how many samples at most.
        make: makes an array of a given shape: `lambda shape, dtype=dtype: ops.empty(shape, dtype)`.
        p: each layer's parameters and state.
        g: each layer's gradients.
        share: whether layers may write over what nobody reads any more.
        rooms: memory for passes that only go forward; None for arrays of one's own, which a way back needs.
        learns: whether the gradients by the parameters are wanted.

    Attributes:
        current: the pass that was last started; None before the first one.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        in_shape: Shape,
        loss: Mapping[str, Shape],
        rows: int,
        make: Any,
        p: Sequence[SimpleNamespace],
        g: Sequence[SimpleNamespace],
        share: bool = True,
        rooms: Rooms | None = None,
        learns: bool = True,
    ):
        self.rows = rows
        if rooms is None:
            make = in_one_block(make, rows * numbers_of(plans))
            self._layers, _ = chain(plans, in_shape, rows, make, share)
        else:
            self._layers = rooms.chain(plans, rows, make)
        for at, own, gradient in zip(self._layers, p, g, strict=True):
            bind(at, own, gradient, learns)
        self._loss_cache = SimpleNamespace(**{name: make((rows, *shape)) for name, shape in loss.items()})
        self._plans = tuple(plans)
        self._passes: dict[int, Passes] = {}
        self.current: Passes | None = None

    def start(self, n: int) -> Passes:
        """The pass of the first n rows, n from 1 to `rows`, which becomes the current one."""
        found = self._passes.get(n)
        if found is None:
            found = self._passes[n] = self._first(n)
        self.current = found
        return found

    def reset(self) -> None:
        """Set the carried states to zero."""
        for a in self.carried():
            a.fill(0)

    def carried(self) -> list[Array]:
        """The carried states: arrays (rows, ...), layer by layer."""
        return [a for at in self._layers for a in _carried(at)]

    @property
    def passes(self) -> Passes:
        """The current pass.

        Raises:
            ByhandError: there was none yet.
        """
        if self.current is None:
            raise ByhandError("There is nothing to go back through yet; call forward(x) first.")
        return self.current

    def _first(self, n: int) -> Passes:
        if not 0 < n <= self.rows:
            raise ByhandError(f"This workspace is for passes of 1 to {self.rows} samples, not {n}.")
        layers = tuple(first_rows(at, plan, n) for at, plan in zip(self._layers, self._plans, strict=True))
        loss = LossPass()
        loss.y, loss.dy = layers[-1].y, layers[-1].dy
        loss.cache = SimpleNamespace(**{name: a[:n] for name, a in vars(self._loss_cache).items()})
        return Passes(layers, loss)


def _carried(at: Pass) -> list[Array]:
    return [*vars(at.carry).values(), *(a for child in at.children for a in _carried(child))]
