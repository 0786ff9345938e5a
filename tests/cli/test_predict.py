"""byhand predict as a person types it."""

import csv
import json

import numpy as np
import pytest

from byhand import CategoricalCrossEntropy, Dense, Network
from tests.cli.test_commands import byhand  # noqa: F401  (a fixture)

IMAGES = np.random.default_rng(0).integers(0, 200, (5, 64)).astype(np.uint8)
NETWORK = Network(64, [Dense(10)], CategoricalCrossEntropy(), inputs="grey levels")
ANSWERS = [str(k) for k in NETWORK.predict(IMAGES)]


@pytest.fixture
def files(tmp_path):
    NETWORK.save(tmp_path / "m.safetensors")
    header = ",".join(f"pixel{i}" for i in range(64))
    (tmp_path / "test.csv").write_text("\n".join([header, *(",".join(map(str, row)) for row in IMAGES.tolist())]))


def test_answers_are_printed_as_csv(byhand, files):  # noqa: F811
    status, out, err = byhand("predict", "m.safetensors", "test.csv")
    assert (status, err) == (0, "")
    rows = list(csv.DictReader(out.splitlines()))
    assert [row["label"] for row in rows] == ANSWERS
    assert [row["row"] for row in rows] == ["1", "2", "3", "4", "5"]


def test_a_submission_is_written_whole(byhand, files, tmp_path):  # noqa: F811
    status, out, _ = byhand("predict", "m.safetensors", "test.csv", "--kaggle", "-o", "new/submission.csv")
    assert (status, out) == (0, "5 answers written to new/submission.csv.\n")
    lines = (tmp_path / "new/submission.csv").read_text().splitlines()
    assert lines == ["ImageId,Label", *(f"{i},{label}" for i, label in enumerate(ANSWERS, 1))]


def test_json_has_one_object_a_sample(byhand, files, tmp_path):  # noqa: F811
    _, out, _ = byhand("predict", "m.safetensors", "test.csv", "--json", "--probabilities")
    records = [json.loads(line) for line in out.splitlines()]
    assert [record["label"] for record in records] == ANSWERS
    assert sum(records[0][str(k)] for k in range(10)) == pytest.approx(1, abs=1e-5)
    byhand("predict", "m.safetensors", "test.csv", "--json", "-o", "a.jsonl")
    assert [json.loads(line)["row"] for line in (tmp_path / "a.jsonl").read_text().splitlines()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing.safetensors", "test.csv"), "there is no such model file"),
        (("m.safetensors", "nothing.csv"), "there is no such file or folder"),
        (("m.safetensors", "test.csv", "--kaggle", "--json"), "leave --probabilities and --json out"),
        (("m.safetensors", "m.safetensors"), "not an IDX file of images"),
    ],
)
def test_mistakes_are_one_sentence(arguments, words, byhand, files):  # noqa: F811
    status, out, err = byhand("predict", *arguments)
    assert (status, out) == (2, "")
    assert words in err and err.count("\n") == 1
