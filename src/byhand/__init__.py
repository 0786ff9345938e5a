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

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from byhand.core.config import register
    from byhand.core.errors import ByhandError, TrainingDiverged
    from byhand.data import Dataset, load
    from byhand.data.augment import Augment
    from byhand.diagnosis import Watch
    from byhand.initializers import Glorot, He, Normal, Uniform, Zeros
    from byhand.layers import (
        ELU,
        AveragePool2D,
        BatchNorm,
        Columns,
        Conv2D,
        Dense,
        Dropout,
        Flatten,
        GlobalAveragePool2D,
        LayerNorm,
        LeakyReLU,
        MaxPool2D,
        ReLU,
        Residual,
        Sigmoid,
        Softmax,
        SpatialDropout,
        Step,
        Tanh,
    )
    from byhand.losses import CTC, MSE, BinaryCrossEntropy, CategoricalCrossEntropy, QuadraticCost
    from byhand.network import Network
    from byhand.optimizers import AdaGrad, Adam, AdamW, GradientDescent, Lion, Momentum, NAdam, Nesterov, RMSprop
    from byhand.reading.reader import Reader, read
    from byhand.reading.reading import Reading
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
    from byhand.training import Averaging, Callback, Checkpoints, EarlyStopping, History, find_learning_rate
    from byhand.training.evaluate import evaluate
    from byhand.training.fit import fit

    __version__: str

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
    "AveragePool2D",
    "Averaging",
    "BatchNorm",
    "BinaryCrossEntropy",
    "ByhandError",
    "Callback",
    "CategoricalCrossEntropy",
    "Checkpoints",
    "ClipNorm",
    "ClipValue",
    "Columns",
    "Constant",
    "Conv2D",
    "CosineAnnealing",
    "CosineRestarts",
    "Dataset",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "ExponentialDecay",
    "Flatten",
    "GlobalAveragePool2D",
    "Glorot",
    "GradientDescent",
    "He",
    "History",
    "LayerNorm",
    "LeakyReLU",
    "Lion",
    "MaxNorm",
    "MaxPool2D",
    "Momentum",
    "NAdam",
    "Nesterov",
    "Network",
    "Normal",
    "OneCycle",
    "QuadraticCost",
    "RMSprop",
    "ReLU",
    "Reader",
    "Reading",
    "ReduceOnPlateau",
    "Regularizer",
    "Residual",
    "Sigmoid",
    "Softmax",
    "SpatialDropout",
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
    "read",
    "register",
]

# The module that each name comes from. It is imported when one of its names is asked for, so that a program waits for
# the parts that it uses, and for no others.
_HOMES = {
    "core.config": "register",
    "core.errors": "ByhandError TrainingDiverged",
    "data": "Dataset load",
    "data.augment": "Augment",
    "diagnosis": "Watch",
    "initializers": "Glorot He Normal Uniform Zeros",
    "layers": "ELU AveragePool2D BatchNorm Columns Conv2D Dense Dropout Flatten GlobalAveragePool2D LayerNorm "
    "LeakyReLU MaxPool2D ReLU Residual Sigmoid Softmax SpatialDropout Step Tanh",
    "losses": "CTC MSE BinaryCrossEntropy CategoricalCrossEntropy QuadraticCost",
    "network": "Network",
    "optimizers": "AdaGrad Adam AdamW GradientDescent Lion Momentum NAdam Nesterov RMSprop",
    "reading.reader": "Reader read",
    "reading.reading": "Reading",
    "regularizers": "L1 L2 ClipNorm ClipValue MaxNorm Regularizer",
    "schedules": "Constant CosineAnnealing CosineRestarts ExponentialDecay OneCycle ReduceOnPlateau StepDecay "
    "WarmupCosine",
    "training": "Averaging Callback Checkpoints EarlyStopping History find_learning_rate",
    "training.evaluate": "evaluate",
    "training.fit": "fit",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}


if not TYPE_CHECKING:  # to type checkers the names above are all that there are

    def __getattr__(name: str) -> object:
        """A name of `__all__`, or a module of the package, imported when it is first asked for."""
        if name == "__version__":
            from importlib.metadata import version

            return version("byhand")
        if name in _HOMES:
            return import_module(f"byhand.{name}")
        if name not in _HOME:
            raise AttributeError(f"module 'byhand' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"byhand.{_HOME[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
