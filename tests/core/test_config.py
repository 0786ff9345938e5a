"""Configurations come back as they were: None and dictionaries, too, through JSON and TOML."""

import json
import tomllib
from dataclasses import dataclass, field

import pytest
import tomli_w

import byhand as bh
from byhand.core.config import from_config, to_config


@bh.register
@dataclass(frozen=True)
class Clipped:
    """For these tests."""

    top: float | None = 1.0
    low: float | None = None
    names: dict = field(default_factory=dict)
    parts: tuple = ()


CASES = [
    Clipped(),
    Clipped(top=None),
    Clipped(low=0.5),
    Clipped(names={"a": 1, "b": {"c": None, "d": (1, 2)}}),
    Clipped(parts=(None, Clipped(None), {"x": 2.5})),
]


@pytest.mark.parametrize("thing", CASES, ids=str)
def test_every_field_comes_back_through_json_and_toml(thing):
    assert from_config(json.loads(json.dumps(to_config(thing)))) == thing
    assert from_config(tomllib.loads(tomli_w.dumps({"it": to_config(thing)}))["it"]) == thing


def test_none_is_left_out_where_it_is_the_default_as_0_1_did():
    assert to_config(Clipped(0.5)) == {"kind": "Clipped", "top": 0.5, "names": {"kind": "dict"}, "parts": []}


@pytest.mark.parametrize("names", [{1: 2}, {"kind": 3}, {"a": {None: 1}}], ids=str)
def test_dictionaries_that_could_not_be_read_back_are_refused_when_written(names):
    with pytest.raises(bh.ByhandError, match="cannot be written"):
        to_config(Clipped(names=names))
