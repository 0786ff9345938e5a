"""Rules for gradients on their way back through the steps of a sequence, based on the measurements of `Watch`."""

import math
from statistics import median

from byhand.diagnosis.network_rules import Found
from byhand.diagnosis.problem import MODERATE, SERIOUS, Problem, number
from byhand.diagnosis.record import Record

FADED = 1e-3  # the gradient at a sequence's first step over that at its last one, in the median
GROWN = 100.0
LEARNS = 0.9  # training accuracy above which what fades was not needed


def _worst(record: Record, least: bool) -> tuple[str, float] | None:
    """The recurrent layer whose gradient changes most on its way, and by how much; None where there is none."""
    ratios = {n: [r for r in column if not math.isnan(r)] for n, column in record.of("over time").items()}
    medians = {n: median(column) for n, column in ratios.items() if column}
    if not medians:
        return None
    worst = (min if least else max)(medians, key=lambda n: medians[n])
    return worst, medians[worst]


def fading(record: Record, found: Found) -> Problem | None:
    """What happened at the first steps has no influence on the gradient."""
    worst, accuracy = _worst(record, least=True), (record.history.get("accuracy") or [0.0])[-1]
    if worst is None or worst[1] >= FADED or accuracy >= LEARNS or "the loss is not finite" in found:
        return None
    label, ratio = record.label(worst[0]), worst[1]
    times = f"{number(1 / ratio)} times" if ratio else "to nothing"
    return Problem(
        "gradients that vanish over time",
        MODERATE,
        f"On the way back from the last step of a sequence to the first the gradient of {label} shrinks {times}: "
        f"it hardly learns what happened long before the end.",
        "LSTM(...) or GRU(...) in place of RNN(...), a forget gate that starts further open (forget_bias=2), "
        'RNN(..., nonlinearity="relu", recurrent=Identity()), shorter sequences, or a mean over all steps '
        "(return_sequences=True and MeanOverTime()).",
        {"ratio": ratio},
    )


def growing(record: Record, found: Found) -> Problem | None:
    """The gradient grows from step to step on its way back."""
    worst = _worst(record, least=False)
    if worst is None or worst[1] <= GROWN:
        return None
    return Problem(
        "gradients that explode over time",
        SERIOUS,
        f"On the way back from the last step of a sequence to the first the gradient of {record.label(worst[0])} grows "
        f"{number(worst[1])} times: a step in its direction may ruin the weights.",
        "ClipNorm(1) among the regularizers, R started as Orthogonal() or smaller, or an LSTM(...).",
        {"ratio": worst[1]},
    )
