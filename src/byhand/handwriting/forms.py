"""How digits are written in much of the world: pen strokes through hand-set points, from forms.toml."""

import tomllib
from importlib.resources import files

Stroke = list[tuple[float, float]]
Strokes = list[Stroke]


def _read(name: str) -> dict[str, list[Strokes]]:
    """The forms of each digit, or mark, as the file has them."""
    text = files("byhand.handwriting").joinpath("forms.toml").read_text(encoding="utf-8")
    return {
        key: [[[(float(x), float(y)) for x, y in stroke] for stroke in form] for form in forms]
        for key, forms in tomllib.loads(text)[name].items()
    }


FORMS: dict[int, list[Strokes]] = {int(digit): forms for digit, forms in _read("digits").items()}

# What stands between and behind digits without being one: point, comma, dash, two dashes, apostrophe, oblique, a check.
MARKS: dict[str, list[Strokes]] = _read("marks")


def joined_zeros(label: str, gap: float, tail: bool = False, way: str = "top") -> Strokes:
    """Zeros written without lifting the pen, as cheques have them: `label` is "00", "000" ...; gap between them.

    With `tail` the pen runs out to the right behind the last one. It goes from one to the next at the `way`: "top",
    "low" along the line, or "loop" in a small loop above; "cross" goes there and back again, as an 8 that lies.
    """
    if way == "cross":
        lobe = ((0, 0.5), (0.14, 0.96), (0.46, 0.96))
        there = [(i * (0.62 + gap) + x, 1 - y if i % 2 else y) for i in range(len(label)) for x, y in lobe]
        turn = (len(label) * (0.62 + gap), 0.5)
        return [[*there, turn, *((x, 1 - y) for x, y in reversed(there)), *([(-0.1, 0.3)] if tail else [])]]
    ring = {
        "top": [(.38, .06), (.14, .14), (.02, .52), (.18, .96), (.44, .9), (.56, .46), (.46, .08),
                (.5 + gap / 2, -.02)],
        "low": [(.06, .9), (.42, .94), (.56, .5), (.38, .04), (.12, .16), (.03, .56), (.16, .94), (.4, 1)],
        "loop": [(.3, .06), (.06, .24), (.02, .62), (.2, .98), (.46, .88), (.56, .48), (.44, .12), (.3, .1), (.36, .24),
                 (.56 + gap / 2, .1)],
    }[way]  # fmt: skip
    stroke = [(i * (0.62 + gap) + x, y) for i in range(len(label)) for x, y in ring]
    if way != "low":
        stroke.pop()  # leads to the next one
    if tail:
        x = (len(label) - 1) * (0.62 + gap)
        stroke += [(x + 0.8, 1.0), (x + 1.2, 0.9)] if way == "low" else [(x + 0.8, 0.0), (x + 1.2, 0.1)]
    return [stroke]
