from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from byhand.digits.drawn import FORMS, draw_digit, smooth, write_samples
from byhand.digits.prepare import prepare
from byhand.errors import ByhandError


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
    curve = smooth(points, steps=10)
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
        ({"digit": 1, "form": 9}, "form 9"),
    ):
        with pytest.raises(ByhandError, match=message):
            draw_digit(rng=rng, **arguments)  # type: ignore[arg-type]
    (tmp_path / "file").write_text("x")
    with pytest.raises(ByhandError, match="cannot be written"):
        write_samples(tmp_path / "file", rng)
