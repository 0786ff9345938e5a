"""Recipes for sequences, fitted to a data set's steps, tokens and classes."""

from dataclasses import replace

from byhand.core.errors import ByhandError
from byhand.data import Dataset
from byhand.layers import Dense, Embedding, TiedDense
from byhand.recipes.base import Recipe


def fitted_to_sequences(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe with the data set's vocabulary, longest sequence and classes; others come back as they are.

    Raises:
        ByhandError: the recipe is for tokens and the data set has none, or the other way round.
    """
    layers, x = recipe.layers, dataset.x_train
    tokens, taken = x.dtype.kind == "i" and not dataset.image_shape, layers[0].takes == "tokens"
    if tokens != taken and (taken or dataset.lengths_train is not None):
        raise ByhandError(
            f"The recipe {recipe.name} is for {'tokens' if taken else 'numbers'}, and {dataset.name} holds "
            f"{'tokens' if tokens else 'numbers'}."
        )
    if isinstance(layers[0], Embedding):
        vocabulary = len(dataset.vocabulary) + 1 if dataset.vocabulary else len(dataset.classes)
        layers = (replace(layers[0], vocabulary=vocabulary), *layers[1:])
    elif dataset.lengths_train is None:
        return recipe
    if isinstance(layers[-1], Dense | TiedDense) and dataset.classes:
        layers = (*layers[:-1], replace(layers[-1], units=len(dataset.classes)))
    shape = recipe.input_shape if dataset.lengths_train is None else x.shape[1:]
    return replace(recipe, layers=layers, input_shape=shape)
