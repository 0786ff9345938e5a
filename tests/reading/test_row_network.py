from itertools import pairwise
from multiprocessing import active_children

import numpy as np
import pytest

import byhand
from byhand.core.errors import ByhandError
from byhand.handwriting.glyphs import drawn_writers
from byhand.reader_training.networks import HEIGHT, LONGEST, WIDTH, row_network
from byhand.reader_training.rows import RowPictures
from byhand.reader_training.supply import FreshRows
from byhand.reading.row_reader import widened
from byhand.training import Callback, Training


@pytest.fixture(scope="module")
def rows() -> RowPictures:
    return RowPictures(drawn_writers(3, np.random.default_rng(0)), HEIGHT, WIDTH, LONGEST)


def test_the_network_is_small_and_gives_a_column_every_four_pixels() -> None:
    network = row_network()
    convolutions = (9, 1, 16), (9, 16, 32), (9, 32, 64), (9, 64, 96), (15, 96, 144), (5, 144, 144), (5, 144, 144)
    assert network.size == sum(taps * a * b + 3 * b for taps, a, b in convolutions) + 145 * 11
    assert 2 * network.size <= 1_000_000  # bytes in half precision
    assert network.plan[-1].out_shape == (WIDTH // 4, 11)


def test_what_it_sees_does_not_depend_on_how_wide_the_row_is(rows: RowPictures) -> None:
    network = row_network(1)
    x = np.zeros((2, HEIGHT, WIDTH, 1), np.float32)
    x[:, :, :100] = rows.batch(2, np.random.default_rng(0))[0][:, :, :100] / 255
    wide = np.concatenate([x, np.zeros((2, HEIGHT, 128, 1), np.float32)], axis=2)
    other = widened(network, WIDTH + 128)
    np.testing.assert_allclose(
        other.predict_proba(wide)[:, :40], network.predict_proba(x)[:, :40], atol=1e-5
    )  # far from where the shorter one ends
    assert widened(network, 40).predict_proba(x[:, :, :40]).shape == (2, 10, 11)


def test_fresh_rows_come_part_by_part(rows: RowPictures) -> None:
    supply = FreshRows(rows, part=6, stay=2, seed=5)
    x, t = supply.first()
    start = x.copy()
    assert x.shape == (12, HEIGHT, WIDTH, 1) and t.shape == (12, LONGEST)
    seen: list[tuple[np.ndarray, np.ndarray]] = []

    class Look(Callback):
        def on_epoch_start(self, training: Training) -> None:
            assert training.batches is not None
            seen.append((training.batches.x.copy(), training.batches.t.copy()))

    byhand.fit(row_network(), x, t, epochs=3, batch_size=6, callbacks=[supply, Look()], progress=False)
    np.testing.assert_array_equal(seen[0][0], start)
    changed = [
        [not np.array_equal(a[0][part], b[0][part]) for part in (slice(6), slice(6, 12))] for a, b in pairwise(seen)
    ]
    assert changed == [[True, False], [False, True]]
    label = seen[2][1][8]
    again = FreshRows(rows, part=6, stay=2, seed=5)
    np.testing.assert_array_equal(again.first()[0], start)
    composed, labels = again._compose(3)
    np.testing.assert_array_equal(composed, seen[2][0][6:])
    np.testing.assert_array_equal(labels[2], label)


def test_no_process_is_left(rows: RowPictures) -> None:
    before = set(active_children())  # of other tests
    supply = FreshRows(rows, part=4, stay=1)
    x, t = supply.first()
    with pytest.raises(ByhandError, match="batch_size"):
        byhand.fit(row_network(), x, t, batch_size=0, callbacks=[supply], progress=False)
    assert set(active_children()) <= before


def test_an_interrupted_training_goes_on_with_the_same_rows(rows: RowPictures, tmp_path) -> None:
    def train(epochs: int, **options: object) -> byhand.Network:
        supply = FreshRows(rows, part=4, stay=2, seed=5)
        x, t = supply.first()
        network = row_network()
        stop = _StopAfter(epochs)
        byhand.fit(network, x, t, epochs=4, batch_size=4, callbacks=[supply, stop], progress=False, **options)  # type: ignore[arg-type]
        return network

    whole = train(4)
    train(3, checkpoint=tmp_path)
    resumed = train(4, checkpoint=tmp_path, resume=True)
    np.testing.assert_array_equal(resumed.theta, whole.theta)


class _StopAfter(Callback):
    def __init__(self, epochs: int):
        self.epochs = epochs

    def on_epoch(self, training: Training) -> None:
        training.stop = training.stop or training.epoch == self.epochs < training.epochs
