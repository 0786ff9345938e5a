"""The small network in the plane: its steps are those of `fit`, and its gradient that of finite differences."""

from base64 import b64decode, b64encode

import numpy as np
import pytest

from byhand.layers import Dense, Tanh
from byhand.losses import CategoricalCrossEntropy
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.training import fit
from byhand.web.plane import EDGE, SIDE, batch_rows
from byhand.web.points import POINT_RULES
from tests.web.conftest import RAW
from tests.web.schema import unpacked

TABLE = {"hidden": [5, 3], "activation": "tanh", "optimizer": "adam", "learning_rate": 0.05, "batch_size": 8, "seed": 4}


def vector(text):
    return np.frombuffer(b64decode(text), "<f4")


def asked(client, **table):
    response = client.post("/api/plane", json=TABLE | table)
    assert response.status_code == 200, response.text
    return response.json()


def circle(client):
    return client.get("/api/plane/points?kind=circle&n=30&noise=0.05&seed=2").json()["points"]


def test_steps_sent_to_and_fro_are_those_of_fit(reader):
    """Three epochs of four steps, in requests of five steps each, against the trainer."""
    points = circle(reader)
    found = asked(reader, points=points)
    for steps in (5, 5, 2):
        state = {key: found[key] for key in ("theta", "memory", "step")}
        found = asked(reader, points=points, steps=steps, **state)
    assert found["step"] == 12
    xy = np.array(points, np.float32)
    layers = [Dense(5), Tanh(), Dense(3), Tanh(), Dense(2)]
    network, epoch = Network((2,), layers, CategoricalCrossEntropy(), rng=4), iter(range(3))

    def as_the_page(order):
        e = next(epoch)
        order[:] = np.concatenate([batch_rows(4 * e + i, 30, 8, 4) for i in range(4)])

    options = {"optimizer": Adam(0.05), "batch_size": 8, "epochs": 3, "shuffle": as_the_page, "progress": False}
    fit(network, xy[:, :2].copy(), xy[:, 2].astype(int), **options)
    np.testing.assert_array_equal(vector(found["theta"]), network.theta)


def test_the_gradient_is_that_of_finite_differences(reader):
    points = circle(reader)
    found = asked(reader, points=points)
    theta, gradient = vector(found["theta"]).astype(np.float64), vector(found["gradient"])
    shapes = [(p["start"], p["shape"]) for p in found["parameters"]]
    xy = np.array(points)

    def loss(theta):
        W1, W2, W3, b1, b2, b3 = (theta[s : s + int(np.prod(shape))].reshape(shape) for s, shape in shapes)
        z = np.tanh(np.tanh(xy[:, :2] @ W1 + b1) @ W2 + b2) @ W3 + b3
        z -= z.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(30), xy[:, 2].astype(int)])

    assert found["loss"] == pytest.approx(loss(theta), rel=1e-4)
    for i in range(0, len(theta), 3):
        there = np.zeros(len(theta))
        there[i] = 1e-6
        slope = (loss(theta + there) - loss(theta - there)) / 2e-6
        assert gradient[i] == pytest.approx(slope, rel=1e-3, abs=1e-6)


def test_a_changed_weight_changes_the_plane_and_the_equation(reader):
    """One linear network by hand: p[1] = 1 / (1 + e^−(3 x[0] − 1)), whose border lies at x[0] = 1/3."""
    theta = np.array([0, 3, 0, 0, 0, -1], "<f4")  # W (2, 2), b (2,)
    found = asked(reader, hidden=[], theta=b64encode(theta.tobytes()).decode(), at=[0.5, 2], unit=["output", 1])
    across = (np.arange(SIDE) + 0.5) / SIDE * 2 * EDGE - EDGE
    np.testing.assert_allclose(unpacked(found["surface"])[1, 7], 1 / (1 + np.exp(1 - 3 * across)), atol=0.003)
    z, p = found["equations"]
    assert z["value"] == 0.5 and p["value"] == pytest.approx(1 / (1 + np.exp(-0.5)), rel=1e-4)
    assert [term["product"] for term in z["terms"]] == [1.5] and z["bias"] == -1
    assert found["loss"] is None and found["accuracy"] is None  # there are no points


@pytest.mark.parametrize("kind", POINT_RULES)
def test_points_by_a_rule(reader, kind):
    found = reader.get(f"/api/plane/points?kind={kind}&n=100").json()
    x = np.array(found["points"])
    assert (
        x.shape == (100, 3) and np.abs(x[:, :2]).max() <= EDGE and np.bincount(x[:, 2].astype(int)).tolist() == [50] * 2
    )
    if kind == "xor":
        np.testing.assert_array_equal(x[:, 0] * x[:, 1] < 0, x[:, 2] == 1)
    if kind == "circle":
        radius = np.hypot(x[:, 0], x[:, 1])
        assert radius[x[:, 2] == 0].max() < radius[x[:, 2] == 1].min()


def test_points_of_a_table(reader):
    table = b"petal;species;width\n1;setosa;0,2\n"
    refused = reader.post("/api/plane/points", content=table, headers=RAW)
    assert refused.status_code == 422 and "two columns of numbers" in refused.json()["error"]
    table = b"length,width,species\n1,10,setosa\n3,20,virginica\n5,30,setosa\n"
    found = reader.post("/api/plane/points", content=table, headers=RAW).json()
    assert found["points"] == [[-2.5, -2.5, 0], [0, 0, 1], [2.5, 2.5, 0]]
    assert found["classes"] == ["setosa", "virginica"] and found["axes"] == ["length", "width"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"points": [[0, 0]]}, "points must be"),
        ({"points": [[0, 0, 2]]}, "class must be"),
        ({"points": [[0, 0, 0.5]]}, "class must be"),
        ({"points": [["a", 0, 0]]}, "3 numbers"),
        ({"points": [[1e9, 0, 0]]}, "a million"),
        ({"points": [[0, 0, 0]] * 501}, "at most 500"),
        ({"hidden": [9]}, "sizes from 1 to 8"),
        ({"theta": "AAAA"}, "Base64 of float32"),
        ({"theta": "AAAAAA=="}, "as this network has weights; 1 came"),
        ({"theta": 5}, "Base64"),
        ({"memory": []}, "memory must be"),
        ({"unit": [1, 0]}, "unit must be"),
        ({"unit": ["output", 5]}, "units are 0 to 1"),
        ({"steps": 501}, "steps must be"),
        ({"epochs": 5}, "no setting 'epochs'"),
    ],
)
def test_what_is_none(reader, table, words):
    response = reader.post("/api/plane", json=table)
    assert response.status_code == 422 and words in response.json()["error"], response.text


def test_a_loss_that_is_not_finite_is_no_fault(reader):
    points = circle(reader)
    found = asked(reader, points=points, optimizer="gradient-descent", activation="relu", learning_rate=1e6, steps=50)
    assert found["loss"] is None or found["loss"] > 1
