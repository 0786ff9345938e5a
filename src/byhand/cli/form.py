"""byhand form."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from byhand.cli.app import PATH, app, json_option, model_file
from byhand.core.errors import ByhandError

if TYPE_CHECKING:
    from byhand.core.types import Array


@app.group("form", short_help="Read paper forms and tables that were filled in by hand")
def form_app() -> None:
    """Read paper forms and tables that were filled in by hand."""


@form_app.command(epilog="Example:  byhand form learn empty.png -o form.toml")
@click.argument("scan", type=PATH, help="A scan of the form, the right way up; preferably an empty one.")
@click.option("--out", "-o", type=PATH, default=Path("form.toml"), help="The description to write, a TOML file.")
@click.option("--filled", is_flag=True, help="The scanned form has been filled in.")
@click.option("--rotate", type=int, default=0, help="Rotate clockwise first: 0, 90, 180 or 270 degrees.")
@click.option("--page", type=click.IntRange(1), default=1, help="Which page of the file.")
@click.option("--force", is_flag=True, help="Overwrite an existing description.")
def learn(scan: Path, out: Path, filled: bool, rotate: int, page: int, force: bool) -> None:
    """Find the fields of a form: boxes, cells and combs for digits, lines to write on, tables.

    Writes a description to be edited, the empty form beside it as PNG, and a picture that shows where the fields are.
    """
    from PIL import Image

    from byhand.forms.learn import learn_form
    from byhand.forms.template import picture_of, save_form

    if out.exists() and not force:
        raise ByhandError(f"{out} is there already; name another file with -o, or overwrite it with --force.")
    found = learn_form(_page(scan, page, rotate), filled, out.stem)
    save_form(found, out)
    shown = out.with_name(f"{out.stem}-fields.png")
    Image.fromarray(picture_of(found)).save(shown)
    kinds = [one.kind for one in found.fields]
    told = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    print(
        f"{out}: {len(kinds)} fields ({told}); {shown} shows where they are. Edit the names and what may stand there."
    )


@form_app.command(epilog="Example:  byhand form read form.toml scans/ -o answers.csv")
@click.argument("description", type=PATH, metavar="FORM", help="The form's description, a TOML file.")
@click.argument("sources", nargs=-1, required=True, help="Scans: pictures, PDF and TIFF files, folders, patterns, -.")
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1),
    default=0.9,
    help="Fields with a lower confidence are marked for review.",
)
@click.option("--model", type=PATH, help="A model file; the built-in networks by default.")
@click.option("--pages", default="", show_default=False, help="Pages of each file: 1,3-5 or 2-.")
@click.option("--format", "-f", default="csv", help="csv (one row per scan) or json (one line per scan).")
@click.option("--out", "-o", type=PATH, help="Write to this file when everything has been read.")
@click.option("--jobs", "-j", type=click.IntRange(1), default=1, help="Number of processes that read.")
@click.option("--resume", is_flag=True, help="Skip files that are already in the output.")
@click.option(
    "--review", type=PATH, help="Folder for a review page with pictures of the fields that a person should check."
)
@click.option("--quiet", "-q", is_flag=True, help="Print no messages about files.")
@json_option
def read(
    description: Path,
    sources: tuple[str, ...],
    confidence: float,
    model: Path | None,
    pages: str,
    format: str,
    out: Path | None,
    jobs: int,
    resume: bool,
    review: Path | None,
    quiet: bool,
    json: bool,
) -> None:
    """Read scans of a form: one row each, with a column for each field, and what a person should check.

    The exit status is 0 if all was read, 1 if something could not be read, which is named, and 2 if nothing was begun.
    """
    import sys

    from byhand.documents.output import Output
    from byhand.documents.pages import PageChoice
    from byhand.documents.sources import Sources
    from byhand.forms.batch import FormTask, form_format, read_scans
    from byhand.forms.review import Review

    PageChoice(pages)
    if review and resume:
        raise ByhandError("--review shows the fields of one reading; it cannot be combined with --resume.")
    to_look_at = Review(review) if review else None
    task = FormTask(str(description), str(model_file(model)) if model else None, confidence, pages)
    form = task.reader().form
    failed = False
    with Output(out, form_format("json" if json else format, form), resume) as output:
        failed = bool(output.failed)
        wanted = (document for document in Sources(sources) if document.file not in output.done)
        for scan in read_scans(wanted, task, jobs):
            output.write(scan)  # type: ignore[arg-type]
            if to_look_at:
                to_look_at.add(scan)
            failed |= bool(scan.error)
            if scan.error and not quiet:
                print(f"byhand: {scan.error}", file=sys.stderr)
    if to_look_at:
        print(f"byhand: {to_look_at.write()} shows {len(to_look_at.cards):,} fields to look at.", file=sys.stderr)
    if failed:
        raise click.exceptions.Exit(1)


@form_app.command(epilog="Example:  byhand form correct answers.csv review/corrections.csv -o final.csv")
@click.argument("output", type=PATH, help="The CSV file that byhand form read wrote.")
@click.argument("corrections", type=PATH, help="The corrections.csv that the page of review saved.")
@click.option("--out", "-o", type=PATH, required=True, help="The file to write.")
def correct(output: Path, corrections: Path, out: Path) -> None:
    """Put the corrections of a review into the output; corrected fields are no longer marked for review."""
    from byhand.core.files import write_atomically
    from byhand.forms.review import corrected

    text, count = corrected(output, corrections)
    write_atomically(out, "\ufeff".encode() + text.encode())
    print(f"{out}: {count:,} fields corrected or confirmed.")


@form_app.command(epilog="Example:  byhand form table marks.jpg --skip-rows 1 --skip-columns 1 -o marks.csv")
@click.argument("scan", type=PATH, help="A scan or photo of the page, the right way up.")
@click.option("--pattern", default="digits", help="What a cell may contain, as for byhand read.")
@click.option("--length", default="", show_default=False, help="Number of digits in a cell: 1, or 2-4.")
@click.option("--skip-rows", type=click.IntRange(0), default=0, help="Number of heading rows at the top.")
@click.option("--skip-columns", type=click.IntRange(0), default=0, help="Number of heading columns at the left.")
@click.option(
    "--confidence", type=click.FloatRange(0, 1), default=0.9, help="Cells with a lower confidence are marked."
)
@click.option("--rotate", type=int, default=0, help="Rotate clockwise first: 0, 90, 180 or 270 degrees.")
@click.option("--page", type=click.IntRange(1), default=1, help="Which page of the file.")
@click.option("--model", type=PATH, help="A model file; the built-in networks by default.")
@click.option("--out", "-o", type=PATH, help="Write into this file.")
@json_option
def table(
    scan: Path,
    pattern: str,
    length: str,
    skip_rows: int,
    skip_columns: int,
    confidence: float,
    rotate: int,
    page: int,
    model: Path | None,
    out: Path | None,
    json: bool,
) -> None:
    """Read the tables of handwritten numbers on a page, such as marks lists: their rows and columns as CSV.

    What a person must look at ends with a question mark. Several tables are parted by an empty line.
    """
    import json as encoder

    from byhand.core.files import write_atomically
    from byhand.forms.tables import read_tables

    found = read_tables(
        _page(scan, page, rotate),
        pattern=pattern,
        length=length or 0,
        skip_rows=skip_rows,
        skip_columns=skip_columns,
        confidence=confidence,
        model=model_file(model) if model else None,
    )
    if json:
        text = "".join(encoder.dumps(one.to_json(), ensure_ascii=False) + "\n" for one in found)
    else:
        text = "\r\n".join(one.to_csv() for one in found)
    if out:
        write_atomically(out, (b"" if json else "\ufeff".encode()) + text.encode())
    else:
        print(text.replace("\r\n", "\n"), end="")


def _page(scan: Path, page: int, rotate: int) -> "Array":
    """A page of a file, uint8 (height, width), rotated clockwise."""
    import numpy as np

    from byhand.documents.options import QUARTERS
    from byhand.documents.pages import PageChoice, page_images

    if rotate not in QUARTERS:
        raise ByhandError(f"rotate must be 0, 90, 180 or 270 degrees clockwise; got {rotate}.")
    (sheet,) = page_images(scan, str(scan), PageChoice(str(page)))
    if sheet.image is None:
        raise ByhandError(sheet.error)
    return np.ascontiguousarray(np.rot90(sheet.image, -rotate // 90))
