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


KINDS = ("avx512", "avx2", "base")  # the best first; a processor that runs one runs those behind it


def _built(kind: str) -> Any:
    """The compiled module of this kind, or None where it was not built."""
    try:
        return import_module(f"byhand.ops._{kind}")
    except ImportError:
        return None


def _load() -> tuple[Any, str]:
    """The best compiled module that there is for this processor, or None, and what networks compute with, in words."""
    wanted = os.environ.get("BYHAND_OPS", "")
    base = _built("base")
    if wanted == "numpy" or (base is None and not wanted):
        return None, "NumPy"
    best: str = base.best() if base else "base"
    kinds = [kind for kind in KINDS[KINDS.index(best) :] if find_spec(f"byhand.ops._{kind}")]
    module = next(filter(None, map(_built, [wanted] if wanted else kinds)), None)
    if module is None:
        raise ByhandError(
            f"BYHAND_OPS is {wanted!r}, but only numpy and {', '.join(kinds) or 'nothing else'} can be chosen here."
        )
    missing = "" if wanted or module.kind == best else f"; {best} would be faster here, but was not built"
    return module, f"compiled ({module.kind}{missing})"


_module, description = _load()
kind = _module.kind if _module else "numpy"  # numpy, avx512, avx2 or base
if _module:
    globals().update({name: value for name, value in vars(_module).items() if not name.startswith("_")})
    _threads = os.environ.get("OMP_NUM_THREADS", "")
    _module.set_threads(int(_threads) if _threads.isdigit() else cores())
