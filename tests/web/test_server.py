"""The command itself: what it says, what it bears, how it ends."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.web.conftest import need_libraries

COMMAND = [sys.executable, "-m", "byhand", "serve", "--no-browser"]


def alive(pid):
    """Whether the process still runs: neither gone nor a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def running(*options):
    """The command in a process of its own: the process, the line that it said, and its port."""
    need_libraries()
    process = subprocess.Popen([*COMMAND, "--port", "0", *options], stderr=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        line = process.stderr.readline()
        yield process, line, int(re.search(r":(\d+)/", line)[1])
    finally:
        process.kill()
        process.communicate()


def get(port, path, data=None, **headers):
    request = Request(f"http://127.0.0.1:{port}{path}", data, headers)
    with urlopen(request, timeout=120) as response:
        return json.loads(response.read())


def garbage():
    """What no browser sends."""
    yield b"\x00\xff" * 2000
    yield b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"x: y\r\n" * 20_000 + b"\r\n"
    yield b"POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\nabc"
    yield b"POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde"
    yield b"POST /api/read HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    yield b"POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 99\r\n\r\nshort"
    yield b"POST /api/look?width=\xff HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    yield b"GET /api/models HTTP/9.9\r\n\r\n"
    yield b""


@pytest.mark.parametrize("options", [(), ("--workers", "1")], ids=["threads", "processes"])
def test_it_reads_trains_and_ends_with_ctrl_c(options, canvas):
    with running(*options) as (process, line, port):
        assert "127.0.0.1" in line and "only this machine" in line
        for request in garbage():
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(request)
        kind = {"Content-Type": "application/octet-stream"}
        for _ in range(2):
            assert get(port, "/api/read?width=200&height=120", canvas.tobytes(), **kind)["text"] == "7"
        table = json.dumps({"epochs": 200, "paused": True}).encode()
        begun = get(port, "/api/trainings", table, **{"Content-Type": "application/json"})
        stream = urlopen(f"http://127.0.0.1:{port}/api/trainings/{begun['id']}/events", timeout=120)
        assert stream.readline() == b"event: training\n"
        process.send_signal(signal.SIGINT)
        stream.read()  # the stream ends by itself: uvicorn would say if it had to be cut off
        assert process.wait(120) == 0
        assert set(process.stderr.read().splitlines()) == {"WARNING:  Invalid HTTP request received."}
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_an_address_that_cannot_be_had():
    need_libraries()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for options in (["--port", str(taken.getsockname()[1])], ["--host", "no.such.host.invalid"]):
            done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, encoding="utf-8")
            assert done.returncode == 2
            assert done.stderr.startswith("byhand: Nothing can listen on") and done.stderr.count("\n") == 1


def test_without_the_extra_it_says_what_to_install():
    code = "import sys; sys.modules['starlette'] = None; sys.argv = ['byhand', 'serve']; "
    code += "from byhand.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"byhand: byhand serve needs more packages; install them with: {sys.executable} -m pip "
    )
    assert "'starlette" in done.stderr and "'uvicorn" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here to look for processes in")
def test_a_server_that_is_killed_leaves_no_process_behind(canvas):
    with running("--workers", "1") as (process, _, port):
        kind = {"Content-Type": "application/octet-stream"}
        assert get(port, "/api/read?width=200&height=120", canvas.tobytes(), **kind)["text"] == "7"
        children = [
            int(stat.parent.name)
            for stat in Path("/proc").glob("[0-9]*/stat")
            if stat.exists() and stat.read_text().rpartition(")")[2].split()[1] == str(process.pid)
        ]
        assert children
        process.kill()
        end = time.monotonic() + 120
        while any(map(alive, children)) and time.monotonic() < end:
            time.sleep(0.05)
        assert not any(map(alive, children))
