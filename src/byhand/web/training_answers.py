"""Who answers what about trainings."""

from typing import Any

from byhand.web.answers import drawing
from byhand.web.call import Answer, Call
from byhand.web.chain import RecordedStep
from byhand.web.limits import Refusal

MOMENT = 5.0  # seconds in which a training follows a button


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
    """Continue."""
    return _told(call, "resume")


def post_stop(call: Call) -> Answer:
    """End."""
    return _told(call, "stop")


def post_step(call: Call) -> Answer:
    """One step, and what it did."""
    job = _job(call)
    return Answer(job.one_step() | {"training": job.to_json()})


def get_batch(call: Call) -> Answer:
    """The last single step's batch."""
    return Answer(_recorded(call).batch())


def get_chain(call: Call) -> Answer:
    """The chain from the loss to one weight."""
    values = call.values
    path = tuple(map(int, values["path"].split(","))) if values.get("path") else ()
    place = values["layer"], values["input"], values["unit"], values.get("sample", 0)
    return Answer(_recorded(call).chain(*place, path))


def put_pace(call: Call) -> Answer:
    """Make it slower or faster."""
    job = _job(call)
    job.keep_pace(call.values["steps"])
    return Answer(job.to_json())


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


def _recorded(call: Call) -> RecordedStep:
    recorded: RecordedStep | None = _job(call).recorded
    if recorded is None:
        raise Refusal(409, "No single step was made yet; pause the training, and make one.")
    return recorded


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
        job.changed.wait_for(done[what], MOMENT)
    return Answer(job.to_json())
