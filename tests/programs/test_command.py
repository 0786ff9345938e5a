"""byhand explain --as."""

import gzip
import re
import subprocess
import sys

import pytest

from byhand.cli.main import main
from byhand.explaining.programs import program
from byhand.reader_training.networks import row_network
from byhand.recipes import RECIPES
from byhand.recipes.programs import recipe_network, recipe_setup
from tests.images import write_blocks


def test_explain_as_a_program(monkeypatch, capsys, tmp_path):
    def byhand(*arguments):
        monkeypatch.setattr("sys.argv", ["byhand", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, capsys.readouterr().out

    status, out = byhand("explain", "conv", "--as", "numpy")
    assert status == 0
    assert "EPOCHS = 5\nBATCH = 128\n" in out
    assert "Not in this program: samples held back" in out.replace("\n", " ")
    data = write_blocks(tmp_path / "data")
    byhand("train", "nielsen", "--data", data, "--epochs", 2, "--lr", 0.5, "--no-plots", "--out", tmp_path / "run")
    _, out = byhand("explain", tmp_path / "run", "--as", "pytorch")
    assert "EPOCHS = 2\n" in out
    assert "return 0.5" in out
    assert byhand("explain", "conv", "--as", "cobol")[0] == 2
    reader = tmp_path / "row.safetensors"
    row_network(0).save(reader)
    for language in ("numpy", "pytorch", "keras", "jax"):
        status, out = byhand("explain", reader, "--as", language)
        assert status == 0
        assert "rows = RowPictures(" in out
        assert ("label_paths" if language in ("numpy", "jax") else "ctc_loss") in out


def run_beside(folder, text):
    """Run a program in a folder."""
    (folder / "program.py").write_text(text)
    return subprocess.run([sys.executable, "-P", "program.py"], cwd=folder, capture_output=True, text=True)


def test_a_program_without_its_data_says_what_is_missing(tmp_path):
    nowhere = program(recipe_network(RECIPES["chang"]), "numpy", recipe_setup(RECIPES["chang"]))
    nowhere = nowhere.replace("EPOCHS = 300", "EPOCHS = 1")
    nowhere = re.sub(r"https://\S+/", "http://127.0.0.1:9/mnist/", nowhere)
    end = run_beside(tmp_path, nowhere)
    folder = tmp_path / "data" / "127.0.0.1:9" / "mnist"
    assert (end.returncode, end.stdout) == (1, "")
    assert end.stderr == f"http://127.0.0.1:9/mnist/ can't be read: put its four files into {folder}.\n"
    for path in write_blocks(folder).iterdir():
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert "accuracy on the test samples: " in run_beside(tmp_path, nowhere).stdout
    end = run_beside(tmp_path, program(recipe_network(RECIPES["vowels"]), "numpy", recipe_setup(RECIPES["vowels"])))
    assert (end.returncode, end.stderr.count("\n")) == (1, 1)
    assert "vowels.npz can't be read" in end.stderr
