"""The OpenAPI description is true: every operation answers, with what the description says."""

import pytest

from byhand.forms.desk import ReviewDesk
from byhand.forms.review import Review
from byhand.layers import Dense
from byhand.network import Network
from byhand.web.openapi import openapi_description
from byhand.web.operations import OPERATIONS
from byhand.web.people import hidden, public
from tests.forms.test_review import page
from tests.web import families
from tests.web.conftest import RAW, need_libraries, until
from tests.web.schema import faults
from tests.web.test_refusals import png

DESCRIPTION = openapi_description(OPERATIONS)
SCHEMAS = DESCRIPTION["components"]["schemas"]


def check(operation, response):
    """The answer is one that the description knows."""
    described = DESCRIPTION["paths"][operation.path][operation.method.lower()]["responses"]
    assert str(response.status_code) in described, (response.status_code, response.text)
    content = described[str(response.status_code)].get("content", {})
    if not content:
        assert not response.content
        return
    kind = response.headers["content-type"].partition(";")[0]
    assert kind in content
    if kind == "application/json":
        assert list(faults(response.json(), content[kind]["schema"], SCHEMAS)) == []


def ask(client, operation, query="", **values):
    path = operation.path.format(**values)
    return client.request(operation.method, f"{path}{query}", **QUESTIONS.get(operation.id, {}))


QUESTIONS = {}


@pytest.fixture
def filled(client, seven, tmp_path):
    """A server that holds a training which stands still, and a sample; the drawing goes into every body."""
    drawing = {"content": seven.tobytes(), "headers": RAW}
    file = tmp_path / "model.safetensors"
    Network((784,), [Dense(10)], rng=0, inputs="grey levels").save(file)
    QUESTIONS["enter"] = {"json": {"password": "sesame"}}
    client.app.page.server.password, client.app.page.server.addresses = "sesame", ("http://192.0.2.7:8000/",)
    QUESTIONS["read_many"] = {"content": png(255 - seven), "headers": RAW}
    QUESTIONS.update({o.id: drawing for o in OPERATIONS if o.body == "drawing"})
    begun = client.post("/api/trainings", json={"hidden": [8], "images": 100, "epochs": 2, "paused": True})
    until(client, begun.json()["id"], "paused")
    QUESTIONS["upload"] = {"content": file.read_bytes(), "headers": RAW}
    client.post("/api/samples?label=7", **drawing)
    client.post(f"/api/trainings/{begun.json()['id']}/step")
    QUESTIONS["plane"] = {"json": {"points": [[0, 1, 0], [1, 0, 1]], "steps": 2, "optimizer": "adam"}}
    review = Review(tmp_path / "review")
    review.add(page())
    review.write()
    client.app.page.server.review = ReviewDesk(tmp_path / "review")
    QUESTIONS["correct"] = {"json": {"label": "12"}}
    QUESTIONS["images"] = {"json": {"z": [[0.5, 1], [0, 0]], "pixel": [1, 2]}}
    QUESTIONS["next"] = {"json": {"text": "abc", "count": 3}}
    for name, network in BROUGHT.items():
        network().save(file)
        MODELS[name] = client.post("/api/models", content=file.read_bytes(), headers=RAW).json()["id"]
    QUESTIONS["load_points"] = {"content": b"a,b,class\n1,2,x\n2,3,y\n", "headers": RAW}
    QUESTIONS["load_samples"] = {"content": client.get("/api/samples.npz").content, "headers": RAW}
    return client, begun.json()["id"]


BROUGHT = {
    "attention": families.vit,
    "states": families.lstm,
    "images": families.decoder,
    "next": families.writer,
}
MODELS = {}  # their ids, once they are brought along
QUERIES = {
    "weights": "?layer=0&unit=3",
    "equation": "?layer=output&unit=3",
    "add_sample": "?label=3",
    "relabel": "?label=3",
    "pace": "?steps=2",
    "kernel": "?layer=0&unit=1&row=3&column=4",
    "chain": "?layer=0&input=3&unit=2",
    "name": "?name=Ada",
    "points": "?kind=spiral&noise=0.1",
}


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.id for operation in OPERATIONS])
def test_every_operation_answers_as_described(filled, operation):
    client, training = filled
    model = MODELS.get(operation.id, "small-conv") if "/models/" in operation.path else training
    if operation.id == "events":
        client.post(f"/api/trainings/{training}/stop")  # else the stream has no end
    response = ask(
        client,
        operation,
        QUERIES.get(operation.id, ""),
        id=model,
        number=1,
        person=public(hidden(client.cookies["byhand"])),
    )
    assert response.status_code == operation.status, response.text
    check(operation, response)
    if 404 in operation.refusals and "{" in operation.path:
        lost = ask(client, operation, QUERIES.get(operation.id, ""), id="nobody", number=99, person="0123456789abcdef")
        assert lost.status_code == 404 and lost.json()["error"].endswith(".")
        check(operation, lost)


def test_routes_and_description_name_the_same_addresses():
    need_libraries()
    from starlette.routing import Route

    from byhand.web.app import Application
    from byhand.web.state import Server

    served = {
        (route.path, method)
        for route in Application(Server()).routes()
        if isinstance(route, Route) and route.path.startswith(("/api/", "/healthz"))
        for method in route.methods - {"HEAD"}
    }
    described = {(path, m.upper()) for path, methods in DESCRIPTION["paths"].items() for m in methods}
    assert served == described == {(o.path, o.method) for o in OPERATIONS}
    assert len({operation.id for operation in OPERATIONS}) == len(OPERATIONS)


def test_the_description_holds_together():
    text = str(DESCRIPTION)
    for name in SCHEMAS:
        assert f"#/components/schemas/{name}" in text, f"{name} is described but never used"
    for methods in DESCRIPTION["paths"].values():
        for operation in methods.values():
            for answer in operation["responses"].values():
                assert answer["description"]


@pytest.mark.parametrize("model", ["dense", "digits", "guide", "nielsen", "perceptron", "small-conv"])
def test_every_network_is_looked_into_as_described(reader, seven, model):
    response = reader.post(f"/api/look?model={model}", content=seven.tobytes(), headers=RAW)
    check(next(o for o in OPERATIONS if o.id == "look"), response)
    equation = next(o for o in OPERATIONS if o.id == "equation")
    layers = next(m for m in reader.get("/api/models").json()["models"] if m["id"] == model)["layers"]
    for layer in [*range(len(layers)), "output"]:
        path = f"/api/models/{model}/equation?layer={layer}&unit=3"
        check(equation, reader.post(path, content=seven.tobytes(), headers=RAW))
