"""The position in a sequence that is given in pieces."""

from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.ops import Ops


def first_position(at: Pass, longest: int | None) -> int:
    """The position of x's first step: 0, or how many steps went before in a pass that carries on.

    Raises:
        ByhandError: with x the sequence is longer than `longest`.
    """
    first = int(at.carry.steps[0, 0]) if at.carries else 0
    if longest is not None and first + at.x.shape[1] > longest:
        raise ByhandError(
            f"A sequence of {first + at.x.shape[1]} steps is longer than the {longest} that the network was made for."
        )
    return first


def keep_position(ops: Ops, at: Pass, first: int) -> None:
    """The next pass that carries on begins behind x."""
    ops.fill(at.carry.steps, first + at.x.shape[1])
