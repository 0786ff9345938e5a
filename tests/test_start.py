"""What a start waits for: each part of byhand, and each library, is loaded when it is used and not before."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import byhand
from tests.test_floors import LEVEL

SELDOM = {"matplotlib", "PIL", "platformdirs", "pooch", "pydantic", "requests", "rich", "tomli_w", "typer"}

READ = """
import byhand
from byhand.reading.reader import MODEL
network = byhand.Network.load(MODEL)
import numpy as np
assert network.predict(np.zeros((1, 28, 28, 1), np.uint8)).shape == (1,)
"""
TRAIN = """
import byhand as bh
network = bh.Network(2, [bh.Dense(2)], bh.CategoricalCrossEntropy())
bh.fit(network, [[0, 1], [1, 0]], [0, 1], optimizer=bh.Adam(0.1), epochs=1, progress=False)
"""
HELP = """
import sys
sys.argv = ["byhand", "--help"]
from byhand.cli.main import main
try:
    main()
except SystemExit:
    pass
"""


def loaded(code):
    """The modules of a new process after it has run the code: byhand's parts (byhand.data), libraries (PIL)."""
    code += "\nimport sys\nprint('|', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    names = done.stdout.rpartition("|")[2].split()
    return {".".join(name.split(".")[: 2 if name.startswith("byhand.") else 1]) for name in names}


def test_import_byhand_loads_nothing_else():
    modules = loaded("import byhand")
    assert {name for name in modules if name.startswith("byhand")} == {"byhand"}
    assert not modules & {"numpy", "safetensors", "threadpoolctl", *SELDOM}


@pytest.mark.parametrize(
    ("code", "needed", "other"),
    [
        (READ, {"numpy", "safetensors"}, {"byhand.data", "byhand.training", "byhand.optimizers", "threadpoolctl"}),
        (TRAIN, {"numpy", "threadpoolctl"}, {"byhand.data", "byhand.diagnosis", "safetensors"}),
        (HELP, {"typer"}, {"numpy", "byhand.network", "byhand.data"}),
    ],
    ids=["read", "train", "help"],
)
def test_a_start_loads_what_it_uses(code, needed, other):
    modules = loaded(code)
    assert needed <= modules
    assert not modules & other
    if code is not HELP:
        assert not modules & SELDOM


def test_every_public_name_is_where_the_table_says():
    """The list of names, the imports that type checkers see, and the table agree."""
    tree = ast.parse(Path(byhand.__file__).read_text(encoding="utf-8"))
    seen = {
        alias.name: node.module.removeprefix("byhand.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("byhand.")
        for alias in node.names
    }
    assert seen == byhand._HOME
    assert set(byhand.__all__) == {"__version__", *seen}
    assert set(byhand.__all__) <= set(dir(byhand))
    for name, module in seen.items():
        assert getattr(byhand, name) is getattr(sys.modules[f"byhand.{module}"], name)


def test_the_parts_are_there_by_name_as_well():
    code = (
        "import byhand\nfor name in ('layers', 'data', 'training'): assert hasattr(getattr(byhand, name), '__path__')"
    )
    assert {"byhand.layers", "byhand.data", "byhand.training"} <= loaded(code)
    assert {module.split(".")[0] for module in byhand._HOMES} <= set(LEVEL)
    with pytest.raises(AttributeError, match="no attribute 'perceptron'"):
        _ = byhand.perceptron
