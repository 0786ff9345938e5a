"""How long `byhand race` takes, beside the same recipe in PyTorch.

    python bench/race.py --seeds 10 > docs/race.md

Each run is a process of its own, from its start to the figure on the test images; the two take turns, so that
whatever else the machine does slows both alike. PyTorch's twin has the same network, start, batches, loss, optimiser
and learning rates, and runs as fast as we could make it: images with their channels last, Adam in one fused pass,
memory that is not handed back to the system, no library but PyTorch and NumPy.

Seconds are the clock's, from the process's creation to its end. Processor seconds are those of all the process's
threads; other work on the machine hardly changes them.
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

from byhand.data import fetch
from byhand.ops import describe
from byhand.ops.compiled import cores
from speed.environments import python_of

TWIN = Path(__file__).parent / "race_torch.py"
MALLOC = {
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TOP_PAD_": "268435456",
}


def run(command: list[str], environment: dict[str, str]) -> dict[str, float]:
    """One process: the seconds that it took, by the clock and of processors, and the accuracy that it printed."""
    before, start = os.times(), time.perf_counter()
    out = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | environment).stdout
    seconds, after = time.perf_counter() - start, os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": seconds, "processor": processor, "accuracy": json.loads(out)["accuracy"]}


def show(runs: list[dict[str, float]], name: str) -> str:
    """A line of the table."""
    accuracy = [100 * r["accuracy"] for r in runs]
    spread = f" ± {stdev(accuracy):.2f}" if len(runs) > 1 else ""
    seconds, processor = [r["seconds"] for r in runs], [r["processor"] for r in runs]
    return (
        f"| {name} | {mean(accuracy):.2f}{spread} | {min(accuracy):.2f} | {median(seconds):.2f} | {min(seconds):.2f} "
        f"| {median(processor):.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    arguments = parser.parse_args()
    folder = fetch("mnist")
    twin = sys.executable if importlib.util.find_spec("torch") else str(python_of("torch"))
    commands = {
        "byhand": ([sys.executable, "-m", "byhand", "race", "--json"], {}),
        "PyTorch": ([twin, str(TWIN), str(folder)], MALLOC),
    }
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        for name, (command, environment) in commands.items():
            runs[name].append(run([*command, "--seed", str(seed)], environment))
            print(f"{name}, seed {seed}: {runs[name][-1]}", file=sys.stderr, flush=True)
    print("# The race\n")
    print((__doc__ or "").strip().replace("    python", "`python").replace("race.md\n", "race.md`\n"), "\n")
    print(f"{arguments.seeds} seeds each, {cores()} cores, byhand's operations {describe()}.\n")
    print("| | test accuracy, % | least | seconds, median | least | processor seconds, median |")
    print("|---|---|---|---|---|---|")
    for name, found in runs.items():
        print(show(found, name))
    for key in ("seconds", "processor"):
        ratios = [b[key] / t[key] for b, t in zip(*runs.values(), strict=True)]
        print(f"\nbyhand's {key} by PyTorch's, pair by pair: median {median(ratios):.2f}.")


if __name__ == "__main__":
    main()
