"""A hand's file: what was learnt comes back, and nothing else is taken for one."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tests.documents.papers import paper, saved

from byhand.core.errors import ByhandError
from byhand.reading.hand import HAND_KEY, fingerprint, learnt_names, save_hand, with_hand
from byhand.reading.model import load_model
from byhand.reading.reader import MODEL, READER, Reader
from byhand.recipes.hand import train_hand


@pytest.fixture(scope="module")
def base():
    return load_model(READER).rows[0]


@pytest.fixture
def learnt(base, tmp_path):
    """A network that differs in its last layers, and its file."""
    network = load_model(READER).rows[0]
    rng = np.random.default_rng(0)
    for name in learnt_names(base):
        network.named_parameters()[name][...] += rng.normal(0, 0.01, network.named_parameters()[name].shape)
    save_hand(network, base, tmp_path / "mine.hand", {})
    return network, tmp_path / "mine.hand"


def test_what_was_learnt_comes_back_and_the_rest_is_the_package_s(base, learnt):
    network, path = learnt
    back = with_hand(base, path)
    assert np.abs(back.theta - network.theta).max() < 1e-4 < np.abs(back.theta - base.theta).max()
    first = int(len(base.theta) * 0.4)
    assert (back.theta[:first] == base.theta[:first]).all()
    assert path.stat().st_size < READER.stat().st_size
    assert Reader(hand=path).read(paper("2063")).text == "2063"


def test_other_files_and_other_readers_are_refused(base, learnt, tmp_path):
    path, tensors = learnt[1], load_file(learnt[1])
    (tmp_path / "text").write_text("no hand")
    save_file(tensors, tmp_path / "other", {HAND_KEY: json.dumps({"base": "0" * 64})})
    bad = dict(tensors) | {"state": np.full_like(tensors["state"], np.nan)}
    save_file(bad, tmp_path / "nan", {HAND_KEY: json.dumps({"base": fingerprint(base)})})
    save_file({"state": tensors["state"]}, tmp_path / "less", {HAND_KEY: json.dumps({"base": fingerprint(base)})})
    cases = {"text": "not the file", "other": "another version", "nan": "damaged", "less": "damaged", "none": "no such"}
    for name, what in cases.items():
        with pytest.raises(ByhandError, match=what) as caught:
            with_hand(base, tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(ByhandError, match="built-in networks"):
        Reader(MODEL, hand=path)


@pytest.mark.parametrize("content", ["", "file,text\na.png,1\n", "file,label\n"])
def test_samples_that_are_none_are_refused(tmp_path, content):
    (tmp_path / "s.csv").write_text(content)
    with pytest.raises(ByhandError, match=r"s\.csv"):
        train_hand(tmp_path / "s.csv", tmp_path / "mine.hand")
    saved(tmp_path / "a.png", paper("12"))
    (tmp_path / "s.csv").write_text("file,label\na.png,12\na.png,twelve\n")
    with pytest.raises(ByhandError, match="on 1 of 2 pictures"):
        train_hand(tmp_path / "s.csv", tmp_path / "mine.hand")
    assert not (tmp_path / "mine.hand").exists()
