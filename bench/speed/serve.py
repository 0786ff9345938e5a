"""Load test of `byhand serve`: many clients at once against a server on loopback; every response is checked.

    .venv/bin/python -m bench.speed.serve [--readers 200] [--requests 10] [--workers 2] [--training] [--pictures]

Each client has its own connection and sends its next drawing as soon as the last one was answered, so that all of them
are waiting at all times; with --pause each waits between its requests, as people do. Drawings are canvases of 280 × 280
pixels, as the page sends them; with --pictures they are PNG files of 128 × 128. A response is correct if it equals that
of a reader in this process. --training runs two trainings at the same time.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from byhand.handwriting.drawn import draw_digit
from byhand.web import answers
from byhand.web.call import Call
from byhand.web.state import Server

DRAWINGS, SIDE = 100, 280


class Question(NamedTuple):
    """A request as it goes over the wire, and the answer that is right."""

    wire: bytes
    right: dict


def questions(pictures: bool) -> list[Question]:
    """Drawings of all ten digits by many hands, with what this process reads in them."""
    server, found = Server(), []
    for n in range(DRAWINGS):
        drawn = draw_digit(n % 10, np.random.default_rng(n), 128 if pictures else SIDE)
        if pictures:
            file = BytesIO()
            Image.fromarray(drawn).save(file, "PNG")
            query, kind, body, values = "", "image/png", file.getvalue(), {}
        else:
            ink = np.where(drawn < 128, 255 - drawn, 0).astype(np.uint8)  # a canvas has no paper
            query, kind, body = f"?width={SIDE}&height={SIDE}", "application/octet-stream", ink.tobytes()
            values = {"width": SIDE, "height": SIDE}
        answer = answers.post_read(Call(server, values, body, kind, "")).body
        head = f"POST /api/read{query} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        wire = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        found.append(Question(wire, {key: answer[key] for key in ("text", "lines", "width", "height", "model")}))
    return found


async def one(port: int, asked: list[Question], pause: float, rng: np.random.Generator) -> tuple[list[float], int]:
    """A reader: the seconds that each of its requests took, and how many answers were wrong."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    seconds, wrong = [], 0
    for question in asked:
        if pause:
            await asyncio.sleep(pause * rng.uniform(0.5, 1.5))
        start = time.perf_counter()
        writer.write(question.wire)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(re.search(r"content-length: (\d+)", head, re.I)[1])
        body = await reader.readexactly(length)
        seconds.append(time.perf_counter() - start)
        answer = json.loads(body)
        wrong += " 200 " not in head.split("\r\n")[0] or any(
            answer[key] != question.right[key] for key in question.right
        )
    writer.close()
    return seconds, wrong


async def all_of_them(port: int, found: list[Question], options: argparse.Namespace) -> tuple[np.ndarray, int, float]:
    """Every reader at once: all their seconds, the number of wrong answers, and how long it took."""
    rng = np.random.default_rng(0)
    plans = [[found[i] for i in rng.integers(len(found), size=options.requests)] for _ in range(options.readers)]
    start = time.perf_counter()
    results = await asyncio.gather(*(one(port, plan, options.pause, rng) for plan in plans))
    took = time.perf_counter() - start
    return np.concatenate([seconds for seconds, _ in results]), sum(wrong for _, wrong in results), took


@contextlib.contextmanager
def a_server(workers: int):
    """`byhand serve` in a process of its own; gives its port."""
    command = [sys.executable, "-m", "byhand", "serve", "--port", "0", "--no-browser", "--workers", str(workers)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)
    try:
        line = process.stderr.readline()
        yield int(re.search(r":(\d+)/", line)[1])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def begin_trainings(port: int) -> None:
    """Two long trainings."""
    from urllib.request import Request, urlopen

    for _ in range(2):
        table = json.dumps({"recipe": "dense", "epochs": 200}).encode()
        headers = {"Content-Type": "application/json"}
        urlopen(Request(f"http://127.0.0.1:{port}/api/trainings", table, headers)).read()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--requests", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds on average")
    parser.add_argument("--training", action="store_true")
    parser.add_argument("--pictures", action="store_true")
    options = parser.parse_args()
    found = questions(options.pictures)
    with a_server(options.workers) as port:
        warm = argparse.Namespace(readers=8, requests=5, pause=0.0)
        asyncio.run(all_of_them(port, found, warm))
        if options.training:
            begin_trainings(port)
            time.sleep(1)
        seconds, wrong, took = asyncio.run(all_of_them(port, found, options))
    what = "pictures" if options.pictures else "drawings"
    print(
        f"{options.readers} readers, {len(seconds):,} {what}, {options.workers} processes that read"
        f"{', two trainings' if options.training else ''}{f', a pause of {options.pause} s' if options.pause else ''}: "
        f"{len(seconds) / took:.0f} a second; median {1000 * np.median(seconds):.0f} ms, 99 % within "
        f"{1000 * np.quantile(seconds, 0.99):.0f} ms, longest {1000 * seconds.max():.0f} ms; {wrong} wrong."
    )
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
