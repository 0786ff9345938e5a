"""Reading pictures in threads of the server or in additional processes."""

import contextlib
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.documents.processes import new_pool
from byhand.reading.image import open_image
from byhand.reading.reader import ROW_MODEL, Reader
from byhand.reading.reading import Reading
from byhand.web.catalogue import Model
from byhand.web.drawings import Picture
from byhand.web.limits import Refusal
from byhand.web.packed import packed

_readers: dict[str, Reader] = {}  # of this process, by the model's file


def read_to_record(source: bytes | Array, path: str) -> dict[str, Any]:
    """Read a picture; the reading as plain data.

    Args:
        source: a picture file's bytes, or the ink of a drawing, uint8 (height, width), 255 on paper 0.
        path: the model's file.

    Raises:
        ByhandError: no picture that can be read.
    """
    start = time.perf_counter()
    if path not in _readers:
        _readers[path] = Reader(None if Path(path) == ROW_MODEL else path)  # the package's own work together
    reader = _readers[path]
    if isinstance(source, bytes):
        pixels = open_image(Picture(source))
        reading = reader.read(pixels)
    else:
        pixels, reading = source, reader.read_drawing(source)
    record = _as_json(reading)
    seconds = time.perf_counter() - start
    return record | {"width": pixels.shape[1], "height": pixels.shape[0], "milliseconds": round(1000 * seconds, 2)}


def _as_json(reading: Reading) -> dict[str, Any]:
    """The reading as `byhand read --json` prints it, with the image of each digit."""
    record = reading.to_json()
    for line, row in zip(record["lines"], reading.lines, strict=True):
        for key, signs in (("digits", row.digits), ("symbols", row.symbols)):
            for plain, sign in zip(line[key], signs, strict=True):
                plain["image"] = packed(sign.image)
    return record


def read_with(model: Model, source: bytes | Array, path: Path | None) -> dict[str, Any]:
    """The same with a network that lies in no file, such as one in training."""
    if path:
        return read_to_record(source, str(path))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{model.id}.safetensors"
        model.network.save(file)
        record = read_to_record(source, str(file))
        del _readers[str(file)]
        return record


class Readers:
    """Reads pictures in `processes` additional processes, or in the calling thread if 0.

    Args:
        processes: how many.
    """

    def __init__(self, processes: int = 0):
        self.processes = processes
        self._pool = self._new() if processes else None

    def __call__(self, model: Model, source: bytes | Array, path: Path | None) -> dict[str, Any]:
        """What is written in a picture.

        Raises:
            ByhandError: no picture that can be read.
            Refusal: the process that read it was lost.
        """
        if not (self._pool and path):
            return read_with(model, source, path)
        pool = self._pool
        try:
            return pool.submit(read_to_record, source, str(path)).result()
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = self._new()
            raise Refusal(503, "The process that read this was lost; try again.", 1) from None

    def warm(self, path: Path) -> None:
        """Let every process load what it needs to read with the model in `path`, before the first request."""
        stroke = np.zeros((40, 40), np.uint8)
        stroke[5:35, 18:22] = 255
        with contextlib.suppress(RuntimeError):  # the server ends already
            if self._pool:
                for future in [self._pool.submit(read_to_record, stroke, str(path)) for _ in range(2 * self.processes)]:
                    future.result()
            else:
                read_to_record(stroke, str(path))

    def close(self) -> None:
        """End the processes."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def _new(self) -> ProcessPoolExecutor:
        return new_pool(self.processes)
