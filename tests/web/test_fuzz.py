"""Malformed requests, made from the description: none gives a 500, and the server lives.

BYHAND_FUZZ says how many there are; 10,000 take a minute or two.
"""

import json
import os

import numpy as np
import pytest

from byhand.web.openapi import openapi_description
from byhand.web.operations import OPERATIONS
from tests.web import families
from tests.web.conftest import RAW, client_of

COUNT = int(os.environ.get("BYHAND_FUZZ", "400"))
DESCRIPTION = openapi_description(OPERATIONS)
TEXTS = (
    "",
    "0",
    "-1",
    "1e9",
    "99999999999999999999",
    "NaN",
    "null",
    "%00",
    "\u0661",
    "../../etc",
    "a" * 300,
    "'\"<x>",
    "é☃",
)
VALUES = (
    None,
    True,
    -1,
    0,
    1,
    2.5,
    1e308,
    10**30,
    "",
    "sigmoid",
    "adam",
    "x" * 200,
    [],
    [1],
    [[[]]],
    {},
    {"a": {}},
    "\ud83d",
)
KINDS = (
    "application/octet-stream",
    "image/png",
    "image/gif",
    "application/json",
    "text/plain",
    "",
    "\u00ff/;;",
    "image/" * 50,
)


def parameter_text(rng, parameter):
    """Mostly what the schema allows, else anything."""
    schema = parameter["schema"]
    if rng.random() < 0.4:
        return str(rng.choice(TEXTS))
    if "enum" in schema:
        return str(rng.choice(schema["enum"]))
    if schema["type"] in ("number", "boolean"):
        return str(rng.choice(["true", "false"])) if schema["type"] == "boolean" else f"{rng.random():.3f}"
    if schema["type"] == "integer":
        edges = (schema["minimum"], schema["maximum"], schema["minimum"] - 1, schema["maximum"] + 1)
        return str(rng.choice(edges)) if rng.random() < 0.3 else str(rng.integers(0, 40))
    if "\\d{1,6}" in schema["pattern"]:
        return ",".join(str(n) for n in rng.integers(0, 40, 4))
    return str(rng.choice(["dense", "small-conv", "nielsen", "output", "0", "nobody"]))


def body(rng, operation, seeds):
    """Bytes near to what is expected, or far from it."""
    how = rng.random()
    if how < 0.1:
        return b""
    if how < 0.3:
        return rng.bytes(int(rng.choice([1, 50, 784, 900, 5000])))
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        schemas = DESCRIPTION["components"]["schemas"]
        tables = ("NewTraining", "Finetune", "NewImages", "NewNext", "Correction")
        names = [name for table in tables for name in schemas[table]["properties"]] + ["else"]
        chosen = rng.choice(names, rng.integers(0, 5))
        table = {str(name): VALUES[rng.integers(len(VALUES))] for name in chosen}
        # small, so that a training which is begun by chance is over soon
        text = json.dumps({"epochs": 1, "images": 20} | table).encode()
    else:
        text = seeds[rng.integers(len(seeds))]
    damaged = bytearray(text)
    for _ in range(rng.integers(0, 4)):
        if damaged:
            damaged[rng.integers(len(damaged))] = rng.integers(256)
    return bytes(damaged[: rng.integers(1, len(damaged) + 1)] if rng.random() < 0.3 and damaged else damaged)


def request(rng, seeds, ids, models):
    """One request: method, address, body, headers."""
    path, methods = list(DESCRIPTION["paths"].items())[rng.integers(len(DESCRIPTION["paths"]))]
    method, operation = list(methods.items())[rng.integers(len(methods))]
    query = {}
    for parameter in operation.get("parameters", ()):
        text = parameter_text(rng, parameter)
        if parameter["in"] == "path":
            if parameter["name"] == "id" and "trainings" in path and rng.random() < 0.5:
                text = str(rng.choice(ids))
            elif parameter["name"] == "id" and "/models/" in path and rng.random() < 0.5:
                text = str(rng.choice(models))
            path = path.replace(f"{{{parameter['name']}}}", text or "x")
        elif rng.random() < 0.8 or parameter["required"]:
            query[parameter["name"]] = text
    if rng.random() < 0.1:
        query[str(rng.choice(TEXTS)) or "more"] = str(rng.choice(TEXTS))
    if rng.random() < 0.05:
        method = str(rng.choice(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "BREW"]))
    kinds = list(operation.get("requestBody", {}).get("content", {})) or [""]
    kind = str(rng.choice(kinds)) if rng.random() < 0.8 else str(rng.choice(KINDS))
    headers = {"content-type": kind.encode("utf-8")} if kind else {}
    if rng.random() < 0.05:
        headers["cookie"] = b"byhand=" + bytes(rng.integers(33, 127, 40, np.uint8))
    return method.upper(), path, query, body(rng, operation, seeds), headers


def pictures(seven):
    from io import BytesIO

    from PIL import Image

    yield seven.tobytes()
    for kind in ("PNG", "GIF", "BMP", "JPEG", "TIFF", "WEBP"):
        file = BytesIO()
        Image.fromarray(255 - np.kron(seven, np.ones((2, 2), np.uint8))).save(file, kind)
        yield file.getvalue()


FAMILIES = (families.vit, families.lstm, families.decoder, families.writer)


def brought(client, network, file):
    """The id of a network that is brought along."""
    network.save(file)
    return client.post("/api/models", content=file.read_bytes(), headers=RAW).json()["id"]


@pytest.mark.filterwarnings("ignore")
def test_no_request_gives_a_500(seven, tmp_path):
    rng, seeds = np.random.default_rng(7), list(pictures(seven))
    statuses = {}
    with client_of(
        epochs=2, images=40, hidden_units=16, waiting=4, kept=8, training_seconds=1, paused_seconds=1
    ) as client:
        models = [brought(client, make(), tmp_path / "model.safetensors") for make in FAMILIES]
        for number in range(COUNT):
            if number % 200 == 0:
                table = {"images": 20, "epochs": 1, "paused": True}
                ids = [t["id"] for t in client.get("/api/trainings").json()["trainings"]]
                for key in ids:
                    client.delete(f"/api/trainings/{key}")
                ids = [client.post("/api/trainings", json=table).json()["id"]]
            method, path, query, content, headers = request(rng, seeds, ids, models)
            if path.endswith("/events"):
                client.post(f"/api/trainings/{ids[0]}/stop")  # so that the stream ends
            response = client.request(method, path, params=query, content=content, headers=headers)
            statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
            assert response.status_code < 500 or response.status_code == 503, (
                number,
                method,
                path,
                query,
                response.text,
            )
            if response.status_code >= 400 and method != "HEAD":
                sentence = response.json()["error"]
                assert sentence.endswith((".", "?")), (number, method, path, sentence)
        assert client.post("/api/look", content=seven.tobytes(), headers=RAW).json()["answer"]
    assert {200, 400, 404, 415, 422} <= set(statuses), statuses
    print(dict(sorted(statuses.items())))
