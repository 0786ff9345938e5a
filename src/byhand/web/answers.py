"""Who answers what about networks and drawings."""

import time
from typing import Any

import numpy as np

from byhand.recipes import RECIPES
from byhand.web import settings, training_data
from byhand.web.call import Answer, Call
from byhand.web.drawings import Drawing, digit, picture, trim
from byhand.web.equation import equation
from byhand.web.examples import examples
from byhand.web.limits import Refusal
from byhand.web.look import look
from byhand.web.settings import ACTIVATIONS, LOSSES, NETWORKS, OPTIMIZERS, Settings
from byhand.web.weights import weights


def get_settings(call: Call) -> Answer:
    """Limits, and what a training can be told."""
    from byhand import __version__

    limits, defaults = call.server.limits, Settings()
    offered = [
        {"id": name, "about": RECIPES[name].takes, "settings": settings.of_recipe(name, limits).to_json()}
        for name in settings.OFFERED
    ]
    choices = {
        "recipes": offered,
        "networks": list(NETWORKS),
        "activations": list(ACTIVATIONS),
        "losses": list(LOSSES),
        "optimizers": list(OPTIMIZERS),
        "defaults": defaults.to_json(),
    }
    return Answer(
        {
            "version": __version__,
            "limits": limits.to_json(),
            "data": {"mnist": "ready" if training_data.is_there() else "absent"},
            "default_model": call.server.catalogue.default,
            "reader": call.server.reader(None).id,
            "training": choices,
        }
    )


def get_models(call: Call) -> Answer:
    """The networks to choose from."""
    return Answer({"models": [model.facts for model in call.server.catalogue.models.values()]})


def get_strokes(call: Call) -> Answer:
    """The ten digits as somebody writes them."""
    return Answer({"digits": examples(call.values.get("seed", 0))})


def drawing(call: Call) -> Drawing:
    """The one digit in the body."""
    return digit(call.body, call.kind, dict(call.values), call.server.limits)


def post_read(call: Call) -> Answer:
    """What is written in the picture."""
    server, values = call.server, call.values
    model = server.reader(values.get("model"))
    source = picture(call.body, call.kind, values.get("width"), values.get("height"), server.limits)
    if not isinstance(source, np.ndarray):
        return Answer(server.readers(model, source.getvalue(), server.path(model)) | {"model": model.id})
    part, frame = trim(source)
    record = server.readers(model, part, server.path(model))
    for line in record["lines"]:
        for framed in (line, *line["digits"]):
            framed["box"] = framed["box"] and list(frame.back(framed["box"]))
    return Answer(record | {"width": source.shape[1], "height": source.shape[0], "model": model.id})


def post_look(call: Call) -> Answer:
    """What a network makes of the drawing."""
    start = time.perf_counter()
    model = call.server.model(call.values.get("model"))
    found = drawing(call)
    record = look(model, found.image, call.values.get("class"))
    milliseconds = round(1000 * (time.perf_counter() - start), 2)
    return Answer(record | found.to_json() | {"milliseconds": milliseconds})


def get_weights(call: Call) -> Answer:
    """A layer's incoming weights."""
    network = call.server.model(call.values["id"]).network
    return Answer(weights(network, call.values["layer"], call.values.get("unit")))


def post_equation(call: Call) -> Answer:
    """A unit's equation with the drawing's numbers."""
    values = call.values
    model = call.server.model(values["id"])
    if model.reads != "digit":
        raise Refusal(422, "This network reads whole rows; equations need one that gives each image one answer.")
    layer = None if values["layer"] == "output" else int(values["layer"])
    place = (values.get("row", 0), values.get("column", 0))
    return Answer(equation(model.network, drawing(call).image, layer, values["unit"], place))


def get_openapi(call: Call) -> Answer:
    """The description of all this."""
    from byhand.web.openapi import describe

    return Answer(describe())


# ---- samples ----


def post_sample(call: Call) -> Answer:
    """Keep a drawing."""
    record = call.server.samples.add(call.session, drawing(call).image, call.values["label"])
    return Answer(record, 201, remember=True)


def get_samples(call: Call) -> Answer:
    """All drawings."""
    return Answer(call.server.samples.to_json(call.session))


def put_sample(call: Call) -> Answer:
    """Another label."""
    return Answer(call.server.samples.relabel(call.session, call.values["number"], call.values["label"]))


def delete_sample(call: Call) -> Answer:
    """Let one go."""
    call.server.samples.remove(call.session, call.values["number"])
    return Answer(status=204)


def delete_samples(call: Call) -> Answer:
    """Let all go."""
    call.server.samples.clear(call.session)
    return Answer(status=204)


def get_samples_npz(call: Call) -> Answer:
    """All drawings in a file."""
    body = call.server.samples.npz(call.session)
    return Answer(body, kind="application/octet-stream", filename="samples.npz")


# ---- trainings ----


def post_training(call: Call) -> Answer:
    """Begin a training."""
    return Answer(call.server.trainings.begin(call.table(), call.session).to_json(), 201, remember=True)


def post_finetune(call: Call) -> Answer:
    """Begin a training on own drawings."""
    table = call.table()
    name = table.get("model")
    if name is not None and not isinstance(name, str):
        raise Refusal(422, "model must be the id of a network, or null.")
    model, own = call.server.model(name), call.server.samples.own(call.session)
    return Answer(call.server.trainings.finetune(table, model, own, call.session).to_json(), 201, remember=True)


def get_trainings(call: Call) -> Answer:
    """This browser's trainings."""
    return Answer({"trainings": [job.to_json() for job in call.server.trainings.of(call.session)]})


def get_training(call: Call) -> Answer:
    """One training."""
    return Answer(_job(call).to_json())


def delete_training(call: Call) -> Answer:
    """Stop and forget it."""
    call.server.trainings.forget(call.values["id"])
    return Answer(status=204)


def post_pause(call: Call) -> Answer:
    """Stand still."""
    return _told(call, "pause")


def post_resume(call: Call) -> Answer:
    """Go on."""
    return _told(call, "resume")


def post_stop(call: Call) -> Answer:
    """End."""
    return _told(call, "stop")


def post_step(call: Call) -> Answer:
    """One step, and what it did."""
    job = _job(call)
    return Answer(job.one_step() | {"training": job.to_json()})


def put_drawing(call: Call) -> Answer:
    """The drawing that the network shall judge as it learns."""
    job, found = _job(call), drawing(call)
    return Answer(found.to_json() | (job.judge(found.image) or {}))


def delete_drawing(call: Call) -> Answer:
    """No drawing any more."""
    _job(call).judge(None)
    return Answer(status=204)


def get_training_model(call: Call) -> Answer:
    """The network as a file."""
    import tempfile
    from pathlib import Path

    job = _job(call)
    if not (job.ended or job.state == "paused"):
        raise Refusal(409, f"It is {job.state}; pause it, or wait for its end.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        job.network.save(path)
        return Answer(path.read_bytes(), kind="application/octet-stream", filename=f"byhand-{job.id}.safetensors")


def get_events(call: Call) -> Answer:
    """The training, whose journal is then streamed."""
    return Answer(_job(call))


def _job(call: Call) -> Any:
    return call.server.trainings.get(call.values["id"])


def _told(call: Call, what: str) -> Answer:
    """Press one of the buttons, and give the training a moment to follow."""
    job = _job(call)
    getattr(job, what)()
    with job.changed:
        done = {
            "pause": lambda: job.ended or job.state == "paused",
            "resume": lambda: job.state != "paused",
            "stop": lambda: job.ended,
        }
        job.changed.wait_for(done[what], 1.0)
    return Answer(job.to_json())
