"""Readings of a picture that was turned, or has a rim, as readings of the picture."""

from collections.abc import Callable
from dataclasses import replace

from byhand.pictures.boxes import Box
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

    return replace(_moved(reading, back), turns=turns % 4)


def without_rim(reading: Reading, rim: int, shape: tuple[int, ...]) -> Reading:
    """The reading of a picture with so many pixels put around it, with boxes in the picture (height, width) itself."""
    height, width = shape[:2]

    def back(box: Box) -> Box:
        left, top = (min(max(at - rim, 0), side - 1) for at, side in zip(box[:2], (width, height), strict=True))
        right, bottom = (min(at - rim, side) for at, side in zip(box[2:], (width, height), strict=True))
        return left, top, max(right, left + 1), max(bottom, top + 1)

    return _moved(reading, back)


def _moved(reading: Reading, back: Callable[[Box], Box]) -> Reading:
    def moved(item: Digit | Unread) -> Digit | Unread:
        return replace(item, box=back(item.box))

    def row(line: Row) -> Row:
        symbols, unread = (tuple(map(moved, items)) for items in (line.symbols, line.unread))
        return replace(line, symbols=symbols, unread=unread, box=back(line.box))  # type: ignore[arg-type]

    rejected = tuple(map(moved, reading.rejected))
    return Reading(tuple(map(row, reading.lines)), rejected)  # type: ignore[arg-type]
