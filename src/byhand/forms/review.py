"""What a person must look at: a page with pictures of the doubtful fields, and the corrections put into the output."""

import csv
import io
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.core.types import Array
from byhand.documents.formats import csv_lines, guarded, guarded_name
from byhand.forms.batch import FORM_HEADER, FormPage

CORRECTION_HEADER = ("file", "label", "scan", "page", "field")
DOUBTFUL_HEADER = ("file", "seen", "scan", "page", "field", "reason", "text")
DOUBTFUL_FILE = "fields.csv"
MOST_DOUBTFUL = 20_000  # fields on a page of review


class Review:
    """Collects doubtful fields, and writes a page to look through them, which works without a server.

    Args:
        folder: where to; `index.html`, a picture of each field, its ink alone as a sample for `train-hand`, and
            `fields.csv`, the list of them for `byhand serve --review`.

    Raises:
        ByhandError: the folder holds a review already.
    """

    def __init__(self, folder: Path):
        self.folder, self.cards, self.left_out = folder, list[str](), 0
        self.rows: list[tuple[str, ...]] = [DOUBTFUL_HEADER]
        if (folder / "index.html").exists():
            raise ByhandError(f"{folder} holds a review already; name another folder, or remove it.")

    def add(self, scan: FormPage) -> None:
        """Take up the doubtful fields of a scan."""
        for one in scan.reading.doubtful if scan.reading else ():
            if len(self.cards) >= MOST_DOUBTFUL:
                self.left_out += 1
                continue
            number = len(self.cards) + 1
            safe = re.sub(r"[^A-Za-z0-9_.-]", "_", one.name)
            seen, ink = f"seen/{number}-{safe}.png", f"ink/{number}-{safe}.png"
            write_atomically(self.folder / seen, _png(one.picture))
            write_atomically(self.folder / ink, _png(255 - one.ink))
            place = f"{scan.file}, page {scan.page}: {one.name} ({one.reason})"
            data = {"file": ink, "scan": guarded_name(scan.file), "page": str(scan.page or ""), "field": one.name}
            where = (data["scan"], data["page"], one.name)
            self.rows.append((ink, seen, *where, one.reason, guarded(one.text)))
            kept = " ".join(f'data-{key}="{escape(value)}"' for key, value in data.items())
            self.cards.append(
                f'<li><label><img src="{seen}" alt=""><span>{escape(place)}</span>'
                f'<input {kept} value="{escape(one.text)}" data-before="{escape(one.text)}" autocomplete="off">'
                "</label></li>"
            )

    def write(self) -> Path:
        """Write the page.

        Raises:
            ByhandError: it cannot be written.
        """
        left = f" {self.left_out:,} more fields were left out." if self.left_out else ""
        page = (
            PAGE.replace("COUNT", f"{len(self.cards):,}").replace("LEFT", left).replace("CARDS", "\n".join(self.cards))
        )
        path = self.folder / "index.html"
        write_atomically(path, page.encode())
        write_atomically(self.folder / DOUBTFUL_FILE, csv_lines(self.rows).encode())
        return path


def _png(image: Array) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def corrected(output: str | Path, corrections: str | Path) -> tuple[str, int]:
    """The CSV of `byhand form read` with the corrections of a review put in, and how many there were.

    A corrected field is no longer to be looked at; a scan without any such field becomes "ok".

    Raises:
        ByhandError: a file cannot be read, or the corrections name a scan or a field that is not there.
    """
    head, rows = csv_table(Path(output), FORM_HEADER)
    _, changes = csv_table(Path(corrections), CORRECTION_HEADER)
    place = {(row["file"], row["page"]): row for row in rows}
    for change in changes:
        row = place.get((change["scan"], change["page"]))
        if row is None or change["field"] not in head[len(FORM_HEADER) :]:
            raise ByhandError(f"{corrections}: {output} has no {change['field']!r} of {change['scan']!r}.")
        row[change["field"]] = guarded(change["label"])
        rest = [name for name in row["look_at"].split() if name.rpartition(":")[0] != change["field"]]
        row["look_at"], row["status"] = " ".join(rest), "look" if rest else "ok"
    return csv_lines([tuple(head), *(tuple(row[name] for name in head) for row in rows)]), len(changes)


def csv_table(path: Path, wanted: Iterable[str]) -> tuple[list[str], list[dict[str, Any]]]:
    """A CSV file's header, which must begin so, and its rows."""
    try:
        text = path.read_bytes().decode("utf-8-sig") if path.exists() else None
        lines = [] if text is None else list(csv.reader(io.StringIO(text), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ByhandError(f"{path} cannot be read as a CSV file in UTF-8: {' '.join(str(error).split())}.") from None
    head = lines[0] if lines else []
    if text is None or head[: len(tuple(wanted))] != [*wanted]:
        raise ByhandError(f"{path}: there is no CSV file with the columns {','.join(wanted)}.")
    if bad := [k for k, line in enumerate(lines, 1) if len(line) != len(head)]:
        raise ByhandError(f"{path}: line {bad[0]} has not as many values as there are columns.")
    return head, [dict(zip(head, line, strict=True)) for line in lines[1:]]


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Fields to look at</title>
<style>
body { font: 1rem/1.4 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem;
  color: #111; background: #fff }
ul { list-style: none; padding: 0 }
li { border-top: 1px solid #999; padding: .8rem 0 }
label { display: grid; grid-template-columns: minmax(8rem, 1fr) 1fr 12rem; gap: 1rem; align-items: center }
img { max-width: 100%; border: 1px solid #999 }
input { font: 1.6rem ui-monospace, monospace; padding: .3rem; border: 2px solid #666; white-space: pre }
input:focus { outline: 3px solid #0072b2 }
input.seen { border-color: #0072b2; background: #e8f2f9 }
header { position: sticky; top: 0; background: #fff; padding: .5rem 0; border-bottom: 2px solid #111 }
button { font: inherit; padding: .4rem .8rem }
</style>
<header>
<h1>COUNT fields to look at</h1>
<p>Type what you see and press Enter: the field is confirmed, and the next one comes.LEFT
<button id="save">Save corrections.csv</button> <output id="done">0 confirmed</output></p>
</header>
<ul>
CARDS
</ul>
<script>
const inputs = [...document.querySelectorAll("input")];
const count = () => inputs.filter((one) => one.classList.contains("seen")).length;
inputs.forEach((input, k) => input.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== "Escape") return;
  event.preventDefault();
  input.classList.toggle("seen", event.key === "Enter");
  if (event.key === "Escape") input.value = input.dataset.before;
  document.getElementById("done").textContent = `${count()} confirmed`;
  (inputs[k + 1] ?? document.getElementById("save")).focus();
}));
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
document.getElementById("save").addEventListener("click", () => {
  const rows = inputs.filter((one) => one.classList.contains("seen"))
    .map((one) => [one.dataset.file, one.value, one.dataset.scan, one.dataset.page, one.dataset.field]);
  const lines = [["file", "label", "scan", "page", "field"], ...rows].map((row) => row.map(quoted).join(","));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\\r\\n") + "\\r\\n"], { type: "text/csv" }));
  link.download = "corrections.csv";
  link.click();
});
inputs[0]?.focus();
</script>
"""
