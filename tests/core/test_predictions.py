"""Answers for samples without labels, whatever holds them: the same as network.predict gives for the arrays."""

import csv
import gzip
import io

import numpy as np
import pytest
from PIL import Image

import byhand
from byhand import MSE, BinaryCrossEntropy, ByhandError, CategoricalCrossEntropy, Dense, Network, predict
from byhand.data import write_idx

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 200, (12, 8, 8)).astype(np.uint8)
LABELS = RNG.integers(0, 3, 12)
NETWORK = Network(64, [Dense(3)], CategoricalCrossEntropy(), inputs="grey levels", classes=["ant", "bee", "cow"])
EXPECTED = [NETWORK.classes[k] for k in NETWORK.predict(IMAGES.reshape(12, 64))]


def rows(images=IMAGES, labels=None, header=None, last=False):
    flat = images.reshape(len(images), -1).tolist()
    if labels is not None:
        flat = [[*row, k] if last else [k, *row] for row, k in zip(flat, labels.tolist(), strict=True)]
    lines = ([header] if header else []) + [",".join(map(str, row)) for row in flat]
    return ("\n".join(lines) + "\n").encode()


PIXELS = ",".join(f"pixel{i}" for i in range(64))
FILES = {
    "pixels.csv": rows(),
    "with-header.csv": rows(header=PIXELS),
    "labelled.csv": rows(labels=LABELS, header="label," + PIXELS),
    "last.csv": rows(labels=LABELS + 20, header=PIXELS + ",class", last=True),
    "packed.csv.gz": gzip.compress(rows(header=PIXELS)),
    "images-idx3-ubyte": write_idx(IMAGES),
    "images-idx3-ubyte.gz": gzip.compress(write_idx(IMAGES)),
}


@pytest.mark.parametrize("name", FILES)
def test_images_in_files(name, tmp_path):
    (tmp_path / name).write_bytes(FILES[name])
    found = predict(NETWORK, tmp_path / name)
    assert found.answers.tolist() == EXPECTED
    np.testing.assert_allclose(found.probabilities, NETWORK.predict_proba(IMAGES.reshape(12, 64)), rtol=1e-5)
    assert (found.classes, found.names, found.label) == (NETWORK.classes, None, "label")


@pytest.mark.parametrize(
    "arrays", [{"x": IMAGES}, {"x_train": IMAGES[:2], "y_train": LABELS[:2], "x_test": IMAGES}, {"anything": IMAGES}]
)
def test_images_in_an_npz(arrays, tmp_path):
    np.savez(tmp_path / "a.npz", **arrays)
    assert predict(NETWORK, tmp_path / "a.npz").answers.tolist() == EXPECTED


def test_folders_of_pictures_come_in_order_with_their_names(tmp_path):
    (tmp_path / "more").mkdir()
    names = ["1.png", "2.png", "10.png", *(f"more/{i}.png" for i in range(9))]
    for name, image in zip(names, IMAGES, strict=True):
        Image.fromarray(image).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    network = Network(
        (8, 8, 1),
        [byhand.Flatten(), Dense(3)],
        CategoricalCrossEntropy(),
        inputs="grey levels",
        classes=NETWORK.classes,
    )
    for chosen in (NETWORK, network):
        found = predict(chosen, tmp_path)
        assert found.names == tuple(names)
        assert found.answers.tolist() == EXPECTED
    assert next(found.records()) == {"file": "1.png", "label": EXPECTED[0]}
    assert predict(NETWORK, tmp_path / "more" / "8.png").answers.tolist() == EXPECTED[-1:]


def test_light_pictures_are_named_as_such(tmp_path):
    Image.fromarray(255 - IMAGES[0]).save(tmp_path / "a.png")
    with pytest.warns(UserWarning, match=r"mostly light.*inverted \(byhand read"):
        predict(NETWORK, tmp_path)


def test_grey_levels_are_refused_by_a_network_that_was_not_told_of_them(tmp_path):
    """It may have learnt from x / 255: its answers for 0 to 255 would be wrong in silence."""
    network = Network(64, [Dense(3)], CategoricalCrossEntropy())
    (tmp_path / "a.csv").write_bytes(FILES["labelled.csv"])
    Image.fromarray(IMAGES[0]).save(tmp_path / "a.png")
    for name in ("a.csv", "a.png"):
        with pytest.raises(ByhandError, match="not told what they mean"):
            predict(network, tmp_path / name)


def test_a_folder_of_idx_files_gives_its_test_images(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(write_idx(IMAGES[:3]))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(write_idx(IMAGES))
    assert predict(NETWORK, tmp_path).answers.tolist() == EXPECTED


def test_arrays_need_no_file():
    assert predict(NETWORK, IMAGES.reshape(12, 64)).answers.tolist() == EXPECTED


def test_csv_and_kaggle_are_written_with_their_headers():
    plain = Network(64, [Dense(3)], CategoricalCrossEntropy(), inputs="grey levels")
    answers = predict(plain, IMAGES.reshape(12, 64))
    decided = plain.predict(IMAGES.reshape(12, 64)).tolist()
    lines = answers.to_kaggle().splitlines()
    assert lines[0] == "ImageId,Label"
    assert lines[1:] == [f"{i},{k}" for i, k in enumerate(decided, 1)]
    table = list(csv.DictReader(io.StringIO(answers.to_csv(probabilities=True))))
    assert list(table[0]) == ["row", "label", "0", "1", "2"]
    np.testing.assert_allclose(
        [[float(row[k]) for k in "012"] for row in table], plain.predict_proba(IMAGES.reshape(12, 64)), rtol=1e-6
    )


def test_one_output_tells_two_classes_apart():
    network = Network(64, [Dense(1)], BinaryCrossEntropy(), inputs="grey levels", classes=["no", "yes"])
    found = predict(network, IMAGES.reshape(12, 64))
    p = network.predict_proba(IMAGES.reshape(12, 64))[:, 0]
    assert found.answers.tolist() == np.where(p >= 0.5, "yes", "no").tolist()
    np.testing.assert_allclose(found.probabilities, np.c_[1 - p, p], atol=1e-6)


def test_numbers_have_no_probabilities(tmp_path):
    x = RNG.normal(size=(5, 3))
    (tmp_path / "x.csv").write_text("a,b,c\n" + "\n".join(",".join(map(str, row)) for row in x.tolist()) + "\n")
    network = Network(3, [Dense(1)], MSE())
    found = predict(network, tmp_path / "x.csv")
    np.testing.assert_allclose(found.answers, network.predict_proba(x)[:, 0], rtol=1e-5)
    assert found.probabilities is None
    with pytest.raises(ByhandError, match="no probabilities"):
        found.to_csv(probabilities=True)
    two = predict(Network(3, [Dense(2)], MSE()), x)
    assert list(next(two.records())) == ["row", "value 1", "value 2"]


def prices(n=80):
    area, town = RNG.normal(80, 20, n), np.array(["Ulm", "Bonn"])[RNG.integers(0, 2, n)]
    return {"id": np.arange(n) / 7, "area": area, "town": town, "price": 3_000 * area + 50_000 * (town == "Bonn")}


def test_a_table_s_network_keeps_it_in_its_file_and_takes_raw_rows(tmp_path):
    data = byhand.load(prices(), label="price", ignore=["id"])
    network = Network(3, [Dense(1)], MSE())
    network.table = data.table
    byhand.fit(network, data.x_train, data.y_train, epochs=300, optimizer=byhand.Adam(0.02), progress=False)
    network.save(tmp_path / "m")
    again = Network.load(tmp_path / "m")
    assert again.table == data.table
    raw = {"town": ["Bonn", "Ulm"], "area": [100.0, 50.0], "garden": [1, 2]}  # another order, and one column more
    found = predict(again, raw)
    np.testing.assert_allclose(found.answers, [350_000, 150_000], rtol=0.01)
    assert next(found.records()) == {"row": 1, "price": found.answers[0]}
    (tmp_path / "raw.csv").write_text("town,area\nBonn,100\nUlm,50\n")
    np.testing.assert_allclose(predict(again, tmp_path / "raw.csv").answers, found.answers)
    (tmp_path / "raw.csv").write_text("town,area\nBonn,100\nRom,50\n")
    with pytest.raises(ByhandError, match=r"raw\.csv: The column 'town', row 2: 'Rom' is none of the values"):
        predict(again, tmp_path / "raw.csv")


def test_classes_of_a_table_come_back_as_their_names():
    rows = prices()
    data = byhand.load(rows | {"price": np.where(rows["price"] > 260_000, "dear", "cheap")}, label="price")
    network = Network(4, [Dense(2)], CategoricalCrossEntropy(), classes=data.classes)
    network.table = data.table
    found = predict(network, rows)
    assert set(found.answers.tolist()) <= {"cheap", "dear"}
    assert found.label == "price"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", rows(IMAGES[:, :7]), "has 56 columns, but the network takes 64 numbers a row"),
        ("a.csv", b"a,b\n1,2\n", "has 2 columns"),
        ("a.csv", rows() + b"1,2\n", "line 13 has 2 columns"),
        ("a.npz", b"nothing", "not a readable npz"),
        ("a.png", b"nothing", "not a readable image"),
        ("a.bin", b"nothing", "not an IDX file"),
    ],
)
def test_files_that_do_not_fit_are_refused(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ByhandError, match=words):
        predict(NETWORK, tmp_path / name)


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(ByhandError, match="there is no such file or folder"):
        predict(NETWORK, "nowhere.csv")
    with pytest.raises(ByhandError, match="holds no pictures"):
        predict(NETWORK, tmp_path)
    with pytest.raises(ByhandError, match="Named columns are for networks that learnt from a table"):
        predict(NETWORK, {"a": [1]})
    with pytest.raises(ByhandError, match="no square images"):
        Image.fromarray(IMAGES[0]).save(tmp_path / "a.png")
        predict(Network(3, [Dense(1)], MSE()), tmp_path)
