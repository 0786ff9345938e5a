"""Whether more processes make a training faster, and from which network on: `python -m bench.speed.distributed`.

Measured here: the processor's time for the gradient of a batch, and of parts of it, and for the optimiser's step (one
thread, the least of many), the exchange of gradients between two processes, and whole trainings with `shards=2` on one
and on two processes. From these a model follows for p processes on p machines:

    seconds(p) = gradient(batch / p) + optimiser + messages(p) · latency + 2 (p − 1) / p · bytes / bandwidth

Without MPI (`pip install "byhand[mpi]"`) only the model is printed. `--out docs` writes docs/distributed.json and the
tables in docs/distributed.md.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import byhand as bh
from bench.speed.machine import describe_machine
from byhand.core.world import World
from byhand.optimizers import Adam
from byhand.reader_training.networks import row_network
from byhand.recipes import RECIPES
from byhand.training.state import Training
from byhand.training.targets import as_targets

NAMES = ("nielsen", "dense", "distorted", "small", "race", "conv", "reader", "fashion", "row reader")
ROWS_BATCH, DIGITS = 64, 6  # of the row reader
LATENCY = 30e-6  # seconds a message: TCP within a data centre
PROCESSES = (2, 4, 8, 16, 32, 64)
GIGABITS = (1, 10, 100)
TRIALS, LEAST_SECONDS = 30, 1.5
BEGIN, END = "<!-- measured -->", "<!-- end -->"
STEPS, EPOCHS, ROUNDS = 10, 8, 4  # of those trainings; short epochs, so that some are not disturbed
TWO = ("dense", "conv", "reader")  # trained whole on one and on two processes


def network_of(name):
    """The network, its batch size and its optimiser."""
    if name == "row reader":
        return row_network(0), ROWS_BATCH, Adam()
    recipe = RECIPES[name]
    return bh.Network(recipe.input_shape, recipe.layers, recipe.loss), recipe.batch_size, recipe.optimizer


def targets_of(network, n, rng):
    """Random classes (n,), or random numbers (n, longest), filled up by −1."""
    if not isinstance(network.loss, bh.CTC):
        return rng.integers(0, 10, n)
    t = np.full((n, *network.target_shape), -1)
    t[:, :DIGITS] = rng.integers(0, 10, (n, DIGITS))
    return t


def least(call):
    """Least seconds of the processor for a call; other processes may be at work at the same time."""
    call()
    found, begin = [], time.perf_counter()
    while len(found) < TRIALS or (time.perf_counter() - begin < LEAST_SECONDS and len(found) < 2000):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
        if time.perf_counter() - begin > 10 * LEAST_SECONDS:
            break
    return min(found)


def measure(name):
    """Seconds of gradients by rows, and of the optimiser's step."""
    network, batch, optimizer = network_of(name)
    network.ops.set_threads(1)
    rng, gradient = np.random.default_rng(0), {}
    x = rng.random((batch, *network.input_shape), np.float32)
    t, _ = as_targets(network, targets_of(network, batch, rng), batch)
    for n in sorted({math.ceil(batch / p) for p in (1, *PROCESSES)}, reverse=True):
        workspace = network.workspace(n)

        def step(n=n, workspace=workspace):
            network.forward(x[:n], workspace, rng)
            network.backward(t[:n], workspace)

        gradient[n] = least(step)
    training = Training(network, optimizer)
    section = training.sections[0]
    update = least(lambda: section.step(network.ops, 1, 1e-6))
    size = network.size + len(network.state)
    return {"name": name, "batch": batch, "parameters": network.size, "bytes": 4 * size, "gradient": gradient,
            "update": update}  # fmt: skip


def messages(p):
    """Messages one after the other in a step: two exchanges in p − 1 rounds, three small ones in log₂ p."""
    return 2 * (p - 1) + 3 * math.ceil(math.log2(p))


def seconds(row, p, gigabits, grown=False):
    """Seconds of a step on p processes by the model; `grown` with a batch p times as large."""
    rows = row["batch"] if grown else math.ceil(row["batch"] / p)
    work = row["gradient"][rows] + row["update"]
    return work + messages(p) * LATENCY + 2 * (p - 1) / p * 8 * row["bytes"] / (gigabits * 1e9)


def alone(row, p=1, grown=False):
    """Seconds of the same samples on one process: p steps' gradients for a batch p times as large."""
    return row["gradient"][row["batch"]] * (p if grown else 1) + row["update"]


def pays_from(row, p, grown=False):
    """Gigabits a second from which p processes are faster than one; infinite where never."""
    left = alone(row, p, grown) - seconds(row, p, math.inf, grown)
    return 2 * (p - 1) / p * 8 * row["bytes"] / left / 1e9 if left > 0 else math.inf


def exchange():
    """In each of several processes: seconds of an exchange of gradients, and of trainings; printed by the first."""
    world, found = World.join(), {"sum": {}, "epoch": {}}
    for name in NAMES if world.size > 1 else ():
        network, _, _ = network_of(name)
        parts = np.ones((1, network.size + len(network.state)), np.float32)
        out, times = np.empty(parts.shape[1], np.float32), []
        for _ in range(40):
            world.largest(0)  # all begin together
            start = time.perf_counter()
            world.add_up(parts, out)
            times.append(time.perf_counter() - start)
        found["sum"][name] = min(times)
    rng = np.random.default_rng(0)
    for name in TWO:
        network, batch, optimizer = network_of(name)
        x = rng.integers(0, 256, (STEPS * batch, *network.input_shape), np.uint8)
        network.inputs, y = "grey levels", rng.integers(0, 10, len(x))
        history = bh.fit(network, x, y, batch_size=batch, epochs=EPOCHS, optimizer=optimizer, shards=2, threads=1,
                         distributed=True, progress=False)  # fmt: skip
        found["epoch"][name] = min(history["seconds"]) / STEPS
    if world.rank == 0:
        print(json.dumps(found))


def run(processes, mpiexec):
    """`exchange` in so many processes."""
    command = [mpiexec, "-n", str(processes), sys.executable, "-m", "bench.speed.distributed", "--exchange"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def least_of(rounds):
    """The least figures of several rounds."""
    return {kind: {name: min(r[kind][name] for r in rounds) for name in rounds[0][kind]} for kind in ("sum", "epoch")}


def shown(value, unit=""):
    if math.isinf(value):
        return "never"
    return f"{value:.3g}{unit}" if value < 1000 else f"{value:,.0f}{unit}"


def tables(figures):
    """The tables of docs/distributed.md."""
    rows, lines = figures["rows"], []
    head = ["network", "batch", "step, ms", "sent, MB", *(f"{p} processes" for p in (2, 8, 64)), "fastest at 10 Gbit/s"]
    for grown, title in ((False, "**The same batch, cut**"), (True, "**A batch p times as large**")):
        lines += [title + ": Gbit/s from which it pays", "", "| " + " | ".join(head) + " |"]
        lines.append("|---|" + "---:|" * (len(head) - 1))
        for row in rows:
            best = max(PROCESSES, key=lambda p, row=row: alone(row, p, grown) / seconds(row, p, 10, grown))
            gain = alone(row, best, grown) / seconds(row, best, 10, grown)
            limits = [shown(pays_from(row, p, grown)) if p <= row["batch"] or grown else "–" for p in (2, 8, 64)]
            fastest = f"{gain:.1f} × on {best}" if gain > 1 else "one process"
            cells = [
                row["name"],
                row["batch"],
                f"{1e3 * alone(row):.3g}",
                f"{row['bytes'] / 1e6:.3g}",
                *limits,
                fastest,
            ]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
        lines.append("")
    if figures.get("two"):
        lines += ["**Measured on this machine**, two processes with one thread each and `shards=2`:", ""]
        lines += ["| network | one process, ms a step | two processes | gain | exchange of the gradient, ms |"]
        lines.append("|---|---:|---:|---:|---:|")
        for name in TWO:
            one, two = figures["one"]["epoch"][name], figures["two"]["epoch"][name]
            both = figures["two"]["sum"][name]
            lines.append(f"| {name} | {1e3 * one:.3g} | {1e3 * two:.3g} | {one / two:.2f} × | {1e3 * both:.2g} |")
        lines.append("")
    machine = figures["machine"]
    lines.append(
        f"{machine['processor']}, {machine['cores']} cores; Python {machine['python']}, NumPy {machine['numpy']}."
    )
    if (load := figures.get("load of two", 0)) > 2 * machine["cores"]:
        lines.append(
            f"The machine was busy (load average {load:.0f}). The least times are given; in the last table they are "
            "times on the clock, and the processes waited for each other to be scheduled, which costs short steps most."
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mpiexec", default=str(Path(sys.executable).parent / "mpiexec"))
    parser.add_argument("--out", type=Path, help="the folder docs, to write the tables into")
    parser.add_argument("--again", action="store_true", help="only what two processes do; the rest is in the folder")
    parser.add_argument("--exchange", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.exchange:
        exchange()
        return
    if given.again:
        figures = json.loads((given.out / "distributed.json").read_text())
        for row in figures["rows"]:
            row["gradient"] = {int(n): value for n, value in row["gradient"].items()}
    else:
        figures = {"machine": describe_machine(1), "rows": [measure(name) for name in NAMES]}
        figures["load"] = os.getloadavg()[0]
    if Path(given.mpiexec).exists():
        rounds = [(run(1, given.mpiexec), run(2, given.mpiexec)) for _ in range(ROUNDS)]  # in turn
        figures["one"], figures["two"] = map(least_of, zip(*rounds, strict=True))
        figures["load of two"] = os.getloadavg()[0]
    text = tables(figures)
    print(text)
    if given.out:
        (given.out / "distributed.json").write_text(json.dumps(figures, indent=1) + "\n")
        page = given.out / "distributed.md"
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
