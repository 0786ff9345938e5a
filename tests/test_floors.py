"""Imports point down only."""

import ast
from pathlib import Path

import pytest

import byhand

ROOT = Path(byhand.__file__).parent

# From the ground up; a module may import from floors below its own, and from its own folder.
FLOORS = (
    ("core",),
    ("ops", "data", "schedules", "initializers", "metrics"),
    ("layers", "losses", "optimizers"),
    ("network",),
    ("storage", "regularizers", "testing"),
    ("explaining", "training"),
    ("plots", "diagnosis", "handwriting", "interop"),
    ("reading",),
    ("lessons", "recipes"),
    ("tuning", "web"),
    ("cli",),
    ("__main__",),
)
LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names}

# Short cuts for the user's convenience, imported when called: network.save(), network.explain(), finding.plot().
ALLOWED = {
    "core": [
        ("core/workspace.py", "layers"),
        ("core/workspace.py", "losses"),
        ("core/arena.py", "layers"),
    ],  # until plans move down
    "network": [("network.py", "explaining"), ("network.py", "storage"), ("network.py", "storage")],
    "training": [("training/finder.py", "plots")],
}


def imported(path):
    """Modules of the package that a file imports, by their first name, wherever in the file the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "byhand":
            parts = node.module.split(".")[1:]
            yield from [parts[0]] if parts else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("byhand."))


def test_every_module_has_its_floor():
    modules = {
        p.stem if p.suffix else p.name for p in ROOT.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()
    }
    assert modules - {"__init__"} == set(LEVEL)


@pytest.mark.parametrize("name", LEVEL)
def test_imports_point_down(name):
    folder = ROOT / name
    files = folder.rglob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]
    upward = [
        (str(path.relative_to(ROOT)), other)
        for path in files
        for other in imported(path)
        if other in LEVEL and other != name and LEVEL[other] >= LEVEL[name]
    ]
    assert upward == ALLOWED.get(name, [])
