"""What is written on paper and is not a digit: letters that look like none, scribbles, lines, points."""

from functools import lru_cache

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.forms import MARKS, Strokes
from byhand.handwriting.pens import any_pen, pen_trace
from byhand.handwriting.strokes import Form, any_hand, compile_form, write_down

OTHER_KINDS = ("letter", "word", "scribble", "line", "mark")

# As in `forms`: x to the right, y down, a capital's height is 1. Those that are digits by themselves are left out
# (I, O, S, Z, B, G, b, g, l, o, q, s, z).
LETTER_FORMS: dict[str, Strokes] = {
    "A": [[(0, 1), (.2, .5), (.36, 0)], [(.36, 0), (.55, .5), (.72, 1)], [(.14, .62), (.58, .6)]],
    "C": [[(.62, .12), (.36, 0), (.06, .3), (.06, .7), (.34, 1), (.64, .88)]],
    "E": [[(.5, .02), (.26, .02), (.06, .04)], [(.06, .04), (.04, .5), (.05, .98)], [(.05, .98), (.54, .97)],
          [(.05, .5), (.42, .48)]],
    "F": [[(.56, .02), (.08, .04)], [(.08, .04), (.05, .5), (.05, 1)], [(.06, .48), (.42, .46)]],
    "H": [[(.06, 0), (.04, .5), (.04, 1)], [(.6, 0), (.58, .5), (.58, 1)], [(.05, .5), (.58, .48)]],
    "K": [[(.06, 0), (.05, .5), (.05, 1)], [(.56, .02), (.3, .32), (.06, .52)], [(.2, .44), (.38, .7), (.62, 1)]],
    "M": [[(0, 1), (.06, .5), (.12, 0)], [(.12, 0), (.28, .4), (.42, .7)], [(.42, .7), (.58, .4), (.74, 0)],
          [(.74, 0), (.8, .5), (.84, 1)]],
    "N": [[(.04, 1), (.05, .5), (.06, 0)], [(.06, 0), (.3, .5), (.56, 1)], [(.56, 1), (.57, .5), (.58, 0)]],
    "R": [[(.06, 0), (.05, .5), (.04, 1)], [(.06, .02), (.36, 0), (.52, .2), (.38, .46), (.06, .52)],
          [(.2, .5), (.4, .75), (.6, 1)]],
    "T": [[(0, .03), (.34, .02), (.7, .01)], [(.35, .02), (.34, .5), (.33, 1)]],
    "W": [[(0, 0), (.1, .5), (.2, 1)], [(.2, 1), (.34, .6), (.46, .25)], [(.46, .25), (.6, .6), (.72, 1)],
          [(.72, 1), (.84, .5), (.94, 0)]],
    "X": [[(.04, 0), (.3, .5), (.6, 1)], [(.6, 0), (.3, .5), (.02, 1)]],
    "a": [[(.46, .42), (.24, .36), (.04, .6), (.1, .95), (.32, .98), (.48, .7), (.48, .42)],
          [(.48, .42), (.48, .8), (.6, 1)]],
    "e": [[(.06, .7), (.3, .68), (.48, .56), (.36, .38), (.12, .46), (.04, .74), (.2, 1), (.52, .92)]],
    "f": [[(.5, .06), (.34, 0), (.22, .2), (.2, .6), (.18, 1)], [(.02, .4), (.44, .38)]],
    "h": [[(.06, 0), (.05, .5), (.04, 1)], [(.05, .6), (.24, .4), (.42, .52), (.42, 1)]],
    "k": [[(.06, 0), (.05, .5), (.04, 1)], [(.42, .38), (.24, .56), (.06, .66)], [(.16, .62), (.3, .8), (.48, 1)]],
    "m": [[(.02, .4), (.02, .7), (.02, 1)], [(.02, .6), (.18, .4), (.32, .5), (.32, 1)],
          [(.32, .6), (.48, .4), (.62, .5), (.62, 1)]],
    "n": [[(.04, .4), (.04, .7), (.04, 1)], [(.04, .6), (.24, .4), (.42, .52), (.42, 1)]],
    "r": [[(.06, .4), (.05, .7), (.05, 1)], [(.05, .62), (.2, .42), (.4, .44)]],
    "t": [[(.2, .08), (.18, .6), (.22, .95), (.42, .98)], [(0, .38), (.4, .36)]],
    "w": [[(0, .4), (.08, .8), (.18, 1), (.32, .6)], [(.32, .6), (.42, 1), (.56, .8), (.64, .38)]],
    "x": [[(.04, .4), (.24, .7), (.48, 1)], [(.48, .4), (.24, .7), (.02, 1)]],
    "&": [[(.7, .96), (.4, .6), (.2, .2), (.34, 0), (.48, .16), (.3, .42), (.06, .7), (.18, .98), (.46, .86),
          (.68, .54)]],
}  # fmt: skip


@lru_cache(maxsize=1)
def letters() -> list[Form]:
    """The letters' forms, made ready."""
    return [compile_form(strokes) for strokes in LETTER_FORMS.values()]


def draw_other(rng: np.random.Generator, height: int, kind: str | None = None) -> Array:
    """Something that is not a digit, cut tightly: float32 (about `height` or less, width), ink from 0 to 1.

    kind is one of OTHER_KINDS, otherwise chance decides: a letter, a word, a scribble, a line, a mark such as a point.
    """
    kind = kind or OTHER_KINDS[int(rng.integers(len(OTHER_KINDS)))]
    if kind == "word":
        return _word(rng, height)
    if kind == "letter":
        form = letters()[int(rng.integers(len(letters())))]
    elif kind == "mark":
        forms = MARKS[".,-='"[int(rng.integers(5))]]
        form = compile_form(forms[int(rng.integers(len(forms)))])
    else:
        form = compile_form(_line(rng) if kind == "line" else _scribble(rng))
    curve = write_down(form, any_hand(rng), rng)
    return pen_trace(curve, form.starts, form.ends, form.along, any_pen(rng), height, rng)


def _word(rng: np.random.Generator, height: int) -> Array:
    """Two to six letters by one hand, side by side."""
    hand, pen, pieces = any_hand(rng), any_pen(rng), []
    for _ in range(int(rng.integers(2, 7))):
        form = letters()[int(rng.integers(len(letters())))]
        pieces.append(pen_trace(write_down(form, hand, rng), form.starts, form.ends, form.along, pen, height, rng))
        pieces.append(np.zeros((1, max(1, round(rng.uniform(0.02, 0.25) * height))), np.float32))
    tall = max(len(piece) for piece in pieces)
    return np.concatenate([np.pad(piece, ((tall - len(piece), 0), (0, 0))) for piece in pieces[:-1]], axis=1)


def _scribble(rng: np.random.Generator) -> Strokes:
    """A few long curves through points anywhere, back and forth."""
    wide, strokes = rng.uniform(0.6, 4), []
    for _ in range(int(rng.integers(1, 4))):
        n = int(rng.integers(6, 16))
        x = np.sort(rng.uniform(0, wide, n)) if rng.random() < 0.5 else rng.uniform(0, wide, n)
        strokes.append([(float(a), float(b)) for a, b in zip(x, rng.uniform(0, 1, n), strict=True)])
    return strokes


def _line(rng: np.random.Generator) -> Strokes:
    """One long line across, or two; sometimes a fence of many that are crossed."""
    if rng.random() < 0.3:
        n = int(rng.integers(5, 12))
        posts = [[(0.5 * i, 0.0), (0.5 * i + float(rng.normal(0, 0.1)), 1.0)] for i in range(n)]
        return [*posts, [(-0.2, 0.5), (0.5 * n, float(rng.uniform(0.3, 0.7)))]]
    x = np.linspace(0, rng.uniform(2, 6), int(rng.integers(3, 9)))
    ys = (0.5,) if rng.random() < 0.6 else (0.3, 0.7)
    return [[(float(at), y + float(rng.normal(0, 0.04))) for at in x] for y in ys]
