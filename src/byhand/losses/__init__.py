"""Losses."""

from byhand.losses.adversarial import Hinge, Wasserstein
from byhand.losses.base import Loss, NoLoss
from byhand.losses.cross_entropy import BinaryCrossEntropy, CategoricalCrossEntropy
from byhand.losses.ctc import CTC
from byhand.losses.regression import MAE, MSE, Huber, QuadraticCost

__all__ = [
    "CTC",
    "MAE",
    "MSE",
    "BinaryCrossEntropy",
    "CategoricalCrossEntropy",
    "Hinge",
    "Huber",
    "Loss",
    "NoLoss",
    "QuadraticCost",
    "Wasserstein",
]
