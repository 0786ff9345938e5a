"""The competitors' processes: each is started, warmed up, and then takes its turns."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.speed.competitors import Competitor
from bench.speed.environments import python_of
from bench.speed.quiet import Watch

PEERS = Path(__file__).parent / "peers"


class Failed(Exception):
    """A competitor's process ended before its time; the message is its last line of error."""


def environment_variables(own: dict[str, str], threads: int, keep_openblas: bool = False) -> dict[str, str]:
    """What a process sees: the same number of threads for all, and nothing that chooses OpenBLAS's kernels."""
    left_out = ("BYHAND_OPS",) if keep_openblas else ("BYHAND_OPS", *openblas_settings())
    env = {name: value for name, value in os.environ.items() if name not in left_out}
    counts = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    plain = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "tensorflow"}
    return env | counts | plain | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"} | own


def openblas_settings() -> dict[str, str]:
    """What this environment sets for OpenBLAS."""
    return {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}


def processors(threads: int) -> set[int] | None:
    """The processor cores that all competitors share: as many as they have threads; None where that cannot be said."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return set(sorted(os.sched_getaffinity(0))[:threads])


class Process:
    """A competitor's process for one workload.

    Attributes:
        rounds: seconds of an epoch (or call), as the mean (or median) of each round after the first.
        first: seconds of the very first epoch (or call), compilation included.
        busy: how many cores others kept busy before or during each round, whichever is more.
        setup: seconds from the start of the process's own code until it was ready.
        result: what it said at the end: accuracy, peak memory, versions.
    """

    def __init__(self, competitor: Competitor, task: dict[str, Any], keep_openblas: bool = False):
        self.competitor, self.rounds, self.busy, self.result = competitor, [], [], {}
        self.keep_openblas = keep_openblas
        name = competitor.name + (", as the environment sets OpenBLAS" if keep_openblas else "")
        self.name = name
        path = Path(task["folder"]) / f"task {name.replace('/', ' ')}.json"
        path.write_text(json.dumps(task | {"options": competitor.options}))
        own = competitor.peer in ("byhand", "products")
        python = sys.executable if own else python_of(competitor.peer)
        self._errors = open(path.with_suffix(".log"), "w+")  # noqa: SIM115 (read where it fails)
        cores = processors(task["threads"])
        self._process = subprocess.Popen(
            [python, PEERS / f"run_{competitor.peer}.py", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment_variables(competitor.env, task["threads"], keep_openblas),
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None,
        )

    def warm_up(self, epochs: int) -> None:
        """Wait until it is ready, and let it compute the first round, in which it also compiles."""
        self.setup = self._hear()["setup"]
        self.first = self._tell(epochs, 1)["first"]

    def turn(self, epochs: int, idle: int, others: float) -> None:
        """One round, with so many idle epochs, before which others kept so many cores busy."""
        watch = Watch(self._process.pid)
        self.rounds.append(self._tell(epochs, idle)["seconds"])
        self.busy.append(max(others, watch.others()))

    def forget(self) -> None:
        """The last round does not count."""
        del self.rounds[-1], self.busy[-1]

    def end(self) -> None:
        """No more rounds; what came of them."""
        self.result = self._tell(0, 0)
        self._process.wait(60)

    def kill(self) -> None:
        """End it, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _tell(self, epochs: int, idle: int) -> dict[str, Any]:
        try:
            print(epochs, idle, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise self._failed() from None
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise self._failed()
        return json.loads(line)

    def _failed(self) -> Failed:
        self._process.wait()
        self._errors.seek(0)
        lines, status = [line.strip() for line in self._errors if line.strip()], self._process.returncode
        if status == -signal.SIGKILL:
            return Failed("killed by the system, probably for want of memory")
        return Failed(lines[-1] if lines else f"exit status {status}")
