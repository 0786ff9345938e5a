"""Every example runs as it stands, and what docs/custom.md shows is what the examples do."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import byhand as bh
from byhand.testing import check_layer, check_loss
from tests.documents.papers import paper, saved

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
CUSTOM = [file for file in EXAMPLES if file.name.startswith("custom_")]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_runs(file):
    if "dask" in file.stem:
        pytest.importorskip("distributed")
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "right" in done.stdout or "after" in done.stdout


@pytest.mark.parametrize("file", CUSTOM, ids=lambda file: file.stem)
def test_a_network_with_a_part_of_ones_own_learns(file):
    assert runpy.run_path(str(file))["main"]() >= 0.93


@pytest.mark.parametrize("file", CUSTOM, ids=lambda file: file.stem)
def test_the_documentation_shows_the_same_code(file):
    page = (ROOT / "docs/custom.md").read_text()
    (shown,) = (code for code in re.findall(r"```python\n(.*?)```", page, re.S) if f"# {file.name}\n" in code)
    part = shown.split(f"# {file.name}\n", 1)[1].strip()
    assert part in file.read_text()


def test_tasks_of_a_slurm_array_read_every_file_once(tmp_path):
    names = []
    for text in ("2063", "38", "5"):
        names.append(saved(tmp_path / f"{text}.png", paper(text)))
    (tmp_path / "files.txt").write_text("\n".join(map(str, names)))
    command = tmp_path / "bin" / "byhand"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m byhand "$@"\n')
    command.chmod(0o755)
    path = {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "SLURM_ARRAY_TASK_COUNT": "2"}
    for task in ("1", "2", "2"):  # the second one twice: it skips what it has
        call = ["bash", ROOT / "examples/read_on_slurm.sh", tmp_path / "files.txt", tmp_path / "parts"]
        subprocess.run(call, check=True, env=os.environ | path | {"SLURM_ARRAY_TASK_ID": task}, timeout=120)
    pages = [json.loads(line) for part in "12" for line in (tmp_path / f"parts/{part}.jsonl").read_text().splitlines()]
    assert [Path(page["file"]).stem for page in pages] == ["2063", "5", "38"]
    assert [page["text"] for page in pages] == ["2063", "5", "38"]


def test_the_checks_catch_faults_in_parts_of_ones_own():
    layer = runpy.run_path(str(ROOT / "examples/custom_layer.py"))["PReLU"]
    loss = runpy.run_path(str(ROOT / "examples/custom_loss.py"))["LogCosh"]

    class Forgets(layer):
        def backward(self, ops, at):
            at.g.a[...] = 0
            super().backward(ops, at)
            at.g.a *= 2

    class Unlike(loss):
        def derive(self, ops, at):
            super().derive(ops, at)
            at.dy *= 1.01

    with pytest.raises(AssertionError, match="da"):
        check_layer(Forgets(), (7,))
    with pytest.raises(AssertionError, match="dy"):
        check_loss(Unlike(), 3)


def test_a_program_that_does_not_know_the_layer_is_told_to_import_it(tmp_path):
    layer = runpy.run_path(str(ROOT / "examples/custom_layer.py"))["PReLU"]
    file = tmp_path / "mine.safetensors"
    bh.Network(4, [bh.Dense(3), layer(), bh.Dense(2)], bh.CategoricalCrossEntropy()).save(file)
    code = f"import byhand; byhand.Network.load({str(file)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "import its module first" in done.stderr.splitlines()[-1]
