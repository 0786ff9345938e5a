"""Handwriting that the project draws itself: pictures to try the reader on, other than those it learnt from.

Each digit is a few pen strokes through hand-set points, as a hand would go through them. Chance bends, slants and
sizes them, presses the pen, and chooses the paper and the ink.
"""

import os
from io import BytesIO
from pathlib import Path

import numpy as np

from byhand.errors import ByhandError
from byhand.files import write_atomically
from byhand.types import Array

Stroke = list[tuple[float, float]]

SMOOTHING = 4  # everything is drawn this many times too large, then averaged

# digit -> its forms -> strokes -> points (x to the right, y down, the digit's height is 1). A smooth curve goes
# through a stroke's points; where the pen turns sharply, one stroke ends and another starts at the same point.
FORMS: dict[int, list[list[Stroke]]] = {
    0: [
        [[(.35, 0), (.12, .14), (.01, .48), (.1, .86), (.31, 1), (.53, .84), (.61, .48), (.53, .14), (.31, .01)]],
        [[(.27, .03), (.06, .22), (.02, .58), (.14, .92), (.34, 1), (.56, .78), (.58, .4), (.46, .08), (.28, .02),
          (.17, .1)]],
        [[(.44, .05), (.24, .04), (.05, .3), (.04, .7), (.22, .98), (.47, .9), (.61, .56), (.56, .2), (.36, .02)]],
    ],
    1: [
        [[(.31, 0), (.29, .5), (.28, 1)]],
        [[(.08, .24), (.2, .14), (.32, 0)], [(.32, 0), (.31, .5), (.29, 1)]],
        [[(.1, .2), (.22, .12), (.32, 0)], [(.32, 0), (.31, .5), (.3, .99)], [(.06, 1), (.3, .99), (.54, .98)]],
    ],
    2: [
        [[(.03, .22), (.13, .05), (.34, 0), (.54, .1), (.55, .32), (.36, .62), (.02, .98)],
         [(.02, .98), (.33, .96), (.64, .97)]],
        [[(.04, .2), (.18, .03), (.4, .01), (.55, .16), (.5, .42), (.28, .76), (.1, .95), (.01, .92), (.08, .81),
          (.25, .87), (.44, .99), (.64, .93)]],
        [[(.05, .12), (.27, 0), (.5, .08), (.53, .3), (.34, .6), (.05, .94)],
         [(.05, .94), (.22, .92), (.4, 1), (.62, .95)]],
    ],
    3: [
        [[(.04, .12), (.24, 0), (.47, .07), (.49, .28), (.36, .42), (.19, .47)],
         [(.19, .47), (.42, .5), (.56, .67), (.5, .9), (.28, 1), (.03, .9)]],
        [[(.05, .03), (.3, .03), (.55, .01)], [(.55, .01), (.4, .2), (.24, .38)],
         [(.24, .38), (.48, .45), (.57, .67), (.46, .92), (.22, 1), (.01, .89)]],
        [[(.06, .08), (.3, 0), (.5, .12), (.44, .34), (.25, .45), (.24, .49), (.46, .53), (.55, .72), (.44, .94),
          (.2, 1), (.02, .92)]],
    ],
    4: [
        [[(.15, .02), (.1, .26), (.03, .55)], [(.03, .55), (.3, .57), (.64, .54)],
         [(.48, .14), (.46, .55), (.43, 1)]],
        [[(.46, 0), (.24, .32), (.01, .65)], [(.01, .65), (.33, .66), (.67, .63)], [(.46, 0), (.45, .5), (.43, 1)]],
        [[(.13, 0), (.05, .28), (.06, .48), (.24, .54), (.49, .47)], [(.53, .02), (.5, .5), (.48, 1)]],
    ],
    5: [
        [[(.12, .03), (.1, .22), (.07, .45)],
         [(.07, .45), (.3, .37), (.52, .49), (.56, .73), (.41, .95), (.17, 1), (0, .9)],
         [(.12, .03), (.32, .04), (.57, .01)]],
        [[(.56, .01), (.34, .03), (.14, .04)], [(.14, .04), (.11, .22), (.07, .43)],
         [(.07, .43), (.28, .39), (.48, .5), (.53, .71), (.38, .94), (.05, 1)]],
        [[(.59, .04), (.36, .01), (.2, .06), (.13, .24), (.18, .39), (.38, .46), (.52, .62), (.5, .85), (.3, .99),
          (.04, .94)]],
    ],
    6: [
        [[(.47, .01), (.25, .17), (.08, .48), (.05, .8), (.22, 1), (.45, .94), (.53, .74), (.41, .56), (.21, .6),
          (.07, .77)]],
        [[(.36, 0), (.18, .3), (.05, .64), (.1, .91), (.3, 1), (.5, .87), (.49, .67), (.33, .57), (.15, .64),
          (.06, .75)]],
        [[(.52, .08), (.36, .01), (.17, .14), (.04, .46), (.05, .82), (.25, 1), (.48, .9), (.52, .68), (.36, .53),
          (.16, .6), (.05, .76)]],
    ],
    7: [
        [[(.02, .04), (.3, .06), (.58, .02)], [(.58, .02), (.4, .42), (.22, 1)]],
        [[(.02, .05), (.3, .06), (.58, .01)], [(.58, .01), (.42, .4), (.26, 1)], [(.14, .52), (.33, .5), (.54, .47)]],
        [[(.04, .16), (.05, .05)], [(.05, .05), (.3, .08), (.56, .03)], [(.56, .03), (.36, .4), (.28, 1)]],
    ],
    8: [
        [[(.5, .11), (.31, 0), (.11, .08), (.1, .27), (.28, .44), (.49, .62), (.52, .85), (.3, 1), (.07, .87),
          (.1, .65), (.31, .46), (.49, .28), (.48, .08)]],
        [[(.3, .47), (.11, .35), (.11, .12), (.29, 0), (.48, .11), (.49, .32), (.31, .47)],
         [(.31, .47), (.08, .6), (.03, .83), (.28, 1), (.54, .86), (.52, .61), (.3, .47)]],
        [[(.52, .06), (.32, .01), (.13, .1), (.13, .27), (.3, .43), (.48, .63), (.47, .88), (.26, 1), (.05, .89),
          (.09, .69), (.32, .44), (.57, .08)]],
    ],
    9: [
        [[(.51, .1), (.3, 0), (.07, .12), (.05, .36), (.22, .5), (.43, .4), (.53, .12)],
         [(.53, .12), (.51, .5), (.46, 1)]],
        [[(.52, .14), (.34, .01), (.1, .1), (.03, .34), (.2, .49), (.43, .39), (.54, .14)],
         [(.54, .14), (.57, .52), (.48, .87), (.27, 1), (.06, .9)]],
        [[(.46, .06), (.22, .03), (.05, .22), (.12, .45), (.34, .43), (.49, .2), (.5, .06)],
         [(.5, .06), (.44, .5), (.3, 1)]],
    ],
}  # fmt: skip


def draw_digit(
    digit: int,
    rng: np.random.Generator,
    size: int = 128,
    pen: float = 0.09,
    dark_on_light: bool = True,
    form: int | None = None,
) -> Array:
    """A picture of one handwritten digit: uint8 `(size, size)`.

    pen is the stroke's width as a part of the digit's height, 0.02-0.3. form picks one of the digit's ways of being
    written, otherwise chance does. The same generator state gives the same picture.
    """
    if digit not in FORMS:
        raise ByhandError(f"{digit!r} is not a digit; draw 0 to 9.")
    if not 8 <= size <= 4096:
        raise ByhandError(f"a picture of {size} pixels cannot be drawn; its side is 8 to 4096.")
    if not 0.02 <= pen <= 0.3:
        raise ByhandError(f"a pen of {pen:g} cannot be drawn with; its width is 0.02 to 0.3 of the digit's height.")
    forms = FORMS[digit]
    if form is None:
        form = int(rng.integers(len(forms)))
    if not 0 <= form < len(forms):
        raise ByhandError(f"there is no form {form} of the digit {digit}; it has the forms 0 to {len(forms) - 1}.")
    strokes = forms[form]
    curves = write_down([smooth(np.array(stroke, float)) for stroke in strokes], pen, rng)
    return on_paper(trace(curves, pen, size, rng), dark_on_light, rng)


def write_samples(folder: str | os.PathLike[str], rng: np.random.Generator, each: int = 1) -> list[tuple[Path, int]]:
    """Draw `each` pictures of every digit as PNG files in a folder, made if need be; the paths and their digits.

    They differ in size, pen, paper and ink; every fourth is light on dark.
    """
    from PIL import Image

    samples = []
    for n in range(each):
        for digit in range(10):
            size, pen = int(rng.integers(48, 256)), rng.uniform(0.06, 0.14)
            picture = draw_digit(digit, rng, size, pen, dark_on_light=(digit + n) % 4 != 3)
            png = BytesIO()
            Image.fromarray(picture).save(png, "PNG")
            path = Path(folder) / f"{digit}-{n + 1}.png"
            write_atomically(path, png.getvalue())
            samples.append((path, digit))
    return samples


def smooth(points: Array, steps: int = 24) -> Array:
    """The Catmull-Rom curve through the points (n, 2), `steps` points from each to the next: ((n − 1) steps + 1, 2).

    Between p₁ and p₂, with their neighbours p₀ and p₃, at t from 0 to 1:
    ½ (2p₁ + (p₂ − p₀) t + (2p₀ − 5p₁ + 4p₂ − p₃) t² + (3p₁ − p₀ − 3p₂ + p₃) t³).
    """
    p = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return np.concatenate([*pieces, points[-1:]])


def write_down(curves: list[Array], pen: float, rng: np.random.Generator) -> list[Array]:
    """The curves as a hand puts them down: bent, slanted, narrow or wide, somewhere in the square from 0 to 1."""
    bend = rng.normal(0, 0.025, (3, 2))  # one smooth bend for all strokes: what met before still meets
    phase = rng.uniform(0, 2 * np.pi, (3, 2))
    wave = rng.uniform(-1, 1, (3, 2)) * 2 * np.pi
    slant, turn = rng.normal(0.1, 0.12), rng.normal(0, 0.06)
    width = rng.uniform(0.85, 1.2)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    matrix = np.array([[width, 0], [-slant, 1]]) @ rotation
    bent = []
    for curve in curves:  # (n, 2)
        angle = (curve @ wave.T)[:, :, None] + phase  # (n, 3, 2)
        bent.append((curve + (bend * np.sin(angle)).sum(axis=1)) @ matrix)
    everything = np.concatenate(bent)
    low, extent = everything.min(axis=0), np.ptp(everything, axis=0)
    scale = rng.uniform(0.5, 0.75) / extent.max()
    margin = scale * pen / 2 + 0.04
    room = 1 - 2 * margin - scale * extent
    corner = margin + room * np.clip(rng.normal(0.5, 0.15, 2), 0, 1)
    return [(c - low) * scale + corner for c in bent]


def trace(curves: list[Array], pen: float, size: int, rng: np.random.Generator) -> Array:
    """How much ink a round pen leaves along the curves: float32 (size, size), 0-1."""
    from PIL import Image, ImageDraw

    everything = np.concatenate(curves)
    large = size * SMOOTHING
    radius = max(pen * float(np.ptp(everything, axis=0).max()) / 2 * large, 0.5 * SMOOTHING)
    canvas = Image.new("L", (large, large))
    draw = ImageDraw.Draw(canvas)
    for curve in curves:
        fine = _evenly(curve * large, radius / 4)
        along = np.linspace(0, 1, len(fine))
        pressure = 1 + 0.15 * np.sin(2 * np.pi * (rng.uniform(0.4, 1.2) * along + rng.uniform()))
        pressure *= 1 - 0.35 * np.exp(-(1 - along) * 12)  # the pen lifts at the end
        for (x, y), r in zip(fine, pressure * radius, strict=True):
            draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
    return np.asarray(canvas.reduce(SMOOTHING), np.float32) / 255


def on_paper(amount: Array, dark_on_light: bool, rng: np.random.Generator) -> Array:
    """Ink, (height, width) 0-1, on paper that is shaded and grained a little: uint8."""
    height, width = amount.shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j] - 0.5
    shade = rng.normal(0, 12, 2)
    light, dark = rng.uniform(205, 245), rng.uniform(15, 75)
    paper, pen = (light, dark) if dark_on_light else (dark, light)
    grain = rng.normal(0, 2.5, amount.shape)
    picture = paper + (pen - paper) * amount * rng.uniform(0.9, 1) + shade[0] * x + shade[1] * y + grain
    return np.rint(np.clip(picture, 0, 255)).astype(np.uint8)


def _evenly(curve: Array, step: float) -> Array:
    """The same curve (n, 2) by points that lie about `step` apart."""
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(curve, axis=0).T))])
    at = np.linspace(0, length[-1], max(2, round(length[-1] / step)))
    return np.stack([np.interp(at, length, curve[:, 0]), np.interp(at, length, curve[:, 1])], axis=1)
