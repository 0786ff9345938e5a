"""byhand read as people and programs use it."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from tests.cli.test_commands import byhand  # noqa: F401  (a fixture)
from tests.documents.papers import encoded, paper, saved


@pytest.fixture
def scans(tmp_path):
    """A folder of three files with five numbers, and one that is no picture."""
    saved(tmp_path / "scans/1.png", paper("2063"))
    saved(tmp_path / "scans/2.tif", paper("38", "60"), paper("4"))
    saved(tmp_path / "scans/10.jpg", paper("5"), quality=95)
    (tmp_path / "scans/labels.csv").write_text("file,label\n1.png,2063\n10.jpg,5\n")
    return tmp_path / "scans"


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def test_json_has_an_object_a_page(byhand, tmp_path):  # noqa: F811
    picture = np.full((60, 40), 250, np.uint8)
    picture[10:50, 18:23] = 20  # an upright stroke
    Image.fromarray(picture).save(tmp_path / "one.png")
    status, out, _ = byhand("read", "one.png", "--json")
    (record,) = records(out)
    assert status == 0
    assert record["file"] == "one.png" and record["text"] == "1" and record["error"] is None
    (line,) = record["lines"]
    (digit,) = line["digits"]
    assert digit["digit"] == line["text"] == "1" and 0.5 < digit["confidence"] <= 1
    assert digit["box"] == [18, 10, 23, 50]
    status, out, _ = byhand("read", "one.png", "--show")
    assert status == 0 and "█" in out
    assert np.shape(records(byhand("read", "one.png", "--json", "--show")[1])[0]["lines"][0]["digits"][0]["image"]) == (
        *(28, 28),
    )


def test_a_folder_is_read_and_other_files_are_counted(byhand, scans):  # noqa: F811
    status, out, err = byhand("read", "scans")
    assert status == 0
    assert [line.rsplit("  ")[0] for line in out.splitlines()] == [
        "scans/1.png: 2063",
        "scans/2.tif, page 1: 38",
        "scans/2.tif, page 1: 60",
        "scans/2.tif, page 2: 4",
        "scans/10.jpg: 5",
    ]
    assert err == "byhand: skipped 1 file in folders whose names do not end as a picture's.\n"
    assert byhand("read", "scans", "-q")[2] == ""
    assert "3 files in" in byhand("read", "scans", "-v")[2]


def test_what_cannot_be_read_is_named_and_the_status_is_1(byhand, scans):  # noqa: F811
    (scans / "5.png").write_bytes(b"no picture")
    for format in ("text", "json", "csv", "hocr"):
        status, out, err = byhand("read", "scans", "nothing.png", "http://x/y.png", "--format", format)
        assert status == 1
        for name in ("5.png", "nothing.png", "http://x/y.png"):
            assert name in out and name in err
        assert err.count("\n") == 4 and "2063" in out and "Traceback" not in err


def test_order_and_results_do_not_depend_on_the_number_of_processes(byhand, scans):  # noqa: F811
    alone = byhand("read", "scans/10.jpg", "scans", "nothing.png", "--json")
    assert byhand("read", "scans/10.jpg", "scans", "nothing.png", "--json", "--jobs", 2) == alone


def test_options_choose_what_is_read(byhand, scans):  # noqa: F811
    _, out, _ = byhand("read", "scans", "--length", "2-4", "--json")
    assert [record["text"] for record in records(out)] == ["2063", "38\n60", "", ""]
    assert records(out)[2]["rejected"][0] | {"box": 0, "confidence": 0} == {
        "box": 0,
        "confidence": 0,
        "reason": "length",
        "text": "4",
    }
    _, out, _ = byhand("read", "scans/2.tif", "--pages", "1", "--region", "0,50%,100%,100%", "--json")
    assert [record["text"] for record in records(out)] == ["60"]
    _, out, _ = byhand("read", "scans", "--confidence", "1", "-f", "csv")
    assert {row["status"] for row in csv.DictReader(io.StringIO(out))} == {"refused"}
    turned = saved(scans / "turned.png", np.rot90(paper("2063")))
    assert byhand("read", turned, "--rotate", 90)[1].startswith(f"{turned}: 2063 ")


def test_a_list_and_shards_of_it(byhand, scans, tmp_path):  # noqa: F811
    whole = records(byhand("read", "--list", "scans/labels.csv", "scans/2.tif", "--json")[1])
    assert [record["file"] for record in whole] == ["scans/2.tif", "scans/2.tif", "scans/1.png", "scans/10.jpg"]
    parts = [records(byhand("read", "scans", "--json", "--shard", f"{k}/2")[1]) for k in (1, 2)]
    assert [[record["file"] for record in part] for part in parts] == [
        ["scans/1.png", "scans/10.jpg"],
        ["scans/2.tif", "scans/2.tif"],
    ]


def test_standard_input(byhand, monkeypatch):  # noqa: F811
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(encoded(paper("38")))))
    status, out, _ = byhand("read", "-", "--json")
    (record,) = records(out)
    assert (status, record["file"], record["text"]) == (0, "stdin", "38")


def test_an_output_file_is_whole_opens_in_excel_and_is_resumed(byhand, scans, tmp_path):  # noqa: F811
    status, out, err = byhand("read", "scans", "-f", "csv", "-o", "out.csv", "--annotate", "seen")
    assert (status, out) == (0, "")
    content = (tmp_path / "out.csv").read_bytes()
    assert content.startswith("\ufefffile,page,row".encode()) and not (tmp_path / "out.csv.part").exists()
    assert (tmp_path / "seen/scans/2.tif-2.png").exists()
    assert byhand("read", "scans", "-f", "csv")[1] == content.decode("utf-8-sig").replace("\r\n", "\n")
    saved(scans / "11.png", paper("7"))
    status, _, err = byhand("read", "scans", "-f", "csv", "-o", "out.csv", "--resume", "-v")
    assert status == 0 and "1 files in" in err and "3 read before" in err
    assert (tmp_path / "out.csv").read_bytes().startswith(content)
    (scans / "12.png").write_bytes(b"no picture")
    for _ in range(2):  # what failed before counts, too
        assert byhand("read", "scans", "-f", "csv", "-o", "out.csv", "--resume")[0] == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(("format", "jobs"), [("json", 1), ("csv", 2)])
def test_killed_and_resumed_nothing_is_lost_or_doubled(byhand, scans, monkeypatch, format, jobs):  # noqa: F811
    """The third file is a pipe that nobody writes to: the process waits there until it is killed."""
    files = [*(f"{name}" for name in ("1.png", "2.tif", "pipe.png", "10.jpg"))]
    command = ["read", *files, "-f", format, "-o", "out"]
    os.mkfifo(scans / "pipe.png")
    process = subprocess.Popen([sys.executable, "-m", "byhand", *command, "--jobs", str(jobs)], cwd=scans)
    part, ends = scans / "out.part", time.monotonic() + 60
    while not part.exists() or b"2.tif" not in part.read_bytes() or not part.read_bytes().endswith(b"\n"):
        assert time.monotonic() < ends and process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (scans / "out").exists()
    (scans / "pipe.png").unlink()
    saved(scans / "pipe.png", paper("9"))
    monkeypatch.chdir(scans)
    assert byhand(*command, "--resume")[0] == 0
    resumed = (scans / "out").read_bytes()
    (scans / "out").unlink()
    assert byhand(*command)[0] == 0
    assert (scans / "out").read_bytes() == resumed and not part.exists()
