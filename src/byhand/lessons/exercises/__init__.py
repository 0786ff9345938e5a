"""Exercises with fresh numbers, by the names of their lessons."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from byhand.core.errors import ByhandError
from byhand.lessons.exercises.images import ABOUT_IMAGES
from byhand.lessons.exercises.networks import ABOUT_NETWORKS
from byhand.lessons.exercises.neurons import ABOUT_NEURONS
from byhand.lessons.exercises.training import ABOUT_TRAINING
from byhand.lessons.question import Question

Exercise = Callable[[np.random.Generator], Sequence[Question]]

EXERCISES: Mapping[str, Exercise] = {**ABOUT_NEURONS, **ABOUT_NETWORKS, **ABOUT_TRAINING, **ABOUT_IMAGES}


def questions_of(name: str, seed: int) -> list[Question]:
    """The questions of a lesson with the numbers that belong to a seed.

    Raises:
        ByhandError: the lesson has no exercise.
    """
    if name not in EXERCISES:
        raise ByhandError(f"The lesson {name!r} has no exercise; these have: {', '.join(EXERCISES)}.")
    return list(EXERCISES[name](np.random.default_rng(seed)))
