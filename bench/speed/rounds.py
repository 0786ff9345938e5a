"""One workload: every competitor warms up, then all take turns, round after round."""

import math
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.speed.competitors import COMPETITORS, Competitor
from bench.speed.processes import Failed, Process, openblas_settings
from bench.speed.quiet import QUIET, TRIES, rest, wait_until_quiet
from bench.speed.workloads import Workload, operations, products, write

PIECE = 1024  # rows of a piece of a full batch
MANY = 10_000  # test images
SHORT = 1.0  # seconds: of a shorter epoch it counts that the first one after waiting takes longer
AGAIN = 3  # rounds of a workload that are repeated at most


class Match:
    """Competitors at one task.

    Args:
        task: what they compute, as plain data.
        epochs: of each turn.
        tell: is told who has warmed up, and who failed.
        quick: start all at once, and look at the machine before each round instead of before each turn.
        again: how many rounds are repeated at most, because others kept the machine busy; None: also don't wait.
    """

    def __init__(
        self,
        task: dict[str, Any],
        epochs: int,
        tell: Callable[[str], None],
        quick: bool = False,
        again: int | None = AGAIN,
    ):
        self.task, self.epochs, self.tell, self.quick, self.again = task, epochs, tell, quick, again
        self.processes: list[Process] = []
        self.failures: dict[str, str] = {}
        self.idle = 0  # epochs of each turn that do not count
        self.played = 0  # rounds, those that do not count included

    def start(self, competitors: Iterable[tuple[Competitor, bool]]) -> None:
        """Start and warm up everyone, one after another; to be quick, start all at once."""
        started = self._started(competitors)
        for process in list(started) if self.quick else started:
            self._let(process, lambda process: process.warm_up(self.epochs))
            if process in self.processes:
                seconds = process.setup + process.first
                self.tell(f"{self.task['name']}: {process.name} warmed up in {seconds:.1f} s")
        self.idle = int(any(process.first < SHORT for process in self.processes))

    def _started(self, competitors: Iterable[tuple[Competitor, bool]]) -> Iterator[Process]:
        for competitor, keep_openblas in competitors:
            process = Process(competitor, with_products(self.task, competitor), keep_openblas)
            self.processes.append(process)
            yield process

    def play(self, rounds: int) -> None:
        """All rounds, everyone in turn; a round during which others kept the machine busy does not count."""
        again = self.again or 0
        while rounds and self.processes:
            self._round()
            if again and any(process.busy[-1] > QUIET for process in self.processes):
                again -= 1
                for process in self.processes:
                    process.forget()
            else:
                rounds -= 1
        for process in tuple(self.processes):
            self._let(process, Process.end)

    def _round(self) -> None:
        """Each turn, or, to be quick, the round waits until the machine is quiet."""
        others = None
        for process in tuple(self.processes):
            if others is None or not self.quick:
                others = wait_until_quiet(1 if self.again is None else TRIES)
            else:
                rest()
            self._let(process, lambda process, others=others: process.turn(self.epochs, self.idle, others))
        self.played += 1

    def close(self) -> None:
        for process in self.processes:
            process.kill()

    def _let(self, process: Process, act: Callable[[Process], None]) -> None:
        """Whoever fails is out, and it is said why."""
        try:
            act(process)
        except Failed as error:
            self.failures[process.name] = str(error)
            self.tell(f"{self.task['name']}: {process.name} failed: {error}")
            self.processes.remove(process)
            process.kill()


def measure(
    workload: Workload,
    peers: set[str],
    absent: dict[str, str],
    tell: Callable[[str], None],
    *,
    rounds: int,
    quick: bool,
    threads: int,
) -> dict[str, Any]:
    """One workload, first to last, as plain data; without the peers that are absent."""
    with tempfile.TemporaryDirectory() as folder:
        task = write(workload, Path(folder), quick) | {"threads": threads}
        match = Match(task, workload.quick[0] if quick else workload.epochs, tell, quick)
        try:
            match.start(candidates(task, peers - set(absent), quick))
            match.play(rounds)
        finally:
            match.close()
    return figures(workload, match)


def figures(workload: Workload, match: Match) -> dict[str, Any]:
    """What was found, as plain data."""
    task = match.task
    samples = {"one": 1, "many": MANY}[task["calls"]] if workload.kind == "predict" else task["rows"]
    kept = ("name", "kind", "layers", "input", "loss", "optimizer", "batch", "rows")
    return {name: task[name] for name in kept} | {
        "title": workload.title,
        "goal": workload.goal,
        "unit": workload.unit,
        "epochs": (match.played + 1) * match.epochs + 1 + match.played * match.idle,  # in all
        "operations": None
        if task["model"]
        else operations(products(task["layers"], tuple(task["input"]), samples, workload.kind == "train")),
        "competitors": [outcome(process) for process in match.processes],
        "failures": match.failures,
    }


def candidates(task: dict[str, Any], peers: set[str], quick: bool) -> Iterator[tuple[Competitor, bool]]:
    """Who takes part, and whether as this environment sets OpenBLAS: those that use it run both ways."""
    for competitor in COMPETITORS:
        if competitor.peer not in peers or not competitor.takes(task) or (quick and not competitor.quick(task)):
            continue
        yield competitor, False
        if openblas_settings() and competitor.peer in ("byhand", "sklearn") and not quick:
            yield competitor, True


def with_products(task: dict[str, Any], competitor: Competitor) -> dict[str, Any]:
    """For the bare products: their shapes, and how often they come in an epoch."""
    if competitor.peer != "products":
        return task
    train, rows = task["kind"] == "train", task["rows"]
    n = (task["batch"] or rows) if train else {"one": 1, "many": MANY}[task["calls"]]
    times = math.ceil(rows / n) if train else 1
    if competitor.options["pieces"]:
        times = math.ceil(n / PIECE)
        n = math.ceil(n / times)
    return task | {"products": products(task["layers"], tuple(task["input"]), n, train), "times": times}


def outcome(process: Process) -> dict[str, Any]:
    """A competitor's figures as plain data."""
    median = statistics.median(process.rounds)
    return {
        "name": process.name,
        "peer": process.competitor.peer,
        "manner": process.competitor.manner,
        "env": process.competitor.env,
        "openblas": process.keep_openblas,
        "median": median,
        "rounds": process.rounds,
        "busy": statistics.median(process.busy),
        "setup": process.setup,
        "compilation": max(0.0, process.first - median),
        **process.result,
    }
