"""Faces: scikit-image's file, made here in its layout."""

import numpy as np
import pytest

from byhand import ByhandError
from byhand.data.faces import load_faces
from byhand.data.sources import SOURCES


def test_the_first_half_are_faces(tmp_path):
    images = np.random.default_rng(0).random((6, 5, 5))
    np.save(tmp_path / "lfw_subset.npy", images)
    data = load_faces(tmp_path / "lfw_subset.npy")
    assert data.x_train.dtype == np.float32 and data.image_shape == (5, 5) and data.x_test is None
    np.testing.assert_allclose(data.x_train, images.reshape(6, 25), atol=1e-7)
    assert [data.classes[label] for label in data.y_train] == ["face"] * 3 + ["no face"] * 3


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 3, 3)), "holds no pictures"),
        (np.zeros((4, 9)), "holds no pictures"),
        (np.zeros((4, 3, 3), int), "holds no pictures"),
        (np.array([None, 1]), "is not a readable .npy file"),
    ],
)
def test_anything_else_is_refused(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ByhandError, match=message):
        load_faces(tmp_path / "a.npy")


def test_damaged_and_missing_files_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((200, 25, 25)))
    content = (tmp_path / "a.npy").read_bytes()
    for cut in (0, 5, 60, 1000):
        (tmp_path / "a.npy").write_bytes(content[:cut])
        with pytest.raises(ByhandError, match=r"is not a readable|cannot be read"):
            load_faces(tmp_path / "a.npy")
    with pytest.raises(ByhandError, match="cannot be read"):
        load_faces(tmp_path / "b.npy")


def test_it_comes_from_the_package_or_its_wheel():
    installed, wheel = SOURCES["faces"].places
    assert installed.package == "skimage" and wheel.members == ("skimage/data/lfw_subset.npy",)
