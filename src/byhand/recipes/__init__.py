"""Recipes: named, runnable set-ups, one source per file."""

from byhand.core.checks import did_you_mean
from byhand.core.errors import ByhandError
from byhand.data import DATA_SETS
from byhand.recipes.adding import adding, adding_gru, adding_rnn
from byhand.recipes.answers import addition, sorting
from byhand.recipes.base import Figure, Outcome, Recipe, Split, with_hidden
from byhand.recipes.chang import chang
from byhand.recipes.characters import shakespeare_lstm
from byhand.recipes.cifar import cifar, cifar_small
from byhand.recipes.conv import conv
from byhand.recipes.dense import clothing, dense, distorted
from byhand.recipes.faces import faces, faces_linear, lfw
from byhand.recipes.fashion import fashion
from byhand.recipes.forecasts import airline, sunspots
from byhand.recipes.guide import guide, guide_small
from byhand.recipes.math_behind import math_behind, math_behind_adam, math_behind_log_loss, math_behind_mse
from byhand.recipes.nielsen import nielsen, nielsen_100
from byhand.recipes.race import race
from byhand.recipes.reader import reader
from byhand.recipes.reviews import reviews
from byhand.recipes.rows_of_pixels import by_permuted_pixel, by_pixel, rows_recipe
from byhand.recipes.run import Run, run_recipe
from byhand.recipes.shakespeare import shakespeare, shakespeare_hour
from byhand.recipes.shrivastava import shrivastava, shrivastava_adam
from byhand.recipes.small import small
from byhand.recipes.sums import sums
from byhand.recipes.surnames import surnames, surnames_attention
from byhand.recipes.table import curve, diabetes, fitted_to, table_recipe
from byhand.recipes.transfer import transfer, transfer_frozen, transfer_scratch
from byhand.recipes.vit import vit, vit_4
from byhand.recipes.voting import voting_3, voting_5, voting_7
from byhand.recipes.vowels import vowels

RECIPES = {
    recipe.name: recipe
    for recipe in (
        guide,
        guide_small,
        shrivastava,
        shrivastava_adam,
        chang,
        nielsen,
        nielsen_100,
        math_behind,
        math_behind_mse,
        math_behind_log_loss,
        math_behind_adam,
        dense,
        distorted,
        clothing,
        conv,
        reader,
        race,
        small,
        voting_3,
        voting_5,
        voting_7,
        fashion,
        table_recipe,
        curve,
        diabetes,
        rows_recipe,
        by_pixel,
        by_permuted_pixel,
        adding,
        adding_gru,
        adding_rnn,
        sums,
        surnames,
        surnames_attention,
        reviews,
        vowels,
        airline,
        sunspots,
        shakespeare_lstm,
        shakespeare,
        shakespeare_hour,
        addition,
        sorting,
        vit,
        vit_4,
        transfer,
        transfer_frozen,
        transfer_scratch,
        faces,
        faces_linear,
        lfw,
        cifar,
        cifar_small,
    )
}
PUBLISHED = tuple(name for name, recipe in RECIPES.items() if recipe.source != "byhand")


def get_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        ByhandError: there is none; the message names similar ones.
    """
    if name not in RECIPES:
        raise ByhandError(f"There is no recipe {name!r}; {_instead(name)}")
    return RECIPES[name]


def _instead(name: str) -> str:
    if name in DATA_SETS:
        fitting = next((recipe.name for recipe in (dense, *RECIPES.values()) if recipe.dataset == name), "dense")
        return f"it is a data set: byhand train {fitting} --data {name}."
    if "gan" in name or "vae" in name:
        return "networks that draw are trained by byhand train-drawer."
    return did_you_mean(name, RECIPES)


__all__ = [
    "PUBLISHED",
    "RECIPES",
    "Figure",
    "Outcome",
    "Recipe",
    "Run",
    "Split",
    "fitted_to",
    "get_recipe",
    "run_recipe",
    "with_hidden",
]
