"""From a form to the curves that a hand would make of it: bent, stretched, slanted, never twice the same."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.forms import FORMS, MARKS, Strokes, joined_zeros

STEPS = 4  # pieces of a curve from one point to the next


class Form(NamedTuple):
    """A form made ready: Catmull-Rom curves are linear in their points, so one matrix makes all of them.

    Attributes:
        points: the hand-set points, each once (p, 2).
        matrix: (q, p); matrix @ points are the points along the curves.
        starts: the pieces of the curves begin at these of them (s,).
        ends: and end at these.
        along: where on its stroke each piece begins, from 0 to 1 (s,).
    """

    points: Array
    matrix: Array
    starts: Array
    ends: Array
    along: Array


class Hand(NamedTuple):
    """How somebody writes: standard deviations of what differs from digit to digit, and what does not.

    Attributes:
        slant: by how much of its height a digit leans to the right.
        turn: rotation in radians.
        width: how wide for its height, 1 as the forms are.
        bend: how far smooth waves shift the strokes, as a part of the height.
        jitter: how far each point is shifted by itself.
    """

    slant: float = 0.1
    turn: float = 0.0
    width: float = 1.0
    bend: float = 0.03
    jitter: float = 0.015


def compile_form(strokes: Strokes) -> Form:
    """The form of the strokes; points that strokes share stay shared."""
    own: dict[tuple[float, float], int] = {}
    for stroke in strokes:
        for point in stroke:
            own.setdefault(point, len(own))
    blocks, starts, along = [], [], []
    at = 0
    for stroke in strokes:
        block = np.zeros(((len(stroke) - 1) * STEPS + 1, len(own)))
        for column, point in zip(_catmull_rom(len(stroke), STEPS).T, stroke, strict=True):
            block[:, own[point]] += column
        blocks.append(block)
        pieces = np.arange(len(block) - 1)
        starts.append(at + pieces)
        along.append(pieces / len(pieces))
        at += len(block)
    first = np.concatenate(starts)
    points = np.array(list(own), np.float32)
    return Form(points, np.concatenate(blocks).astype(np.float32), first, first + 1, np.concatenate(along))


def has_long_flag(strokes: Strokes) -> bool:
    """Whether this form of a 1 might be taken for a 7: its pen starts well below the top."""
    return strokes[0][0][1] >= 0.3


def has_bar(strokes: Strokes) -> bool:
    """Whether this form of a 7 has a bar, a stroke that shares no point with the others."""
    return any(all(a is b or not {*a} & {*b} for b in strokes) for a in strokes) and len(strokes) > 1


@lru_cache(maxsize=1)
def all_forms() -> dict[str, list[Form]]:
    """Every form of every digit and mark, and of some joined zeros, by what they read."""
    forms = {str(digit): [compile_form(strokes) for strokes in forms] for digit, forms in FORMS.items()}
    forms |= {mark: [compile_form(strokes) for strokes in forms] for mark, forms in MARKS.items()}
    ways = [
        (gap, tail, way)
        for gap in (-0.12, 0.0, 0.15)
        for tail in (False, True)
        for way in ("top", "low", "loop", "cross")
    ]
    return forms | {label: [compile_form(joined_zeros(label, *way)) for way in ways] for label in ("00", "000")}


def any_hand(rng: np.random.Generator) -> Hand:
    """Somebody's hand."""
    return Hand(
        slant=rng.normal(0.12, 0.16),
        turn=rng.normal(0, 0.05),
        width=float(np.exp(rng.normal(0, 0.18))),
        bend=rng.uniform(0.01, 0.045),
        jitter=rng.uniform(0.005, 0.025),
    )


def write_down(form: Form, hand: Hand, rng: np.random.Generator) -> Array:
    """The points along the curves (q, 2), as the hand puts them down this time; the height stays about 1."""
    points = form.points
    angle = points @ rng.normal(0, 4, (2, 3)) + rng.uniform(0, 2 * np.pi, 3)  # (p, 3)
    points = points + np.sin(angle) @ rng.normal(0, hand.bend, (3, 2)) + rng.normal(0, hand.jitter, points.shape)
    turn = hand.turn + rng.normal(0, 0.04)
    slant = hand.slant + rng.normal(0, 0.05)
    width = hand.width * np.exp(rng.normal(0, 0.1))
    c, s = np.cos(turn), np.sin(turn)
    matrix = np.array([[width * c, s], [-width * s - slant * c, c - slant * s]])
    return (form.matrix @ points) @ matrix


def smooth_curve(points: Array, steps: int = 24) -> Array:
    """The Catmull-Rom curve through the points (n, 2), `steps` points from each to the next: ((n − 1) steps + 1, 2)."""
    return _catmull_rom(len(points), steps) @ points


@lru_cache(maxsize=64)
def _catmull_rom(n: int, steps: int) -> Array:
    """The matrix ((n − 1) steps + 1, n) from points to their curve.

    Between p₁ and p₂, with their neighbours p₀ and p₃, at t from 0 to 1:
    ½ (2p₁ + (p₂ − p₀) t + (2p₀ − 5p₁ + 4p₂ − p₃) t² + (3p₁ − p₀ − 3p₂ + p₃) t³); a curve's ends are their own
    neighbours. E. Catmull and R. Rom, A Class of Local Interpolating Splines (1974).
    """
    t = np.linspace(0, 1, steps, endpoint=False)
    weights = np.stack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2], 1) / 2
    matrix = np.zeros(((n - 1) * steps + 1, n))
    for i in range(n - 1):
        for k in range(4):
            matrix[i * steps : (i + 1) * steps, min(max(i + k - 1, 0), n - 1)] += weights[:, k]
    matrix[-1, -1] = 1
    return matrix
