"""The speed benchmark's own arithmetic: operations by hand, and the page from stored figures."""

import argparse
import io
import json

import pytest
from bench.speed import __main__ as speed
from bench.speed.check import compared
from bench.speed.peers import common
from bench.speed.report import fastest, page, range_of, ratio, seconds, spread_of_ratio, table, warnings, write_page
from bench.speed.workloads import operations, products, shapes

CONVOLUTIONAL = [
    {"type": "conv", "out": 16, "size": 3, "padding": "same"},
    {"type": "relu"},
    {"type": "pool", "size": 2},
    {"type": "flatten"},
    {"type": "dense", "out": 10},
]


def test_operations_of_a_dense_network():
    layers = [{"type": "dense", "out": 256}, {"type": "relu"}, {"type": "dense", "out": 10}]
    forward = 2 * (784 * 256 + 256 * 10)
    assert operations(products(layers, (784,), 3, train=False)) == 3 * forward
    # Backward: both weight gradients, and the input's of the second layer only.
    assert operations(products(layers, (784,), 3)) == 3 * (2 * forward + 2 * 256 * 10)


def test_operations_of_a_convolution():
    windows, head = 2 * 28 * 28 * 9 * 1 * 16, 2 * (14 * 14 * 16) * 10
    assert operations(products(CONVOLUTIONAL, (28, 28, 1), 1)) == 2 * windows + 3 * head


def test_shapes_without_padding():
    narrow = [{**CONVOLUTIONAL[0], "padding": "valid"}, *CONVOLUTIONAL[1:]]
    assert [after for _, after in shapes(narrow, (28, 28, 1))] == [
        (26, 26, 16),
        (26, 26, 16),
        (13, 13, 16),
        (2704,),
        (10,),
    ]


def competitor(name, rounds, *, openblas=False, accuracy=0.9, busy=0.0):
    peer, _, manner = name.partition(", ")
    return {
        "name": name + (" as set" if openblas else ""),
        "peer": {"PyTorch": "torch", "JAX": "jax", "scikit-learn": "sklearn"}.get(peer, peer),
        "manner": manner,
        "openblas": openblas,
        "median": sorted(rounds)[len(rounds) // 2],
        "rounds": rounds,
        "busy": busy,
        "setup": 1.0,
        "compilation": 0.5,
        "accuracy": accuracy,
        "peak": 100_000_000,
        "versions": {"numpy": "2"},
        "blas": "some",
    }


@pytest.fixture
def row():
    return {
        "name": "W5",
        "title": "a network",
        "kind": "train",
        "unit": "epoch",
        "goal": 0.75,
        "epochs": 12,
        "operations": 4_000_000_000,
        "failures": {"JAX, scan": "no memory"},
        "competitors": [
            competitor("byhand", [0.2, 0.1, 0.3]),
            competitor("byhand, NumPy alone", [0.4, 0.4, 0.4]),
            competitor("PyTorch", [0.5, 0.4, 0.6]),
            competitor("PyTorch, compiled", [0.4, 0.25, 0.5]),
            competitor("scikit-learn", [0.9, 0.9, 0.9]),
            competitor("scikit-learn", [0.3, 0.3, 0.3], openblas=True),
            competitor("products", [0.05, 0.1, 0.2], accuracy=None),
        ],
    }


def test_the_fastest_manner_counts(row):
    own, best = row["competitors"][0], fastest(row)
    assert best["name"] == "PyTorch, compiled"
    assert ratio(own, best) == pytest.approx(0.5)
    assert spread_of_ratio(own, best) == pytest.approx((0.4, 0.6))
    assert fastest(row, ["sklearn"])["median"] == 0.9
    assert fastest(row, openblas=True)["name"] == "scikit-learn as set"


def test_times_in_fitting_units():
    assert [seconds(t) for t in (1.234, 0.9996, 0.0318, 0.00029, 9.9e-6)] == [
        "1.23 s",
        "1.00 s",
        "31.8 ms",
        "290 µs",
        "9.90 µs",
    ]
    assert range_of(competitor("a", [0.0021, 0.002, 0.0034])) == "2.10 (2.00-3.40) ms"


def test_the_page_says_what_the_figures_say(row):
    machine = dict.fromkeys(("date", "processor", "cores", "used", "caches", "system", "python", "numpy", "blas"), "?")
    figures = {
        "machine": machine | {"threads": 2, "memory": None, "openblas": {}},
        "rows": [row],
        "absent": {"keras": "no"},
        "quick": False,
    }
    text = page(figures)
    ours, theirs = "200 (100-300) ms", "PyTorch, compiled: 400 (250-500) ms"
    assert f"| W5: a network | {ours} | {theirs} | **0.50** (0.40-0.60) | 0.75 | 1.00 |" in text
    assert "| W5 | 4·10⁹ | 20 GFLOP/s | 40 GFLOP/s () | 50% |" in text
    assert "after 12 epochs" in text
    assert "JAX, scan failed: no memory" in text
    assert "Keras was absent: no" in text
    assert "Doubts" not in text


def test_another_processor_has_a_table_of_its_own(row, tmp_path):
    machine = dict.fromkeys(("date", "processor", "cores", "used", "caches", "system", "python", "numpy", "blas"), "?")
    figures = {"machine": machine | {"threads": 2, "memory": None, "openblas": {}}, "absent": {}, "quick": False}
    twice = [c | {"median": 2 * c["median"]} if c["name"] == "byhand" else c for c in row["competitors"]]
    other = {
        "machine": {"processor": "Processor B", "threads": 3, "date": "2026-11-24"},
        "rows": [row | {"competitors": twice}],
    }
    (tmp_path / "speed.json").write_text(json.dumps(figures | {"rows": [row]}))
    (tmp_path / "speed-on-b.json").write_text(json.dumps(other))
    write_page(tmp_path)
    first, second = (tmp_path / "speed.md").read_text().split("## On Processor B")
    assert (
        "**0.50**" in first
        and "**1.00**" in second
        and "3 threads, on 2026-11-24" in second
        and "## Everyone" in second
    )


def test_networks_with_sequences_have_no_products_beside_them(row):
    machine = dict.fromkeys(("date", "processor", "cores", "used", "caches", "system", "python", "numpy", "blas"), "?")
    w9 = row | {"name": "W9", "unit": "step", "operations": None}
    w9["competitors"] = [
        c | {"peak": peak} for c, peak in zip(row["competitors"], [9e7, 1e8, 4.5e8, 5e8], strict=False)
    ]
    absent = {"W8": "no text"}
    figures = {"machine": machine | {"threads": 2, "memory": None, "openblas": {}}, "absent": absent, "quick": False}
    text = page(figures | {"rows": [w9], "starts": [], "sizes": {}})
    assert "GFLOP/s" not in text and "a step" in text
    assert "| W9 | 90 MB | 450 MB | 0.20 | 500 MB (PyTorch, compiled) |" in text
    assert "W8 was absent: no text" in text


def test_doubts(row):
    row["competitors"] = [competitor("byhand", [1.0], busy=1.5), competitor("JAX", [1.0], busy=1.5, accuracy=0.8)]
    assert len(warnings(row)) == 2
    assert "machine busy" in table({"rows": [row | {"title": "a"}], "absent": {}})


def test_what_became_slower_is_named(row):
    machine = {"processor": "one", "threads": 2}
    before = {"machine": machine, "rows": [row]}
    slower = row | {"competitors": [competitor("byhand", [0.24] * 3), competitor("PyTorch, compiled", [0.4] * 3)]}
    lines, worse = compared({"machine": machine, "rows": [slower]}, before)
    assert worse == ["W5"] and lines == ["W5: 0.50 before, 0.60 now  SLOWER"]
    # A new, faster peer does not make byhand slower; nor does a machine that was busy; another machine says nothing.
    new_peer = row | {"competitors": [*row["competitors"], competitor("JAX", [0.1] * 3)]}
    assert compared({"machine": machine, "rows": [new_peer]}, before)[1] == []
    busy = slower | {"competitors": [c | {"busy": 0.5} for c in slower["competitors"]]}
    assert compared({"machine": machine, "rows": [busy]}, before)[1] == []
    assert compared({"machine": machine | {"processor": "two"}, "rows": [slower]}, before)[1] == []


class Clock:
    """An epoch takes ten seconds if it is a turn's first, else one."""

    now = 0.0

    def train(self, epochs):
        self.now += 10 if self.waited else 1
        self.now += epochs - 1
        self.waited = False


@pytest.mark.parametrize("by_itself", [True, False], ids=["called back", "called"])
def test_an_idle_epoch_is_trained_and_does_not_count(by_itself, monkeypatch):
    clock, said = Clock(), []
    monkeypatch.setattr(common.sys, "stdin", io.StringIO("2 1\n3 1\n4 0\n0 0\n"))
    monkeypatch.setattr(common.time, "perf_counter", lambda: clock.now)
    turns = object.__new__(common.Turns)
    turns.say = lambda **message: said.append(message)
    wait = turns.wait
    turns.wait = lambda: (setattr(clock, "waited", True), wait())[1]
    if by_itself:
        turns.ready()
        epochs = common.EpochByEpoch(turns)
        while epochs.before():
            clock.train(1)
            epochs.after()
    else:
        turns.run(clock.train)
    assert [message["seconds"] for message in said[1:]] == [1, 1, 13 / 4]
    assert said[1]["first"] == said[2]["first"] == 10 and clock.now == 12 + 13 + 13


def test_a_stopped_run_goes_on_with_the_workloads_that_are_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(speed, "SO_FAR", tmp_path / "so-far.json")
    monkeypatch.setattr(speed, "prepare", lambda *_: None)
    asked = []
    monkeypatch.setattr(
        speed, "measure", lambda workload, *_, **__: asked.append(workload.name) or {"name": workload.name}
    )
    args = argparse.Namespace(rounds=1, quick=True, threads=1, peers=set(), only={"W3", "W1"}, resume=False)
    assert [row["name"] for row in speed.run(args)["rows"]] == ["W1", "W3"] == asked
    args.only, args.resume = {"W1", "W2", "W3"}, True
    assert [row["name"] for row in speed.run(args)["rows"]] == ["W1", "W2", "W3"] and asked == ["W1", "W3", "W2"]
    args.quick = False
    with pytest.raises(SystemExit, match="--quick"):
        speed.run(args)
    args.quick, args.threads = True, 2
    with pytest.raises(SystemExit, match="another machine"):
        speed.run(args)
