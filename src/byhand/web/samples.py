"""Labelled drawings of each browser."""

import logging
import threading
import zipfile
from collections import OrderedDict
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.web.job import Own
from byhand.web.keeping import KeepingFolder
from byhand.web.limits import Limits, Refusal
from byhand.web.packed import packed


@dataclass
class Sample:
    """A drawing, uint8 (28, 28), and its label."""

    id: int
    label: int
    image: Array

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"id": self.id, "label": str(self.label), "image": packed(self.image)}


@dataclass
class Album:
    """The samples of one browser by number."""

    samples: dict[int, Sample] = field(default_factory=dict)
    next: int = 1

    def to_json(self) -> dict[str, Any]:
        """How many, of each digit, and all of them."""
        return self.counts() | {"samples": [sample.to_json() for sample in self.samples.values()]}

    def counts(self) -> dict[str, Any]:
        """How many, and how many of each digit."""
        labels = [sample.label for sample in self.samples.values()]
        return {"count": len(labels), "counts": [labels.count(digit) for digit in range(10)]}


class SampleStore:
    """The albums of all browsers; the one used longest ago goes when there are too many.

    Args:
        limits: the server's.
        keeper: where they are kept.
    """

    def __init__(self, limits: Limits, keeper: KeepingFolder | None = None):
        self.limits, self.keeper = limits, keeper or KeepingFolder()
        self._albums: OrderedDict[str, Album] = OrderedDict()
        self._lock = threading.Lock()
        for session, npz in self.keeper.drawings().items():
            try:
                self.load(session, npz, keep=False)
            except Refusal as refusal:
                logging.getLogger("byhand.web").warning("the drawings %s.npz are left out: %s", session, refusal)

    def sessions(self) -> list[str]:
        """The browsers that have any."""
        with self._lock:
            return [session for session, album in self._albums.items() if album.samples]

    def count(self, session: str) -> int:
        """How many a browser has."""
        with self._lock:
            return len(self._albums.get(session, Album()).samples)

    def _keep(self, session: str) -> None:
        if self.keeper.folder:
            self.keeper.keep_drawings(session, self.npz(session) if self.count(session) else None)

    def add(self, session: str, image: Array, label: int, keep: bool = True) -> dict[str, Any]:
        """Keep a drawing.

        Raises:
            Refusal: the album is full.
        """
        with self._lock:
            album = self._album(session)
            if len(album.samples) >= self.limits.samples:
                raise Refusal(429, f"{self.limits.samples} samples are kept at most; delete some first.")
            sample = Sample(album.next, label, image.copy())
            album.samples[sample.id] = sample
            album.next += 1
            answer = album.counts() | {"sample": sample.to_json()}
        if keep:
            self._keep(session)
        return answer

    def relabel(self, session: str, number: int, label: int) -> dict[str, Any]:
        """Change the label of a drawing."""
        with self._lock:
            album, sample = self._find(session, number)
            sample.label = label
            answer = album.counts() | {"sample": sample.to_json()}
        self._keep(session)
        return answer

    def remove(self, session: str, number: int) -> None:
        """Delete a drawing."""
        with self._lock:
            album, sample = self._find(session, number)
            del album.samples[sample.id]
        self._keep(session)

    def clear(self, session: str) -> None:
        """Delete all drawings of a browser."""
        with self._lock:
            self._albums.pop(session, None)
        self._keep(session)

    def to_json(self, session: str) -> dict[str, Any]:
        """The drawings of a browser."""
        with self._lock:
            return self._albums.get(session, Album()).to_json()

    def arrays(self, session: str) -> tuple[Array, Array]:
        """Images (n, 28, 28), uint8, and labels (n,), uint8; n may be 0."""
        with self._lock:
            samples = list(self._albums.get(session, Album()).samples.values())
        x = np.array([sample.image for sample in samples], np.uint8).reshape(-1, 28, 28)
        return x, np.array([sample.label for sample in samples], np.uint8)

    def npz(self, session: str) -> bytes:
        """An npz file with x_train and y_train, which `byhand.load` opens.

        Raises:
            Refusal: there are none.
        """
        x, y = self.arrays(session)
        if not len(y):
            raise Refusal(404, "There are no samples yet.")
        file = BytesIO()
        np.savez_compressed(file, x_train=x, y_train=y)
        return file.getvalue()

    def load(self, session: str, data: bytes, keep: bool = True) -> dict[str, Any]:
        """Add the drawings of an npz file with x_train (n, 28, 28), uint8, and y_train (n,).

        Raises:
            Refusal: no such file, or more drawings than are kept.
        """
        fault = Refusal(
            422, "This is no file of samples: an npz file with x_train (n, 28, 28), uint8, and y_train (n,)."
        )
        most = 2 * 28 * 28 * self.limits.samples
        try:
            with zipfile.ZipFile(BytesIO(data)) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > most:
                    raise fault
            with np.load(BytesIO(data), allow_pickle=False) as file:
                x, y = file["x_train"], file["y_train"]
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
            raise fault from None
        if x.dtype != np.uint8 or x.shape != (*y.shape, 28, 28) or y.ndim != 1 or y.dtype.kind not in "iu":
            raise fault
        if len(y) and not 0 <= y.min() <= y.max() <= 9:
            raise fault
        with self._lock:
            if len(self._albums.get(session, Album()).samples) + len(y) > self.limits.samples:
                raise Refusal(429, f"{self.limits.samples} samples are kept at most; delete some first.")
        for image, label in zip(x, y, strict=True):
            self.add(session, image, int(label), keep=False)
        if keep:
            self._keep(session)
        return self.to_json(session)

    def own(self, session: str) -> Own:
        """The drawings for fine-tuning.

        Raises:
            Refusal: there are none.
        """
        x, y = self.arrays(session)
        if not len(y):
            raise Refusal(422, "There are no samples yet; draw some digits and label them first.")
        return Own(x.reshape(len(x), -1), y.astype(np.int64))

    def _album(self, session: str) -> Album:
        album = self._albums.setdefault(session, Album())
        self._albums.move_to_end(session)
        while len(self._albums) > self.limits.sessions:
            gone, _ = self._albums.popitem(last=False)
            self.keeper.keep_drawings(gone, None)
        return album

    def _find(self, session: str, number: int) -> tuple[Album, Sample]:
        album = self._albums.get(session, Album())
        if number not in album.samples:
            raise Refusal(404, f"There is no sample {number}.")
        return album, album.samples[number]
