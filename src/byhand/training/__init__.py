"""Training: trainer, batches, callbacks, checkpoints, history, evaluation."""

from byhand.training.averaging import Averaging
from byhand.training.best import EarlyStopping, SaveBest
from byhand.training.callbacks import Callback, ProgressBar
from byhand.training.checkpoints import Checkpoints, Interrupted
from byhand.training.evaluate import Evaluation, RegressionEvaluation, evaluate
from byhand.training.finder import Finding, find_learning_rate
from byhand.training.fit import fit
from byhand.training.groups import Group
from byhand.training.history import History
from byhand.training.state import Training
from byhand.training.trainer import Trainer

__all__ = [
    "Averaging",
    "Callback",
    "Checkpoints",
    "EarlyStopping",
    "Evaluation",
    "Finding",
    "Group",
    "History",
    "Interrupted",
    "ProgressBar",
    "RegressionEvaluation",
    "SaveBest",
    "Trainer",
    "Training",
    "evaluate",
    "find_learning_rate",
    "fit",
]
