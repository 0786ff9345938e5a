"""W11: the dense GAN of the recipe `gan` beside PyTorch and JAX.

    python -m bench.speed.gan --threads 1

The same networks and training in float32, a step each of critic (with its gradient penalty) and generator on 128
images. Each library runs in a process of its own (bench/speed/peers/gan.py). They take turns of ten steps, so that
other load on the machine slows all; a round's figure is the median of its steps, and the ratio is that of the medians
over the rounds.
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

import numpy as np

import byhand as bh

PEERS = ("byhand", "torch", "jax")
SCRIPT = Path(__file__).parent / "peers" / "gan.py"
IMAGES, STEPS, STEPS_OF_AN_EPOCH = 1280, 10, 469


def start(peer: str, images: Path, threads: int) -> subprocess.Popen:
    """A library's process on that many cores."""
    cores = sorted(os.sched_getaffinity(0))[:threads] if hasattr(os, "sched_setaffinity") else None
    return subprocess.Popen(
        [sys.executable, SCRIPT, peer, images],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads)),
        preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None,
    )


def turn(process: subprocess.Popen) -> list[float]:
    """The seconds of ten steps."""
    print(STEPS, file=process.stdin, flush=True)
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{process.args} ended before its time.")
    return json.loads(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1, help="threads, and cores, that each gets")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    peers = [peer for peer in PEERS if importlib.util.find_spec(peer)]
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images.npy"
        np.save(images, bh.load("mnist").x_train[:IMAGES])
        processes = {peer: start(peer, images, args.threads) for peer in peers}
        for process in processes.values():
            turn(process)  # warm up
        rounds = {peer: [] for peer in peers}
        for _ in range(args.rounds):
            for peer, process in processes.items():
                rounds[peer].append(turn(process))
        for process in processes.values():
            process.stdin.close()
            process.wait()
    each = {peer: median(median(times) for times in found) for peer, found in rounds.items()}
    least = {peer: min(map(min, found)) for peer, found in rounds.items()}
    print(f"W11: the dense GAN, {args.threads} thread{'s' * (args.threads > 1)}, load {os.getloadavg()[0]:.1f}")
    for peer in peers:
        step, epoch = 1e3 * each[peer], STEPS_OF_AN_EPOCH * each[peer]
        print(f"  {peer:<8}{step:>8.2f} ms a step   least {1e3 * least[peer]:>8.2f} ms   an epoch {epoch:.1f} s")
    for peer in peers[1:]:
        ratios = [figures["byhand"] / figures[peer] for figures in (each, least)]
        print(f"  byhand / {peer}: {ratios[0]:.2f} by the medians, {ratios[1]:.2f} by the least times")


if __name__ == "__main__":
    main()
