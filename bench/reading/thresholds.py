"""What --confidence means: how many pictures are accepted at each threshold, and how many of these are read wrong.

    python -m bench.reading.thresholds FOLDER ... [--pattern digits]

A folder holds pictures and labels.csv (`file,label`; several rows joined by a literal \\n). A picture counts
as accepted if all its rows are, and something was read; as right if the digits of all rows are those of the label.
"""

import argparse
import csv
from pathlib import Path

from byhand import read_many

THRESHOLDS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)


def readings(folder, pattern):
    """For each picture how sure its least sure row is, and whether all is right."""
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        labels = {row["file"]: row["label"] for row in csv.DictReader(file)}
    found = []
    for name, page in zip(labels, read_many([folder / name for name in labels], pattern=pattern), strict=True):
        rows = page.reading.lines if page.reading else ()
        wanted = labels[name].replace("\\n", "\n")
        text = "\n".join(row.text for row in rows)
        found.append(
            (min((row.confidence for row in rows), default=0.0), "".join(text.split()) == "".join(wanted.split()))
        )
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--pattern", default="digits")
    options = parser.parse_args()
    columns = {folder.name: readings(folder, options.pattern) for folder in options.folders}
    columns["all"] = [one for found in columns.values() for one in found]
    print("| confidence | " + " | ".join(f"{name} ({len(found)})" for name, found in columns.items()) + " |")
    print("|---|" + "---|" * len(columns))
    for threshold in THRESHOLDS:
        cells = []
        for found in columns.values():
            accepted = [right for sure, right in found if sure >= threshold and sure > 0]
            wrong = accepted.count(False)
            cells.append(f"{len(accepted) / len(found):.1%}, {wrong / max(1, len(accepted)):.1%} wrong")
        print(f"| {threshold:.2f} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
