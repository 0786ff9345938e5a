"""All the writers that readers learn from, and which of them are kept for validation.

A writer is kept for validation if the first byte of the SHA-256 of its name is below HELD_OUT: about a tenth are. Of
MNIST's training images the first 5,000 are kept, of the papers' patterns, clouds and blotches every fourth sheet.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.handwriting.drawn import draw_ink
from byhand.handwriting.fonts import fonts_in
from byhand.handwriting.forms import FORMS
from byhand.handwriting.glyphs import HEIGHT, Writer, barred_sevens, image_writers
from byhand.handwriting.hands import CREDITS, hands_in
from byhand.handwriting.pens import Pen, any_pen, pen_trace
from byhand.handwriting.signs import sign_forms
from byhand.handwriting.strokes import Hand, all_forms, any_hand, has_long_flag, write_down

HELD_OUT_BYTES = 26  # of 256 values of a name's first byte
MNIST_HELD = 5000  # of MNIST's training images, the first
MNIST_WRITERS = 200  # that MNIST's other images are divided among
WRITER_PARTS = ("train", "validation")
# How often each kind of writer is picked, as a share of those that there are.
SHARES = {"drawn": 0.3, "mnist": 0.32, "hands": 0.26, "font": 0.06, "printed": 0.06}


@dataclass(frozen=True)
class Stock:
    """Writers by kind.

    Attributes:
        kinds: the writers of each kind; none is empty.
        shares: how often each kind is picked; they add up to 1.
        credits: where they come from, and under what licence.
        held: whether they are kept for validation; then papers are, too. None for neither.
    """

    kinds: dict[str, list[Writer]]
    shares: dict[str, float]
    credits: list[str] = field(default_factory=list)
    held: bool | None = None

    def pick(self, rng: np.random.Generator) -> Writer:
        """Some writer."""
        at = rng.random()
        writers: list[Writer] = []
        for kind, share in self.shares.items():
            writers, at = self.kinds[kind], at - share
            if at < 0:
                break
        return writers[int(rng.integers(len(writers)))]


def held_out(name: str) -> bool:
    """Whether the writer of that name is kept for validation."""
    return hashlib.sha256(name.encode()).digest()[0] < HELD_OUT_BYTES


def collect(
    part: str,
    *,
    hands: str | os.PathLike[str] | None = None,
    fonts: str | os.PathLike[str] | None = None,
    mnist: tuple[Array, Array] | None = None,
    drawn: int = 700,
    seed: int = 0,
    report: Callable[[str], None] = lambda line: None,
) -> Stock:
    """The writers of a part, "train" or "validation": no writer, font or image is in both.

    Args:
        part: which.
        hands: a folder of free hands, see `hands`.
        fonts: a folder of fonts, see `fonts`.
        mnist: training images, uint8 (n, 28, 28), and their digits (n,), in MNIST's order.
        drawn: how many writers of the project's own there are in both parts together.
        seed: of all chance.
        report: is told what has been collected.
    """
    if part not in WRITER_PARTS:
        raise ByhandError(f"there is no part {part!r}; it is train or validation.")
    own = [f"drawn {k}" for k in range(drawn)]
    kinds = {"drawn": [drawn_writer(seed, name) for name in own if held_out(name) == (part == "validation")]}
    report(f"{len(kinds['drawn'])} drawn writers")
    credits = []
    if mnist is not None:
        rows = slice(MNIST_HELD, None) if part == "train" else slice(MNIST_HELD)
        count = MNIST_WRITERS if part == "train" else MNIST_WRITERS // 10
        rng = np.random.default_rng((seed, 1))
        kinds["mnist"] = image_writers(mnist[0][rows], mnist[1][rows], rng, count)
        credits.append("MNIST's training images (LeCun, Cortes, Burges)")
    if hands is not None:
        rng = np.random.default_rng((seed, 2))
        kinds["hands"] = _of_part(hands_in(Path(hands), rng), part)
        credits += [text for file, text in CREDITS.items() if (Path(hands) / file).exists()]
    if fonts is not None:
        found = _of_part(fonts_in(Path(fonts)), part)
        kinds["font"] = [writer for writer in found if not writer.printed]
        kinds["printed"] = [writer for writer in found if writer.printed]
        credits += sorted({f"font {writer.name.split()[0]}" for writer in found})
    kinds = {kind: _with_signs(writers, kinds["drawn"]) for kind, writers in kinds.items() if writers}
    report(", ".join(f"{len(writers)} {kind}" for kind, writers in kinds.items()))
    total = sum(SHARES[kind] for kind in kinds)
    return Stock(kinds, {kind: SHARES[kind] / total for kind in kinds}, credits, part == "validation")


def _of_part(writers: list[Writer], part: str) -> list[Writer]:
    """A font's files count as one writer: its name is what stands before the first space."""
    return [writer for writer in writers if held_out(_whose(writer)) == (part == "validation")]


def _whose(writer: Writer) -> str:
    return writer.name.split()[0] if writer.feet else writer.name


def _with_signs(writers: list[Writer], drawn: list[Writer]) -> list[Writer]:
    """The writers; what symbols they lack they take from the drawn ones, in turn, digits excepted."""
    completed = []
    for k, writer in enumerate(writers):
        lent = drawn[(7 * k) % len(drawn)].glyphs
        missing = {} if writer.printed else {s: g for s, g in lent.items() if s not in writer.glyphs and s[0] != "0"}
        completed.append(Writer(writer.glyphs | missing, writer.name, writer.feet, writer.printed))
    return completed


def drawn_writer(seed: int, name: str, each: int = 3) -> Writer:
    """A writer of the project's own: `each` pictures of every digit, one or two of every sign and letter."""
    rng = np.random.default_rng([seed, *name.encode()])
    hand, pen = any_hand(rng), any_pen(rng)
    glyphs: dict[str, list[Array]] = {}
    habits = {label: rng.integers(len(forms), size=2) for label, forms in all_forms().items()}  # of all the ways, two
    if any(has_long_flag(FORMS[1][form]) for form in habits["1"]):  # then it takes a bar to make a 7
        habits["7"] = rng.choice(barred_sevens(), 2)
    for label in [*"0123456789", "00", "000"]:
        ways = [int(form) for form in habits[label]]
        glyphs[label] = [_bytes(draw_ink(label, rng, HEIGHT, hand, pen, ways[i % 2])) for i in range(each)]
    for symbol in sign_forms():
        glyphs[symbol] = [_sign(symbol, hand, pen, rng) for _ in range(1 if symbol.isalpha() else 2)]
    glyphs["'"] = [_bytes(draw_ink("'", rng, HEIGHT, hand, pen))]
    return Writer(glyphs, name)


def _sign(symbol: str, hand: Hand, pen: Pen, rng: np.random.Generator) -> Array:
    """A sign or a letter as high as it is beside a digit of HEIGHT, or a little more or less."""
    forms = sign_forms()[symbol]
    form = forms[int(rng.integers(len(forms)))]
    curve = write_down(form, hand, rng) * np.exp(rng.normal(0, 0.15))
    return _bytes(pen_trace(curve, form.starts, form.ends, form.along, pen, HEIGHT, rng))


def _bytes(ink: Array) -> Array:
    return np.rint(ink * 255).astype(np.uint8)
