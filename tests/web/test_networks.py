"""The small networks that come with the page: what their files say is so, and their command makes such files."""

from dataclasses import replace

import numpy as np
import pytest

from byhand.data import from_arrays, load
from byhand.data.fetch import is_cached
from byhand.layers import Dense
from byhand.losses import CategoricalCrossEntropy
from byhand.network import Network
from byhand.training import evaluate
from byhand.web import networks
from byhand.web.catalogue import Catalogue, read_card
from tests.images import blocks

FILES = sorted(networks.NETWORKS_FOLDER.glob("*.safetensors"))


def test_there_is_one_file_for_each_and_all_are_small():
    assert {path.stem for path in FILES} == set(networks.small_networks())
    assert sum(path.stat().st_size for path in FILES) < 500_000
    assert Catalogue().unreadable == {}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_file_is_what_its_card_says(path):
    card, network, small = read_card(path), Network.load(path), networks.small_networks()[path.stem]
    assert (card["name"], card["description"]) == (small.name, small.about)
    assert card["command"] == networks.COMMAND
    assert network.layers == tuple(small.recipe.layers) and network.loss == small.recipe.loss
    if not is_cached("mnist"):
        pytest.skip("mnist is not in the cache; fetch it with: byhand data fetch mnist")
    data = load("mnist")
    x = data.x_test.reshape(-1, *network.input_shape)
    assert evaluate(network, x, data.y_test).accuracy == pytest.approx(card["test_accuracy"], abs=0.0005)
    assert card["test_accuracy"] > 0.9


def test_the_command_trains_stores_and_describes(tmp_path, monkeypatch):
    x, y = blocks(300, np.random.default_rng(0))
    data = from_arrays(x.reshape(300, 784), y, x[:100].reshape(100, 784), y[:100])
    monkeypatch.setattr("byhand.recipes.run.load", lambda name: data)
    small = networks.small_networks()["perceptron"]
    small = replace(small, recipe=replace(small.recipe, epochs=3))
    paths = [tmp_path / "once.safetensors", tmp_path / "again.safetensors"]
    for path in paths:
        networks.write(path, small)
    assert paths[0].read_bytes() == paths[1].read_bytes()  # the seed alone decides
    card = read_card(paths[0])
    assert card["training"].endswith("seed 0") and card["validation_accuracy"] > 0.5
    assert card["test_accuracy"] == evaluate(Network.load(paths[0]), data.x_test, data.y_test).accuracy


def test_a_card_for_a_network_that_was_trained_elsewhere(tmp_path, monkeypatch):
    x, y = blocks(200, np.random.default_rng(0))
    data = from_arrays(x.reshape(200, 784), y, x.reshape(200, 784), y)
    monkeypatch.setattr(networks, "load", lambda name: data)
    path = tmp_path / "mine.safetensors"
    network = Network(784, [Dense(10)], CategoricalCrossEntropy(), rng=4, inputs="grey levels")
    network.save(path)
    networks.train_networks([str(path), "Mine", "It has learnt nothing.", "byhand train mine"])
    card = read_card(path)
    assert (card["name"], card["command"]) == ("Mine", "byhand train mine")
    assert card["test_accuracy"] == np.mean(network.predict(data.x_test) == y)
    assert Network.load(path).theta.tobytes() == network.theta.tobytes()
