"""Rules for data and network, based on the measurements of `Watch`.

Each returns a Problem or None. `found` holds the names of what was found before: a rule about an effect keeps silent
where its cause is known.
"""

import math
from statistics import median

from byhand.diagnosis.problem import MINOR, MODERATE, SERIOUS, Problem, joined, number, share
from byhand.diagnosis.record import Record

Found = set[str]  # names of the problems that were found before

INPUT_TOO_LARGE = 5.0  # root mean square of the inputs; pixels from 0 to 1 have about 0.3, standardised ones 1
INPUT_TOO_SMALL = 0.02
UNBALANCED = 10.0  # the commonest class over the rarest
VANISHING = 1 / 500  # size of the first layer's gradient over the last one's, in the median
EXPLODING = 100.0  # length of the whole gradient; 0.1 to 20 is usual
DEAD, MANY_DEAD = 0.4, 0.9  # share of a layer's ReLUs
SATURATED = 0.8  # share of a hidden layer's outputs
LEARNT = 0.8  # training accuracy above which saturated units are harmless
TWINS = 0.5  # share of a hidden layer's units that have an equal one


def unscaled(record: Record, found: Found) -> Problem | None:
    """The inputs are far larger or smaller than 1."""
    size = record.data.get("input_rms")
    if size is None or not (size < INPUT_TOO_SMALL or size > INPUT_TOO_LARGE):  # NaN of tokens
        return None
    low, high = record.data["input_min"], record.data["input_max"]
    accuracy = (record.history.get("accuracy") or [0.0])[-1]
    return Problem(
        "data not scaled",
        MODERATE if accuracy >= LEARNT else SERIOUS,
        f"The inputs go from {low:g} to {high:g}, and a typical one has the size {size:.3g}; weights and learning "
        f"rates are made for inputs of about 1.",
        "inputs from 0 to 1 (pixels: divided by 255, or handed over as uint8), or standardised: each column less its "
        "mean, over its standard deviation.",
        {"input_rms": size, "input_min": low, "input_max": high},
    )


def unbalanced(record: Record, found: Found) -> Problem | None:
    """Some classes have far fewer samples than others."""
    counts = record.data.get("counts")
    if not counts or not any(counts) or max(counts) < UNBALANCED * min(counts):
        return None
    rare, common = counts.index(min(counts)), counts.index(max(counts))
    return Problem(
        "unbalanced classes",
        MODERATE if min(counts) else MINOR,
        f"Class {common} has {max(counts):,} training samples ({share(max(counts) / sum(counts))} of all), class "
        f"{rare} has {min(counts):,}: always answering {common} would be right that often.",
        "more weight for rare classes (sample_weight in fit), more of their samples, and a look at F1 of each class "
        "rather than at accuracy.",
        {"most": max(counts), "fewest": min(counts)},
    )


def identical_units(record: Record, found: Found) -> Problem | None:
    """Hidden units that started equal and stayed so."""
    layers = {n: c for n, c in record.of("twins").items() if c[0] >= TWINS and c[-1] >= TWINS}
    if not layers:
        return None
    seen = [f"{share(column[-1])} of the units of {record.label(n)}" for n, column in layers.items()]
    return Problem(
        "identical units",
        SERIOUS,
        f"{_start(joined(seen))} have exactly the weights of another one, as at the start: all of them get the same "
        f"gradient, so together they are worth a single unit.",
        "random starting weights: He() before ReLU, Glorot() before sigmoid and tanh; zeros are for biases only.",
        {f"twins {n}": column[-1] for n, column in layers.items()},
    )


def vanishing(record: Record, found: Found) -> Problem | None:
    """The first layer's gradient is far smaller than the last one's."""
    gradients = record.of("gradient")
    if len(gradients) < 3 or "starting weights too small" in found:
        return None
    (first, *_, last) = gradients
    pairs = zip(gradients[first], gradients[last], strict=True)
    ratios = [a / b for a, b in pairs if b > 0]
    if len(ratios) < len(gradients[last]) / 2 or median(ratios) >= VANISHING:
        return None
    ratio = median(ratios)
    if ratio == 0 and found & {"dead ReLUs", "identical units"}:
        return None  # nothing passes there, and it is said why
    sigmoid = any(label in ("Sigmoid", "Tanh") for label in record.layers.values())
    advice = "ReLU with a He() start in place of the sigmoids, " if sigmoid else "a He() start, "
    shrinks = f"{number(1 / ratio)} times" if ratio else "to nothing"
    return Problem(
        "vanishing gradients",
        SERIOUS,
        f"On the way back from {record.label(last)} to {record.label(first)} the gradient of a typical weight shrinks "
        f"{shrinks}: at the end it was {gradients[last][-1]:.1e} there, {gradients[first][-1]:.1e} here. The first "
        f"layers hardly learn.",
        advice + "batch normalisation between the layers, residual blocks around them, or fewer layers.",
        {"ratio": ratio},
    )


def exploding(record: Record, found: Found) -> Problem | None:
    """The norm of the gradient is very large."""
    rows = 1 if "the loss is not finite" in found else None  # after that, everything explodes
    norms = [norm for norm in record.columns.get("norm", [])[:rows] if not math.isnan(norm)]
    gradients = {n: max(column[:rows]) for n, column in record.of("gradient").items() if not math.isnan(column[0])}
    if not norms or not gradients or max(norms) < EXPLODING or "targets not scaled" in found:
        return None
    epoch = record.columns["epoch"][record.columns["norm"].index(max(norms))]
    when = "before the first step" if epoch == 0 else f"after epoch {epoch:.0f}"
    largest = max(gradients, key=lambda n: gradients[n])
    return Problem(
        "exploding gradients",
        SERIOUS,
        f"The gradient had the length {number(max(norms))} {when} (0.1 to 20 is usual); a typical weight of "
        f"{record.label(largest)} had the gradient {gradients[largest]:.3g}.",
        "smaller starting weights (He() before ReLU, Glorot() else), or batch normalisation.",
        {"norm": max(norms)},
    )


def dead_relus(record: Record, found: Found) -> Problem | None:
    """ReLUs that are 0 for every sample."""
    layers = {n: column for n, column in record.of("dead").items() if column[-1] >= DEAD}
    if not layers or found & {"the loss is not finite", "targets not scaled", "starting weights too small"}:
        return None
    worst = max(column[-1] for column in layers.values())
    first = max(column[0] for column in layers.values())
    seen = [f"{share(column[-1])} of {record.label(n)}" for n, column in layers.items()]
    from_start = first >= DEAD
    return Problem(
        "dead ReLUs",
        SERIOUS if worst >= MANY_DEAD else MODERATE,
        f"{_start(joined(seen))} were 0 for every sample that was looked at, and so have no gradient to come back by; "
        + (f"{share(first)} were so at the start." if from_start else "they were alive at the start."),
        (
            "biases that start at 0 and weights from He(), scaled inputs"
            if from_start
            else "a tenth of the learning rate, and again"
        )
        + ", LeakyReLU() or ELU() in place of ReLU(), or batch normalisation before it.",
        {f"dead {n}": column[-1] for n, column in layers.items()},
    )


def saturated_units(record: Record, found: Found) -> Problem | None:
    """Saturated hidden sigmoids or tanhs in a network that does not fit its data."""
    accuracy = (record.history.get("accuracy") or [0.0])[-1]
    *hidden, _ = record.layers or [""]
    layers = {n: c for n, c in record.of("saturated").items() if n in hidden and c[-1] >= SATURATED}
    if not layers or accuracy >= LEARNT:
        return None
    seen = [f"{share(column[-1])} of the outputs of {record.label(n)}" for n, column in layers.items()]
    first = max(column[0] for column in layers.values())
    return Problem(
        "saturated units",
        SERIOUS if max(column[-1] for column in layers.values()) > 0.95 else MODERATE,
        f"{_start(joined(seen))} lie where the slope is under a hundredth of its maximum, so hardly any gradient "
        f"passes; at the start {share(first)} did.",
        "scaled inputs, smaller starting weights (Glorot()), or ReLU units.",
        {f"saturated {n}": column[-1] for n, column in layers.items()},
    )


def _start(text: str) -> str:
    return text[0].upper() + text[1:]
