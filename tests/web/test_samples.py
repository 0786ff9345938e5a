"""A learner's own drawings: kept by browser, bounded, and learnt from."""

import numpy as np

from byhand.data import load
from byhand.network import Network
from tests.web.conftest import RAW, client_of, until
from tests.web.schema import unpacked


def keep(client, image, label):
    return client.post(f"/api/samples?label={label}", content=image.tobytes(), headers=RAW)


def test_kept_relabelled_removed(client, seven):
    assert keep(client, seven, 7).json()["counts"] == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    second = keep(client, seven[:, ::-1], 2)
    assert second.status_code == 201 and second.json()["count"] == 2 and second.json()["sample"]["id"] == 2
    assert client.put("/api/samples/2?label=3").json()["counts"][3] == 1
    found = client.get("/api/samples").json()
    assert [(s["id"], s["label"]) for s in found["samples"]] == [(1, "7"), (2, "3")]
    np.testing.assert_allclose(unpacked(found["samples"][1]["image"]) * 255, seven[:, ::-1])
    assert client.delete("/api/samples/1").status_code == 204
    assert client.delete("/api/samples/1").status_code == 404
    assert keep(client, seven, 7).json()["sample"]["id"] == 3  # numbers are not used again
    assert client.delete("/api/samples").status_code == 204
    assert client.get("/api/samples").json()["count"] == 0


def test_each_browser_has_its_own_and_so_many():
    seven = np.eye(28, dtype=np.uint8) * 255
    with client_of(samples=2, sessions=2) as client:
        assert "byhand=" in (cookie := keep(client, seven, 1).headers["set-cookie"])
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie
        assert "set-cookie" not in keep(client, seven, 1).headers
        full = keep(client, seven, 1)
        assert full.status_code == 429 and "at most" in full.json()["error"]
        mine = client.cookies.get("byhand")
        for others in range(2):
            client.cookies.clear()
            assert client.get("/api/samples").json()["count"] == 0
            assert keep(client, seven, others).status_code == 201
        client.cookies.clear()
        client.cookies.set("byhand", mine)
        assert client.get("/api/samples").json()["count"] == 0  # used longest ago of three, where two are kept


def test_the_file_is_one_that_byhand_loads(client, seven, tmp_path):
    assert client.get("/api/samples.npz").status_code == 404
    keep(client, seven, 7)
    keep(client, seven.T, 4)
    path = tmp_path / "samples.npz"
    path.write_bytes(client.get("/api/samples.npz").content)
    data = load(path)
    np.testing.assert_array_equal(data.x_train.reshape(2, 28, 28), [seven, seven.T])
    np.testing.assert_array_equal(data.y_train, [7, 4])


def test_a_network_learns_what_it_read_wrongly(client, seven, tmp_path):
    assert client.post("/api/finetune", json={}).status_code == 422  # without samples
    for shift in range(-2, 3):
        keep(client, np.roll(seven[:, ::-1], shift, axis=1), 0)  # a mirrored seven shall be a 0
    table = {"model": "perceptron", "epochs": 5, "learning_rate": 0.01, "images": 300}
    begun = client.post("/api/finetune", json=table).json()
    assert begun["kind"] == "finetune" and begun["name"] == "perceptron"
    found = until(client, begun["id"], "finished")
    assert found["own"] == {"before": 0.0, "after": 1.0, "count": 5}
    assert found["steps"] == 12  # 300 images, and 15 copies of 5 drawings, which are a fifth of all
    path = tmp_path / "mine.safetensors"
    path.write_bytes(client.get(f"/api/trainings/{begun['id']}/model").content)
    assert Network.load(path).predict(seven[:, ::-1].reshape(1, 784)) == [0]
    old = client.post("/api/look?model=perceptron", content=seven[:, ::-1].tobytes(), headers=RAW).json()
    assert old["answer"]["text"] != "0"  # the one that ships stays as it is


def test_fine_tuning_refuses(client, seven):
    keep(client, seven, 7)
    for table, status in (
        ({"model": "nobody"}, 404),
        ({"model": 3}, 422),
        ({"hidden": [3]}, 422),
        ({"epochs": 0}, 422),
        ({"name": None}, 422),
    ):
        assert client.post("/api/finetune", json=table).status_code == status, table
