"""byhand tune as a person types it, and the mistakes that people make with it."""

import csv
import errno
import json
import os

import pytest

from tests.cli.test_commands import byhand, data  # noqa: F401  (fixtures)
from tests.cli.test_mistakes import write

SPACE = """
validation = 0.25

[space]
hidden = { choices = [[8], [16]] }
epochs = { low = 2, high = 4 }

[space.optimizer.learning_rate]
low = 0.001
high = 0.1
log = true
steps = 3
"""
TUNE = ("tune", "math-behind-adam", "--space", "space.toml")


@pytest.fixture
def space(tmp_path):
    return write(tmp_path / "space.toml", SPACE)


def test_a_search_prints_its_best_and_writes_a_configuration_that_train_takes(byhand, space, tmp_path):  # noqa: F811
    status, out, err = byhand(*TUNE, "--trials", 4, "--jobs", 2, "--seed", 3)
    assert (status, err) == (0, "")
    assert "4 of 4 trials" in out and "byhand train --config runs/tune-math-behind-adam/best.toml" in out
    folder = tmp_path / "runs/tune-math-behind-adam"
    with open(folder / "trials.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 and (folder / "trials.png").read_bytes().startswith(b"\x89PNG")
    assert f"{100 * max(float(row['accuracy']) for row in rows):.2f} %" in out
    status, again, _ = byhand(*TUNE, "--trials", 4, "--seed", 3)
    assert (status, again) == (0, out)
    assert byhand("train", "--config", folder / "best.toml", "--no-plots", "--out", "best")[0] == 0
    best = max(rows, key=lambda row: float(row["accuracy"]))
    assert json.loads((tmp_path / "best/metrics.json").read_text())["parameters"] == (
        65 * int(best["hidden"]) + (int(best["hidden"]) + 1) * 10
    )


def test_json_is_one_object(byhand, space):  # noqa: F811
    status, out, err = byhand(*TUNE, "--trials", 2, "--out", "x", "--json")
    record = json.loads(out)
    assert (status, err) == (0, "")
    assert (record["folder"], record["config"], record["trials"], record["failed"]) == ("x", "x/best.toml", 2, 0)
    assert set(record["best"]["parameters"]) == {"hidden", "epochs", "optimizer.learning_rate"}


def test_other_data_by_its_path(byhand, data, tmp_path):  # noqa: F811
    write(tmp_path / "space.toml", "folds = 2\n[space]\nbatch_size.choices = [50, 100]\nepochs.choices = [1]")
    status, out, _ = byhand(
        "tune", "dense", "--space", "space.toml", "--search", "grid", "--data", "data", "--out", "x"
    )
    assert status == 0 and "2 of 2 trials" in out and "± folds" in out
    assert f'data = "{data}"' in (tmp_path / "x/best.toml").read_text()


def test_ctrl_c_keeps_what_is_finished_and_the_same_command_goes_on(byhand, space, monkeypatch, tmp_path):  # noqa: F811
    from byhand.tuning import workers

    measure, calls = workers.measure, []

    def interrupted(recipe, material, number):
        calls.append(recipe)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(recipe, material, number)

    monkeypatch.setattr(workers, "measure", interrupted)
    status, _, err = byhand(*TUNE, "--trials", 4, "--out", "x")
    assert status == 130 and "the same command resumes the search" in err
    assert len((tmp_path / "x/trials.jsonl").read_text().splitlines()) == 2
    status, out, _ = byhand(*TUNE, "--trials", 4, "--out", "x")
    assert status == 0 and "4 of 4 trials" in out and len(calls) == 5


def test_a_search_in_which_everything_fails_says_why_and_keeps_its_records(byhand, tmp_path):  # noqa: F811
    write(tmp_path / "space.toml", '[space]\noptimizer.choices = [{kind = "GradientDescent", learning_rate = 1e30}]')
    status, _, err = byhand(*TUNE, "--trials", 1, "--out", "x")
    assert status == 2 and "none of 1 trials succeeded" in err and "learning rate" in err and err.count("\n") == 1
    assert (tmp_path / "x/trials.csv").exists() and not (tmp_path / "x/best.toml").exists()


def one(text):
    """A space file with one parameter's table."""
    return lambda f: write(f / "space.toml", f"[space]\n{text}")


def whole(text):
    """A space file."""
    return lambda f: write(f / "space.toml", text)


RATE = '"optimizer.learning_rate" = '
MISTAKES = {
    "no file": (lambda f: None, (), "space.toml: cannot be read"),
    "no TOML": (whole("[space"), (), "not a TOML file"),
    "no text": (whole(b"\xff\xfe\x00"), (), "not a TOML file"),
    "empty file": (whole(""), (), "the space is empty"),
    "empty space": (whole("[space]"), (), "the space is empty"),
    "space is a number": (whole("space = 3"), (), "space must be a table"),
    "unknown key": (whole("fold = 3"), (), "unknown key 'fold'"),
    "one fold": (whole("folds = 1\n[space]\nepochs.choices = [1]"), (), "folds must be"),
    "too many folds": (whole("folds = 99999\n[space]\nepochs.choices = [1]"), (), "ask for fewer"),
    "folds and validation": (whole("folds = 2\nvalidation = 0.1\n[space]\nepochs.choices = [1]"), (), "not both"),
    "validation beyond everything": (whole("validation = 1.5\n[space]\nepochs.choices = [1]"), (), "between 0 and 1"),
    "unknown parameter": (one('"optimizer.learningrate".choices = [1]'), (), "nearest are optimizer.learning_rate"),
    "unknown part": (one("lr.choices = [1]"), (), "There is no parameter 'lr'"),
    "no table": (one("epochs = 3"), (), "epochs must be a table"),
    "unknown setting": (one("epochs = { lo = 1, high = 3 }"), (), "did you mean low?"),
    "low only": (one("epochs = { low = 1 }"), (), "high is missing"),
    "no choices": (one("epochs.choices = []"), (), "epochs: there are no choices"),
    "choices are no list": (one("epochs.choices = 3"), (), "are a list"),
    "choices and a range": (one("epochs = { choices = [3], low = 1 }"), (), "choices stand alone"),
    "low above high": (one(RATE + "{ low = 0.5, high = 0.1 }"), (), "low is 0.5, which is more than high, 0.1"),
    "low is nan": (one(RATE + "{ low = nan, high = 0.1 }"), (), "finite number"),
    "low is text": (one(RATE + '{ low = "a", high = 0.1 }'), (), "finite number"),
    "log from zero": (one(RATE + "{ low = 0, high = 0.1, log = true }"), (), "log needs low above 0"),
    "log is a number": (one(RATE + "{ low = 0.1, high = 0.2, log = 1 }"), (), "true or false"),
    "log and step": (one(RATE + "{ low = 0.1, high = 0.2, log = true, step = 0.1 }"), (), "exclude each other"),
    "step of zero": (one(RATE + "{ low = 0.1, high = 0.2, step = 0 }"), (), "step must be more than 0"),
    "one step": (one(RATE + "{ low = 0.1, high = 0.2, steps = 1 }"), (), "at least 2"),
    "refused value": (one(RATE + "{ low = -1.0, high = 0.1 }"), (), "optimizer.learning_rate:"),
    "refused choice": (one('optimizer.choices = ["Adam", "Adom"]'), (), "nearest known are Adam"),
    "grid over a continuous range": (one(RATE + "{ low = 0.1, high = 0.2 }"), ("--search", "grid"), "steps = 5"),
    "no trials": (one("epochs.choices = [1]"), ("--trials", "0"), "--trials"),
    "no jobs": (one("epochs.choices = [1]"), ("--jobs", "0"), "--jobs"),
    "unknown search": (one("epochs.choices = [1]"), ("--search", "bayes"), "no search 'bayes'; there are grid, random"),
    "unknown data": (one("epochs.choices = [1]"), ("--data", "digitz"), "digitz"),
    "out is a file": (one("epochs.choices = [1]"), ("--out", "space.toml"), "space.toml"),
}


def sentence(status, err):
    assert status == 2 and "Traceback" not in err
    if err.startswith("byhand:"):
        assert err.count("\n") == 1
    return " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_one_sentence_and_leaves_nothing_behind(name, byhand, tmp_path):  # noqa: F811
    make, options, words = MISTAKES[name]
    make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    status, _, err = byhand(*TUNE, *options)
    assert words in sentence(status, err)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written_to(byhand, space, tmp_path):  # noqa: F811
    (tmp_path / "x").mkdir(mode=0o500)
    status, _, err = byhand(*TUNE, "--out", "x")
    assert "cannot be written" in sentence(status, err)


def test_a_full_disk_gets_one_sentence_and_loses_one_trial(byhand, space, monkeypatch, tmp_path):  # noqa: F811
    def full(descriptor):
        if (tmp_path / "x/trials.jsonl").exists():
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        status, _, err = byhand(*TUNE, "--trials", 2, "--out", "x")
    assert "No space left" in sentence(status, err) and not (tmp_path / "x/best.toml").exists()
    status, out, _ = byhand(*TUNE, "--trials", 2, "--out", "x")
    assert status == 0 and "2 of 2 trials" in out


def add(file, text):
    file.write_text(file.read_text() + text)


DAMAGE = {
    "another space": (lambda f: write(f / "space.toml", SPACE.replace("0.1", "0.2")), (), "it differs in space"),
    "another seed": (lambda f: None, ("--seed", "1"), "it differs in seed"),
    "another search": (lambda f: None, ("--search", "grid"), "it differs in search"),
    "search.json damaged": (lambda f: write(f / "x/search.json", "{"), (), "search.json: is damaged"),
    "search.json missing": (lambda f: (f / "x/search.json").unlink(), (), "not known what was searched"),
    "a line that is no JSON": (lambda f: add(f / "x/trials.jsonl", "{{{\n"), (), "line 3 is damaged"),
    "a line without figures": (lambda f: add(f / "x/trials.jsonl", '{"trial": 7}\n'), (), "line 3 is damaged"),
    "a trial twice": (lambda f: add(f / "x/trials.jsonl", (f / "x/trials.jsonl").read_text()), (), "line 3 is damaged"),
    "a list for a line": (lambda f: add(f / "x/trials.jsonl", "[1]\n"), (), "line 3 is damaged"),
    "bytes for a line": (lambda f: (f / "x/trials.jsonl").write_bytes(b"\xff\n"), (), "line 1 is damaged"),
    "a value from elsewhere": (
        lambda f: write(f / "x/trials.jsonl", (f / "x/trials.jsonl").read_text().replace('"epochs": ', '"epochs": 9')),
        (),
        "trial 0's epochs lies outside the space",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_folder_of_another_search_or_a_damaged_one_is_refused_unchanged(name, byhand, space, tmp_path):  # noqa: F811
    assert byhand(*TUNE, "--trials", 2, "--out", "x")[0] == 0
    make, options, words = DAMAGE[name]
    make(tmp_path)
    before = {file: file.read_bytes() for file in (tmp_path / "x").iterdir()}
    status, _, err = byhand(*TUNE, "--trials", 2, "--out", "x", *options)
    assert words in sentence(status, err)
    assert {file: file.read_bytes() for file in (tmp_path / "x").iterdir()} == before


def test_another_recipe_is_refused_too(byhand, space):  # noqa: F811
    assert byhand(*TUNE, "--trials", 1, "--out", "x")[0] == 0
    status, _, err = byhand("tune", "math-behind", "--space", "space.toml", "--trials", 1, "--out", "x")
    assert "it differs in recipe" in sentence(status, err)


def test_a_terminal_shows_the_best_so_far(space, monkeypatch, capsys, tmp_path):
    from rich.console import Console

    from byhand.cli import tune as command
    from byhand.tuning import Space, Trial, Trials

    monkeypatch.setattr(Console, "is_terminal", True)
    trials = [Trial(k, {"epochs": k}, (a,), (0.0,), 1.0) for k, a in enumerate((0.25, 0.75))]
    space = Space.of({"space": {"epochs": {"low": 0, "high": 1}}})
    with command._Progress() as progress:
        progress(Trials((*trials, Trial(2, {"epochs": 1}, (), (), 0.0, "no")), space, None), 9)
        progress._live.refresh()
    shown = capsys.readouterr().err
    assert "3 of 9 trials, 1 failed" in shown and shown.index("75.00 %") < shown.index("25.00 %")
