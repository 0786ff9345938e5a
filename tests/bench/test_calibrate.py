"""The threshold that the reader's calibration finds is one of what a reader says, not of another scale."""

from argparse import Namespace
from types import SimpleNamespace

import numpy as np
import pytest
from bench.reading import calibrate
from PIL import Image

from byhand.reading.reader import sureness
from byhand.reading.reading import Digit, Reading, Row


class Overconfident:
    """Reads row i, of two signs, as "11", with a probability of p², though p of them are right; half of the ink."""

    def __init__(self) -> None:
        self._way = SimpleNamespace(powers=(1.0, 1.0))

    def read(self, file) -> Reading:
        p = 0.5 + int(file.stem) / 2000
        sign = Digit("1", 0.9, (0, 0, 9, 9), (), np.zeros((9, 9), np.uint8))
        return Reading((Row((sign, sign), (p**2) ** self._way.powers[0], (0, 0, 9, 9), (2,), share=0.5),))


def test_the_threshold_keeps_what_it_says_of_a_calibrated_reader(tmp_path) -> None:
    rng, labels = np.random.default_rng(0), []
    for i in range(1000):
        Image.new("L", (1, 1)).save(tmp_path / f"{i}.png")
        labels.append(f"{i}.png,{'11' if rng.random() < 0.5 + i / 2000 else '12'}")
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *labels]))
    reader = Overconfident()
    found = calibrate.fitted({"text": reader}, Namespace(right=[tmp_path], none=[], form=["text"]))
    assert found["row"] == pytest.approx(0.5, abs=0.12)  # p² is fitted back to p
    right = [label.endswith("11") for label in labels]
    sure = np.array([sureness(reader.read(tmp_path / f"{i}.png").lines[0]) for i in range(1000)])[right]
    assert np.mean(sure >= found["sure"]) == pytest.approx(calibrate.KEPT, abs=2 / len(sure))
