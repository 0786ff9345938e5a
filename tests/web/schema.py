"""As much of JSON Schema as our description uses, checked against what the server sends."""

import re
from base64 import b64decode

import numpy as np

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
KNOWN = {
    *("type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "enum", "anyOf"),
    *("$ref", "description", "format", "minimum", "maximum", "exclusiveMinimum", "pattern"),
}


def faults(value, schema, schemas, where="$"):
    """What is wrong with a value, in sentences."""
    assert not set(schema) - KNOWN, f"this checker does not know {set(schema) - KNOWN}"
    if "$ref" in schema:
        yield from faults(value, schemas[schema["$ref"].rpartition("/")[2]], schemas, where)
        return
    if "anyOf" in schema:
        found = [list(faults(value, option, schemas, where)) for option in schema["anyOf"]]
        if all(found):
            yield from found[0]
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{where}: {value!r} is no {kind}"
        return
    if isinstance(value, dict):
        yield from in_table(value, schema, schemas, where)
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{where}: {len(value)} items"
        for i, item in enumerate(value):
            yield from faults(item, schema.get("items", {}), schemas, f"{where}[{i}]")
    elif isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    elif isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{where}: {value} is out of range"


def in_table(value, schema, schemas, where):
    fields, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in set(schema.get("required", ())) - set(value):
        yield f"{where}: {name} is missing"
    for name, item in value.items():
        if name in fields:
            yield from faults(item, fields[name], schemas, f"{where}.{name}")
        elif more is False:
            yield f"{where}: {name} is not described"
        elif isinstance(more, dict):
            yield from faults(item, more, schemas, f"{where}.{name}")


def unpacked(record):
    """The array of a packed one, float64."""
    levels = np.frombuffer(b64decode(record["data"]), np.uint8).reshape(record["shape"])
    return (levels.astype(np.float64) - record["zero"]) * record["scale"]
