"""A small picture for each term of the glossary, drawn when the site is built; its numbers are computed here."""

import re
from itertools import pairwise

import numpy as np

WIDTH, HEIGHT, EDGE = 112, 56, 5  # of a picture and its margin, in pixels
INK, MAIN, OTHER = "currentColor", "#3b82c4", "#d9730d"
X = np.linspace(-4, 4, 49)
SIGMOID = 1 / (1 + np.exp(-X))
STEPS = np.arange(25)


def with_pictures(text: str) -> str:
    """The glossary with a fourth column. A term without a picture is a KeyError, and the site isn't built."""
    text = text.replace(
        "| term | meaning | formula |\n|---|---|---|", "| term | meaning | formula | |\n|---|---|---|---|"
    )
    return re.sub(
        r"^\| (?!term )([^|]+?) \|.*\|$", lambda row: f"{row[0]} {_svg(PICTURES[row[1]])} |", text, flags=re.M
    )


def _svg(body: str) -> str:
    return (
        f'<svg class="term" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" '
        f'fill="none" stroke="{INK}" stroke-width="1.5">{body}</svg>'
    )


def lines(*curves, across: float | None = None, dots: bool = False) -> str:
    """Curves of one scale, each (x, y), the first in the main colour; and a dashed line up at x = `across`."""
    left, right = (f(f(x) for x, _ in curves) for f in (min, max))
    low, high = (f(f(y) for _, y in curves) for f in (min, max))

    def place(x, y):
        px = EDGE + (np.asarray(x) - left) / (right - left) * (WIDTH - 2 * EDGE)
        py = HEIGHT - EDGE - (np.asarray(y) - low) / (high - low) * (HEIGHT - 2 * EDGE)
        return [f"{a:.1f},{b:.1f}" for a, b in zip(px, py, strict=True)]

    drawn = [f'<path d="M{EDGE} {HEIGHT - EDGE}H{WIDTH - EDGE}M{EDGE} {EDGE}V{HEIGHT - EDGE}" opacity=".35"/>']
    for (x, y), colour in zip(curves, (MAIN, OTHER, INK), strict=False):
        drawn.append(f'<polyline points="{" ".join(place(x, y))}" stroke="{colour}"/>')
        if dots:
            pairs = (point.split(",") for point in place(x, y))
            drawn += [f'<circle cx="{a}" cy="{b}" r="1.6" fill="{colour}" stroke="none"/>' for a, b in pairs]
    if across is not None:
        at = place([across], [low])[0].split(",")[0]
        drawn.append(f'<path d="M{at} {EDGE}V{HEIGHT - EDGE}" stroke-dasharray="3 2"/>')
    return "".join(drawn)


def bars(values) -> str:
    """Bars from 0, the largest as high as the picture; negative ones hang in the other colour."""
    values = np.asarray(values, float)
    low, high = min(values.min(), 0), max(values.max(), 0)
    scale, step = (HEIGHT - 2 * EDGE) / (high - low), (WIDTH - 2 * EDGE) / len(values)
    zero = EDGE + high * scale
    drawn = [f'<path d="M{EDGE} {zero:.1f}H{WIDTH - EDGE}" opacity=".35"/>']
    for i, value in enumerate(values):
        top, colour = zero - max(value, 0) * scale, MAIN if value >= 0 else OTHER
        size = f'width="{0.7 * step:.1f}" height="{abs(value) * scale:.1f}"'
        drawn.append(f'<rect x="{EDGE + (i + 0.15) * step:.1f}" y="{top:.1f}" {size} fill="{colour}" stroke="none"/>')
    return "".join(drawn)


def cells(values, framed: tuple[int, int, int, int] | None = None) -> str:
    """A matrix with entries from 0 to 1 as shades; `framed` are a window's row, column, height and width."""
    values = np.atleast_2d(np.asarray(values, float))
    rows, columns = values.shape
    side = min((HEIGHT - 2 * EDGE) / rows, (WIDTH - 2 * EDGE) / columns, 14)
    left, top = (WIDTH - columns * side) / 2, (HEIGHT - rows * side) / 2
    drawn = []
    for (i, j), value in np.ndenumerate(values):
        place = f'x="{left + j * side:.1f}" y="{top + i * side:.1f}" width="{side:.1f}" height="{side:.1f}"'
        drawn.append(f'<rect {place} fill="{MAIN}" fill-opacity="{value:.2f}" stroke-width=".5"/>')
    if framed:
        i, j, high, wide = framed
        place = (
            f'x="{left + j * side:.1f}" y="{top + i * side:.1f}" width="{wide * side:.1f}" height="{high * side:.1f}"'
        )
        drawn.append(f'<rect {place} stroke="{OTHER}" stroke-width="2"/>')
    return "".join(drawn)


def units(*layers: int, without: tuple[int, ...] = ()) -> str:
    """Layers of units, all of one connected with all of the next; `without` are units of the second that are 0."""
    spots = [
        [(14 + 84 * i / (len(layers) - 1), HEIGHT * (k + 1) / (n + 1)) for k in range(n)] for i, n in enumerate(layers)
    ]
    gone = {spots[1][k] for k in without}
    pairs = [(a, b) for one, two in pairwise(spots) for a in one for b in two]
    drawn = [f'<path d="M{a} {b:.1f}L{c} {d:.1f}" stroke-width=".8" opacity=".6"/>' for (a, b), (c, d) in pairs
             if not {(a, b), (c, d)} & gone]  # fmt: skip
    for a, b in (spot for layer in spots for spot in layer):
        look = (
            f'stroke-dasharray="2 1.5" fill="none" stroke="{OTHER}"'
            if (a, b) in gone
            else f'fill="{MAIN}" stroke="none"'
        )
        drawn.append(f'<circle cx="{a}" cy="{b:.1f}" r="5" {look}/>')
    return "".join(drawn)


def chain(*names: str, back: bool = False, around: bool = False) -> str:
    """Boxes with arrows between them; `back` draws the way of the gradients, `around` a way around the middle."""
    step, drawn = (WIDTH - 2) / len(names), []
    for i, name in enumerate(names):
        x = 1 + i * step
        drawn.append(f'<rect x="{x + 2:.1f}" y="17" width="{step - 13:.1f}" height="20" rx="3"/>')
        middle = f'x="{x + step / 2 - 4.5:.1f}" y="31" text-anchor="middle" font-size="11"'
        drawn.append(f'<text {middle} fill="{INK}" stroke="none">{name}</text>')
        if i + 1 < len(names):
            start, end = x + step - 10, x + step
            drawn.append(f'<path d="M{start:.1f} 24H{end:.1f}m-3 -2.5l3 2.5l-3 2.5" stroke="{MAIN}"/>')
            if back:
                drawn.append(f'<path d="M{end:.1f} 32H{start:.1f}m3 -2.5l-3 2.5l3 2.5" stroke="{OTHER}"/>')
    if around:
        drawn.append(f'<path d="M16 17V7H{WIDTH - 20}V17m-2.5 -3l2.5 3l2.5 -3" stroke="{OTHER}"/>')
    return "".join(drawn)


def descent(rate: float, momentum: float = 0.0, scaled: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Twelve steps down ½ (x² + 9 y²) from (−4, 1): plain, with momentum, or by Adam."""
    at, v, s, path = np.array([-4.0, 1.0]), np.zeros(2), np.zeros(2), [(-4.0, 1.0)]
    for step in range(1, 13):
        g = at * (1, 9)
        v, s = (0.9 * v + 0.1 * g, 0.99 * s + 0.01 * g * g) if scaled else (momentum * v + g, s)
        at = at - rate * (v / (1 - 0.9**step) / np.sqrt(s / (1 - 0.99**step)) if scaled else v)
        path.append(tuple(at))
    return np.array([x for x, _ in path]), np.array([y for _, y in path])


def two_losses() -> tuple[np.ndarray, np.ndarray]:
    """Training and validation losses, as they run when a network learns its samples by heart."""
    return np.exp(-STEPS / 6), np.exp(-STEPS / 6) + 0.12 + 0.018 * STEPS


SCORES = np.array([[3, 1, 0, 0], [1, 3, 1, 0], [0, 2, 3, 0], [2, 0, 0, 3]])
LOGITS = np.array([2.0, -1.0, 0.5, 1.0])
BOWL = (X, X**2 / 2)
SLOPE = 0.75  # of the bowl at 0.75; the secant from −0.75 to 2.25 has the same
DIGIT = np.array([[0, 0, 1, 1, 0], [0, 1, 0, 1, 0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0], [0, 0, 1, 1, 1]])

PICTURES = {
    "accuracy": cells([[1, 1, 1, 0, 1, 1, 1]]),
    "activation function": lines((X, SIGMOID), (X, np.tanh(X)), (X, np.clip(X, 0, 1.2))),
    "Adam": lines(descent(0.4, scaled=True), dots=True),
    "attention": cells(np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)),
    "backpropagation": chain("x", "h", "y", "L", back=True),
    "backpropagation through time": chain("h₁", "h₂", "h₃", back=True),
    "batch normalisation": lines((X, np.exp(-((X - 2.4) ** 2) / 0.3)), (X, np.exp(-(X**2) / 2))),
    "bias": lines((X, X), (X, X + 3)),
    "chain rule": chain("x", "g", "f", back=True),
    "confusion matrix": cells([[0.9, 0.1, 0], [0.15, 0.75, 0.1], [0, 0.2, 0.8]]),
    "convolution": cells(DIGIT, framed=(0, 1, 3, 3)),
    "cross-entropy": lines((np.linspace(0.02, 1), -np.log(np.linspace(0.02, 1)))),
    "CTC": chain("4", "–", "7", "–"),
    "dense layer": units(3, 4),
    "dropout": units(3, 4, 2, without=(1,)),
    "early stopping": lines(*((STEPS, loss) for loss in two_losses()), across=float(two_losses()[1].argmin())),
    "embedding": cells(np.abs(np.sin(np.arange(24).reshape(4, 6))), framed=(2, 0, 1, 6)),
    "epoch": cells(np.full((2, 7), 0.6), framed=(0, 0, 2, 7)),
    "gradient": lines(BOWL, (X[20:], SLOPE * (X[20:] - SLOPE) + SLOPE**2 / 2)),
    "gradient checking": lines(BOWL, ([-0.75, 2.25], [0.75**2 / 2, 2.25**2 / 2])),
    "gradient descent": lines(descent(0.19), dots=True),
    "initialisation": lines((X, np.exp(-(X**2) / 2))),
    "learning rate": lines(descent(0.03), descent(0.215), dots=True),
    "logits": bars(LOGITS),
    "loss": lines(BOWL),
    "LSTM": chain("c", "×", "+", "c′"),
    "mini-batch": cells(np.full((2, 7), 0.6), framed=(0, 2, 1, 4)),
    "momentum": lines(descent(0.05, 0.7), dots=True),
    "one-hot": cells([[0, 0, 0, 1, 0, 0, 0]]),
    "overfitting": lines(*((STEPS, loss) for loss in two_losses())),
    "pooling": cells(np.kron([[0.2, 0.9], [0.6, 0.4]], [[1, 0.5], [0.3, 0.7]]), framed=(0, 0, 2, 2)),
    "precision, recall": (
        f'<circle cx="44" cy="28" r="21" stroke="{MAIN}"/><circle cx="66" cy="28" r="21" stroke="{OTHER}"/>'
    ),
    "regularisation": lines((X, (X - 2) ** 2), (X, (X - 2) ** 2 + X**2), across=1.0),
    "ReLU": lines((X, np.maximum(0, X))),
    "residual block": chain("x", "F", "+", around=True),
    "sigmoid": lines((X, SIGMOID)),
    "softmax": bars(np.exp(LOGITS) / np.exp(LOGITS).sum()),
    "validation data": cells([[0.8] * 5 + [0.35] + [0.0]], framed=(0, 5, 1, 1)),
    "vanishing gradient": bars(0.6 ** np.arange(9)),
    "weight decay": lines((STEPS, 0.9**STEPS), (STEPS, -0.6 * 0.9**STEPS)),
}
