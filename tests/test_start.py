"""What a start waits for: each part of byhand, and each library, is loaded when it is used and not before."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import byhand
from tests.test_floors import LEVEL

SELDOM = {"matplotlib", "PIL", "platformdirs", "pooch", "pydantic", "requests", "rich", "tomli_w", "click"}

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
        (HELP, {"click"}, {"numpy", "byhand.network", "byhand.data"}),
    ],
    ids=["read", "train", "help"],
)
def test_a_start_loads_what_it_uses(code, needed, other):
    modules = loaded(code)
    assert needed <= modules
    assert not modules & other
    if code is not HELP:
        assert not modules & SELDOM


def test_every_public_name_is_where_the_list_says():
    """`__init__.pyi`, which type checkers read, is what a program gets as well; no name is listed twice."""
    tree = ast.parse(Path(byhand.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    listed = [
        (node.module, alias.name, alias.asname) for node in ast.walk(tree) for alias in getattr(node, "names", ())
    ]
    assert sorted(name for _, name, _ in listed) == sorted(byhand.__all__) == sorted(set(dir(byhand)))
    for module, name, seen_as in listed:
        assert seen_as == name
        home = importlib.import_module(f"byhand.{module or name}")
        assert getattr(byhand, name) is (getattr(home, name) if module else home)
        assert module or name in LEVEL


def test_a_name_that_is_none():
    with pytest.raises(AttributeError, match="No byhand attribute perceptron"):
        _ = byhand.perceptron


def test_the_parts_are_there_by_name_as_well():
    code = (
        "import byhand\nfor part in ('layers', 'data', 'training'): assert hasattr(getattr(byhand, part), '__path__')"
    )
    assert {"byhand.layers", "byhand.data", "byhand.training"} <= loaded(code)


NEEDED = {"numpy", "PIL", "safetensors", "lazy_loader"}  # with `pip install --no-deps byhand`
FEW = f"""
import sys, importlib.abc
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {SELDOM - NEEDED | {"threadpoolctl", "filelock"}!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
import numpy as np
import byhand as bh
page = np.full((60, 60), 255, np.uint8)
page[10:50, 36:40] = page[10:14, 18:40] = 0
assert bh.read(page).text == "7"
network = bh.Network(2, [bh.Dense(2)], bh.CategoricalCrossEntropy())
x, y = np.array([[0, 1], [1, 0]]), np.array([0, 1])
bh.fit(network, x, y, optimizer=bh.Adam(0.1), epochs=30)
print(bh.evaluate(network, x, y).accuracy, network.explain()[:2])
network.save(sys.argv[1])
bh.Network.load(sys.argv[1])
"""


def test_reading_and_training_need_few_libraries(tmp_path):
    done = subprocess.run([sys.executable, "-c", FEW, str(tmp_path / "a.safetensors")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(" a0\n")


def test_a_file_may_name_what_nobody_has_imported_yet():
    code = """
from byhand.core.config import from_config
from byhand.core.errors import ByhandError
print(from_config({"kind": "GELU"}))
try:
    from_config({"kind": "SpectralNom"})
except ByhandError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    first, second = done.stdout.splitlines()
    assert first == "GELU(approximate=False)" and "the nearest known are SpectralNorm," in second
