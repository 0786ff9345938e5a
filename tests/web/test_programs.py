"""What programs ask for: options by the names of Python and the command line, forms, batches, addresses, keys."""

import csv
import inspect
import io
import json
import re
import shlex
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from byhand import read_many
from byhand.cli.read import read
from byhand.documents.formats import CSV_HEADER
from byhand.documents.options import ReadOptions
from byhand.web.operations import OPERATIONS
from byhand.web.security import Access
from byhand.web.state import Server
from tests.web.conftest import RAW, block_data, need_libraries
from tests.web.test_refusals import PNG, png

DOCUMENT = Path(__file__).parents[2] / "docs" / "serve.md"


def client_with(access):
    need_libraries()
    from starlette.testclient import TestClient

    from byhand.web.app import create_app

    return TestClient(create_app(Server(data=block_data), access), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def page():
    """A page with two rows, 7 and 7, as a PNG file."""
    image = np.full((300, 200), 255, np.uint8)
    for top in (30, 180):
        image[top : top + 12, 60:130] = 0
        for i in range(70):
            image[top + 12 + i, 118 - i // 2 : 130 - i // 2] = 0
    return png(image)


def test_the_options_are_those_of_python_and_the_command_line():
    known = set(ReadOptions.__dataclass_fields__)
    named = {p.name for o in OPERATIONS if o.id == "read_many" for p in o.parameters}
    command = set(inspect.signature(read.callback).parameters)
    assert known <= named and known <= command
    assert known - {"pages"} <= {p.name for o in OPERATIONS if o.id == "read" for p in o.parameters}


def test_a_region_is_read_and_boxes_stay_the_pictures_own(reader, page):
    whole = reader.post("/api/v1/read", content=page, headers=PNG).json()
    assert whole["text"] == "7\n7"
    lower = reader.post("/api/v1/read?region=0,50%25,100%25,100%25", content=page, headers=PNG).json()
    assert lower["text"] == "7" and lower["height"] == 300
    np.testing.assert_allclose(lower["lines"][0]["box"], whole["lines"][1]["box"], atol=3)


def test_refused_rows_are_reported(reader, page):
    refused = reader.post("/api/v1/read?confidence=1", content=page, headers=PNG).json()
    assert refused["text"] == "" and [(r["text"], r["reason"]) for r in refused["rejected"]] == [("7", "unsure")] * 2
    refused = reader.post("/api/v1/read?length=4", content=page, headers=PNG).json()
    assert [r["reason"] for r in refused["rejected"]] == ["length", "length"]


def test_a_canvas_takes_the_options_too(reader, canvas):
    body = {"content": canvas.tobytes(), "headers": RAW}
    found = reader.post("/api/v1/read?width=200&height=120&confidence=1", **body).json()
    (refused,) = [place for place in found["rejected"] if place["reason"] == "unsure"]
    assert found["lines"] == [] and refused["text"] == "7"
    left, top, *_ = refused["box"]
    assert abs(left - 68) < 6 and abs(top - 40) < 6
    right = reader.post("/api/v1/read?width=200&height=120&region=50%25,0,100%25,100%25", **body).json()
    assert right["rejected"] or right["text"] != "" or right["lines"] == []
    turned = np.ascontiguousarray(np.rot90(canvas))  # counter-clockwise
    query = "?width=120&height=200&rotate=90"
    assert reader.post(f"/api/v1/read{query}", content=turned.tobytes(), headers=RAW).json()["text"] == "7"


def test_without_images_and_as_csv(reader, page):
    plain = reader.post("/api/v1/read?images=false", content=page, headers=PNG)
    assert '"image"' not in plain.text and plain.json()["text"] == "7\n7"
    table = reader.post("/api/v1/read?format=csv", content=page, headers=PNG)
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert tuple(rows[0]) == CSV_HEADER and [(row["text"], row["status"]) for row in rows] == [("7", "read")] * 2


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/x-www-form-urlencoded", "", "text/plain"])
def test_a_picture_is_known_by_its_bytes(reader, page, kind):
    headers = {"content-type": kind} if kind else {}
    assert reader.post("/api/v1/read", content=page, headers=headers).json()["text"] == "7\n7"


def test_a_form(reader, page, seven):
    assert reader.post("/api/v1/read", files={"picture": ("a.png", page)}).json()["text"] == "7\n7"
    drawn = {"files": {"drawing": ("a.raw", seven.tobytes(), "application/octet-stream")}}
    assert reader.post("/api/v1/look", **drawn).json()["answer"]["text"] == "7"
    two = reader.post("/api/v1/read", files=[("a", ("a.png", page)), ("b", ("b.png", page))])
    assert two.status_code == 400 and "read-many" in two.json()["error"]


def test_many_at_once_are_read_as_python_reads_them(reader, page, tmp_path):
    (tmp_path / "a.png").write_bytes(page)
    files = [("files", ("a.png", page)), ("files", ("b.png", b"no picture")), ("files", ("=c.png", page))]
    found = reader.post("/api/v1/read-many?confidence=0.2", files=files).json()["pages"]
    assert [record["file"] for record in found] == ["a.png", "b.png", "=c.png"]
    assert "not a picture" in found[1]["error"]
    (expected,) = read_many(tmp_path / "a.png", confidence=0.2)
    assert found[0] == expected.to_json() | {"file": "a.png"}
    table = reader.post("/api/v1/read-many?format=csv", files=files).text
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["status"] for row in rows] == ["read", "read", "failed", "read", "read"]
    assert rows[-1]["file"] == "'=c.png"


def test_old_addresses_and_health(reader):
    assert reader.get("/api/models").json() == reader.get("/api/v1/models").json()
    assert reader.get("/healthz").json()["status"] == "ok"
    assert reader.get("/api/v2/models").status_code == 404


def test_a_token():
    with client_with(Access(token="abc")) as client:
        refused = client.get("/api/models")
        assert refused.status_code == 401 and refused.json()["code"] == "locked"
        assert client.get("/api/v1/models", headers={"authorization": "Bearer abd"}).status_code == 401
        assert client.get("/api/v1/models", headers={"authorization": "Bearer abc"}).status_code == 200
        assert client.get("/").status_code == client.get("/healthz").status_code == 200


def test_a_root_path():
    with client_with(Access(root_path="/digits")) as client:
        assert client.get("/digits/api/v1/models").status_code == client.get("/api/models").status_code == 200
        assert client.get("/digits/static/style.css").status_code == 200
        assert client.get("/digits", follow_redirects=False).headers["location"] == "/digits/"
        assert client.get("/digitsx").status_code == 404


def test_other_sites_that_may_use_the_api(seven):
    site, elsewhere = {"origin": "https://school.example"}, {"origin": "https://evil.example"}
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    with client_with(Access(origins=("https://school.example",))) as client:
        for headers, allowed in ((site, True), (elsewhere, False)):
            preflight = client.options("/api/v1/look", headers=headers | asked)
            answer = client.post("/api/v1/look", content=seven.tobytes(), headers=RAW | headers)
            assert (preflight.status_code == 200) == (answer.status_code == 200) == allowed
            assert (answer.headers.get("access-control-allow-origin") == site["origin"]) == allowed
            assert (answer.headers["cross-origin-resource-policy"] == "cross-origin") == allowed
    with client_with(Access()) as client:
        assert client.options("/api/v1/look", headers=site | asked).status_code in (403, 405)


@pytest.fixture(scope="module")
def port():
    """A server that curl can ask."""
    need_libraries()
    import uvicorn

    from byhand.web.app import create_app

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config = uvicorn.Config(create_app(Server(data=block_data)), log_level="error", lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(60)


def curls():
    """The commands in docs/serve.md that begin with curl."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("curl ")]


@pytest.mark.skipif(not shutil.which("curl"), reason="the examples with curl are tested where it is installed")
@pytest.mark.parametrize("command", curls(), ids=range(len(curls())))
def test_the_examples_with_curl(port, page, tmp_path, command):
    for name in ("photo.jpg", "scan.png", "page1.png", "page2.png"):
        (tmp_path / name).write_bytes(page)
    words = shlex.split(command.partition("  #")[0].replace("localhost:8000", f"localhost:{port}"))
    done = subprocess.run(
        [words[0], "--fail-with-body", "--silent", *words[1:]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7" in done.stdout or json.loads(done.stdout)


def test_there_are_examples():
    assert len(curls()) >= 5
