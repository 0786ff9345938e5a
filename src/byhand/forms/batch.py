"""Many scans of one form, one row each: CSV and JSON lines."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from byhand.core.checks import require_whole
from byhand.core.errors import ByhandError
from byhand.documents.formats import OutputFormat, csv_lines, guarded, guarded_name
from byhand.documents.pages import PageChoice, page_images
from byhand.documents.sources import Document, Sources
from byhand.forms.filling import SURE_FIELD, FormReader, FormReading
from byhand.forms.template import FormTemplate, load_form

SHEET_VERSION = 1  # of the record of a scan, see docs/forms.md
FORM_HEADER = ("file", "page", "status", "look_at", "note")
FORM_FORMATS = ("csv", "json")


@dataclass(frozen=True)
class FormPage:
    """What was read on a page that is a scan of a form.

    Attributes:
        file: the document's name.
        page: the page's number, from 1; None where the document cannot be opened.
        pages: how many the document has.
        reading: what was read, or None if there is an error.
        error: why nothing was read, a sentence, or "".
        note: what else is to be said, or "".
    """

    file: str
    page: int | None = None
    pages: int | None = None
    reading: FormReading | None = None
    error: str = ""
    note: str = ""

    @property
    def status(self) -> str:
        """ok, look (a person must look at a field) or failed."""
        return "failed" if self.reading is None else "look" if self.reading.doubtful else "ok"

    def to_json(self) -> dict[str, Any]:
        """The record: plain data."""
        record: dict[str, Any] = {
            "version": SHEET_VERSION,
            "file": self.file,
            "page": self.page,
            "pages": self.pages,
            "status": self.status,
            "error": self.error or None,
            "note": self.note or None,
        }
        return record | (self.reading.to_json() if self.reading else {})


@dataclass(frozen=True)
class FormTask:
    """How scans are read; it can be sent to another process.

    Args:
        form: the form's description, a file.
        model: a model file for the reader, or None.
        confidence: fields below it are to be looked at.
        pages: of each document: "1,3-5".
    """

    form: str
    model: str | None = None
    confidence: float = SURE_FIELD
    pages: str = ""

    def reader(self) -> FormReader:
        """The reader, which is kept in this process.

        Raises:
            ByhandError: the form or the model cannot be used.
        """
        return _form_reader(self.form, self.model, self.confidence)

    def scans(self, document: Document) -> Iterator[FormPage]:
        """What is read on each page; what cannot be read gives an error."""
        name = document.file
        if document.error:
            yield FormPage(name, error=document.error)
            return
        try:
            for sheet in page_images(document.content, name, PageChoice(self.pages)):
                reading, error = None, sheet.error
                if sheet.image is not None:
                    try:
                        reading = self.reader().read(sheet.image)
                    except ByhandError as fault:
                        error = f"{name}: {fault}"
                    except MemoryError:
                        error = f"{name}: there is not enough memory to read it."
                yield FormPage(name, sheet.page, sheet.pages, reading, error, sheet.note)
        except ByhandError as fault:
            yield FormPage(name, error=str(fault))


@lru_cache(maxsize=2)
def _form_reader(form: str, model: str | None, confidence: float) -> FormReader:
    return FormReader(load_form(form), model, confidence)


def read_scans(documents: Iterable[Document], task: FormTask, jobs: int = 1) -> Iterator[FormPage]:
    """What is read on each page of the documents, in their order; see `read_forms`."""
    if jobs == 1:
        return (page for document in documents for page in task.scans(document))
    from byhand.documents.processes import pages_in_order  # late: what processes need takes a twelfth of a start

    return pages_in_order(task.scans, _lost, documents, jobs)


def _lost(document: Document) -> FormPage:
    return FormPage(document.file, error=f"{document.file}: the process that read it died twice.")


def read_forms(
    form: str | Path,
    sources: Any,
    *,
    model: str | Path | None = None,
    confidence: float = SURE_FIELD,
    pages: str = "",
    jobs: int = 1,
) -> Iterator[FormPage]:
    """Read many scans of one form; yields what was read on each page, in the order given.

    A page that cannot be read, or is another form, does not stop the others: it gives a `FormPage` with an error.

    Example:
        >>> from byhand import read_forms
        >>> for scan in read_forms("form.toml", "scans/"):  # doctest: +SKIP
        ...     print(scan.file, scan.status, [(field.name, field.text) for field in scan.reading.fields])

    Args:
        form: its description, as `byhand form learn` writes it.
        sources: as `read_many` takes them.
        model: a model file for the reader; by default the networks of the package.
        confidence: from 0 to 1; fields below it are marked as to be looked at.
        pages: of each document: "1,3-5", "2-"; all by default.
        jobs: how many processes read, with one thread each.

    Raises:
        ByhandError: the form, an option or the model cannot be used.
    """
    require_whole("jobs", jobs)
    PageChoice(pages)
    task = FormTask(str(form), str(model) if model else None, confidence, pages)
    task.reader()
    return read_scans(Sources(sources), task, jobs)


# ---- records ----


def form_format(name: str, form: FormTemplate) -> OutputFormat:
    """How records are written: csv, one row a scan with a column for each field, or json, an object a line.

    Raises:
        ByhandError: another name.
    """
    if name == "json":
        return OutputFormat(_json_line, file_of=_json_name)  # type: ignore[arg-type]
    if name != "csv":
        raise ByhandError(f"there is no format {name!r} for forms; choose one of {', '.join(FORM_FORMATS)}.")
    columns = [part.name for part in form.parts()]
    head = csv_lines([(*FORM_HEADER, *columns)])
    page: Callable[[Any], str] = partial(_csv_row, len(columns))
    return OutputFormat(page, head, mark=True, file_of=_csv_name)


def _json_line(found: FormPage) -> str:
    return json.dumps(found.to_json(), ensure_ascii=False, allow_nan=False) + "\n"


def _json_name(line: str) -> tuple[str, bool]:
    record = json.loads(line)
    return str(record["file"]), record["error"] is not None


def _csv_row(columns: int, found: FormPage) -> str:
    page = "" if found.page is None else found.page
    if found.reading is None:
        texts, look = [""] * columns, ""
    else:
        texts = [guarded(one.text) for one in found.reading.fields]
        look = " ".join(f"{one.name}:{one.reason}" for one in found.reading.doubtful)
    note = guarded(found.error or found.note)
    return csv_lines([(guarded_name(found.file), page, found.status, look, note, *texts)])


def _csv_name(line: str) -> tuple[str, bool]:
    import csv

    (row,) = csv.reader([line])
    return row[0].removeprefix("'"), row[FORM_HEADER.index("status")] == "failed"
