"""How long byhand takes to start, and how much room it takes: medians of fresh processes, and installed megabytes.

    .venv/bin/python bench/start.py [--runs 15]

The processes are interleaved, so that whatever else the machine does slows all of them alike. Sizes are of the files of
each library that is installed, with what it needs itself.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from importlib.metadata import Distribution, distribution
from pathlib import Path
from statistics import median

import numpy as np
from packaging.requirements import Requirement

from byhand.digits.drawn import write_samples

FIRST_DIGIT = """
import byhand
from byhand.digits.reader import MODEL
network = byhand.Network.load(MODEL)
import numpy as np
network.predict(np.zeros((1, 28 * 28), np.uint8))
"""
FIRST_PICTURE = "from byhand.digits.reader import Reader; Reader().read({!r})"
ALONE = ("numpy", "safetensors", "pillow", "threadpoolctl")  # what reading pictures and training need


def commands(picture: Path) -> dict[str, list[str]]:
    return {
        "Python alone": ["-c", "pass"],
        "import numpy": ["-c", "import numpy"],
        "import byhand": ["-c", "import byhand"],
        "from byhand import Network": ["-c", "from byhand import Network"],
        "a model loaded, an array read": ["-c", FIRST_DIGIT],
        "a model loaded, a picture read": ["-c", FIRST_PICTURE.format(str(picture))],
        "byhand --help": ["-m", "byhand", "--help"],
        "byhand --version": ["-m", "byhand", "--version"],
        "byhand read PICTURE": ["-m", "byhand", "read", str(picture)],
    }


def seconds(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        picture, _ = write_samples(folder, np.random.default_rng(0))[3]
        jobs = commands(picture)
        times: dict[str, list[float]] = {name: [] for name in jobs}
        for run in range(runs + 1):
            for name, arguments in jobs.items():
                taken = seconds(arguments)
                if run:  # the first compiles and fills the system's caches
                    times[name].append(taken)
    for name, taken_times in times.items():
        low, high = min(taken_times), max(taken_times)
        print(f"{name:<32}{median(taken_times):.3f} s  ({low:.3f} to {high:.3f})")


def needed(names: list[str]) -> dict[str, Distribution]:
    """The libraries of these names, and what they need, as they are installed here."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = distribution(name)
        for text in found[name].requires or []:
            requirement = Requirement(text)
            if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name.lower())
    return found


def size(library: Distribution) -> float:
    """Megabytes of its files."""
    paths = [Path(str(library.locate_file(file))) for file in library.files or []]
    return sum(path.stat().st_size for path in paths if path.exists()) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    measure(parser.parse_args().runs)
    sizes = {name: size(library) for name, library in needed(["byhand"]).items() if name != "byhand"}
    print(f"\n{sum(sizes.values()):.0f} MB of libraries by default:")
    print("  " + ", ".join(f"{name} {mb:.1f}" for name, mb in sorted(sizes.items(), key=lambda item: -item[1])))
    print(
        f"{sum(size(library) for library in needed(list(ALONE)).values()):.0f} MB of it for reading and training alone."
    )


if __name__ == "__main__":
    main()
