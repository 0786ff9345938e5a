"""Recipes and run folders as programs."""

from pathlib import Path

from byhand.explaining.programs import ProgramSetup
from byhand.recipes.base import Recipe, everything
from byhand.schedules import ReduceOnPlateau


def recipe_setup(recipe: Recipe, data: str | None = None) -> ProgramSetup:
    """How a recipe trains its network, for a program.

    Args:
        recipe: the recipe.
        data: other data than the recipe's own.
    """
    left_out = []
    if recipe.augment:
        left_out.append("images varied at random")
    if recipe.prepare is not everything:
        left_out.append("samples held back for validation")
    if recipe.averaging:
        left_out.append("the average of the parameters")
    if recipe.patience:
        left_out.append("stopping early")
    if isinstance(recipe.optimizer.learning_rate, ReduceOnPlateau):
        left_out.append("a learning rate that follows the loss")
    return ProgramSetup(
        recipe.name,
        recipe.takes,
        recipe.optimizer,
        recipe.epochs,
        recipe.batch_size,
        recipe.regularizers,
        data or recipe.dataset,
        tuple(left_out),
    )


def run_setup(path: Path) -> ProgramSetup:
    """How the network of a run folder or a model file was trained; Adam's defaults where nobody knows."""
    from byhand.recipes import RECIPES
    from byhand.recipes.config import read_config

    config = (path if path.is_dir() else path.parent) / "config.toml"
    if config.exists():
        chosen = read_config(config, RECIPES)
        return recipe_setup(chosen.recipe, chosen.data)
    return ProgramSetup(path.stem)
