"""CIFAR-10's archive, as Python writes such pickles today."""

import gzip
import os

import numpy as np
import pytest
from tests.fuzz.good_files import cifar_file

from byhand import ByhandError, Conv2D, Dense, Flatten, Network, load
from byhand.data import read_cifar


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("ending", [".tar", ".tar.gz"])
def test_images_come_pixel_by_pixel(tmp_path, protocol, ending):
    path = tmp_path / f"cifar-10-python{ending}"
    content = cifar_file(3, protocol)
    path.write_bytes(gzip.compress(content) if ending == ".tar.gz" else content)
    x, y, x_test, y_test = read_cifar(path)
    assert (x.shape, x_test.shape, x.dtype) == ((15, 3072), (3, 3072), np.uint8)
    assert y.tolist() == [0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 6]
    assert y_test.tolist() == [5, 6, 7]
    flat = (16 * 1 + np.arange(3 * 3072)).astype(np.uint8)  # the second batch, as the file has it
    for row, column, colour in ((0, 0, 0), (0, 0, 2), (5, 17, 1), (31, 31, 2)):
        wanted = flat[2 * 3072 + colour * 1024 + row * 32 + column]
        assert x.reshape(-1, 32, 32, 3)[5, row, column, colour] == wanted
    data = load(path)
    assert (data.name, data.classes[:2], data.image_shape) == ("cifar-10", ("airplane", "automobile"), (32, 32, 3))
    network = Network((32, 32, 3), [Conv2D(2, stride=4), Flatten(), Dense(10)], inputs="grey levels")
    assert network.predict_proba(data.x_test.reshape(-1, 32, 32, 3)).shape == (3, 10)


class Evil:
    def __reduce__(self):
        return os.mkdir, ("evil",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": [1, 10]}, "labels that are not whole numbers from 0 to 9"),
        ({"labels": [1, True]}, "labels that are not whole numbers"),
        ({"labels": [1]}, "no list of 2 labels"),
        ({"data": np.zeros((2, 3071), np.uint8)}, "no images of 3072 bytes"),
        ({"data": np.zeros((2, 3072), np.float32)}, "no images of 3072 bytes"),
        ({"data": [1, 2]}, "no images of 3072 bytes"),
        ({"more": Evil()}, "is refused"),
        ({"names": ("data_batch_1", "data_batch_2", "data_batch_3")}, "holds no data_batch_4"),
    ],
)
def test_anything_else_is_refused(tmp_path, monkeypatch, changes, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.tar").write_bytes(cifar_file(**changes))
    with pytest.raises(ByhandError, match=message):
        read_cifar("c.tar")
    assert not (tmp_path / "evil").exists()


def test_what_is_no_archive_is_refused(tmp_path):
    for content in (b"", b"no archive at all" * 100, cifar_file()[:5000]):
        (tmp_path / "c.tar").write_bytes(content)
        with pytest.raises(ByhandError, match=r"c\.tar"):
            load(tmp_path / "c.tar")
