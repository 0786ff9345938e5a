"""Workspaces: the arrays of passes through a network.

A workspace holds, for up to a given number of rows, every layer's output and cache, and two buffers that the gradient
moves between on its way back. A shorter batch uses the first rows of the same arrays: the passes for n rows are made
once for each n and cost nothing after that.
"""

from collections.abc import Mapping, Sequence
from math import prod
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.passes import LossPass, Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape

LEAST_BLOCK = 2**20  # numbers: NumPy asks for large pages from four megabytes on


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
    ):
        self.rows = rows
        make = in_one_block(make, rows * numbers_of(plans))
        self._layers, _ = chain(plans, in_shape, rows, make, share)
        for at, own, gradient in zip(self._layers, p, g, strict=True):
            bind(at, own, gradient)
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


def numbers_of(plans: Sequence[Plan]) -> int:
    """About how many numbers a workspace keeps for each sample, without the two buffers of the way back."""
    return sum(
        sum(prod(shape) for shape in (plan.out_shape, *plan.cache.values(), *plan.carry.values()))
        + numbers_of(plan.children)
        for plan in plans
    )


def in_one_block(make: Any, numbers: int) -> Any:
    """`make`, but its arrays are parts of one block of so many numbers, as long as there is room.

    An operating system may give a large block large pages of memory, which a processor finds faster: a step that works
    on tens of megabytes then takes a third less.
    """
    if numbers < LEAST_BLOCK:
        return make
    block, used = make((numbers,)), 0

    def part(shape: Shape, *dtype: Any) -> Array:
        nonlocal used
        start, size = used, prod(shape)
        if dtype or start + size > numbers:
            return make(shape, *dtype)
        used += -(-size // 16) * 16  # whole cache lines
        return block[start : start + size].reshape(shape)

    return part


def chain(
    plans: Sequence[Plan], in_shape: Shape, rows: int, make: Any, share: bool = True
) -> tuple[tuple[Pass, ...], Array]:
    """Passes of `rows` samples through layers in a row, and room for the gradient by the first one's input.

    Args:
        plans: the layers' plans.
        in_shape: the shape of one sample.
        rows: how many samples.
        make: makes an array of a given shape, and dtype where that is not the network's.
        share: whether layers may work in each other's arrays where no one reads them any more; otherwise every
            quantity of the pass is still there after it.
    """
    passes: list[Pass] = []
    needed = True  # the array before: the batch itself at first, then what a backward pass reads
    for plan in plans:
        at = make_pass(plan, rows, make, share)
        shared = share and bool(passes) and (plan.reshapes or (plan.in_place and not needed))
        at.y = passes[-1].y.reshape((rows, *plan.out_shape)) if shared else make((rows, *plan.out_shape))
        needed = plan.needs_output or (plan.reshapes and shared and needed)
        passes.append(at)
    widest = max(prod(shape) for shape in [in_shape, *(plan.out_shape for plan in plans)])
    buffers = [make((rows * widest,)), make((rows * widest,))] if share else []
    turn = 0  # the two buffers take turns, but for a layer that hands its gradient on in another shape
    for at, plan in zip(reversed(passes), reversed(plans), strict=True):
        at.dy = _gradient(buffers, turn, rows, plan.out_shape, make)
        turn ^= not plan.reshapes
    return tuple(passes), _gradient(buffers, turn, rows, in_shape, make)


def _gradient(buffers: list[Array], turn: int, rows: int, shape: Shape, make: Any) -> Array:
    return buffers[turn][: rows * prod(shape)].reshape((rows, *shape)) if buffers else make((rows, *shape))


def make_pass(plan: Plan, rows: int, make: Any, share: bool = True) -> Pass:
    """A layer's pass of `rows` samples with its cache, scratch and children; x, y and dy are still to come."""
    at = Pass()
    shapes = {name: (rows, *shape) for name, shape in plan.cache.items()} | dict(plan.scratch)
    masks = {name: make((rows, *shape), np.bool_) for name, shape in plan.masks.items()}
    at.cache = SimpleNamespace(**{name: make(shape) for name, shape in shapes.items()}, **masks)
    at.carry = SimpleNamespace(**{name: make((rows, *shape)) for name, shape in plan.carry.items()})
    for a in vars(at.carry).values():
        a.fill(0)
    at.children = ()
    if plan.children and plan.chained:
        at.children, at.cache.d0 = chain(plan.children, plan.inner_shape, rows, make, share)
    elif plan.children:
        at.children = tuple(make_pass(child, rows, make, share) for child in plan.children)
        for child, inner in zip(plan.children, at.children, strict=True):
            inner.y, inner.dy = make((rows, *child.out_shape)), make((rows, *child.out_shape))
    return at


def bind(at: Pass, p: SimpleNamespace, g: SimpleNamespace) -> None:
    """Give a pass, and those inside it, their parameters and gradients."""
    at.p, at.g = p, g
    for child, own, gradient in zip(at.children, getattr(p, "children", ()), getattr(g, "children", ()), strict=True):
        bind(child, own, gradient)


def first_rows(at: Pass, plan: Plan, n: int) -> Pass:
    """The same pass for its first n samples; scratch has no rows."""
    first = Pass()
    first.p, first.g = at.p, at.g
    first.y, first.dy = at.y[:n], at.dy[:n]
    first.cache = SimpleNamespace(**{k: a if k in plan.scratch else a[:n] for k, a in vars(at.cache).items()})
    first.carry = SimpleNamespace(**{name: a[:n] for name, a in vars(at.carry).items()})
    first.children = tuple(first_rows(c, q, n) for c, q in zip(at.children, plan.children, strict=True))
    return first


def _carried(at: Pass) -> list[Array]:
    return [*vars(at.carry).values(), *(a for child in at.children for a in _carried(child))]
