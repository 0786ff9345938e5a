"""Requests and responses as handlers see them, independent of the HTTP library."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from byhand.web.limits import Refusal

if TYPE_CHECKING:
    from byhand.web.state import Server


@dataclass
class Call:
    """A request.

    Attributes:
        server: everything that the server keeps.
        values: the parameters of path and query, by name, checked; those that were not given are missing.
        body: its bytes.
        kind: their media type, without its parameters.
        session: the browser's key; a new one where it brought none.
    """

    server: "Server"
    values: Mapping[str, Any]
    body: bytes
    kind: str
    session: str

    def table(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty one.

        Raises:
            Refusal: it is none.
        """
        if self.kind not in ("application/json", ""):
            raise Refusal(415, f"Send application/json, not {self.kind}.")
        try:
            data = json.loads(self.body or b"{}", parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise Refusal(400, "The body is not readable as JSON.") from None
        if not isinstance(data, dict):
            raise Refusal(400, 'The body must be a JSON object such as {"epochs": 3}.')
        return data


def _no_constant(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are not JSON


@dataclass(frozen=True)
class Answer:
    """A response.

    Attributes:
        body: plain data to send as JSON, bytes, or None.
        status: the HTTP status.
        kind: the media type of bytes.
        filename: under which the browser shall save it.
        remember: whether the browser is given its session's key.
    """

    body: Any = None
    status: int = 200
    kind: str = "application/json"
    filename: str = ""
    remember: bool = False


@dataclass(frozen=True)
class RequestParameter:
    """A parameter in a path or a query.

    Attributes:
        name: its name.
        about: what it means.
        type: "integer", "string" or "box" (four whole numbers: left, top, right, bottom).
        least: of an integer.
        most: of an integer.
        pattern: of a string.
        where: "query" or "path".
        needed: whether it must be there.
    """

    name: str
    about: str
    type: str = "string"
    least: int = 0
    most: int = 2**31 - 1
    pattern: str = r"[A-Za-z0-9_.-]{1,64}"
    where: str = "query"
    needed: bool = False

    def read(self, text: str) -> Any:
        """Parse the value in a request.

        Raises:
            Refusal: it is none of this kind.
        """
        if self.type == "box":
            if not re.fullmatch(r"\d{1,6}(,\d{1,6}){3}", text, re.ASCII):
                raise Refusal(400, f"{self.name} must be left,top,right,bottom in pixels, such as 10,20,80,140.")
            return tuple(map(int, text.split(",")))
        if self.type == "integer":
            if not re.fullmatch(r"\d{1,10}", text, re.ASCII) or not self.least <= int(text) <= self.most:
                raise Refusal(400, f"{self.name} must be a whole number from {self.least} to {self.most}.")
            return int(text)
        if not re.fullmatch(self.pattern, text, re.ASCII):
            status = 404 if self.where == "path" else 400
            raise Refusal(status, f"{self.name} must match {self.pattern}.")
        return text


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Operation:
    """An operation of the API.

    Attributes:
        method: GET, POST, PUT or DELETE.
        path: with parameters in braces.
        id: its name.
        about: what it does, in a sentence.
        handler: who answers.
        parameters: of path and query.
        body: what it takes: "" for nothing, "drawing" or "json".
        gives: what a success gives: a schema's name, "" for nothing, or a media type.
        status: of a success.
        lane: which threads answer it: "compute" (one a processor), "read" (as many as can read at once), "wait" (those
            that mostly wait), "step" (those that wait for a training's single step), or "stream".
        refusals: the statuses of its own refusals.
    """

    method: str
    path: str
    id: str
    about: str
    handler: Handler
    parameters: tuple[RequestParameter, ...] = ()
    body: str = ""
    gives: str = ""
    status: int = 200
    lane: str = "compute"
    refusals: tuple[int, ...] = field(default=())
