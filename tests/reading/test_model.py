"""A reader's file: what is written comes back, what is damaged is refused."""

from dataclasses import replace

import numpy as np
import pytest

from byhand import Residual, fit
from byhand.core.errors import ByhandError
from byhand.reader_training.networks import deepened, finder_network, row_network, signs_network
from byhand.reading.model import ReaderModel, is_reader, load_model, save_model
from byhand.recipes.reading import COURSES, begun


@pytest.fixture(scope="module")
def model() -> ReaderModel:
    return ReaderModel(
        finder_network(1), (signs_network(None, 2), signs_network(None, 3)), {"row": 0.5}, {"data": "none"}, {"d": 3}
    )


def test_comes_back(model, tmp_path):
    save_model(model, tmp_path / "reader", "float32")
    found = load_model(tmp_path / "reader")
    assert is_reader(tmp_path / "reader") and (found.calibration, found.card) == ({"row": 0.5}, {"data": "none"})
    assert found.numbers == {"d": 3}
    pairs = [(model.finder, found.finder), *zip(model.rows, found.rows, strict=True)]
    for before, after in pairs:
        np.testing.assert_array_equal(before.theta, after.theta)
        np.testing.assert_array_equal(before.state, after.state)
        assert before.layers == after.layers and before.loss == after.loss


def test_eight_bits_are_near_and_small(model, tmp_path):
    save_model(model, tmp_path / "reader")
    found = load_model(tmp_path / "reader")
    assert (tmp_path / "reader").stat().st_size < 1.3 * (model.finder.size + 2 * model.rows[0].size)
    assert np.abs(found.finder.theta - model.finder.theta).max() < np.abs(model.finder.theta).max() / 100


def test_other_files_are_no_readers(tmp_path):
    network = row_network(0)
    network.save(tmp_path / "rows")
    (tmp_path / "text").write_text("12345")
    assert not is_reader(tmp_path / "rows") and not is_reader(tmp_path / "text")
    for name, sentence in (("rows", "not a reader's"), ("text", "not a reader's"), ("none", "no such")):
        with pytest.raises(ByhandError, match=sentence):
            load_model(tmp_path / name)


def test_damage_is_found(model, tmp_path):
    save_model(model, tmp_path / "reader")
    data = (tmp_path / "reader").read_bytes()
    (tmp_path / "cut").write_bytes(data[: len(data) // 2])
    (tmp_path / "without").write_bytes(data.replace(b"finder/0.W", b"finger/0.W"))
    (tmp_path / "odd").write_bytes(data.replace(rb'"numbers\": {\"d\": 3}', rb'"numbers\": {\"d\":-3}'))
    for name in ("cut", "without", "odd"):
        with pytest.raises(ByhandError, match=name):
            load_model(tmp_path / name)


def test_a_network_for_digits_learns_signs(tmp_path):
    """What it knew of the digits it still knows; the signs are improbable."""
    before = row_network(5, 320)
    before.state[...] = np.abs(before.state) + 1
    after = signs_network(before, 6)
    x = np.random.default_rng(7).integers(0, 256, (2, 40, 320, 1)).astype(np.uint8)
    p, q = before.predict_proba(x), after.predict_proba(x)
    assert q[:, :, 10:-1].max() < 0.2
    known = np.concatenate([q[:, :, :10], q[:, :, -1:]], axis=2)
    np.testing.assert_allclose(known / known.sum(axis=2, keepdims=True), p, atol=1e-5)


def test_a_deepened_network_begins_with_the_same_function():
    before = signs_network(None, 5)
    before.state[...] = np.abs(before.state) + 1
    after = deepened(before, 6)
    x = np.random.default_rng(7).integers(0, 256, (2, 40, 320, 1)).astype(np.uint8)
    np.testing.assert_allclose(after.predict_proba(x), before.predict_proba(x), atol=1e-6)
    residuals = [layer for layer in after.layers if isinstance(layer, Residual)]
    assert len(residuals) == 3 and len(after.theta) == len(before.theta) + sum(
        2 * (9 * c * c + 3 * c) for c in (64, 96)
    ) + 2 * (5 * 144 * 144 + 3 * 144)
    t = np.full((2, 24), -1, np.int8)
    t[:, :2] = 1, 12
    fit(after, x, t, epochs=2, batch_size=2, rng=0, accuracy=False, progress=False)
    assert np.abs(after.p[9].children[-1].gamma).max() > 0


def test_training_goes_on_from_a_readers_file(model, tmp_path):
    save_model(model, tmp_path / "reader", "float32")
    for name, wanted in (("finder", model.finder), ("rows", model.rows[0])):
        network = begun(replace(COURSES[name], start=str(tmp_path / "reader")))
        np.testing.assert_array_equal(network.theta, wanted.theta)
