"""How well handwriting is read: exact match of the whole string, and character error rate, beside other readers.

    python -m bench.reading FOLDER... --peers tesseract,rapidocr,naive --onnx mnist.onnx --json figures.json

Each folder holds pictures and a `labels.csv` with the header `file,label`; rows of a page are joined by a literal \\n.
Only what is a digit counts, of a label as of what was read; with `--form text` signs and spaces, too. The character
error rate is the number of them to be
changed, left out and put in (Levenshtein), of all folder's pictures together, as a share of the labels' digits.

`--ways` also reads with a network for single digits, which is shown what the built-in networks find.

The peers: `tesseract`, the program, held to digits, each folder with the page mode that reads most of it;
`rapidocr`, recognition only (with detection where a picture is at least 400 pixels high), its classes held to
digits, blank, point and comma, with `--form text` to all signs; `naive`, Otsu's threshold, components, boxes,
centring, and the ONNX network of `--onnx`. The last two run in an environment of their own, made on the first use
in the user's cache.
"""

import argparse
import csv
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import platformdirs

from byhand.handwriting.alphabet import ALPHABET
from byhand.reading.reader import MODEL, Reader

PACKAGES = ["rapidocr==3.10.*", "onnxruntime"]
MODES = (6, 7, 8, 13)  # Tesseract's: a block, a line, a word, a raw line


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--peers", default="", help="of tesseract, rapidocr, naive, joined by commas")
    parser.add_argument("--onnx", type=Path, help="an MNIST network for the naive reader")
    parser.add_argument("--model", type=Path, help="the model byhand reads with")
    parser.add_argument("--form", default="digits", help="what byhand reads, and what counts: digits, or text")
    parser.add_argument("--ways", action="store_true", help="also with a network for single digits")
    parser.add_argument("--digits", type=Path, default=MODEL, help="that network's file")
    parser.add_argument("--json", type=Path, help="where to write all figures and every mistake")
    options = parser.parse_args()
    counted = digits if options.form == "digits" else signs
    readers = {"byhand": byhand_reader(Reader(options.model, form=options.form))}
    if options.ways:
        readers |= {"single": byhand_reader(Reader(options.digits))}
    readers |= {name: peer(name, options) for name in options.peers.split(",") if name}
    results = {}
    for folder in options.folders:
        files, labels = pictures(folder)
        results[folder.name] = {name: measure(read, files, labels, counted) for name, read in readers.items()}
        show(folder.name, results[folder.name])
    if options.json:
        options.json.write_text(json.dumps(results, indent=1, ensure_ascii=False))


def pictures(folder):
    """The folder's pictures and their labels."""
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [folder / row["file"] for row in rows], [row["label"] for row in rows]


def digits(text):
    """The digits of every row, rows joined by a line's end; rows without any are dropped."""
    rows = [re.sub("[^0-9]", "", row) for row in text.replace("\\n", "\n").split("\n")]
    return "\n".join(row for row in rows if row)


def signs(text):
    """Digits, signs and spaces of every row; rows without any are dropped."""
    rows = [re.sub(" +", " ", row.replace("?", " ")).strip() for row in text.replace("\\n", "\n").split("\n")]
    return "\n".join(row for row in rows if row)


def measure(read, files, labels, counted):
    """Figures of one reader on one folder."""
    start = time.perf_counter()
    texts, note = read(files, labels)
    seconds = (time.perf_counter() - start) / len(files)
    pairs = [(counted(text), counted(label)) for text, label in zip(texts, labels, strict=True)]
    return {
        "pictures": len(files),
        "exact": sum(text == label for text, label in pairs) / len(files),
        "character_error_rate": sum(distance(*pair) for pair in pairs) / max(1, sum(len(label) for _, label in pairs)),
        "seconds": seconds,
        "note": note,
        "mistakes": [
            {"file": str(file), "label": label, "read": text}
            for file, (text, label) in zip(files, pairs, strict=True)
            if text != label
        ],
    }


def distance(a, b):
    """How many characters to change, leave out or put in to make b of a (Levenshtein, 1966)."""
    before = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        now = [i]
        for j, y in enumerate(b, 1):
            now.append(min(before[j] + 1, now[-1] + 1, before[j - 1] + (x != y)))
        before = now
    return before[-1]


def byhand_reader(reader):
    """This package's reader, picture by picture."""

    def read(files, labels):
        return [reader.read(file).text for file in files], ""

    return read


def peer(name, options):
    """One of the others."""
    if name == "tesseract":
        return tesseract
    if name not in ("rapidocr", "naive"):
        sys.exit(f"bench.reading: there is no peer {name!r}; choose of tesseract, rapidocr, naive.")
    if name == "naive" and not options.onnx:
        sys.exit("bench.reading: the naive reader needs --onnx, a network for MNIST's digits.")
    python, known = environment(), ".," if options.form == "digits" else ALPHABET[10:-1]

    def read(files, labels):
        command = [python, Path(__file__).with_name("peers.py"), name, options.onnx or "", known]
        lines = "\n".join(map(str, files))
        answer = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
        if answer.returncode:
            sys.exit(f"bench.reading: {name} failed:\n{answer.stderr}")
        texts = json.loads(answer.stdout)
        return texts["texts"], f"{texts['seconds'] / len(files):.4f} s a picture without start and decoding"

    return read


def environment():
    """The Python with the peers' packages."""
    folder = Path(platformdirs.user_cache_dir("byhand")) / "reading-peers"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    check = [python, "-c", "import rapidocr, onnxruntime"]
    if not python.exists() or subprocess.run(check, capture_output=True, check=False).returncode:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


def tesseract(files, labels):
    """Every picture by Tesseract in each page mode; the mode that reads most of them right counts."""
    right = [digits(label) for label in labels]
    found = {mode: [tesseract_once(file, mode) for file in files] for mode in MODES}
    best = max(MODES, key=lambda mode: sum(digits(t) == r for t, r in zip(found[mode], right, strict=True)))
    return found[best], f"page mode {best}; seconds are those of {len(MODES)} modes"


def tesseract_once(file, mode):
    command = ["tesseract", file, "-", "--psm", str(mode), "-c", "tessedit_char_whitelist=0123456789"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def show(name, figures):
    """A table of one folder."""
    print(f"\n{name}, {next(iter(figures.values()))['pictures']} pictures")
    print(f"  {'':<12}{'exact, %':>10}{'character errors, %':>22}{'seconds':>10}")
    for reader, f in figures.items():
        row = f"{100 * f['exact']:>10.1f}{100 * f['character_error_rate']:>22.1f}{f['seconds']:>10.4f}"
        print(f"  {reader:<12}{row}  {f['note']}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
