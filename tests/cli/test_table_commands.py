"""A table of one's own, from the file to answers in its own unit, as a person types it."""

import csv
import json
import tomllib

import numpy as np
import pytest

from byhand import Network
from tests.cli.test_commands import byhand  # noqa: F401  (a fixture)

RNG = np.random.default_rng(0)
N = 300


def prices(n=N, town=("Ulm", "Bonn", "Köln")):
    area, place = RNG.normal(80, 20, n), RNG.choice(town, n)
    price = 3_000 * area + 60_000 * (place == "Bonn") + RNG.normal(0, 5_000, n)
    rows = zip(range(n), area, place, price, strict=True)
    return [{"id": i, "area": a, "town": t, "price": p} for i, a, t, p in rows]


def write(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def run(byhand, tmp_path):  # noqa: F811
    write(tmp_path / "prices.csv", prices())
    status, out, err = byhand(
        "train",
        "--data",
        "prices.csv",
        "--label",
        "price",
        "--ignore",
        "id",
        "--out",
        "run",
        "--epochs",
        60,
        "--seed",
        1,
    )
    assert (status, err) == (0, "")
    assert "Predicting price, a number (standardised), from columns: 1 of numbers (standardised), 1 of categor" in out
    assert "price is predicted with a mean absolute error of" in out
    return tmp_path / "run"


def test_a_number_is_learnt_and_measured_in_its_own_unit(byhand, run, tmp_path):  # noqa: F811
    figures = json.loads((run / "metrics.json").read_text())
    assert figures["test_samples"] == 60
    assert figures["test_r2"] > 0.95
    assert 3_000 < figures["test_rmse"] < 16_000  # the noise is 5,000
    _, out, _ = byhand("evaluate", "run", "--json")
    record = json.loads(out)
    assert (record["mae"], record["rmse"], record["r2"]) == (
        figures["test_mae"],
        figures["test_rmse"],
        figures["test_r2"],
    )
    new = prices(50)
    write(tmp_path / "new.csv", new)
    _, out, _ = byhand("evaluate", "run", "--data", "new.csv", "--json")
    record = json.loads(out)
    _, out, _ = byhand("predict", "run", "new.csv")
    answers = np.array([float(row["price"]) for row in csv.DictReader(out.splitlines())])
    truth = np.array([row["price"] for row in new])
    assert record["mae"] == pytest.approx(np.abs(answers - truth).mean(), rel=1e-4)
    assert record["rmse"] == pytest.approx(np.sqrt(np.square(answers - truth).mean()), rel=1e-4)


def test_the_configuration_repeats_it(byhand, run, tmp_path):  # noqa: F811
    config = tomllib.loads((run / "config.toml").read_text())
    assert (config["recipe"], config["label"], config["ignore"]) == ("table", "price", ["id"])
    assert byhand("train", "--config", "run/config.toml", "--no-plots", "--out", "again")[0] == 0
    assert (tmp_path / "again/model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()


def test_an_unknown_category_is_one_sentence(byhand, run, tmp_path):  # noqa: F811
    write(tmp_path / "new.csv", prices(3, town=["Rom"]))
    status, out, err = byhand("predict", "run", "new.csv")
    assert (status, out) == (2, "")
    assert "The column 'town', row 1: 'Rom' is none of the values in training: Bonn, Köln, Ulm." in err


def test_classes_are_learnt_by_their_names(byhand, tmp_path):  # noqa: F811
    rows = prices()
    write(tmp_path / "a.csv", [row | {"price": "dear" if row["price"] > 260_000 else "cheap"} for row in rows])
    status, out, err = byhand("train", "--data", "a.csv", "--label", "price", "--ignore", "id", "--out", "run")
    assert (status, err) == (0, "")
    assert "price, one of 2 classes" in out
    figures = json.loads((tmp_path / "run/metrics.json").read_text())
    assert figures["test_accuracy"] > 0.9
    assert set(figures["per_class"]) == {"cheap", "dear"}
    assert Network.load(tmp_path / "run/model.safetensors").classes == ("cheap", "dear")


def test_missing_values_are_refused_unless_they_are_to_be_imputed(byhand, tmp_path):  # noqa: F811
    rows = prices()
    rows[4]["area"] = ""
    write(tmp_path / "gaps.csv", rows)
    arguments = ("train", "--data", "gaps.csv", "--label", "price", "--ignore", "id", "--epochs", 2, "--no-plots")
    status, _, err = byhand(*arguments)
    assert status == 2
    assert "gaps.csv: The column 'area' lacks a value" in err and "(--impute)" in err
    status, out, _ = byhand(*arguments, "--impute", "--out", "run")
    assert status == 0
    assert "missing values are filled in in area" in out
    assert tomllib.loads((tmp_path / "run/config.toml").read_text())["impute"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "--data", "prices.csv"), "Say which column of prices.csv to predict"),
        (
            ("train", "--data", "prices.csv", "--label", "cost"),
            "no column 'cost'; its columns are id, area",
        ),
        (("train", "conv", "--data", "prices.csv", "--label", "price"), "recipe conv is for images"),
        (("train", "table", "--data", "digits"), "recipe table is for tables"),
        (("train", "--data", "prices.csv", "--label", "town", "--task", "numbers"), "holds texts, which are classes"),
        (("tune", "curve", "--space", "space.toml"), "goes by accuracy"),
    ],
)
def test_mistakes_are_one_sentence(arguments, words, byhand, tmp_path):  # noqa: F811
    write(tmp_path / "prices.csv", prices(20))
    (tmp_path / "space.toml").write_text('[space]\n"optimizer.learning_rate" = { choices = [0.1, 0.2] }\n')
    status, _, err = byhand(*arguments)
    assert status == 2
    assert words in err and err.count("\n") == 1, err


def test_a_table_that_is_made_keeps_its_name(byhand, tmp_path):  # noqa: F811
    status, _, err = byhand("train", "curve", "--data", "curve", "--epochs", 1, "--no-plots", "--out", "run")
    assert (status, err) == (0, "")
    assert 'data = "curve"' in (tmp_path / "run" / "config.toml").read_text()
