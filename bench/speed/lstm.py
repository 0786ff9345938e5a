"""LSTMs beside PyTorch, Keras and JAX: rows of MNIST, characters, and one step of generating.

    python -m bench.speed.lstm --threads 1
    python -m bench.speed.lstm --threads 2 --only W7 --peers byhand,torch

Same shapes and batches for everybody, float32, Adam; each library in a process of its own
(bench/speed/peers/lstm.py), from this interpreter where it is installed. They take turns of some steps each, so that
other load on the machine slows all of them; a round's figure is the median of its steps, and the ratio is that of the
medians over the rounds. Keras runs on JAX.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import byhand as bh

PEERS = ("byhand", "torch", "jax", "keras")
SCRIPT = Path(__file__).parent / "peers" / "lstm.py"
WORKLOADS: dict[str, dict[str, Any]] = {
    "W7": {"title": "LSTM 128 on MNIST's rows, batch 128, Adam, one step", "units": 128, "steps": 10},
    "W8": {"title": "characters, LSTM 256, T = 64, batch 32, Adam, one step", "units": 256, "steps": 10},
    "one": {"title": "one step of generating, batch 1, 128 units", "units": 128, "steps": 500},
}
STEPS_OF_AN_EPOCH = 469  # of W7


def data(name: str, folder: Path) -> None:
    """x and the classes y of ten batches."""
    if name == "W7":
        mnist = bh.load("mnist")
        x, y = mnist.x_train[:1280].reshape(10, 128, 28, 28).astype(np.float32) / 255, mnist.y_train[:1280]
        y = y.reshape(10, 128)
    else:
        shape = (10, 32, 65) if name == "W8" else (10, 1, 2)
        tokens = np.random.default_rng(0).integers(0, 65, shape)
        x, y = tokens[..., :-1], tokens[..., 1:]
    np.savez(folder / f"{name}.npz", x=x, y=y.astype(np.int64))


class Runner:
    """One library's process for one workload."""

    def __init__(self, peer: str, name: str, folder: Path, threads: int):
        env = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        env |= {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
        if threads == 1:
            env["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        command = [sys.executable, SCRIPT, peer, name, str(folder / f"{name}.npz"), str(WORKLOADS[name]["units"])]
        cores = sorted(os.sched_getaffinity(0))[:threads] if hasattr(os, "sched_setaffinity") else None
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None,
        )
        self.rounds: list[list[float]] = []

    def turn(self, steps: int) -> None:
        """Some steps; their seconds."""
        assert self.process.stdin and self.process.stdout
        print(steps, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args} ended before its time.")
        self.rounds.append(json.loads(line))


def compare(name: str, peers: list[str], folder: Path, threads: int, rounds: int) -> dict[str, Any]:
    """Medians and minima of each library, in seconds a step."""
    data(name, folder)
    steps, found = WORKLOADS[name]["steps"], {}
    runners = {peer: Runner(peer, name, folder, threads) for peer in peers}
    for runner in runners.values():
        runner.turn(steps)  # warm up, and compile
        runner.rounds.clear()
    for _ in range(rounds):
        for runner in runners.values():
            runner.turn(steps)
    for peer, runner in runners.items():
        runner.process.stdin.close()  # type: ignore[union-attr]
        runner.process.wait()
        each = [median(times) for times in runner.rounds]
        found[peer] = {"median": median(each), "least": min(min(times) for times in runner.rounds), "rounds": each}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, help="threads, and cores, that everybody gets")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default=",".join(WORKLOADS), help="workloads, such as W7,one")
    parser.add_argument("--peers", default=",".join(PEERS), help="libraries, such as byhand,torch")
    parser.add_argument("--json", type=Path, help="write all figures into this file as well")
    args = parser.parse_args()
    peers = [peer for peer in args.peers.split(",") if importlib.util.find_spec(peer)]
    figures: dict[str, Any] = {"threads": args.threads, "load": os.getloadavg()}
    with tempfile.TemporaryDirectory() as folder:
        for name in args.only.split(","):
            found = figures[name] = compare(name, peers, Path(folder), args.threads, args.rounds)
            print(f"{name}: {WORKLOADS[name]['title']}, {args.threads} threads")
            others = {
                kind: min((f[kind] for p, f in found.items() if p != "byhand"), default=0)
                for kind in ("median", "least")
            }
            for peer, f in found.items():
                line = f"  {peer:<8}{1e3 * f['median']:>10.3f} ms   least {1e3 * f['least']:>9.3f} ms"
                print(line + (f"   an epoch {STEPS_OF_AN_EPOCH * f['median']:.1f} s" if name == "W7" else ""))
            if "byhand" in found and len(found) > 1:
                own = found["byhand"]
                ratios = [own[kind] / others[kind] for kind in ("median", "least")]
                print(f"  byhand over the fastest other: {ratios[0]:.2f} (of the least times {ratios[1]:.2f})")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
