"""Networks with normalisation and residual blocks, and rules on gradient and weights, computed twice as in cases.py."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand import (
    L1,
    L2,
    Adam,
    BatchNorm,
    CategoricalCrossEntropy,
    ClipNorm,
    ClipValue,
    Dropout,
    Flatten,
    GradientDescent,
    LayerNorm,
    MaxNorm,
    Momentum,
    Network,
    ReLU,
    Residual,
    Tanh,
)
from tests.golden.cases import dense

DESCENT = GradientDescent(0.3)
PLAIN = (dense(5), Tanh(), dense(3))
BLOCK = Residual([LayerNorm(), dense(4), ReLU(), Residual([BatchNorm(), Tanh(), dense(4)]), dense(5)])


@dataclass(frozen=True)
class Case:
    """Layers and rules; batches of 5 of 17 rows, so that an epoch has four steps and the last batch two rows."""

    name: str
    layers: tuple[Any, ...]
    rules: tuple[Any, ...] = ()
    optimizer: Any = DESCENT
    in_shape: tuple[int, ...] = (6,)
    batch_size: int | None = 5
    epochs: int = 3


CASES = [
    Case("batch-norm", (dense(5), BatchNorm(), Tanh(), dense(3))),
    Case("batch-norm-first", (BatchNorm(0.3, 1e-2), dense(3))),
    Case("batch-norm-full-batch", (dense(5), BatchNorm(), ReLU(), dense(3)), batch_size=None),
    Case("batch-norm-images", (BatchNorm(), ReLU(), Flatten(), dense(3), BatchNorm(1.0)), in_shape=(3, 2, 4)),
    Case("layer-norm", (dense(5), LayerNorm(), Tanh(), dense(3))),
    Case("layer-norm-first", (LayerNorm(1e-2), Flatten(), dense(3)), in_shape=(3, 2, 4)),
    Case("residual", (dense(5), ReLU(), Residual([dense(4), ReLU(), dense(5)]), ReLU(), dense(3))),
    Case("residual-first", (Residual([Tanh()]), Residual([dense(6), Tanh()]), dense(3))),
    Case("nested", (dense(5), BLOCK, ReLU(), dense(3))),
    Case("L2", PLAIN, (L2(0.1),), Momentum(0.1, 0.9)),
    Case("L1", PLAIN, (L1(0.05),)),
    Case("L1-L2-adam", PLAIN, (L1(0.01), L2(0.1)), Adam(0.05)),
    Case("L2-full-batch", PLAIN, (L2(0.1),), batch_size=None),
    Case("clip-norm", PLAIN, (ClipNorm(0.3),)),
    Case("clip-value", PLAIN, (ClipValue(0.05),)),
    Case("L2-then-clip", PLAIN, (L2(0.5), ClipNorm(0.3))),
    Case("clip-then-L2", PLAIN, (ClipNorm(0.3), L2(0.5))),
    Case("max-norm", PLAIN, (MaxNorm(1.2),)),
    Case(
        "together",
        (dense(5), BatchNorm(), ReLU(), Dropout(0.0), BLOCK, LayerNorm(), Tanh(), dense(3)),
        (L2(0.05), ClipNorm(0.5)),
        Momentum(0.1, 0.9),
    ),
]


def data(case: Case) -> dict[str, np.ndarray]:
    """x and y."""
    rng = np.random.default_rng(len(case.name))
    return {"x": 0.5 + 2 * rng.standard_normal((17, *case.in_shape)), "y": rng.integers(0, 3, 17)}


def network(case: Case) -> Network:
    """At its start, with γ and β away from one and zero, so that they are seen."""
    net = Network(case.in_shape, case.layers, CategoricalCrossEntropy(), rng=1, dtype=np.float64)
    rng = np.random.default_rng(2)
    for p in net.arena.parameters:
        if p.name in ("gamma", "beta"):
            p.view(net.theta)[...] += rng.uniform(-0.5, 0.5, p.shape)
    return net
