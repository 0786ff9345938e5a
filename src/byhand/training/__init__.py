"""Training: batches, the loop, what it remembers, and how good the result is."""

from byhand.training.averaging import Averaging
from byhand.training.callbacks import Callback, ProgressBar, Training
from byhand.training.checkpoints import Checkpoints, Interrupted
from byhand.training.early_stopping import EarlyStopping
from byhand.training.evaluate import Evaluation, RegressionEvaluation, evaluate
from byhand.training.finder import Finding, find_learning_rate
from byhand.training.fit import fit
from byhand.training.history import History

__all__ = [
    "Averaging",
    "Callback",
    "Checkpoints",
    "EarlyStopping",
    "Evaluation",
    "Finding",
    "History",
    "Interrupted",
    "ProgressBar",
    "RegressionEvaluation",
    "Training",
    "evaluate",
    "find_learning_rate",
    "fit",
]
