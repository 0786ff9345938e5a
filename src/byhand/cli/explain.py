"""byhand explain."""

from pathlib import Path

import click

from byhand.cli.app import app, json_option, model_file
from byhand.cli.output import print_json
from byhand.core.errors import ByhandError


@app.command(epilog="Example:  byhand explain conv --as numpy > conv.py")
@click.argument("what", help="A recipe, a model file or a run folder.")
@click.option("--latex", is_flag=True, help="Print LaTeX.")
@click.option("--sample", type=click.IntRange(0), help="Insert the numbers of the training sample with this index.")
@click.option("--data", help="Name or path of the data set of the sample; mnist by default.")
@click.option("language", "--as", help="Print a program that trains this network: numpy, pytorch, keras or jax.")
@json_option
def explain(what: str, latex: bool, sample: int | None, data: str | None, language: str | None, json: bool) -> None:
    """Print the equations of a network, forward and backward, with their shapes; or a program that trains it."""
    import numpy as np

    from byhand.core.checks import did_you_mean
    from byhand.exchange.loading import any_network
    from byhand.recipes import RECIPES
    from byhand.recipes.programs import recipe_network, recipe_setup, run_setup

    recipe = RECIPES.get(what)
    if recipe:
        network = recipe_network(recipe)
    elif Path(what).exists():
        network = any_network(model_file(Path(what)))
    else:
        raise ByhandError(
            f"{what!r} is neither a recipe nor a model file or run folder here; {did_you_mean(what, RECIPES)}"
        )
    if language is not None:
        from byhand.explaining.programs import program

        setup = recipe_setup(recipe, data) if recipe else run_setup(Path(what), network)
        print(program(network, language, setup), end="")
        return
    x = t = None
    if sample is not None:
        from byhand.data import load

        dataset = load(data or (recipe.dataset if recipe else "mnist"))
        if sample >= len(dataset.x_train):
            raise ByhandError(f"There is no sample {sample}; {dataset.name} has 0 to {len(dataset.x_train) - 1}.")
        x, t = dataset.x_train[sample : sample + 1], np.array([dataset.y_train[sample]])
        if x.size == np.prod(network.input_shape):
            x = x.reshape((1, *network.input_shape))
    text = network.explain(x, t, latex)
    if json:
        print_json({"summary": network.summary(), "parameters": network.size, "equations": text})
    else:
        print(text if latex else f"{network.summary()}\n\n{text}")
