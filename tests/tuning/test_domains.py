"""Choices and ranges, against hand calculation and the distributions that they promise."""

import numpy as np
import pytest
from scipy import stats

from byhand import Adam, ByhandError
from byhand.tuning.domains import Choices, NumberRange

GRIDS = [
    (NumberRange(1, 4), (1, 2, 3, 4)),
    (NumberRange(1, 8, step=3), (1, 4, 7)),
    (NumberRange(0.0, 0.3, step=0.1), (0.0, 0.1, 0.2, 0.3)),
    (NumberRange(0.1, 0.35, step=0.1), (0.1, 0.2, 0.3)),
    (NumberRange(0.0, 1.0, steps=3), (0.0, 0.5, 1.0)),
    (NumberRange(0.001, 0.1, log=True, steps=3), (0.001, 0.01, 0.1)),
    (NumberRange(8, 128, log=True, steps=5), (8, 16, 32, 64, 128)),
    (NumberRange(1, 3, steps=9), (1, 2, 3)),
    (NumberRange(5, 5), (5,)),
    (Choices((64, "Adam", [1, 2])), (64, "Adam", [1, 2])),
]


@pytest.mark.parametrize(("domain", "values"), GRIDS, ids=str)
def test_grid_values_by_hand(domain, values):
    assert domain.grid() == values
    assert [type(value) for value in domain.grid()] == [type(value) for value in values]
    assert all(domain.holds(value) for value in values)


def test_a_grid_over_a_continuous_range_needs_a_number():
    with pytest.raises(ByhandError, match="steps = 5"):
        NumberRange(0.0, 1.0).grid()
    with pytest.raises(ByhandError, match="steps = 5"):
        NumberRange(1, 100, log=True).grid()
    with pytest.raises(ByhandError, match="never ends"):
        NumberRange(1, 10**9).grid()


def drawn(domain, n=4000):
    rng = np.random.default_rng(0)
    return np.array([domain.draw(rng) for _ in range(n)])


@pytest.mark.parametrize(("low", "high", "log"), [(0.2, 0.8, False), (1e-5, 1e-1, True)])
def test_draws_are_uniform_over_numbers_or_magnitudes(low, high, log):
    values = drawn(NumberRange(low, high, log))
    wanted = stats.loguniform(low, high) if log else stats.uniform(low, high - low)
    assert stats.kstest(values, wanted.cdf).pvalue > 0.01


def test_whole_numbers_and_steps_are_equally_likely_ends_included():
    for domain, values in (
        (NumberRange(2, 6), [2, 3, 4, 5, 6]),
        (NumberRange(0.0, 1.0, step=0.25), [0, 0.25, 0.5, 0.75, 1]),
        (Choices((3, 5, 9)), [3, 5, 9]),
    ):
        found, counts = np.unique(drawn(domain), return_counts=True)
        assert list(found) == values
        assert stats.chisquare(counts).pvalue > 0.01


def test_whole_numbers_by_magnitude_own_the_half_on_both_sides():
    found, counts = np.unique(drawn(NumberRange(1, 8, log=True)), return_counts=True)
    shares = np.diff(np.log(np.arange(0.5, 9)))  # of the way from log ½ to log 8½
    assert list(found) == list(range(1, 9))
    assert stats.chisquare(counts, counts.sum() * shares / shares.sum()).pvalue > 0.01


def test_draws_stay_within_the_limits_and_keep_their_type():
    assert all(type(v) is int for v in (NumberRange(1, 3).draw(np.random.default_rng(k)) for k in range(20)))
    assert drawn(NumberRange(3e-4, 3e-4, log=True), 5).tolist() == [3e-4] * 5
    values = drawn(NumberRange(1 / 3, 2 / 3))
    assert values.min() >= 1 / 3 and values.max() <= 2 / 3


def test_what_is_held():
    assert not NumberRange(1, 3).holds(4) and not NumberRange(1, 3).holds(1.5) and NumberRange(1.0, 3.0).holds(1.5)
    assert not NumberRange(1, 3).holds("2") and not Choices((1, 2)).holds(3)


def test_choices_are_kept_as_a_file_would_hold_them():
    assert Choices(((256, 128),)).values == ([256, 128],)
    (table,) = Choices((Adam(0.01),)).values
    assert table["kind"] == "Adam" and table["learning_rate"] == 0.01
