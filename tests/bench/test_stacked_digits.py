"""The measure of stacked digits: images whose channels are known, and shares that were counted by hand."""

import numpy as np
import pytest
from bench.accuracy.stacked_digits import kinds_of, measures, stacked, trainer_of

from byhand.recipes.drawing import get_drawing_recipe


class Levels:
    """A classifier of images that are grey all over: a digit's level is its own."""

    def predict(self, x):
        assert (x == x[:, :1]).all()
        return x[:, 0].astype(int)


def test_each_channel_is_one_digit_and_is_read_as_that():
    images = np.repeat(np.arange(10, dtype=np.uint8), 784).reshape(10, 784)
    x, numbers = stacked(np.tile(images, (30, 1)), np.tile(np.arange(10), 30), np.random.default_rng(0))
    assert x.shape == (300, 28 * 28 * 3) and len(set(numbers.tolist())) > 200
    assert (kinds_of(x, Levels()) == numbers).all()


def test_modes_and_divergence():
    real = np.repeat([0, 1, 2, 3], [4, 2, 1, 1])  # ½, ¼, ⅛, ⅛
    assert measures(real, real) == (4, 0)
    modes, divergence = measures(np.array([0, 1, 1, 1]), real)
    assert modes == 2 and divergence == pytest.approx(0.25 * np.log(0.25 / 0.5) + 0.75 * np.log(0.75 / 0.25))


@pytest.mark.parametrize("name", ["gan", "dcgan"])
def test_networks_are_the_recipes_with_three_channels(name):
    x = np.random.default_rng(0).integers(256, size=(128, 28 * 28 * 3), dtype=np.uint8)
    trainer = trainer_of(get_drawing_recipe(name), x, 0)
    before = trainer.model.generator.theta.copy()
    trainer.train(1)
    assert trainer.model.draw(2, np.random.default_rng(0)).size == 2 * x.shape[1]
    assert (trainer.model.generator.theta != before).any()
