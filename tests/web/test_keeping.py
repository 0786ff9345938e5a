"""What a folder keeps: drawings, runs and names outlast the server; who may delete what."""

import json

import numpy as np
import pytest

from byhand.core.errors import ByhandError
from byhand.web.app import create_app
from byhand.web.people import hidden
from byhand.web.state import Server
from tests.web.conftest import RAW, block_data, need_libraries, until
from tests.web.test_trainings import SMALL


def client_keeping(folder, **more):
    need_libraries()
    from starlette.testclient import TestClient

    return TestClient(create_app(Server(data=block_data, keep=folder, **more)), raise_server_exceptions=False)


def test_drawings_runs_and_names_outlast_the_server(tmp_path, seven):
    with client_keeping(tmp_path) as client:
        client.post("/api/samples?label=7", content=seven.tobytes(), headers=RAW)
        client.put("/api/class/name?name=Ada%20L.")
        key = client.post("/api/trainings", json=SMALL | {"name": "mine"}).json()["id"]
        before = until(client, key, "finished")
        tuned = client.post("/api/finetune", json={"epochs": 1, "images": 100}).json()["id"]
        until(client, tuned, "finished")
        model = client.get(f"/api/trainings/{key}/model").content
        cookies = dict(client.cookies)
    assert cookies["byhand"] not in "".join(map(str, tmp_path.rglob("*")))  # who reads the folder cannot pass for her
    with np.load(next(tmp_path.glob("drawings/*.npz"))) as file:
        np.testing.assert_array_equal(file["x_train"], seven[None])
    with client_keeping(tmp_path) as client:
        client.cookies.update(cookies)
        assert client.get("/api/samples").json()["counts"][7] == 1
        after = client.get(f"/api/trainings/{key}").json()
        assert after == before and client.get(f"/api/trainings/{key}/model").content == model
        assert client.get(f"/api/trainings/{tuned}").json()["own"]["count"] == 1
        assert client.get("/api/class").json()["people"][0]["name"] == "Ada L."
        with client.stream("GET", f"/api/trainings/{key}/events") as stream:
            names = [line[7:] for line in stream.iter_lines() if line.startswith("event: ")]
        assert names == ["training", "look", "end"]
        client.delete(f"/api/trainings/{key}")
        client.delete("/api/samples")
    kept = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert kept == sorted(["names.json", f"{tuned}.json", f"{tuned}.safetensors"])


def test_a_damaged_run_is_left_out_and_an_impossible_folder_said(tmp_path, caplog):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "broken.json").write_text("{")
    (tmp_path / "drawings").mkdir()
    (tmp_path / "drawings" / f"{hidden('x')}.npz").write_bytes(b"no archive")
    with client_keeping(tmp_path) as client:
        assert client.get("/api/trainings").json()["trainings"] == []
    assert "broken.json is left out" in caplog.text and "are left out" in caplog.text
    with pytest.raises(ByhandError, match="name another folder"):
        Server(keep=tmp_path / "runs" / "broken.json")


def test_names_are_wanted_and_others_things_are_the_teachers_to_delete(tmp_path, seven):
    with client_keeping(tmp_path) as client:
        app = client.app.page.server
        pupils = []
        for name in ("Ada", ""):
            client.cookies.clear()
            client.post("/api/samples?label=7", content=seven.tobytes(), headers=RAW)
            if name:
                assert client.put(f"/api/class/name?name={name}").status_code == 204
            pupils.append(dict(client.cookies))
        found = client.get("/api/class").json()  # by the one without a name
        assert not found["teacher"] and [p["name"] for p in found["people"]] == ["Ada", ""]
        ada, me = found["people"]
        assert me["me"] and me["drawings"] == 1 and ada["drawings"] is None
        assert client.delete(f"/api/class/{ada['person']}?all=true").status_code == 403
        assert client.delete("/api/class/0123456789abcdef").status_code == 404
        assert client.put("/api/class/name?name=" + "x" * 31).status_code == 422
        client.cookies.clear()
        assert client.post("/api/enter", json={"teacher": "guessed"}).status_code == 403
        assert client.post("/api/enter", json={"teacher": app.teacher}).status_code == 204
        found = client.get("/api/class").json()
        assert found["teacher"] and len(found["people"]) == 3  # both, and the teacher
        assert [p["drawings"] for p in found["people"]] == [1, 1, 0]
        assert client.delete(f"/api/class/{ada['person']}").status_code == 204  # the name only
        assert json.loads((tmp_path / "names.json").read_text()) == {}
        assert client.delete(f"/api/class/{ada['person']}?all=true").status_code == 204
        client.cookies.clear()
        client.cookies.update(pupils[0])
        assert client.get("/api/samples").json()["count"] == 0
        client.cookies.update(pupils[1])
        assert client.get("/api/samples").json()["count"] == 1
        assert client.delete(f"/api/class/{me['person']}?all=true").status_code == 204  # one's own
        assert client.get("/api/samples").json()["count"] == 0
    assert list(tmp_path.glob("drawings/*")) == []
