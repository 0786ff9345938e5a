"""Laying a scan over the empty form: shift, turn, scale and perspective, from what is printed on both."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from byhand.core.types import Array
from byhand.forms.paper_edge import paper_corners
from byhand.forms.perspective import (
    fit_most,
    fit_perspective,
    is_plausible,
    moving,
    scaling,
    turning,
    warped,
)
from byhand.pictures.ink import flatten

COARSE, LEVELS = 128, (320, 640, 1280)  # pixels of the longer side, for the first look and the later ones
PATCH, APART_BY = 40, 28  # pixels of a piece of print that is looked for, and from one to the next
REACHES = {320: (16, 8), 640: (8, 5), 1280: (6, 4)}  # pixels: how far pieces are looked for, round by round
LEAST_PRINT = {320: 0.0004, 640: 0.001, 1280: 0.0025}  # of change a pixel, in every direction; lines have less
MOST_PIECES = 100  # of a level
FOUND_ALIKE = 0.5  # correlation from which a piece is found
CLOSE = 2.0  # pixels at the last level: a piece that is found farther away does not fit
FITS, FITS_WELL = 0.65, 0.85  # of the pieces that fit: less is another form; more, and nothing else is tried
SCALES = np.geomspace(0.65, 1.45, 8)  # of the page in the scan, beside one that fills it
SKEWS = np.radians(np.arange(-12, 12.1, 0.5))
TRIED = 3  # of the guesses by scale and turn, the best


@dataclass(frozen=True)
class Registration:
    """Where a form lies in a scan.

    Attributes:
        matrix: takes the form's points to the scan's (3, 3).
        fit: which part of the form's print is found where it should be, from 0 to 1.
    """

    matrix: Array
    fit: float

    @property
    def fits(self) -> bool:
        """Whether it is this form at all."""
        return self.fit >= FITS


@dataclass(frozen=True)
class PrintedForm:
    """What is printed on an empty form, to look for in scans.

    Args:
        image: uint8 (height, width).
    """

    image: Array

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.image.shape[1], self.image.shape[0]

    def level(self, side: int) -> tuple[Array, float]:
        """Its ink at a level, float32 (height, width), 0-1, and pixels of the level to one of the form."""
        return self._levels[side]

    @cached_property
    def _levels(self) -> dict[int, tuple[Array, float]]:
        found = {}
        flat = flatten(self.image, False)
        for side in (COARSE, *LEVELS):
            scale = side / max(self.size)
            size = (max(1, round(self.size[0] * scale)), max(1, round(self.size[1] * scale)))
            found[side] = _inked(warped(flat, scaling(1 / scale), size)), scale
        return found

    @cached_property
    def pieces(self) -> dict[int, Array]:
        """Of each level, left and top of the pieces of print (n, 2)."""
        return {side: _pieces(self.level(side)[0], LEAST_PRINT[side]) for side in LEVELS}


def _inked(flat: Array) -> Array:
    found: Array = (255 - flat).astype(np.float32) / 255
    return found


def _pieces(ink: Array, least_change: float) -> Array:
    """Left and top of the patches that can be found again (n, 2): those whose print changes in every direction.

    Σ of the gradient's products over a patch is a 2 × 2 matrix; its smaller eigenvalue says how much (Shi and Tomasi,
    Good Features to Track, 1994).
    """
    dy, dx = np.gradient(ink)
    xx, yy, xy = (_sums(product, PATCH)[::APART_BY, ::APART_BY] for product in (dx * dx, dy * dy, dx * dy))
    least = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    rows, columns = np.nonzero(least > least_change * PATCH**2)
    order = np.argsort(-least[rows, columns], kind="stable")[:MOST_PIECES]
    return APART_BY * np.stack([columns, rows], axis=1)[order]


def lay_over(form: PrintedForm, scan: Array) -> Registration:
    """Where the form lies in a scan, uint8 (height, width); look at `fits` before using it."""
    back, size = _smaller(scan)  # from a smaller scan to this one
    grey = warped(scan, back, size)
    flat = flatten(grey, False)
    best = Registration(np.eye(3), 0.0)
    for guess in _guesses(form, grey, flat):
        found = _refined(form, flat, guess)
        if found.fit > best.fit:
            best = found
        if best.fit >= FITS_WELL:
            break
    return Registration(back @ best.matrix, best.fit)


def _smaller(scan: Array) -> tuple[Array, tuple[int, int]]:
    by = max(1.0, max(scan.shape) / (1.4 * LEVELS[-1]))
    return scaling(by), (max(1, round(scan.shape[1] / by)), max(1, round(scan.shape[0] / by)))


# ---- guesses ----


def _guesses(form: PrintedForm, grey: Array, flat: Array) -> Iterator[Array]:
    """Matrices from the form to the scan that may be about right: the likeliest first."""
    height, width = flat.shape
    level = turning(skew(flat), width / 2, height / 2)  # from the levelled scan to the scan
    yield from _best(form, flat, [level @ _filling(form, width, height, turns) for turns in range(4)], 2)
    corners = paper_corners(grey)
    if corners is not None:
        w, h = form.size
        sheet = np.array([[0, 0], [w, 0], [w, h], [0, h]], float)
        ways = [fit_perspective(sheet, np.roll(corners, -turns, axis=0), np.ones(4)) for turns in range(4)]
        yield from _best(form, flat, ways, 2)
    ways = [level @ _filling(form, width, height, turns, scale) for turns in range(4) for scale in SCALES]
    yield from _best(form, flat, ways, TRIED)


def _filling(form: PrintedForm, width: int, height: int, turns: int, scale: float = 1.0) -> Array:
    """The form in the middle of a frame and as large as it, times `scale`, turned by quarter turns."""
    w, h = form.size
    across, down = (w, h) if turns % 2 == 0 else (h, w)
    by = scale * min(width / across, height / down)
    return moving(width / 2, height / 2) @ scaling(by) @ turning(turns * np.pi / 2, 0, 0) @ moving(-w / 2, -h / 2)


def _best(form: PrintedForm, flat: Array, ways: list[Array], most: int) -> list[Array]:
    """The likeliest of the ways, each moved to where the print of form and scan agree best."""
    ink, scale = form.level(COARSE)
    rows, columns = (1 << int(np.ceil(np.log2(1.9 * side))) for side in ink.shape)
    own = np.fft.rfft2(_sharp(ink), (rows, columns))
    strength = np.sqrt((_sharp(ink) ** 2).sum())
    found = []
    for way in ways:
        to = way @ scaling(1 / scale)
        pad = np.array([(columns - ink.shape[1]) // 2, (rows - ink.shape[0]) // 2])
        seen = _sharp(_inked(warped(flat, to @ moving(*-pad), (columns, rows))))
        agree = np.fft.irfft2(np.fft.rfft2(seen) * own.conj(), (rows, columns))
        y, x = np.unravel_index(int(agree.argmax()), agree.shape)
        dx, dy = (
            (int(x) + columns // 2) % columns - columns // 2 - pad[0],
            (int(y) + rows // 2) % rows - rows // 2 - pad[1],
        )
        there = seen[max(0, pad[1] + dy) :, max(0, pad[0] + dx) :][: ink.shape[0], : ink.shape[1]]
        alike = agree.max() / max(strength * np.sqrt((there**2).sum()), 1e-6)
        found.append((float(alike), to @ moving(dx, dy) @ scaling(scale)))
    found.sort(key=lambda item: -item[0])
    return [way for _, way in found[:most]]


def _sharp(ink: Array) -> Array:
    """The ink without its even part: each pixel less the mean of those around it."""
    from byhand.pictures.ink import box_mean

    return ink - box_mean(ink, 15)


def skew(flat: Array, fine: bool = False) -> float:
    """By which angle, in radians, a page's lines fall to the right: the sums of ink along them vary most then.

    To half a degree; `fine` to a fiftieth, which takes longer.
    """
    by = max(1.0, max(flat.shape) / (1000 if fine else 500))
    size = (max(1, round(flat.shape[1] / by)), max(1, round(flat.shape[0] / by)))
    small = _inked(warped(flat, scaling(by), size))
    y, x = np.nonzero(small > 0.25)
    if len(y) < 50:
        return 0.0
    weight, somewhere = small[y, x], np.random.default_rng(0).uniform(-0.5, 0.5, (2, len(y)))
    x, y = np.stack([x - size[0] / 2, y - size[1] / 2]) + somewhere  # in the pixel: or rows of pixels would look sharp
    angle = _sharpest(x, y, weight, SKEWS)
    return _sharpest(x, y, weight, angle + np.radians(np.arange(-0.5, 0.51, 0.02))) if fine else angle


def _sharpest(x: Array, y: Array, weight: Array, angles: Array) -> float:
    sharpness = []
    reach = float(np.abs(x).max() + np.abs(y).max()) + 1
    for angle in angles:
        c, s = np.cos(angle), np.sin(angle)
        sums = [np.bincount(np.rint(b * c - a * s + reach).astype(int), weight) for a, b in ((x, y), (-y, x))]
        sharpness.append(max((np.diff(one) ** 2).sum() for one in sums))  # lines across, lines down
    return float(angles[int(np.argmax(sharpness))])


# ---- refining ----


def _refined(form: PrintedForm, flat: Array, matrix: Array) -> Registration:
    """The matrix made better level by level, and how well it fits at the last."""
    fit = 0.0
    for side in LEVELS:
        ink, scale = form.level(side)
        pieces = form.pieces[side]
        if len(pieces) < 4:
            continue
        for number, reach in enumerate(REACHES[side]):
            to = matrix @ scaling(1 / scale)
            seen = _inked(warped(flat, to, ink.shape[::-1]))
            shift, alike = displacements(ink, seen, pieces, reach)
            sure = alike > (FOUND_ALIKE if side == LEVELS[-1] else 0.35)
            if sure.sum() < 6:
                return Registration(matrix, 0.0)
            middles = pieces + PATCH / 2
            affine = side == LEVELS[0] and number == 0
            change, away = fit_most(middles[sure], (middles + shift)[sure], alike[sure] ** 2, affine)
            fit = float((away < CLOSE).sum() / len(pieces))
            matrix = to @ change @ scaling(scale)
            if not is_plausible(matrix, form.size):
                return Registration(matrix, 0.0)
        if side == LEVELS[0] and fit < FITS / 3:
            break
    return Registration(matrix, fit)


def displacements(ink: Array, seen: Array, pieces: Array, reach: int) -> tuple[Array, Array]:
    """How far each piece of print (n, 2) lies from its place in `seen`: x, y (n, 2), and how alike it is there (n,).

    Normalised correlation Σ (a − ā)(b − b̄) / √(Σ (a − ā)² Σ (b − b̄)²) for all shifts of up to `reach` pixels; the peak
    is found to a part of a pixel by a parabola.
    """
    padded, wide = np.pad(seen, reach), 2 * reach + 1
    x, y = pieces.T
    inner, outer = np.arange(PATCH), np.arange(PATCH + 2 * reach)
    a = ink[(y[:, None] + inner)[:, :, None], (x[:, None] + inner)[:, None]]  # (n, PATCH, PATCH)
    a = a - a.mean(axis=(1, 2), keepdims=True)
    part = padded[(y[:, None] + outer)[:, :, None], (x[:, None] + outer)[:, None]]
    size = (len(outer), len(outer))
    both = np.fft.irfft2(np.fft.rfft2(part) * np.fft.rfft2(a, size).conj(), size)[:, :wide, :wide]
    total, squares = _sums(part, PATCH), _sums(part**2, PATCH)
    spread = np.maximum(squares - total**2 / PATCH**2, 1e-6) * (a**2).sum(axis=(1, 2))[:, None, None]
    likeness = both / np.sqrt(spread)  # (n, wide, wide)
    shifts, alike = np.zeros((len(pieces), 2)), likeness.max(axis=(1, 2))
    for k, one in enumerate(likeness):
        row, column = divmod(int(one.argmax()), wide)
        shifts[k] = column - reach + _peak(one[row], column), row - reach + _peak(one[:, column], row)
    return shifts, alike


def _sums(part: Array, size: int) -> Array:
    """The sum over each window of size × size of the last two axes."""
    total = np.zeros((*part.shape[:-2], part.shape[-2] + 1, part.shape[-1] + 1))
    total[..., 1:, 1:] = part.cumsum(axis=-2, dtype=np.float64).cumsum(axis=-1)
    low, high = total[..., :-size, :], total[..., size:, :]
    found: Array = high[..., size:] - high[..., :-size] - low[..., size:] + low[..., :-size]
    return found


def _peak(line: Array, at: int) -> float:
    """How far the peak of a parabola through three neighbours is from the middle one, at most half a pixel."""
    if not 0 < at < len(line) - 1:
        return 0.0
    before, middle, after = (float(v) for v in line[at - 1 : at + 2])
    bend = before - 2 * middle + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0
