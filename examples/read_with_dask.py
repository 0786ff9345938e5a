"""Read many scans on a Dask cluster: `python read_with_dask.py [FOLDER] [SCHEDULER]`.

It needs `pip install dask distributed`. Without a folder it draws some scans; without the address of a scheduler it
uses the cores of this machine.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from dask.distributed import Client, LocalCluster
from PIL import Image

from byhand import read_many
from byhand.handwriting.drawn import draw_ink
from byhand.handwriting.pens import Pen
from byhand.handwriting.strokes import Hand

FILES = 4  # that a worker takes at a time; some hundreds for real ones


def read_files(files):
    """The records of some files, as lines of JSON; a worker keeps the networks from call to call."""
    return [json.dumps(page.to_json()) for page in read_many(files)]


def read_all(client, files):
    """The records of all files, in their order, as they are ready; what a worker loses is read again by another."""
    some = [files[i : i + FILES] for i in range(0, len(files), FILES)]
    for future in client.map(read_files, some, retries=2):
        yield from future.result()


def draw_scans(folder, count=8):
    """Some scans of four digits, named after them."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        number = "".join(map(str, rng.integers(0, 10, 4)))
        digits = [draw_ink(digit, rng, 40, Hand(0.05, 0.0, 1.0, 0.01, 0.005), Pen(0.09), form=0) for digit in number]
        row = np.hstack([np.pad(digit, ((30, 70 - len(digit)), (4, 4))) for digit in digits])
        paper = 230 - 190 * np.pad(row, ((0, 0), (30, 30)))
        Image.fromarray(paper.clip(0, 255).astype(np.uint8)).save(Path(folder) / f"{number}.png")


def main():
    """Read the scans, and count how many were read as their names say."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else made)
        if folder == Path(made):
            draw_scans(made)
        cluster = sys.argv[2] if len(sys.argv) > 2 else LocalCluster(n_workers=2, threads_per_worker=1)
        with Client(cluster) as client:
            records = [json.loads(line) for line in read_all(client, sorted(map(str, folder.glob("*.png"))))]
    right = sum(record.get("text") == Path(record["file"]).stem for record in records)
    print(f"{len(records)} scans read, {right} of them right")
    return right / len(records)


if __name__ == "__main__":
    main()
