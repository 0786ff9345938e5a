from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from byhand.core.errors import ByhandError
from byhand.handwriting.drawn import draw_digit, draw_ink, write_samples
from byhand.handwriting.forms import FORMS
from byhand.handwriting.pens import Pen, any_pen, pen_trace
from byhand.handwriting.strokes import Hand, all_forms, any_hand, smooth_curve, write_down
from byhand.pictures.prepare import prepare


def test_the_same_seed_draws_the_same_picture() -> None:
    first, again, other = (draw_digit(3, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_every_form_of_every_digit_can_be_found_again() -> None:
    rng = np.random.default_rng(0)
    assert sorted(FORMS) == list(range(10))
    for digit, forms in FORMS.items():
        assert len(forms) >= 2
        for form in range(len(forms)):
            picture = draw_digit(digit, rng, size=80, form=form)
            assert picture.dtype == np.uint8 and picture.shape == (80, 80)
            _, (left, top, right, bottom) = prepare(picture)
            assert 0 < left < right < 80 and 0 < top < bottom < 80  # nothing is cut off
            assert 30 <= max(right - left, bottom - top) <= 70


def test_polarity() -> None:
    dark = draw_digit(8, np.random.default_rng(1))
    light = draw_digit(8, np.random.default_rng(1), dark_on_light=False)
    assert np.median(dark) > 150 > dark.min() + 50
    assert np.median(light) < 110 < light.max() - 50


def test_a_wider_pen_leaves_more_ink() -> None:
    ink = [(draw_digit(0, np.random.default_rng(2), pen=pen) < 128).sum() for pen in (0.04, 0.08, 0.16)]
    assert ink[0] * 1.5 < ink[1] and ink[1] * 1.5 < ink[2]


def test_the_curve_goes_through_its_points() -> None:
    points = np.array([[0.0, 0], [1, 2], [3, 1], [4, 4]])
    curve = smooth_curve(points, steps=10)
    assert curve.shape == (31, 2)
    np.testing.assert_allclose(curve[::10], points)
    # half way between the second and the third: (−p₀ + 9p₁ + 9p₂ − p₃) / 16
    np.testing.assert_allclose(curve[15], (-points[0] + 9 * points[1] + 9 * points[2] - points[3]) / 16)


def test_write_samples(tmp_path: Path) -> None:
    samples = write_samples(tmp_path / "new" / "digits", np.random.default_rng(3), each=2)
    assert [digit for _, digit in samples] == [*range(10), *range(10)]
    assert sorted(p.name for p in (tmp_path / "new" / "digits").iterdir()) == sorted(p.name for p, _ in samples)
    sizes = {Image.open(path).size for path, _ in samples}
    assert len(sizes) > 5
    again = write_samples(tmp_path / "again", np.random.default_rng(3), each=2)
    assert all(a.read_bytes() == b.read_bytes() for (a, _), (b, _) in zip(samples, again, strict=True))


def test_bad_requests_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for arguments, message in (
        ({"digit": 10}, "10 is not a digit"),
        ({"digit": 1, "size": 3}, "3 pixels"),
        ({"digit": 1, "pen": 2.0}, "pen of 2"),
        ({"digit": 1, "form": 99}, "form 99"),
    ):
        with pytest.raises(ByhandError, match=message):
            draw_digit(rng=rng, **arguments)  # type: ignore[arg-type]
    (tmp_path / "file").write_text("x")
    with pytest.raises(ByhandError, match="cannot be written"):
        write_samples(tmp_path / "file", rng)


STILL = Hand(slant=0, turn=0, width=1, bend=0, jitter=0)


def test_a_compiled_form_goes_through_its_points_in_order() -> None:
    for label, forms in all_forms().items():
        for form in forms:
            curve = form.matrix @ form.points
            distances = np.hypot(*(curve[:, None] - form.points).T)
            np.testing.assert_allclose(distances.min(axis=1), 0, atol=1e-6, err_msg=label)
            assert (form.ends == form.starts + 1).all() and form.along.min() == 0 and form.along.max() < 1
    two = all_forms()["2"][0]  # its foot begins where its bow ends: the point is there once
    assert len(two.points) == len({p for stroke in FORMS[2][0] for p in stroke}) == 9


def test_the_ink_is_what_lies_within_half_the_width() -> None:
    """Against a circle drawn at every hundredth of a piece."""
    curve = np.array([[0, 0], [0.3, 0.2], [0.1, 1], [0.5, 0.6], [0.7, 0.9]])
    starts, ends = np.array([0, 1, 3]), np.array([1, 2, 4])  # the pen is lifted between the third and the fourth
    pen, height = Pen(0.12, pressure=0, lift=0), 40
    ink = pen_trace(curve, starts, ends, np.zeros(3), pen, height, np.random.default_rng(0))
    thick = pen.width * height
    points = curve * (height - thick - 1)
    points = points - points.min(axis=0) + thick / 2 + 0.5
    on = np.concatenate(
        [points[a] + np.linspace(0, 1, 100)[:, None] * (points[b] - points[a]) for a, b in ((0, 1), (1, 2), (3, 4))]
    )
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]]
    distance = np.hypot(x - on[:, 0, None, None], y - on[:, 1, None, None]).min(axis=0)
    np.testing.assert_allclose(ink, np.clip(thick / 2 + 0.5 - distance, 0, 1), atol=0.02)
    assert max(ink[0].max(), ink[-1].max(), ink[:, 0].max(), ink[:, -1].max()) < 0.01  # nothing is cut off


def test_digits_are_as_high_as_asked_for_and_marks_are_in_proportion() -> None:
    rng = np.random.default_rng(4)
    for label in [*"0123456789", "00", "000"]:
        for _ in range(20):
            ink = draw_ink(label, rng, 40, any_hand(rng), any_pen(rng))
            rows = np.flatnonzero((ink > 0.1).any(axis=1))
            assert 36 <= rows[-1] + 1 - rows[0] <= 42, label
            assert ink.dtype == np.float32 and 0 <= ink.min() <= ink.max() <= 1
    assert draw_ink(".", rng, 40, STILL, Pen()).shape[0] < 12
    height, width = draw_ink("=", rng, 40, STILL, Pen()).shape
    assert 8 < height < width < 26


def test_hands_differ_and_one_hand_varies() -> None:
    form, rng = all_forms()["8"][0], np.random.default_rng(0)
    still = write_down(form, STILL, np.random.default_rng(1))
    leaning = write_down(form, STILL._replace(slant=0.5), np.random.default_rng(1))
    assert np.corrcoef((leaning - still)[:, 0], still[:, 1])[0, 1] < -0.99  # what is higher goes further to the right
    assert np.ptp(write_down(form, STILL._replace(width=2), rng)[:, 0]) > 1.5 * np.ptp(still[:, 0])
    hand = any_hand(rng)
    first, second = write_down(form, hand, rng), write_down(form, hand, rng)
    assert 0.005 < np.abs(first - first.mean(axis=0) - second + second.mean(axis=0)).mean() < 0.15


def test_pens() -> None:
    def ink(**changes: float) -> np.ndarray:
        rng = np.random.default_rng(0)
        return draw_ink("0", rng, 60, STILL, Pen(0.1, 0, 0)._replace(**changes), form=0)

    plain = ink()
    assert ink(width=0.2).sum() > 1.6 * plain.sum()
    np.testing.assert_allclose(ink(ink=0.5), plain / 2, atol=1e-6)
    assert 0.3 * plain.sum() < ink(roughness=0.8).sum() < 0.9 * plain.sum()
    assert ink(nib=0.8).sum() < 0.8 * plain.sum()
    assert ink(lift=0.9).sum() < plain.sum()
