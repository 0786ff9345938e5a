"""Two public things of the package never share a name."""

import ast
from collections import defaultdict

from tests.test_floors import MODULES

SHARED = {
    "LESSONS": "each module of lessons lists its own under this name",
}


def public(tree):
    """Classes, functions and constants that a module defines at its top, without a leading underscore."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign):
            names = [node.target.id]
        else:
            names = []
        yield from (name for name in names if not name.startswith("_"))


def is_command(node):
    return any(".command(" in ast.unparse(decorator) for decorator in node.decorator_list)


def homes():
    """Where each name is defined, but for the plain twins of operations and commands, which share names by intent."""
    found = defaultdict(set)
    for module, tree in MODULES.items():
        if module in {"ops.naive", "ops.compiled"}:
            continue
        commands = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and is_command(node)}
        for name in set(public(tree)) - commands:
            found[name].add(module)
    return found


def test_two_things_never_share_a_name():
    shared = {name: sorted(modules) for name, modules in homes().items() if len(modules) > 1}
    assert shared.keys() - SHARED.keys() == set(), shared
    assert SHARED.keys() <= shared.keys()
