"""Optimisers. Each updates the parameter vector θ by the gradient.

An optimiser is a frozen dataclass of hyper-parameters. The vectors that it remembers between steps are allocated by
`state` and kept by whoever trains, beside θ, so that a checkpoint is a handful of arrays.
"""

from byhand.optimizers.adam import Adam, AdamW, NAdam
from byhand.optimizers.base import Optimizer, State
from byhand.optimizers.descent import SGD, GradientDescent, Momentum, Nesterov
from byhand.optimizers.lion import Lion
from byhand.optimizers.scaled import AdaGrad, RMSprop

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "GradientDescent",
    "Lion",
    "Momentum",
    "NAdam",
    "Nesterov",
    "Optimizer",
    "RMSprop",
    "State",
]
