"""Compare byhand with PyTorch, JAX, Keras and scikit-learn: same networks, data and training on the same processor.

    python -m bench.speed            # everything, in an hour or two; writes docs/speed.md, speed.json and a picture
    python -m bench.speed --quick    # ratios in under four minutes, to the terminal
    python -m bench.speed --resume   # go on with a run that was stopped
    python -m bench.speed --only W3,W5 --peers torch,jax
    python -m bench.speed --report docs/speed.json    # write page and picture anew from a run's figures
    python -m bench.speed --quick --beside intel    # a table for another processor, on the same page
    python -m bench.speed --quick --check docs/speed.json    # exit status 1 where a ratio got 15 % worse

Each peer gets its own virtual environment in the user's cache on first use. docs/speed.md describes the method.
"""

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import Any

from bench.speed.check import compared
from bench.speed.environments import NEEDS
from bench.speed.machine import describe_machine
from bench.speed.picture import draw
from bench.speed.report import table, write_page
from bench.speed.rounds import measure
from bench.speed.startup import prepare, sizes, starts
from bench.speed.workloads import WORKLOADS
from byhand.core.errors import ByhandError

ROOT = Path(__file__).parents[2]
SO_FAR = ROOT / "out" / "speed-so-far.json"  # the rows that are measured: a whole run takes an hour and more
NAMES = [workload.name for workload in WORKLOADS]
LONGER = {"one-conv", "many", "W8", "W10", "write-lstm"}  # not with --quick


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, rows of data and manners of each peer")
    parser.add_argument("--only", help="workloads, such as W3,W5; all by default")
    parser.add_argument("--peers", default=",".join(NEEDS), help="peers, such as torch,jax")
    parser.add_argument("--rounds", type=int, help="turns of each competitor; 5 by default, 3 with --quick")
    parser.add_argument("--threads", type=int, default=2, help="threads that everybody gets")
    parser.add_argument("--resume", action="store_true", help="keep the rows that a run measured before it was stopped")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument("--out", type=Path, help="the folder for the figures; docs/ for a whole run, else out/")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write page and picture from these figures")
    parser.add_argument("--beside", metavar="NAME", help="the page keeps its figures; these stand beside them")
    parser.add_argument(
        "--check", type=Path, metavar="FILE", help="compare with the ratios of an earlier run's figures"
    )
    args = parser.parse_args()
    usual = {*NAMES} - LONGER if args.quick else {*NAMES, "start"}
    args.only, args.peers = set(args.only.split(",")) if args.only else usual, set(args.peers.split(","))
    for wrong in (args.only - {*NAMES, "start"}) | (args.peers - set(NEEDS)):
        parser.error(f"there is no {wrong!r}; workloads: {', '.join([*NAMES, 'start'])}; peers: {', '.join(NEEDS)}")
    return args


def run(args: argparse.Namespace) -> dict[str, Any]:
    """All figures as plain data."""
    absent: dict[str, str] = {}
    rounds = args.rounds or (3 if args.quick else 5)
    prepare(args.peers, absent)
    figures: dict[str, Any] = {"machine": describe_machine(args.threads), "quick": args.quick, "absent": absent}
    figures["rows"] = stopped(figures) if args.resume else []
    measured = {row["name"] for row in figures["rows"]}
    for workload in (w for w in WORKLOADS if w.name in args.only - measured):
        try:
            row = measure(
                workload,
                {*args.peers, "byhand", "products"},
                absent,
                lambda text: print(text, file=sys.stderr, flush=True),
                rounds=rounds,
                quick=args.quick,
                threads=args.threads,
            )
        except ByhandError as error:  # its data cannot be had here
            absent[workload.name] = str(error)
        else:
            figures["rows"].append(row)
            figures["rows"].sort(key=lambda row: NAMES.index(row["name"]))
            SO_FAR.parent.mkdir(exist_ok=True)
            SO_FAR.write_text(json.dumps(figures, indent=1) + "\n")
    if "start" in args.only and not args.quick:
        figures["starts"] = starts(args.peers, absent, 2 * rounds, args.threads)
        figures["sizes"] = sizes(args.peers, absent)
    return figures


def stopped(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a run that was stopped, which was like this one."""
    if not SO_FAR.exists():
        return []
    before = json.loads(SO_FAR.read_text())
    if any(before["machine"].get(k) != v for k, v in figures["machine"].items() if k != "date"):
        sys.exit(f"{SO_FAR} is of another machine or with other versions; start anew without --resume.")
    if before["quick"] != figures["quick"]:
        sys.exit(f"{SO_FAR} is of a run {'with' if before['quick'] else 'without'} --quick.")
    return before["rows"]


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the competitors' processes end, too
    args = arguments()
    figures = json.loads(args.report.read_text()) if args.report else run(args)
    whole = args.report or ({*NAMES, "start"} <= args.only and args.peers == set(NEEDS) and not args.quick)
    folder = args.out or ROOT / ("docs" if whole or args.beside else "out")
    (folder / "images").mkdir(parents=True, exist_ok=True)
    name = f"speed-on-{args.beside}.json" if args.beside else "speed.json"
    (folder / name).write_text(json.dumps(figures, indent=1) + "\n")
    if whole or args.beside:
        write_page(folder)
    if whole and not args.beside:
        draw(figures, folder / "images" / "speed.png")
    print(json.dumps(figures) if args.json else table(figures))
    if args.check:
        lines, worse = compared(figures, json.loads(args.check.read_text()))
        print("\n".join(lines), file=sys.stderr)
        sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
