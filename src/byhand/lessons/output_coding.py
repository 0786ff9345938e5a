"""Ten outputs or four? And a network with a single one that knows a nine when it sees it."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.layers import Dense, Sigmoid
from byhand.lessons import draw
from byhand.lessons.base import NIELSEN, Board, Lesson, taught
from byhand.lessons.mnist import draw_seed, load_digits, sigmoid_network, train_network
from byhand.losses import QuadraticCost
from byhand.metrics import confusion_matrix, scores
from byhand.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EPOCHS, RATE = 3, 3.0
PLACES = np.array([8, 4, 2, 1])
BITS = (np.arange(10)[:, np.newaxis] & PLACES > 0).astype(float)  # (10, 4): row d is the digit d in binary


def converter() -> Network:
    """Ten outputs to four bits, weights by hand: +10 from each digit that has the bit, −10 from the others."""
    network = Network(10, [Dense(4), Sigmoid()], QuadraticCost(), rng=None)
    network.p[0].W[...] = 20 * BITS - 10
    return network


def teach_outputs(board: Board, rng: np.random.Generator) -> None:
    """The same network with ten outputs and with four, and a layer that turns ten into four."""
    train_digits, _, test = load_digits()
    seed = draw_seed(rng)
    board.say("""Four outputs could name ten digits, in binary: 9 is 1001. Why do networks have ten? Nielsen's argument:
        an output that stands for "this is a six" can weigh evidence for pieces of a six. An output for the first
        bit would have to find what eights and nines share and no other digit has, and digits' shapes know nothing
        of binary. Let us see: 784-30-10 and 784-30-4, sigmoids, quadratic cost, η = 3, mini-batches of 10, on 50,000
        training digits.""")
    ten, four = sigmoid_network(10, seed), sigmoid_network(4, seed)
    train_network(ten, train_digits.x, train_digits.y, EPOCHS, RATE, seed)
    train_network(four, train_digits.x, BITS[train_digits.y], EPOCHS, RATE, seed)

    activations = ten.predict_proba(test.x)  # (n, 10)
    right_ten = np.argmax(activations, axis=1) == test.y
    bits = four.predict_proba(test.x) >= 0.5  # (n, 4)
    number = bits @ PLACES  # (n, 4)(4,) → (n,): 0 to 15
    right_four = number == test.y
    board.table(
        ["outputs", "right, of 10,000 test digits", "parameters"],
        [["10, the largest wins", int(right_ten.sum()), ten.size], ["4 bits", int(right_four.sum()), four.size]],
    )
    board.say(f"""The four bits one by one, from eights down to ones; all four must be right at once.
        {np.sum(number > 9)} times they name no digit at all (10 to 15).""")
    by_bit = np.mean(bits == BITS[test.y], axis=0)
    board.table(
        ["bit", "on in", "right"],
        [[str(place), " ".join(map(str, np.flatnonzero(BITS[:, i]))), by_bit[i]] for i, place in enumerate(PLACES)],
    )
    board.check("10 outputs: share right", right_ten.mean(), 0.945, 0.02)
    board.check("4 outputs: share right", right_four.mean(), 0.92, 0.03)
    board.check("ten are right more often", bool(right_ten.mean() > right_four.mean()), True)

    convert(board, activations, test.y, right_ten)
    board.keep(truth=test.y, right_ten=right_ten, right_four=right_four)


def convert(board: Board, activations: Array, y: Array, right_ten: Array) -> None:
    """Nielsen's exercise: one more layer, weights by hand, from ten outputs to four bits."""
    layer = converter()
    board.say("""If bits are wanted, put one more layer behind the ten, with weights set by hand: bit i listens with
        weight +10 to every digit that has it, and with −10 to all others; no bias.""")
    board.table(
        ["bit", *map(str, range(10))],
        [[str(place), *map(int, layer.p[0].W[:, i])] for i, place in enumerate(PLACES)],
    )
    ideal = np.full((10, 10), 0.01)
    np.fill_diagonal(ideal, 0.99)
    forty = np.all((layer.predict_proba(ideal) >= 0.5) == BITS)
    board.check("0.99 for the digit, 0.01 for the others: all forty bits right", bool(forty), True)
    is_true = np.eye(10)[y].astype(bool)
    sure = np.all(np.where(is_true, activations >= 0.9, activations <= 0.1), axis=1)
    right_bits = np.all((layer.predict_proba(activations) >= 0.5) == BITS[y], axis=1)
    board.say(f"""Behind the trained ten: wherever they are right without a doubt (at least 0.9 for the digit and at
        most 0.1 for each other one; {sure.sum():,} of {len(y):,} test digits) all four bits are right. It must be so:
        at worst eight others pull the other way, and 0.9 − 8 · 0.1 is above zero. Where the largest of the ten is
        right but others are up as well, a bit can tip.""")
    board.check("bits right where the ten are right without a doubt", int(right_bits[sure].sum()), int(sure.sum()))
    board.check("bits right where the largest of the ten is right", right_bits[right_ten].mean(), 0.995, 0.01)
    board.check("four bits behind ten: share right", right_bits.mean(), 0.94, 0.02)


def draw_outputs(board: Board | None = None) -> "Figure":
    """Errors of both codings, digit by digit."""
    kept = (board or taught(teach_outputs)).kept
    figure, (ax,) = draw.side_by_side(["Misread test digits: ten outputs against four bits"], width=7.5, height=3.8)
    places = np.arange(10)
    for offset, right, label, colour in (
        (-0.2, kept["right_ten"], "ten outputs", draw.BLUE),
        (0.2, kept["right_four"], "four bits", draw.ORANGE),
    ):
        wrong = [100 * np.mean(~right[kept["truth"] == digit]) for digit in places]
        ax.bar(places + offset, wrong, 0.38, color=colour, label=f"{label}: {100 * np.mean(~right):.1f} % wrong")
    ax.set(xticks=places, xlabel="digit and its bits", ylabel="% wrong")
    ax.set_xticklabels([f"{digit}\n{digit:04b}" for digit in places])
    ax.legend(frameon=False)
    return figure


def teach_nine(board: Board, rng: np.random.Generator) -> None:
    """784-30-1: is it a nine?"""
    train_digits, _, test = load_digits()
    seed = draw_seed(rng)
    board.say("""The simplest question: is this a nine or not? One output, above ½ means yes. 784-30-1, sigmoids,
        quadratic cost, η = 3, mini-batches of 10, 50,000 training digits.""")
    network = sigmoid_network(1, seed)
    train_network(network, train_digits.x, (train_digits.y == 9).astype(int), EPOCHS, RATE, seed)
    truth, answer = (test.y == 9).astype(int), network.predict(test.x)
    table = confusion_matrix(truth, answer, 2)
    board.table(
        ["", "says no", "says nine"],
        [["is none", *map(int, table[0])], ["is a nine", *map(int, table[1])]],
    )
    board.say(f"""Beware of accuracy here: {np.sum(truth == 0):,} of the 10,000 test digits are not nines, so whoever
        always says no is right nine times in ten and has found nothing. Precision: of those it called nines, how many
        are? Recall: of the nines, how many did it find?""")
    nine, never = scores(table), scores(confusion_matrix(truth, np.zeros_like(truth), 2))
    accuracy = float(np.mean(answer == truth))
    board.table(
        ["", "accuracy", "precision", "recall", "F1"],
        [
            ["always no", float(np.mean(truth == 0)), never.precision[1], never.recall[1], never.f1[1]],
            ["the network", accuracy, nine.precision[1], nine.recall[1], nine.f1[1]],
        ],
    )
    board.check("always no: accuracy", np.mean(truth == 0), 0.8991)
    board.check("always no: recall", never.recall[1], 0.0)
    board.check("network: accuracy", accuracy, 0.987, 0.006)
    board.check("network: precision", nine.precision[1], 0.94, 0.06)
    board.check("network: recall", nine.recall[1], 0.92, 0.08)
    right, found, called = table[1, 1], table[1].sum(), table[:, 1].sum()
    board.check("recall, counted", right / found, nine.recall[1], 1e-12)
    board.check("precision, counted", right / called, nine.precision[1], 1e-12)


LESSONS = [
    Lesson(
        name="ten-or-four-outputs",
        title="Ten outputs against four binary ones, and a layer between them",
        source=NIELSEN,
        teach=teach_outputs,
        picture=draw_outputs,
        needs="mnist",
        requires=("layer-as-matrix", "sigmoid-table"),
        minutes=30,
    ),
    Lesson(
        name="nine-detector",
        title="One output: is it a nine? And why accuracy misleads",
        source=NIELSEN,
        teach=teach_nine,
        needs="mnist",
        requires=("two-two-one-log-loss",),
        minutes=25,
    ),
]
