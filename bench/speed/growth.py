"""Time a sample as batch, width, depth, images, sequences, cores and files grow, beside PyTorch and JAX.

    python -m bench.speed.growth    # in about ten minutes; writes docs/speed-growth.json, a picture, and docs/speed.md
    python -m bench.speed.growth --small --anyway --out out    # two values of each, on a busy machine too
    python -m bench.speed.growth --only file --gigabytes 40    # data larger than the memory
    python -m bench.speed.growth --report docs/speed-growth.json    # the picture and the page anew

PyTorch runs eagerly, JAX compiles an epoch (`scan`), or a step where images are convolved or samples are in a file.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.speed.axes import Axis, axes
from bench.speed.competitors import MALLOC, ONE_THREAD, Competitor, Task, images, tiny
from bench.speed.growth_page import section
from bench.speed.growth_picture import draw
from bench.speed.machine import describe_machine
from bench.speed.report import write_page
from bench.speed.rounds import Match, outcome
from bench.speed.startup import prepare
from byhand.core.errors import ByhandError

ROOT = Path(__file__).parents[2]
SO_FAR = ROOT / "out" / "speed-growth-so-far.json"  # the axes that are measured
PEERS = {"torch", "jax"}
SECONDS = 0.3  # that byhand's turn takes about: so many epochs


def step_by_step(task: Task) -> bool:
    """Where JAX compiles a step, not an epoch."""
    return images(task) or task.get("mapped", False)


COMPETITORS = (
    Competitor("byhand"),
    Competitor("torch", takes=lambda task: not images(task)),
    Competitor("torch", "one thread", {"threads": 1}, ONE_THREAD, tiny),
    Competitor("torch", "channels-last, tuned malloc", {"channels_last": True}, MALLOC, images),
    Competitor("jax", "scan", takes=lambda task: not step_by_step(task)),
    Competitor("jax", "jit of a step", {"loop": "jit"}, takes=step_by_step),
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", help="axes, such as batch,file; all by default")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each competitor")
    parser.add_argument("--threads", type=int, default=2, help="threads that everybody gets")
    parser.add_argument("--gigabytes", type=float, default=1.0, help="size of the largest memory-mapped file")
    parser.add_argument("--small", action="store_true", help="the two smallest values of each axis")
    parser.add_argument("--anyway", action="store_true", help="do not wait until the machine is quiet")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="the folder for figures, picture and page")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write picture and page from these figures")
    args = parser.parse_args()
    args.axes = axes(args.gigabytes, min(args.threads, os.cpu_count() or 1), args.small)
    names = [axis.name for axis in args.axes]
    args.only = args.only.split(",") if args.only else names
    for wrong in set(args.only) - set(names):
        parser.error(f"there is no axis {wrong!r}; there are {', '.join(names)}")
    return args


def run(args: argparse.Namespace) -> dict[str, Any]:
    """All figures as plain data."""
    absent: dict[str, str] = {}
    prepare(PEERS, absent)
    figures: dict[str, Any] = {"machine": describe_machine(args.threads), "absent": absent, "axes": []}
    SO_FAR.parent.mkdir(exist_ok=True)
    for axis in args.axes:
        if axis.name in args.only:
            figures["axes"].append(grow(axis, args, absent))
            SO_FAR.write_text(json.dumps(figures, indent=1) + "\n")
    return figures


def grow(axis: Axis, args: argparse.Namespace, absent: dict[str, str]) -> dict[str, Any]:
    """One axis's figures."""
    points = []
    for value in axis.values:
        print(f"{axis.name} {value:g} ...", file=sys.stderr, flush=True)
        try:
            points.append({"value": value, **measure(axis, value, args, absent)})
        except (ByhandError, OSError, MemoryError) as error:
            points.append({"value": value, "competitors": [], "failures": {"": str(error)}})
    return {"name": axis.name, "title": axis.title, "unit": axis.unit, "points": points}


def measure(axis: Axis, value: float, args: argparse.Namespace, absent: dict[str, str]) -> dict[str, Any]:
    """Everyone's seconds a sample."""
    threads = axis.threads(value) if axis.threads else args.threads
    with tempfile.TemporaryDirectory() as folder:
        task = axis.task(value, Path(folder)) | {"threads": threads}
        match = Match(task, 1, lambda text: print(text, file=sys.stderr), True, None if args.anyway else 1)
        try:
            match.start([(c, False) for c in COMPETITORS if c.peer not in absent and c.takes(task)])
            own = [process.first for process in match.processes if process.competitor.peer == "byhand"]
            match.epochs = max(1, min(100, round(SECONDS / own[0]))) if own else 1
            match.play(args.rounds)
        finally:
            match.close()
    kept = ("name", "peer", "manner", "busy", "peak")
    competitors = []
    for found in (outcome(process) for process in match.processes):
        times = {"median": found["median"] / task["rows"], "rounds": [t / task["rows"] for t in found["rounds"]]}
        competitors.append({name: found[name] for name in kept} | times)
    return {
        "rows": task["rows"],
        "batch": task["batch"],
        "epochs": match.epochs,
        "competitors": competitors,
        "failures": match.failures,
    }


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the competitors' processes end, too
    args = arguments()
    figures = json.loads(args.report.read_text()) if args.report else run(args)
    (args.out / "images").mkdir(parents=True, exist_ok=True)
    (args.out / "speed-growth.json").write_text(json.dumps(figures, indent=1) + "\n")
    draw(figures, args.out / "images" / "speed-growth.png")
    if (args.out / "speed.json").exists():
        write_page(args.out)
    print(section(figures))


if __name__ == "__main__":
    main()
