"""Who is in the class: names for those who want one, and what each has drawn and trained."""

import hmac
import threading
from hashlib import sha256
from typing import Any

from byhand.web.call import Answer, Call
from byhand.web.keeping import Keeper
from byhand.web.limits import Refusal

NAME_LENGTH = 30


def hidden(cookie: str) -> str:
    """What a browser is known by inside: a checksum of its cookie, from which nobody can make the cookie."""
    return sha256(f"byhand {cookie}".encode()).hexdigest()[:32]


def public(session: str) -> str:
    """What others may know a browser by."""
    return sha256(f"public {session}".encode()).hexdigest()[:16]


class People:
    """The names.

    Args:
        keeper: where they are kept.
    """

    def __init__(self, keeper: Keeper):
        self.keeper, self.names = keeper, keeper.names()
        self._lock = threading.Lock()

    def call(self, session: str, name: str) -> None:
        """Give a browser a name; "" takes it away.

        Raises:
            Refusal: too long, or with characters that cannot be seen.
        """
        name = " ".join(name.split())
        if len(name) > NAME_LENGTH or not name.isprintable():
            raise Refusal(422, f"A name is text of at most {NAME_LENGTH} characters.")
        with self._lock:
            if name:
                self.names[session] = name
            else:
                self.names.pop(session, None)
            self.keeper.keep_names(self.names)


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
