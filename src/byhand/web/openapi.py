"""The OpenAPI description of a table of operations."""

from collections.abc import Iterable
from typing import Any

from byhand.web.call import Operation, RequestParameter
from byhand.web.forms import FORM
from byhand.web.schemas import ERROR, SCHEMAS

STATUSES = {
    400: "A parameter or the body is malformed.",
    401: "It asks for a token or a password.",
    403: "Another site asks.",
    404: "Not found.",
    408: "The body did not arrive in time.",
    409: "Not in this state.",
    413: "Too large.",
    415: "A type that is not taken here.",
    422: "Understood, but impossible: no ink, a value out of range.",
    429: "Too much at once; Retry-After says when to try again.",
    503: "Not to be had at the moment.",
}
BODIES = {
    "finetune": "Finetune",
    "enter": "Enter",
    "plane": "NewPlane",
    "images": "NewImages",
    "next": "NewNext",
    "correct": "Correction",
}  # the schemas of tables that come
PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff")


def openapi_description(operations: Iterable[Operation]) -> dict[str, Any]:
    """The description of all operations, OpenAPI 3.1."""
    from byhand import __version__

    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "byhand",
            "version": __version__,
            "description": "Reads handwritten digits, looks inside the networks that do, and trains new ones. "
            "The addresses without v1, /api/..., are the same.",
        },
        "paths": paths,
        "components": {"schemas": SCHEMAS},
    }


def _operation(operation: Operation) -> dict[str, Any]:
    statuses = {400, 401, 403, 429, *operation.refusals}
    if operation.body:
        statuses |= {408, 413, 415, 422}
    answers = {str(operation.status): _success(operation)}
    error = {"application/json": {"schema": {"$ref": f"#/components/schemas/{ERROR}"}}}
    answers |= {str(status): {"description": STATUSES[status], "content": error} for status in sorted(statuses)}
    record: dict[str, Any] = {"operationId": operation.id, "summary": operation.about}
    if operation.parameters:
        record["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body:
        record["requestBody"] = _body(operation)
    return record | {"responses": answers}


def _success(operation: Operation) -> dict[str, Any]:
    gives = operation.gives
    if not gives:
        return {"description": "Done."}
    if "/" in gives:
        kind = "string" if gives.startswith("text/") else None
        return {"description": "As asked.", "content": {gives: {"schema": {"type": kind} if kind else {}}}}
    schema = {"type": "object"} if gives == "object" else {"$ref": f"#/components/schemas/{gives}"}
    others = {kind: {"schema": {"type": "string"}} for kind in operation.formats}
    return {"description": "As asked.", "content": {"application/json": {"schema": schema}} | others}


def _parameter(parameter: RequestParameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "pattern": f"^{parameter.pattern}$"}
    if parameter.type in ("integer", "number"):
        schema = {"type": parameter.type, "minimum": parameter.least, "maximum": parameter.most}
    elif parameter.type == "boolean":
        schema = {"type": "boolean"}
    elif parameter.type == "box":
        schema = {"type": "string", "pattern": r"^\d{1,6}(,\d{1,6}){3}$"}
    if parameter.choices:
        schema = {"type": schema["type"], "enum": list(parameter.choices)}
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.needed,
        "description": parameter.about,
        "schema": schema,
    }


def _body(operation: Operation) -> dict[str, Any]:
    if operation.body == "json":
        schema = {"$ref": f"#/components/schemas/{BODIES.get(operation.id, 'NewTraining')}"}
        return {"required": False, "content": {"application/json": {"schema": schema}}}
    kinds: tuple[str, ...] = ("application/octet-stream", *PICTURES)
    about = (
        "A picture; or, as application/octet-stream, the grey levels of a canvas row by row, ink 255 on paper 0, with "
        "width and height in the query, or without them the 784 of the image of 28 × 28 that the network sees."
    )
    files: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string", "format": "binary"}}
    if operation.body == "files":
        kinds, about = (
            (*kinds, "application/pdf"),
            "Files in a form, or one file. PDF and TIFF files with all their pages.",
        )
    content: dict[str, Any] = {kind: {"schema": {}} for kind in kinds} | {FORM: {"schema": files}}
    return {"required": True, "description": about, "content": content}
