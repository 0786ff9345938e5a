"""Faces: files and archives made here in the layout of the real ones."""

import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from byhand import ByhandError
from byhand.data.faces import load_faces, load_lfw, load_olivetti, read_pairs
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


def jpeg(tone, side=250):
    file = io.BytesIO()
    image = Image.new("RGB", (side, side), (tone, tone, tone))
    image.paste((0, 0, 0), (0, 0, 70, 60))  # a corner that is cut off
    image.save(file, "JPEG", quality=95)
    return file.getvalue()


def lfw_archive(path, people, changes=()):
    with tarfile.open(path, "w:gz") as archive:
        for person, count in people.items():
            for i in range(count):
                content = jpeg(40 + 10 * list(people).index(person) + i)
                info = tarfile.TarInfo(f"lfw_funneled/{person}/{person}_{i + 1:04d}.jpg")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        for name, content in changes:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_labeled_faces_as_scikit_learn_cuts_and_splits_them(tmp_path):
    from sklearn.model_selection import train_test_split

    path = lfw_archive(tmp_path / "lfw-funneled.tgz", {"Bea_B": 5, "Al_A": 1, "Ann_A": 4}, [("lfw/pairs_01.txt", b"x")])
    data = load_lfw(path, least=3)
    assert data.classes == ("Ann A", "Bea B") and data.image_shape == (50, 37)
    tones = np.array([60, 61, 62, 63, 40, 41, 42, 43, 44])  # by person, then by number
    mixed = np.arange(9)
    np.random.RandomState(42).shuffle(mixed)  # fetch_lfw_people
    train, test = train_test_split(mixed, test_size=0.25, random_state=42)
    np.testing.assert_allclose(data.x_train.mean(axis=1), tones[train], atol=1.5)
    np.testing.assert_allclose(data.x_test.mean(axis=1), tones[test], atol=1.5)
    assert np.ptp(data.x_train.astype(int), axis=1).max() <= 3  # nothing of the corner
    assert data.y_test.tolist() == (test > 3).astype(int).tolist()
    with pytest.raises(ByhandError, match="no person with 70"):
        load_lfw(path)


def test_damaged_archives_of_faces_are_refused(tmp_path, monkeypatch):
    path = lfw_archive(tmp_path / "a.tgz", {"A": 3}, [("lfw_funneled/A/A_0009.jpg", b"no picture")])
    with pytest.raises(ByhandError, match=r"A_0009.jpg is not a readable image"):
        load_lfw(path, least=2)
    content = path.read_bytes()
    for cut in (0, 30, len(content) // 2):
        path.write_bytes(content[:cut])
        with pytest.raises(ByhandError, match=r"not a readable archive|cannot be read"):
            load_lfw(path, least=2)
    with pytest.raises(ByhandError, match="cannot be read"):
        load_lfw(tmp_path / "none.tgz")
    monkeypatch.setattr("byhand.data.faces.MOST_PICTURES", 2)
    path.write_bytes(content)
    with pytest.raises(ByhandError, match="is larger than"):
        load_lfw(path, least=2)


def test_pairs(tmp_path):
    (tmp_path / "pairs.txt").write_text("1\t1\nAbel_P\t1\t4\nAbel_P\t1\tBea_Q\t12\n")
    assert read_pairs(tmp_path / "pairs.txt") == [
        (("Abel_P", 1), ("Abel_P", 4), True),
        (("Abel_P", 1), ("Bea_Q", 12), False),
    ]
    for wrong in ("1\nA\t1\n", "1\nA\tb\t2\n"):
        (tmp_path / "pairs.txt").write_text(wrong)
        with pytest.raises(ByhandError, match="is no list of pairs"):
            read_pairs(tmp_path / "pairs.txt")
    with pytest.raises(ByhandError, match="cannot be read"):
        read_pairs(tmp_path / "none.txt")


def test_olivetti(tmp_path):
    savemat = pytest.importorskip("scipy.io").savemat
    faces = np.random.default_rng(0).integers(0, 256, (4096, 30), np.uint8)
    savemat(tmp_path / "olivettifaces.mat", {"faces": faces})
    data = load_olivetti(tmp_path / "olivettifaces.mat")
    assert data.image_shape == (64, 64) and data.y_train.tolist() == [0] * 10 + [1] * 10 + [2] * 10
    assert data.x_train.reshape(-1, 64, 64)[7, 3, 5] == faces[5 * 64 + 3, 7]  # MATLAB writes column by column
    savemat(tmp_path / "olivettifaces.mat", {"faces": faces[:5]})
    with pytest.raises(ByhandError, match="no pictures of 64 × 64"):
        load_olivetti(tmp_path / "olivettifaces.mat")
    (tmp_path / "olivettifaces.mat").write_bytes(b"MATLAB 5.0 MAT-file")
    with pytest.raises(ByhandError, match="not a readable MATLAB file"):
        load_olivetti(tmp_path / "olivettifaces.mat")
