"""Labels as people have them: a column, 0.0 and 1.0, names, columns of data frames; all train the same network."""

import numpy as np
import pytest

from byhand import BinaryCrossEntropy, ByhandError, CategoricalCrossEntropy, Dense, Network, ReLU, evaluate, fit

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
THREE = RNG.integers(0, 3, 60)
TWO = THREE % 2
NAMES = np.array(["ant", "bee", "cow"])


class Column:
    """What pandas and polars hand over: something that only NumPy's protocol turns into an array."""

    def __init__(self, values, dtype=None):
        self.values, self.dtype = np.asarray(values), dtype

    def __len__(self):
        return len(self.values)

    def __array__(self, dtype=None, copy=None):
        return self.values.astype(dtype or self.dtype or self.values.dtype)


FORMS = {
    "floats": lambda y: y.astype(float),
    "float32": np.float32,
    "a column": lambda y: y[:, None],
    "a column of floats": lambda y: y[:, None] * 1.0,
    "texts of numbers": lambda y: y.astype(str),
    "a list": lambda y: y.tolist(),
    "unsigned": lambda y: y.astype(np.uint8),
    "objects": lambda y: y.astype(object),
    "a column of a frame": Column,
    "a frame of one column": lambda y: Column(y[:, None]),
    "a nullable column": lambda y: Column(y, object),
}


def train(loss, outputs, y, **options):
    network = Network(4, [Dense(6), ReLU(), Dense(outputs)], loss, **{"task": "classes"} | options)
    return network, fit(network, X, y, epochs=2, validation=(X[:9], y[:9]), progress=False).last | {"seconds": 0}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("loss", "outputs", "y"),
    [(CategoricalCrossEntropy(0.1), 3, THREE), (BinaryCrossEntropy(0.1), 1, TWO)],
    ids=["three classes", "two classes"],
)
def test_the_same_labels_in_another_form_train_the_same_network(form, loss, outputs, y):
    plain, expected = train(loss, outputs, y)
    given = FORMS[form](y)
    if isinstance(given, Column):
        given = np.asarray(given)  # sliced above
    network, found = train(loss, outputs, given)
    assert found == expected
    assert network.theta.tobytes() == plain.theta.tobytes()
    assert evaluate(network, X, FORMS[form](y)).accuracy == evaluate(plain, X, y).accuracy


def test_names_are_labels_and_become_the_classes_names():
    plain, expected = train(CategoricalCrossEntropy(), 3, THREE)
    with pytest.warns(UserWarning, match="in the order of their names: ant, bee, cow"):
        network, found = train(CategoricalCrossEntropy(), 3, NAMES[THREE])
    assert network.classes == ("ant", "bee", "cow")
    assert found == expected
    assert evaluate(network, X, NAMES[THREE].astype(object)).accuracy == evaluate(plain, X, THREE).accuracy


def test_names_follow_the_order_that_the_network_gives():
    plain, _ = train(CategoricalCrossEntropy(), 3, (THREE + 1) % 3)
    network, _ = train(CategoricalCrossEntropy(), 3, NAMES[THREE], classes=["cow", "ant", "bee"])
    assert network.theta.tobytes() == plain.theta.tobytes()
    with pytest.raises(ByhandError, match=r"number 1 is 'dog', but the classes are cow, ant, bee"):
        evaluate(network, X[:2], ["ant", "dog"])


def test_two_names_for_one_output():
    with pytest.warns(UserWarning, match="no, yes"):
        network, last = train(BinaryCrossEntropy(), 1, np.array(["no", "yes"])[TWO])
    assert network.classes == ("no", "yes")
    assert "accuracy" in last


@pytest.mark.parametrize("missing", [None, np.nan])
def test_a_missing_label_is_named(missing):
    y = THREE.astype(object)
    y[7] = missing
    with pytest.raises(ByhandError, match="number 7 is missing"):
        train(CategoricalCrossEntropy(), 3, y)


def test_targets_between_zero_and_one_stay_targets():
    _, last = train(BinaryCrossEntropy(), 1, np.linspace(0, 1, 60))
    assert "accuracy" not in last
