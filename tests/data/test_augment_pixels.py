"""What changes pixels in place, and mixup."""

import numpy as np
import pytest
from scipy import ndimage

from byhand.data.augment import Augment, Erase, Mixup, Noise, Thickness


def run(images, *steps, seed=0, **options):
    return Augment(steps)(images, np.random.default_rng(seed), **options)


@pytest.mark.parametrize("fraction", [1.0, 0.3, -0.3, -1.0])
def test_thickness_goes_a_fraction_of_the_way_to_dilation_or_erosion(fraction):
    images = np.random.default_rng(1).random((4, 7, 9))
    morphology = ndimage.grey_dilation if fraction > 0 else ndimage.grey_erosion
    goal = np.stack([morphology(image, size=(3, 3), mode="nearest") for image in images])
    expected = images + abs(fraction) * (goal - images)
    np.testing.assert_allclose(run(images, Thickness((fraction, fraction))), expected, atol=1e-12)


def test_thickness_draws_for_each_image():
    images = np.zeros((300, 9, 9), np.float32)
    images[:, 4, 2:7] = 1
    ink = run(images, Thickness(0.5)).sum(axis=(1, 2))  # of a line of 5: from half of it, to itself + ½ (3 · 7 − 5)
    assert 2.5 <= ink.min() < 2.7 and 12.5 < ink.max() <= 13
    assert np.mean(ink < 5) == pytest.approx(0.5, abs=0.1)


def test_noise_has_its_standard_deviation_and_is_independent_from_pixel_to_pixel():
    added = run(np.full((200, 20, 20), 0.5), Noise(0.1)) - 0.5
    assert added.std() == pytest.approx(0.1, rel=0.02) and abs(added.mean()) < 0.002
    assert abs(np.corrcoef(added[:, :, 1:].ravel(), added[:, :, :-1].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(added[1:].ravel(), added[:-1].ravel())[0, 1]) < 0.02


def test_noise_is_cut_at_paper_and_full_ink():
    dark = run(np.ones((50, 20, 20), np.float32), Noise(0.2))
    assert dark.max() == 1 and np.mean(dark == 1) == pytest.approx(0.5, abs=0.02)


def test_erased_rectangles_have_their_share_and_aspect():
    images = np.ones((3000, 40, 40), np.float32)
    result = run(images, Erase(0.4, area=(0.05, 0.15), aspect=(0.5, 2), fill=0))
    gone = result == 0
    hit = gone.any(axis=(1, 2))
    assert hit.mean() == pytest.approx(0.4, abs=0.03)
    high, wide = gone[hit].any(axis=2).sum(axis=1), gone[hit].any(axis=1).sum(axis=1)
    np.testing.assert_array_equal(high * wide, gone[hit].sum(axis=(1, 2)))  # they are rectangles
    share = high * wide / 1600
    assert share.mean() == pytest.approx(0.1, abs=0.004) and share.min() > 0.04 and share.max() < 0.165
    assert (high / wide).mean() == pytest.approx(1.25, abs=0.05) and (high / wide).min() > 0.4
    place = gone.mean(axis=0)  # everywhere, at all four edges too, and most often in the middle
    edges = [place[0].mean(), place[-1].mean(), place[:, 0].mean(), place[:, -1].mean()]
    assert min(edges) > 0 and max(edges) < 2 * min(edges) and place[20, 20] > 5 * max(edges)
    np.testing.assert_array_equal(result[~gone], 1)


def test_erased_pixels_become_random_or_as_told():
    images = np.full((300, 16, 16), 0.25, np.float32)
    assert set(np.unique(run(images, Erase(1, fill=0.75)))) == {0.25, 0.75}
    changed = run(images, Erase(1))
    inked = changed[changed != 0.25]
    assert inked.mean() == pytest.approx(0.5, abs=0.01) and inked.std() == pytest.approx(12**-0.5, abs=0.01)


def test_a_large_rectangle_still_fits():
    gone = run(np.ones((200, 9, 9), np.float32), Erase(1, area=(0.6, 0.6), aspect=(0.1, 10), fill=0)) == 0
    assert np.abs(gone.mean(axis=(1, 2)) - 0.6).max() < 0.1
    assert run(np.ones((2, 5, 8), np.float32), Erase(1, area=(1, 1), fill=0)).sum() == 0


def test_mixup_mixes_images_and_targets_by_the_same_share():
    n = 400
    images, t = np.random.default_rng(2).random((n, 5, 5)), np.eye(n)
    mixed_t = t.copy()
    mixed = run(images, Mixup(0.7), t=mixed_t)
    # each image has a target of its own here, so the targets tell the mixture
    np.testing.assert_allclose(mixed, np.einsum("ij,jyx->iyx", mixed_t, images), atol=1e-12)
    np.testing.assert_allclose(mixed_t.sum(axis=1), 1, atol=1e-12)
    assert mixed_t.min() >= 0 and ((mixed_t > 0).sum(axis=1) <= 2).all()
    np.testing.assert_array_equal(mixed_t.argmax(axis=1), np.arange(n))  # a sample stays mostly itself


def test_mixups_shares_are_beta():
    t = np.eye(4000, dtype=np.float32)
    run(np.zeros((4000, 1, 1), np.float32), Mixup(0.4), t=t)
    own = t.diagonal()
    share = np.random.default_rng(9).beta(0.4, 0.4, 100_000)
    assert (1 - own).mean() == pytest.approx(np.minimum(share, 1 - share).mean(), rel=0.05)
    assert (1 - own).std() == pytest.approx(np.minimum(share, 1 - share).std(), rel=0.05)
