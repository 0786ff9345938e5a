"""byhand info: what it says is what this process, this machine and this cache hold."""

import json
import os
import platform

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import byhand as package
from byhand import ops
from byhand.cli import info
from byhand.data.sources import SOURCES
from tests.cli.test_commands import byhand  # noqa: F401  (fixture)
from tests.images import write_blocks


def test_versions_operations_and_cores(byhand):  # noqa: F811
    status, out, err = byhand("info", "--json")
    record = json.loads(out)
    assert (status, err) == (0, "")
    versions = package.__version__, platform.python_version(), np.__version__
    assert (record["byhand"], record["python"], record["numpy"]) == versions
    assert record["operations"] == ops.describe_operations()
    assert 1 <= record["cores"] <= os.cpu_count()
    assert record["processor"] and record["system"]
    assert os.path.isfile(record["model"]["file"]) and record["model"]["there"]


def test_the_matrix_library_and_its_threads(byhand):  # noqa: F811
    if not any(library["user_api"] == "blas" for library in threadpool_info()):
        pytest.skip("threadpoolctl does not know this NumPy's matrix library")
    with threadpool_limits(1, user_api="blas"):
        out = byhand("info")[1]
        libraries = json.loads(byhand("info", "--json")[1])["blas"]
    assert all(library["threads"] == 1 and library["name"] for library in libraries)
    assert f"{libraries[0]['name']} {libraries[0]['version']}, 1 thread" in out
    assert "1 threads" not in out


def test_data_that_are_there_and_that_are_not(byhand, monkeypatch, tmp_path):  # noqa: F811
    monkeypatch.setenv("BYHAND_DATA", str(tmp_path / "cache"))
    nothing = json.loads(byhand("info", "--json")[1])["data"]
    sets = dict.fromkeys(SOURCES, False)
    assert nothing == {"folder": str(tmp_path / "cache"), "there": False, "sets": sets}
    assert "nothing there yet" in byhand("info")[1]
    write_blocks(tmp_path / "cache" / "fashion-mnist")
    assert json.loads(byhand("info", "--json")[1])["data"]["sets"] == sets | {"fashion-mnist": True}
    assert f"{tmp_path / 'cache'} (fashion-mnist)" in byhand("info")[1]


def test_the_processor_by_its_name(monkeypatch, tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(
        "processor\t: 0\nmodel\t\t: 1\nmodel name\t: Brand: Ten\n\nprocessor\t: 1\nmodel name\t: Other\n"
    )
    monkeypatch.setattr(info, "CPUINFO", cpuinfo)
    assert info.processor() == "Brand: Ten"
    cpuinfo.write_text("Hardware\t: something\n")
    assert info.processor() == (platform.processor() or platform.machine())
