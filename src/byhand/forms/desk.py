"""A review that goes on for days: which doubtful fields have been looked at, kept in the review's folder."""

import threading
from pathlib import Path
from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.documents.formats import csv_lines
from byhand.forms.review import CORRECTION_HEADER, DOUBTFUL_FILE, DOUBTFUL_HEADER, csv_table

CORRECTIONS_FILE = "corrections.csv"
LONGEST_LABEL = 200


class ReviewDesk:
    """The doubtful fields of a folder that `Review` wrote, and their corrections, which are written at once.

    Args:
        folder: the review's folder; corrections that are there already are kept.

    Raises:
        ByhandError: the folder holds no review, or a file in it cannot be read.
    """

    def __init__(self, folder: Path):
        self.folder, self._lock = folder, threading.Lock()
        if not (folder / DOUBTFUL_FILE).exists():
            raise ByhandError(
                f"{folder} holds no review; write one with byhand form read form.toml scans/ -o answers.csv "
                f"--review {folder}."
            )
        _, self._fields = csv_table(folder / DOUBTFUL_FILE, DOUBTFUL_HEADER)
        self._labels: dict[str, str] = {}  # of each field's ink
        if (folder / CORRECTIONS_FILE).exists():
            _, rows = csv_table(folder / CORRECTIONS_FILE, CORRECTION_HEADER)
            self._labels = {row["file"]: row["label"] for row in rows}

    def __len__(self) -> int:
        return len(self._fields)

    def fields(self) -> list[dict[str, Any]]:
        """Number from 1, scan, page, field, reason, text as it was read, and label of each; None where it is open."""
        names = ("scan", "page", "field", "reason", "text")
        return [
            {"number": k, **{name: row[name] for name in names}, "label": self._labels.get(row["file"])}
            for k, row in enumerate(self._fields, 1)
        ]

    def picture(self, number: int) -> bytes:
        """The picture of a field, a PNG file.

        Raises:
            ByhandError: there is no such field, or no picture of it.
        """
        path = (self.folder / self._field(number)["seen"]).resolve()
        if not path.is_relative_to(self.folder.resolve()) or not path.is_file():
            raise ByhandError(f"The picture of field {number} is missing.")
        return path.read_bytes()

    def correct(self, number: int, label: str | None) -> int:
        """Confirm or correct a field, or open it again with None; returns how many have been looked at.

        Raises:
            ByhandError: there is no such field, or the label has more than 200 characters or unprintable ones.
        """
        if label is not None and (len(label) > LONGEST_LABEL or not (label.isprintable() or label == "")):
            raise ByhandError(f"A field's text has at most {LONGEST_LABEL} characters, all of them printable.")
        file = self._field(number)["file"]
        with self._lock:
            if label is None:
                self._labels.pop(file, None)
            else:
                self._labels[file] = label
            rows = [
                (row["file"], self._labels[row["file"]], row["scan"], row["page"], row["field"])
                for row in self._fields
                if row["file"] in self._labels
            ]
            write_atomically(self.folder / CORRECTIONS_FILE, csv_lines([CORRECTION_HEADER, *rows]).encode())
            return len(rows)

    def _field(self, number: int) -> dict[str, Any]:
        if not 1 <= number <= len(self._fields):
            raise ByhandError(f"There are the fields 1 to {len(self._fields)}; there is no field {number}.")
        return self._fields[number - 1]
