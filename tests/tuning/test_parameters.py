"""Names of parameters lead to the right places of a recipe."""

from dataclasses import replace

import pytest

import byhand as bh
from byhand.data.augment import Augment, Rotate
from byhand.recipes import RECIPES
from byhand.regularizers import L2, MaxNorm
from byhand.tuning import Space, with_parameters
from byhand.tuning.parameters import parameter_names

DENSE = RECIPES["dense"]
D, R = bh.Dense, bh.ReLU()
CASES = {
    "epochs": ({"epochs": 3}, {"epochs": 3}),
    "batch size": ({"batch_size": 64}, {"batch_size": 64}),
    "all at once": ({"batch_size": 0}, {"batch_size": None}),
    "a field": ({"optimizer.beta1": 0.8}, {"optimizer": replace(DENSE.optimizer, beta1=0.8)}),
    "a rate for a schedule": ({"optimizer.learning_rate": 0.3}, {"optimizer": bh.Adam(0.3)}),
    "a schedule's rate": ({"optimizer.learning_rate.rate": 0.3}, {"optimizer": bh.Adam(bh.CosineAnnealing(0.3))}),
    "a schedule as a table": (
        {"optimizer.learning_rate": {"kind": "StepDecay", "rate": 1.0}},
        {"optimizer": bh.Adam(bh.StepDecay(1.0))},
    ),
    "another optimizer": ({"optimizer": "Momentum"}, {"optimizer": bh.Momentum()}),
    "another optimizer and its fields": (
        {"optimizer.momentum": 0.5, "optimizer": "Momentum", "optimizer.learning_rate": 0.2},
        {"optimizer": bh.Momentum(0.2, 0.5)},
    ),
    "an optimizer as a table": ({"optimizer": {"kind": "Adam", "beta1": 0.5}}, {"optimizer": bh.Adam(beta1=0.5)}),
    "an optimizer as it is": ({"optimizer": bh.Lion()}, {"optimizer": bh.Lion()}),
    "smoothing": ({"loss.label_smoothing": 0.1}, {"loss": bh.CategoricalCrossEntropy(0.1)}),
    "another loss": ({"loss": "MSE"}, {"loss": bh.MSE()}),
    "sizes": ({"hidden": [30, 20, 5]}, {"layers": (*[x for n in (30, 20, 5) for x in (D(n, bh.He()), R)], D(10))}),
    "one size": ({"hidden": 30}, {"layers": (D(30, bh.He()), R, D(10))}),
    "activation": ({"activation": "Tanh"}, {"layers": (D(256, bh.He()), bh.Tanh(), D(128, bh.He()), bh.Tanh(), D(10))}),
    "activation, its field and sizes": (
        {"activation.negative_slope": 0.2, "hidden": [7], "activation": "LeakyReLU"},
        {"layers": (D(7, bh.He()), bh.LeakyReLU(0.2), D(10))},
    ),
    "start": (
        {"initializer": "Normal", "initializer.std": 0.3},
        {"layers": (D(256, bh.Normal(0.3)), R, D(128, bh.Normal(0.3)), R, D(10, bh.Normal(0.3)))},
    ),
    "a layer's field": ({"layers.2.units": 99}, {"layers": (D(256, bh.He()), R, D(99, bh.He()), R, D(10))}),
    "other layers": (
        {"layers": [{"kind": "Dense", "units": 9}, "ReLU", {"kind": "Dense", "units": 10}]},
        {"layers": (D(9), R, D(10))},
    ),
    "regularizers": (
        {"regularizers": [{"kind": "L2", "rate": 0.1}, {"kind": "MaxNorm", "limit": 3.0}], "regularizers.1.limit": 2.0},
        {"regularizers": (L2(0.1), MaxNorm(2.0))},
    ),
    "augmentation": ({"augment": "digits"}, {"augment": Augment.digits()}),
    "no augmentation": ({"augment": "none"}, {"augment": None}),
    "augmentation as a table": (
        {"augment": {"kind": "Augment", "steps": [{"kind": "Rotate", "degrees": 5.0}]}},
        {"augment": Augment((Rotate(5.0),))},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_parameter_changes_this_and_nothing_else(name):
    parameters, changes = CASES[name]
    assert with_parameters(DENSE, parameters) == replace(DENSE, **changes)


def test_outputs_keep_their_activation():
    layers = with_parameters(RECIPES["nielsen"], {"activation": "ReLU"}).layers
    assert (layers[1], layers[3]) == (bh.ReLU(), bh.Sigmoid())


def test_every_name_that_is_listed_may_be_set():
    names = parameter_names(DENSE)
    assert {"optimizer.learning_rate.rate", "layers.0.weights", "initializer.shape"} <= set(names)
    for name in names:
        part = {"hidden": [256, 128], "activation": R, "initializer": bh.He(), "batch_size": 128}.get(name, DENSE)
        for step in name.split(".") if part is DENSE else ():
            part = part[int(step)] if step.isdecimal() else getattr(part, step, None)
        if part is not None and name != "initializer":
            assert with_parameters(DENSE, {name: part}) == DENSE, name


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"optimizer.learningrate": 1}, "the nearest are optimizer.learning_rate"),
        ({"hiden": [1]}, "nearest are hidden"),
        ({"layers.9.units": 1}, "layers.0.units"),
        ({"optimizer.learning_rate.rate.x": 1}, "There is no parameter"),
        ({"epochs.x": 1}, "There is no parameter"),
        ({"epochs": 0}, "epochs: epochs must be a whole number"),
        ({"batch_size": -1}, "batch_size"),
        ({"hidden": []}, "at least one size"),
        ({"hidden": [16, 0]}, "hidden"),
        ({"optimizer": "Adamm"}, "nearest known are Adam"),
        ({"optimizer": "ReLU"}, "optimizer: 'ReLU' is not of the type Optimizer"),
        ({"optimizer.learning_rate": -1.0}, "optimizer.learning_rate:"),
        ({"regularizers": 3}, "regularizers:"),
        ({"loss.label_smoothing": 2.0}, "loss.label_smoothing:"),
        ({"activation": "Dense"}, "activation:"),
    ],
)
def test_mistakes_name_the_parameter(parameters, words):
    with pytest.raises(bh.ByhandError) as error:
        with_parameters(DENSE, parameters)
    assert words in str(error.value)


def test_a_network_without_hidden_layers_says_so():
    flat = replace(DENSE, layers=(bh.Dense(10),))
    for name, value in (("hidden", [3]), ("activation", "Tanh")):
        with pytest.raises(bh.ByhandError, match=f"^{name}: .*no hidden"):
            with_parameters(flat, {name: value})


def test_a_space_is_tried_with_every_part_that_a_parameter_may_belong_to():
    momentum = {"low": 0.5, "high": 0.9}
    Space.of({"space": {"optimizer": {"choices": ["Momentum", "Nesterov"], "momentum": momentum}}}).check(DENSE)
    with pytest.raises(bh.ByhandError, match=r"optimizer\.momentum"):
        Space.of({"space": {"optimizer": {"choices": ["Momentum", "Adam"], "momentum": momentum}}}).check(DENSE)
