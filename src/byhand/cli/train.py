"""byhand train."""

from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byhand.cli.app import PATH, absolute, app, json_option
from byhand.cli.output import print_json, print_run
from byhand.core.errors import ByhandError

if TYPE_CHECKING:
    from byhand.core.world import World
    from byhand.recipes.config import RunConfig
    from byhand.training.checkpoints import Checkpoints


@app.command(epilog="Example:  byhand train nielsen --epochs 10 --hidden 100 --out runs/wide")
@click.argument("recipe", required=False, help="Name of the recipe; `dense` by default.")
@click.option("--epochs", type=click.IntRange(1), help="Number of epochs.")
@click.option("--batch-size", type=click.IntRange(0), help="Samples per step; 0 for the full batch.")
@click.option("--lr", type=float, help="A constant learning rate.")
@click.option("--hidden", help="Sizes of the hidden layers, such as 256,128.")
@click.option("--seed", type=click.IntRange(0), help="Random seed.")
@click.option(
    "--shards", type=click.IntRange(1), help="Number of parts of each batch, shared among the processes of mpiexec."
)
@click.option("--data", help="Name or path of a data set.")
@click.option("--label", help="The column of a .csv to predict: its name or number.")
@click.option("--impute", is_flag=True, help="Impute the missing values of a table.")
@click.option("--ignore", help="Columns of a table to ignore, such as id,name.")
@click.option("--task", help="Whether the label of a table is numbers or classes.")
@click.option("--config", type=PATH, help="The config.toml of a run to repeat.")
@click.option("--out", type=PATH, help="The run folder; runs/RECIPE-N by default.")
@click.option("--overwrite", is_flag=True, help="Overwrite an existing run folder.")
@click.option("--plots/--no-plots", default=True, help="Draw the plots.")
@click.option("--half", is_flag=True, help="Store the model in half precision.")
@click.option(
    "--checkpoint-every", help="Interval of checkpoints: 60 seconds (the default), 500 steps, 1 epoch, or never."
)
@click.option("--resume", type=PATH, help="Resume the unfinished run in this folder.")
@json_option
def train(
    recipe: str | None,
    epochs: int | None,
    batch_size: int | None,
    lr: float | None,
    hidden: str | None,
    seed: int | None,
    shards: int | None,
    data: str | None,
    label: str | None,
    impute: bool,
    ignore: str | None,
    task: str | None,
    config: Path | None,
    out: Path | None,
    overwrite: bool,
    plots: bool,
    half: bool,
    checkpoint_every: str | None,
    resume: Path | None,
    json: bool,
) -> None:
    """Train a recipe; write model, configuration, history, metrics, diagnosis and plots into a run folder."""
    from byhand.cli.mpi import started_by_mpi
    from byhand.recipes.unfinished import open_checkpoints

    with started_by_mpi() as world:
        if resume:
            given = (recipe, epochs, batch_size is not None, lr, hidden, seed is not None, data, config, out, overwrite)
            if any(given) or any((label, impute, ignore, task, shards)):
                raise ByhandError(
                    "--resume continues a run with its own settings; leave out options that would change them."
                )
            checkpoints, chosen = open_checkpoints(resume, checkpoint_every, world)
            plots, half = checkpoints.note["plots"], checkpoints.note["half"]
        else:
            columns, checkpoints = _columns(label, impute, ignore, task), None
            name = recipe or ("table" if columns and not config else None)
            chosen = _configure(name, config, epochs, batch_size, lr, hidden, seed, shards, data, columns)
        _carry_out(chosen, checkpoints, resume or out, world, overwrite, checkpoint_every, plots, half, json)


def _carry_out(
    chosen: "RunConfig",
    checkpoints: "Checkpoints | None",
    out: Path | None,
    world: "World",
    overwrite: bool,
    checkpoint_every: str | None,
    plots: bool,
    half: bool,
    json: bool,
) -> None:
    """The run, from its data to its folder, which the first process writes; `checkpoints` are those to go on from."""
    from byhand.cli.interrupt import stoppable
    from byhand.diagnosis import Watch
    from byhand.recipes import fitted_to, run_recipe
    from byhand.recipes.folder import MODEL, claimed, metrics, watched, write_run
    from byhand.recipes.unfinished import new_checkpoints

    resume = checkpoints is not None
    dataset = chosen.load()
    chosen = replace(chosen, recipe=fitted_to(chosen.recipe, dataset))
    if not json:
        doing = "Resuming" if resume else "Training"
        print(f"{doing} {chosen.recipe.name} ({chosen.recipe.training}), seed {chosen.seed}.", flush=True)
        if dataset.table:
            print(f"Predicting {dataset.table}.", flush=True)
    watch, name = Watch(), chosen.recipe.name
    with ExitStack() as held:
        claim = claimed(out, name, overwrite=overwrite, resume=resume)
        folder = world.first(lambda: held.enter_context(claim))
        checkpoints = checkpoints or new_checkpoints(folder, checkpoint_every, chosen, plots, half)
        with (
            stoppable(checkpoints, folder, world),
            watched(watch, folder, chosen) if world.rank == 0 else nullcontext(),
        ):
            options: dict[str, Any] = {"callbacks": [watch], "checkpoint": checkpoints, "resume": resume}
            options |= {"shards": chosen.shards, "distributed": world}
            run = run_recipe(chosen.recipe, chosen.seed, dataset=dataset, **options)
            if world.rank > 0:
                return
            write_run(run, folder, chosen, plots, half)
        checkpoints.remove()  # only now that all is written
    if json:
        print_json({"folder": str(folder), "model": str(folder / MODEL)} | metrics(run))
        return
    print_run(run)
    files = f"{MODEL}, config.toml, history.csv, metrics.json, diagnosis.json, network.txt{', plots' * plots}"
    print(f"Written to {folder}: {files}.")
    if names := [problem.name for problem in watch.problems() if problem.severity > 1]:
        print(f"There may be a problem ({', '.join(names)}). Details: byhand diagnose {folder}")


def _configure(
    name: str | None,
    config: Path | None,
    epochs: int | None,
    batch_size: int | None,
    lr: float | None,
    hidden: str | None,
    seed: int | None,
    shards: int | None,
    data: str | None,
    columns: dict[str, Any],
) -> "RunConfig":
    """The recipe or configuration file with the changes of the command line."""
    from byhand.recipes import RECIPES, get_recipe, with_hidden
    from byhand.recipes.config import RunConfig, read_config

    if config and name:
        raise ByhandError("Give either a recipe or --config, not both: a configuration names its recipe.")
    if config:
        chosen = read_config(config, RECIPES)
    else:
        recipe = get_recipe(name or "dense")
        chosen = RunConfig(recipe, recipe.dataset, 0)
    changes: dict[str, Any] = {}
    if epochs is not None:
        changes["epochs"] = epochs
    if batch_size is not None:
        changes["batch_size"] = batch_size or None
    if lr is not None:
        changes["optimizer"] = replace(chosen.recipe.optimizer, learning_rate=lr)  # type: ignore[type-var]
    if hidden is not None:
        changes["layers"] = with_hidden(chosen.recipe.layers, _sizes(hidden))
    return RunConfig(
        replace(chosen.recipe, **changes),
        chosen.data if data is None else absolute(data),
        chosen.seed if seed is None else seed,
        columns or (chosen.columns if data is None else {}),
        chosen.shards if shards is None else shards,
    )


def _columns(label: str | None, impute: bool, ignore: str | None, task: str | None) -> dict[str, Any]:
    """What is said of a table's columns, as `byhand.load` takes it."""
    columns: dict[str, Any] = {"label": label} if label is not None else {}
    if impute:
        columns["impute"] = True
    if ignore:
        columns["ignore"] = [name.strip() for name in ignore.split(",")]
    return columns | ({"task": task} if task else {})


def _sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(part) for part in text.split(","))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise ByhandError(f"--hidden wants sizes such as 256,128; got {text!r}.")
    return sizes
