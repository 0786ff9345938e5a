"""EarlyStopping's modes and SaveBest."""

import numpy as np
import pytest

import byhand as bh
from byhand import Averaging, ByhandError, EarlyStopping, GradientDescent, Network, SaveBest, fit

X, Y = np.random.default_rng(0).standard_normal((30, 4)), np.arange(30) % 3


class Figures(bh.Callback):
    """Puts figures of its own into the history."""

    def __init__(self, **columns):
        self.columns = columns

    def on_epoch(self, training):
        for name, values in self.columns.items():
            training.history.columns.setdefault(name, []).append(values[training.epoch - 1])


def run(*callbacks, epochs=5, **options):
    net = Network(4, [bh.Dense(3)], bh.CategoricalCrossEntropy(), dtype=np.float64)
    fit(net, X, Y, epochs=epochs, optimizer=GradientDescent(0.5), callbacks=callbacks, progress=False, **options)
    return net


@pytest.mark.parametrize(
    ("monitor", "mode", "best"),
    [("gain", "max", 3), ("gain", "min", 4), ("val_loss", "auto", 4), ("val_accuracy", "auto", 3), ("f1", "auto", 3)],
)
def test_modes(monitor, mode, best):
    figures = Figures(**{monitor: [2.0, 3.0, 5.0, 1.0, 1.5]})
    stopping = EarlyStopping(5, monitor, mode=mode)
    run(figures, stopping)
    assert stopping.best_epoch == best


def test_a_figure_of_ones_own_needs_a_mode():
    for options in ({"monitor": "gain"}, {"mode": "up"}):
        with pytest.raises(ByhandError, match='mode="min" or "max"'):
            EarlyStopping(**options)
        with pytest.raises(ByhandError, match='mode="min" or "max"'):
            SaveBest("x", **options)


def test_the_best_network_is_in_the_file(tmp_path):
    kept = {}

    class Keep(bh.Callback):
        def on_epoch(self, training):
            kept[training.epoch] = training.network.theta.copy()

    path = tmp_path / "new" / "best.safetensors"
    save = SaveBest(path, "gain", mode="max")
    run(Figures(gain=[2.0, 3.0, 5.0, 1.0, 5.0]), Keep(), save)
    assert (save.best, save.best_epoch) == (5.0, 3)
    np.testing.assert_array_equal(Network.load(path).theta, kept[3])


def test_the_file_holds_averages_where_those_were_validated(tmp_path):
    net = run(Averaging(0.9), SaveBest(tmp_path / "best", "loss"), epochs=1)
    np.testing.assert_array_equal(Network.load(tmp_path / "best").theta, net.theta)


def test_a_column_that_is_not_there():
    with pytest.raises(ByhandError, match="no 'val_loss' to watch"):
        run(SaveBest("never"))
