"""Losses: what training makes small."""

from byhand.losses.ctc import CTC
from byhand.losses.losses import MSE, BinaryCrossEntropy, CategoricalCrossEntropy, Loss, QuadraticCost

__all__ = ["CTC", "MSE", "BinaryCrossEntropy", "CategoricalCrossEntropy", "Loss", "QuadraticCost"]
