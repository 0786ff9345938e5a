"""Predicting a number: a curve through noisy points, how good it is, and why targets are standardised."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.data.curve import CURVE_NOISE, sine_with_noise
from byhand.initializers import Glorot
from byhand.layers import Dense, Layer, Tanh
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson, taught
from byhand.losses import MSE
from byhand.metrics import regression_errors
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.schedules import CosineAnnealing
from byhand.training import evaluate, fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAIN_POINTS, EPOCHS_OF_CURVE = 400, 150
UNIT = 100_000  # of targets such as prices


def train_on_points(layers: list[Layer], x: Array, t: Array, seed: int) -> Network:
    """A network of one input and one output, trained on x (n, 1) and t (n,)."""
    network = Network(1, layers, MSE(), rng=seed)
    fit(
        network, x, t,
        epochs=EPOCHS_OF_CURVE, batch_size=32, optimizer=Adam(CosineAnnealing(0.01)), rng=seed, progress=False,
    )  # fmt: skip
    return network


def wide() -> list[Layer]:
    """Two hidden layers of thirty units, and an output that is a number as it is."""
    return [Dense(30, Glorot()), Tanh(), Dense(30, Glorot()), Tanh(), Dense(1)]


def teach_curve(board: Board, rng: np.random.Generator) -> None:
    """A line, a curve, the errors by hand, and targets in another unit."""
    columns, seed = sine_with_noise(), int(rng.integers(2**31))
    x, t = columns["x"][:, np.newaxis], columns["y"]
    learn, test = slice(TRAIN_POINTS), slice(TRAIN_POINTS, None)
    board.say(f"""To predict a number rather than a class, the last layer has one unit and no activation, and
        the loss is the mean squared error. Our data are {len(t)} points of a sine with noise of standard
        deviation {CURVE_NOISE}; the network learns from {TRAIN_POINTS} of them.""")
    board.equation("""
        t = sin x + noise
        L = (1/n) Σᵢ (yᵢ − tᵢ)²
    """)
    line = train_on_points([Dense(1)], x[learn], t[learn], seed)
    slope, intercept = np.polyfit(x[learn, 0], t[learn], 1)
    board.say("""Without a hidden layer the network is a straight line, y = w x + b. The method of least squares
        finds the best one directly; gradient descent arrives at the same line.""")
    board.check("w, and by least squares", float(line.p[0].W[0, 0]), float(slope), 0.03)
    board.check("b, and by least squares", float(line.p[0].b[0]), float(intercept), 0.03)

    curve = train_on_points(wide(), x[learn], t[learn], seed)
    board.say("""With two hidden layers of thirty tanh units it bends. Three figures say how good a prediction
        is: the mean absolute error (MAE), the root mean squared error (RMSE), both in the unit of t, and R², the
        share of the variance of t that is explained: 1 for a perfect prediction, 0 for always predicting the
        mean.""")
    board.equation("R² = 1 − Σᵢ (yᵢ − tᵢ)² / Σᵢ (tᵢ − t̄)²")
    results = {name: evaluate(n, x[test], t[test]) for name, n in (("line", line), ("curve", curve))}
    board.table(["test points", "MAE", "RMSE", "R²"], [[name, r.mae, r.rmse, r.r2] for name, r in results.items()])
    y, truth = curve.predict_proba(x[test])[:, 0], t[test]
    by_hand = 1 - np.square(y - truth).sum() / np.square(truth - truth.mean()).sum()
    board.check("R² of the curve by its equation", float(by_hand), results["curve"].r2, 1e-5)
    board.say("""No prediction can be better than the noise: of what is added to the sine nothing can be known.
        The curve's error comes close to that.""")
    board.check("RMSE of the curve: the noise", results["curve"].rmse, CURVE_NOISE, 0.025)

    board.say(f"""Now the same points in another unit, as prices would be: t' = {UNIT:,} t + {2 * UNIT:,}. The
        network starts with outputs of about 1, and a step of Adam changes a weight by about the learning rate, so
        it never gets there. With standardised targets, t' less their mean over their standard deviation,
        everything is as before; the prediction times the standard deviation plus the mean is in the old unit
        again.""")
    price = UNIT * t + 2 * UNIT
    raw = train_on_points(wide(), x[learn], price[learn], seed)
    mean, spread = price[learn].mean(), price[learn].std()
    scaled = train_on_points(wide(), x[learn], (price[learn] - mean) / spread, seed)
    predictions = {
        "as they are": raw.predict_proba(x[test])[:, 0],
        "standardised": scaled.predict_proba(x[test])[:, 0] * spread + mean,
    }
    errors = {name: regression_errors(price[test], y) for name, y in predictions.items()}
    board.table(["targets", "MAE", "R²"], [[name, e.mae, e.r2] for name, e in errors.items()])
    board.check("targets as they are: nothing learnt", bool(errors["as they are"].r2 < 0.1), True)
    board.check("standardised: R² as before", errors["standardised"].r2, results["curve"].r2, 0.02)
    board.say("""`byhand train --data prices.csv --label price` does this for a table of your own, keeps means
        and standard deviations in the model's file, and predicts in the unit of the table.""")
    board.keep(x=x, t=t, line=line, curve=curve)


def draw_curve(board: Board | None = None) -> "Figure":
    """The points, the line and the curve."""
    kept = (board or taught(teach_curve)).kept
    figure, (ax,) = draw.side_by_side(["A line and a curve through the same points"], width=6.5, height=4)
    ax.scatter(kept["x"][:, 0], kept["t"], s=6, color=draw.GREY, label="points")
    grid = np.linspace(-np.pi, np.pi, 200)[:, np.newaxis]
    for name, colour in (("line", draw.ORANGE), ("curve", draw.BLUE)):
        label = "no hidden layer" if name == "line" else "two hidden layers"
        ax.plot(grid[:, 0], kept[name].predict_proba(grid)[:, 0], color=colour, linewidth=2, label=label)
    ax.set(xlabel="x", ylabel="y")
    ax.legend(frameon=False)
    return figure


LESSONS = [
    Lesson(
        name="curve",
        title="Predicting a number: a curve through noisy points",
        source="the classic example; the numbers are ours",
        teach=teach_curve,
        picture=draw_curve,
        requires=("mini-batches", "adam"),
        minutes=20,
    ),
]
