"""How the compiled table is called, and which of its kinds is taken."""

import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import byhand
from tests.ops.operations import COMPILED, MODULES

pytestmark = pytest.mark.skipif(not MODULES, reason="nothing is compiled here")
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda m: m.kind)


def ones(*shape):
    return np.ones(shape, np.float32)


@each_module
def test_keywords_in_any_order(module):
    out = ones(2, 4)
    module.matmul(out=out, b=ones(3, 4), a=ones(2, 3))
    assert (out == 3).all()
    with pytest.raises(TypeError):
        module.matmul(ones(2, 3), ones(3, 4), outcome=out)
    with pytest.raises(TypeError):
        module.matmul(ones(2, 3), ones(3, 4))


@each_module
def test_what_makes_no_sense_is_refused_as_numpy_does(module):
    out = ones(2, 3)
    with pytest.raises(ValueError):
        module.matmul(ones(2, 3), ones(2, 3), out)
    with pytest.raises(ValueError):
        module.relu(ones(2, 4), out)
    locked = ones(2, 3)
    locked.flags.writeable = False
    for name in ("relu", "softmax", "copy"):
        with pytest.raises(ValueError):
            getattr(module, name)(*[out, locked, ones(2, 1)][: 3 if name == "softmax" else 2])
    assert (locked == 1).all()


@each_module
def test_products_over_their_own_arguments(module):
    """What NumPy's products do by way of a copy."""
    a = np.arange(400, dtype=np.float32).reshape(20, 20) % 7
    for written in (0, 1):
        arguments = [a.copy(), a.T.copy()]
        wanted = arguments[0] @ arguments[1]
        module.matmul(*arguments, arguments[written])
        assert (arguments[written] == wanted).all()


def environment(**more):
    return os.environ | {"BYHAND_OPS": ""} | more


def described(package, **more):
    """What a byhand in this folder says that it computes with."""
    code = """
from byhand.ops import compiled, describe_operations, reference
print(describe_operations(), compiled.relu is reference.relu)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(PYTHONPATH=str(package), **more), capture_output=True, text=True
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_the_environment_chooses():
    package = Path(byhand.__file__).parents[1]
    assert described(package) == f"compiled ({MODULES[0].kind}) False"
    assert described(package, BYHAND_OPS="numpy") == "NumPy True"
    assert described(package, BYHAND_OPS="base") == "compiled (base) False"
    assert "BYHAND_OPS is 'best'" in described(package, BYHAND_OPS="best")


def test_the_best_kind_that_was_built_is_taken(tmp_path):
    """Kind after kind is taken away, the best one first; `byhand info` names what is missing."""
    package, operations = Path(byhand.__file__).parent, tmp_path / "byhand" / "ops"
    shutil.copytree(package / "ops", operations, ignore=shutil.ignore_patterns("__pycache__", "c"))
    shutil.copytree(package / "core", tmp_path / "byhand" / "core")
    for file in package.glob("__init__.py*"):
        shutil.copy(file, tmp_path / "byhand")
    best = MODULES[0].kind
    for module, following in pairwise(MODULES):
        next(operations.glob(f"_{module.kind}.*")).unlink()
        wanted = f"compiled ({following.kind}; {best} would be faster here, but was not built) False"
        assert described(tmp_path) == wanted
    next(operations.glob("_base.*")).unlink()
    assert described(tmp_path) == "NumPy True"


def test_every_kind_has_the_same_operations():
    for module in MODULES:
        assert {name for name in COMPILED if hasattr(module, name)} == set(COMPILED)
