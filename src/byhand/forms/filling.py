"""Reading a form that was filled in: each field by the reader with its pattern, then checked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.checks import require_between
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.forms.checks import CHECKS, is_date, number_in
from byhand.forms.cutting import FieldInk, cells_of, cut_field
from byhand.forms.perspective import scaling
from byhand.forms.register import FITS, PrintedForm, lay_over
from byhand.forms.template import FormField, FormTemplate
from byhand.pictures.boxes import Box
from byhand.pictures.ink import flatten
from byhand.reading.forms import only_digits
from byhand.reading.reader import Reader

LARGEST_SCAN = 2_600  # pixels of the longer side: larger scans are made smaller first
SURE_FIELD = 0.9  # fields with a lower confidence are to be looked at


@dataclass(frozen=True)
class FieldReading:
    """What was read in a field.

    Attributes:
        name: the field's; of a table's cell "name.row.column".
        text: what stands there, "" if nothing; of cells a space for each empty one before a digit.
        confidence: the probability that the text is right; 1 of an empty field.
        reason: why a person must look at it: unsure, unread, cells, marks, length, check, date, range, sum, required;
            or "".
        box: where it lies in the scan, the box around its corners.
        picture: the field as it looks in the scan, uint8 (height, width).
        ink: what is written there, uint8 (height, width), 255 on paper 0.
    """

    name: str
    text: str
    confidence: float
    reason: str
    box: Box
    picture: Array
    ink: Array

    @property
    def accepted(self) -> bool:
        """Whether nobody must look at it."""
        return not self.reason

    def to_json(self) -> dict[str, Any]:
        """Plain data, without pictures."""
        return {
            "name": self.name,
            "text": self.text,
            "confidence": self.confidence,
            "reason": self.reason or None,
            "box": list(self.box),
        }


@dataclass(frozen=True)
class FormReading:
    """What was read on a form.

    Attributes:
        fields: in the order of the form, a table's row by row.
        fit: which part of the form's print was found where it should be, 0 to 1.
    """

    fields: tuple[FieldReading, ...]
    fit: float

    @property
    def doubtful(self) -> tuple[FieldReading, ...]:
        """The fields that a person must look at."""
        return tuple(one for one in self.fields if not one.accepted)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"fit": self.fit, "fields": [one.to_json() for one in self.fields]}


class FormReader:
    """Reads scans of one form.

    Args:
        form: it.
        model: a model file for the reader; by default the networks of the package.
        confidence: from 0 to 1; fields below it are marked as unsure.

    Raises:
        ByhandError: a pattern means nothing, or the model cannot be used.
    """

    def __init__(self, form: FormTemplate, model: str | Path | None = None, confidence: float = SURE_FIELD):
        require_between("confidence", confidence, 0, 1)
        self.form, self.confidence = form, confidence
        self._flat = flatten(form.picture, False)
        self._printed = PrintedForm(form.picture)
        self._parts = form.parts()
        self._model = str(model) if model else None
        for one in form.fields:
            _reader_for(self._model, one.pattern)

    def read(self, scan: Array) -> FormReading:
        """Read a scan, uint8 (height, width).

        Raises:
            ByhandError: it is not this form, or not all of it.
        """
        where = lay_over(self._printed, scan)
        if not where.fits:
            raise ByhandError(
                f"the scan does not fit the form {self.form.name!r}: {where.fit:.0%} of its print was found, and "
                f"{FITS:.0%} are needed; scan all of the page, or use the form that it is."
            )
        flat, matrix = _even(scan, where.matrix)
        return self._all(flat, matrix, scan.shape, where.fit)

    def read_upright(self, flat: Array) -> FormReading:
        """Read a page of even light, uint8 (height, width), that lies as the form's picture does."""
        return self._all(flat, np.eye(3), flat.shape, 1.0)

    def _all(self, flat: Array, matrix: Array, shape: tuple[int, ...], fit: float) -> FormReading:
        found = [self._field(one, cut_field(one, self._flat, flat, matrix, shape)) for one in self._parts]
        return FormReading(tuple(self._with_sums(found)), fit)

    def _field(self, one: FormField, ink: FieldInk) -> FieldReading:
        if ink.empty or (one.kind == "cells" and not ink.cells.any()):
            reason = "marks" if ink.marks else "required" if one.required else ""
            return FieldReading(one.name, "", 1.0, reason, ink.box, ink.picture, ink.image)
        row = _reader_for(self._model, _pattern(one, ink)).read_row(ink.image, ink.mask)
        if row is None:
            return FieldReading(one.name, "", 0.0, "unread", ink.box, ink.picture, ink.image)
        text, reason = row.text, ""
        if one.kind == "cells":
            at = cells_of([(s.box[0] + s.box[2]) / 2 for s in row.symbols], one, ink.image.shape[1])
            text, reason = _in_cells(row.text.replace(" ", ""), at, ink)
        reason = reason or fault(one, text) or ("unsure" if row.confidence < self.confidence else "")
        return FieldReading(one.name, text, row.confidence, reason, ink.box, ink.picture, ink.image)

    def _with_sums(self, found: Sequence[FieldReading]) -> list[FieldReading]:
        """The fields; those of a sum that does not agree are to be looked at."""
        wrong: set[str] = set()
        values = {one.name: number_in(one.text) or Decimal(0) for one in found}
        for one in self.form.sums:
            names = [name for name in values if any(fnmatchcase(name, of) for of in one.of) and name != one.total]
            totals = [name for name in values if fnmatchcase(name, one.total)]
            if any(values[total] != sum(values[name] for name in names) for total in totals):
                wrong |= {*names, *totals}
        return [replace(one, reason="sum") if one.name in wrong and not one.reason else one for one in found]


def _even(scan: Array, matrix: Array) -> tuple[Array, Array]:
    """The scan of even light, not too large, and the matrix that takes the form's points to it."""
    from PIL import Image

    by = LARGEST_SCAN / max(scan.shape)
    if by >= 1:
        return flatten(scan, False), matrix
    size = (round(scan.shape[1] * by), round(scan.shape[0] * by))
    smaller = np.asarray(Image.fromarray(scan).resize(size, Image.Resampling.BOX))
    return flatten(smaller, False), scaling(size[0] / scan.shape[1], size[1] / scan.shape[0]) @ matrix


def _pattern(one: FormField, ink: FieldInk) -> str:
    """What may be read there: of digits, as many as cells are filled, or as `length` says."""
    if one.pattern != "digits":
        return one.pattern
    if one.kind == "cells":
        return rf"\d{{{int(ink.cells.sum())}}}"
    if one.lengths:
        low, high = one.lengths
        return rf"\d{{{low},{high}}}"
    return "digits"


def _in_cells(text: str, at: list[int], ink: FieldInk) -> tuple[str, str]:
    """The text with a space for each empty cell before a digit, and what is wrong with it."""
    filled = np.flatnonzero(ink.cells).tolist()
    if len(text) != len(filled):
        return text, "cells"
    placed = [" "] * (filled[-1] + 1)
    for digit, k in zip(text, filled, strict=True):
        placed[k] = digit
    return "".join(placed), "" if at == filled else "marks" if ink.marks else "cells"


def fault(one: FormField, text: str) -> str:
    """What is wrong with a field's text: length, check, date, range, or ""."""
    digits = "".join(c for c in text if c.isdigit())
    if one.lengths and not one.lengths[0] <= len(digits) <= one.lengths[1]:
        return "length"
    if one.check and not (digits and CHECKS[one.check](digits)):
        return "check"
    if one.date and not is_date(text.strip(), one.date):
        return "date"
    value = number_in(text)
    if (one.least is not None or one.most is not None) and value is None:
        return "range"
    if value is not None and one.least is not None and value < Decimal(str(one.least)):
        return "range"
    if value is not None and one.most is not None and value > Decimal(str(one.most)):
        return "range"
    return ""


@lru_cache(maxsize=2)
def _networks(model: str | None, digits: bool) -> Reader:
    return Reader(model, form="digits" if digits else "text")


@lru_cache(maxsize=256)
def _reader_for(model: str | None, pattern: str) -> Reader:
    """A reader for the pattern; those for digits share their networks, and those for signs."""
    return _networks(model, only_digits(pattern)).restricted(pattern)
