"""Passes through layers in a row, and the memory of each."""

from collections.abc import Sequence
from math import prod
from types import SimpleNamespace
from typing import Any

import numpy as np

from byhand.core.memory import whole_lines
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape

LEAST_BLOCK = 2**20  # numbers: NumPy asks for large pages from four megabytes on


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
        used += whole_lines(size)
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
    at = childless_pass(plan, rows, make)
    if plan.children and plan.chained:
        at.children, at.cache.d0 = chain(plan.children, plan.inner_shape, rows, make, share)
    elif plan.children:
        at.children = tuple(make_pass(child, rows, make, share) for child in plan.children)
        for child, inner in zip(plan.children, at.children, strict=True):
            inner.y, inner.dy = make((rows, *child.out_shape)), make((rows, *child.out_shape))
    return at


def childless_pass(plan: Plan, rows: int, make: Any) -> Pass:
    """A layer's pass with its cache and scratch, and without the passes through its children."""
    at = Pass()
    shapes = {name: (rows, *shape) for name, shape in plan.cache.items()} | dict(plan.scratch)
    masks = {name: make((rows, *shape), np.bool_) for name, shape in plan.masks.items()}
    at.cache = SimpleNamespace(**{name: make(shape) for name, shape in shapes.items()}, **masks)
    at.carry = SimpleNamespace(**{name: make((rows, *shape)) for name, shape in plan.carry.items()})
    for a in vars(at.carry).values():
        a.fill(0)
    at.children = ()
    return at


def bind(at: Pass, p: SimpleNamespace, g: SimpleNamespace, learns: bool = True) -> None:
    """Give a pass, and those inside it, their parameters and gradients, and say whether the gradients are wanted."""
    at.p, at.g, at.learns = p, g, learns
    for child, own, gradient in zip(at.children, getattr(p, "children", ()), getattr(g, "children", ()), strict=True):
        bind(child, own, gradient, learns)


def first_rows(at: Pass, plan: Plan, n: int) -> Pass:
    """The same pass for its first n samples; scratch has no rows."""
    first = Pass()
    first.p, first.g, first.learns = at.p, at.g, at.learns
    first.y, first.dy = at.y[:n], at.dy[:n]
    first.cache = SimpleNamespace(**{k: a if k in plan.scratch else a[:n] for k, a in vars(at.cache).items()})
    first.carry = SimpleNamespace(**{name: a[:n] for name, a in vars(at.carry).items()})
    first.children = tuple(first_rows(c, q, n) for c, q in zip(at.children, plan.children, strict=True))
    return first
