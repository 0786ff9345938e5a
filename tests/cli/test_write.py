"""byhand write as a person types it."""

import json
from dataclasses import replace

import pytest

from byhand import LSTM, Adam, CategoricalCrossEntropy, Dense, Embedding, Network, generate_text
from byhand.diagnosis import read_run
from byhand.recipes import RECIPES
from byhand.recipes.config import RunConfig
from tests.cli.test_commands import byhand  # noqa: F401  (a fixture)

LAYERS = [Embedding(3, 2), LSTM(4, return_sequences=True), Dense(3)]
NETWORK = Network((5,), LAYERS, CategoricalCrossEntropy(), classes=("\n", "a", "ü"))


@pytest.fixture
def model(tmp_path):
    NETWORK.save(tmp_path / "m.safetensors")


def test_writes_after_the_prompt(byhand, model):  # noqa: F811
    options = ("--length", "20", "--temperature", "0.7", "--seed", "4")
    text = "".join(generate_text(NETWORK, "aü", 20, 0.7, 4))
    assert byhand("write", "m.safetensors", "--prompt", "aü", *options) == (0, f"aü{text}\n", "")
    _, out, _ = byhand("write", "m.safetensors", *options, "--json")
    assert json.loads(out) == {"prompt": "\n", "text": "".join(generate_text(NETWORK, "\n", 20, 0.7, 4))}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--prompt", "b"), "Character 1 of the prompt, 'b', is not in the vocabulary of 3 characters."),
        (("--temperature", "0"), "temperature must be a number above 0"),
        (("--length", "0"), "length must be a whole number"),
    ],
)
def test_mistakes_are_one_sentence(options, words, byhand, model):  # noqa: F811
    status, out, err = byhand("write", "m.safetensors", *options)
    assert (status, out) == (2, "")
    assert words in err and err.count("\n") == 1


def test_a_recipe_learns_a_text_and_is_written_with(byhand, tmp_path):  # noqa: F811
    (tmp_path / "a.txt").write_text("abcd" * 11_000)
    layers = (Embedding(4, 4), LSTM(16, return_sequences=True), Dense(4))
    recipe = replace(RECIPES["shakespeare-lstm"], layers=layers, epochs=4, optimizer=Adam(0.03))
    (tmp_path / "small.toml").write_text(RunConfig(recipe, "a.txt", 0).to_toml())
    assert byhand("train", "--config", "small.toml", "--no-plots", "--out", "run")[0] == 0
    status, out, _ = byhand("write", "run", "--prompt", "cdab", "--length", "12", "--temperature", "0.1")
    assert (status, out) == (0, "cdab" + "cdab" * 3 + "\n")
    status, out, _ = byhand("evaluate", "run", "--json")
    assert json.loads(out)["accuracy"] > 0.99
    assert read_run(tmp_path / "run").columns["recall 3"][-1] > 0.99
