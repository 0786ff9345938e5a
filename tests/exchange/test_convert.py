"""byhand convert, and foreign models in the commands."""

import json

import numpy as np
import pytest

import byhand as b
from byhand.cli.main import main
from byhand.exchange.loading import any_network
from byhand.reading.reader import Reader
from tests.images import write_blocks

pytest.importorskip("onnx")


@pytest.fixture
def command(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["byhand", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, capsys.readouterr()

    return run


def small(path=None):
    layers = [b.Conv2D(2), b.ReLU(), b.MaxPool2D(4), b.Flatten(), b.Dense(10)]
    net = b.Network((28, 28, 1), layers, b.CategoricalCrossEntropy(), rng=1, inputs="grey levels")
    if path:
        net.save(path)
    return net


def test_there_and_back(command, tmp_path):
    net = small(tmp_path / "a.safetensors")
    assert command("convert", tmp_path / "a.safetensors", tmp_path / "b.onnx")[0] == 0
    status, captured = command("convert", tmp_path / "b.onnx", tmp_path / "c.safetensors", "--json")
    assert status == 0
    assert json.loads(captured.out)["layers"][:2] == ["Conv2D(2, 3 × 3)", "ReLU"]
    back = b.Network.load(tmp_path / "c.safetensors")
    x = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)
    assert back.inputs == "grey levels"
    assert np.allclose(back.predict_proba(x), net.predict_proba(x), atol=1e-6)


def test_commands_take_onnx_files(command, tmp_path):
    small(tmp_path / "a.safetensors")
    command("convert", tmp_path / "a.safetensors", tmp_path / "a.onnx")
    data = write_blocks(tmp_path / "data")
    ours = command("evaluate", tmp_path / "a.safetensors", "--data", data, "--json")[1].out
    theirs = command("evaluate", tmp_path / "a.onnx", "--data", data, "--json")[1].out
    first, second = json.loads(ours), json.loads(theirs)
    assert first["confusion"] == second["confusion"]
    assert "Conv2D(2, 3 × 3)" in command("explain", tmp_path / "a.onnx")[1].out
    assert Reader(tmp_path / "a.onnx").network.outputs == 10


def test_fine_tuning(tmp_path):
    from byhand.exchange.onnx.exporting import save_onnx

    rng = np.random.default_rng(0)
    x, t = rng.random((40, 28, 28, 1)), rng.integers(0, 10, 40)
    save_onnx(small(), tmp_path / "a.onnx")
    net = any_network(tmp_path / "a.onnx")
    history = b.fit(net, x, t, epochs=15, optimizer=b.Adam(0.01), progress=False)
    assert history["loss"][-1] < 0.8 * history["loss"][0]


def test_mistakes_in_one_sentence(command, tmp_path):
    small(tmp_path / "a.safetensors")
    b.Network(4, [b.Dense(2)], b.MSE()).save(tmp_path / "plain.safetensors")
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    for arguments, words in (
        ((tmp_path / "a.safetensors", tmp_path / "b.tflite"), ".safetensors or .onnx"),
        ((tmp_path / "missing.onnx", tmp_path / "b.safetensors"), "no such model file or run folder"),
        ((tmp_path / "bad.onnx", tmp_path / "b.safetensors"), "not a readable ONNX file"),
        ((tmp_path / "plain.safetensors", tmp_path / "b.onnx", "--range", 1, 1), "two different numbers"),
        ((tmp_path / "a.safetensors", tmp_path / "b.onnx", "--range", 0, 255), "from 0 to 1; leave out --range"),
        ((tmp_path / "a.safetensors", tmp_path / "b.onnx", "--shape", "a,b"), "1,28,28"),
    ):
        status, captured = command("convert", *arguments)
        assert status == 2
        assert words in captured.err
        assert not (tmp_path / "b.onnx").exists()


def test_weights_of_pytorch(command, tmp_path):
    net = b.Network(
        (28, 28, 1), b.recipes.RECIPES["conv"].layers, b.CategoricalCrossEntropy(), rng=3, inputs="grey levels"
    )
    net.save(tmp_path / "a.safetensors")
    assert command("convert", tmp_path / "a.safetensors", tmp_path / "s.safetensors", "--state-dict")[0] == 0
    status, captured = command("convert", tmp_path / "s.safetensors", tmp_path / "c.safetensors", "--like", "conv")
    assert status == 0
    assert "Dense(128) (layer 7) ← 7: 128 × 1568, 128" in captured.out
    assert np.array_equal(b.Network.load(tmp_path / "c.safetensors").theta, net.theta)
    status, captured = command("convert", tmp_path / "s.pt", tmp_path / "c.onnx")
    assert status == 2
    assert "--like" in captured.err
