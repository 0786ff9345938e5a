"""Readings of a picture that was turned, as readings of the picture."""

from dataclasses import replace

from byhand.reading.prepare import Box
from byhand.reading.reading import Digit, Reading, Row, Unread


def turned_back(reading: Reading, turns: int, shape: tuple[int, ...]) -> Reading:
    """The reading of `numpy.rot90(picture, turns)` with boxes in the picture (height, width) itself."""

    def back(box: Box) -> Box:
        left, top, right, bottom = box
        height, width = shape[:2]
        return {
            0: box,
            1: (width - bottom, left, width - top, right),
            2: (width - right, height - bottom, width - left, height - top),
            3: (top, height - right, bottom, height - left),
        }[turns % 4]

    def moved(item: Digit | Unread) -> Digit | Unread:
        return replace(item, box=back(item.box))

    def row(line: Row) -> Row:
        symbols, unread = (tuple(map(moved, items)) for items in (line.symbols, line.unread))
        return replace(line, symbols=symbols, unread=unread, box=back(line.box))  # type: ignore[arg-type]

    rejected = tuple(map(moved, reading.rejected))
    return Reading(tuple(map(row, reading.lines)), rejected, turns % 4)  # type: ignore[arg-type]
