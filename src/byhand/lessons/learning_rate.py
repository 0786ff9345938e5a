"""A learning rate that is too low, one that is right and one that is too high, on the published network."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.lessons import draw
from byhand.lessons.base import NIELSEN, Board, Lesson, taught
from byhand.lessons.mnist import Curve, draw_seed, load_digits, published_network, train_network
from byhand.network import Network
from byhand.training import Callback, History, Training

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EPOCHS, FASTER, MANY = 3, 0.3, 15


class UntilNinety(Callback):
    """Ends the training when nine of ten validation digits are right."""

    def on_epoch(self, training: Training) -> None:
        """Look at the epoch's figure."""
        training.stop = training.history.last["val_accuracy"] >= 0.9


def teach_rates(board: Board, rng: np.random.Generator) -> None:
    """η = 0.001, 3 and 100 from the same start through the same batches."""
    data, validation, _ = load_digits()
    seed = draw_seed(rng)

    def run(rate: float, epochs: int, *callbacks: Callback) -> tuple[Network, History]:
        network = published_network(seed)  # each time from the same start
        validate = (validation.x, validation.y)
        return network, train_network(
            network, data.x, data.y, epochs, rate, seed, validation=validate, callbacks=callbacks
        )

    board.say(f"""The published network [784, 30, 10] with sigmoids and quadratic cost, mini-batches of 10, weights and
        biases from N(0, 1), on all 50,000 training digits for {EPOCHS} epochs (published: 30). A learning rate is a
        choice, so we judge by the 10,000 validation digits and leave the test digits alone. Only η differs: the
        start and the batches are the same.""")
    board.equation("θ ← θ − η ∂L/∂θ")
    names = {0.001: "too low", 3.0: "right", 100.0: "too high"}
    curves, accuracy, loss, slope = {}, {}, {}, {}
    for rate in names:
        curves[rate] = Curve()
        network, history = run(rate, EPOCHS, curves[rate])
        a = network.predict_proba(validation.x)
        slope[rate] = float(np.mean(a * (1 - a)))
        accuracy[rate], loss[rate] = history["val_accuracy"], history["val_loss"]
    board.table(
        ["η", "", *(f"epoch {i + 1}" for i in range(EPOCHS)), "loss at the end"],
        [[f"{rate:g}", word, *accuracy[rate], loss[rate][-1]] for rate, word in names.items()],
    )
    board.say("""Published for η = 3: 90.33 % after the first epoch (of the test digits). Some starts, about one in
        eight, leave one digit unread for an epoch or more, which costs nine points. Guessing gets 10 %.""")
    board.check("η = 3: after the first epoch", accuracy[3.0][0], 0.9033, 0.12)
    board.check("η = 3: at the end", accuracy[3.0][-1], 0.93, 0.12)
    board.check("η = 100: no better than chance", accuracy[100.0][-1], 0.1, 0.05)
    board.check("η = 0.001: hardly started", bool(accuracy[0.001][-1] < 0.5), True)

    board.say("""Too high: the first steps throw the weights so far that the output sigmoids sit at 0 or 1, where
        their slope a (1 − a) is nothing; from there no gradient leads back, and the loss stays where it is.""")
    board.check("η = 3: mean slope of the outputs", slope[3.0], 0.01, 0.009)
    board.check("η = 100: mean slope of the outputs", slope[100.0], 0.0, 1e-4)
    board.say("""Too low: everything goes well, but slowly. How slowly? As long as steps are small, what counts is
        η times their number. So one epoch with three times the rate should arrive where three epochs arrive:""")
    _, one = run(0.003, 1)
    board.table(
        ["η × epochs", "validation loss", "accuracy"],
        [
            ["0.001 × 3", loss[0.001][-1], accuracy[0.001][-1]],
            ["0.003 × 1", one["val_loss"][-1], one["val_accuracy"][-1]],
        ],
    )
    board.check("the same loss, to within 5 %", one["val_loss"][-1] / loss[0.001][-1], 1.0, 0.05)

    _, faster = run(FASTER, MANY, UntilNinety())
    reached = faster.last["val_accuracy"]
    slow = round(FASTER / 0.001) * faster.epochs
    board.say(f"""One epoch of η = {FASTER:g} is then worth {FASTER / 0.001:.0f} of 0.001. It took
        {faster.epochs} epochs to {100 * reached:.1f} %, so 0.001 would take about {slow:,}. The write-up says
        "hundreds of epochs to 90 %", which is right; if anything it takes more.""")
    board.check("epochs of η = 0.001 to 90 %: at least hundreds", bool(slow >= 300), True)
    board.keep(curves={f"η = {rate:g}, {word}": curves[rate] for rate, word in names.items()})


def draw_rates(board: Board | None = None) -> "Figure":
    """The training loss of the three learning rates, step by step."""
    curves = (board or taught(teach_rates)).kept["curves"]
    figure, (ax,) = draw.side_by_side(["One network, three learning rates"], width=6.5, height=4)
    for (label, curve), colour in zip(curves.items(), (draw.GREEN, draw.BLUE, draw.ORANGE), strict=True):
        ax.plot(curve.steps, curve.losses, color=colour, label=label)
    ax.set(xlabel="step (5,000 are an epoch)", ylabel="loss of the batches, mean of 250", yscale="log")
    ax.legend(frameon=False)
    return figure


LESSONS = [
    Lesson(
        name="learning-rate",
        title="Learning rate too low, right and too high, on real digits",
        source=NIELSEN,
        teach=teach_rates,
        picture=draw_rates,
        needs="mnist",
        requires=("weight-updates", "mini-batches"),
        minutes=25,
    ),
]
