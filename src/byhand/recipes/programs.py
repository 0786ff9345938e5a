"""Recipes and run folders as programs."""

from pathlib import Path

from byhand.core.types import Shape
from byhand.explaining.programs import ProgramSetup
from byhand.losses import CTC
from byhand.network import Network
from byhand.recipes.base import Recipe, everything
from byhand.schedules import ReduceOnPlateau

PICTURED = ("mnist", "fashion-mnist", "digits")  # data sets of images, whose bytes are grey levels
ZERO_FILLED = ("vowels",)  # data sets whose shorter sequences end in steps of zeros


def recipe_network(recipe: Recipe) -> Network:
    """A recipe's network before its training, for samples of the recipe's own data set."""
    tokens = recipe.layers[0].takes == "tokens"
    inputs = "tokens" if tokens else "grey levels" if recipe.dataset in PICTURED else "numbers"
    return Network(recipe.input_shape, recipe.layers, recipe.loss, rng=0, inputs=inputs)


def recipe_setup(recipe: Recipe, data: str | None = None) -> ProgramSetup:
    """How a recipe trains its network, for a program.

    Args:
        recipe: the recipe.
        data: other data than the recipe's own.
    """
    left_out = []
    sequences = recipe.dataset not in PICTURED and len(recipe.input_shape) + (recipe.layers[0].takes == "tokens") > 1
    if recipe.augment:
        left_out.append("images varied at random")
    if recipe.prepare is not everything and not sequences:
        left_out.append("samples held back for validation")
    if recipe.carry:
        left_out.append("the state that goes on from one batch to the next")
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
        sequences,
        recipe.dataset in ZERO_FILLED,
        tuple(left_out),
    )


def run_setup(path: Path, network: Network) -> ProgramSetup:
    """How the network of a run folder or a model file was trained; Adam's defaults where nobody knows."""
    from byhand.recipes import RECIPES
    from byhand.recipes.config import read_config

    config = (path if path.is_dir() else path.parent) / "config.toml"
    if config.exists():
        chosen = read_config(config, RECIPES)
        return recipe_setup(chosen.recipe, chosen.data)
    if isinstance(network.loss, CTC):
        return ProgramSetup(path.stem, data="rows", writing=_rows(network.input_shape, network.loss))
    return ProgramSetup(path.stem)


def _rows(shape: Shape, loss: CTC) -> tuple[str, ...]:
    """The lines that compose rows of digits for a row reader's network."""
    if len(shape) != 3 or shape[2] != 1 or loss.classes != 10:
        return (f"# from samples x {shape} and labels y ({loss.longest},): class numbers, then -1",)
    return (
        "import numpy",
        "from byhand.handwriting.glyphs import drawn_writers",
        "from byhand.reader_training.rows import RowPictures",
        "rng = numpy.random.default_rng(0)",
        f"rows = RowPictures(drawn_writers(200, rng), {shape[0]}, {shape[1]}, {loss.longest})",
        "(x, t), (x_test, t_test) = rows.batch(12000, rng), rows.batch(1000, rng)",
        'numpy.savez("rows.npz", x_train=x, y_train=t, x_test=x_test, y_test=t_test)',
    )
