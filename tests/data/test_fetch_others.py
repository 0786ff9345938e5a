"""Data sets of other layouts: fetched by MD5 from a small server on this machine, made here as the real ones are."""

import bz2
import gzip
import hashlib
import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from data_files import idx_images, idx_labels
from fetch_server import Server

from byhand import ByhandError, load
from byhand.data import unpack
from byhand.data.load import EMNIST_CLASSES
from byhand.data.sources import SOURCES, Mirror

pytestmark = pytest.mark.usefixtures("cache", "no_pip")
RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.integers(0, 256, (4, 28, 28), np.uint8), np.array([0, 9, 3, 46], np.uint8)


def md5(files):
    return {name: f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}" for name, content in files.items()}


def serve(monkeypatch, server, name, files, largest=unpack.LIMIT):
    """Make the data set's only place this server, with these files."""
    server.files = files
    (real,) = SOURCES[name].places
    assert set(real.files) == set(files) and all(wanted for wanted in real.files.values())
    place = Mirror(server.url, md5(files), real.unpack, largest)
    monkeypatch.setitem(SOURCES, name, replace(SOURCES[name], places=(place,)))


def int_labels(labels):
    """QMNIST's: eight numbers of 32 bits for each image."""
    table = np.zeros((len(labels), 8), ">i4")
    table[:, 0], table[:, 2] = labels, 2424
    return bytes((0, 0, 12, 2)) + np.array(table.shape, ">u4").tobytes() + table.tobytes()


def test_kmnist(server: Server, monkeypatch):
    x, y = gzip.compress(idx_images(IMAGES)), gzip.compress(idx_labels(LABELS % 10))
    serve(monkeypatch, server, "kmnist", dict(zip(SOURCES["kmnist"].places[0].files, (x, y) * 2, strict=True)))
    data = load("kmnist")
    assert data.classes[:3] == ("o", "ki", "su") and (data.x_test == IMAGES.reshape(4, 784)).all()
    assert load("kmnist").y_train.tolist() == (LABELS % 10).tolist() and set(server.asked.values()) == {1}


def test_qmnist(server: Server, monkeypatch):
    x, y = gzip.compress(idx_images(IMAGES)), gzip.compress(int_labels(LABELS % 10))
    files = dict(zip(SOURCES["qmnist"].places[0].files, (x, y) * 2, strict=True))
    serve(monkeypatch, server, "qmnist", files)
    data = load("qmnist")
    assert data.y_test.tolist() == (LABELS % 10).tolist() and (data.x_train == IMAGES.reshape(4, 784)).all()
    files["qmnist-test-labels-idx2-int.gz"] = gzip.compress(int_labels(LABELS)[:-1])
    with pytest.raises(ByhandError, match="is no table of labels"):
        unpack.qmnist(files)


def test_emnist(server: Server, monkeypatch):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for part in ("train", "test"):
            turned = idx_images(IMAGES.transpose(0, 2, 1))
            file.writestr(f"gzip/emnist-balanced-{part}-images-idx3-ubyte.gz", gzip.compress(turned))
            file.writestr(f"gzip/emnist-balanced-{part}-labels-idx1-ubyte.gz", gzip.compress(idx_labels(LABELS)))
    serve(monkeypatch, server, "emnist", {"gzip.zip": archive.getvalue()})
    data = load("emnist")
    assert (data.x_train == IMAGES.reshape(4, 784)).all() and len(data.classes) == len(set(EMNIST_CLASSES)) == 47
    assert [data.classes[label] for label in data.y_train] == ["0", "9", "3", "t"]
    for wrong in (b"no zip", archive.getvalue()[:-30]):
        with pytest.raises(ByhandError, match="is not EMNIST's archive"):
            unpack.emnist({"gzip.zip": wrong})


def usps_lines(x, y):
    """LIBSVM's text for images (n, 16, 16) from −1 to 1."""
    rows = (
        " ".join([str(d + 1), *(f"{k}:{v:.4f}" for k, v in enumerate(row.ravel(), 1))])
        for row, d in zip(x, y, strict=True)
    )
    return bz2.compress(("\n".join(rows) + "\n").encode())


def test_usps(server: Server, monkeypatch):
    x, y = RNG.uniform(-1, 1, (3, 16, 16)), [7, 0, 9]
    x[0, 0, :2] = -1, 1
    files = {"usps.bz2": usps_lines(x, y), "usps.t.bz2": usps_lines(x[:2], y[:2])}
    serve(monkeypatch, server, "usps", files)
    data = load("usps")
    assert data.image_shape == (16, 16) and data.y_train.tolist() == y and data.y_test.tolist() == y[:2]
    np.testing.assert_allclose(data.x_train / 255, (x.reshape(3, 256) + 1) / 2, atol=0.003)
    assert data.x_train[0, :2].tolist() == [0, 255]
    for wrong in (b"no bzip2", bz2.compress(b"1 1:0 2:0\n"), files["usps.bz2"][:-20], bz2.compress(b"a b\n")):
        with pytest.raises(ByhandError, match="not a table of USPS digits"):
            unpack.usps({"usps.bz2": wrong, "usps.t.bz2": wrong})


def test_too_large_and_wrong_files_are_refused(server: Server, cache, monkeypatch):
    files = {"usps.bz2": usps_lines(np.zeros((1, 16, 16)), [1]), "usps.t.bz2": usps_lines(np.zeros((1, 16, 16)), [1])}
    serve(monkeypatch, server, "usps", files, largest=50)
    with pytest.raises(ByhandError, match="more than 50 bytes"):
        load("usps")
    serve(monkeypatch, server, "usps", files)
    server.files = files | {"usps.bz2": files["usps.t.bz2"] + b" "}
    with pytest.raises(ByhandError, match=r"wrong checksum of usps.bz2"):
        load("usps")
    assert not cache.exists()


def test_archives_of_faces_get_their_names(cache):
    (place,) = SOURCES["lfw"].places
    made = place.unpack(dict.fromkeys(place.files, b"x"))
    assert list(made) == list(SOURCES["lfw"].files) and list(place.files.values()) == list(
        SOURCES["lfw"].files.values()
    )
    assert SOURCES["cifar-10"].places[0].largest > 170_498_071 and place.largest > 243_346_528
