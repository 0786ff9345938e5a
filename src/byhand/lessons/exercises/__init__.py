"""Exercises with fresh numbers, by the names of their lessons."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from byhand.core.errors import ByhandError
from byhand.lessons.exercises.attention import ask_attention
from byhand.lessons.exercises.curve import ask_predictions
from byhand.lessons.exercises.forgetting import ask_forgetting
from byhand.lessons.exercises.gradient_penalty import ask_gradient_penalty
from byhand.lessons.exercises.images import ABOUT_IMAGES
from byhand.lessons.exercises.learning_rate import ask_rate
from byhand.lessons.exercises.networks import ABOUT_NETWORKS
from byhand.lessons.exercises.neurons import ABOUT_NEURONS
from byhand.lessons.exercises.output_coding import ask_bits
from byhand.lessons.exercises.perceptron_xor import ask_one_line
from byhand.lessons.exercises.recurrence import ask_recurrence
from byhand.lessons.exercises.spam_sigmoid import ask_how_sure
from byhand.lessons.exercises.spam_threshold import ask_evidence
from byhand.lessons.exercises.training import ABOUT_TRAINING
from byhand.lessons.exercises.transfer import ask_transfer
from byhand.lessons.exercises.xor_network import ask_hidden_layer
from byhand.lessons.exercises.zero_initialisation import ask_from_zero
from byhand.lessons.question import Question

Exercise = Callable[[np.random.Generator], Sequence[Question]]

EXERCISES: Mapping[str, Exercise] = {
    **ABOUT_NEURONS,
    **ABOUT_NETWORKS,
    **ABOUT_TRAINING,
    **ABOUT_IMAGES,
    "spam-threshold": ask_evidence,
    "spam-sigmoid": ask_how_sure,
    "perceptron-xor": ask_one_line,
    "xor-network": ask_hidden_layer,
    "zero-initialisation": ask_from_zero,
    "learning-rate": ask_rate,
    "transfer": ask_transfer,
    "curve": ask_predictions,
    "ten-or-four-outputs": ask_bits,
    "recurrence": ask_recurrence,
    "forgetting": ask_forgetting,
    "attention": ask_attention,
    "gradient-penalty": ask_gradient_penalty,
}


def questions_of(name: str, seed: int) -> list[Question]:
    """The questions of a lesson with the numbers that belong to a seed.

    Raises:
        ByhandError: the lesson has no exercise.
    """
    if name not in EXERCISES:
        raise ByhandError(f"The lesson {name!r} has no exercise; these have: {', '.join(EXERCISES)}.")
    return list(EXERCISES[name](np.random.default_rng(seed)))
