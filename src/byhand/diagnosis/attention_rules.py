"""A rule for attention."""

from byhand.diagnosis.network_rules import LEARNT, Found
from byhand.diagnosis.problem import MODERATE, Problem, joined
from byhand.diagnosis.record import Record

COLLAPSES = {  # what is measured: what it is called, and what helps
    "uniform": (
        "gives all places the same weight, as a plain mean does",
        "inputs and positions of about 1, a normalisation before attention (pre_norm=True), a larger start of queries "
        "and keys, or more steps.",
    ),
    "one place": (
        "gives nearly all weight to one and the same place, whatever is asked",
        "a smaller learning rate with warm-up (WarmupCosine), a normalisation before attention (pre_norm=True), or "
        "weight decay (AdamW).",
    ),
}


def collapsed_attention(record: Record, found: Found) -> Problem | None:
    """All heads of a layer look everywhere alike, or at one place only, in a network that does not fit its data."""
    accuracy = (record.history.get("accuracy") or [0.0])[-1]
    if accuracy >= LEARNT or "the loss is not finite" in found:
        return None
    layers = {kind: [n for n, column in record.of(kind).items() if column[-1] == 1] for kind in COLLAPSES}
    seen = [
        f"{joined([record.label(n) for n in numbers])} {COLLAPSES[kind][0]}"
        for kind, numbers in layers.items()
        if numbers
    ]
    if not seen:
        return None
    advice = " ".join(COLLAPSES[kind][1] for kind, numbers in layers.items() if numbers)
    text = joined(seen)
    return Problem(
        "collapsed attention",
        MODERATE,
        f"{text[0].upper()}{text[1:]}, in every head: it no longer chooses by what the steps hold.",
        advice,
        {f"{kind} {n}": 1.0 for kind, numbers in layers.items() for n in numbers},
    )
