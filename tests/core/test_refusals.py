"""Mistakes: each is refused with one clear sentence that says what is wrong and where; nothing is half-done."""

import numpy as np
import pytest

from byhand import (
    ELU,
    MSE,
    Adam,
    BinaryCrossEntropy,
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
    ReLU,
    Softmax,
    Step,
    StepDecay,
    Uniform,
    evaluate,
    fit,
)
from byhand.core.config import from_config
from byhand.metrics import accuracy, confusion_matrix
from tests.core.refused import IMAGES, PLANES, TARGETS, X, Y, make, one_wrong, sentence, train

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
