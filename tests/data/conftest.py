"""What the tests of fetching and of the cache start from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fetch_server import Server, fake_pip


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("BYHAND_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def no_pip(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Nothing here may start a real pip."""
    return fake_pip(monkeypatch, lambda _: None, returncode=1, stderr="ERROR: No matching distribution found")
