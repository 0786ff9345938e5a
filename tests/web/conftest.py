"""A server in this process, with a small data set of its own."""

import functools
import time

import numpy as np
import pytest

from byhand.web.limits import Limits
from byhand.web.state import Server
from byhand.web.training_data import Data
from tests.images import blocks

LIBRARIES = ("starlette", "uvicorn", "httpx", "pebble", "multipart", "segno")
RAW = {"content-type": "application/octet-stream"}


@functools.cache
def block_data():
    """Ten easy classes as a training's data: 600 images, 200 held back."""
    x, y = blocks(800, np.random.default_rng(0))
    x = x.reshape(800, 784)
    return Data(x[:600], y[:600], x[600:], y[600:])


def need_libraries():
    """Skip where the extra is not installed."""
    for library in LIBRARIES:
        pytest.importorskip(library, reason=f"byhand serve is tested where {library} is: pip install '.[dev]'")


def client_of(**limits):
    """A client, which is a browser with its cookies."""
    need_libraries()
    from starlette.testclient import TestClient

    from byhand.web.app import create_app

    server = Server(Limits(**limits), data=block_data)
    return TestClient(create_app(server), raise_server_exceptions=False)


@pytest.fixture
def client():
    with client_of() as client:
        yield client


@pytest.fixture(scope="module")
def reader():
    """A client for tests that change nothing."""
    with client_of() as client:
        yield client


@pytest.fixture(scope="session")
def seven():
    """A drawn seven, uint8 (28, 28)."""
    image = np.zeros((28, 28), np.uint8)
    image[5:8, 7:21] = 255
    for i in range(14):
        image[8 + i, 18 - i // 2 : 21 - i // 2] = 255
    return image


@pytest.fixture(scope="session")
def canvas(seven):
    """The same seven on a canvas of 120 × 200, four times as large, its ink at columns 68 to 123, rows 40 to 107."""
    canvas = np.zeros((120, 200), np.uint8)
    canvas[20:108, 40:136] = np.kron(seven[:22, :24], np.ones((4, 4), np.uint8))
    return canvas


def until(client, key, *states, seconds=120):
    """The training once it is in one of these states."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = client.get(f"/api/trainings/{key}").json()
        if found["state"] in states:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it is {found['state']}, not {states}")
