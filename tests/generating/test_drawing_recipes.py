"""The recipes of networks that draw: they fit together, learn, and are of the sizes that they say."""

import numpy as np
import pytest

from byhand.data import from_arrays
from byhand.recipes.drawing import DRAWING_RECIPES, VAERecipe

SIZES = {  # by hand: the critic or encoder, then the generator or decoder
    "dcgan": (
        16 * 32 + 32 + 16 * 32 * 64 + 64 + 3136 + 1,
        100 * 3136 + 2 * 3136 + 16 * 64 * 32 + 3 * 32 + 16 * 32 + 1,
    ),
    "vae-conv": (
        16 * 32 + 32 + 16 * 32 * 64 + 64 + 3137 * 40,
        21 * 3136 + 16 * 64 * 32 + 32 + 16 * 32 + 1,
    ),
}


@pytest.fixture(scope="module")
def blots():
    """Images of one bright blot each, somewhere."""
    rng = np.random.default_rng(0)
    place, grid = rng.uniform(8, 20, (48, 2, 1, 1)), np.indices((28, 28))
    images = 255 * np.exp(-((grid - place) ** 2).sum(axis=1) / 20)
    return from_arrays(images.astype(np.uint8), np.arange(48) % 10, classes=[str(k) for k in range(10)])


@pytest.mark.parametrize("name", SIZES)
def test_convolutional_ones_have_their_sizes(name, blots):
    trainer = DRAWING_RECIPES[name].begin(blots, 0)
    assert tuple(learner.network.size for learner in trainer.learners) == SIZES[name]


@pytest.mark.parametrize("name", DRAWING_RECIPES)
def test_every_recipe_takes_steps_that_change_both_networks(name, blots):
    recipe = DRAWING_RECIPES[name]
    trainer = recipe.begin(blots, 0)
    before = [learner.network.theta.copy() for learner in trainer.learners]
    history = trainer.train(5 if name == "wgan-gp" else 2)
    assert np.isfinite(list(history.last.values())).all()
    assert all((learner.network.theta != old).any() for learner, old in zip(trainer.learners, before, strict=True))
    images = trainer.model.draw(3, np.random.default_rng(0), np.arange(3) if trainer.model.classes else None)
    assert images.shape == (3, 784) and images.min() >= 0 and images.max() <= 1
    if isinstance(recipe, VAERecipe):
        assert history["loss"][-1] < history["loss"][0]
