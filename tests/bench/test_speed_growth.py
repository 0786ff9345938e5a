"""The benchmark of growth: what its page says of figures, which rounds count, and its data on the disk."""

import os

import numpy as np
import pytest
from bench.speed import quiet, rounds
from bench.speed.axes import axes
from bench.speed.growth_page import ratio, section, sentence

from byhand.core.errors import ByhandError

MACHINE = {"processor": "one", "threads": 2}


def point(value, byhand, jax, busy=0.0):
    made = lambda peer, median: {"peer": peer, "name": peer, "median": median, "busy": busy}  # noqa: E731
    return {"value": value, "competitors": [made("byhand", byhand), made("jax", jax)], "failures": {}}


def axis(*points):
    return {"name": "width", "title": "784-width-10", "unit": "units", "points": list(points)}


def test_where_byhand_stops_being_the_fastest():
    head = "**Width** (784-width-10): "
    fast, slow, slower = point(10, 1.0, 2.0), point(512, 3.0, 2.0), point(4096, 4.0, 2.0)
    assert sentence(axis(fast, point(32, 1.0, 4.0))) == (
        head + "byhand is the fastest at every point, with 25% to 50% of the time."
    )
    assert sentence(axis(fast, slow, slower)) == (
        head
        + "byhand is the fastest up to 10 (units); from 512 on JAX is faster, byhand takes 150% to 200% of the time."
    )
    assert sentence(axis(slow, fast)) == (
        head + "at 512 (units) JAX is faster, byhand takes 150% of the time; elsewhere it is the fastest."
    )


def test_a_busy_machine_and_who_failed_have_no_ratio():
    alone = point(64, 1.0, 2.0)
    alone["competitors"].pop()
    alone["failures"] = {"JAX, scan": "killed by the system, probably for want of memory"}
    assert ratio(point(10, 1.0, 2.0, busy=0.3)) is None
    assert ratio(alone) is None
    text = section({"machine": MACHINE, "absent": {"torch": "no wheel"}, "axes": [axis(point(10, 1.0, 2.0), alone)]})
    assert "1 of 2 points have no ratio" in text
    assert "- width 64: JAX, scan failed: killed by the system, probably for want of memory" in text
    assert "- PyTorch was absent: no wheel" in text


def test_a_file_holds_as_many_samples_as_fit(tmp_path):
    file = axes(0.02, 2, small=False)[-1]
    task = file.task(0.02, tmp_path)
    x, y = np.load(tmp_path / "x.npy", mmap_mode="r"), np.load(tmp_path / "y.npy")
    assert task["mapped"] and task["rows"] == len(x) == len(y) == 0.02e9 // (4 * 784)
    assert x.dtype == np.float32 and x.shape[1] == 784
    assert abs(float(x.mean())) < 0.01 and abs(float(x.std()) - 1) < 0.01
    with pytest.raises(ByhandError, match="room for"):
        file.task(1e9, tmp_path)


class Player:
    """A competitor whose rounds others disturb as they are told."""

    name = "player"

    def __init__(self, disturbed):
        self.disturbed, self.busy, self.rounds, self.ended = iter(disturbed), [], [], False

    def turn(self, epochs, idle, others):
        self.busy.append(next(self.disturbed))
        self.rounds.append(len(self.rounds))

    def forget(self):
        del self.busy[-1], self.rounds[-1]

    def end(self):
        self.ended = True


def test_disturbed_rounds_are_repeated(monkeypatch):
    monkeypatch.setattr(rounds, "wait_until_quiet", lambda tries: 0.0)
    monkeypatch.setattr(rounds, "rest", lambda: None)
    monkeypatch.setattr(rounds.Process, "end", Player.end)
    for again, kept, played in ((3, [0.0, 0.1, 0.2], 5), (1, [0.0, 0.9, 0.1], 4), (None, [0.9, 0.0, 0.9], 3)):
        match = rounds.Match({"name": "W"}, 1, print, quick=True, again=again)
        player = Player([0.9, 0.0, 0.9, 0.1, 0.2])
        match.processes = [player]
        match.play(3)
        assert player.busy == kept and match.played == played and player.ended


def test_others_are_who_is_not_the_process(monkeypatch):
    """Of 200 ticks on two cores, 150 were busy and 88 of them the process's own: with 2 let pass, 0.6 cores."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    machine, own = iter([quiet.Ticks(1000, 5000), quiet.Ticks(1150, 5200)]), iter([500, 588])
    monkeypatch.setattr(quiet, "ticks", lambda: next(machine))
    monkeypatch.setattr(quiet, "ticks_of", lambda process: next(own))
    assert quiet.Watch(7).others() == pytest.approx(0.6)
