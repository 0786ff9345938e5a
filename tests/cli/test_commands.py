"""The commands as a person types them, on small data."""

import csv
import json

import numpy as np
import pytest

from byhand import Network
from byhand.cli.main import main
from tests.images import write_blocks


@pytest.fixture
def data(tmp_path):
    return write_blocks(tmp_path / "data")


@pytest.fixture
def byhand(monkeypatch, capsys, tmp_path):
    """Run a command line in an empty folder: (status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["byhand", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    return run


def test_train_writes_a_run_that_says_what_happened(byhand, data, tmp_path):
    status, _out, err = byhand("train", "--data", data, "--epochs", 3, "--hidden", "16", "--out", tmp_path / "run")
    assert (status, err) == (0, "")
    assert {f.name for f in (tmp_path / "run").iterdir()} == {
        *("model.safetensors", "config.toml", "history.csv", "metrics.json", "diagnosis.json", "network.txt", "plots")
    }
    assert {f.name for f in (tmp_path / "run/plots").iterdir()} == {
        *("curves.png", "confusion.png", "digits.png", "weights.png")
    }
    with open(tmp_path / "run/history.csv") as file:
        history = list(csv.DictReader(file))
    assert [row["epoch"] for row in history] == ["1", "2", "3"]
    figures = json.loads((tmp_path / "run/metrics.json").read_text())
    network = Network.load(tmp_path / "run/model.safetensors")
    assert figures["parameters"] == network.size == 784 * 16 + 16 + 16 * 10 + 10
    assert np.sum(figures["confusion"]) == figures["test_samples"] == 200
    assert figures["test_accuracy"] == np.trace(figures["confusion"]) / 200
    assert "784 × 16" in (tmp_path / "run/network.txt").read_text()


def test_the_configuration_repeats_the_run_bit_for_bit(byhand, data, tmp_path):
    changes = ("--epochs", 2, "--lr", 0.01, "--hidden", "12,8", "--batch-size", 50, "--seed", 7, "--shards", 2)
    assert byhand("train", "--data", data, *changes, "--no-plots", "--out", tmp_path / "a")[0] == 0
    assert byhand("train", "--config", tmp_path / "a/config.toml", "--no-plots", "--out", tmp_path / "b")[0] == 0
    for name in ("model.safetensors", "config.toml"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "shards = 2" in (tmp_path / "a/config.toml").read_text()
    assert byhand("train", "--config", tmp_path / "a/config.toml", "--seed", 8, "--no-plots", "--out", "c")[0] == 0
    assert (tmp_path / "a/model.safetensors").read_bytes() != (tmp_path / "c/model.safetensors").read_bytes()


def test_runs_without_a_name_are_numbered(byhand, data):
    for number in (1, 2):
        _, out, _ = byhand("train", "--data", data, "--epochs", 1, "--no-plots")
        assert f"runs/dense-{number}" in out


def test_evaluate_measures_the_same_as_training_did(byhand, data, tmp_path):
    byhand("train", "--data", data, "--epochs", 2, "--no-plots", "--out", "run")
    status, out, _ = byhand("evaluate", "run", "--json")
    record, figures = json.loads(out), json.loads((tmp_path / "run/metrics.json").read_text())
    assert status == 0
    assert record["accuracy"] == figures["test_accuracy"]
    assert record["confusion"] == figures["confusion"]
    status, out, _ = byhand("evaluate", "run/model.safetensors", "--data", data)
    assert status == 0 and "of 200 correct" in out


def test_explain_in_text_latex_and_numbers(byhand, data):
    status, out, _ = byhand("explain", "nielsen")
    assert status == 0 and "dW2 = a1ᵀ dz2" in out and "23,860 parameters" in out
    status, out, _ = byhand("explain", "nielsen", "--latex")
    assert status == 0 and out.startswith(r"\begin{aligned}")
    status, out, _ = byhand("explain", "nielsen", "--sample", 3, "--data", data, "--json")
    assert status == 0 and "L = " in json.loads(out)["equations"]


def test_lists_are_complete_and_parse_as_json(byhand, monkeypatch, tmp_path):
    monkeypatch.setenv("BYHAND_DATA", str(tmp_path / "cache"))
    from byhand.data.sources import SOURCES
    from byhand.lessons import lessons
    from byhand.recipes import RECIPES

    for command, names in (
        (("recipes",), set(RECIPES)),
        (("lesson",), set(lessons())),
        (("data", "list"), set(SOURCES)),
    ):
        status, out, _ = byhand(*command, "--json")
        assert status == 0
        assert {json.loads(line)["name"] for line in out.splitlines()} == names


def test_lesson_prints_its_board_and_draws(byhand, tmp_path):
    status, out, _ = byhand("lesson", "chain-rule")
    assert status == 0 and "0.018" in out
    status, out, _ = byhand("lesson", "xor-network", "--plot", tmp_path / "pictures", "--json")
    assert status == 0 and json.loads(out)["lesson"] == "xor-network"
    assert (tmp_path / "pictures/xor-network.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "command",
    ["", "train", "evaluate", "read", "reproduce", "lesson", "explain", "recipes", "demo", "data fetch", "find-rate"],
)
def test_every_command_has_help_with_an_example(byhand, command):
    status, out, _ = byhand(*command.split(), "--help")
    assert status == 0
    assert "Example:" in out or command == ""


def test_find_rate_suggests_and_draws(byhand, data, tmp_path):
    command = ("find-rate", "dense", "--data", data, "--steps", 40, "--low", 1e-5, "--high", 1)
    status, out, err = byhand(*command, "--plot", tmp_path / "rates.png")
    assert (status, err) == (0, "")
    assert (tmp_path / "rates.png").read_bytes().startswith(b"\x89PNG")
    record = json.loads(byhand(*command, "--json")[1])
    assert f"{record['suggestion']:.2g}" in out
    assert record["suggestion"] in record["rates"]
    assert len(record["rates"]) == len(record["losses"]) == len(record["smoothed"]) <= 40
    assert json.loads(byhand(*command, "--json", "--seed", 1)[1])["losses"] != record["losses"]
    assert byhand(*command, "--batch-size", 0, "--json")[0] == 0
    status, _, err = byhand("find-rate", "dense", "--data", data, "--low", 2, "--high", 1)
    assert status == 2 and "high" in err and err.count("\n") == 1
