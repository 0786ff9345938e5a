"""Whole searches: the same whatever the jobs, going on after an interruption, failures recorded."""

import csv
import json
import multiprocessing
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from byhand import ByhandError, Dense
from byhand.recipes import RECIPES, run_recipe
from byhand.recipes.config import read_config
from byhand.training.checkpoints import Keeper
from byhand.tuning import tune
from tests.tuning.setups import RECIPE, SPACE, EndsItsProcess, TakesAnHour, Untouchable, digits, outcomes


@pytest.fixture(scope="module")
def whole():
    return tune(RECIPE, {"space": SPACE}, trials=6, seed=2, dataset=digits())


@pytest.mark.parametrize("other", [False, True])
def test_a_trial_that_was_interrupted_goes_on_where_it_was(whole, tmp_path, monkeypatch, other):
    """A step's end is where Ctrl-C comes, in the third trial's second epoch; unless that is another trial by then."""
    monkeypatch.setattr("byhand.tuning.measure.CHECKPOINT_EVERY", "1 steps")
    made, pressed, write = [], [], Keeper.on_step

    def on_step(keeper, training):
        write(keeper, training)
        made.append(training.step)
        if not pressed and made.count(1) == 3 and training.step == training.steps + 2:
            pressed.append(True)
            raise KeyboardInterrupt

    monkeypatch.setattr(Keeper, "on_step", on_step)
    with pytest.raises(KeyboardInterrupt):
        tune(RECIPE, {"space": SPACE}, trials=6, seed=2, dataset=digits(), out=tmp_path)
    assert [path.name for path in (tmp_path / "unfinished").iterdir()] == ["2"]
    if other:
        (tmp_path / "unfinished/2").rename(tmp_path / "unfinished/3")
    made.clear()
    trials = tune(RECIPE, {"space": SPACE}, trials=6, seed=2, dataset=digits(), out=tmp_path)
    assert outcomes(trials) == outcomes(whole)
    assert made[0] == (1 if other else 13)
    assert not (tmp_path / "unfinished").exists() and not (tmp_path / ".lock").exists()


def test_two_searches_in_one_folder_are_refused(tmp_path):
    def second(trials, wanted):
        with pytest.raises(ByhandError, match="another process is searching"):
            tune(RECIPE, {"space": SPACE}, trials=1, dataset=digits(), out=tmp_path)

    tune(RECIPE, {"space": SPACE}, trials=1, dataset=digits(), out=tmp_path, watch=second)


def left_running():
    """Processes of a search that are still there (other tests of the same run may have other kinds)."""
    return [child for child in multiprocessing.active_children() if child.name.startswith("SpawnProcess")]


class Stop:
    """A watcher that presses Ctrl-C after some trials."""

    def __init__(self, after):
        self.after = after

    def __call__(self, trials, wanted):
        if len(trials) == self.after:
            raise KeyboardInterrupt


def test_trials_are_what_their_parameters_say_when_run_by_themselves(whole):
    trial = whole[3]
    layers = [Dense(n) if n else RECIPE.layers[1] for size in trial.parameters["hidden"] for n in (size, 0)]
    recipe = replace(
        RECIPE,
        layers=(*layers, Dense(10)),
        optimizer=replace(RECIPE.optimizer, learning_rate=trial.parameters["optimizer.learning_rate"]),
    )
    run = run_recipe(recipe, 2, dataset=digits(), progress=False)
    assert trial.accuracies == (run.outcome.validation,)
    assert len({t.accuracy for t in whole}) > 2
    assert whole.best.accuracy == max(t.accuracy for t in whole)


@pytest.mark.parametrize("search", ["grid", "random"])
def test_jobs_change_nothing(search):
    space = {"folds": 2, "space": {"epochs": {"low": 1, "high": 4}, "optimizer": {"choices": ["Adam", "Lion"]}}}
    one, two = (tune(RECIPE, space, search=search, trials=5, jobs=jobs, dataset=digits(150)) for jobs in (1, 2))
    assert len(one) == 5 and all(len(trial.accuracies) == 2 for trial in one)
    assert outcomes(one) == outcomes(two)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_search_that_was_interrupted_goes_on_where_it_stopped(whole, jobs, tmp_path):
    arguments = {"trials": 6, "seed": 2, "dataset": digits(), "jobs": jobs, "out": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        tune(RECIPE, {"space": SPACE}, watch=Stop(3), **arguments)
    assert not left_running()
    assert len((tmp_path / "trials.jsonl").read_text().splitlines()) == 3
    assert len((tmp_path / "trials.csv").read_text().splitlines()) == 4
    before = (tmp_path / "trials.jsonl").read_bytes()
    assert outcomes(tune(RECIPE, {"space": SPACE}, **arguments)) == outcomes(whole)
    assert (tmp_path / "trials.jsonl").read_bytes().startswith(before)

    def nothing_left(trials, wanted):
        assert (len(trials), wanted) == (6, 6)

    tune(RECIPE, {"space": SPACE}, watch=nothing_left, **arguments)
    more = tune(RECIPE, {"space": SPACE}, **arguments | {"trials": 7, "jobs": 1})
    assert len(more) == 7 and outcomes(more)[:6] == outcomes(whole)


def test_optuna_goes_on_as_if_it_had_not_stopped(tmp_path):
    pytest.importorskip("optuna")
    arguments = {"search": "optuna", "trials": 14, "dataset": digits(150)}
    recipe = replace(RECIPE, epochs=1)
    with pytest.raises(KeyboardInterrupt):
        tune(recipe, {"space": SPACE}, watch=Stop(12), out=tmp_path, **arguments)
    again = tune(recipe, {"space": SPACE}, out=tmp_path, **arguments)
    assert outcomes(again) == outcomes(tune(recipe, {"space": SPACE}, **arguments))


def test_a_line_that_was_cut_off_is_dropped_and_its_trial_runs_again(whole, tmp_path):
    arguments = {"trials": 6, "seed": 2, "dataset": digits(), "out": tmp_path}
    tune(RECIPE, {"space": SPACE}, **arguments)
    log = tmp_path / "trials.jsonl"
    log.write_bytes(log.read_bytes()[:-20])
    assert outcomes(tune(RECIPE, {"space": SPACE}, **arguments)) == outcomes(whole)
    assert [json.loads(line)["trial"] for line in log.read_text().splitlines()] == list(range(6))


def test_the_folder_holds_table_picture_and_a_configuration_that_trains_the_best_trial_again(whole, tmp_path):
    found = tune(RECIPE, {"space": SPACE}, trials=6, seed=2, dataset=digits(), data="digits", out=tmp_path)
    assert {f.name for f in tmp_path.iterdir()} == {
        *("search.json", "trials.jsonl", "trials.csv", "trials.png", "best.toml")
    }
    with open(tmp_path / "trials.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["accuracy"]) for row in rows] == [trial.accuracy for trial in whole]
    assert [row["hidden"] for row in rows] == ["-".join(map(str, t.parameters["hidden"])) for t in whole]
    assert [float(row["optimizer.learning_rate"]) for row in rows] == [
        trial.parameters["optimizer.learning_rate"] for trial in whole
    ]
    config = read_config(tmp_path / "best.toml", {RECIPE.name: RECIPE})
    assert tomllib.loads((tmp_path / "best.toml").read_text())["seed"] == 2
    assert run_recipe(config.recipe, config.seed, dataset=digits(), progress=False).outcome.validation == (
        found.best.accuracy
    )


def test_a_trial_that_diverges_is_recorded_with_its_reason_and_the_search_goes_on(tmp_path):
    recipe = replace(RECIPES["math-behind"], epochs=5)
    space = {"space": {"optimizer.learning_rate": {"choices": [0.1, 1e30, 0.2]}, "activation": {"choices": ["ReLU"]}}}
    found = tune(recipe, space, search="grid", dataset=digits(100), out=tmp_path)
    assert [bool(trial.failure) for trial in found] == [False, True, False]
    assert "learning rate" in found[1].failure and np.isnan(found[1].accuracy)
    with open(tmp_path / "trials.csv") as file:
        row = list(csv.DictReader(file))[1]
    assert row["failure"] == found[1].failure and row["accuracy"] == ""
    assert outcomes(tune(recipe, space, search="grid", dataset=digits(100), out=tmp_path)) == outcomes(found)
    space["space"]["optimizer.learning_rate"] = {"choices": [1e30]}
    none = tune(recipe, space, search="grid", dataset=digits(100))
    with pytest.raises(ByhandError, match=r"none of 1 trials succeeded.*learning rate"):
        _ = none.best


def test_a_process_that_dies_fails_its_trial_only():
    space = {"space": {"activation": {"choices": ["ReLU", EndsItsProcess(), "Tanh", "Sigmoid"]}}}
    found = tune(RECIPE, space, search="grid", jobs=2, dataset=digits(150))
    assert [bool(trial.failure) for trial in found] == [False, True, False, False]
    assert "exit status 9" in found[1].failure


def test_an_interruption_ends_what_is_running():
    space = {"space": {"activation": {"choices": ["ReLU", TakesAnHour()]}}}
    with pytest.raises(KeyboardInterrupt):
        tune(RECIPE, space, search="grid", jobs=2, dataset=digits(150), watch=Stop(1))
    assert not left_running()


def test_no_test_sample_is_touched():
    data = digits(150, Untouchable())
    data = replace(data, y_test=Untouchable())
    for extra in ({}, {"folds": 2}, {"validation": 0.3}):
        assert len(tune(RECIPE, {"space": SPACE} | extra, trials=2, dataset=data)) == 2
    assert len(tune(RECIPE, {"space": SPACE}, trials=2, jobs=2, dataset=data)) == 2


def test_the_best_is_the_most_accurate_then_the_one_with_the_lower_loss_then_the_first(whole):
    accuracies, losses = (0.5, 0.8, 0.8, 0.8, 0.7, 0.1), (1, 3, 2, 2, 0, 0)
    trials = tuple(replace(t, accuracies=(a,), losses=(b,)) for t, a, b in zip(whole, accuracies, losses, strict=True))
    assert [trial.number for trial in replace(whole, trials=trials).ranked] == [2, 3, 1, 4, 0, 5]
