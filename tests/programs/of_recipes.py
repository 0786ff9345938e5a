"""The networks of recipes for sequences and of those with attention, in double precision, with samples and settings."""

import numpy as np

import byhand as b
from byhand.recipes import RECIPES
from byhand.recipes.programs import recipe_setup
from tests.programs.networks import samples, without_dropout
from tests.recipes import SEQUENCE_RECIPES, TRANSFORMERS

TWINS = {"vit-4", "shakespeare-hour", "permuted-pixels"}  # the networks of vit, shakespeare and pixels, larger or not
NAMES = sorted((SEQUENCE_RECIPES | TRANSFORMERS) - TWINS)
OTHERS = [name for name in RECIPES if name not in NAMES and name != "permuted-pixels"]  # pixels is compared above
STEPS = 12  # of the sequences, which are longer in the recipes: as many as keep the test short


def recipe_case(name):
    """A recipe's network (its sequences are cut short), its setup, samples x and t, and the mask of x or None."""
    recipe, shape = RECIPES[name], RECIPES[name].input_shape
    if name == "pixels":
        layers, shape = [b.Reshape((STEPS, 1)), *recipe.layers[1:]], (STEPS,)
    else:
        layers = list(recipe.layers)
        shape = shape if name == "vit" else (min(STEPS, shape[0]), *shape[1:])
    net = b.Network(shape, layers, recipe.loss, rng=3, dtype=np.float64)
    net.theta += 0.02 * np.random.default_rng(4).standard_normal(net.size)
    setup, (x, t), mask = recipe_setup(recipe), samples(net, 3), None
    if setup.padded:
        mask = np.arange(shape[0]) < np.array([[shape[0]], [1], [5]])
        x = x * mask[:, :, None]
    return without_dropout(net), setup, x, t, mask
