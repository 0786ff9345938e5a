"""byhand read."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byhand.cli.app import PATH, app, json_option, model_file
from byhand.core.errors import ByhandError

if TYPE_CHECKING:
    from byhand.documents.batch import PageReading, Task
    from byhand.documents.formats import OutputFormat
    from byhand.documents.sources import Document, Sources


@app.command(epilog="Example:  byhand read scans/ invoice.pdf --jobs 2 --format csv -o numbers.csv")
@click.argument("sources", nargs=-1, help="Pictures, PDF and TIFF files, folders, patterns, or - for standard input.")
@click.option("listed", "--list", help="A file with one path per line, or a CSV file with a column 'file'.")
@click.option("--model", type=PATH, help="A model file or a run folder; the built-in networks by default.")
@click.option("--hand", type=PATH, help="A file written by byhand train-hand: one person's digits.")
@click.option(
    "--pattern",
    default="",
    show_default="all that the model knows",
    help="What a row may contain: digits, text, numbers, amount, date, time, or a regular expression.",
)
@click.option("--signs/--digits-only", default=None, help="Read the signs of numbers, or digits alone.")
@click.option("--length", default="", show_default=False, help="Number of digits in each number: 8, or 4-6.")
@click.option("--confidence", type=click.FloatRange(0, 1), default=0.0, help="Refuse rows with a lower confidence.")
@click.option(
    "--region", default="", show_default=False, help="The area to read: left,top,right,bottom, in pixels or percent."
)
@click.option("--rotate", type=int, default=0, help="Rotate clockwise before reading: 0, 90, 180 or 270 degrees.")
@click.option("--pages", default="", show_default=False, help="Pages of each file: 1,3-5 or 2-.")
@click.option("--format", "-f", default="text", help="text, json (one line per page), csv or hocr.")
@click.option("--out", "-o", type=PATH, help="Write to this file when everything has been read.")
@click.option("--annotate", type=PATH, help="Folder for pictures of the pages that show what was read.")
@click.option("--jobs", "-j", type=click.IntRange(1), default=1, help="Number of processes that read.")
@click.option(
    "--shard", default="", show_default=False, help="Read only one part of the files: 2/8 is the second of eight."
)
@click.option("--resume", is_flag=True, help="Skip files that are already in the output.")
@click.option("--quiet", "-q", is_flag=True, help="Print no messages about files.")
@click.option("--verbose", "-v", is_flag=True, help="Print how long each page took, and a summary.")
@click.option("--show", is_flag=True, help="Also print each digit as the network for single digits sees it, 28 × 28.")
@json_option
def read(
    sources: tuple[str, ...],
    listed: str | None,
    model: Path | None,
    hand: Path | None,
    pattern: str,
    signs: bool | None,
    length: str,
    confidence: float,
    region: str,
    rotate: int,
    pages: str,
    format: str,
    out: Path | None,
    annotate: Path | None,
    jobs: int,
    shard: str,
    resume: bool,
    quiet: bool,
    verbose: bool,
    show: bool,
    json: bool,
) -> None:
    """Read the handwritten numbers in pictures and documents, in one or more rows, dark on light or light on dark.

    The exit status is 0 if all was read, 1 if something could not be read, which is named, and 2 if nothing was begun.
    """
    from byhand.documents.batch import Task
    from byhand.documents.formats import OUTPUT_FORMATS
    from byhand.documents.options import ReadOptions
    from byhand.documents.output import Output
    from byhand.documents.sources import Sources, read_list

    format = "json" if json else format
    if format not in OUTPUT_FORMATS:
        raise ByhandError(f"there is no format {format!r}; choose one of {', '.join(OUTPUT_FORMATS)}.")
    given = [*(sources or []), *(read_list(listed) if listed else [])]
    if not given:
        raise ByhandError("nothing is named to be read; give pictures or folders, or a list with --list.")
    options = ReadOptions(pattern, confidence, length, region, rotate, pages, signs)
    files = (str(file) if file else None for file in (model and model_file(model), annotate, hand))
    task = Task(options, *files)
    task.reader()  # says at once what is wrong with the model or the pattern
    part = _part(shard)
    found = Sources(given)
    with Output(
        out, OUTPUT_FORMATS[format], resume, _shown(OUTPUT_FORMATS[format], format) if show else None
    ) as output:
        report = _Report(quiet, verbose, set(output.failed))
        wanted = (document for document in islice(found, *part) if document.file not in output.done)
        with _progress(found, part, len(output.done), quiet or (out is None and sys.stdout.isatty())) as advance:
            for page in _interruptible(wanted, task, jobs, out):
                output.write(page)
                report(page)
                advance(page)
    report.end(found, len(output.done))
    if report.failed:
        raise click.exceptions.Exit(1)


def _part(shard: str) -> tuple[int, None, int]:
    """start, stop, step of the documents: "2/8" → every eighth from the second."""
    number, slash, of = shard.partition("/") if shard else ("1", "/", "1")
    if not (slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise ByhandError(f"--shard wants a part such as 2/8, the second of eight; got {shard!r}.")
    return int(number) - 1, None, int(of)


def _interruptible(
    documents: Iterable["Document"], task: "Task", jobs: int, out: Path | None
) -> Iterator["PageReading"]:
    """What is read; Ctrl-C ends it with a sentence and status 130."""
    from byhand.documents.batch import read_documents

    try:
        yield from read_documents(documents, task, jobs)
    except KeyboardInterrupt:
        print(f"byhand: stopped{'; go on with --resume' if out else ''}.", file=sys.stderr)
        raise click.exceptions.Exit(130) from None


class _Report:
    """Says on standard error what could not be read, and counts."""

    def __init__(self, quiet: bool, verbose: bool, failed: set[str]):
        import time

        self.quiet, self.verbose, self.failed = quiet, verbose, failed
        self.files: set[str] = set()
        self.pages = self.rows = self.rejected = 0
        self._clock = time.perf_counter
        self._start = self._clock()

    def __call__(self, page: "PageReading") -> None:
        self.files.add(page.file) if self.verbose else None
        self.pages += 1
        if page.error:
            self.failed.add(page.file)
            if not self.quiet:
                print(f"byhand: {page.error}", file=sys.stderr)
        elif page.reading:
            self.rows += len(page.reading.lines)
            self.rejected += len(page.reading.rejected)
        if self.verbose:
            print(f"{page.file}, page {page.page or '-'}: {1000 * page.seconds:.0f} ms", file=sys.stderr)

    def end(self, found: "Sources", before: int) -> None:
        """The summary."""
        if self.quiet:
            return
        if found.skipped:
            files = f"{found.skipped:,} file{'s' * (found.skipped != 1)}"
            print(f"byhand: skipped {files} in folders whose names do not end as a picture's.", file=sys.stderr)
        if self.verbose:
            seconds = self._clock() - self._start
            print(
                f"{len(self.files):,} files in {seconds:.1f} s ({len(self.files) / seconds:.1f} a second), {before:,} "
                f"read before; {self.pages:,} pages, {self.rows:,} rows read, {self.rejected:,} places refused; "
                f"{len(self.failed):,} files failed.",
                file=sys.stderr,
            )


@contextmanager
def _progress(
    found: "Sources", part: tuple[int, None, int], done: int, off: bool
) -> Iterator[Callable[["PageReading"], None]]:
    """A bar on standard error with files a second, where that is a terminal."""
    if off or not sys.stderr.isatty():
        yield lambda page: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    total = sum(1 for _ in islice(type(found)(found.given), *part))
    rate = TextColumn("{task.fields[rate]}")
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("files"), rate, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total, completed=done, rate="")
        last: list[str] = []

        def advance(page: "PageReading") -> None:
            if last[-1:] != [page.file]:
                last[:] = [page.file]
                speed = bar.tasks[0].speed
                bar.update(task, advance=1, rate=f"{speed:.1f} a second" if speed else "")

        yield advance


def _shown(form: "OutputFormat", format: str) -> Callable[["PageReading"], str]:
    """How a page is written with its digits' images."""
    from byhand.documents.formats import as_json, as_text

    if format == "json":
        return partial(as_json, images=True)
    if format != "text":
        raise ByhandError("--show works with --format text and json.")
    return lambda page: as_text(page) + "".join(_digits(page))


def _digits(page: "PageReading") -> Iterator[str]:
    """Each digit with its alternatives and its picture."""
    from byhand.cli.output import percent

    for digit in page.reading.digits if page.reading else ():
        others = ", ".join(f"{name} {percent(p, 1)}" for name, p in digit.alternatives[:2])
        yield f"  {digit.digit}, {percent(digit.confidence, 1)}; else {others or 'nothing'}; box {list(digit.box)}\n"
        yield _picture(digit.image) + "\n"


def _picture(image: Any) -> str:
    """Grey levels as characters, two a pixel so that it comes out square."""
    shades = " ░▒▓█"
    return "\n".join("".join(2 * shades[int(v) * len(shades) // 256] for v in row).rstrip() for row in image)
