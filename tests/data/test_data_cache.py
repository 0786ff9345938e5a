"""The cache of fetched data, and what is known of data sets."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fetch_server import FILES, LABELS, ZIPPED, Server, all_of_it, in_cache, mirror, sha256, tiny
from sklearn.datasets import load_digits

from byhand.core.errors import ByhandError
from byhand.data import cache_folder, fetch, listing, load
from byhand.data.cache import write_files

pytestmark = pytest.mark.usefixtures("cache", "no_pip")


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
    with pytest.raises(ByhandError, match="no data set called 'mnits'; did you mean mnist"):
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
