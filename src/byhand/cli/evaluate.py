"""byhand evaluate."""

from pathlib import Path
from typing import Annotated, Any

import typer

from byhand.cli.app import Json, app, model_file
from byhand.cli.output import percent, print_json, print_scores, print_table


@app.command(epilog="Example:  byhand evaluate runs/dense-1 --json")
def evaluate(
    model: Annotated[Path, typer.Argument(help="A model file or a run folder.")],
    data: Annotated[str | None, typer.Option(help="Name or path of a data set; that of the run by default.")] = None,
    json: Json = False,
) -> None:
    """Evaluate a model on test samples: loss, accuracy, precision, recall, F1, confusion matrix, times."""
    from byhand import training
    from byhand.network import Network

    network = Network.load(model_file(model))
    x, y, classes = _test_samples(model, data)
    if x.shape[1:] != network.input_shape and x[0].size == _size(network.input_shape):
        x = x.reshape((-1, *network.input_shape))
    result = training.evaluate(network, x, y)
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


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size


def _test_samples(model: Path, data: str | None) -> tuple[Any, Any, tuple[str, ...]]:
    """The samples to evaluate on: the test split of the run, or the data set that was named."""
    import numpy as np

    from byhand.data import load
    from byhand.recipes import RECIPES
    from byhand.recipes.config import read_config
    from byhand.recipes.folder import CONFIG

    config = model.parent / CONFIG if model.is_file() else model / CONFIG
    if data is None and config.exists():
        chosen = read_config(config, RECIPES)
        dataset = load(chosen.data)
        split = chosen.recipe.prepare(dataset, np.random.default_rng(chosen.seed))
        x, y = split.test or split.validation or split.train
        return x, y, dataset.classes
    dataset = load(data or "mnist")
    if dataset.x_test is None or dataset.y_test is None:
        return dataset.x_train, dataset.y_train, dataset.classes
    return dataset.x_test, dataset.y_test, dataset.classes
