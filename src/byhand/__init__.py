"""byhand: neural networks with every derivative worked out by hand, and a reader of handwritten digits.

A network is one parameter vector and one gradient vector; layers see named views of both. Samples are rows.

    >>> import byhand
    >>> digits = byhand.load("mnist")
    >>> network = byhand.Network(784, [byhand.Dense(30), byhand.ReLU(), byhand.Dense(10)],
    ...                          byhand.CategoricalCrossEntropy())
    >>> history = byhand.fit(network, digits.x_train, digits.y_train)
    >>> network.predict(digits.x_test[:1])
    array([7])
"""

from byhand.config import register
from byhand.ctc import CTC
from byhand.data import Dataset, load
from byhand.data.augment import Augment
from byhand.diagnosis import Watch
from byhand.errors import ByhandError, TrainingDiverged
from byhand.initializers import Glorot, He, Normal, Uniform, Zeros
from byhand.layers import (
    ELU,
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    LayerNorm,
    LeakyReLU,
    ReLU,
    Residual,
    Sigmoid,
    Softmax,
    Step,
    Tanh,
)
from byhand.losses import MSE, BinaryCrossEntropy, CategoricalCrossEntropy, QuadraticCost
from byhand.network import Network
from byhand.optimizers import AdaGrad, Adam, AdamW, GradientDescent, Lion, Momentum, NAdam, Nesterov, RMSprop
from byhand.regularizers import L1, L2, ClipNorm, ClipValue, MaxNorm, Regularizer
from byhand.schedules import (
    Constant,
    CosineAnnealing,
    CosineRestarts,
    ExponentialDecay,
    OneCycle,
    ReduceOnPlateau,
    StepDecay,
    WarmupCosine,
)
from byhand.training import Averaging, Callback, EarlyStopping, History, evaluate, find_learning_rate, fit

__all__ = [
    "CTC",
    "ELU",
    "L1",
    "L2",
    "MSE",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Augment",
    "Averaging",
    "BatchNorm",
    "BinaryCrossEntropy",
    "ByhandError",
    "Callback",
    "CategoricalCrossEntropy",
    "ClipNorm",
    "ClipValue",
    "Constant",
    "CosineAnnealing",
    "CosineRestarts",
    "Dataset",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "ExponentialDecay",
    "Flatten",
    "Glorot",
    "GradientDescent",
    "He",
    "History",
    "LayerNorm",
    "LeakyReLU",
    "Lion",
    "MaxNorm",
    "Momentum",
    "NAdam",
    "Nesterov",
    "Network",
    "Normal",
    "OneCycle",
    "QuadraticCost",
    "RMSprop",
    "ReLU",
    "ReduceOnPlateau",
    "Regularizer",
    "Residual",
    "Sigmoid",
    "Softmax",
    "Step",
    "StepDecay",
    "Tanh",
    "TrainingDiverged",
    "Uniform",
    "WarmupCosine",
    "Watch",
    "Zeros",
    "__version__",
    "evaluate",
    "find_learning_rate",
    "fit",
    "load",
    "register",
]


def __getattr__(name: str) -> str:
    """The version, looked up when it is asked for: that alone would be a tenth of the time this import takes."""
    if name != "__version__":
        raise AttributeError(f"module 'byhand' has no attribute {name!r}")
    from importlib.metadata import version

    return version("byhand")
