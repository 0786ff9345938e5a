"""The picture of a search shows the numbers that it was given."""

import numpy as np
import pytest

from byhand import ByhandError, plots


def points(ax, label):
    return next(c for c in ax.collections if c.get_label() == label).get_offsets()


def test_points_best_and_failures_stand_where_they_belong():
    values = {"rate": [0.001, 0.1, 10.0, 1.0], "kind": ["Adam", "Lion", "Adam", "Lion"]}
    picture = plots.trials(values, [0.5, 0.9, np.nan, 0.7], ["rate"], {"kind": ["Lion", "Adam"]})
    rate, kind = picture.axes
    assert (rate.get_xlabel(), kind.get_xlabel()) == ("rate", "kind")
    assert (rate.get_xscale(), kind.get_xscale()) == ("log", "linear")
    np.testing.assert_allclose(points(rate, "trial"), [(0.001, 50), (0.1, 90), (1, 70)])
    np.testing.assert_allclose(points(rate, "best"), [(0.1, 90)])
    assert points(rate, "failed")[:, 0].tolist() == [10.0]
    assert [label.get_text() for label in kind.get_xticklabels()] == ["Lion", "Adam"]
    assert np.round(points(kind, "trial")[:, 0]).tolist() == [1, 0, 0]
    assert {text.get_text() for text in picture.legends[0].get_texts()} == {"trial", "best", "failed"}


def test_all_failed_and_nothing_to_draw(tmp_path):
    plots.save(plots.trials({"epochs": [1, 2]}, [np.nan, np.nan]), tmp_path / "x.png")
    for values, accuracy in (({}, [0.5]), ({"epochs": []}, []), ({"epochs": [1]}, [0.5, 0.6])):
        with pytest.raises(ByhandError):
            plots.trials(values, accuracy)
