"""byhand explain --as."""

import pytest

from byhand.cli.main import main
from byhand.reading.row_network import row_network
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
