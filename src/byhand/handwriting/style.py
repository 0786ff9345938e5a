"""Ways of writing a line: tight or wide, even or not, leaning, climbing, thin or bold, one symbol a cell."""

from dataclasses import dataclass, replace

import numpy as np

THINNEST, THICKEST = 1.3, 11.0  # pixels of a stroke, for digits of HEIGHT


@dataclass(frozen=True)
class LineStyle:
    """How a line is written; lengths as parts of a digit's height.

    Attributes:
        wide: by how much every glyph is made wider.
        slant: by how many columns a row all of the writing leans further to the right.
        gap: from one glyph to the next.
        uneven_gap: standard deviation of the gap.
        uneven_height: of a glyph's height.
        uneven_base: of a glyph's foot.
        climb: how far the line rises over its length.
        wave: how far it swings up and down meanwhile.
        space: how wide a space is, beside the gaps.
        small_zeros: the zeros' height.
        raised_zeros: where small ones stand: 0 on the line, 1 at the top.
        breaks: how many places without ink.
        bent: how far the paper is stretched unevenly.
        stroke: how thick strokes are, in pixels of a digit HEIGHT pixels high; 0 as the writer's are.
        pitch: the width of a cell, if every symbol has one; 0 without.
    """

    wide: float = 1.0
    slant: float = 0.0
    gap: float = 0.15
    uneven_gap: float = 0.05
    uneven_height: float = 0.05
    uneven_base: float = 0.03
    climb: float = 0.0
    wave: float = 0.0
    space: float = 0.8
    small_zeros: float = 1.0
    raised_zeros: float = 0.0
    breaks: int = 0
    bent: float = 0.0
    stroke: float = 0.0
    pitch: float = 0.0


def some_style(rng: np.random.Generator, printed: bool = False) -> LineStyle:
    """Some way of writing a line; what is printed stands evenly."""
    kind = rng.random()
    gap = (
        rng.uniform(-0.12, 0.02)
        if kind < 0.22
        else rng.uniform(0.0, 0.3)
        if kind < 0.8
        else float(np.exp(rng.uniform(-1.2, 0.5)))
    )
    space = max(0.45, 1.2 * gap) + rng.uniform(0, 0.9)
    if printed:
        wide = float(np.exp(rng.normal(0, 0.12)))
        return LineStyle(
            wide, 0, min(gap, 0.5) if gap > 0 else 0.08, 0, 0, 0, space=space, stroke=_any_stroke(rng, 0.3)
        )
    return LineStyle(
        wide=float(np.exp(rng.normal(0.1, 0.2))),
        slant=rng.normal(-0.08, 0.22) if rng.random() < 0.7 else 0.0,
        gap=gap,
        uneven_gap=rng.uniform(0.02, 0.12),
        uneven_height=rng.uniform(0.02, 0.14),
        uneven_base=rng.uniform(0.01, 0.08),
        climb=rng.normal(0, 0.25) if rng.random() < 0.4 else 0.0,
        wave=rng.uniform(0, 0.25) if rng.random() < 0.15 else 0.0,
        space=space,
        small_zeros=rng.uniform(0.4, 0.9) if rng.random() < 0.3 else 1.0,
        raised_zeros=rng.uniform(0, 1) if rng.random() < 0.4 else 0.0,
        breaks=int(rng.integers(1, 5)) if rng.random() < 0.1 else 0,
        bent=rng.uniform(0.02, 0.12) if rng.random() < 0.45 else 0.0,
        stroke=_any_stroke(rng, 0.5),
    )


def _any_stroke(rng: np.random.Generator, chance: float) -> float:
    return float(np.clip(np.exp(rng.normal(1.35, 0.5)), THINNEST, THICKEST)) if rng.random() < chance else 0.0


def in_cells(style: LineStyle, rng: np.random.Generator) -> LineStyle:
    """The same, every symbol in a cell of its own."""
    return replace(style, pitch=rng.uniform(0.85, 1.7), slant=0.0, climb=0.0, wave=0.0, bent=min(style.bent, 0.03))
