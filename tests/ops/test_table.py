"""Every compiled operation is tested here, by the parameters that its reference has."""

import inspect
from importlib import import_module

from byhand.ops import reference
from tests.ops.operations import COMPILED, SIGNATURES, parameters

FAMILIES = [
    *("matrices", "elementwise", "losses", "gathering", "normalization"),
    *("convolution", "pooling", "attention", "recurrent_sequences"),
]
TESTED = [name for family in FAMILIES for name in import_module(f"tests.ops.test_{family}").NAMES]


def test_every_compiled_operation_is_tested():
    assert set(COMPILED) <= set(TESTED)
    assert sorted(TESTED) == sorted(SIGNATURES)


def test_signatures_are_the_references():
    for name in SIGNATURES:
        theirs = inspect.signature(getattr(reference, name)).parameters.values()
        assert [p.name for p in theirs if p.default is p.empty] == list(parameters(name)), name
