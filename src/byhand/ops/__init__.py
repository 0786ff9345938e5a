"""The table of operations that layers, losses and optimisers use.

`reference` is the table in NumPy, written to be read beside the textbook. `default` is what networks compute with: the
same functions compiled from C for this processor (see `compiled`), where they were built, and the reference's for the
rest. `Ops` lists all of them as a type; another implementation has the same functions and agrees with the reference.
"""

from byhand.ops import compiled as default
from byhand.ops import reference
from byhand.ops.protocol import Ops

__all__ = ["Ops", "default", "describe_operations", "reference"]


def describe_operations() -> str:
    """The operations in use, for example "compiled (avx512)" or "NumPy"."""
    return default.description
