"""byhand diagnose as a person types it, after byhand train."""

import json

from byhand import Network
from tests.cli.test_commands import byhand, data  # noqa: F401  (fixtures)


def test_a_healthy_run(byhand, data, tmp_path):  # noqa: F811
    status, out, _ = byhand("train", "--data", data, "--epochs", 4, "--no-plots", "--out", "run")
    assert status == 0 and "diagnosis.json" in out and "diagnose" not in out
    status, out, err = byhand("diagnose", "run")
    assert (status, err) == (0, "")
    assert out.startswith("run: 4 epochs; the loss went from") and "Nothing seems wrong." in out
    columns = json.loads((tmp_path / "run/diagnosis.json").read_text())["columns"]
    assert columns["epoch"] == [0, 1, 2, 3, 4] and "gradient 1" in columns and "dead 2" in columns


def test_learning_rate_100(byhand, data, tmp_path):  # noqa: F811
    options = ("--data", data, "--lr", 100, "--epochs", 3, "--no-plots", "--out", "run")
    status, out, _ = byhand("train", "nielsen", *options)
    assert status == 0 and out.splitlines()[-1].startswith("There may be a problem (learning rate too high")
    assert out.splitlines()[-1].endswith("Details: byhand diagnose run")
    status, out, _ = byhand("diagnose", "run", "--plot", "health.png")
    assert status == 0 and "1. Learning rate too high (serious)" in out and "   Try: " in out
    assert max(map(len, out.splitlines())) <= 100
    assert (tmp_path / "health.png").read_bytes().startswith(b"\x89PNG") and "health.png" in out
    status, out, _ = byhand("diagnose", "run", "--json")
    record = json.loads(out)
    assert record["measured"] and record["problems"][0]["name"] == "learning rate too high"
    assert set(record["problems"][0]) == {"name", "severity", "seen", "advice", "numbers"}


def test_a_run_that_nobody_measured(byhand, data, tmp_path):  # noqa: F811
    byhand("train", "nielsen", "--data", data, "--lr", 100, "--epochs", 3, "--no-plots", "--out", "run")
    (tmp_path / "run/diagnosis.json").unlink()
    status, out, _ = byhand("diagnose", "run/history.csv", "--plot", "health.svg")
    assert status == 0 and "were not measured" in out and "saturated" not in out.split("This run")[0]
    assert (tmp_path / "health.svg").exists()


def test_a_run_that_diverged_keeps_the_last_good_weights(byhand, data, tmp_path):  # noqa: F811
    options = ("--data", data, "--epochs", 5, "--no-plots", "--out", "run")
    status, _, err = byhand("train", "guide", *options, "--lr", 1e30)
    assert status == 2 and err.count("\n") == 1
    assert "step 2" in err and "layer 3, Dense(10)" in err and "run/last-good.safetensors" in err
    assert {f.name for f in (tmp_path / "run").iterdir()} == {
        *("config.toml", "diagnosis.json", "history.csv", "last-good.safetensors")
    }
    assert Network.load(tmp_path / "run/last-good.safetensors").size == 784 * 256 + 256 + 2560 + 10
    status, out, _ = byhand("diagnose", "run")
    assert status == 0 and "1. The loss is not finite (serious)" in out and "layer 3 (Dense(10))" in out
    status, out, _ = byhand("diagnose", "run", "--json")
    assert json.loads(out)["problems"][0]["numbers"] == {"epoch": 2, "step": 2}
    assert byhand("train", "guide", *options)[0] == 0  # no --overwrite: there was no model
    assert not (tmp_path / "run/last-good.safetensors").exists() and (tmp_path / "run/model.safetensors").exists()


def test_a_run_that_diverges_leaves_an_earlier_one_alone(byhand, data, tmp_path):  # noqa: F811
    options = ("--data", data, "--epochs", 3, "--no-plots", "--out", "run")
    byhand("train", "guide", *options)
    before = {f.name: f.read_bytes() for f in (tmp_path / "run").iterdir()}
    assert byhand("train", "guide", *options, "--lr", 1e30, "--overwrite")[0] == 2
    assert {f.name: f.read_bytes() for f in (tmp_path / "run").iterdir()} == before


def test_no_run(byhand, tmp_path):  # noqa: F811
    (tmp_path / "empty").mkdir()
    for path in ("nowhere", "empty"):
        status, _, err = byhand("diagnose", path)
        assert status == 2 and path in err and err.count("\n") == 1
