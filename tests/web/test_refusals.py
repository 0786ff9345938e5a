"""What is too large, malformed or not for us gets a status and one sentence."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from byhand.web.limits import CODES
from byhand.web.security import HEADERS, LOOPBACK, host_of, own_names, refused
from byhand.web.static_files import STATIC_FOLDER, static_file
from tests.web.conftest import RAW, client_of, need_libraries


def png(image):
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def test_a_canvas_is_read_where_it_stands(reader, canvas):
    """The whole canvas, a part of it, and a picture of it give the same digit in the same place."""
    ink = 40 + 7 * 4, 20 + 5 * 4, 40 + 21 * 4, 20 + 22 * 4  # left, top, right, bottom
    found = reader.post("/api/read?width=200&height=120", content=canvas.tobytes(), headers=RAW).json()
    (line,) = found["lines"]
    assert (found["width"], found["height"], found["text"]) == (200, 120, "7")
    np.testing.assert_allclose(line["digits"][0]["box"], ink, atol=3)
    picture = {"content": png(255 - canvas), "headers": {"content-type": "image/png"}}
    read = reader.post("/api/read", **picture).json()
    assert read["text"] == "7"
    np.testing.assert_allclose(read["lines"][0]["digits"][0]["box"], ink, atol=3)
    looked = reader.post("/api/look?box=50,20,190,115", **picture).json()
    assert looked["answer"]["text"] == "7"
    np.testing.assert_allclose(looked["box"], ink, atol=3)
    drawn = reader.post("/api/look?width=200&height=120", content=canvas.tobytes(), headers=RAW).json()
    np.testing.assert_allclose(drawn["box"], ink, atol=3)


def test_a_large_drawing_is_made_smaller(reader, seven):
    large = np.zeros((1200, 1400), np.uint8)
    large[100:1100, 200:1200] = np.asarray(Image.fromarray(seven).resize((1000, 1000)))
    found = reader.post("/api/read?width=1400&height=1200", content=large.tobytes(), headers=RAW).json()
    rows, columns = np.flatnonzero((large > 128).any(1)), np.flatnonzero((large > 128).any(0))
    assert found["text"] == "7"
    box = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    np.testing.assert_allclose(found["lines"][0]["digits"][0]["box"], box, atol=12)


def test_an_empty_page_is_an_empty_reading(reader):
    empty = np.zeros((60, 60), np.uint8)
    found = reader.post("/api/read?width=60&height=60", content=empty.tobytes(), headers=RAW)
    assert found.status_code == 200 and (found.json()["text"], found.json()["lines"]) == ("", [])
    picture = reader.post("/api/read", content=png(255 - empty), headers={"content-type": "image/png"})
    assert picture.json()["lines"] == []
    assert reader.post("/api/look", content=bytes(784), headers=RAW).status_code == 422


PNG = {"content-type": "image/png"}
REFUSED = [
    ("POST", "/api/read", b"", RAW, 400, "no body"),
    ("POST", "/api/read", b"x" * 783, RAW, 400, "783 came"),
    ("POST", "/api/read?width=28&height=28", png(np.zeros((9, 9), np.uint8)), RAW, 400, "784 bytes"),
    ("POST", "/api/read?width=28", b"x" * 784, RAW, 400, "width and height"),
    ("POST", "/api/read?colour=red", b"x" * 784, RAW, 400, "no parameter 'colour' here; there are model, pattern"),
    ("GET", "/api/models?x=1", b"", {}, 400, "there are none"),
    ("POST", "/api/read?model=digits&model=dense", b"x" * 784, RAW, 400, "given twice"),
    ("POST", "/api/read?confidence=2", b"x" * 784, RAW, 400, "a number from 0 to 1"),
    ("POST", "/api/read?rotate=45", b"x" * 784, RAW, 400, "one of 0, 90, 180, 270"),
    ("POST", "/api/read?images=yes", b"x" * 784, RAW, 400, "true or false"),
    ("POST", "/api/read?format=xml", b"x" * 784, RAW, 400, "one of json, csv"),
    ("POST", "/api/read?pattern=(", b"x" * 784, RAW, 422, "bracket is never closed"),
    ("POST", "/api/read?length=x", b"x" * 784, RAW, 400, "must match"),
    ("POST", "/api/read?length=0", b"x" * 784, RAW, 422, "number of digits such as 8"),
    ("POST", "/api/read?region=50,0,60,9", b"x" * 784, RAW, 422, "nothing of a page of 28"),
    ("POST", "/api/read?model=digits&pattern=date", b"x" * 784, RAW, 422, "nothing but digits"),
    ("POST", "/api/read-many?pages=0", b"x" * 784, PNG, 422, "counted from 1"),
    ("POST", "/api/read", b"x", {"content-type": "multipart/form-data"}, 400, "no readable form"),
    ("POST", "/api/read", b"x", {"content-type": "multipart/form-data; boundary=a"}, 400, "form"),
    ("POST", "/api/read?width=100&height=7", b"x" * 700, RAW, 400, "from 8 to 4096"),
    ("POST", "/api/read?width=4096&height=4096", b"x", RAW, 413, "4,000,000 pixels"),
    ("POST", "/api/read", b"x" * 784, {"content-type": "text/html"}, 415, "not text/html"),
    ("POST", "/api/read", b"x" * 784, {}, 415, "without a type"),
    ("POST", "/api/read", b"no picture", PNG, 422, "not a picture"),
    ("POST", "/api/read", png(np.zeros((9, 9), np.uint8))[:40], PNG, 422, "picture"),
    ("POST", "/api/read?model=nobody", b"x" * 784, RAW, 404, "there are dense"),
    ("POST", "/api/read?model=../x", b"x" * 784, RAW, 400, "must match"),
    ("POST", "/api/look?class=11", b"x" * 784, RAW, 422, "no class 11"),
    ("POST", "/api/look?box=1,2,3", b"x" * 784, RAW, 400, "left,top,right,bottom"),
    ("POST", "/api/look?width=30&height=30", bytes(900), RAW, 422, "no ink found in the drawing"),
    ("POST", "/api/look?box=20,2,3,8", b"x" * 784, RAW, 422, "outside the picture"),
    ("GET", "/api/models/dense/weights", b"", {}, 400, "layer is missing"),
    ("GET", "/api/models/dense/weights?layer=١", b"", {}, 400, "whole number"),
    ("GET", "/api/models/dense/weights?layer=1", b"", {}, 422, "no weights"),
    ("GET", "/api/models/dense/weights?layer=0&unit=256", b"", {}, 422, "0 to 255"),
    ("POST", "/api/models/dense/equation?layer=9&unit=0", b"x" * 784, RAW, 422, "no layer 9"),
    ("POST", "/api/models/dense/equation?layer=x&unit=0", b"x" * 784, RAW, 400, "must match"),
    ("POST", "/api/models/dense/equation?layer=0&unit=999", b"x" * 784, RAW, 422, "none of them"),
    ("POST", "/api/models/dense/equation?layer=output&unit=10", b"x" * 784, RAW, 422, "0 to 9"),
    ("POST", "/api/trainings", b"[]", {"content-type": "application/json"}, 400, "JSON object"),
    ("POST", "/api/trainings", b"{", {"content-type": "application/json"}, 400, "not readable"),
    ("POST", "/api/trainings", b'{"learning_rate": NaN}', {"content-type": "application/json"}, 400, "not readable"),
    ("POST", "/api/trainings", b"[" * 60000, {"content-type": "application/json"}, 400, "not readable"),
    ("POST", "/api/trainings", b"{}", {"content-type": "text/plain"}, 415, "not text/plain"),
    ("POST", "/api/trainings", b" " * 70000, {"content-type": "application/json"}, 413, "65,536 bytes"),
    ("POST", "/api/samples?label=10", b"x" * 784, RAW, 400, "from 0 to 9"),
    ("GET", "/api/trainings/..%2f..", b"", {}, 404, ""),
    ("PATCH", "/api/samples", b"", {}, 405, "other methods"),
    ("GET", "/api/nothing", b"", {}, 404, "nothing at this address"),
    ("GET", "/static/nothing.js", b"", {}, 404, "There is no"),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "status", "words"), REFUSED)
def test_refused_with_one_sentence(reader, method, path, body, headers, status, words):
    response = reader.request(method, path, content=body, headers=headers)
    assert response.status_code == status, response.text
    sentence = response.json()["error"]
    assert words in sentence and sentence.endswith((".", "?")) and "\n" not in sentence
    assert set(response.json()) == {"error", "code"} and response.json()["code"] == CODES[status]


def test_too_many_bytes_are_not_even_taken():
    def endless():
        for _ in range(1000):
            taken.append(1)
            yield bytes(10_000)

    taken = []
    with client_of(image_bytes=50_000, canvas_pixels=40_000) as client:
        said = client.post("/api/read", content=b"x", headers=PNG | {"content-length": "99999999"})
        assert said.status_code == 413
        chunked = client.post("/api/read", content=endless(), headers=PNG)
        assert chunked.status_code == 413 and "50,000 bytes" in chunked.json()["error"]
        assert client.post("/api/trainings/x/pause", content=bytes(99_999)).status_code == 413
    with client_of(held_bytes=500) as client:
        for _ in range(2):  # what was refused is held no longer
            refused = client.post("/api/look", content=bytes(784), headers=RAW)
            assert refused.status_code == 429 and "at once" in refused.json()["error"]
        assert client.post("/api/look", content=bytes(400), headers=RAW).status_code == 400


def test_too_many_at_once_are_refused(seven):
    with client_of(queue=0) as client:
        response = client.post("/api/look", content=seven.tobytes(), headers=RAW)
        assert response.status_code == 429 and response.headers["retry-after"] == "1"


def test_a_fault_of_ours_is_no_leak(seven, monkeypatch):
    """Were there a bug, the answer would say nothing of the server's insides."""
    from byhand.web import answers

    with client_of() as client:
        monkeypatch.setattr(answers, "digit", lambda *_: 1 / 0)
        response = client.post("/api/look", content=seven.tobytes(), headers=RAW)
        assert response.status_code == 500 and response.json() == {
            "error": "A fault in byhand; the server's log says more.",
            "code": "fault",
        }


def test_every_answer_carries_the_headers(reader):
    for path in ("/api/models", "/api/nothing", "/static/nothing.js", "/"):
        headers = reader.get(path).headers
        for name, value in HEADERS.items():
            assert headers[name] == value
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy


def test_other_sites_change_nothing(reader, seven):
    body = {"content": seven.tobytes()}
    for headers in (
        {"origin": "http://elsewhere.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        refused = reader.post("/api/samples?label=7", **body, headers=RAW | headers)
        assert refused.status_code == 403 and refused.json()["error"].endswith(".")
    for headers in ({"origin": "http://testserver"}, {"sec-fetch-site": "same-origin"}, {}):
        assert reader.post("/api/look", **body, headers=RAW | headers).status_code == 200


HOSTS = [
    ("127.0.0.1:8000", True),
    ("localhost", True),
    ("LOCALHOST:1", True),
    ("[::1]:8000", True),
    ("192.168.1.20:8000", True),  # nobody can let an address in numbers lead elsewhere
    ("[fe80::1]:8000", True),
    ("evil.example:8000", False),
    ("127.0.0.1.evil.example", False),
    ("", False),
]


@pytest.mark.parametrize("names", [LOOPBACK, own_names("0.0.0.0")], ids=["loopback", "everywhere"])
def test_a_name_that_leads_here_is_not_ours(names):
    for host, ours in HOSTS:
        assert (refused("GET", {"host": host}, names) == "") == ours, host
    assert "--allowed-host" in refused("GET", {"host": "school.example"}, names)
    assert refused("GET", {"host": "school.example"}, (*names, "school.example")) == ""
    assert refused("GET", {"host": "evil.example"}, None) == ""
    assert host_of("[fe80::1]:80") == "fe80::1" and host_of("::1") == "::1"


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),  # the proxy hands on its own Host, the browser says whose page asks
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({}, True),  # an older browser: the name is an allowed one
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://localhost:9000"}, False),
        ({"origin": "http://127.0.0.1:8000", "sec-fetch-site": "cross-site"}, False),
    ],
)
def test_behind_a_proxy_with_tls(headers, ours):
    """The proxy is asked as https://school.example and asks us as 127.0.0.1:8000."""
    given = {"host": "127.0.0.1:8000", "origin": "https://school.example"} | headers
    assert (refused("POST", given, (*LOOPBACK, "school.example")) == "") == ours


@pytest.fixture
def page(tmp_path, monkeypatch):
    need_libraries()
    from byhand.web import static_files

    (tmp_path / "static" / "js").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "static" / "index.html").write_text("<!doctype html>")
    (tmp_path / "static" / "js" / "page.js").write_text("let x = 1;")
    (tmp_path / "static" / "tool.py").write_text("x = 1")
    monkeypatch.setattr(static_files, "STATIC_FOLDER", tmp_path / "static")
    return tmp_path / "static"


def test_files_of_the_page(page, reader):
    start = reader.get("/")
    assert start.text == "<!doctype html>" and start.headers["content-type"] == "text/html; charset=utf-8"
    script = reader.get("/static/js/page.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["cache-control"] == "no-cache"
    again = reader.get("/static/js/page.js", headers={"if-none-match": script.headers["etag"]})
    assert again.status_code == 304 and not again.content
    (page / "js" / "page.js").write_text("let x = 2;")
    assert reader.get("/static/js/page.js", headers={"if-none-match": script.headers["etag"]}).text == "let x = 2;"
    assert reader.head("/static/js/page.js").status_code == 200


@pytest.mark.parametrize(
    "name", ["../secret.txt", "js/../../secret.txt", "/etc/passwd", "js", "tool.py", "\0", "..\\secret.txt", "x" * 5000]
)
def test_nothing_else_is_given_away(page, name):
    assert static_file(name) is None


def test_the_folder_lies_in_the_package():
    assert STATIC_FOLDER.parent.name == "web"
