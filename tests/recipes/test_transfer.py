"""Transfer learning: what is copied, what is frozen, and that few images are few."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

import byhand
from byhand.data import Dataset
from byhand.recipes import RECIPES, run_recipe
from byhand.recipes.run import begin_recipe
from tests.images import blocks

recipes = import_module("byhand.recipes.transfer")  # the package's name of it is the recipe's


def images(n, seed=0):
    x, y = blocks(n, np.random.default_rng(seed))
    x_test, y_test = blocks(100, np.random.default_rng(seed + 1))
    names = tuple("0123456789")
    flat = x.reshape(n, -1), y.astype(int), x_test.reshape(100, -1), y_test.astype(int)
    return Dataset("blocks", *flat, names, (28, 28))


@pytest.fixture
def digits(monkeypatch):
    data = images(400, 5)
    monkeypatch.setattr(recipes, "load", lambda name: data)
    return data


def test_few_of_each_and_the_others_held_back():
    data = images(600)
    data = replace(data, x_train=np.arange(600)[:, np.newaxis] * np.ones((1, 784)))
    split = recipes.few_of_each(7)(data, np.random.default_rng(0))
    (x, y), (held, labels) = split.train, split.validation
    assert np.bincount(y, minlength=10).tolist() == [7] * 10 and len(held) == 60
    assert not set(x[:, 0]) & set(held[:, 0])
    assert (data.y_train[x[:, 0].astype(int)] == y).all() and (data.y_train[held[:, 0].astype(int)] == labels).all()
    everything = recipes.few_of_each(None)(data, np.random.default_rng(0))
    assert len(everything.train[0]) == 540 and (everything.validation[0] == held).all()


def test_filters_begin_with_what_the_digits_taught(digits):
    data, rng = images(300), np.random.default_rng(4)
    network, _, _ = begin_recipe(RECIPES["transfer"], 4, data)
    recipes.few_of_each(100)(data, rng)  # the generator goes the same way: split, network, digits
    recipe = RECIPES["transfer-scratch"]
    bare = byhand.Network((28, 28, 1), recipe.layers, recipe.loss, rng=rng, inputs="grey levels")
    first = byhand.Network((28, 28, 1), recipe.layers, recipe.loss, rng=rng, inputs="grey levels")
    adam = byhand.Adam(byhand.CosineAnnealing(0.002))
    x = digits.x_train.reshape(-1, 28, 28, 1)
    byhand.fit(first, x, digits.y_train, epochs=2, batch_size=128, optimizer=adam, rng=rng, progress=False)
    for i in (0, 3):
        assert (network.p[i].W == first.p[i].W).all() and (network.p[i].b == first.p[i].b).all()
    for i in (7, 9):
        assert (network.p[i].W == bare.p[i].W).all() and not (network.p[i].W == first.p[i].W).all()


def test_frozen_layers_keep_their_bits_and_the_others_do_not(digits):
    data, kept = images(300), {}
    for name in ("transfer", "transfer-frozen"):
        recipe = replace(RECIPES[name], epochs=2)
        start = begin_recipe(recipe, 0, data)[0].state_dict()
        end = run_recipe(recipe, 0, dataset=data, progress=False).network.state_dict()
        kept[name] = [key for key in start if (start[key] == end[key]).all()]
    assert kept["transfer"] == []
    assert set(kept["transfer-frozen"]) == {"0.W", "0.b", "3.W", "3.b"}
