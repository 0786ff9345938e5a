"""Who answers what about the class."""

import hmac
from typing import Any

from byhand.web.call import Answer, Call
from byhand.web.limits import Refusal
from byhand.web.people import public


def get_class(call: Call) -> Answer:
    """Those who have a name, oneself, and for the teacher everybody."""
    server = call.server
    runs: dict[str, list[Any]] = {}
    for job in server.trainings.all():
        runs.setdefault(job.session, []).append(job)
    names = server.people.names
    everybody = dict.fromkeys([*names, *runs, *server.samples.sessions(), call.session])
    shown = [session for session in everybody if call.teacher or session in names or session == call.session]
    return Answer(
        {
            "teacher": call.teacher,
            "people": [
                {
                    "person": public(session),
                    "name": names.get(session, ""),
                    "me": session == call.session,
                    "drawings": server.samples.count(session) if call.teacher or session == call.session else None,
                    "runs": [job.short() for job in runs.get(session, [])],
                }
                for session in shown
            ],
        },
        remember=True,
    )


def put_name(call: Call) -> Answer:
    """Say one's name to the class."""
    call.server.people.call(call.session, call.values["name"])
    return Answer(status=204, remember=True)


def delete_person(call: Call) -> Answer:
    """Delete a name, and with `all` its drawings and runs: one's own, or as the teacher anybody's."""
    server, wanted = call.server, call.values["person"]
    known = [*server.people.names, *server.samples.sessions(), *(job.session for job in server.trainings.all())]
    session = next((one for one in [call.session, *known] if hmac.compare_digest(public(one), wanted)), None)
    if session is None:
        raise Refusal(404, "There is nobody of that id.")
    if session != call.session and not call.teacher:
        raise Refusal(403, "Only the teacher may delete what others have.")
    server.people.call(session, "")
    if call.values.get("all", False):
        server.samples.clear(session)
        for job in server.trainings.of(session):
            server.trainings.forget(job.id)
    return Answer(status=204)
