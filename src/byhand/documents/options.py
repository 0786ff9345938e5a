"""What is read on a page, and which rows are accepted."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from byhand.core.checks import require_between
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.documents.pages import PageChoice
from byhand.pictures.boxes import Box
from byhand.reading.reading import Reading, Row, Unread
from byhand.reading.turned import turned_back

QUARTERS = (0, 90, 180, 270)
_PATTERNS = {True: "text", False: "digits"}
SIDES = ("left", "top", "right", "bottom")


class PageReader(Protocol):
    """What reads a page: a `Reader`."""

    def read(self, source: Array) -> Reading:
        """What is written on a page, uint8 (height, width)."""
        ...


@dataclass(frozen=True)
class ReadOptions:
    """What is read on a page, and which rows are accepted; the others are listed as rejected, with the reason.

    Args:
        pattern: what a row may read: digits, text, numbers, amount, date, time, or a regular expression
            (`Reader`'s form); by default all that the model knows.
        confidence: from 0 to 1; rows with a lower one are rejected as "unsure".
        length: how many digits each number has: "8", or "4-6" for a range; others are rejected as "length".
        region: the part of each page that is read: "left,top,right,bottom" in pixels, or in percent of the page's width
            and height ("0,50%,100%,100%"). It is meant on the page as it comes, before it is rotated.
        rotate: by how many degrees each page is rotated clockwise before it is read: 0, 90, 180 or 270. Boxes stay
            those of the page as it comes.
        pages: of each document: "1,3-5", "2-"; all by default.
        signs: whether signs of numbers are read, too: short for the patterns "text" and "digits".

    Raises:
        ByhandError: one of them means nothing.
    """

    pattern: str = ""
    confidence: float = 0.0
    length: str = ""
    region: str = ""
    rotate: int = 0
    pages: str = ""
    signs: bool | None = None

    def __post_init__(self) -> None:
        require_between("confidence", self.confidence, 0, 1)
        if self.signs is not None and self.pattern not in ("", _PATTERNS[self.signs]):
            raise ByhandError(f"signs and the pattern {self.pattern!r} both say what is read; give one of them.")
        if self.rotate not in QUARTERS:
            raise ByhandError(f"rotate must be 0, 90, 180 or 270 degrees clockwise; got {self.rotate!r}.")
        _ = self.choice, self._sides, self._lengths  # each of them checks what it is made of

    @property
    def form(self) -> str:
        """What a row may read; "" for all that the model knows."""
        return self.pattern if self.signs is None else _PATTERNS[self.signs]

    @cached_property
    def choice(self) -> PageChoice:
        """The pages."""
        return PageChoice(self.pages)

    @cached_property
    def _lengths(self) -> tuple[int, int] | None:
        if not self.length:
            return None
        found = re.fullmatch(r"\s*([0-9]{1,4})\s*(?:-\s*([0-9]{1,4})\s*)?", str(self.length))
        least, most = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= least <= most:
            raise ByhandError(
                f"length must be a number of digits such as 8, or a range such as 4-6; got {self.length!r}."
            )
        return least, most

    @cached_property
    def _sides(self) -> tuple[tuple[float, bool], ...]:
        """The region's sides and whether they are percentages."""
        if not self.region:
            return ()
        parts = [re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(%?)\s*", part) for part in self.region.split(",")]
        if len(parts) != len(SIDES) or not all(parts):
            raise ByhandError(
                "region must be left,top,right,bottom in pixels or percent, such as 0,50%,100%,100%; "
                f"got {self.region!r}."
            )
        return tuple((float(part[1]), bool(part[2])) for part in parts if part)

    def box(self, width: int, height: int) -> Box:
        """The region in a page's pixels, cut to the page.

        Raises:
            ByhandError: it contains no pixel of the page.
        """
        if not self._sides:
            return 0, 0, width, height
        most = (width, height, width, height)
        ends = [
            value * side / 100 if percent else value for (value, percent), side in zip(self._sides, most, strict=True)
        ]
        left, top, right, bottom = (min(round(end), side) for end, side in zip(ends, most, strict=True))
        if left >= right or top >= bottom:
            raise ByhandError(f"the region {self.region} contains nothing of a page of {width} × {height} pixels.")
        return left, top, right, bottom

    def read(self, reader: PageReader, image: Array) -> Reading:
        """Read a page, uint8 (height, width); boxes are the page's.

        Raises:
            ByhandError: the region contains nothing of it.
        """
        left, top, right, bottom = self.box(image.shape[1], image.shape[0])
        part = image[top:bottom, left:right]
        turns = -self.rotate // 90 % 4  # counter-clockwise
        reading = reader.read(np.ascontiguousarray(np.rot90(part, turns)))
        if turns:
            own = (turns + reading.turns) % 4
            reading = replace(turned_back(reading, turns, part.shape), turns=own)
        return self.accepted(shifted(reading, left, top))

    def accepted(self, reading: Reading) -> Reading:
        """The reading without the rows that are refused; these are appended to the rejected ones."""
        kept, refused = [], []
        for row in reading.lines:
            reason = self._refusal(row)
            if reason:
                refused.append(Unread(row.box, reason, row.text, row.confidence))
            else:
                kept.append(row)
        return replace(reading, lines=tuple(kept), rejected=(*reading.rejected, *refused)) if refused else reading

    def _refusal(self, row: Row) -> str:
        if row.confidence < self.confidence:
            return "unsure"
        if self._lengths:
            least, most = self._lengths
            counts = [sum(sign.isdigit() for sign in number) for number in row.text.split(" ")]
            if not all(least <= count <= most for count in counts):
                return "length"
        return ""


def placed(reading: Reading, place: Callable[[Box], Box]) -> Reading:
    """The reading with each box where `place` puts it."""

    def moved(item: Any) -> Any:
        return replace(item, box=place(item.box))

    lines = tuple(
        replace(
            row,
            box=place(row.box),
            symbols=tuple(moved(symbol) for symbol in row.symbols),
            unread=tuple(moved(there) for there in row.unread),
        )
        for row in reading.lines
    )
    return replace(reading, lines=lines, rejected=tuple(moved(there) for there in reading.rejected))


def shifted(reading: Reading, x: int, y: int) -> Reading:
    """The reading with all boxes moved by x to the right and y down."""
    return placed(reading, lambda box: (box[0] + x, box[1] + y, box[2] + x, box[3] + y)) if x or y else reading
