"""Arithmetic: one small table of operations, which every layer, loss and optimiser computes through.

`reference` is the table in NumPy, written to be read beside the textbook. Another implementation is a module with
the same function names and signatures, and has to agree with this one.
"""

from byhand.ops import reference

__all__ = ["describe", "reference"]


def describe() -> str:
    """What byhand computes with, in a word or two."""
    return "NumPy"
