"""byhand write as a person types it."""

import json

import pytest

from byhand import LSTM, CategoricalCrossEntropy, Dense, Embedding, Network, generate_text
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
