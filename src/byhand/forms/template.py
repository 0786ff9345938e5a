"""A form's description: its empty picture, its fields, and the sums that must agree; a TOML file that can be edited."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.core.types import Array
from byhand.forms.checks import CHECKS, DATE_FORMATS
from byhand.pictures.boxes import Box
from byhand.pictures.image import open_image

FORM_VERSION = 1
FIELD_KINDS = ("cells", "box", "line", "table")
FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
MOST_FIELDS, MOST_CELLS, MOST_BYTES = 1_000, 2_500, 1_000_000  # of a form, of a field, of a description
LEAST_SIDE = 6  # pixels of a field or a cell


@dataclass(frozen=True)
class FormField:
    """A place that is filled in.

    Attributes:
        name: its column in the output.
        box: left, top, right, bottom in pixels of the form's picture.
        kind: "cells" (a digit in each; combs, too), "box", "line" (a box without frame), or "table".
        length: of cells how many; of others how many digits are written there: 4, or "2-4"; 0 and "" for any number.
        pattern: what may stand there, as `byhand read --pattern`.
        check: a check digit: luhn, ean, isbn10, iso7064 (mod 97, 10); "" for none.
        date: how a date's digits follow each other, such as "ddmmyyyy"; "" for no date.
        least: the smallest number that is allowed, or None.
        most: the greatest.
        required: whether it must not be empty.
        columns: of a table, x of all its vertical lines; without them it has `length` equal ones.
        rows: of a table, y of all its horizontal lines.
    """

    name: str
    box: Box
    kind: str = "box"
    length: int | str = 0
    pattern: str = "digits"
    check: str = ""
    date: str = ""
    least: float | None = None
    most: float | None = None
    required: bool = False
    columns: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()

    @property
    def lengths(self) -> tuple[int, int] | None:
        """How many digits may be written there, from and to, or None for any number."""
        if not self.length or self.kind == "cells":
            return None
        low, _, high = str(self.length).partition("-")
        return int(low), int(high or low)

    def parts(self) -> list["FormField"]:
        """A table's cells as boxes, "name.row.column" from 1; any other field alone."""
        if self.kind != "table":
            return [self]
        shared = {
            key: value for key, value in vars(self).items() if key not in ("name", "box", "kind", "columns", "rows")
        }
        return [
            FormField(f"{self.name}.{i}.{k}", (x0, y0, x1, y1), "box", **shared)
            for i, (y0, y1) in enumerate(zip(self.rows, self.rows[1:], strict=False), 1)
            for k, (x0, x1) in enumerate(zip(self.columns, self.columns[1:], strict=False), 1)
        ]


@dataclass(frozen=True)
class FormSum:
    """Fields that add up.

    Attributes:
        total: the field with their sum.
        of: the fields' names; `*` stands for any characters: "marks.*.2" is the second column of the table marks.
    """

    total: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class FormTemplate:
    """A form.

    Attributes:
        picture: the empty form, uint8 (height, width).
        fields: in the order of the output.
        sums: that must agree.
        name: of the form.
    """

    picture: Array
    fields: tuple[FormField, ...]
    sums: tuple[FormSum, ...] = ()
    name: str = "form"

    def parts(self) -> list[FormField]:
        """All fields, tables by their cells."""
        return [part for one in self.fields for part in one.parts()]


def load_form(path: str | Path) -> FormTemplate:
    """Read a form's description and its picture.

    Raises:
        ByhandError: a file is missing, no TOML, or says something that means nothing; the sentence names it.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ByhandError(f"{path}: a form's description has at most {MOST_BYTES:,} bytes.")
        found = tomllib.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise ByhandError(f"{path} cannot be opened: {error.strerror or error}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ByhandError(f"{path} is not a TOML file in UTF-8: {_line(error)}.") from None
    _keys(found, {"version", "name", "picture", "fields", "sums"}, str(path))
    if found.get("version") != FORM_VERSION:
        raise ByhandError(f"{path}: version is {found.get('version')!r}; this byhand knows {FORM_VERSION}.")
    picture, entries = found.get("picture"), found.get("fields")
    if not isinstance(picture, str) or not picture:
        raise ByhandError(f"{path}: picture must name the file with the empty form.")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_FIELDS:
        raise ByhandError(f"{path}: a form has from 1 to {MOST_FIELDS:,} [[fields]].")
    image = open_image(path.parent / picture)
    known = tuple(_field(entry, image.shape, f"{path}: field {k}") for k, entry in enumerate(entries, 1))
    form = FormTemplate(image, known, _sums(found.get("sums", []), str(path)), str(found.get("name", path.stem)))
    _check_names(form, str(path))
    return form


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _keys(entry: Any, known: set[str], where: str) -> None:
    if not isinstance(entry, dict):
        raise ByhandError(f"{where} must be a table with keys and values.")
    if unknown := sorted(entry.keys() - known):
        raise ByhandError(f"{where}: {unknown[0]!r} is not known; there are {', '.join(sorted(known))}.")


def _field(entry: Any, shape: tuple[int, ...], where: str) -> FormField:
    _keys(entry, {one.name for one in fields(FormField)}, where)
    name = entry.get("name")
    if not isinstance(name, str) or not FIELD_NAME.fullmatch(name):
        raise ByhandError(f"{where}: a name has up to 64 letters, digits, _ and -, and begins with a letter or _.")
    where = f"{where} ({name})"
    kind = entry.get("kind", "box")
    if kind not in FIELD_KINDS:
        raise ByhandError(f"{where}: kind must be one of {', '.join(FIELD_KINDS)}.")
    for key in ("pattern", "check", "date"):
        if not isinstance(entry.get(key, ""), str):
            raise ByhandError(f"{where}: {key} must be text.")
    for key in ("least", "most"):
        value = entry.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
            raise ByhandError(f"{where}: {key} must be a number.")
    if not isinstance(entry.get("required", False), bool):
        raise ByhandError(f"{where}: required must be true or false.")
    if entry.get("check", "") not in ("", *CHECKS):
        raise ByhandError(f"{where}: check must be one of {', '.join(CHECKS)}.")
    if entry.get("date", "") not in ("", *DATE_FORMATS):
        raise ByhandError(f"{where}: date must be one of {', '.join(DATE_FORMATS)}.")
    if "least" in entry and "most" in entry and entry["least"] > entry["most"]:
        raise ByhandError(f"{where}: least is greater than most.")
    found = dict(entry) | {
        "box": _box(entry.get("box"), shape, where),
        "length": checked_length(entry.get("length", 0), kind, where),
    }
    found |= {key: _edges(entry, key, kind, where) for key in ("columns", "rows") if kind == "table"}
    if kind != "table" and ("columns" in entry or "rows" in entry):
        raise ByhandError(f"{where}: only a table has columns and rows.")
    one = FormField(**found)
    if kind == "table" and (len(one.columns) - 1) * (len(one.rows) - 1) > MOST_CELLS:
        raise ByhandError(f"{where}: a table has at most {MOST_CELLS:,} cells.")
    if kind == "cells" and (one.box[2] - one.box[0]) < LEAST_SIDE * int(one.length):
        raise ByhandError(f"{where}: its box is too narrow for {one.length} cells.")
    return one


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _box(box: Any, shape: tuple[int, ...], where: str) -> Box:
    if not (isinstance(box, list) and len(box) == 4 and all(map(_whole, box))):
        raise ByhandError(f"{where}: box must be [left, top, right, bottom], whole pixels of the form's picture.")
    left, top, right, bottom = box
    if not (
        0 <= left <= right - LEAST_SIDE and right <= shape[1] and 0 <= top <= bottom - LEAST_SIDE and bottom <= shape[0]
    ):
        raise ByhandError(
            f"{where}: box {box} must be at least {LEAST_SIDE} pixels wide and high, and lie in the picture of "
            f"{shape[1]} × {shape[0]} pixels."
        )
    return left, top, right, bottom


def checked_length(length: Any, kind: str, where: str) -> int | str:
    """How many digits a field has: a number, or "2-4"; 0 for any number.

    Raises:
        ByhandError: it is something else; the sentence begins with `where`.
    """
    found = (
        re.fullmatch(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", str(length))
        if _whole(length) or isinstance(length, str)
        else None
    )
    if length in (0, "") and kind != "cells":
        return 0
    low, high = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= low <= high or (kind == "cells" and low != high):
        wanted = "how many cells there are" if kind == "cells" else 'a number of digits such as 4 or "2-4"'
        raise ByhandError(f"{where}: length must be {wanted}; got {length!r}.")
    return low if low == high else f"{low}-{high}"


def _edges(entry: dict, key: str, kind: str, where: str) -> tuple[int, ...]:
    edges, box = entry.get(key), entry["box"]
    first, last = (box[0], box[2]) if key == "columns" else (box[1], box[3])
    if not (isinstance(edges, list) and 2 <= len(edges) <= MOST_CELLS and all(map(_whole, edges))):
        raise ByhandError(f"{where}: a table's {key} are the places of its lines, whole pixels.")
    if any(b - a < LEAST_SIDE for a, b in pairwise(edges)) or edges[0] < first or edges[-1] > last:
        raise ByhandError(f"{where}: {key} must rise by at least {LEAST_SIDE} pixels and lie in the box.")
    return tuple(edges)


def _sums(entries: Any, where: str) -> tuple[FormSum, ...]:
    if not isinstance(entries, list) or len(entries) > MOST_FIELDS:
        raise ByhandError(f"{where}: sums must be [[sums]], at most {MOST_FIELDS:,}.")
    found = []
    for k, entry in enumerate(entries, 1):
        _keys(entry, {"total", "of"}, f"{where}: sum {k}")
        total, of = entry.get("total"), entry.get("of")
        if not isinstance(total, str) or not isinstance(of, list) or not of or not all(isinstance(o, str) for o in of):
            raise ByhandError(f'{where}: sum {k} needs total = "name" and of = ["name", ...].')
        found.append(FormSum(total, tuple(of)))
    return tuple(found)


def _check_names(form: FormTemplate, where: str) -> None:
    from fnmatch import fnmatchcase

    names = [one.name for one in form.fields]
    if twice := [name for k, name in enumerate(names) if name in names[:k]]:
        raise ByhandError(f"{where}: two fields are named {twice[0]!r}.")
    parts = [part.name for part in form.parts()]
    for one in form.sums:
        for name in (one.total, *one.of):
            if not any(fnmatchcase(part, name) for part in parts):
                raise ByhandError(f"{where}: a sum names {name!r}, but there is no such field.")


def save_form(form: FormTemplate, path: str | Path) -> None:
    """Write the description, and the picture beside it as PNG with the same name.

    Raises:
        ByhandError: they cannot be written.
    """
    from io import BytesIO

    import tomli_w
    from PIL import Image

    path, stream = Path(path), BytesIO()
    Image.fromarray(form.picture).save(stream, "PNG", optimize=True)
    default = FormField("", (0, 0, 0, 0))
    entries = [
        {key: _plain(value) for key, value in vars(one).items() if value != getattr(default, key) or key == "kind"}
        for one in form.fields
    ]
    picture = path.with_suffix(".png")
    about: dict[str, Any] = {"version": FORM_VERSION, "name": form.name, "picture": picture.name, "fields": entries}
    if form.sums:
        about["sums"] = [{"total": one.total, "of": list(one.of)} for one in form.sums]
    write_atomically(picture, stream.getvalue())
    text = re.sub(
        r"\[\n[\s\d,]*\]", lambda found: "[" + ", ".join(re.findall(r"\d+", found[0])) + "]", tomli_w.dumps(about)
    )
    write_atomically(path, (HINTS + text).encode())


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


HINTS = """# A form for `byhand form read`. Rename the fields, remove what is none, and say what may stand in them:
#   pattern = "amount"      digits, text, numbers, amount, date, time, or a regular expression such as '\\d{2,4}'
#   length = "2-4"          how many digits are written in a box, a line or a table's cell
#   check = "luhn"          also ean, isbn10, iso7064
#   date = "ddmmyyyy"       also yyyymmdd, mmddyyyy, ddmmyy
#   least = 0, most = 100, required = true
# and below the fields: [[sums]], total = "total", of = ["a", "b"]

"""


def picture_of(form: FormTemplate) -> Array:
    """The form with its fields' boxes and names, uint8 (height, width, 3)."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(form.picture).convert("RGB")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(max(12, max(image.size) // 110))
    for one in form.parts():
        draw.rectangle(one.box, outline=(0, 114, 178), width=2)
    for one in form.fields:
        draw.rectangle(one.box, outline=(213, 94, 0), width=3)
        draw.text((one.box[0] + 4, one.box[1] + 2), f"{one.name}", (213, 94, 0), font)
    return np.asarray(image)
