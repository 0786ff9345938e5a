"""A history reads like a table."""

import sys

import numpy as np
import pytest

from byhand import History


def filled(epochs=3):
    history = History()
    for epoch in range(1, epochs + 1):
        history.add({"epoch": epoch, "loss": 1 / epoch, "seconds": 0.5})
    return history


def test_printed_it_is_a_table():
    assert repr(filled()).splitlines() == [
        "epoch    loss  seconds",
        "    1       1      0.5",
        "    2     0.5      0.5",
        "    3  0.3333      0.5",
    ]
    long = repr(filled(100)).splitlines()
    assert (
        len(long) == 22 and long[1].split()[0] == "1" and long[11].split() == ["…"] * 3 and long[-1].split()[0] == "100"
    )
    assert repr(History()) == "History of no epochs"


def test_it_is_as_long_as_its_epochs_and_indexed_by_columns():
    history = filled()
    assert len(history) == 3 and list(history) == ["epoch", "loss", "seconds"] and not History()
    assert history["loss"][-1] == 1 / 3 and dict(history)["epoch"] == [1, 2, 3]


def test_a_column_may_begin_later_and_have_gaps():
    history = filled(1)
    history.add({"epoch": 2, "val_loss": 3.0})
    np.testing.assert_array_equal(history["loss"], [1.0, np.nan])
    np.testing.assert_array_equal(history["val_loss"], [np.nan, 3.0])
    assert repr(history).splitlines()[1].split() == ["1", "1", "0.5"]


def test_its_plot_is_that_of_its_columns():
    figure = filled().plot()
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [1, 1 / 2, 1 / 3])


def test_as_a_data_frame():
    pandas = pytest.importorskip("pandas")
    frame = filled().to_pandas()
    assert isinstance(frame, pandas.DataFrame) and frame.index.tolist() == [1, 2, 3]
    assert frame["loss"].tolist() == [1, 1 / 2, 1 / 3]


def test_without_pandas_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        filled().to_pandas()
