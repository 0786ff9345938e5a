"""Kill training processes at random moments and resume them: `python -m bench.reliability.kill --rounds 1000`.

A round is one `byhand train` on a small data set. Its process receives SIGKILL several times, at random moments or
while a file is being written. Each time `byhand train --resume` resumes the run, or the run starts again if there was
no checkpoint. At the end, model, history (without its seconds), diagnosis and the last checkpoint (with generator and
optimiser) must have the bytes of an uninterrupted run, and no file under its final name may be damaged at any time.

The processes are forked from this one, which has imported everything, so that a round takes half a second.
"""

# ruff: noqa: E402
import argparse
import csv
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"  # threads do not survive a fork

import numpy as np

import byhand.training.fit  # noqa: F401  (imported once, for all children)
from byhand.cli.main import main as byhand_main
from byhand.core.errors import ByhandError
from byhand.core.files import UNFINISHED
from byhand.data import write_idx
from byhand.network import Network
from byhand.training.checkpoint import Checkpoint
from byhand.training.checkpoints import Checkpoints
from byhand.training.trees import mapped

KILLS = 5  # of a round at most
COUNTED = ("processes", "kills", "kills within a checkpoint's writing", "kills within another file's writing")
COUNTED += ("broken files", "failures", "differences")
CONFIGS = {
    "plain": 'optimizer = {kind = "GradientDescent", learning_rate = 0.1}',
    "adam, dropout, averaging": """averaging = 0.9
patience = 2
layers = [{kind = "Dense", units = 8}, {kind = "ReLU"}, {kind = "Dropout", rate = 0.3}, {kind = "Dense", units = 10}]
optimizer = {kind = "Adam", learning_rate = {kind = "OneCycle", rate = 0.01}}""",
    "augmented, batch norm": """
layers = [{kind = "Dense", units = 8}, {kind = "BatchNorm"}, {kind = "Dense", units = 10}]
augment = {kind = "Augment", steps = [{kind = "Shift"}, {kind = "Noise"}]}
optimizer = {kind = "Lion", learning_rate = 0.001}""",
    "full batch": "batch_size = 0\nepochs = 12",
}
INTERVALS = ("1 steps", "2 steps", "1 epoch", "0.005 seconds")


def prepare(folder):
    """The data and a configuration file for each kind of training."""
    rng = np.random.default_rng(0)
    for part, n in (("train", 200), ("t10k", 50)):
        images, labels = rng.integers(0, 256, (n, 28, 28), np.uint8), np.arange(n, dtype=np.uint8) % 10
        (folder / f"{part}-images-idx3-ubyte").write_bytes(write_idx(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(write_idx(labels))
    small = 'layers = [{kind = "Dense", units = 8}, {kind = "ReLU"}, {kind = "Dense", units = 10}]'
    for i, (name, text) in enumerate(CONFIGS.items()):
        common = {"epochs": "3", "batch_size": "30", "data": json.dumps(str(folder))}
        lines = [f"{key} = {value}" for key, value in common.items() if f"{key} =" not in text]
        lines += [small] if "layers" not in text else []
        (folder / f"{i}.toml").write_text("\n".join([*lines, text]) + "\n")
        yield name, folder / f"{i}.toml"


def start(*arguments):
    """A process that runs the command line and keeps its checkpoints at the end; returns its number."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        Checkpoints.remove = lambda self: None  # the last one is to be compared
        sys.argv = ["byhand", *map(str, arguments)]
        byhand_main()
        status = 0
    except SystemExit as end:
        status = end.code or 0
    finally:
        os._exit(status)


def wait(pid, until, folder, while_writing):
    """Wait until the process ends, or it is time to kill it; returns its exit status, or None where it was killed."""
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        now = time.monotonic()
        if now >= until and (not while_writing or unfinished(folder)):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None
        if not while_writing:
            time.sleep(min(0.001, max(0.0, until - now)))


def unfinished(folder):
    """Files that are being written just now, or were when their process was lost."""
    return list(folder.rglob(f".*{UNFINISHED}")) if folder.exists() else []


def broken(folder):
    """Files under their good names that are not whole."""
    found = []
    for path in [*folder.rglob("step-*.safetensors"), *folder.glob("model.safetensors")]:
        try:
            (Network.load if path.name.startswith("model") else Checkpoint.read)(path)
        except ByhandError as error:
            found.append(str(error))
    return found


def results(folder):
    """What must be the same."""
    with open(folder / "history.csv", newline="") as file:
        history = [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]
    found = {name: (folder / name).read_bytes() for name in ("model.safetensors", "diagnosis.json", "config.toml")}
    found["history.csv"] = history
    last = Checkpoint.read(Checkpoints(folder / "checkpoints").files()[-1])
    found["step"] = last.step
    tree = mapped(last.training, lambda array: (str(array.dtype), array.shape, array.tobytes()))
    found["checkpoint"] = _without_seconds(tree)
    return found


def _without_seconds(tree):
    if isinstance(tree, dict):
        return {name: _without_seconds(value) for name, value in tree.items() if name != "seconds"}
    return [_without_seconds(value) for value in tree] if isinstance(tree, list) else tree


def play(config, every, folder, chance, length, counts):
    """One run, killed again and again, until it is done."""
    for attempt in range(100):
        if Checkpoints(folder / "checkpoints").files():
            pid = start("train", "--resume", folder)
        else:
            options = ("--checkpoint-every", every, "--no-plots", "--out", folder, "--overwrite")
            pid = start("train", "--config", config, *options)
        while_writing = chance.random() < 0.5
        moment = chance.uniform(0, length) if attempt < KILLS else float("inf")
        status = wait(pid, time.monotonic() + moment, folder, while_writing)
        counts["processes"] += 1
        if status is None:
            counts["kills"] += 1
            left = unfinished(folder)
            counts["kills within a checkpoint's writing"] += any(path.name.startswith(".step-") for path in left)
            counts["kills within another file's writing"] += any(not path.name.startswith(".step-") for path in left)
            counts["broken files"] += len(broken(folder))
        elif status:
            counts["failures"] += 1
            print(f"{config} {every}: exit status {status}", file=sys.stderr)
            return
        else:
            return


def run(rounds, seed, say=lambda text: None):
    """Rounds of all kinds in turn; returns the counts."""
    chance, counts = random.Random(seed), Counter(rounds=rounds)
    counts.update(dict.fromkeys(COUNTED, 0))
    with tempfile.TemporaryDirectory(prefix="byhand-kill-") as temporary:
        folder = Path(temporary)
        kinds = [(name, config, every) for name, config in prepare(folder) for every in INTERVALS]
        whole = {}
        for number in range(rounds):
            name, config, every = kinds[number % len(kinds)] if rounds >= len(kinds) else chance.choice(kinds)
            if (name, every) not in whole:
                begun, out = time.monotonic(), folder / f"whole-{len(whole)}"
                pid = start("train", "--config", config, "--checkpoint-every", every, "--no-plots", "--out", out)
                assert wait(pid, float("inf"), out, False) == 0, f"{name}: an undisturbed run failed"
                whole[name, every] = (results(out), time.monotonic() - begun)
            wanted, length = whole[name, every]
            out = folder / "run"
            shutil.rmtree(out, ignore_errors=True)
            play(config, every, out, chance, length, counts)
            if not (out / "history.csv").exists():
                counts["differences"] += 1
                continue
            found = results(out)
            same = found["step"] == wanted["step"] or "seconds" not in every
            different = [
                key for key in wanted if found[key] != wanted[key] and (same or key not in ("step", "checkpoint"))
            ]
            counts["differences"] += bool(different)
            if different:
                print(f"{name}, {every}: differs in {', '.join(different)}", file=sys.stderr)
            if number % 50 == 49:
                say(f"{number + 1} rounds, {counts['kills']} kills, {counts['differences']} differences")
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    start_time = time.monotonic()
    counts = run(arguments.rounds, arguments.seed, lambda text: print(f"… {text}", file=sys.stderr, flush=True))
    for name, count in counts.items():
        print(f"{name:<40}{count:>8,}")
    print(f"{'seconds':<40}{time.monotonic() - start_time:>8.0f}")
    sys.exit(any(counts[name] for name in ("broken files", "failures", "differences")))


if __name__ == "__main__":
    main()
