"""Read ten thousand pictures: memory, throughput of two processes beside one, and kills.

    python -m bench.reliability.many --count 10000

Small pictures with a row of one to eight digits, by writers that the project draws, are read by `byhand read` with one
process and with two, then with two whose command receives SIGKILL several times at random moments and is resumed. All
three outputs must be the same, and the memory of the command with all its processes (proportional set size, which
counts shared pages once; Linux) is sampled all the time. On a machine that has other work to do, wall times tell
little: twice the processor time of one process, divided by that of two, is what two free cores could reach at most.
"""

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from byhand.handwriting.drawn import draw_ink
from byhand.handwriting.pens import any_pen
from byhand.handwriting.strokes import any_hand

EVERY = 1.0  # seconds between two samples of memory
HEIGHT = 40  # of a digit, in pixels


def picture(rng):
    """A row of one to eight digits on light paper, uint8 (height, width)."""
    hand, pen = any_hand(rng), any_pen(rng)
    inks = [draw_ink(str(rng.integers(10)), rng, HEIGHT, hand, pen) for _ in range(rng.integers(1, 9))]
    high = max(len(ink) for ink in inks)
    row = np.concatenate([np.pad(ink, ((high - len(ink), 0), (4, 4))) for ink in inks], axis=1)
    grey = 225 - 180 * np.pad(row, HEIGHT // 2)
    return np.clip(grey + rng.normal(0, 2, grey.shape), 0, 255).astype(np.uint8)


def draw(folder, count):
    """The pictures, a thousand in each folder."""
    for k in range(count):
        path = folder / f"{k // 1000}" / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(np.random.default_rng(k))).save(path)


def started(folder, out, jobs, resume=False):
    """The command that reads the folder."""
    command = [sys.executable, "-m", "byhand", "read", str(folder), "-q", "--format", "json", "-o", str(out)]
    command += ["--jobs", str(jobs)] + ["--resume"] * resume
    return subprocess.Popen(command)


def memory(process):
    """MiB of the process and all its children, and the parts of each."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    own = next(line for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines() if "Pss:" in line)
    return int(own.split()[1]) / 1024 + sum(memory(child) for child in children)


def watched(process, out):
    """Pictures done and MiB, sampled until the process ends; and its seconds, on the wall and of processors."""
    start, samples, before = time.perf_counter(), [], processor_seconds()
    part = out.with_name(out.name + ".part")
    while process.poll() is None:
        time.sleep(EVERY)
        try:
            samples.append((part.read_bytes().count(b"\n"), memory(process.pid)))
        except OSError:
            continue
    return samples, time.perf_counter() - start, processor_seconds() - before


def processor_seconds():
    """Of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(name, samples, seconds, busy, count):
    """A line with times, and memory by the part that is done."""
    at = {share: [mib for done, mib in samples if done <= share * count] for share in (0.1, 0.5, 1.0)}
    shown = ", ".join(f"{values[-1]:.0f} MiB after {share:.0%}" for share, values in at.items() if values)
    each = f"{1000 * busy / count:.1f} ms of processor time each"
    print(f"{name}: {seconds:.0f} s, {count / seconds:.1f} a second, {each}; {shown}", flush=True)


def killed(folder, out, kills, seconds):
    """Read with two processes; kill the command so many times, evenly spread over the time it takes, and resume it."""
    rng = random.Random(0)
    for k in range(kills):
        process = started(folder, out, 2, resume=k > 0)
        time.sleep(seconds / (kills + 1) * rng.uniform(0.6, 1.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
    return started(folder, out, 2, resume=True).wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, outs = Path(place) / "pictures", [Path(place) / f"{k}.jsonl" for k in range(3)]
        draw(folder, options.count)
        times, busy = [], []
        for jobs, out in zip((1, 2), outs, strict=False):
            process = started(folder, out, jobs)
            samples, seconds, used = watched(process, out)
            times.append(seconds)
            busy.append(used)
            report(f"{jobs} process{'es' * (jobs > 1)}", samples, seconds, used, options.count)
        load, most = os.getloadavg()[2], 2 * busy[0] / busy[1]
        print(
            f"two processes: {times[0] / times[1]:.2f} times one by the wall (load {load:.1f}), {most:.2f} by processor"
        )
        status = killed(folder, outs[2], options.kills, times[1])
        first, *others = (out.read_bytes() for out in outs)
        lines = first.count(b"\n")
        print(f"{options.kills} kills, status {status}: {lines:,} records, outputs equal: {others == [first, first]}")


if __name__ == "__main__":
    main()
