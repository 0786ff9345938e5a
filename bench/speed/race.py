"""The time of `byhand race`, compared with the same recipe in PyTorch.

    python -m bench.speed.race --seeds 10 --out docs

Each run is a process of its own, measured from its start until the accuracy on the test images is known. The two
programs take turns, so that other load on the machine slows both. The PyTorch program (bench/speed/race_torch.py) has
the same network, initialisation, batches, loss, optimiser and learning rates, and is as fast as we could make it:
channels-last images, fused Adam, no memory returned to the system, no libraries except PyTorch and NumPy.

Seconds are wall-clock seconds of the whole process. Processor seconds are summed over its threads.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from bench.speed.environments import python_of
from byhand.core.files import write_atomically
from byhand.data import fetch
from byhand.ops import describe_operations
from byhand.ops.compiled import cores

TWIN = Path(__file__).parent / "race_torch.py"
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_MMAP_THRESHOLD_": "4294967296"}


def commands() -> dict[str, tuple[list[str], dict[str, str]]]:
    """For each of the two its command, and what its environment holds more."""
    torch = sys.executable if importlib.util.find_spec("torch") else str(python_of("torch"))
    return {
        "byhand": ([sys.executable, "-m", "byhand", "race", "--json"], {}),
        "PyTorch": ([torch, str(TWIN), str(fetch("mnist"))], KEEP_MEMORY | {"MALLOC_TOP_PAD_": "268435456"}),
    }


def run(command: list[str], environment: dict[str, str]) -> dict[str, float]:
    """One process: the seconds that it took, by the clock and of processors, and the accuracy that it printed."""
    before, start = os.times(), time.perf_counter()
    out = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | environment).stdout
    seconds, after = time.perf_counter() - start, os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": seconds, "processor": processor, "accuracy": json.loads(out)["accuracy"]}


def row(name: str, runs: list[dict[str, Any]]) -> str:
    """A line of the table."""
    accuracy = [100 * r["accuracy"] for r in runs]
    spread = f" ± {stdev(accuracy):.2f}" if len(runs) > 1 else ""
    seconds, processor = [r["seconds"] for r in runs], [r["processor"] for r in runs]
    return (
        f"| {name} | {len(runs)} | {mean(accuracy):.2f}{spread} | {min(accuracy):.2f} | {median(seconds):.2f} "
        f"| {min(seconds):.2f} to {max(seconds):.2f} | {median(processor):.2f} |\n"
    )


def page(record: dict[str, Any]) -> str:
    """The page, in Markdown."""
    own, theirs = ([r for r in record["runs"] if r["who"] == who] for who in ("byhand", "PyTorch"))
    text = "# The race\n\n" + (__doc__ or "").replace("    python", "`python").replace("--out docs", "--out docs`", 1)
    text += f"\n{record['cores']} cores; byhand's operations: {record['operations']}.\n\n"
    text += "| | seeds | test accuracy, % | minimum | seconds, median | minimum to maximum "
    text += (
        "| processor seconds, median |\n|---|---|---|---|---|---|---|\n"
        + row("byhand", own)
        + (row("PyTorch", theirs) if theirs else "")
    )
    pairs = [(a, b) for a in own for b in theirs if a["seed"] == b["seed"]]
    if pairs:
        seconds, processor = (median(a[key] / b[key] for a, b in pairs) for key in ("seconds", "processor"))
        text += f"\nbyhand takes {seconds:.2f} times PyTorch's seconds and {processor:.2f} times its processor seconds "
        text += f"(medians of {len(pairs)} pairs).\n"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--only", choices=("byhand", "PyTorch"), help="run one of the two alone")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of race.md, and of race.json to add to")
    options = parser.parse_args()
    path = options.out / "race.json"
    record = {"runs": json.loads(path.read_text())["runs"] if path.exists() else []}
    record |= {"cores": cores(), "operations": describe_operations()}
    competitors = commands()
    for seed in range(options.first, options.first + options.seeds):
        for who in [options.only] if options.only else competitors:
            found = {"who": who, "seed": seed} | run(*_with_seed(competitors[who], seed))
            print(found, file=sys.stderr, flush=True)
            record["runs"] = [r for r in record["runs"] if (r["who"], r["seed"]) != (who, seed)] + [found]
            record["runs"].sort(key=lambda r: (r["who"] != "byhand", r["seed"]))
            write_atomically(path, (json.dumps(record, indent=1) + "\n").encode())
    write_atomically(options.out / "race.md", page(record).encode())


def _with_seed(competitor: tuple[list[str], dict[str, str]], seed: int) -> tuple[list[str], dict[str, str]]:
    return [*competitor[0], "--seed", str(seed)], competitor[1]


if __name__ == "__main__":
    main()
