"""The mistakes that people make: one clear sentence, status 2, nothing half-written."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from byhand import CategoricalCrossEntropy, Dense, Network
from tests.cli.test_commands import byhand, data  # noqa: F401  (fixtures)

CONFIG = """recipe = "dense"
epochs = 1
"""


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def model(path, inputs=784, outputs=10):
    Network(inputs, [Dense(outputs)], CategoricalCrossEntropy(), inputs="grey levels").save(path)
    return path


def blank(path):
    Image.fromarray(np.full((50, 50), 240, np.uint8)).save(path)
    return path


def labels_up_to_ten(path):
    rows = "\n".join(f"{i % 11}," + ",".join(["0"] * 784) for i in range(30))
    return write(path, rows)


# What is typed (a function of an empty folder, in which it may put files first), and words that the answer must hold.
MISTAKES = {
    "unknown recipe": (lambda f: ["train", "nilsen"], "no recipe 'nilsen'; did you mean nielsen"),
    "a data set's name as the recipe": (lambda f: ["train", "mnist"], "data set: byhand train dense --data mnist."),
    "another data set as the recipe": (lambda f: ["train", "digits"], "byhand train math-behind --data digits."),
    "a recipe's name as the data": (lambda f: ["train", "--data", "nielsen"], "not a data set: byhand train nielsen."),
    "unknown data set": (lambda f: ["train", "--data", "mnits"], "mnits"),
    "hidden is no list of sizes": (lambda f: ["train", "--hidden", "256;128"], "256,128"),
    "hidden of size zero": (lambda f: ["train", "--hidden", "0"], "--hidden wants sizes"),
    "negative learning rate": (lambda f: ["train", "--lr", "-1"], "learning rate"),
    "learning rate that is nan": (lambda f: ["train", "--lr", "nan"], "learning rate"),
    "no epochs": (lambda f: ["train", "--epochs", "0"], "--epochs"),
    "race without test images": (
        lambda f: ["race", "--data", write(f / "d.csv", "\n".join(f"{i % 10}" + ",9" * 784 for i in range(40)))],
        "no test images",
    ),
    "race to nowhere": (lambda f: ["race", "--data", "mnits"], "mnits"),
    "recipe and config": (lambda f: ["train", "dense", "--config", "x.toml"], "not both"),
    "config is missing": (lambda f: ["train", "--config", "x.toml"], "x.toml: cannot be read"),
    "config is no toml": (lambda f: ["train", "--config", write(f / "c.toml", "epochs == 3")], "not a TOML file"),
    "config is no text": (lambda f: ["train", "--config", write(f / "c.toml", b"\xff\xfe\x00")], "not a TOML file"),
    "config has an unknown key": (lambda f: ["train", "--config", write(f / "c.toml", "epoch = 3")], "'epoch'"),
    "config has an unknown recipe": (lambda f: ["train", "--config", write(f / "c.toml", "recipe = 'x'")], "'x'"),
    "config has text for a number": (
        lambda f: ["train", "--config", write(f / "c.toml", "epochs = 'many'")],
        "epochs must be a whole number",
    ),
    "config has an unknown layer": (
        lambda f: ["train", "--config", write(f / "c.toml", "[[layers]]\nkind = 'Lstm'")],
        "'Lstm'",
    ),
    "config has a layer without units": (
        lambda f: ["train", "--config", write(f / "c.toml", "[[layers]]\nkind = 'Dense'")],
        "needs the field 'units'",
    ),
    "config puts a loss where an optimizer belongs": (
        lambda f: ["train", "--config", write(f / "c.toml", "[optimizer]\nkind = 'MSE'")],
        "optimizer must be",
    ),
    "csv with label 10": (lambda f: ["train", "--data", labels_up_to_ten(f / "x.csv")], "10"),
    "run folder in use": (
        lambda f: ["train", "--data", f / "data", "--out", model(f / "model.safetensors").parent],
        "--overwrite",
    ),
    "out is a file": (lambda f: ["train", "--data", f / "data", "--out", write(f / "taken", "x")], "cannot be written"),
    "data do not fit the recipe": (lambda f: ["train", "math-behind", "--data", f / "data"], "(n, 64)"),
    "model is missing": (lambda f: ["evaluate", "nowhere"], "no such model file or run folder in"),
    "model is a folder without one": (lambda f: ["evaluate", f], "holds no model.safetensors"),
    "model is empty": (lambda f: ["evaluate", write(f / "m.safetensors", "")], "safetensors"),
    "model is a picture": (lambda f: ["evaluate", blank(f / "m.png")], "safetensors"),
    "model is cut off": (
        lambda f: ["evaluate", write(f / "m", model(f / "whole").read_bytes()[:-10])],
        "safetensors",
    ),
    "model does not fit the data": (
        lambda f: ["evaluate", model(f / "m", inputs=64), "--data", f / "data"],
        "(n, 64)",
    ),
    "model has fewer classes than the data": (
        lambda f: ["evaluate", model(f / "m", outputs=4), "--data", f / "data"],
        "0 to 3",
    ),
    "reading with a network for other images": (
        lambda f: ["read", blank(f / "b.png"), "--model", model(f / "m", inputs=64)],
        "28 × 28",
    ),
    "nothing to read": (lambda f: ["read"], "nothing is named"),
    "a list that is not there": (lambda f: ["read", "--list", "scans.txt"], "scans.txt cannot be opened"),
    "a format that there is not": (lambda f: ["read", "a.png", "--format", "xml"], "text, json, csv, hocr"),
    "a pattern that is none": (lambda f: ["read", "a.png", "--pattern", "("], "'('"),
    "a length that is none": (lambda f: ["read", "a.png", "--length", "4-2"], "length"),
    "a region that is none": (lambda f: ["read", "a.png", "--region", "1,2,3"], "region"),
    "a slanting rotation": (lambda f: ["read", "a.png", "--rotate", "45"], "rotate"),
    "pages that are none": (lambda f: ["read", "a.png", "--pages", "0"], "pages"),
    "a shard beyond the last": (lambda f: ["read", "a.png", "--shard", "3/2"], "--shard"),
    "no jobs": (lambda f: ["read", "a.png", "--jobs", "0"], "--jobs"),
    "resuming what is not a file": (lambda f: ["read", "a.png", "--resume", "--json"], "can be resumed"),
    "images of digits as csv": (lambda f: ["read", "a.png", "--show", "-f", "csv"], "--show"),
    "output in a file's place": (
        lambda f: ["read", "a.png", "-o", write(f / "b", "x") / "c.csv"],
        "c.csv: cannot be written",
    ),
    "explain something unknown": (lambda f: ["explain", "nilsen"], "neither a recipe"),
    "explain a sample that is not there": (
        lambda f: ["explain", "nielsen", "--sample", "600", "--data", f / "data"],
        "0 to 599",
    ),
    "unknown lesson": (lambda f: ["lesson", "perceptron"], "perceptron"),
    "unknown recipe to reproduce": (lambda f: ["reproduce", "nielson"], "nielson"),
    "no seeds": (lambda f: ["reproduce", "--seeds", "0"], "--seeds"),
    "unknown data set to fetch": (lambda f: ["data", "fetch", "cifar"], "cifar"),
    "unknown command": (lambda f: ["trian"], "trian"),
    "unknown option": (lambda f: ["train", "--learning-rate", "1"], "--learning-rate"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_one_sentence_and_status_2(name, byhand, data, tmp_path):  # noqa: F811
    make, words = MISTAKES[name]
    (tmp_path / "x").mkdir()
    arguments = make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    status, _out, err = byhand(*arguments)
    assert status == 2
    assert words in " ".join(err.replace("│", " ").split())
    assert "Traceback" not in err
    if err.startswith("byhand:"):
        assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_leaves_nothing_half_written(byhand, data, tmp_path, monkeypatch):  # noqa: F811
    byhand("train", "--data", data, "--epochs", 1, "--no-plots", "--out", "run")
    model = (tmp_path / "run/model.safetensors").read_bytes()

    def full(descriptor):
        if os.fstat(descriptor).st_size > 1000:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    status, _, err = byhand("train", "--data", data, "--no-plots", "--epochs", 1, "--out", "run", "--overwrite")
    assert status == 2 and "No space left" in err and err.count("\n") == 1
    assert (tmp_path / "run/model.safetensors").read_bytes() == model
    assert not [f for f in (tmp_path / "run").iterdir() if f.name.startswith(".")]


def test_training_that_diverges_says_so(byhand, data):  # noqa: F811
    status, _out, err = byhand(
        "train", "guide", "--data", data, "--lr", 1e30, "--epochs", 9, "--no-plots", "--out", "run"
    )
    assert status == 2 and "learning rate" in err and err.count("\n") == 1


def test_ctrl_c_ends_with_130(byhand, data, monkeypatch, tmp_path):  # noqa: F811
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("byhand.training.steps.update", interrupt)
    status, _, _ = byhand("train", "--data", data, "--out", "run")
    assert status == 130
    assert not (tmp_path / "run").exists()


def test_a_terminal_without_greek_letters_gets_question_marks():
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, "-m", "byhand", "explain", "nielsen"]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"W1" in done.stdout and b"?" in done.stdout
