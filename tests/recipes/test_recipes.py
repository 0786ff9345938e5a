"""The recipes are what their sources describe; the published figures themselves are `byhand reproduce`'s matter."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import byhand
from byhand.data import Dataset
from byhand.data.augment import Augment
from byhand.recipes import RECIPES, fitted_to, run_recipe, with_hidden
from byhand.recipes.config import RunConfig, read_config
from byhand.recipes.reproduce import Comparison
from byhand.regularizers import L2, ClipNorm
from tests.images import blocks

# Parameters by hand: (in + 1) · out, summed over the layers.
SIZES = {
    "guide": 785 * 256 + 257 * 10,
    "guide-small": 7_960,
    "shrivastava": 7_960,
    "shrivastava-adam": 7_960,
    "chang": 7_960,
    "nielsen": 785 * 30 + 31 * 10,
    "nielsen-100": 785 * 100 + 101 * 10,
    "math-behind": 65 * 64 + 65 * 10,
    "math-behind-mse": 65 * 64 + 65 * 10,
    "math-behind-log-loss": 65 * 64 + 65 * 10,
    "math-behind-adam": 65 * 64 + 65 * 10,
    "dense": 785 * 256 + 257 * 128 + 129 * 10,
    "distorted": 785 * 1400 + 2 * 1400 + 1401 * 1000 + 2 * 1000 + 1001 * 10,  # with γ and β of the normalisations
    "clothing": 785 * 1024 + 2 * 1024 + 1025 * 512 + 2 * 512 + 513 * 10,
    "conv": 9 * 16 + 16 + 9 * 16 * 32 + 32 + 1568 * 128 + 128 + 128 * 10 + 10,
    "reader": 25 * 48
    + sum(9 * a * b for a, b in ((48, 80), (80, 80), (80, 112), (112, 112), (112, 112)))
    + 3 * (48 + 2 * 80 + 3 * 112)
    + (9 * 112 + 1) * 10,
    "race": 25 * 16 + 3 * 16 + 9 * 16 * 32 + 3 * 32 + 25 * 32 * 128 + 3 * 128 + 129 * 10,  # b, γ and β: 3 each
    "small": 9 * 8 + 3 * 8 + 9 * 8 * 12 + 3 * 12 + 9 * 12 * 16 + 3 * 16 + 9 * 16 * 14 + 3 * 14 + 15 * 10,
    "voting-3": 9 * sum(a * b for a, b in pairwise((1, 24, 32, 64, 64, 64, 112, 112, 112)))
    + 3 * (24 + 32 + 3 * 64 + 3 * 112)
    + (16 * 112 + 1) * 10,
    "voting-5": 25 * sum(a * b for a, b in pairwise((1, 16, 32, 48, 64, 80))) + 3 * 240 + (64 * 80 + 1) * 10,
    "voting-7": 49 * sum(a * b for a, b in pairwise((1, 16, 40, 64, 96))) + 3 * 216 + (16 * 96 + 1) * 10,
    "table": 11 * 64 + 65 * 64 + 65,
    "curve": 2 * 30 + 31 * 30 + 31,
    "diabetes": 11 * 32 + 33,
    "rows": 2 * (28 * 512 + 128 * 512 + 512) + 257 * 10,
    **dict.fromkeys(("pixels", "permuted-pixels"), 384 + 128 * 384 + 384 + 128 + 129 * 10),
    "adding": 2 * 256 + 64 * 256 + 256 + 65,
    "adding-gru": 2 * 192 + 64 * 192 + 192 + 64 + 65,
    "adding-rnn": 2 * 64 + 64 * 64 + 64 + 65,
    "sums": 12 * 16 + 16 * 512 + 2 * (128 * 512 + 512) + 128 * 512 + 129 * 12,
    "surnames": 84 * 32 + 2 * (32 * 256 + 64 * 256 + 256) + 129 * 18,
    "vowels": 2 * (12 * 192 + 64 * 192 + 192 + 64) + 129 * 9,
    "airline": 24 + 8 * 24 + 24 + 8 + 9,
    "sunspots": 48 + 16 * 48 + 48 + 16 + 17,
    "shakespeare-lstm": 65 * 64 + 64 * 1024 + 256 * 1024 + 1024 + 257 * 65,
    "fashion": 9 * (32 + 32 * 64 + 2 * 64 * 64 + 64 * 128 + 4 * 128 * 128) + 3 * (32 + 3 * 64 + 5 * 128) + 129 * 10,
    **dict.fromkeys(
        ("transfer", "transfer-frozen", "transfer-scratch"),
        9 * 16 + 16 + 9 * 16 * 32 + 32 + 1568 * 128 + 128 + 129 * 10,
    ),
    "faces": 9 * 16 + 16 + 9 * 16 * 32 + 32 + 2 * (36 * 32 + 1),
    "faces-linear": 2 * 626,
    "lfw": 9 * (32 + 32 * 64 + 64 * 64) + 3 * (32 + 64 + 64) + 7 * (24 * 64 + 1),
    "cifar": 6
    + 3 * 32
    + 9 * 3 * 32
    + 3 * 64
    + 9 * 32 * 64
    + 2 * (9 * 64 * 64 + 3 * 64)
    + 3 * 128
    + 9 * 64 * 128
    + 2 * (9 * 128 * 128 + 3 * 128)
    + 129 * 10,
    "cifar-small": 6 + 3 * (32 + 64 + 128) + 9 * (3 * 32 + 32 * 64 + 64 * 128) + 2048 * 128 + 2 * 128 + 129 * 10,
    "vit": 50 * 64 + 18 * 64 + 4 * (4 * 65 * 64 + 65 * 128 + 129 * 64 + 4 * 64) + 2 * 64 + 65 * 10,
    "shakespeare-hour": (65 + 128) * 160 + 5 * (12 * 160 * 160 + 4 * 160) + 2 * 160,
    "shakespeare": 129 * 128 + 4 * (12 * 128 * 128 + 4 * 128) + 2 * 128,  # nanoGPT says 0.8 million
    "addition": (11 + 7) * 128 + 2 * (12 * 128 * 128 + 4 * 128) + 2 * 128,
    "sorting": (11 + 12) * 48 + 3 * (12 * 48 * 48 + 4 * 48) + 2 * 48,
    "surnames-attention": (84 + 20) * 64 + 2 * (4 * 65 * 64 + 65 * 128 + 129 * 64 + 4 * 64) + 2 * 64 + 65 * 18,
    "reviews": (10_143 + 64) * 64 + 4 * 65 * 64 + 65 * 128 + 129 * 64 + 6 * 64 + 65 * 2,
    "vit-4": 17 * 64 + 51 * 64 + 6 * (4 * 65 * 64 + 65 * 128 + 129 * 64 + 4 * 64) + 2 * 64 + 65 * 10,
}


def dataset(train=1200, test=300):
    rng = np.random.default_rng(0)
    x, y = blocks(train, rng)
    x_test, y_test = blocks(test, rng)
    names = tuple("0123456789")
    return Dataset(
        "blocks", x.reshape(train, -1), y.astype(int), x_test.reshape(test, -1), y_test.astype(int), names, (28, 28)
    )


@pytest.mark.parametrize("name", RECIPES)
def test_networks_have_the_published_sizes(name):
    recipe = RECIPES[name]
    assert byhand.Network(recipe.input_shape, recipe.layers, recipe.loss).size == SIZES[name]


@pytest.mark.parametrize(
    "name", [name for name in RECIPES if RECIPES[name].dataset == "mnist" and name not in ("reader", "permuted-pixels")]
)
def test_splits_keep_every_image_once_and_the_test_images_apart(name):
    data = dataset()
    data = replace(data, x_train=np.arange(1200 * 784, dtype=np.float64).reshape(1200, 784))
    split = RECIPES[name].prepare(data, np.random.default_rng(3))
    first = [pair[0][:, 0] for pair in (split.train, split.validation) if pair is not None]
    assert sorted(np.concatenate(first)) == list(data.x_train[:, 0])
    for x, y in (pair for pair in (split.train, split.validation) if pair is not None):
        assert (y == data.y_train[(x[:, 0] / 784).astype(int)]).all()
    assert split.test[0] is data.x_test


def test_networks_that_vote_hold_the_same_images_back():
    splits = [RECIPES[f"voting-{k}"].prepare(dataset(), np.random.default_rng(k)) for k in (3, 5, 7)]
    for split in splits[1:]:
        assert (split.validation[0] == splits[0].validation[0]).all()


def test_nielsen_cuts_in_file_order():
    split = RECIPES["nielsen"].prepare(dataset(), np.random.default_rng(0))
    assert len(split.train[1]) == 1000 and len(split.validation[1]) == 200
    assert (split.train[0] == dataset().x_train[:1000]).all()


def test_guide_takes_as_many_rows_as_kaggles_file_has():
    data = dataset()
    many = replace(data, x_train=np.zeros((60_000, 1), np.uint8), y_train=np.zeros(60_000, int))
    split = RECIPES["guide"].prepare(many, np.random.default_rng(0))
    assert (len(split.train[1]), len(split.validation[1])) == (41_000, 1_000)


def test_math_behind_splits_and_scales_as_scikit_learn_does():
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import MinMaxScaler

    x, y = load_digits(return_X_y=True)
    names = tuple("0123456789")
    split = RECIPES["math-behind"].prepare(Dataset("d", x, y, None, None, names, (8, 8)), np.random.default_rng(0))
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=42)
    scaler = MinMaxScaler().fit(x_train)
    np.testing.assert_allclose(split.train[0], scaler.transform(x_train), atol=1e-12)
    np.testing.assert_allclose(split.test[0], scaler.transform(x_test), atol=1e-12)
    assert (split.train[1] == y_train).all() and (split.test[1] == y_test).all()


@pytest.mark.parametrize("name", ["dense", "nielsen", "guide", "shrivastava-adam"])
def test_a_recipe_runs_and_learns(name):
    run = run_recipe(replace(RECIPES[name], epochs=20), 1, dataset=dataset(), progress=False)
    assert run.outcome.history.epochs == 20
    assert run.outcome.history["loss"][-1] < run.outcome.history["loss"][0]
    assert run.outcome.test.accuracy >= 0.85
    right = np.mean(run.network.predict(run.split.test[0]) == run.split.test[1])
    assert run.outcome.test.accuracy == right
    for figure in run.recipe.figures:
        assert np.isfinite(figure.measure(run.outcome))


@pytest.mark.parametrize("name, images, epochs", [("race", 600, 2), ("small", 600, 4), ("fashion", 200, 6)])
def test_the_convolutional_ones_learn(name, images, epochs):
    recipe = replace(RECIPES[name], epochs=epochs, augment=None)  # a mirrored block is another class
    run = run_recipe(recipe, 0, dataset=dataset(images, 100), progress=False)
    assert run.outcome.history["loss"][-1] < run.outcome.history["loss"][0]
    assert run.outcome.test.accuracy >= 0.8


def test_small_is_small_and_the_race_holds_nothing_back():
    assert SIZES["small"] < 5_000
    split = RECIPES["race"].prepare(dataset(), np.random.default_rng(0))
    assert split.validation is None and len(split.train[1]) == 1200


def test_a_recipe_may_augment_and_regularise():
    plain = replace(RECIPES["dense"], epochs=1)
    outcomes = [
        run_recipe(recipe, 0, dataset=dataset(), progress=False).network.theta
        for recipe in (plain, replace(plain, augment=Augment.digits()), replace(plain, regularizers=(L2(0.1),)))
    ]
    assert not np.array_equal(outcomes[0], outcomes[1])
    assert np.linalg.norm(outcomes[2]) < np.linalg.norm(outcomes[0])


def test_a_recipe_may_average_and_stop_early():
    plain = replace(RECIPES["dense"], epochs=30, optimizer=byhand.Adam(0.01))
    stopped = run_recipe(replace(plain, patience=1), 0, dataset=dataset(), progress=False)
    losses = stopped.outcome.history["val_loss"]
    assert len(losses) < 30 and losses[-1] >= losses[-2]
    short = replace(plain, epochs=2)
    averaged, last = (
        run_recipe(recipe, 0, dataset=dataset(), progress=False).network.theta
        for recipe in (replace(short, averaging=0.9), short)
    )
    assert not np.array_equal(averaged, last)


def test_the_seed_decides_everything():
    recipe = replace(RECIPES["dense"], epochs=1)
    thetas = [run_recipe(recipe, seed, dataset=dataset(), progress=False).network.theta for seed in (0, 0, 1)]
    assert thetas[0].tobytes() == thetas[1].tobytes() != thetas[2].tobytes()


def test_nielsen_reports_the_epoch_that_validation_chose():
    figures = {figure.name: figure for figure in RECIPES["nielsen"].figures}
    outcome = run_recipe(replace(RECIPES["nielsen"], epochs=4), 0, dataset=dataset(), progress=False).outcome
    outcome.history.columns["val_accuracy"] = [0.1, 0.9, 0.3, 0.2]
    outcome.test_by_epoch[:] = [0.5, 0.6, 0.8, 0.7]
    assert figures["test accuracy, best epoch by validation"].measure(outcome) == 0.6
    assert figures["test accuracy, best epoch by the test set"].measure(outcome) == 0.8
    assert figures["test accuracy, last epoch"].measure(outcome) == 0.7
    assert figures["test accuracy, first epoch"].measure(outcome) == 0.5


def test_rows_report_mean_spread_and_best():
    shares, times = (Comparison(RECIPES["guide"], RECIPES["guide"].figures[i], (0.2, 0.4, 0.9), 1.0) for i in (0, 3))
    assert shares.mean == pytest.approx(0.5)
    assert shares.spread == pytest.approx(0.3605551275)  # √((0.3² + 0.1² + 0.4²) / 2)
    assert shares.best == 0.9 and times.best == 0.2


def test_with_hidden_keeps_the_rest():
    recipe = RECIPES["nielsen"]
    layers = with_hidden(recipe.layers, (5, 4))
    assert [layer.label() for layer in layers] == ["Dense(5)", "Sigmoid", "Dense(4)", "Sigmoid", "Dense(10)", "Sigmoid"]
    assert layers[2].weights == byhand.Normal() and layers[-2:] == recipe.layers[-2:]
    with pytest.raises(byhand.ByhandError, match="no hidden layer"):
        with_hidden((byhand.Dense(10),), (5,))


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize(
    "more", [{}, {"augment": Augment.digits(), "regularizers": (L2(1e-4), ClipNorm(1.0)), "patience": 2}], ids=len
)
def test_configurations_read_back_as_they_were(name, more, tmp_path):
    config = RunConfig(replace(RECIPES[name], **more), "somewhere", 12)
    (tmp_path / "c.toml").write_text(config.to_toml())
    assert read_config(tmp_path / "c.toml", RECIPES) == config


def test_the_reader_learns_from_drawn_digits_too_but_is_not_chosen_by_them():
    data = dataset()
    split = RECIPES["reader"].prepare(data, np.random.default_rng(3))
    x, y = split.train
    assert split.validation is not None and len(split.validation[0]) == 120
    assert len(x) == 1080 + 4000 * 1080 // 55_000 and x.dtype == np.uint8
    drawn = x[1080:].reshape(-1, 28, 28)
    rows = drawn.sum(axis=2) @ np.arange(28) / drawn.sum(axis=(1, 2))  # the centres of mass
    assert np.abs(rows - 14).max() < 1  # centred as MNIST's are
    ones, zeros = (np.mean([(image > 127).sum() for image in drawn[y[1080:] == digit]]) for digit in (1, 0))
    assert ones < 0.8 * zeros


@pytest.mark.parametrize(
    ("name", "image_shape", "taken"),
    [
        ("dense", (8, 8), (64,)),
        ("dense", (8, 6, 3), (144,)),
        ("conv", (8, 8), (8, 8, 1)),
        ("conv", (8, 6, 3), (8, 6, 3)),
        ("rows", (8, 6), (8, 6)),
        ("nielsen", (8, 8), (784,)),
    ],
)
def test_images_of_another_size_and_number_of_classes(name, image_shape, taken):
    """What others published stays as it is."""
    x = np.zeros((12, math.prod(image_shape)), np.uint8)
    data = Dataset("small", x, np.arange(12) % 3, None, None, ("a", "b", "c"), image_shape)
    recipe = fitted_to(RECIPES[name], data)
    network = byhand.Network(recipe.input_shape, recipe.layers, recipe.loss)
    assert network.input_shape == taken and network.outputs == (10 if name == "nielsen" else 3)


def test_a_recipe_learns_images_of_another_size():
    data = byhand.load("digits")
    run = run_recipe(replace(RECIPES["dense"], epochs=5), 0, dataset=data, progress=False)
    assert run.network.input_shape == (64,) and run.outcome.validation > 0.9
