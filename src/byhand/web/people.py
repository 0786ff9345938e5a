"""Who is in the class: names for those who want one."""

import threading
from hashlib import sha256

from byhand.web.keeping import KeepingFolder
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

    def __init__(self, keeper: KeepingFolder):
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
