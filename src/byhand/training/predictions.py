"""Prediction of samples without labels."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.samples import read_samples
from byhand.network import Network


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions of a network, one per sample.

    Attributes:
        answers: the names of the classes (n,), or numbers: (n,) for one output, (n, k) for several.
        probabilities: the output activations (n, k), one column per class; None if numbers are predicted.
        classes: the names of the classes; empty if numbers are predicted.
        names: the files of the samples; None if all come from one.
        label: the name of the answers: that of the table's column, otherwise "label" for classes and "value" for
            numbers.
    """

    answers: Array
    probabilities: Array | None
    classes: tuple[str, ...]
    names: tuple[str, ...] | None
    label: str

    def __len__(self) -> int:
        return len(self.answers)

    def records(self, probabilities: bool = False) -> Iterator[dict[str, Any]]:
        """One dictionary per sample: its row (from 1) or file, the answer, and the probabilities if requested.

        Raises:
            ByhandError: probabilities are requested, but numbers are predicted.
        """
        if probabilities and self.probabilities is None:
            raise ByhandError("This network predicts numbers, not classes, so there are no probabilities.")
        for i, answer in enumerate(self.answers.tolist()):
            place = {"file": self.names[i]} if self.names else {"row": i + 1}
            if isinstance(answer, list):
                yield place | {f"{self.label} {j + 1}": number for j, number in enumerate(answer)}
                continue
            record = place | {self.label: answer}
            if probabilities and self.probabilities is not None:
                record |= dict(zip(self.classes, self.probabilities[i].tolist(), strict=True))
            yield record

    def to_csv(self, probabilities: bool = False) -> str:
        """The records as CSV with a header."""
        return _csv(list(self.records(probabilities)))

    def to_kaggle(self) -> str:
        """The submission format of Kaggle's Digit Recognizer: ImageId (from 1) and Label."""
        return _csv([{"ImageId": i + 1, "Label": answer} for i, answer in enumerate(self.answers.tolist())])


def predict(network: Network, data: Any, *, label: str | int | None = None) -> Predictions:
    """Predict `data` with `network`.

    Example:
        >>> answers = byhand.predict(network, "test.csv")
        >>> print(answers.to_kaggle())

    Args:
        network: a trained network.
        data: a data set's name (its test rows), a CSV file with or without labels, an .npz file, an IDX file, a
            picture, a folder of pictures, or an array; for a network trained on a table raw rows, as a CSV file, a
            dictionary of columns or a data frame; for one trained on lines of text a .txt file or a list of texts.
            Labels in the data are ignored.
        label: the column of labels in a CSV file, by name or number, if it is not recognised automatically.

    Raises:
        ByhandError: the data cannot be read, or the samples do not fit the network.
    """
    samples = read_samples(data, network.input_shape, network.table, label, network.vocabulary)
    outputs = network.predict_proba(samples.x)
    table = network.table
    if predicts_numbers(network):
        answers = table.decode(outputs) if table else outputs[:, 0] if outputs.shape[1] == 1 else outputs
        return Predictions(answers, None, (), samples.names, table.label.name if table else "value")
    if outputs.ndim != 2:
        raise ByhandError("This network reads rows of symbols, not classes; use network.predict_proba.")
    decided = network.decide(outputs)
    if outputs.shape[1] == 1:
        outputs = np.hstack([1 - outputs, outputs])
    classes = network.classes or tuple(str(k) for k in range(outputs.shape[1]))
    answers = np.asarray(classes)[decided]
    return Predictions(answers, outputs, classes, samples.names, table.label.name if table else "label")


def predicts_numbers(network: Network) -> bool:
    """Whether a network's outputs are numbers rather than classes."""
    return not network.table.classes if network.table else network.task == "numbers"


def _csv(records: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()
