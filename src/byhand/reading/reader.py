"""Reading a picture: its lines of writing are found, and each of them is read by a network."""

from functools import lru_cache
from math import prod
from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.losses.ctc import CTC
from byhand.network import Network
from byhand.reading.crops import Ink, row_ink
from byhand.reading.cuts import CutReader
from byhand.reading.filled import Paper, papers
from byhand.reading.folded import folded
from byhand.reading.image import Source, open_image
from byhand.reading.ink import DARKER, LIGHTER, skewness
from byhand.reading.lines import Line, drawn_lines, find_lines
from byhand.reading.pieces import box_of
from byhand.reading.places import places
from byhand.reading.prepare import Box
from byhand.reading.reading import Digit, Reading, Row
from byhand.reading.row_read import RowRead
from byhand.reading.row_reader import RowReader
from byhand.reading.ruled import stroke_width

MODELS = Path(__file__).parents[1] / "models"  # those that come with the package
MODEL = MODELS / "digits.safetensors"  # for single digits
ROW_MODEL = MODELS / "row.safetensors"  # for rows
PARTNER = MODELS / "row-narrow.safetensors"  # reads them too
ALTERNATIVES = 0.001  # what is less likely is not named
SOLID = 0.45  # no pen is as wide as this part of a digit's height
SURE_ENOUGH = 0.45  # of a row whose digits are less sure on average, nothing is read: see bench/reading/confidence.py
AGAIN = 500  # heights: doubtful rows as long as this in all are looked at again on one picture, and no more


class Reader:
    """Reads the digits in pictures, any number of them in any number of rows.

    Example:
        >>> from byhand import Reader
        >>> reader = Reader()
        >>> reader.read("photo.jpg").text  # doctest: +SKIP
        '2024'

    Args:
        model: a model file; by default the one that comes with the package. Its network either reads whole rows
            (height, width, 1) with the loss CTC, or single digits of 28 × 28 pixels; that one gets pieces cut out of
            rows. The package's own work together: two read rows, and where they differ, one for digits judges too.
        sure: rows whose digits are less sure than this on average are taken for something else than digits, and left
            out; 0 reads everything.

    Raises:
        ByhandError: the file is no such model, or `sure` is no probability.
    """

    def __init__(self, model: str | Path | None = None, sure: float = SURE_ENOUGH):
        if not 0 <= sure <= 1:
            raise ByhandError(f"sure must be a probability from 0 to 1, not {sure}.")
        self.sure = sure
        path = Path(model) if model else ROW_MODEL if ROW_MODEL.exists() else MODEL
        network = Network.load(path)
        rows = isinstance(network.loss, CTC) and len(network.input_shape) == 3
        if network.outputs != (11 if rows else 10) or (not rows and prod(network.input_shape) != 28 * 28):
            shape = " × ".join(map(str, network.input_shape))
            raise ByhandError(
                f"{path}: this network takes inputs of {shape} and gives {network.outputs} outputs; reading pictures "
                "needs one for 28 × 28 and the ten digits, or one for rows with the loss CTC."
            )
        self.network = network
        self._way: RowReader | CutReader
        if path == ROW_MODEL:
            self._way = RowReader([network, Network.load(PARTNER)], folded(Network.load(MODEL)))
        else:
            self._way = RowReader([network]) if rows else CutReader(network)

    def read(self, source: Source) -> Reading:
        """Read a picture; one without writing gives an empty reading.

        Args:
            source: a file, or an array (height, width) or (height, width, 3 or 4), uint8 or from 0 to 1.

        Raises:
            ByhandError: the picture cannot be opened.
        """
        image = open_image(source)
        skew = skewness(image)
        ways = [inverted for inverted, possible in ((False, skew < LIGHTER), (True, skew > DARKER)) if possible]
        if found := papers(image):  # a digit may fill it
            readings = [self._lines(image, inverted, found[inverted]) for inverted in ways]
            chances = [found[inverted].rim * weakest(reading) for inverted, reading in zip(ways, readings, strict=True)]
            return readings[int(np.argmax(chances))]
        return max((self._lines(image, inverted) for inverted in ways), key=expected_rows)

    def read_drawing(self, ink: Array) -> Reading:
        """Read what was drawn on a canvas: there is no paper to be told from the ink, and nothing but writing on it.

        Args:
            ink: uint8 (height, width), 255 where the pen was, else 0.

        Raises:
            ByhandError: another type or shape.
        """
        if ink.dtype != np.uint8 or ink.ndim != 2 or not ink.size:
            raise ByhandError(f"A drawing is uint8 (height, width), not {ink.dtype} {ink.shape}.")
        return self._reading(drawn_lines(ink))

    def _lines(self, image: Array, inverted: bool, paper: Paper | None = None) -> Reading:
        return self._reading(find_lines(image, inverted, paper))

    def _reading(self, lines: list[Line]) -> Reading:
        rows, doubtful = [], 0.0  # the length of doubtful rows so far, in their heights
        for line in lines:
            if not is_mark(line.mask):
                ink = row_ink(line.image, line.mask)
                found = self._read_row(ink, doubtful < AGAIN)
                rows.append(_row(line, ink, found))
                doubtful += found.doubtful * line.mask.shape[1] / line.mask.shape[0]
        return Reading(tuple(row for row in rows if row.digits and sureness(row) >= self.sure))

    def _read_row(self, ink: Ink, again: bool) -> RowRead:
        return self._way.read(ink, again=again) if isinstance(self._way, RowReader) else self._way.read(ink)


def is_mark(mask: Array) -> bool:
    """Whether all that is written is a point, a dash or a line: a stroke about as wide as the writing is high."""
    box = box_of(mask)
    return box is None or stroke_width(mask) > SOLID * (box[3] - box[1])


def weakest(reading: Reading) -> float:
    """The confidence of the row that is least sure, 0 of an empty page."""
    return min((row.confidence for row in reading.lines), default=0.0)


def expected_rows(reading: Reading) -> float:
    """How many rows can be expected to be right."""
    return sum(row.confidence for row in reading.lines)


def sureness(row: Row) -> float:
    """How sure a row's digits are on average: the geometric mean of the row's probability over its digits."""
    return row.confidence ** (1 / max(len(row.digits), 1))


@lru_cache(maxsize=2)
def _reader(model: str | None) -> Reader:
    return Reader(model)


def read(source: Source, model: str | Path | None = None) -> Reading:
    """Read the digits in a picture; see `Reader`, which this keeps for the next call.

    Example:
        >>> import byhand
        >>> byhand.read("photo.jpg").text  # doctest: +SKIP
        '2024'
    """
    return _reader(str(model) if model else None).read(source)


def _row(line: Line, ink: Ink, found: RowRead) -> Row:
    """What was found in a line, with boxes in the picture."""
    if not found.label:
        return Row((), found.probability, line.box)
    (placed,) = places(ink, [found.middles])
    digits = tuple(_digit(line, found, i, box, part) for i, (box, part) in enumerate(placed))
    return Row(digits, found.probability, line.box)


def _digit(line: Line, found: RowRead, i: int, box: Box, ink: Array) -> Digit:
    """The i-th digit that was found in the line."""
    name, p = found.label[i], found.p[i]
    order = np.argsort(-p, kind="stable").tolist()
    others = tuple((str(c), float(p[c])) for c in order if c != name and p[c] >= ALTERNATIVES)
    return Digit(str(name), float(p[name]), line.in_picture(box), others, ink)
