"""The table of operations compiled from C for this processor, where it was built; NumPy's for the rest.

The environment variable BYHAND_OPS chooses: numpy computes with NumPy alone; avx512, avx2 or base with that module.
There are as many threads as the processor has cores, or as OMP_NUM_THREADS says; results do not depend on how many.
"""

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from byhand.core.errors import ByhandError
from byhand.ops.reference import *  # noqa: F403


def cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load() -> Any:
    """The compiled module for this processor, or None where there is none."""
    wanted = os.environ.get("BYHAND_OPS", "")
    if wanted == "numpy":
        return None
    try:
        return import_module(f"byhand.ops._{wanted or import_module('byhand.ops._base').best()}")
    except ImportError:
        if wanted:
            raise ByhandError(f"BYHAND_OPS is {wanted!r}, but only numpy and {_built()} can be chosen here.") from None
        return None


def _built() -> str:
    return ", ".join(kind for kind in ("base", "avx2", "avx512") if find_spec(f"byhand.ops._{kind}")) or "nothing else"


_module = _load()
kind: str = _module.kind if _module else "numpy"  # numpy, avx512, avx2 or base
if _module:
    globals().update({name: value for name, value in vars(_module).items() if not name.startswith("_")})
    _threads = os.environ.get("OMP_NUM_THREADS", "")
    _module.set_threads(int(_threads) if _threads.isdigit() else cores())
