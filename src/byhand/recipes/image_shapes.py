"""Recipes for images of another size, or of more or fewer classes, than their own data set has."""

from dataclasses import replace
from math import prod

from byhand.data import Dataset
from byhand.layers import Dense
from byhand.recipes.base import Recipe


def fitted_to_images(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe with the data set's images as its inputs and an output for each class.

    A dense network takes (pixels,), a convolutional one (height, width, channels). Published recipes stay as they are.
    """
    shape = dataset.image_shape
    if shape is None or recipe.source != "byhand":
        return recipe
    layers, last = recipe.layers, recipe.layers[-1]
    if isinstance(last, Dense) and dataset.classes:
        layers = (*layers[:-1], replace(last, units=len(dataset.classes)))
    if prod(shape) == prod(recipe.input_shape):
        return replace(recipe, layers=layers)
    fitting = {1: (prod(shape),), 2: tuple(shape), 3: (*shape, 1)[:3]}
    return replace(recipe, layers=layers, input_shape=fitting[len(recipe.input_shape)])
