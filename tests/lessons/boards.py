"""Lessons, each run once for all tests."""

import functools
from math import exp

import pytest

from byhand.data.fetch import is_cached
from byhand.lessons import Board, lessons, run_lesson

LESSONS = lessons()


@functools.cache
def board_of(name: str) -> Board:
    needs = LESSONS[name].needs
    if needs and not is_cached(needs):
        pytest.skip(f"{needs} is not in the cache; fetch it with: byhand data fetch {needs}")
    return run_lesson(name)


def checked(name: str) -> dict[str, object]:
    """A lesson's checked numbers by their names."""
    return {entry["name"]: entry["value"] for entry in board_of(name).records() if entry["kind"] == "check"}


def rows(name: str, table: int = 0) -> list[list[object]]:
    return [entry for entry in board_of(name).records() if entry["kind"] == "table"][table]["rows"]


def sigma(z: float) -> float:
    return 1 / (1 + exp(-z))
