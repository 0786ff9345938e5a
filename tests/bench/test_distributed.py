"""The model of a step on several machines, by hand."""

import math

import pytest
from bench.speed.distributed import LATENCY, alone, messages, pays_from, seconds, tables

ROW = {"name": "a", "batch": 4, "parameters": 1000, "bytes": 4000, "gradient": {4: 0.4, 2: 0.2, 1: 0.1}, "update": 0.01}


def test_a_step_is_work_latency_and_traffic():
    assert messages(2) == 2 + 3 and messages(4) == 6 + 6
    sent = 2 * 3 / 4 * 4000 * 8  # bits
    assert seconds(ROW, 4, 0.001) == pytest.approx(0.1 + 0.01 + 12 * LATENCY + sent / 1e6)
    assert seconds(ROW, 2, math.inf, grown=True) == pytest.approx(0.4 + 0.01 + 5 * LATENCY)


@pytest.mark.parametrize("grown", [False, True])
def test_it_pays_where_both_are_as_fast(grown):
    limit = pays_from(ROW, 2, grown)
    assert seconds(ROW, 2, limit, grown) == pytest.approx(alone(ROW, 2, grown))
    assert pays_from(ROW | {"gradient": {4: 1e-4, 2: 1e-4}}, 2) == math.inf


def test_the_table_says_never():
    figures = {
        "rows": [ROW | {"gradient": dict.fromkeys((4, 2, 1), 0.0001)}],
        "machine": dict.fromkeys(("processor", "cores", "python", "numpy"), 2),
    }
    assert "| a | 4 | 10.1 | 0.004 | never | – | – | one process |" in tables(figures)
