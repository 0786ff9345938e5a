"""What every script here does alike: read its task, wait for its turns, say what came of them.

A script gets a folder with `task.json` and the arrays as .npy files, makes everything ready, and then takes turns with
the other libraries' scripts: each line on its standard input says how many epochs to train now (0: it was the last
turn), and it answers with one line of JSON. It imports nothing of byhand.
"""

import json
import os
import resource
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np

STARTED = time.perf_counter()


class Turns:
    """Rounds of training in turn with others."""

    def __init__(self):
        self._out = os.fdopen(os.dup(1), "w")  # what a library prints goes to standard error instead
        os.dup2(2, 1)

    def say(self, **message):
        print(json.dumps(message), file=self._out, flush=True)

    def ready(self):
        """Everything is loaded and set up."""
        self.say(setup=time.perf_counter() - STARTED)

    def wait(self):
        """How many epochs, or calls, count next; 0 for none. `idle` epochs come before them."""
        self.epochs, self.idle = map(int, (sys.stdin.readline() or "0 0").split())
        self._start = time.perf_counter()
        return self.epochs

    def count(self):
        """The idle epoch is over: from here on they count."""
        now = time.perf_counter()
        self.first, self._start = now - self._start, now

    def done(self):
        """These epochs are over: say how many seconds the idle one took, and each of the others."""
        self.say(first=self.first, seconds=(time.perf_counter() - self._start) / self.epochs)

    def run(self, train):
        """Take all turns; `train(epochs)` returns when these epochs are computed."""
        self.ready()
        while epochs := self.wait():
            if self.idle:
                train(1)
                self.count()
            train(epochs)
            self.done()

    def time_calls(self, call):
        """Take all turns with single calls instead of epochs: the median of their times counts."""
        self.ready()
        while calls := self.wait():
            times = np.empty(calls)
            for i in range(calls):
                start = time.perf_counter_ns()
                call()
                times[i] = time.perf_counter_ns() - start
            self.say(first=times[0] / 1e9, seconds=statistics.median(times) / 1e9)


class EpochByEpoch:
    """Turns for a library that has the loop itself and calls back before and after each epoch."""

    def __init__(self, turns):
        self.turns, self.left = turns, 0

    def before(self):
        """Wait where a turn is over; False when it was the last."""
        if not self.left and self.turns.wait():
            self.left = self.turns.idle + self.turns.epochs
        return self.left > 0

    def after(self):
        """One epoch less in this turn."""
        self.left -= 1
        if self.left == self.turns.epochs and self.turns.idle:
            self.turns.count()
        if self.left == 0:
            self.turns.done()


def begin():
    """The task, its arrays by name, and the turns."""
    turns = Turns()
    task = json.loads(Path(sys.argv[1]).read_text())
    task = SimpleNamespace(**task)
    task.options = SimpleNamespace(**task.options)
    return task, Arrays(Path(task.folder), getattr(task, "mapped", False)), turns


class Arrays:
    """The arrays of a workload, read when they are asked for; `mapped`: x stays in its file."""

    def __init__(self, folder, mapped=False):
        self.folder, self.mapped = folder, mapped

    def __getattr__(self, name):
        """`x`, `y` (class numbers), `t` (one-hot) to train with; `x_test`, `y_test`; `bytes`: x before the division."""
        return np.load(self.folder / f"{name}.npy", mmap_mode="r" if self.mapped and name == "x" else None)

    def parameters(self, task):
        """For each layer None, or W and b: (in, out) and (out,); of a convolution (height, width, in, out).

        Of a network with sequences everything by byhand's name, such as "1.R".
        """
        if task.model:
            return dict(np.load(self.folder / "parameters.npz"))
        wanted = [layer["type"] in ("dense", "conv") for layer in task.layers]
        return [(self[f"W{i}"], self[f"b{i}"]) if w else None for i, w in enumerate(wanted)]

    __getitem__ = __getattr__


def finish(turns, task, classes, packages, peak, **more):
    """Say how many test samples the predicted `classes` got right, the peak memory of training, and the versions."""
    y = np.load(Path(task.folder) / "y_test.npy")
    found = {name: version(name) for name in ("numpy", *packages)}
    turns.say(accuracy=float(np.mean(np.asarray(classes) == y)), peak=peak, versions=found, **more)


def peak_memory():
    """The most memory that this process has had, in bytes.

    Linux passes the parent's peak on to getrusage's answer, but not to VmHWM.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), None)
        if line:
            return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def shuffles(task):
    """Row numbers of an epoch, in a new order at each call; where the batch is all rows, in their own."""
    order, rng = np.arange(task.rows), np.random.default_rng(0)

    def shuffle():
        if task.batch:
            rng.shuffle(order)
        return order

    return shuffle
