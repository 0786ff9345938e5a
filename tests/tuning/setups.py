"""What the tests of tuning share: a quick recipe on a few hundred digits, and parts that misbehave."""

import os
import time
from dataclasses import dataclass, replace

import byhand
from byhand.core.config import register
from byhand.data import Dataset
from byhand.layers import Activation
from byhand.recipes import RECIPES
from byhand.recipes.base import hold_back

RECIPE = replace(RECIPES["math-behind-adam"], optimizer=byhand.Adam(0.01), epochs=4, prepare=hold_back(100))
SPACE = {
    "optimizer.learning_rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "hidden": {"choices": [[8], [16], [16, 8]]},
}


class Untouchable:
    """Stands for test samples: whatever is done with it, or asked of it, fails."""

    def _explode(self, *_arguments, **_named):
        raise AssertionError("The test samples were touched.")

    __getattr__ = __getitem__ = __len__ = __iter__ = __array__ = __bool__ = __eq__ = __reduce_ex__ = _explode
    __hash__ = None


def digits(rows=400, test=None) -> Dataset:
    whole = byhand.load("digits")
    return replace(whole, x_train=whole.x_train[:rows], y_train=whole.y_train[:rows], x_test=test, y_test=test)


@register
@dataclass(frozen=True)
class EndsItsProcess(Activation):
    """As if the system had killed the process for its memory."""

    def forward(self, ops, at):
        os._exit(9)


@register
@dataclass(frozen=True)
class TakesAnHour(Activation):
    """As a trial that is far from its end."""

    def forward(self, ops, at):
        time.sleep(3600)


def outcomes(trials):
    """Everything about trials but the time they took."""
    return [(t.number, t.parameters, t.accuracies, t.losses, t.failure) for t in trials]
