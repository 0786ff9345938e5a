"""Compare regression with scikit-learn: the same rows, the same networks.

    python -m bench.accuracy.regression --seeds 10 --out docs

The recipes `curve` and `diabetes` are trained by byhand, and networks of the same layers by scikit-learn's
MLPRegressor, with Adam, the same learning rate, batch size, number of epochs and L2 penalty, and for `diabetes` with
early stopping by a tenth of the rows. Both get the standardised columns and targets of `byhand.load`, and predict the
same test rows. Errors are in the unit of the label, mean ± standard deviation over the seeds. Least squares fits a line
(for `diabetes` a plane). In `curve` byhand's learning rate follows a cosine; MLPRegressor's is constant. On `diabetes`
nothing is gained by a network: what the ten measurements tell is nearly linear. This page is written by the command.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor

from byhand.core.files import write_atomically
from byhand.data import load
from byhand.metrics import Errors, regression_errors
from byhand.recipes import get_recipe, run_recipe

PEERS = {
    "curve": {
        "hidden_layer_sizes": (30, 30),
        "activation": "tanh",
        "learning_rate_init": 0.01,
        "alpha": 0.0,
        "batch_size": 32,
        "max_iter": 200,
        "n_iter_no_change": 200,
    },
    "diabetes": {
        "hidden_layer_sizes": (32,),
        "learning_rate_init": 0.001,
        "alpha": 1.6,  # = 0.1 · 32 / 2: its penalty is divided by the batch size, its loss is half of MSE
        "batch_size": 32,
        "max_iter": 200,
        "early_stopping": True,
        "n_iter_no_change": 20,
    },
}


def byhand_errors(name: str, seed: int) -> Errors:
    """The recipe's, on its test rows."""
    test = run_recipe(get_recipe(name), seed, progress=False).outcome.test
    return test.errors


def peer_errors(name: str, seed: int, make: Callable) -> Errors:
    """The same of a scikit-learn estimator on the same rows."""
    data = load(name)
    estimator = make(seed).fit(data.x_train.astype(float), data.y_train.astype(float))
    predicted = estimator.predict(data.x_test.astype(float))
    return regression_errors(data.y_test, predicted).scaled(data.table.label.spread)


def row(name: str, errors: list[Errors]) -> str:
    """One line of the table: mean ± standard deviation of each figure."""
    cells = [[getattr(e, figure) for e in errors] for figure in ("mae", "rmse", "r2")]
    spreads = [f" ± {stdev(cell):.2g}" if len(cell) > 1 and stdev(cell) else "" for cell in cells]
    return f"| {name} | " + " | ".join(f"{mean(c):.4g}{s}" for c, s in zip(cells, spreads, strict=True)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    text = "# Regression\n\n" + (__doc__ or "").replace("    python", "`python").replace("--out docs", "--out docs`", 1)
    for name, parameters in PEERS.items():
        data = load(name)
        text += f"\n## `{name}`: {len(data.x_train)} rows to learn from, {len(data.x_test)} to test with\n\n"
        text += "| | mean absolute error | root mean squared error | R² |\n|---|---|---|---|\n"
        seeds = range(options.seeds)
        text += row("byhand", [byhand_errors(name, seed) for seed in seeds]) + "\n"
        mlp = [peer_errors(name, s, lambda s: MLPRegressor(random_state=s, **parameters)) for s in seeds]  # noqa: B023
        text += row("scikit-learn, MLPRegressor", mlp) + "\n"
        text += row("least squares", [peer_errors(name, 0, lambda _: LinearRegression())]) + "\n"
    if options.out:
        write_atomically(options.out / "regression.md", text.encode())
    else:
        print(text)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
