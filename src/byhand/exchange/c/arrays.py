"""Arrays of constants in C."""

import numpy as np

from byhand.core.types import Array

WIDEST_C = 112  # columns of a line


def c_array(name: str, values: Array) -> tuple[str, int]:
    """A constant array, and its bytes."""
    flat = values.reshape(-1)
    if flat.dtype == np.int8:
        kind, words = "int8_t", [str(int(v)) for v in flat]
    else:
        kind, words = "float", [c_number(v) for v in flat.astype(np.float32)]
    lines, line = [], "   "
    for word in words:
        if len(line) + len(word) + 2 > WIDEST_C:
            lines.append(line)
            line = "   "
        line += f" {word},"
    text = "\n".join([*lines, line])
    return f"static const {kind} {name}[{flat.size}] = {{\n{text}\n}};\n", flat.size * values.dtype.itemsize


def c_number(value: object) -> str:
    """0.1f: the shortest that is the same number in single precision."""
    text = str(np.float32(value))  # type: ignore[arg-type]
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"
