"""The sentences that the server may say, from its source: constants as they are, and {0}, {1}, ... for values."""

import ast
from pathlib import Path

import byhand

PACKAGE = Path(byhand.__file__).parent
RAISED = {"Refusal": 1, "ByhandError": 0}  # which argument is the sentence


def template(node):
    """The sentence of an expression; None for one that only hands on another."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        text, count = "", 0
        for part in node.values:
            if isinstance(part, ast.Constant):
                text += part.value
            else:
                text += f"{{{count}}}"
                count += 1
        return text
    return None


def sentences_in(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
            place = RAISED[node.func.id]
            found = template(node.args[place]) if len(node.args) > place else None
            if found:
                yield found


def server_sentences():
    """Of the server's own modules, and of those of a review."""
    paths = [*sorted((PACKAGE / "web").glob("*.py")), PACKAGE / "forms" / "desk.py"]
    return list(dict.fromkeys(sentence for path in paths for sentence in sentences_in(path)))
