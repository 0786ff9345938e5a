"""Reading a picture: a network finds its lines of writing, and others read them."""

from copy import copy
from functools import lru_cache
from math import prod
from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.exchange.loading import any_network
from byhand.handwriting.alphabet import ALPHABET
from byhand.losses.ctc import CTC
from byhand.network import Network
from byhand.network.folded import folded
from byhand.pictures.boxes import Box, hull
from byhand.pictures.image import ImageSource, open_image
from byhand.pictures.prepare import FIELD
from byhand.reading.crops import Ink, row_ink
from byhand.reading.cut import TextLine, cut_all, drawn_lines
from byhand.reading.find import SMALL_PAGE, Finder, FoundRow
from byhand.reading.forms import DIGIT_CLASSES, NumberForm, form_asked, only_digits
from byhand.reading.hand import with_hand
from byhand.reading.model import ReaderModel, is_reader, load_model
from byhand.reading.number_model import NumberModel
from byhand.reading.pieces import places
from byhand.reading.placed_reader import PlacedReader
from byhand.reading.reading import Digit, Reading, Row, Unread
from byhand.reading.row_read import RowRead
from byhand.reading.row_reader import ROW_POWER, SIGN_POWER, SURE, RowReader
from byhand.reading.turned import turned_back, without_rim

MODELS = Path(__file__).parents[1] / "models"  # those that come with the package
READER = MODELS / "reader.byhand"  # finds numbers and reads them
MODEL = MODELS / "digits.safetensors"  # for single digits
ALTERNATIVES = 0.001  # what is less likely is not named
# of a row that is less sure to be a number nothing is read; files have their own, by bench.reading.calibrate
SURE_ENOUGH = 0.45  # by bench.reading.confidence, with an earlier network
PAPER_AROUND = 0.3  # of a small picture's longer side: how much paper is put around it; by hand
AGAIN = 500  # heights: doubtful rows as long as this in all are looked at again on one picture, and no more


class Reader:
    """Reads the numbers in pictures, any number of them in any number of rows.

    Example:
        >>> from byhand import Reader
        >>> reader = Reader()
        >>> reader.read("photo.jpg").text  # doctest: +SKIP
        '12.50'

    Args:
        model: a model file; by default `READER`, which holds a network that finds numbers on a page and one that reads
            them. Another network only reads what `READER` finds: whole rows (height, width, 1) with the loss CTC, or
            single digits of 28 × 28 pixels, cut out where `READER` sees them.
        form: what a row may read: "digits" alone, signs counting as nothing; "text", with the signs of numbers;
            "numbers", "amount", "date", "time"; or a regular expression (see `forms.NumberForm`). By default "text",
            and "digits" with a network that knows no signs.
        sure: rows of which it is less sure than this that they are numbers are left out (see `sureness`); 0 reads
            everything. By default what the model says.
        hand: a file of `byhand train-hand`, for the package's own networks.

    Raises:
        ByhandError: a file is no such model or hand, or `sure` is no probability.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        sure: float | None = None,
        form: str | None = None,
        hand: str | Path | None = None,
    ):
        if sure is not None and not 0 <= sure <= 1:
            raise ByhandError(f"sure must be a probability from 0 to 1, not {sure}.")
        path = Path(model) if model else READER
        whole = is_reader(path)
        if hand and not whole:
            raise ByhandError(f"a hand is for the built-in networks, not for {path}.")
        own = load_model(path if whole else READER)
        self.finder = Finder(own.finder)
        self.network, self._way = _built_in(own, form or "text", hand) if whole else _given(path, own, form)
        usual = own.calibration.get("sure", SURE_ENOUGH) if whole else SURE_ENOUGH
        self.sure = usual if sure is None else sure

    def read(self, source: ImageSource) -> Reading:
        """Read a picture; one without writing gives an empty reading.

        Args:
            source: a file, or an array (height, width) or (height, width, 3 or 4), uint8 or from 0 to 1.

        Raises:
            ByhandError: the picture cannot be opened.
        """
        image = open_image(source)
        reading = self._seen(image)
        if reading.lines or reading.rejected or max(image.shape) > SMALL_PAGE:
            return reading
        # a small picture on which nothing stands: a digit may fill it, so paper is put around it, dark or light
        rim = round(PAPER_AROUND * max(image.shape))
        framed = [self._seen(np.pad(image, rim, constant_values=int(level))) for level in (image.min(), image.max())]
        return max(reading, *(without_rim(other, rim, image.shape) for other in framed), key=promise)

    def read_row(self, ink: Array, mask: Array) -> Row | None:
        """Read what is known to be one row of writing; None if nothing can be read as the form demands.

        Args:
            ink: uint8 (height, width), ink up to 255 on paper 0.
            mask: which of its pixels are writing, bool (height, width), at least one.
        """
        height, width = ink.shape
        line = TextLine((0, 0, width, height), ink, mask, (0.0, 0.0), 1.0, ink.shape)
        row = row_ink(ink, mask)
        found = _row(line, row, self._way.read(row))
        return found if found.symbols else None

    def restricted(self, form: str) -> "Reader":
        """A reader with the same networks and another form, that reads digits if this one's reads nothing else.

        Raises:
            ByhandError: no such form, or these networks cannot read it.
        """
        if not isinstance(self._way, RowReader):
            raise ByhandError(f"a network for single digits reads no pattern such as {form!r}; use one for rows.")
        other = copy(self)
        other._way = self._way.restricted(form_asked(form))
        return other

    def read_drawing(self, ink: Array) -> Reading:
        """Read what was drawn on a canvas: there is no paper to be told from the ink, and nothing but writing on it.

        Args:
            ink: uint8 (height, width), 255 where the pen was, else 0.

        Raises:
            ByhandError: another type or shape.
        """
        if ink.dtype != np.uint8 or ink.ndim != 2 or not ink.size:
            raise ByhandError(f"A drawing is uint8 (height, width), not {ink.dtype} {ink.shape}.")
        drawn = self._read_lines([[line] for line in drawn_lines(ink)], [])
        if drawn.lines and not drawn.rejected and all(row.confidence >= SURE for row in drawn.lines):
            return drawn  # the finder would only find the same again
        return max(self._seen(255 - ink), drawn, key=promise)

    def _seen(self, image: Array) -> Reading:
        """The reading of a picture, uint8 (height, width); turned where most of its numbers are."""
        found = self.finder.find(image)
        readings = [self._found(found)]
        if not found.turned or (len(found.numbers) >= len(found.turned) and readings[0].lines):
            return readings[0]
        for turns in (1, 3):
            turned = self._found(self.finder.find(np.ascontiguousarray(np.rot90(image, turns))))
            readings.append(turned_back(turned, turns, image.shape))
        return max(readings, key=promise)

    def _found(self, found: FoundRow) -> Reading:
        """The reading of what was found: numbers that are level with each other are one row."""
        rejected = [Unread(box, "turned") for box in found.turned] + [Unread(box, "other") for box in found.other]
        return self._read_lines(cut_all(found), rejected)

    def _read_lines(self, rows_of_lines: list[list[TextLine]], rejected: list[Unread]) -> Reading:
        """The reading of lines, row by row; those that are not sure enough join what is rejected."""
        rows, doubtful = [], 0.0
        for level in rows_of_lines:
            parts = []
            for line in level:
                ink = row_ink(line.image, line.mask)
                read = self._way.read(ink, again=doubtful < AGAIN)
                doubtful += read.doubtful * line.mask.shape[1] / line.mask.shape[0]
                part = _row(line, ink, read)
                if part.symbols and sureness(part) >= self.sure:
                    parts.append(part)
                else:
                    reason = "unsure" if part.symbols or isinstance(self._way.form, NumberForm) else "other"
                    rejected.append(Unread(line.box, reason, part.text, part.confidence))
            if any(part.digits for part in parts):
                rows.append(_joined(parts))
            else:  # dashes and points by themselves are no number
                rejected += [Unread(part.box, "other", part.text, part.confidence) for part in parts]
        return Reading(tuple(rows), tuple(rejected))


def _built_in(own: ReaderModel, form: str, hand: str | Path | None) -> tuple[Network, RowReader]:
    """A model's first network for rows, and how it reads together with the others."""
    network = with_hand(own.rows[0], hand) if hand else own.rows[0]
    second = folded(Network.load(MODEL)) if only_digits(form) else None
    numbers = NumberModel(own.numbers) if own.numbers else None
    return network, RowReader([network, *own.rows[1:]], second, form_asked(form), _powers(own), numbers)


def _given(path: Path, own: ReaderModel, form: str | None) -> tuple[Network, RowReader | PlacedReader]:
    """A user's network, and how it reads what the built-in finder, or reader, finds.

    Raises:
        ByhandError: it is for something else, or cannot read as the form demands.
    """
    network = _own_network(path)
    rows = isinstance(network.loss, CTC)
    if form and not only_digits(form):
        raise ByhandError(f"{path} knows nothing but digits; it cannot read {form!r}.")
    if form not in (None, "digits") and not rows:
        raise ByhandError(f"{path} reads single digits; a pattern needs a network for rows.")
    if rows:
        return network, RowReader([network], form=form_asked(form or "digits"))
    return network, PlacedReader(network, RowReader(own.rows, powers=_powers(own)))


def _powers(own: ReaderModel) -> tuple[float, float]:
    return own.calibration.get("row", ROW_POWER), own.calibration.get("sign", SIGN_POWER)


def _own_network(path: Path) -> Network:
    """A user's network for rows or for single digits.

    Raises:
        ByhandError: it is for something else.
    """
    network = any_network(path)
    rows = isinstance(network.loss, CTC) and len(network.input_shape) == 3
    if network.outputs != (DIGIT_CLASSES + rows) or (not rows and prod(network.input_shape) != FIELD * FIELD):
        shape = " × ".join(map(str, network.input_shape))
        raise ByhandError(
            f"{path}: this network takes inputs of {shape} and gives {network.outputs} outputs; reading pictures "
            "needs one for 28 × 28 and the ten digits, or one for rows with the loss CTC."
        )
    if network.inputs != "grey levels":
        raise ByhandError(
            f'{path}: this network takes {network.inputs}; for pictures make it with inputs="grey levels".'
        )
    return network


def promise(reading: Reading) -> float:
    """Σ digits (confidence − ½) of its rows: more for more digits, less for rows that are rather wrong than right."""
    return sum(len(row.digits) * (row.confidence - 0.5) for row in reading.lines)


def sureness(row: Row) -> float:
    """How sure it is that a row is a number: the geometric mean of its probability over its signs, times its share."""
    return row.confidence ** (1 / max(len(row.symbols), 1)) * row.share


@lru_cache(maxsize=2)
def _reader(model: str | None) -> Reader:
    return Reader(model)


def read(source: ImageSource, model: str | Path | None = None) -> Reading:
    """Read the digits in a picture; see `Reader`, which this keeps for the next call.

    Example:
        >>> import byhand
        >>> byhand.read("photo.jpg").text  # doctest: +SKIP
        '2024'
    """
    return _reader(str(model) if model else None).read(source)


def _row(line: TextLine, ink: Ink, found: RowRead) -> Row:
    """What was found in a line, with boxes in the picture."""
    if not found.label:
        return Row((), found.probability, line.box)
    (placed,) = places(ink, [found.middles])
    symbols, groups, unread = [], [0], []
    for i, (box, part) in enumerate(placed):
        name = ALPHABET[found.label[i]]
        if name not in (" ", "?"):
            symbols.append(_symbol(line, found, i, box, part))
            groups[-1] += 1
            continue
        if name == "?":
            unread.append(Unread(line.in_picture(box), "other", "", float(found.p[i][found.label[i]])))
        if groups[-1]:
            groups.append(0)
    share = line.share * found.own
    return Row(tuple(symbols), found.probability, line.box, tuple(n for n in groups if n), tuple(unread), share)


def _symbol(line: TextLine, found: RowRead, i: int, box: Box, ink: Array) -> Digit:
    """The i-th sign that was found in the line."""
    name, p = found.label[i], found.p[i]
    order = np.argsort(-p, kind="stable").tolist()
    others = tuple((ALPHABET[c], float(p[c])) for c in order if c != name and p[c] >= ALTERNATIVES)
    return Digit(ALPHABET[name], float(p[name]), line.in_picture(box), others, ink)


def _joined(rows: list[Row]) -> Row:
    """Rows that are level with each other as one."""
    symbols = tuple(symbol for row in rows for symbol in row.symbols)
    groups = tuple(n for row in rows for n in row.groups)
    unread = tuple(place for row in rows for place in row.unread)
    sure, share = prod(row.confidence for row in rows), min(row.share for row in rows)
    return Row(symbols, sure, hull([row.box for row in rows]), groups, unread, share)
