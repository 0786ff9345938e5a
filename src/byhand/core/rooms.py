"""Memory for passes that only go forward: what a layer leaves is written over as soon as nobody reads it any more."""

import threading
from collections.abc import Sequence
from math import prod
from typing import Any

from byhand.core.chains import childless_pass, make_pass
from byhand.core.memory import whole_lines
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape


class Rooms(threading.local):
    """Blocks of memory, each for one purpose, which grow as passes need it; each thread has its own.

    A pass that goes back needs every layer's output. One that only goes forward needs a layer's input and output, so
    that two blocks that take turns are enough for layers in a row, and two more for the layers inside one of these.
    Passes that share their rooms destroy each other's arrays: one is over before the next begins.
    """

    def __init__(self) -> None:
        self.blocks: dict[tuple[int, str], Array] = {}

    def array(self, depth: int, use: str, shape: Shape, make: Any, start: int = 0) -> Array:
        """An array in the block for `use` at a depth of layers within layers, from its number `start` on."""
        end = start + prod(shape)
        block = self.blocks.get((depth, use))
        if block is None or len(block) < end:
            block = self.blocks[depth, use] = make((end,))
        return block[start:end].reshape(shape)

    def chain(self, plans: Sequence[Plan], rows: int, make: Any, depth: int = 0) -> tuple[Pass, ...]:
        """Passes of `rows` samples through layers in a row; their gradients have no memory of their own."""
        passes: list[Pass] = []
        turn = 0
        for plan in plans:
            at = self._of_layer(plan, rows, make, depth)
            if passes and (plan.reshapes or plan.in_place):
                at.y = passes[-1].y.reshape((rows, *plan.out_shape))
            else:
                at.y = self.array(depth, f"output {turn}", (rows, *plan.out_shape), make)
                turn ^= 1
            at.dy = at.y
            passes.append(at)
        return tuple(passes)

    def _of_layer(self, plan: Plan, rows: int, make: Any, depth: int) -> Pass:
        """A layer's pass; x, y and dy are still to come. What it works in begins anew for each layer."""
        if plan.carry or plan.masks or (plan.children and not plan.chained):
            return make_pass(plan, rows, make, share=False)
        start = 0

        def part(shape: Shape) -> Array:
            nonlocal start
            first, start = start, start + whole_lines(prod(shape))
            return self.array(depth, "cache", shape, make, first)

        at = childless_pass(plan, rows, part)
        if plan.children:
            at.children = self.chain(plan.children, rows, make, depth + 1)
        return at
