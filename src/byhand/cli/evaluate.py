"""byhand evaluate."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byhand.cli.app import PATH, app, json_option, model_file
from byhand.cli.output import errors_in_words, percent, print_json, print_scores, print_table
from byhand.core.errors import ByhandError

if TYPE_CHECKING:
    from byhand.data.table import Table
    from byhand.network import Network
    from byhand.training import RegressionEvaluation


@app.command(epilog="Example:  byhand evaluate runs/dense-1 --json")
@click.argument("model", type=PATH, help="A model file or a run folder.")
@click.option("--data", help="Name or path of a data set; that of the run by default.")
@click.option("--label", help="The column of labels in a .csv: its name or number.")
@json_option
def evaluate(model: Path, data: str | None, label: str | None, json: bool) -> None:
    """Evaluate a model on test samples: accuracy, precision, recall, F1, confusion matrix; or errors and R²; times."""
    from byhand import training
    from byhand.exchange.loading import any_network
    from byhand.recipes.run import in_units

    network = any_network(model_file(model))
    found = _table_rows(network.table, data) if network.table and data else _test_samples(model, network, data, label)
    (x, y, *lengths), classes, batches = found
    if x.shape[1:] != network.input_shape and x[0].size == _size(network.input_shape):
        x = x.reshape((-1, *network.input_shape))
    result = in_units(network, training.evaluate(network, x, y, *lengths, **batches))
    if isinstance(result, training.RegressionEvaluation):
        print_errors(model, result, network, json)
        return
    if json:
        record = {"model": str(model), "samples": result.samples, "loss": result.loss, "accuracy": result.accuracy}
        record |= {"seconds_per_image": result.seconds_per_image, "seconds_per_batch": result.seconds_per_batch}
        names = ("precision", "recall", "f1")
        record["macro"] = dict(zip(names, result.scores.macro(), strict=True))
        record["weighted"] = dict(zip(names, result.scores.weighted(), strict=True))
        print_json(record | {"confusion": result.confusion.tolist()})
        return
    print(f"{percent(result.accuracy)} of {result.samples:,} correct, loss {result.loss:.4f}.")
    print_scores(result, classes)
    print_table(
        "Confusion matrix (rows: truth, columns: prediction)",
        ("", *classes),
        [(name, *map(str, row)) for name, row in zip(classes, result.confusion, strict=True)],
    )


def print_errors(model: Path, result: "RegressionEvaluation", network: "Network", json: bool) -> None:
    """The errors of a network that predicts numbers, in the label's unit where it learnt from a table."""
    if not json:
        label = network.table.label.name if network.table else "the target"
        text = errors_in_words(result, label)
        print(f"{text[0].upper()}{text[1:]}.")
        return
    record = {"model": str(model), "samples": result.samples, "loss": result.loss}
    record |= {"mae": result.mae, "rmse": result.rmse, "r2": result.r2}
    record |= {"seconds_per_sample": result.seconds_per_sample, "seconds_per_batch": result.seconds_per_batch}
    print_json(record)


def _table_rows(table: "Table", data: str) -> tuple[tuple[Any, ...], tuple[str, ...], dict[str, Any]]:
    """A file's raw rows, with their label, as the network that learnt from a table takes them."""
    from byhand.data.columns import read_table

    rows = read_table(Path(data))
    return (table.encode(rows), table.encode_label(rows)), table.classes, {}


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size


def _test_samples(
    model: Path, network: "Network", data: str | None, label: str | None = None
) -> tuple[tuple[Any, ...], tuple[str, ...], dict[str, Any]]:
    """The samples to evaluate on: the test split of the run, or the data set that was named; classes; their batches."""
    import numpy as np

    from byhand.data import load
    from byhand.recipes import RECIPES
    from byhand.recipes.base import rows, test_pair
    from byhand.recipes.config import read_config
    from byhand.recipes.folder import CONFIG
    from byhand.recipes.run import in_batches

    config = model.parent / CONFIG if model.is_file() else model / CONFIG
    if data is None and config.exists():
        chosen = read_config(config, RECIPES)
        dataset = chosen.load()
        split = chosen.recipe.prepare(dataset, np.random.default_rng(chosen.seed))
        return split.test or split.validation or split.train, dataset.classes, in_batches(chosen.recipe)
    dataset = load(data or "mnist", label=label)
    if dataset.vocabulary != network.vocabulary:
        raise ByhandError(
            f"{dataset.name} numbers other characters or words than the network learnt; use byhand predict."
        )
    return test_pair(dataset) or rows(dataset, slice(None)), dataset.classes, {}
