"""Mistakes: each is refused with one clear sentence that says what is wrong and where; nothing is half-done."""

import errno
import json
import os

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from byhand import (
    ELU,
    MSE,
    Adam,
    BinaryCrossEntropy,
    ByhandError,
    CategoricalCrossEntropy,
    CosineAnnealing,
    Dense,
    ExponentialDecay,
    Flatten,
    Glorot,
    GradientDescent,
    He,
    LeakyReLU,
    Network,
    Normal,
    QuadraticCost,
    ReLU,
    Sigmoid,
    Softmax,
    Step,
    StepDecay,
    Uniform,
    evaluate,
    fit,
)
from byhand.core.config import from_config
from byhand.metrics import accuracy, confusion_matrix

X = np.random.default_rng(0).standard_normal((12, 4))
Y = np.arange(12) % 3


def make(loss=None, outputs=3, inputs=4, dtype=np.float32):
    return Network(
        inputs, [Dense(5), ReLU(), Dense(outputs)], loss or CategoricalCrossEntropy(), dtype=dtype, task="classes"
    )


def train(x=X, y=Y, network=None, **options):
    return lambda: fit(network or make(), x, y, **{"epochs": 1, "progress": False} | options)


def one_wrong(at, value, array=X):
    array = np.array(array, float)
    array[at] = value
    return array


def sentence(call):
    """The words with which `call` is refused."""
    with pytest.raises(ByhandError) as caught:
        call()
    words = str(caught.value)
    assert words.endswith("."), words
    assert "\n" not in words, words
    assert 15 < len(words) < 400, words
    assert "Traceback" not in words, words
    return words


PLANES = Network((2, 1, 2), [Flatten(), Dense(3)], CategoricalCrossEntropy())
IMAGES = Network((2, 2, 1), [Flatten(), Dense(3)], CategoricalCrossEntropy())
TARGETS = np.full((12, 3), 1 / 3)

REFUSALS = {
    # what goes in
    "wrong width": (lambda: make().predict(np.zeros((5, 3))), ["(n, 4)", "(5, 3)"]),
    "one sample without batch axis": (lambda: make().predict(X[0]), ["(n, 4)", "x[None]"]),
    "one image without batch axis": (lambda: IMAGES.predict(np.zeros((2, 2, 1))), ["x[None]"]),
    "rows for a network of images": (lambda: PLANES.predict(X), ["(n, 2, 1, 2)", "x.reshape((-1, 2, 1, 2))"]),
    "images for a network of rows": (lambda: make().predict(np.zeros((5, 2, 2))), ["x.reshape((-1, 4))"]),
    "columns instead of rows": (lambda: make().predict(X.T), ["(n, 4)", "(4, 12)"]),
    "a number": (lambda: make().predict(3.0), ["(n, 4)", "()"]),
    "nothing": (lambda: make().predict(None), ["(n, 4)"]),
    "text": (lambda: make().predict(np.full((2, 4), "a")), ["real numbers", "U1"]),
    "complex numbers": (lambda: make().predict(X + 1j), ["real numbers", "complex"]),
    "objects": (lambda: make().predict(np.full((2, 4), None)), ["real numbers", "object"]),
    "NaN": (lambda: make().predict(one_wrong((3, 1), np.nan)), ["Sample 3", "nan", "(1,)"]),
    "infinity": (lambda: make().predict(one_wrong((7, 0), -np.inf)), ["Sample 7", "-inf"]),
    "infinities of both signs": (lambda: make().predict(one_wrong((7, [0, 1]), [np.inf, -np.inf])), ["Sample 7"]),
    "too large for float32": (lambda: make().predict(one_wrong((7, 0), 1e300)), ["Sample 7"]),
    "forward checks too": (lambda: make().forward(X[:, :2]), ["(n, 4)"]),
    "wrong width at fit": (train(X[:, :3]), ["(n, 4)", "(12, 3)"]),
    "wrong width of bytes at fit": (train(np.zeros((12, 5), np.uint8)), ["(n, 4)", "(12, 5)"]),
    "wrong width at fit, full batch": (train(X[:, :3], batch_size=None), ["(n, 4)", "(12, 3)"]),
    "NaN at fit": (train(one_wrong((2, 2), np.nan)), ["Sample 2", "nan"]),
    "no samples": (train(X[:0], Y[:0]), ["no samples"]),
    "no samples, full batch": (train(X[:0], Y[:0], batch_size=None), ["no samples"]),
    "no samples at evaluate": (lambda: evaluate(make(), X[:0], Y[:0]), ["no samples"]),
    "backward before forward": (lambda: make().backward(TARGETS), ["forward"]),
    # labels and targets
    "label too large": (train(y=one_wrong(5, 3, Y).astype(int)), ["Label 3", "sample 5", "0 to 2"]),
    "label below zero": (train(y=one_wrong(0, -1, Y).astype(int)), ["Label -1", "sample 0"]),
    "label 2 for one output": (train(y=Y, network=make(BinaryCrossEntropy(), 1)), ["Label 2", "0 to 1", "1 output "]),
    "labels as floats": (train(y=Y + 0.5), ["(12,)", "whole numbers"]),
    "labels as text": (train(y=np.array(["no", "yes"])[Y % 2]), ["2 names (no, yes)", "3 classes", "classes=[...]"]),
    "labels as objects": (train(y=np.full(12, None)), ["number 0 is missing"]),
    "no labels": (train(y=None), ["no labels", "x and y"]),
    "fewer labels than samples": (train(y=Y[:11]), ["12 samples", "(11,)"]),
    "more labels than samples": (train(X[:5]), ["5 samples", "(12,)"]),
    "infinite target": (train(y=one_wrong((4, 0), np.inf, TARGETS)), ["sample 4", "finite"]),
    "NaN label": (train(y=one_wrong(6, np.nan, Y)), ["sample 6", "finite"]),
    "too many columns of targets": (train(y=np.eye(4)[Y]), ["(12, 4)", "3 outputs"]),
    "targets of images": (train(y=np.zeros((12, 3, 1))), ["(12, 3, 1)"]),
    "targets that sum to two": (train(y=one_wrong((3, 0), 4 / 3, TARGETS)), ["sample 3", "sum is 2", "Binary"]),
    "negative probability": (train(y=one_wrong((2, slice(None)), [-0.5, 0.5, 1], TARGETS)), ["sample 2", "negative"]),
    "several labels at once": (train(y=np.ones((12, 3), int)), ["distribution", "BinaryCrossEntropy"]),
    "log loss of 1.5": (
        train(y=one_wrong((3, 1), 1.5, TARGETS), network=make(BinaryCrossEntropy())),
        ["1.5", "sample 3", "output 1", "[0, 1]"],
    ),
    "softmax over one output": (train(y=Y * 0, network=make(outputs=1)), ["single output", "BinaryCrossEntropy"]),
    "evaluate without classes": (lambda: evaluate(make(BinaryCrossEntropy()), X, TARGETS % 1), ["class numbers"]),
    "validation labels": (train(validation=(X, Y + 1)), ["Label 3", "sample 2"]),
    "validation shapes": (train(validation=(X[:, :2], Y)), ["(n, 4)"]),
    "empty validation": (train(validation=(X[:0], Y[:0])), ["no samples"]),
    # sample weights
    "negative weight": (train(sample_weight=one_wrong(3, -1, np.ones(12))), ["sample 3", "-1"]),
    "NaN weight": (train(sample_weight=one_wrong(3, np.nan, np.ones(12))), ["sample 3", "nan"]),
    "weights all zero": (train(sample_weight=np.zeros(12)), ["zero"]),
    "too few weights": (train(sample_weight=np.ones(11)), ["(11,)", "12 samples"]),
    "weights in a column": (train(sample_weight=np.ones((12, 1))), ["(12, 1)", "12 samples"]),
    # how to train
    "no epochs": (train(epochs=0), ["epochs", "at least 1", "0"]),
    "half an epoch": (train(epochs=1.5), ["epochs", "1.5"]),
    "epochs as text": (train(epochs="10"), ["epochs", "'10'"]),
    "negative batch size": (train(batch_size=-32), ["batch_size", "-32"]),
    "batch size zero": (train(batch_size=0), ["batch_size", "0"]),
    "batch size as text": (train(batch_size="all"), ["batch_size", "'all'"]),
    "optimiser by name": (train(optimizer="adam"), ["optimiser", "Adam()", "'adam'"]),
    "optimiser's class": (train(optimizer=Adam), ["optimiser", "Adam()"]),
    "rate as text": (lambda: GradientDescent("0.1"), ["learning rate", "number", "'0.1'"]),
    "rate as text, Adam": (lambda: Adam("fast"), ["learning rate", "number"]),
    "negative rate": (lambda: GradientDescent(-0.1), ["learning rate", "-0.1"]),
    "NaN rate": (lambda: Adam(float("nan")), ["learning rate", "nan"]),
    "True as rate": (lambda: Adam(True), ["learning rate", "True"]),
    "beta of one": (lambda: Adam(beta1=1.0), ["beta1", "1.0"]),
    "negative beta": (lambda: Adam(beta2=-0.1), ["beta2"]),
    "negative epsilon": (lambda: Adam(epsilon=-1e-8), ["epsilon"]),
    "schedule every 0 epochs": (lambda: StepDecay(0.1, every=0), ["every"]),
    "schedule that grows": (lambda: StepDecay(0.1, factor=2), ["factor"]),
    "negative decay": (lambda: ExponentialDecay(0.1, -1), ["decay"]),
    "floor above the rate": (lambda: CosineAnnealing(0.1, 0.2), ["floor", "0.2"]),
    # the network
    "no units": (lambda: Dense(0), ["units", "at least 1"]),
    "units as text": (lambda: Dense("30"), ["units", "'30'"]),
    "units as float": (lambda: Dense(30.0), ["units", "30.0"]),
    "initialiser by name": (lambda: Dense(3, "he"), ["weights", "'he'", "Glorot()"]),
    "unknown distribution": (lambda: Glorot("triangle"), ["uniform", "normal", "triangle"]),
    "unknown distribution, He": (lambda: He("gauss"), ["uniform", "normal", "gauss"]),
    "negative deviation": (lambda: Normal(-1), ["std", "-1"]),
    "limits the wrong way round": (lambda: Uniform(1, 0), ["high"]),
    "negative slope above 1": (lambda: LeakyReLU(2), ["negative_slope"]),
    "negative alpha": (lambda: ELU(-1), ["alpha"]),
    "smoothing above 1": (lambda: CategoricalCrossEntropy(1.5), ["label_smoothing", "1.5"]),
    "smoothing below 0": (lambda: BinaryCrossEntropy(-0.1), ["label_smoothing"]),
    "images into Dense": (
        lambda: Network((28, 28, 1), [Dense(10)], MSE()),
        ["Layer 1", "Dense(10)", "(28, 28, 1)", "Flatten()"],
    ),
    "images into Softmax": (
        lambda: Network((2, 2, 1), [ReLU(), Softmax(), Flatten()], MSE()),
        ["Layer 2", "Softmax", "Flatten()"],
    ),
    "images out": (lambda: Network((2, 2, 1), [ReLU()], MSE()), ["last layer", "(2, 2, 1)", "Flatten()"]),
    "softmax twice": (
        lambda: Network(4, [Dense(3), Softmax()], CategoricalCrossEntropy()),
        ["contains softmax", "leave"],
    ),
    "no layers": (lambda: Network(4, [], MSE()), ["at least one layer"]),
    "a layer's class": (lambda: Network(4, [Dense], MSE()), ["layer", "Dense(10)"]),
    "a number for a layer": (lambda: Network(4, [30, 10], MSE()), ["layer", "30"]),
    "a loss by name": (lambda: Network(4, [Dense(3)], "mse"), ["loss", "'mse'"]),
    "no inputs": (lambda: Network(0, [Dense(3)], MSE()), ["input shape", "0"]),
    "a negative side": (lambda: Network((28, -28), [Flatten(), Dense(3)], MSE()), ["input shape", "-28"]),
    "half precision": (lambda: Network(4, [Dense(3)], MSE(), dtype=np.float16), ["float32", "float16"]),
    "two names for three classes": (lambda: Network(4, [Dense(3)], MSE(), classes="ab"), ["2 class names", "3"]),
    "training through a step": (
        train(network=Network(4, [Dense(5), Step(), Dense(3)], CategoricalCrossEntropy())),
        ["step", "Sigmoid()"],
    ),
    "infinite deviation": (lambda: Normal(float("inf")), ["std"]),
    "infinite limits": (lambda: Network(4, [Dense(3, Uniform(float("-inf"), 0))], MSE()), ["low"]),
    "infinite alpha": (lambda: ELU(float("inf")), ["alpha"]),
    "infinite rate": (lambda: GradientDescent(float("inf")), ["learning rate"]),
    # counting
    "lengths that differ": (lambda: accuracy(Y, Y[:5]), ["pair up"]),
    "nothing to count": (lambda: accuracy([], []), ["no samples"]),
    "label outside the matrix": (lambda: confusion_matrix(Y, Y + 1, 3), ["0 to 2", "3 classes"]),
    "negative label in the matrix": (lambda: confusion_matrix(Y - 1, Y, 3), ["0 to 2"]),
    # descriptions
    "unknown kind": (lambda: from_config({"kind": "Dens"}, "a.toml"), ["a.toml", "'Dens'", "Dense"]),
    "no kind": (lambda: from_config({"units": 3}, "a.toml"), ["a.toml", "None"]),
    "unknown field": (lambda: from_config({"kind": "Dense", "unit": 3}, "a.toml"), ["a.toml", "'unit'", "units"]),
    "missing field": (lambda: from_config({"kind": "Dense"}, "a.toml"), ["a.toml", "'units'"]),
    "field refused": (lambda: from_config({"kind": "Dense", "units": 0}, "a.toml"), ["a.toml", "Dense", "units"]),
}


@pytest.mark.parametrize(("call", "words"), REFUSALS.values(), ids=REFUSALS)
def test_refused_in_one_sentence(call, words):
    said = sentence(call)
    for word in words:
        assert word in said, said


# Where NumPy or Python would speak first.
BARE_ERRORS = {
    "rows of different lengths": (lambda: make().predict([[1, 2, 3, 4], [1, 2]]), ["samples", "differ in length"]),
    "labels of different lengths": (train(y=[[0, 1], [1]] * 6), ["label"]),
    "weights as text": (train(sample_weight=["a"] * 12), ["weight"]),
    "validation without labels": (train(validation=X), ["validation"]),
    "a lone layer": (lambda: Network(4, Dense(3), MSE()), ["layer"]),
    "an input shape as float": (lambda: Network(4.0, [Dense(3)], MSE()), ["input shape"]),
    "an unknown dtype": (lambda: Network(4, [Dense(3)], MSE(), dtype="single precision"), ["float32"]),
    "float labels to be counted": (lambda: confusion_matrix(Y * 1.0, Y, 3), ["whole"]),
}


@pytest.mark.parametrize(("call", "words"), BARE_ERRORS.values(), ids=BARE_ERRORS)
def test_refused_before_numpy_or_python_complains(call, words):
    said = sentence(call)
    assert all(word in said for word in words), said


@pytest.mark.parametrize("options", [{"y": Y + 1}, {"x": X[:, :2]}, {"epochs": 0}, {"sample_weight": -Y}], ids=str)
@pytest.mark.parametrize("batch_size", [4, None])
def test_a_refused_fit_leaves_the_network_as_it_was(options, batch_size):
    network = make()
    before = network.theta.copy()
    sentence(train(**{"network": network, "batch_size": batch_size} | options))
    np.testing.assert_array_equal(network.theta, before)


def test_whole_numbers_of_numpy_are_whole_numbers():
    fit(make(), X, Y, epochs=np.int64(1), batch_size=np.int32(4), progress=False)
    assert Dense(np.int64(3)) == Dense(3)


# ---- model files ------------------------------------------------------------------------------------------------


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


# ---- disks ------------------------------------------------------------------------------------------------------

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
