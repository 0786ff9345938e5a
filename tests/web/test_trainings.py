"""Trainings from the page: the same arithmetic as `fit`, and buttons that do what they say."""

import json
import time

import numpy as np
import pytest

from byhand.core.errors import ByhandError
from byhand.network import Network
from byhand.recipes import RECIPES
from byhand.training import fit
from byhand.web.limits import Limits, Refusal
from byhand.web.settings import RECIPE_CHOICES, build, of_recipe, read_settings
from byhand.web.slots import Slots, Turn
from byhand.web.trainings import Trainings
from tests.web.conftest import RAW, block_data, client_of, until
from tests.web.schema import unpacked

SMALL = {"hidden": [8], "activation": "tanh", "learning_rate": 0.2, "batch_size": 20, "epochs": 3, "images": 300}


def by_hand(table):
    """The network that `fit` makes of the same settings."""
    limits, data = Limits(), block_data()
    settings = read_settings(table, limits)
    network, optimizer = build(settings, limits)
    x = data.x[: settings.images].reshape(-1, *network.input_shape)
    options = {"epochs": settings.epochs, "batch_size": settings.batch_size, "optimizer": optimizer, "threads": 1}
    history = fit(network, x, data.y[: settings.images], rng=settings.seed, progress=False, **options)
    return network, history


def downloaded(client, key, tmp_path):
    path = tmp_path / "it.safetensors"
    response = client.get(f"/api/trainings/{key}/model")
    assert response.headers["content-disposition"].startswith("attachment")
    path.write_bytes(response.content)
    return Network.load(path)


def test_paused_stepped_and_resumed_it_ends_in_the_bits_of_fit(client, tmp_path, seven):
    key = client.post("/api/trainings", json=SMALL | {"paused": True}).json()["id"]
    until(client, key, "paused")
    client.put(f"/api/trainings/{key}/drawing", content=seven.tobytes(), headers=RAW)
    for step in (1, 2, 3):
        assert client.post(f"/api/trainings/{key}/step").json()["step"] == step
    assert client.post(f"/api/trainings/{key}/resume").json()["state"] in ("running", "finished")
    found = until(client, key, "finished")
    network, history = by_hand(SMALL)
    assert downloaded(client, key, tmp_path).theta.tobytes() == network.theta.tobytes()
    np.testing.assert_allclose(found["history"]["loss"], history["loss"], rtol=1e-4)
    assert found["step"] == 45 and found["steps"] == 15 and found["epoch"] == 3 and found["own"] is None


def test_one_step_in_numbers(client, tmp_path):
    """before − η · gradient = after; the gradient is that of the batch's mean loss, by central differences."""
    table = SMALL | {"paused": True, "hidden": [4], "batch_size": 10}
    key = client.post("/api/trainings", json=table).json()["id"]
    until(client, key, "paused")
    client.post(f"/api/trainings/{key}/step")
    before = downloaded(client, key, tmp_path)
    one = client.post(f"/api/trainings/{key}/step").json()
    after = downloaded(client, key, tmp_path)
    assert one["step"] == 2 and one["n"] == 10 and one["training"]["state"] == "paused"
    for layer in one["layers"]:
        W0, W1 = before.p[layer["index"]].W, after.p[layer["index"]].W
        assert len(layer["units"]) == 3
        for unit in layer["units"]:
            for weight in unit["weights"]:
                at = weight["unit"], unit["unit"]
                assert (weight["before"], weight["after"]) == (float(W0[at]), float(W1[at]))
                moved = weight["before"] - 0.2 * weight["gradient"]
                assert moved == pytest.approx(weight["after"], rel=1e-5, abs=1e-7)
            bias = unit["bias"]
            assert bias["before"] - 0.2 * bias["gradient"] == pytest.approx(bias["after"], rel=1e-5, abs=1e-7)
    x = unpacked(one["sample"]["image"]).reshape(1, 784)
    p = before.predict_proba(x)[0]
    np.testing.assert_allclose(one["output"]["probabilities"], p, rtol=1e-3)
    target = np.eye(10)[int(one["sample"]["label"])]
    assert one["output"]["target"] == list(target)
    last = one["layers"][-1]
    for unit in last["units"]:  # softmax with cross-entropy: δ = p − t
        assert unit["delta"] == pytest.approx((p - target)[unit["unit"]], rel=1e-3)
    first, W = one["layers"][0], before.p[2].W
    for unit in first["units"]:  # δ = (p − t) Wᵀ · (1 − a²)
        delta = (W[unit["unit"]] @ (p - target)) * (1 - unit["a"] ** 2)
        assert unit["delta"] == pytest.approx(delta, rel=1e-3)
        assert unit["a"] == pytest.approx(np.tanh(unit["z"]), rel=1e-3)
    assert one["loss"]["after"] < one["loss"]["before"]
    assert [line.partition(":")[0] for line in one["text"]][:2] == ["forward", "forward"]


@pytest.mark.parametrize("table", [{"batch_size": None}, {"network": "convolutional", "hidden": []}, {"hidden": []}])
def test_a_step_of_other_networks(client, table):
    key = client.post("/api/trainings", json=SMALL | table | {"paused": True}).json()["id"]
    until(client, key, "paused")
    one = client.post(f"/api/trainings/{key}/step").json()
    assert one["n"] == (300 if "batch_size" in table else 20) and one["loss"]["before"] > 0
    assert one["layers"][-1]["units"][0]["weights"][0]["before"] != one["layers"][-1]["units"][0]["weights"][0]["after"]


@pytest.mark.parametrize(
    ("network", "inside", "weights"), [("lstm", "states", None), ("transformer", "attention", [32, 7, 7])]
)
def test_networks_that_read_a_drawing_in_parts_learn_and_can_be_looked_into(client, seven, network, inside, weights):
    """With what they begin with; the drawing's weights over parts are those of the network that was trained."""
    key = client.post("/api/trainings", json={"network": network, "epochs": 12, "images": 2000}).json()["id"]
    until(client, key, "finished")
    training = client.get(f"/api/trainings/{key}").json()
    settings = training["settings"]
    assert (settings["hidden"], settings["optimizer"]) == ([], "adam") and training["inside"] == [inside]
    assert training["history"]["val_accuracy"][-1] > 0.8
    look = next(data for name, data in events(client, key) if name == "look")
    assert (look["weights"] and look["weights"]["shape"]) == weights and np.sum(look["confusion"]) == 200
    path = {"states": "states?step=3&unit=1", "attention": "attention?layer=1"}[inside]
    found = client.post(f"/api/models/{key}/{path}", content=seven.tobytes(), headers=RAW)
    assert found.status_code == 200 and len(found.json()["layers"]) == {"states": 1, "attention": 2}[inside]


def test_single_steps_of_a_transformer_are_shown(client):
    table = SMALL | {"network": "transformer", "hidden": [], "paused": True}
    key = client.post("/api/trainings", json=table).json()["id"]
    until(client, key, "paused")
    one = client.post(f"/api/trainings/{key}/step").json()
    p, target = np.array(one["output"]["probabilities"]), np.array(one["output"]["target"])
    for unit in one["layers"][-1]["units"]:  # softmax with cross-entropy: δ = p − t
        assert unit["delta"] == pytest.approx((p - target)[unit["unit"]], rel=1e-3)
    assert client.get(f"/api/trainings/{key}/batch").json()["n"] == 20


def events(client, key):
    with client.stream("GET", f"/api/trainings/{key}/events") as stream:
        name = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                yield name, json.loads(line[6:])


def test_events_from_start_to_end(client, seven):
    key = client.post("/api/trainings", json=SMALL | {"paused": True, "images": 600}).json()["id"]
    until(client, key, "paused")
    client.put(f"/api/trainings/{key}/drawing", content=seven.tobytes(), headers=RAW)
    client.post(f"/api/trainings/{key}/step")
    client.post(f"/api/trainings/{key}/resume")
    found = list(events(client, key))
    names = [name for name, _ in found]
    assert names[0] == "training" and names[-1] == "end" and names.count("end") == 1
    assert found[-1][1]["state"] == "finished"
    look = [data for name, data in found if name == "look"][-1]
    assert look["step"] == 90 and look["weights"]["shape"] == [8, 28, 28]
    assert np.sum(look["confusion"]) == 200 and np.shape(look["confusion"]) == (10, 10)
    assert np.trace(look["confusion"]) / 200 == pytest.approx(look["accuracy"], rel=1e-4)
    assert look["drawing"]["answer"] in "0123456789"
    again = [name for name, _ in events(client, key)]  # of a training that has ended
    assert again == ["training", "look", "end"]


def test_a_rate_of_100_is_told_what_is_wrong_with_it(client):
    table = {"learning_rate": 100, "epochs": 3, "images": 600}
    key = client.post("/api/trainings", json=table).json()["id"]
    names = [problem["name"] for problem in until(client, key, "finished")["problems"]]
    assert "learning rate too high" in names
    key = client.post("/api/trainings", json=table | {"activation": "relu", "hidden": [30, 30, 30]}).json()["id"]
    found = until(client, key, "failed")
    assert "try a tenth of it" in found["error"]
    assert [(p["name"], p["severity"]) for p in found["problems"]] == [("the loss is not finite", "serious")]


def test_pause_stop_and_forget(client):
    key = client.post("/api/trainings", json=SMALL | {"epochs": 200}).json()["id"]
    until(client, key, "running")
    assert client.get(f"/api/trainings/{key}/model").status_code == 409
    assert client.post(f"/api/trainings/{key}/step").status_code == 409
    assert client.post(f"/api/trainings/{key}/pause").json()["state"] == "paused"
    step = client.get(f"/api/trainings/{key}").json()["step"]
    time.sleep(0.1)
    assert client.get(f"/api/trainings/{key}").json()["step"] == step
    found = client.post(f"/api/trainings/{key}/stop").json()
    assert found["state"] == "stopped" and found["step"] == step
    for button in ("pause", "resume", "step"):
        refused = client.post(f"/api/trainings/{key}/{button}")
        assert refused.status_code == 409 and refused.json()["error"].endswith(".")
    assert [t["id"] for t in client.get("/api/trainings").json()["trainings"]] == [key]
    assert client.delete(f"/api/trainings/{key}").status_code == 204
    assert client.get(f"/api/trainings/{key}").status_code == 404


def test_stopped_before_its_first_step(client):
    key = client.post("/api/trainings", json=SMALL | {"paused": True}).json()["id"]
    until(client, key, "paused")
    client.post(f"/api/trainings/{key}/stop")
    assert until(client, key, "stopped")["step"] == 0


def test_others_wait_for_their_turn_and_too_many_are_refused():
    with client_of(trainings=1, waiting=1) as client:
        first, second = (client.post("/api/trainings", json=SMALL | {"epochs": 200}).json()["id"] for _ in range(2))
        assert until(client, second, "waiting")["step"] == 0
        refused = client.post("/api/trainings", json=SMALL)
        assert refused.status_code == 429 and refused.headers["retry-after"] == "10"
        client.post(f"/api/trainings/{first}/pause")  # who stands still gives the turn away
        until(client, second, "running")
        client.post(f"/api/trainings/{second}/stop")
        client.post(f"/api/trainings/{first}/resume")
        until(client, first, "running")


def test_limits_of_time_and_of_what_is_kept():
    with client_of(training_seconds=0.05, kept=2) as client:
        keys = []
        for _ in range(3):
            keys.append(client.post("/api/trainings", json=SMALL | {"epochs": 200, "batch_size": 1}).json()["id"])
            found = until(client, keys[-1], "stopped", "finished")
            assert found["state"] == "stopped" and "seconds of computing" in found["error"]
        assert client.get(f"/api/trainings/{keys[0]}").status_code == 404  # the oldest went
        assert client.get(f"/api/trainings/{keys[2]}").status_code == 200
    with client_of(paused_seconds=0.05) as client:
        key = client.post("/api/trainings", json=SMALL | {"paused": True}).json()["id"]
        assert "standing still" in until(client, key, "stopped")["error"]


def test_trainings_belong_to_a_browser_and_models_to_everybody(client, seven):
    key = client.post("/api/trainings", json=SMALL).json()["id"]
    until(client, key, "finished")
    assert len(client.get("/api/trainings").json()["trainings"]) == 1
    client.cookies.clear()
    assert client.get("/api/trainings").json()["trainings"] == []
    looked = client.post(f"/api/look?model={key}", content=seven.tobytes(), headers=RAW)
    assert looked.status_code == 200 and len(looked.json()["layers"]) == 3
    read = client.post(f"/api/read?model={key}", content=seven.tobytes(), headers=RAW)
    assert read.status_code == 200 and read.json()["model"] == key


def test_without_data_it_says_so():
    def nowhere():
        raise ByhandError("mnist cannot be fetched: there is no network.")

    trainings = Trainings(Limits(), nowhere)
    job = trainings.begin({}, "somebody")
    job.thread.join(120)
    assert job.state == "failed" and job.error == "mnist cannot be fetched: there is no network."


@pytest.mark.parametrize("name", RECIPE_CHOICES)
def test_recipes_are_built_as_they_are(name):
    limits, recipe = Limits(), RECIPES[name]
    network, optimizer = build(of_recipe(name, limits), limits)
    assert network.layers == tuple(recipe.layers) and network.loss == recipe.loss
    assert optimizer == recipe.optimizer and network.input_shape == recipe.input_shape
    network, optimizer = build(read_settings({"recipe": name, "learning_rate": 0.125}, limits), limits)
    assert network.layers == tuple(recipe.layers) and optimizer.learning_rate == 0.125


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"hidden": 30}, "hidden must be a list"),
        ({"hidden": [0]}, "sizes from 1"),
        ({"hidden": [5] * 9}, "at most"),
        ({"hidden": [True]}, "sizes from 1"),
        ({"activation": "step"}, "activation must be one of"),
        ({"optimizer": ["adam"]}, "optimizer must be one of"),
        ({"recipe": "fashion"}, "recipe must be one of"),
        ({"learning_rate": 0}, "above 0"),
        ({"learning_rate": "0.1"}, "above 0"),
        ({"learning_rate": True}, "above 0"),
        ({"batch_size": 0}, "batch_size must be a whole number"),
        ({"epochs": None}, "epochs must be a whole number"),
        ({"images": 10**9}, "images must be a whole number"),
        ({"seed": -1}, "seed must be"),
        ({"color": "red"}, "no setting 'color'"),
        ({"paused": 1}, "paused must be"),
        ({"name": "x" * 41}, "at most 40"),
    ],
)
def test_settings_that_are_none(table, words):
    with pytest.raises(Refusal, match=words) as refused:
        Trainings(Limits(), block_data).begin(table, "somebody")
    assert refused.value.status == 422


def test_turns_come_in_order():
    slots = Slots(1)
    first, second = Turn(slots), Turn(slots)
    assert first.take(lambda: False) and first.take(lambda: False)  # it has it already
    assert not second.take(lambda: True)
    first.give()
    first.give()  # once is enough
    assert second.take(lambda: True)
    assert not first.take(lambda: True)
