"""Perspective against matrices worked out by hand, and pictures moved by whole pixels."""

import numpy as np
import pytest

from byhand.forms.perspective import (
    fit_most,
    fit_perspective,
    is_plausible,
    moving,
    project,
    scaling,
    turning,
    warped,
)

M = np.array([[1.1, 0.05, 12.0], [-0.04, 0.9, 7.0], [2e-4, -1e-4, 1.0]])
SQUARE = np.array([[0, 0], [100, 0], [100, 80], [0, 80]], float)


def test_points_by_hand():
    x, y = 30.0, 50.0
    depth = 2e-4 * x - 1e-4 * y + 1
    by_hand = [(1.1 * x + 0.05 * y + 12) / depth, (-0.04 * x + 0.9 * y + 7) / depth]
    assert np.allclose(project(M, np.array([[x, y]]))[0], by_hand)
    assert np.allclose(project(turning(np.pi / 2, 10, 10), np.array([[20.0, 10.0]])), [[10, 20]])
    assert np.allclose(project(moving(3, 4) @ scaling(2), np.array([[1.0, 1.0]])), [[5, 6]])


def test_four_corners_give_the_matrix_back():
    found = fit_perspective(SQUARE, project(M, SQUARE), np.ones(4))
    assert np.allclose(found, M, atol=1e-9)


def test_most_points_win_over_those_that_are_wrong():
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 300, (60, 2))
    targets = project(M, points) + rng.normal(0, 0.2, (60, 2))
    targets[:12] += rng.uniform(15, 40, (12, 2))
    matrix, away = fit_most(points, targets, np.ones(60))
    assert np.abs(project(matrix, SQUARE) - project(M, SQUARE)).max() < 0.5
    assert away[:12].min() > 10 and away[12:].max() < 1


def test_a_picture_moves_by_whole_pixels_and_shrinks_to_means():
    image = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    moved = warped(image, moving(4, 3), (26, 17))
    assert (moved == image[3:, 4:]).all()
    halves = warped(image, scaling(2), (15, 10))
    means = image.reshape(10, 2, 15, 2).mean(axis=(1, 3))
    assert np.abs(halves - means).max() <= 1


@pytest.mark.parametrize("matrix", [np.diag([-1.0, 1, 1]), np.diag([1.0, 0.1, 1]), np.full((3, 3), np.nan)])
def test_no_sheet_looks_mirrored_or_like_a_sliver(matrix):
    assert is_plausible(M, (100, 80))
    assert not is_plausible(matrix, (100, 80))
