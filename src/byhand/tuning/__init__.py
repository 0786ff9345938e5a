"""Hyper-parameter search by validation data; test samples are never used."""

from byhand.tuning.measure import cross_validate
from byhand.tuning.parameters import with_parameters
from byhand.tuning.space import Space, read_space
from byhand.tuning.trials import Trial, Trials
from byhand.tuning.tune import tune

__all__ = ["Space", "Trial", "Trials", "cross_validate", "read_space", "tune", "with_parameters"]
