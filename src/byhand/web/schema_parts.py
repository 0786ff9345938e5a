"""The pieces that schemas are made of."""

from typing import Any

A_NUMBER: dict[str, Any] = {"type": "number"}
AN_INTEGER: dict[str, Any] = {"type": "integer"}
A_TEXT: dict[str, Any] = {"type": "string"}
TABLE: dict[str, Any] = {"type": "object"}


def array(items: dict[str, Any]) -> dict[str, Any]:
    """The schema of a list."""
    return {"type": "array", "items": items}


def of(name: str) -> dict[str, Any]:
    """The schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that also allows null."""
    return {"anyOf": [schema, {"type": "null"}]}


def table(*optional: str, **fields: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object with these fields; all except `optional` are required."""
    needed = [name for name in fields if name not in optional]
    return {"type": "object", "properties": fields, "required": needed, "additionalProperties": False}


NULLABLE = array(maybe(A_NUMBER))
