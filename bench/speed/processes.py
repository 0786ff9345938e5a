"""The competitors' processes: each is started, warmed up, and then takes its turns."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.speed.competitors import Competitor
from bench.speed.environments import python_of

PEERS = Path(__file__).parent / "peers"
REST = 0.3  # seconds between turns
QUIET = 0.25  # cores: where others keep more of them busy, a round waits
TRIES, WAIT = 6, 5.0  # looks at the machine before a round, and seconds between them


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


def rest() -> None:
    """Wait until the threads of the last turn stop spinning."""
    time.sleep(REST / 2)


def busy() -> float:
    """How many cores are busy while we rest: somebody else's work, which spoils the figures. NaN where unknown."""
    stat = Path("/proc/stat")
    rest()
    if not stat.exists():
        time.sleep(REST / 2)
        return float("nan")

    def idle_and_all() -> tuple[int, int]:
        ticks = [int(n) for n in stat.read_text().split("\n", 1)[0].split()[1:9]]
        return ticks[3] + ticks[4], sum(ticks)

    idle, total = idle_and_all()
    time.sleep(REST / 2)
    idle_after, total_after = idle_and_all()
    share = 1 - (idle_after - idle) / max(1, total_after - total)
    return share * (os.cpu_count() or 1)


def wait_until_quiet() -> float:
    """How many cores others keep busy, once they keep few busy or the last try is over."""
    for _ in range(TRIES - 1):
        others = busy()
        if not others > QUIET:  # NaN does not wait
            return others
        time.sleep(WAIT)
    return busy()


class Process:
    """A competitor's process for one workload.

    Attributes:
        rounds: seconds of an epoch (or call), as the mean (or median) of each round after the first.
        first: the same of the first round, compilation included.
        busy: how many cores others kept busy before each round.
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
        self.first = self._tell(epochs)["seconds"]

    def turn(self, epochs: int, others: float) -> None:
        """One round, before which others kept so many cores busy."""
        self.busy.append(others)
        self.rounds.append(self._tell(epochs)["seconds"])

    def end(self) -> None:
        """No more rounds; what came of them."""
        self.result = self._tell(0)
        self._process.wait(60)

    def kill(self) -> None:
        """End it, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _tell(self, epochs: int) -> dict[str, Any]:
        try:
            print(epochs, file=self._process.stdin, flush=True)
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
        lines = [line.strip() for line in self._errors if line.strip()]
        return Failed(lines[-1] if lines else f"exit status {self._process.returncode}")
