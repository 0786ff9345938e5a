"""How the house stands: imports point down and run in no circle; files are short, and few stand at the top."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import byhand

ROOT = Path(byhand.__file__).parent
PROJECT = Path(__file__).parent.parent

# From the ground up; a module may import from floors below its own, and from its own folder.
FLOORS = (
    ("core",),
    ("ops", "data", "pictures", "schedules", "initializers", "metrics"),
    ("layers", "losses", "optimizers"),
    ("network",),
    ("storage", "regularizers", "testing"),
    ("training",),
    ("explaining", "plots"),
    ("diagnosis", "exchange", "generating", "handwriting", "interop"),
    ("reading",),
    ("reader_training",),
    ("documents", "lessons", "recipes"),
    ("forms",),
    ("tuning", "web"),
    ("cli",),
    ("__main__",),
)
LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names}

# Imported inside a function, when a person calls it: network.save(), Network.load(), network.explain(), finding.plot().
SHORT_CUTS = {
    ("network.network", "storage"),
    ("network.network", "explaining.explain"),
    ("network.network", "explaining.summary"),
    ("training.finder", "plots"),
    ("training.history", "plots"),
}
LONGEST_FILE = 350  # lines


def module_name(path):
    """The module in a file, without the package's name: "layers.dense", or "layers" for its __init__."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}


def folder(module):
    return module.split(".")[0]


def imports(tree):
    """The modules of the package that a tree imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            within = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name.removeprefix("byhand.") in MODULES else node.module for name in within]
        else:
            assert not isinstance(node, ast.ImportFrom), "imports are absolute"
            continue
        yield from {name.removeprefix("byhand.") for name in names if name.startswith("byhand.")}


IMPORTS = {name: set(imports(tree)) - {name} for name, tree in MODULES.items()}


def test_every_module_has_its_floor():
    assert {folder(name) for name in MODULES} - {"__init__"} == set(LEVEL)


def test_imports_point_down():
    def floor(module):
        return LEVEL.get(folder(module), len(FLOORS))

    upward = {
        (name, other)
        for name, others in IMPORTS.items()
        for other in others
        if folder(name) != folder(other) and floor(other) >= floor(name)
    }
    assert upward == {(name, other) for name, other in SHORT_CUTS if folder(name) != folder(other)}


def test_short_cuts_are_taken_inside_functions():
    for name, other in SHORT_CUTS:
        at_import = [node for node in MODULES[name].body if isinstance(node, ast.Import | ast.ImportFrom | ast.If)]
        assert other not in set(imports(ast.Module(at_import, [])))


def test_no_circles():
    """Imports for types alone count too: who has to know whom is what matters."""
    excepted = SHORT_CUTS
    assert excepted <= {(name, other) for name, others in IMPORTS.items() for other in others}
    graph = {name: {other for other in others if (name, other) not in excepted} for name, others in IMPORTS.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_files_are_short():
    files = [path for folder in ("src", "tests", "bench") for path in (PROJECT / folder).rglob("*")]
    lines = {
        str(path.relative_to(PROJECT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files
        if path.suffix in {".py", ".pyi", ".c", ".h", ".js", ".css", ".html"}
    }
    assert {name: number for name, number in lines.items() if number > LONGEST_FILE} == {}


def test_few_modules_stand_at_the_top():
    assert len(list(ROOT.glob("*.py"))) <= 10
