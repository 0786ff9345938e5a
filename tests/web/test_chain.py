"""A mini-batch followed by hand, against central differences and against the step that was made."""

import itertools

import numpy as np
import pytest

from byhand.layers import Conv2D, Dense, Flatten, ReLU, Sigmoid, Tanh
from byhand.losses import CategoricalCrossEntropy, QuadraticCost
from byhand.network import Network
from byhand.web.chain import MOST_SAMPLES, RecordedStep
from byhand.web.limits import Refusal
from tests.web.conftest import until
from tests.web.test_trainings import SMALL


def recorded(layers, loss, n=5):
    rng = np.random.default_rng(0)
    network = Network((4,), layers, loss, rng=3, dtype=np.float64)
    return RecordedStep(1, network, rng.random((n, 4)), np.eye(3)[rng.integers(3, size=n)], n)


def loss_of(network, x, t):
    workspace = network.workspace(len(x))
    network.forward(x, workspace)
    return network.backward(t, workspace)


NETWORKS = [
    ([Dense(6), Tanh(), Dense(5), Sigmoid(), Dense(3)], CategoricalCrossEntropy()),
    ([Dense(5), Tanh(), Dense(3), Sigmoid()], QuadraticCost()),
    ([Dense(3)], CategoricalCrossEntropy()),
]


@pytest.mark.parametrize(("layers", "loss"), NETWORKS)
def test_the_chain_is_the_derivative_and_each_sum_is_complete(layers, loss):
    step = recorded(layers, loss)
    network, x, t = step.network, step.x, step.t
    source, unit = 2, 1
    found = step.chain(0, source, unit, sample=3)
    W = network.p[0].W
    differences = []
    for rows in [slice(None), slice(3, 4)]:  # of the batch's loss, and of the one sample's
        values = []
        for way in (1e-6, -1e-6):
            W[source, unit] += way
            values.append(loss_of(network, x[rows], t[rows]))
            W[source, unit] -= way
        differences.append((values[0] - values[1]) / 2e-6)
    assert found["value"] == pytest.approx(differences[0], rel=1e-4)
    assert np.mean([term["product"] for term in found["terms"]]) == pytest.approx(differences[0], rel=1e-4)
    assert found["terms"][3]["product"] == pytest.approx(differences[1], rel=1e-4)
    levels = found["levels"]
    assert len(levels) == sum(isinstance(layer, Dense) for layer in layers)
    assert levels[0]["value"] == pytest.approx(found["terms"][3]["delta"])
    for level, behind in itertools.pairwise(levels):
        total = sum(term["weight"] * term["delta"] for term in level["terms"])
        assert level["sum"] == pytest.approx(total, rel=1e-3)
        assert level["value"] == pytest.approx(total * level["slope"], rel=1e-3)
        assert level["terms"][behind["unit"]]["delta"] == behind["value"]


def test_the_batch(client):
    """Softmax with cross-entropy: the error is p − t, the loss −log p, and their mean is the step's loss."""
    key = client.post("/api/trainings", json=SMALL | {"paused": True}).json()["id"]
    until(client, key, "paused")
    assert client.get(f"/api/trainings/{key}/batch").status_code == 409
    one = client.post(f"/api/trainings/{key}/step").json()
    batch = client.get(f"/api/trainings/{key}/batch").json()
    p, t = np.array(batch["probabilities"]), np.array(batch["targets"])
    assert p.shape == (20, 10) and batch["images"]["shape"] == [20, 28, 28] and batch["step"] == 1
    np.testing.assert_allclose(batch["errors"], p - t, atol=1e-5)
    np.testing.assert_allclose(batch["losses"], -np.log(p[t == 1]), rtol=1e-3)
    assert np.mean(batch["losses"]) == pytest.approx(one["loss"]["before"], rel=1e-3)
    weight = one["layers"][0]["units"][0]["weights"][0]
    place = f"layer=0&input={weight['unit']}&unit={one['layers'][0]['units'][0]['unit']}"
    chain = client.get(f"/api/trainings/{key}/chain?{place}&sample=4").json()
    assert chain["value"] == pytest.approx(weight["gradient"], rel=1e-3) and len(chain["terms"]) == 20
    assert chain["weight"] == pytest.approx(weight["before"], rel=1e-4)
    error = batch["errors"][4][chain["levels"][-1]["unit"]]
    assert chain["levels"][-1]["value"] == pytest.approx(error, rel=1e-3)
    path = client.get(f"/api/trainings/{key}/chain?{place}&sample=4&path=7").json()
    assert path["levels"][1]["unit"] == 7
    refused = client.get(f"/api/trainings/{key}/chain?layer=0&input=784&unit=0")
    assert refused.status_code == 422 and "[0 to 783, 0 to 7]" in refused.json()["error"]


def test_what_is_not_followed():
    step = recorded([Dense(3)], CategoricalCrossEntropy())
    many = RecordedStep(1, step.network, step.x, step.t, MOST_SAMPLES + 1)
    with pytest.raises(Refusal, match="at most 200"):
        many.chain(0, 0, 0, 0)
    layers = [Conv2D(2), ReLU(), Flatten(), Dense(3)]
    network = Network((6, 6, 1), layers, CategoricalCrossEntropy(), rng=0)
    conv = RecordedStep(1, network, np.ones((2, 6, 6, 1)), np.eye(3)[:2], 2)
    with pytest.raises(Refusal, match="not dense"):
        conv.chain(0, 0, 0, 0)
    assert conv.chain(3, 0, 0, 0)["levels"][0]["terms"] == []
