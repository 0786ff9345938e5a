"""Names of types that the whole package shares."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Shape = tuple[int, ...]
Pair = tuple[int, int]  # down and across
Rng = np.random.Generator | None  # the generator of whatever is random in training; None outside training
