"""Requests and responses as handlers see them, independent of the HTTP library."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from byhand.web.forms import FORM, FormFile, files_in
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
        content_type: with them.
        session: what the browser is known by; a new one where it brought no cookie.
        teacher: whether it is the teacher's.
    """

    server: "Server"
    values: Mapping[str, Any]
    body: bytes
    kind: str
    session: str
    content_type: str = ""
    teacher: bool = False

    def part(self) -> FormFile:
        """The one file in the body.

        Raises:
            Refusal: none, or several.
        """
        parts = self.parts()
        if len(parts) != 1:
            raise Refusal(400, f"Send one picture; {len(parts)} came. Several are taken by /api/v1/read-many.")
        return parts[0]

    def parts(self) -> list[FormFile]:
        """The files in the body: those of a form, or the body itself.

        Raises:
            Refusal: a form that is none.
        """
        if self.kind == FORM:
            return files_in(self.body, self.content_type)
        return [FormFile("picture", self.kind, self.body)]

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
        entered: whether it is given the cookie of those who know the password.
        teaching: whether it is given the teacher's.
    """

    body: Any = None
    status: int = 200
    kind: str = "application/json"
    filename: str = ""
    remember: bool = False
    entered: bool = False
    teaching: bool = False


@dataclass(frozen=True)
class RequestParameter:
    """A parameter in a path or a query.

    Attributes:
        name: its name.
        about: what it means.
        type: "integer", "number", "boolean" (true or false), "string" or "box" (four whole numbers: left, top, right,
            bottom).
        least: of an integer or a number.
        most: of an integer or a number.
        pattern: of a string.
        choices: what a string or an integer may be; any by default.
        where: "query" or "path".
        needed: whether it must be there.
    """

    name: str
    about: str
    type: str = "string"
    least: int = 0
    most: int = 2**31 - 1
    pattern: str = r"[A-Za-z0-9_.-]{1,64}"
    choices: tuple[Any, ...] = ()
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
        if self.type == "boolean":
            if text not in ("true", "false"):
                raise Refusal(400, f"{self.name} must be true or false.")
            return text == "true"
        if self.type == "number":
            if not re.fullmatch(r"\d{1,10}(\.\d{1,10})?", text, re.ASCII) or not self.least <= float(text) <= self.most:
                raise Refusal(400, f"{self.name} must be a number from {self.least} to {self.most}.")
            return float(text)
        if self.type == "integer":
            if not re.fullmatch(r"\d{1,10}", text, re.ASCII) or not self.least <= int(text) <= self.most:
                raise Refusal(400, f"{self.name} must be a whole number from {self.least} to {self.most}.")
            return self._chosen(int(text))
        if not re.fullmatch(self.pattern, text, re.ASCII):
            status = 404 if self.where == "path" else 400
            raise Refusal(status, f"{self.name} must match {self.pattern}.")
        return self._chosen(text)

    def _chosen(self, value: Any) -> Any:
        if self.choices and value not in self.choices:
            raise Refusal(400, f"{self.name} must be one of {', '.join(map(str, self.choices))}.")
        return value


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
        body: what it takes: "" for nothing, "drawing", "files" for any number of documents, or "json".
        gives: what a success gives: a schema's name, "" for nothing, or a media type.
        formats: the media types of further forms that a success may have.
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
    formats: tuple[str, ...] = ()
    status: int = 200
    lane: str = "compute"
    refusals: tuple[int, ...] = field(default=())
