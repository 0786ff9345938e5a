"""byhand race, on small data."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from byhand.cli.race import STAT, age
from byhand.data import load
from byhand.recipes import RECIPES, run_recipe
from tests.cli.test_commands import byhand, data  # noqa: F401  (fixtures)


def test_it_trains_the_recipe_and_says_how_well_and_how_long(byhand, data):  # noqa: F811
    status, out, err = byhand("race", "--data", data, "--seed", 3, "--json")
    record = json.loads(out)
    assert (status, err) == (0, "")
    run = run_recipe(RECIPES["race"], 3, dataset=load(data), progress=False)
    assert record["accuracy"] == np.mean(run.network.predict(run.split.test[0]) == run.split.test[1])
    assert record["loss"] == run.outcome.test.loss and record["accuracy"] > 0.5
    assert (record["seed"], record["test_samples"], record["parameters"]) == (3, 200, run.network.size)
    parts = [record[name] for name in ("start", "training", "test")]
    assert min(parts) > 0 and sum(parts) == pytest.approx(record["seconds"])
    assert record["processor_seconds"] > 0


def test_for_people_it_is_one_sentence(byhand, data):  # noqa: F811
    status, out, _ = byhand("race", "--data", data)
    assert status == 0
    assert out.count("\n") == 1 and "of 200 test images correct" in out and "after the start of the process" in out


def test_another_seed_is_another_race(byhand, data):  # noqa: F811
    figures = [json.loads(byhand("race", "--data", data, "--seed", s, "--json")[1])["loss"] for s in (1, 1, 2)]
    assert figures[0] == figures[1] != figures[2]


@pytest.mark.skipif(not STAT.exists(), reason="the system does not say when a process was created")
def test_time_counts_from_the_creation_of_the_process():
    before = time.perf_counter()
    code = "import time; time.sleep(0.5); from byhand.cli.race import age; print(age())"
    found = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert 0.5 < found < time.perf_counter() - before + 0.02  # the system counts hundredths


def test_where_the_system_does_not_say_it_counts_from_the_loading_of_the_commands(monkeypatch, tmp_path):
    monkeypatch.setattr("byhand.cli.race.STAT", tmp_path / "none")
    monkeypatch.setattr("byhand.cli.race.LOADED", time.perf_counter() - 100)
    assert 100 <= age() < 101
