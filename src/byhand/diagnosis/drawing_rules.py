"""Rules for networks that draw."""

from byhand.diagnosis.network_rules import Found
from byhand.diagnosis.problem import SERIOUS, Problem, share
from byhand.diagnosis.record import Record

COLLAPSED_SPREAD = 0.5  # the spread of drawn images, in that of real ones, below which they have collapsed


def collapsed_images(record: Record, found: Found) -> Problem | None:
    """What a generator draws differs much less than real images do."""
    spread = record.history.get("spread", [])
    if not spread or not spread[-1] < COLLAPSED_SPREAD:
        return None
    best = max(spread)
    when = f", after {share(best)} at best" if best >= COLLAPSED_SPREAD else ""
    return Problem(
        "collapsed images",
        SERIOUS,
        f"Drawn images differ from each other by {share(spread[-1])} of what real ones do{when}: the generator draws "
        "few kinds of images, or one.",
        "a gradient penalty (penalty=1), a lower learning rate of both networks, batch normalisation in the generator, "
        "MinibatchStd in the critic; choose an earlier epoch.",
        {"spread": spread[-1]},
    )
