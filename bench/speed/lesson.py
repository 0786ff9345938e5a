"""A class at `byhand serve`: each browser trains, draws and watches; answers are checked, and the event loop is timed.

    .venv/bin/python -m bench.speed.lesson [--browsers 30] [--seconds 30] [--workers 2]

Every browser begins a training (two run at once, the others wait), follows its events, hands it a drawing to judge, and
sends a drawing to be read about every second, as a pupil with a pen does. Meanwhile an address that does not exist is
asked for fifty times a second: the event loop refuses it by itself, so the longest answer bounds how long it stood
still. The server listens on 127.0.0.1 only.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import time
from typing import NamedTuple

import numpy as np

from bench.speed.serve import Question, a_server, one, questions

PAUSE, PROBE = 1.0, 0.02  # seconds between two drawings of a browser on average, and between two questions to the loop
TRAINING = {"hidden": [100], "images": 20_000, "epochs": 200, "learning_rate": 0.1}


class Line(NamedTuple):
    """A connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def opened(port: int) -> Line:
    return Line(*await asyncio.open_connection("127.0.0.1", port))


async def asked(line: Line, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str, bytes]:
    """One request: its status, its headers and its body."""
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    line.writer.write(
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{told}Content-Length: {len(body)}\r\n\r\n".encode()
    )
    line.writer.write(body)
    head = (await line.reader.readuntil(b"\r\n\r\n")).decode()
    length = re.search(r"content-length: (\d+)", head, re.I)
    return int(head.split()[1]), head, await line.reader.readexactly(int(length[1])) if length else b""


async def watched(port: int, key: str, counts: list[int]) -> None:
    """Follow a training's events."""
    line = await opened(port)
    line.writer.write(f"GET /api/v1/trainings/{key}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    while piece := await line.reader.read(65536):
        counts.append(piece.count(b"event: "))


async def browser(port: int, found: list[Question], until: float, number: int) -> tuple[list[float], int, int]:
    """One pupil: the seconds of each reading, how many were wrong, and how many events came."""
    rng, line, counts = np.random.default_rng(number), await opened(port), []
    table = json.dumps(TRAINING | {"seed": number}).encode()
    status, _, body = await asked(line, "POST", "/api/v1/trainings", table, Content_Type="application/json")
    if status != 201:
        raise SystemExit(body.decode())
    key = json.loads(body)["id"]
    watching = asyncio.create_task(watched(port, key, counts))
    seconds, wrong = [], 0
    while time.monotonic() < until:
        question = found[rng.integers(len(found))]
        took, off = await one(port, [question], PAUSE, rng)
        seconds, wrong = seconds + took, wrong + off
        picture = question.wire.partition(b"\r\n\r\n")[2]
        side = int(len(picture) ** 0.5)
        path = f"/api/v1/trainings/{key}/drawing?width={side}&height={side}"
        await asked(line, "PUT", path, picture, Content_Type="application/octet-stream")
    watching.cancel()
    return seconds, wrong, sum(counts)


async def loop_times(port: int, until: float) -> list[float]:
    """How long the event loop takes to refuse an address, again and again."""
    line, seconds = await opened(port), []
    while time.monotonic() < until:
        start = time.perf_counter()
        await asked(line, "GET", "/nothing")
        seconds.append(time.perf_counter() - start)
        await asyncio.sleep(PROBE)
    return seconds


async def lesson(port: int, found: list[Question], options: argparse.Namespace) -> tuple[list, list[float]]:
    until = time.monotonic() + options.seconds
    pupils = [browser(port, found, until, number) for number in range(options.browsers)]
    *results, probes = await asyncio.gather(*pupils, loop_times(port, until))
    return results, probes


def told(times: np.ndarray) -> str:
    """Milliseconds in words."""
    return (
        f"median {np.median(times):.0f} ms, 99 % within {np.quantile(times, 0.99):.0f} ms, at most {times.max():.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--browsers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    found = questions(pictures=False)
    with a_server(options.workers) as port:
        time.sleep(2)
        results, probes = asyncio.run(lesson(port, found, options))
    times = 1000 * np.concatenate([seconds for seconds, _, _ in results])
    wrong = sum(wrong for _, wrong, _ in results)
    loop = 1000 * np.array(probes)
    events = sum(events for _, _, events in results)
    print(
        f"{options.browsers} browsers, {options.seconds:.0f} s, {options.workers} processes that read, two trainings: "
        f"{len(times)} drawings, {told(times)}; {wrong} wrong; {events} events. The event loop: {told(loop)}. "
        f"Load {os.getloadavg()[0]:.1f}."
    )
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
