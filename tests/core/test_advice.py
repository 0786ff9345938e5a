"""Every advice of a diagnosis is followed: the training that was changed so learns, and the problem is gone."""

from contextlib import suppress

import numpy as np
import pytest

from byhand import (
    ELU,
    L2,
    MSE,
    Adam,
    Augment,
    BatchNorm,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    ClipNorm,
    Dense,
    Dropout,
    EarlyStopping,
    Glorot,
    GradientDescent,
    He,
    LeakyReLU,
    Network,
    Normal,
    QuadraticCost,
    ReLU,
    Residual,
    Sigmoid,
    Tanh,
    TrainingDiverged,
    Uniform,
    Watch,
    Zeros,
    fit,
    load,
)
from byhand.data.augment import Rotate, Shift
from tests.core.diagnosed import deep, digits, small

CE = CategoricalCrossEntropy


def on_digits(layers, loss=None, optimizer=None, scale=1.0, samples=1400, seed=0, callbacks=(), **options):
    """The Watch of a training on digits, and what it reached: accuracy on training and validation samples."""
    (x, y), (x_val, y_val) = digits()
    watch, network = Watch(), Network(64, layers, loss or CE(), rng=seed)
    history = {"accuracy": [0.0], "val_accuracy": [0.0]}
    options = {"epochs": 10, "batch_size": 32} | options
    with suppress(TrainingDiverged):
        history = fit(
            network,
            x[:samples] * scale,
            y[:samples],
            validation=(x_val * scale, y_val),
            optimizer=optimizer or Adam(),
            callbacks=[watch, *callbacks],
            rng=seed,
            progress=False,
            **options,
        )
    return watch, history["accuracy"][-1], history["val_accuracy"][-1]


def sigmoids(init=None):
    init = init or Normal()
    return [Dense(30, init, init), Sigmoid(), Dense(10, init, init), Sigmoid()]


def blocks():
    return [Dense(30), *(Residual([BatchNorm(), Sigmoid(), Dense(30)]) for _ in range(5)), Dense(10)]


def normalised():
    hidden = [part for _ in range(6) for part in (Dense(30, Glorot()), BatchNorm(), Sigmoid())]
    return [*hidden, Dense(10)]


SLOW = GradientDescent(0.1)
TINY = [Dense(30, Normal(1e-4)), ReLU(), Dense(30, Normal(1e-4)), ReLU(), Dense(10, Normal(1e-4))]
LOST = {"loss": QuadraticCost(), "optimizer": GradientDescent(3.0), "batch_size": 10, "epochs": 30}

# What is wrong, the training that has it, and what the advice makes of it, one change each.
CASES = {
    "data not scaled": (
        {"layers": [Dense(30), Sigmoid(), Dense(10)], "optimizer": SLOW, "scale": 255.0},
        {"inputs from 0 to 1": {"scale": 1.0, "epochs": 30}},
    ),
    "vanishing gradients": (
        {"layers": deep(Sigmoid, Glorot()), "optimizer": GradientDescent(0.5)},
        {
            "ReLU with a He start": {"layers": deep(ReLU, He()), "optimizer": SLOW},
            "batch normalisation": {"layers": normalised()},
            "residual blocks": {"layers": blocks(), "optimizer": SLOW},
            "fewer layers": {"layers": deep(Sigmoid, Glorot(), 1)},
        },
    ),
    "exploding gradients": (
        {"layers": deep(ReLU, Normal(0.6)), "optimizer": GradientDescent(0.1)},
        {
            "smaller starting weights": {"layers": deep(ReLU, He())},
            "batch normalisation": {
                "layers": [
                    *(part for _ in range(6) for part in (Dense(30, Normal(0.6)), BatchNorm(), ReLU())),
                    Dense(10),
                ],
                "epochs": 20,
            },
        },
    ),
    "dead ReLUs": (
        {"layers": [Dense(50, He(), Uniform(-9, -5)), ReLU(), Dense(10)]},
        {
            "biases that start at 0": {"layers": [Dense(50, He()), ReLU(), Dense(10)]},
            "LeakyReLU": {
                "layers": [Dense(50, He(), Uniform(-9, -5)), LeakyReLU(), Dense(10)],
                "epochs": 40,
            },
            "ELU": {"layers": [Dense(50, He(), Uniform(-9, -5)), ELU(), Dense(10)], "epochs": 40},
            "batch normalisation": {"layers": [Dense(50, He(), Uniform(-9, -5)), BatchNorm(), ReLU(), Dense(10)]},
        },
    ),
    "dead ReLUs (by large steps)": (
        {"layers": small(), "optimizer": GradientDescent(8.0)},
        {
            "a tenth of the rate, and again": {"optimizer": GradientDescent(0.08)},
            "LeakyReLU, and a tenth": {
                "layers": [Dense(50, He()), LeakyReLU(), Dense(50, He()), LeakyReLU(), Dense(10)],
                "optimizer": GradientDescent(0.8),
            },
        },
    ),
    "saturated units": (
        {"layers": [Dense(30, Normal(9)), Tanh(), Dense(10)], "optimizer": GradientDescent(0.01)},
        {
            "smaller starting weights": {"layers": [Dense(30, Glorot()), Tanh(), Dense(10)], "epochs": 30},
            "ReLU units": {"layers": [Dense(30, He()), ReLU(), Dense(10)], "epochs": 30},
        },
    ),
    "identical units": (
        {"layers": [Dense(30, Zeros()), Sigmoid(), Dense(10, Zeros())], "optimizer": GradientDescent(0.5)},
        {"random starting weights": {"layers": [Dense(30, Glorot()), Sigmoid(), Dense(10, Glorot())]}},
    ),
    "learning rate too high": (
        {"layers": small(), "optimizer": Adam(0.5)},
        {"a tenth, and again": {"optimizer": Adam(0.005)}},
    ),
    "learning rate too low": (
        {"layers": small(), "optimizer": Adam(1e-6)},
        {"ten times, and again": {"optimizer": Adam(1e-3)}},
    ),
    "the loss is not finite": (
        {"layers": deep(ReLU, Normal(0.6)), "optimizer": GradientDescent(0.1)},
        {
            "a tenth, and again": {"optimizer": GradientDescent(0.001), "epochs": 200},
            "clipping": {"regularizers": [ClipNorm(1.0)], "epochs": 80},
        },
    ),
    "starting weights too small": (
        {"layers": TINY, "optimizer": SLOW},
        {"a He start, the rate as it is": {"layers": [Dense(30, He()), ReLU(), Dense(30, He()), ReLU(), Dense(10)]}},
    ),
    "starting weights too small (at ten times the rate)": (
        {"layers": TINY, "optimizer": GradientDescent(1.0)},
        {
            "a He start, a usual rate": {
                "layers": [Dense(30, He()), ReLU(), Dense(30, He()), ReLU(), Dense(10)],
                "optimizer": SLOW,
            }
        },
    ),
    "classes rarely recognised": (
        {"layers": sigmoids(), **LOST, "seed": 4},
        {
            "binary cross-entropy": {"layers": sigmoids()[:-1], "loss": BinaryCrossEntropy(), "optimizer": SLOW},
            "categorical cross-entropy": {"layers": sigmoids()[:-1], "loss": CE(), "optimizer": SLOW},
            "a Glorot start": {"layers": [Dense(30, Glorot()), Sigmoid(), Dense(10, Glorot()), Sigmoid()]},
        },
    ),
    "underfitting": (
        {"layers": [Dense(30), ReLU(), Dense(10)], "epochs": 40, "regularizers": [L2(0.2)]},
        {"less regularisation": {"regularizers": [L2(1e-4)]}},
    ),
    "underfitting (of two units)": (
        {"layers": [Dense(2, He()), ReLU(), Dense(10)], "optimizer": Adam(0.01), "epochs": 60},
        {"more hidden units": {"layers": [Dense(8, He()), ReLU(), Dense(10)]}},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_problem_is_found(name):
    watch, accuracy, _ = on_digits(**CASES[name][0])
    assert name.split(" (")[0] in [problem.name for problem in watch.problems()]
    assert accuracy < 0.9


@pytest.mark.parametrize(("name", "change"), [(name, change) for name in CASES for change in CASES[name][1]])
def test_the_advice_is_good(name, change):
    ill, changes = CASES[name]
    watch, accuracy, _ = on_digits(**ill | changes[change])
    assert accuracy >= 0.9
    assert name.split(" (")[0] not in [problem.name for problem in watch.problems()]


# ---- overfitting: validation samples are what counts


def few(**changes):
    return on_digits(
        **{"layers": small(), "optimizer": Adam(0.01), "samples": 50, "epochs": 60, "batch_size": 10} | changes
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": 1400, "epochs": 10},
        {"layers": [Dense(50, He()), ReLU(), Dropout(0.5), Dense(10)]},
        {"regularizers": [L2(0.03)]},
        {"layers": [Dense(10)], "epochs": 30},
        {"callbacks": [EarlyStopping(3)]},
        {"augment": Augment([Shift(1, 1), Rotate(10)], image_shape=(8, 8))},
    ],
    ids=["more data", "dropout", "weight decay", "a smaller network", "early stopping", "augmentation"],
)
def test_against_overfitting_each_advice_lowers_the_validation_loss(changes):
    plain, _, _ = few()
    assert "overfitting" in [problem.name for problem in plain.problems()]
    better, _, _ = few(**changes)
    assert better.record.history["val_loss"][-1] < plain.record.history["val_loss"][-1]


# ---- numbers, and four samples


def test_targets_that_are_not_scaled_are_named_whatever_the_rate_and_scaled_ones_are_learnt():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 8))
    price = 180_000 + 60_000 * x[:, 0] + 30_000 * x[:, 1] + 20_000 * rng.normal(size=600)

    def train(y, optimizer):
        watch, network = Watch(), Network(8, [Dense(32, He()), ReLU(), Dense(1)], MSE())
        with suppress(TrainingDiverged):
            fit(network, x, y, validation=(x, y), epochs=30, optimizer=optimizer, callbacks=[watch], progress=False)
        return watch

    for optimizer in (Adam(), GradientDescent(0.1), GradientDescent(1e-9)):
        watch = train(price, optimizer)
        problems = {problem.name: problem for problem in watch.problems()}
        assert "targets not scaled" in problems
        said = " ".join(problem.advice for problem in problems.values())
        assert "weights" not in said and "rate" not in said  # none of which is the cause
        assert "a mean of 179," in problems["targets not scaled"].seen
    healthy = train((price - price.mean()) / price.std(), Adam())
    assert healthy.problems() == []
    assert healthy.record.columns["r2"][-1] > 0.85
    data = load({**{str(i): column for i, column in enumerate(x.T)}, "price": price}, label="price")
    assert abs(data.y_train.mean()) < 1e-5


CORNERS, XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float), np.array([0, 1, 1, 0])


def on_xor(hidden, activation, seed):
    layers = [part for units in hidden for part in (Dense(units), activation())]
    network, watch = Network(2, [*layers, Dense(1)], BinaryCrossEntropy(), rng=seed), Watch()
    history = fit(
        network, CORNERS, XOR,
        epochs=1000, batch_size=None, optimizer=GradientDescent(0.5), callbacks=[watch], progress=False,
    )  # fmt: skip
    return watch.problems(), history["accuracy"][-1]


@pytest.mark.parametrize("hidden, activation, seed", [((2,), Tanh, 4), ((2,), ReLU, 0), ((2,), ReLU, 5), ((), Tanh, 1)])
def test_xor_needs_width_and_is_told_so_and_nothing_of_a_tenth_of_four_samples(hidden, activation, seed):
    problems, accuracy = on_xor(hidden, activation, seed)
    names = [problem.name for problem in problems]
    assert accuracy < 1
    assert "hidden layers too narrow" in names
    assert "no validation" not in names
    assert "8 hidden units or more" in problems[names.index("hidden layers too narrow")].advice
    problems, accuracy = on_xor((8,), activation, seed)
    assert accuracy == 1
    assert problems == []
