"""Worked examples; each checks the numbers that it shows."""

from byhand.core.checks import did_you_mean
from byhand.core.errors import ByhandError
from byhand.lessons import (
    activation_functions,
    arithmetic,
    attention,
    by_hand_221,
    convolution,
    derivative,
    drawing,
    forgetting,
    gradient_checking,
    initialization,
    layer_as_matrix,
    learning_rate,
    loss,
    mini_batches,
    momentum_and_adam,
    output_coding,
    perceptron,
    perceptron_rule,
    recurrence,
    regression,
    regularisation,
    softmax_cross_entropy,
    spam,
    transfer,
    xor_network,
)
from byhand.lessons.base import Board, Lesson, LessonFailed, taught

__all__ = ["CHAPTERS", "Board", "Lesson", "LessonFailed", "lesson_called", "lessons", "run_lesson"]

FAMILIES = (
    perceptron,
    spam,
    perceptron_rule,
    xor_network,
    activation_functions,
    loss,
    derivative,
    arithmetic,
    by_hand_221,
    gradient_checking,
    layer_as_matrix,
    softmax_cross_entropy,
    initialization,
    mini_batches,
    learning_rate,
    momentum_and_adam,
    regularisation,
    transfer,
    output_coding,
    regression,
    convolution,
    recurrence,
    forgetting,
    attention,
    drawing,
)

CHAPTERS = {  # the path: each lesson after those that it requires
    "A neuron": (
        "perceptron-gates", "spam-threshold", "perceptron-rule", "perceptron-xor", "sigmoid-table", "spam-sigmoid",
    ),
    "Loss and derivative": (
        "loss", "mean-squared-error", "derivative", "weight-updates", "chain-rule", "activation-functions",
    ),
    "A network": (
        "two-two-one-mse", "two-two-one-log-loss", "gradient-checking", "layer-as-matrix", "parameter-counts",
        "xor-network", "softmax-cross-entropy",
    ),
    "Training": (
        "normalisation", "zero-initialisation", "mini-batches", "learning-rate", "momentum", "adam", "regularisation",
        "transfer",
    ),
    "What a network is for": ("curve", "ten-or-four-outputs", "nine-detector"),
    "Images and sequences": ("convolution", "recurrence", "forgetting", "attention"),
    "Networks that draw": ("transposed-convolution", "two-adversaries", "gradient-penalty", "latent-number"),
}  # fmt: skip


def lessons() -> dict[str, Lesson]:
    """All lessons by name, in teaching order."""
    known = {lesson.name: lesson for family in FAMILIES for lesson in family.LESSONS}
    path = [name for chapter in CHAPTERS.values() for name in chapter if name in known]
    return {name: known[name] for name in [*path, *(name for name in known if name not in path)]}


def lesson_called(name: str) -> Lesson:
    """The lesson of that name.

    Raises:
        ByhandError: there is none.
    """
    known = lessons()
    if name not in known:
        raise ByhandError(f"There is no lesson called {name!r}; {did_you_mean(name, known)}")
    return known[name]


def run_lesson(name: str, seed: int = 0) -> Board:
    """Run one lesson on a new board; `seed` seeds its random numbers.

    Raises:
        ByhandError: there is no such lesson, or its data cannot be had.
        LessonFailed: one of its numbers does not hold.
    """
    return taught(lesson_called(name).teach, seed)
