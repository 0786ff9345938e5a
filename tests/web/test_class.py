"""A class: quotas, places in the queue, the way in, a password, networks and drawings that are brought along."""

import io
import time

import numpy as np
import pytest

from byhand import Network
from byhand.layers import Dense
from byhand.web.limits import Limits
from byhand.web.security import Access
from byhand.web.state import Server
from tests.web.conftest import RAW, client_of, until
from tests.web.test_programs import client_with
from tests.web.test_trainings import SMALL

LONG = SMALL | {"epochs": 200, "batch_size": 1}


def saved(network, tmp_path):
    network.save(tmp_path / "mine.safetensors")
    return (tmp_path / "mine.safetensors").read_bytes()


def test_one_browser_cannot_take_all_places_and_places_are_told():
    with client_of(trainings=1, browser_trainings=2) as client:
        first, second = (client.post("/api/trainings", json=LONG).json()["id"] for _ in range(2))
        until(client, first, "running")
        refused = client.post("/api/trainings", json=LONG)
        assert refused.status_code == 429 and "2 trainings under way" in refused.json()["error"]
        client.cookies.clear()  # another browser
        third = client.post("/api/trainings", json=LONG).json()["id"]
        until(client, third, "waiting")
        assert [client.get(f"/api/trainings/{key}").json()["ahead"] for key in (first, second, third)] == [0, 0, 1]
        client.post(f"/api/trainings/{second}/stop")
        assert client.get(f"/api/trainings/{third}").json()["ahead"] == 0


def test_a_pace_is_kept_and_changed(client):
    key = client.post("/api/trainings", json=SMALL | {"pace": 0.001}).json()["id"]
    until(client, key, "running")
    while not (found := client.get(f"/api/trainings/{key}").json())["steps"]:
        time.sleep(0.01)  # its data are being loaded
    assert found["step"] <= 1 and found["pace"] == 0.001 and found["steps"] == 15
    assert client.put(f"/api/trainings/{key}/pace?steps=0").json()["pace"] == 0
    assert until(client, key, "finished")["step"] == 45
    assert client.put(f"/api/trainings/{key}/pace?steps=1").status_code == 409
    assert client.post("/api/trainings", json=SMALL | {"pace": -1}).status_code == 422


def test_all_terms_of_a_sum(client, seven):
    path = "/api/models/dense/equation?layer=0&unit=3"
    some = client.post(path, content=seven.tobytes(), headers=RAW).json()
    every = client.post(f"{path}&terms=9999", content=seven.tobytes(), headers=RAW).json()
    assert len(some["terms"]) == 8 and every["rest"] is None and every["terms"][:8] == some["terms"]
    assert len(every["terms"]) == 8 + some["rest"]["count"]
    total = sum(term["product"] for term in every["terms"]) + every["bias"]
    assert total == pytest.approx(every["value"], rel=1e-3)


def test_a_password_is_said_once_a_browser():
    with client_with(Access(password="sesame")) as client:
        assert client.get("/api/models").status_code == 401 and client.get("/").status_code == 200
        assert client.get("/api/join").json() == {"addresses": [], "password": True}
        assert client.post("/api/enter", json={"password": "open"}).status_code == 403
        assert client.post("/api/enter", json={}).status_code == 400
        assert client.post("/api/enter", json={"password": "sesame"}).status_code == 204
        assert client.get("/api/models").status_code == 200
        client.cookies.clear()
        assert client.get("/api/models", headers={"cookie": "byhand-pass=sesame"}).status_code == 401
        assert client.get("/api/models", headers={"authorization": "Bearer sesame"}).status_code == 200


def test_the_way_in_as_a_code(client):
    assert client.get("/api/join.svg").status_code == 404
    client.app.page.server.addresses = ("http://192.0.2.7:8000/",)
    assert client.get("/api/join").json()["addresses"] == ["http://192.0.2.7:8000/"]
    code = client.get("/api/join.svg")
    assert code.headers["content-type"] == "image/svg+xml" and b"<svg" in code.content


def test_a_network_is_brought_along(client, seven, tmp_path):
    network = Network((784,), [Dense(12), Dense(10)], rng=0, inputs="grey levels")
    found = client.post("/api/models", files={"model": ("mine.safetensors", saved(network, tmp_path))})
    assert found.status_code == 201 and found.json()["name"] == "mine"
    looked = client.post(f"/api/look?model={found.json()['id']}", content=seven.tobytes(), headers=RAW).json()
    p = network.predict_proba(network.as_input(seven.reshape(1, 784)))[0]
    np.testing.assert_allclose(looked["probabilities"], p, rtol=1e-4)
    other = Network((10,), [Dense(10)], rng=0)
    assert client.post("/api/models", content=saved(other, tmp_path), headers=RAW).status_code == 422
    with client_of(upload_numbers=20) as small:
        refused = small.post("/api/models", content=saved(network, tmp_path), headers=RAW)
        assert refused.status_code == 422 and "more than 20 numbers" in refused.json()["error"]
    refused = client.post("/api/models", content=b"no model", headers=RAW)
    assert refused.status_code == 422 and refused.json()["error"].startswith("The file: ")


def test_networks_that_were_brought_along_are_not_kept_for_ever(tmp_path):
    from byhand.web.forms import FormFile

    server = Server(Limits(uploads=2))
    data = saved(Network((784,), [Dense(10)], rng=0, inputs="grey levels"), tmp_path)
    ids = [server.uploads.add(FormFile("a", "", data)).id for _ in range(3)]
    assert list(server.uploads.models) == ids[1:]


def test_samples_are_loaded_as_they_were_saved(client, seven):
    client.post("/api/samples?label=7", content=seven.tobytes(), headers=RAW)
    file = client.get("/api/samples.npz").content
    client.cookies.clear()
    found = client.post("/api/samples.npz", files={"samples": ("samples.npz", file)})
    assert found.status_code == 201 and found.json()["count"] == 1 and found.json()["samples"][0]["label"] == "7"
    assert client.post("/api/samples.npz", content=file, headers=RAW).json()["count"] == 2


@pytest.mark.parametrize(
    "arrays",
    [
        {"x_train": np.zeros((2, 28, 28), np.uint8)},
        {"x_train": np.zeros((2, 27, 28), np.uint8), "y_train": np.zeros(2, int)},
        {"x_train": np.zeros((2, 28, 28)), "y_train": np.zeros(2, int)},
        {"x_train": np.zeros((2, 28, 28), np.uint8), "y_train": np.array([3, 10])},
        {"x_train": np.zeros((2, 28, 28), np.uint8), "y_train": np.array(["3", "4"])},
        {"x_train": np.zeros((900, 28, 28), np.uint8), "y_train": np.zeros(900, int), "more": np.zeros(10**6)},
        {"x_train": np.array([{}], object), "y_train": np.zeros(1, int)},
    ],
)
def test_no_file_of_samples(client, arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    refused = client.post("/api/samples.npz", content=file.getvalue(), headers=RAW)
    assert refused.status_code == 422 and "no file of samples" in refused.json()["error"]
    assert client.get("/api/samples").json()["count"] == 0
