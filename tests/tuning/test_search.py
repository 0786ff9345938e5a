"""Grid, random and Optuna search, without any training."""

from itertools import product

import numpy as np
import pytest

from byhand import ByhandError
from byhand.tuning import Space, Trial
from byhand.tuning.search import Grid, Optuna, Random

SPACE = Space.of(
    {
        "space": {
            "optimizer.learning_rate": {"low": 1e-5, "high": 1.0, "log": True, "steps": 3},
            "hidden": {"choices": [[8], [16, 8]]},
            "epochs": {"low": 2, "high": 4},
        }
    }
)


def test_the_grid_is_every_combination_in_order():
    grid = Grid(SPACE, 0)
    wanted = list(product((1e-5, 0.00316227766017, 1.0), ([8], [16, 8]), (2, 3, 4)))
    assert grid.total == 18
    assert [tuple(grid.suggest(k).values()) for k in range(18)] == wanted


def test_random_trials_depend_on_seed_and_number_only():
    forward = [Random(SPACE, 3).suggest(k) for k in range(10)]
    search = Random(SPACE, 3)
    assert [search.suggest(k) for k in reversed(range(10))] == forward[::-1]
    assert forward[0] != forward[1] and Random(SPACE, 4).suggest(0) != forward[0]


def told(number, parameters):
    """An accuracy that is best at a learning rate of 0.01, with three epochs, and that fails above 0.3."""
    rate = parameters["optimizer.learning_rate"]
    if rate > 0.3:
        return Trial(number, parameters, (), (), 0.0, "diverged")
    accuracy = 1 - 0.1 * abs(np.log10(rate) + 2) - 0.05 * abs(parameters["epochs"] - 3)
    return Trial(number, parameters, (accuracy,), (0.0,), 0.0)


def test_optuna_finds_what_is_good_and_repeats_itself_also_after_an_interruption():
    pytest.importorskip("optuna")

    def run(search, numbers):
        found = []
        for number in numbers:
            found.append(told(number, search.suggest(number)))
            search.tell(found[-1])
        return found

    whole = run(Optuna(SPACE, 1), range(40))
    first = run(Optuna(SPACE, 1), range(15))
    again = Optuna(SPACE, 1)
    for trial in first:
        again.tell(trial)
    assert first + run(again, range(15, 40)) == whole
    assert {type(t.parameters["epochs"]) for t in whole} == {int} and [16, 8] in [t.parameters["hidden"] for t in whole]
    early, late = ([np.nan_to_num(t.accuracy) for t in part] for part in (whole[:10], whole[-10:]))
    assert np.median(late) > np.median(early) + 0.05
    assert max(late) > 0.95


def test_without_optuna_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(ByhandError, match=r"pip install .*(optuna|byhand\[tune\])"):
        Optuna(SPACE, 0)
