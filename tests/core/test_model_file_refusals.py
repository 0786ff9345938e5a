"""Model files that cannot be read or written, in one sentence each."""

import errno
import json
import os

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from byhand import (
    MSE,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Dense,
    Network,
    QuadraticCost,
    Sigmoid,
    Step,
)
from tests.core.refused import make, sentence, train


def described(network=None, **changes):
    """Tensors and description of a sound model file, with some of the description changed."""
    from byhand.storage import network_description

    network = network or make()
    tensors = {p.full_name: p.view(network.theta).copy() for p in network.arena.parameters}
    return tensors, network_description(network) | changes


def written(path, tensors, description):
    text = description if isinstance(description, str) else json.dumps(description)
    save_file(tensors, path, metadata={"byhand": text})


def model(tmp_path, **changes):
    path = tmp_path / "model.safetensors"
    written(path, *described(**changes))
    return path


def layers(*configs):
    return [{"kind": "Dense", "units": 5}, {"kind": "ReLU"}, *configs]


BAD_DESCRIPTIONS = {
    "unknown kind": ({"layers": layers({"kind": "os.system", "command": "ls"})}, "unknown kind 'os.system'"),
    "kind of a number": ({"layers": layers({"kind": 5})}, "unknown kind 5"),
    "kind of a list": ({"layers": layers({"kind": ["Dense"]})}, "unknown kind"),
    "no kind": ({"layers": layers({})}, "unknown kind None"),
    "an optimiser for a layer": ({"layers": layers({"kind": "Adam"})}, "damaged"),
    "a number for a layer": ({"layers": layers(3)}, "damaged"),
    "no layers": ({"layers": []}, "damaged"),
    "layers of text": ({"layers": "Dense"}, "damaged"),
    "a layer for the loss": ({"loss": {"kind": "ReLU"}}, "damaged"),
    "no loss": ({"loss": None}, "damaged"),
    "no input shape": ({"input_shape": None}, "damaged"),
    "an input shape of text": ({"input_shape": ["4"]}, "damaged"),
    "a negative input": ({"input_shape": [-4]}, "damaged"),
    "huge units": ({"layers": layers({"kind": "Dense", "units": 10**15})}, "tensor 2.W has shape [5, 3]"),
    "huger units": ({"layers": layers({"kind": "Dense", "units": 10**100})}, "tensor 2.W has shape [5, 3]"),
    "a huge input": ({"input_shape": [10**15]}, "tensor 0.W has shape [4, 5]"),
    "units of text": ({"layers": layers({"kind": "Dense", "units": "3"})}, "units"),
    "no units": ({"layers": layers({"kind": "Dense", "units": 0})}, "units"),
    "an unknown field": ({"layers": layers({"kind": "Dense", "units": 3, "run": "ls"})}, "no field 'run'"),
    "a missing field": ({"layers": layers({"kind": "Dense"})}, "needs the field 'units'"),
    "a layer as initialiser": (
        {"layers": layers({"kind": "Dense", "units": 3, "weights": {"kind": "ReLU"}})},
        "weights",
    ),
    "another width": ({"layers": layers({"kind": "Dense", "units": 4})}, "tensor 2.W has shape [5, 3]"),
    "a layer more": ({"layers": [*layers(), *layers()]}, "tensor 2.W"),
    "a layer less": ({"layers": layers()}, "tensor 2.W has shape [5, 3]"),
    "newer format": ({"format": 99}, "newer"),
    "format of text": ({"format": "1"}, "damaged"),
    "class names of numbers": ({"classes": [0, 1, 2]}, "damaged"),
    "too few class names": ({"classes": ["a"]}, "1 class names"),
    "softmax twice": ({"layers": layers({"kind": "Dense", "units": 3}, {"kind": "Softmax"})}, "contains softmax"),
    "images into dense": ({"input_shape": [2, 2, 1]}, "Layer 1, Dense(5)"),
    "classes of a number": ({"classes": 5}, "damaged"),
    "classes of one text": ({"classes": "abc"}, "damaged"),
    "deep lists": ({"layers": json.loads("[" * 700 + "]" * 700)}, "damaged"),
    "deep fields": ({"layers": json.loads('[{"kind":"Dense","units":' * 400 + "3" + "}]" * 400)}, "damaged"),
}


@pytest.mark.parametrize(("changes", "words"), BAD_DESCRIPTIONS.values(), ids=BAD_DESCRIPTIONS)
def test_hostile_descriptions(tmp_path, changes, words):
    path = model(tmp_path, **changes)
    said = sentence(lambda: Network.load(path))
    assert words in said
    assert said.startswith(f"{path}: ")
    assert said.count(str(path)) == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", '"text"', "{}", "[" * 100_000, '{"format": ' + "9" * 5000 + "}", "\ud7ff"],
    ids=["empty", "cut", "list", "number", "null", "text", "nothing in it", "deep", "long number", "letters"],
)  # fmt: skip
def test_descriptions_that_are_none(tmp_path, text):
    path = tmp_path / "m"
    written(path, described()[0], text)
    assert "damaged" in sentence(lambda: Network.load(path))


def sound_bytes(tmp_path):
    make().save(tmp_path / "sound")
    return (tmp_path / "sound").read_bytes()


BAD_FILES = {
    "empty": lambda b: b"",
    "seven bytes": lambda b: b[:7],
    "header cut": lambda b: b[:60],
    "numbers cut": lambda b: b[:-5],
    "bytes too many": lambda b: b + b"12345",
    "random": lambda b: np.random.default_rng(0).bytes(1000),
    "zeros": lambda b: bytes(1000),
    "a header of 2⁶⁰ bytes": lambda b: (2**60).to_bytes(8, "little") + b[8:],
    "a picture": lambda b: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "a pickle": lambda b: b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93\x94.",
}


@pytest.mark.parametrize("spoil", BAD_FILES.values(), ids=BAD_FILES)
def test_files_that_are_no_models(tmp_path, spoil):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(spoil(sound_bytes(tmp_path)))
    said = sentence(lambda: Network.load(path))
    assert "broken.safetensors: not a readable safetensors file" in said


def test_no_such_model(tmp_path):
    assert "no such model" in sentence(lambda: Network.load(tmp_path / "m"))
    assert "no such model" in sentence(lambda: Network.load(tmp_path))


def test_another_programs_safetensors(tmp_path):
    save_file({"0.W": np.zeros((4, 5))}, tmp_path / "m")
    assert "not one that byhand wrote" in sentence(lambda: Network.load(tmp_path / "m"))
    save_file({"0.W": np.zeros((4, 5))}, tmp_path / "m", metadata={"format": "pt"})
    assert "not one that byhand wrote" in sentence(lambda: Network.load(tmp_path / "m"))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["0.W", "2.b"])
def test_weights_that_are_no_numbers(tmp_path, name, value):
    tensors, description = described()
    tensors[name].flat[1] = value
    written(tmp_path / "m", tensors, description)
    assert "not finite" in sentence(lambda: Network.load(tmp_path / "m"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("2.b"), "tensor 2.b has shape none"),
        (lambda t: t.update({"3.W": np.zeros(2, np.float32)}), "tensor 3.W has shape [2], but"),
        (lambda t: t.update({"0.W": t["0.W"].T.copy()}), "tensor 0.W has shape [5, 4]"),
        (lambda t: t.update({"0.b": t["0.b"][:, None].copy()}), "tensor 0.b has shape [5, 1]"),
    ],
    ids=["missing", "too many", "transposed", "column"],
)  # fmt: skip
def test_tensors_that_do_not_fit(tmp_path, change, words):
    tensors, description = described()
    change(tensors)
    written(tmp_path / "m", tensors, description)
    assert words in sentence(lambda: Network.load(tmp_path / "m"))


def test_nothing_is_allocated_for_a_hostile_description(tmp_path):
    import tracemalloc

    path = model(tmp_path, layers=layers({"kind": "Dense", "units": 10**8}))
    sentence(lambda: Network.load(path))
    tracemalloc.start()
    sentence(lambda: Network.load(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["fsync", "replace", "fdopen", "chmod"])
@pytest.mark.parametrize("before", [None, b"what was there"], ids=["new", "old file"])
def test_a_full_disk_changes_nothing(tmp_path, monkeypatch, step, before):
    path = tmp_path / "model.safetensors"
    if before:
        path.write_bytes(before)

    def full(*_, **__):
        raise FULL

    monkeypatch.setattr(os, step, full)
    said = sentence(lambda: make().save(path))
    monkeypatch.undo()
    assert "model.safetensors: cannot be written (No space left on device)" in said
    assert [p.name for p in tmp_path.iterdir()] == ([path.name] if before else [])
    assert not before or path.read_bytes() == before


def test_a_disk_that_fills_while_writing(tmp_path, monkeypatch):
    import io

    class Filling(io.FileIO):
        def write(self, data):
            super().write(data[:100])
            raise FULL

    monkeypatch.setattr(os, "fdopen", lambda descriptor, mode: Filling(descriptor, mode))
    assert "No space left" in sentence(lambda: make().save(tmp_path / "m"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be written" in sentence(lambda: make().save(tmp_path / "file" / "model"))
    assert "cannot be written" in sentence(lambda: make().save(tmp_path))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    assert "cannot be written (Permission denied)" in sentence(lambda: make().save(tmp_path / "m"))
    tmp_path.chmod(0o700)


def test_a_read_only_folder_simulated(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    assert "cannot be written (Permission denied)" in sentence(lambda: make().save(tmp_path / "m"))


UNSAVABLE = {
    "in long whole numbers": (lambda n: None, np.int16, "float16"),
    "too large for half precision": (lambda n: n.theta.fill(1e5), np.float16, "float16"),
    "not a number": (lambda n: n.theta.fill(np.nan), None, "finite"),
}


@pytest.mark.parametrize(("spoil", "dtype", "words"), UNSAVABLE.values(), ids=UNSAVABLE)
def test_a_model_that_could_not_be_read_again_is_not_written(tmp_path, spoil, dtype, words):
    network = make()
    spoil(network)
    assert words in sentence(lambda: network.save(tmp_path / "m", dtype))
    assert list(tmp_path.iterdir()) == []


def test_the_sound_file_of_these_tests_is_sound(tmp_path):
    np.testing.assert_array_equal(Network.load(model(tmp_path)).theta, make().theta)
    assert load_file(model(tmp_path)).keys() == {"0.W", "0.b", "2.W", "2.b"}


def test_losses_and_layers_that_are_fine_are_not_refused():
    for loss in (QuadraticCost(), MSE(), BinaryCrossEntropy(), CategoricalCrossEntropy()):
        train(network=make(loss))()
    train(network=Network(4, [Step(), Dense(3), Sigmoid()], MSE()))()  # nothing is learnt before a step
