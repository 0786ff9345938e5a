"""Handlers of the operations on networks and drawings."""

import time

from byhand.recipes import RECIPES
from byhand.web import settings, training_data
from byhand.web.batch import ANSWER_TYPES, options_of
from byhand.web.call import Answer, Call
from byhand.web.drawings import Drawing, digit, picture
from byhand.web.equation import WRITTEN, equation
from byhand.web.examples import examples
from byhand.web.look import look
from byhand.web.pictures import room_for
from byhand.web.reading import ToRead
from byhand.web.settings import ACTIVATION_CHOICES, LOSS_CHOICES, NETWORK_CHOICES, OPTIMIZER_CHOICES, Settings
from byhand.web.sliding import kernel_at
from byhand.web.weights import weights


def get_settings(call: Call) -> Answer:
    """Limits, and the choices for a training."""
    from byhand import __version__

    limits = call.server.limits
    offered = [
        {"id": name, "about": RECIPES[name].takes, "settings": settings.of_recipe(name, limits).to_json()}
        for name in settings.RECIPE_CHOICES
    ]
    choices = {
        "recipes": offered,
        "networks": list(NETWORK_CHOICES),
        "activations": list(ACTIVATION_CHOICES),
        "losses": list(LOSS_CHOICES),
        "optimizers": list(OPTIMIZER_CHOICES),
        "defaults": Settings().to_json(),
        "starts": {name: settings.start_of(name).to_json() for name in NETWORK_CHOICES},
    }
    return Answer(
        {
            "version": __version__,
            "limits": limits.to_json(),
            "data": {"mnist": "ready" if training_data.is_there() else "absent"},
            "default_model": call.server.catalogue.default,
            "reader": call.server.reader(None).id,
            "training": choices,
            "review": call.server.review is not None,
        }
    )


def get_health(call: Call) -> Answer:
    """That the server answers."""
    from byhand import __version__

    return Answer({"status": "ok", "version": __version__})


def get_models(call: Call) -> Answer:
    """The available networks."""
    return Answer({"models": [model.facts for model in call.server.catalogue.models.values()]})


def post_model(call: Call) -> Answer:
    """Bring a network along."""
    return Answer(call.server.uploads.add(call.part()).facts, 201)


def get_strokes(call: Call) -> Answer:
    """The ten digits in one handwriting."""
    return Answer({"digits": examples(call.values.get("seed", 0))})


def drawing(call: Call) -> Drawing:
    """The drawing of one digit in the body."""
    values, limits, part = call.values, call.server.limits, call.part()
    source = picture(part.data, part.kind, values.get("width"), values.get("height"), limits)
    with room_for(source, call.server.memory, limits):
        return digit(source, "width" not in values, values.get("box"), limits)


def post_read(call: Call) -> Answer:
    """Read the digits in the picture."""
    server, values, part = call.server, call.values, call.part()
    model, form = server.reader(values.get("model")), values.get("format", "json")
    source = picture(part.data, part.kind, values.get("width"), values.get("height"), server.limits)
    wanted = ToRead(source, server.limits, options_of(call), form, values.get("images", True), part.name)
    found = server.readers(model, wanted, server.path(model))
    if form == "json":
        return Answer(found | {"model": model.id})
    return Answer(found.encode(), kind=ANSWER_TYPES[form])


def post_look(call: Call) -> Answer:
    """Predict a drawing, with activations and evidence."""
    start = time.perf_counter()
    model = call.server.model(call.values.get("model"))
    found = drawing(call)
    record = look(model, found.image, call.values.get("class"))
    milliseconds = round(1000 * (time.perf_counter() - start), 2)
    return Answer(record | found.to_json() | {"milliseconds": milliseconds})


def get_weights(call: Call) -> Answer:
    """The weights of a layer."""
    network = call.server.model(call.values["id"]).network
    return Answer(weights(network, call.values["layer"], call.values.get("unit")))


def post_kernel(call: Call) -> Answer:
    """A kernel at one place."""
    values = call.values
    model = call.server.model(values["id"])
    model.require_digit()
    place = values.get("row", 0), values.get("column", 0)
    return Answer(kernel_at(model.network, drawing(call).image, values["layer"], values["unit"], place))


def post_equation(call: Call) -> Answer:
    """The equation of a unit with the numbers of the drawing."""
    values = call.values
    model = call.server.model(values["id"])
    model.require_digit()
    layer = None if values["layer"] == "output" else int(values["layer"])
    place = (values.get("row", 0), values.get("column", 0))
    count = values.get("terms", WRITTEN)
    return Answer(equation(model.network, drawing(call).image, layer, values["unit"], place, count))


# ---- samples ----


def post_sample(call: Call) -> Answer:
    """Store a drawing."""
    record = call.server.samples.add(call.session, drawing(call).image, call.values["label"])
    return Answer(record, 201, remember=True)


def get_samples(call: Call) -> Answer:
    """All drawings."""
    return Answer(call.server.samples.to_json(call.session))


def put_sample(call: Call) -> Answer:
    """Change the label of a drawing."""
    return Answer(call.server.samples.relabel(call.session, call.values["number"], call.values["label"]))


def delete_sample(call: Call) -> Answer:
    """Delete a drawing."""
    call.server.samples.remove(call.session, call.values["number"])
    return Answer(status=204)


def delete_samples(call: Call) -> Answer:
    """Delete all drawings."""
    call.server.samples.clear(call.session)
    return Answer(status=204)


def post_samples_npz(call: Call) -> Answer:
    """Add the drawings of a file."""
    return Answer(call.server.samples.load(call.session, call.part().data), 201, remember=True)


def get_samples_npz(call: Call) -> Answer:
    """Download all drawings."""
    body = call.server.samples.npz(call.session)
    return Answer(body, kind="application/octet-stream", filename="samples.npz")
