"""Several processes search in one folder: no trial twice, none lost, and one that was left behind is finished."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from byhand import ByhandError
from byhand.tuning import tune
from tests.tuning.setups import RECIPE, SPACE, digits, outcomes

pytest.importorskip("optuna")
SHARED = {"search": "optuna", "shared": True, "trials": 6, "seed": 2}


def search(folder, **options):
    return tune(RECIPE, {"space": SPACE}, dataset=digits(), out=folder, **SHARED | options)


def test_alone_it_finds_what_a_search_that_is_not_shared_finds(tmp_path):
    assert outcomes(search(tmp_path, trials=3)) == outcomes(search(None, shared=False, trials=3))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best.toml",
        "journal.log",
        "search.json",
        "trials.csv",
        "trials.jsonl",
        "trials.png",
    ]


def test_processes_share_the_trials_out(tmp_path):
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(search, tmp_path) for _ in range(3)]:
            done.result()
    lines = [json.loads(line) for line in (tmp_path / "trials.jsonl").read_text().splitlines()]
    assert sorted(line["trial"] for line in lines) == list(range(6))
    assert len({str(line["parameters"]) for line in lines}) == 6
    found = search(tmp_path)  # there is nothing left to do
    assert [trial.number for trial in found] == list(range(6))


def test_a_trial_that_a_lost_process_left_behind_is_taken_over(tmp_path, monkeypatch):
    taken = []

    def dies(recipe, data, number):
        taken.append((number, recipe))
        raise KeyboardInterrupt

    search(tmp_path, trials=1)
    with monkeypatch.context() as at:
        at.setattr("byhand.tuning.shared.measure", dies)
        with pytest.raises(KeyboardInterrupt):
            search(tmp_path, trials=2)
    found = search(tmp_path, trials=2)
    assert [number for number, _ in taken] == [1] and len(found) == 2
    assert found[1].parameters["optimizer.learning_rate"] == taken[0][1].optimizer.learning_rate
    assert outcomes(found) == outcomes(search(None, shared=False, trials=2))


@pytest.mark.parametrize("options", [{"search": "random"}, {"jobs": 2}])
def test_what_a_shared_search_needs(tmp_path, options):
    with pytest.raises(ByhandError, match="one process for each job"):
        search(tmp_path, **options)
    with pytest.raises(ByhandError, match="and a folder"):
        search(None)
