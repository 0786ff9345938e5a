"""Validation data: which rows they are, and that the figures are those of a training by itself."""

from dataclasses import replace

import numpy as np
import pytest

import byhand as bh
from byhand.recipes import RECIPES, run_recipe
from byhand.tuning import cross_validate
from byhand.tuning.measure import material, measure, stratified_folds
from tests.recipes import SEQUENCE_RECIPES, TRANSFORMERS
from tests.tuning.setups import RECIPE, Untouchable, digits


@pytest.mark.parametrize(("n", "folds", "classes"), [(100, 5, 10), (103, 4, 7), (23, 23, 3), (40, 3, 20)])
def test_folds_hold_every_row_once_and_every_class_evenly(n, folds, classes):
    rng = np.random.default_rng(1)
    y = rng.integers(0, classes, n)
    pairs = stratified_folds(y, folds, rng)
    assert len(pairs) == folds
    assert sorted(np.concatenate([held for _, held in pairs])) == list(range(n))
    for rest, held in pairs:
        assert sorted([*rest, *held]) == list(range(n))
        assert abs(len(held) - n / folds) < 1
        share = np.bincount(y, minlength=classes) / folds
        assert (np.abs(np.bincount(y[held], minlength=classes) - share) < 1).all()


def test_folds_of_labels_of_steps_hold_every_row_once():
    pairs = stratified_folds(np.random.default_rng(0).integers(0, 3, (11, 4)), 3, np.random.default_rng(1))
    assert sorted(np.concatenate([held for _, held in pairs])) == list(range(11))
    assert sorted(len(held) for _, held in pairs) == [3, 4, 4]
    assert all(sorted([*rest, *held]) == list(range(11)) for rest, held in pairs)


def test_folds_are_seeded_and_shuffled():
    y = np.arange(60) % 3
    one, same, other = (stratified_folds(y, 4, np.random.default_rng(k))[0][1] for k in (0, 0, 1))
    assert (one == same).all() and sorted(one) != sorted(other)
    assert (np.diff(one) < 0).any()


def test_the_recipes_own_validation_part_is_the_default_and_the_trial_is_its_run_bit_for_bit():
    data = digits()
    result = measure(RECIPE, material(RECIPE, data, seed=7))
    run = run_recipe(RECIPE, 7, dataset=data, progress=False)
    assert result.accuracies == (run.outcome.validation,)
    assert result.losses == (run.outcome.history["val_loss"][-1],)


def test_a_part_is_held_out_of_everything_but_the_test_rows():
    data = digits(200)
    made = material(RECIPE, data, 0, validation=0.25)
    ((train, held, _),) = made.rounds
    assert (len(train), len(held)) == (150, 50)
    assert sorted([*train, *held]) == list(range(200))
    assert (np.sort(made.x.sum(axis=1)) == np.sort(data.x_train.sum(axis=1))).all()


def test_a_recipe_that_follows_its_test_rows_is_tuned_without_them():
    recipe, data = RECIPES["math-behind"], digits(100)
    made = material(recipe, data, 0)
    x_train, y_train = recipe.prepare(data, np.random.default_rng(0)).train
    assert (made.x == x_train).all() and (made.y == y_train).all() and len(made.y) == 80
    ((train, held, _),) = made.rounds
    assert (len(train), len(held)) == (64, 16)


# Their inputs are not grey images with ten classes.
OTHERS = {"table", "curve", "diabetes", "faces", "faces-linear", "lfw", "cifar", "cifar-small"} | TRANSFORMERS - {
    "vit",
    "vit-4",
}
OTHERS |= {"transfer", "transfer-frozen"} | SEQUENCE_RECIPES  # the former begin with a training on MNIST


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in OTHERS])
def test_no_recipe_touches_test_samples_when_it_is_measured(name):
    data = digits(120, test=Untouchable())
    data = replace(data, x_train=np.tile(data.x_train, (1, 13))[:, :784], y_test=Untouchable())
    recipe = replace(RECIPES[name], epochs=1, watch_test=True)
    if recipe.input_shape == (64,):
        data = replace(data, x_train=data.x_train[:, :64])
    for folds in (None, 2):
        assert len(measure(recipe, material(recipe, data, 0, folds)).accuracies) == (folds or 1)


def test_a_recipe_that_would_look_at_test_samples_is_not_given_any():
    def looks(dataset, rng):
        assert dataset.x_test is None and dataset.y_test is None
        return RECIPE.prepare(dataset, rng)

    material(replace(RECIPE, prepare=looks), digits(200, test=Untouchable()), 0)


def test_cross_validation_is_one_training_a_fold():
    data = digits(150)
    found = cross_validate(RECIPE, 3, 5, dataset=data)
    rng = np.random.default_rng(5)
    (x, y), held = (split := RECIPE.prepare(data, rng)).train, split.validation
    x, y = np.concatenate([x, held[0]]), np.concatenate([y, held[1]])
    pairs = stratified_folds(y, 3, rng)
    for (rest, fold), start, accuracy in zip(pairs, rng.spawn(3), found, strict=True):
        network = bh.Network(64, RECIPE.layers, RECIPE.loss, rng=start)
        bh.fit(network, x[rest], y[rest], epochs=4, batch_size=32, optimizer=RECIPE.optimizer, rng=start, threads=1)
        assert accuracy == np.mean(network.predict(x[fold]) == y[fold])
    assert 0.5 < np.mean(found) < 1 and len(set(found)) > 1


def test_validation_labels_decide_nothing_of_the_training():
    """If the judged rows leaked into training, wrong labels there would change the network."""
    made = material(RECIPE, digits(200), 0, folds=2)
    y = made.y.copy()
    y[made.rounds[0][1]] = (y[made.rounds[0][1]] + 1) % 10
    first = replace(made, rounds=made.rounds[:1])
    right, wrong = measure(RECIPE, first), measure(RECIPE, replace(first, y=y))
    assert right.accuracies[0] > 0.7 > 0.3 > wrong.accuracies[0]


def test_mistakes():
    for folds, words in ((1, "at least 2"), (500, "ask for fewer")):
        with pytest.raises(bh.ByhandError, match=words):
            cross_validate(RECIPE, folds, dataset=digits(100))
    with pytest.raises(bh.ByhandError, match="learning rate"):
        cross_validate(replace(RECIPE, optimizer=bh.GradientDescent(1e30)), 2, dataset=digits(100))
