"""Rules for learning curves, and for measurements if there are any.

Each returns a Problem or None. `found` holds the names of what was found before: a rule about an effect keeps silent
where its cause is known.
"""

import math
from itertools import pairwise
from statistics import fmean, median

from byhand.diagnosis.network_rules import Found
from byhand.diagnosis.problem import MINOR, MODERATE, SERIOUS, Problem, share
from byhand.diagnosis.record import Record

CHANCE = 1.25  # accuracy below so many times that of always giving the commonest answer is as good as guessing
BLOWN_UP = 1.5  # mean loss of the first epoch over the loss before the first step
SOME = 100  # steps before which guessing means nothing
FAR = 1.0  # how far weights have moved, in their own size, where the steps were large
RISEN = 1.05  # mean loss of the last third of epochs over that of the first third
STUCK = 0.9  # the last loss over the first, where nothing was learnt
HALF = 0.5  # training accuracy taken for guesses where the classes are not known
CREEP = 1e-3  # change of the loss in an epoch, as a share of it, that is none
RELAPSE = 2.0  # the losses since the lowest over it
LOST = 0.1  # the last loss over the first, above which a relapse is more than noise near zero
TINY = 1e-4  # change of the weights in a step, in their own size; 1e-3 is usual
SLOW = 0.3  # share of its first value by which a loss falls that creeps
STRAIGHT = 0.5  # the last epoch's fall over the first one's, in a loss that still goes down in a line
GOOD, HIGH = 0.9, 0.95  # training accuracies
ACCURACY_GAP, WIDE_GAP = 0.05, 0.1  # training accuracy less validation accuracy
LOSS_GAP = 1.5  # validation loss over training loss
VALIDATION_RISEN = 1.1  # validation loss over its lowest
FEW = 100  # samples a class
LOW = 0.85  # training accuracy below which a network that stands still is too small
ENOUGH = 1500  # steps before which a network cannot be said to stand still (epochs: 30, where steps are unknown)
STALLED_FALL = 0.03  # fall of the loss in an epoch, as a share of it, with which it stands still
CAUSES = {"the loss is not finite", "identical units", "vanishing gradients", "exploding gradients", "dead ReLUs"}
CAUSES |= {"saturated units", "learning rate too high", "learning rate too low", "data not scaled"}
CAUSES |= {"targets not scaled", "starting weights too small", "hidden layers too narrow"}
FOR_RATES = {"targets not scaled", "starting weights too small", "hidden layers too narrow"}  # a rate is no cure
ENOUGH_TO_HOLD_BACK = 50  # samples of which a tenth can be held back


def diverged(record: Record, found: Found) -> Problem | None:
    """The loss became NaN or infinite."""
    if record.diverged:
        d = record.diverged
        of = f" of {record.label(str(d['layer']))}" if d["layer"] else ""
        return Problem(
            "the loss is not finite",
            SERIOUS,
            f"It became {d['loss']} in epoch {d['epoch']}, step {d['step']}, at the learning rate {d['rate']:g}; the "
            f"first array with NaN or infinity was the {d['what']}{of}. Training stopped, with the weights after step "
            f"{d['kept_step']} as the last good ones.",
            "scaled targets, see there."
            if "targets not scaled" in found
            else "a tenth of the learning rate, ClipNorm(1.0) as a regulariser, a look for extreme values in the data.",
            {"epoch": d["epoch"], "step": d["step"]},
        )
    for name in ("loss", "val_loss"):
        for epoch, loss in zip(record.history.get("epoch", ()), record.history.get(name, ()), strict=False):
            if not math.isfinite(loss):
                return Problem(
                    "the loss is not finite",
                    SERIOUS,
                    f"The {_kind(name)} loss became {loss} in epoch {epoch:.0f}.",
                    "a tenth of the learning rate; look for extreme values in the data.",
                    {"epoch": epoch},
                )
    return None


def too_high(record: Record, found: Found) -> Problem | None:
    """The loss rose, or the network guesses although its weights have moved far."""
    loss = record.history.get("loss", [])
    if not loss or "the loss is not finite" in found or found & FOR_RATES:
        return None
    seen = _overshot(record) or _rose(record)
    if not seen:
        return None
    rate = record.history.get("learning_rate", [math.nan])[0]
    known = "" if math.isnan(rate) else f" The learning rate started at {rate:g}."
    return Problem(
        "learning rate too high",
        SERIOUS,
        seen + known,
        "a tenth of it, and again, until the loss falls from the first epoch on; `byhand find-rate` suggests one.",
        {"rate": rate, "loss": loss[-1]},
    )


def _overshot(record: Record) -> str:
    """Signs in the measurements."""
    loss, measured = record.history["loss"], record.columns.get("loss", [])
    if measured and measured[0] > 0 and loss[0] > BLOWN_UP * measured[0] and not _learnt(record):
        return (
            f"The loss was {measured[0]:.3g} before the first step, and {loss[0]:.3g} in the mean of the first epoch."
        )
    moved = {n: column[-1] for n, column in record.of("moved").items() if math.isfinite(column[-1])}
    enough = len(loss) * record.training.get("steps", 0) >= SOME
    nothing = "as by guessing" if guesses(record) else "and the loss stands still" if _at_a_stand(record) else ""
    if moved and enough and nothing and max(moved.values()) >= FAR:
        layer = max(moved, key=lambda n: moved[n])
        outputs = list(record.of("saturated").items())[-1:]
        flat = f", and {share(outputs[0][1][-1])} of the last sigmoids are saturated" if outputs else ""
        return (
            f"The weights of {record.label(layer)} have moved {moved[layer]:.3g} times their size, and yet only "
            f"{share(record.history['accuracy'][-1])} of the training samples are right, {nothing}{flat}."
        )
    return ""


def _at_a_stand(record: Record) -> bool:
    """Whether the loss no longer changes at low accuracy, for example with saturated outputs."""
    loss, accuracy = record.history["loss"][-2:], record.history.get("accuracy") or [1.0]
    return accuracy[-1] < HALF and max(loss) - min(loss) <= CREEP * max(loss) and len(loss) == 2


def _rose(record: Record) -> str:
    """Signs in the curve."""
    loss = record.history["loss"]
    third = len(loss) // 3
    if not third or _learnt(record):
        return ""
    early, late = fmean(loss[:third]), fmean(loss[-third:])
    if late > RISEN * early:
        return f"The training loss rose from {early:.3g} in the first third of the epochs to {late:.3g} in the last."
    lowest = min(loss)
    since = loss[loss.index(lowest) + 1 :]
    if since and fmean(since) > RELAPSE * lowest and loss[-1] > RELAPSE * lowest and loss[-1] > LOST * loss[0]:
        epoch = record.history["epoch"][loss.index(lowest)]
        return f"The training loss was {lowest:.3g} in epoch {epoch:.0f}, and rose to {loss[-1]:.3g} since."
    return ""


def too_low(record: Record, found: Found) -> Problem | None:
    """Steps hardly change the weights, or the loss decreases slowly and linearly."""
    loss, accuracy = record.history.get("loss", []), record.history.get("accuracy") or [0.0]
    if not loss or found & CAUSES - {"data not scaled"} or accuracy[-1] >= GOOD or loss[-1] > RISEN * loss[0]:
        return None
    updates = [median(known) for column in record.of("update").values() if (known := _finite(column))]
    tiny = bool(updates) and 0 < max(updates) < TINY
    falls = [a - b for a, b in pairwise(loss)]
    fall = 1 - loss[-1] / loss[0] if loss[0] > 0 else 0.0
    creeps = len(falls) > 1 and min(falls) > 0 and fall < SLOW and falls[-1] >= STRAIGHT * falls[0]
    if not (tiny or (creeps and not updates)):
        return None
    seen = f"In {len(loss)} epochs the loss went from {loss[0]:.4g} to {loss[-1]:.4g}"
    seen += ", down by about as much in each" if creeps else ""
    if updates:
        seen += f"; a step changes the weights by at most {100 * max(updates):.1g} % of their size, 0.1 % is usual"
    rate = record.history.get("learning_rate", [math.nan])[-1]
    return Problem(
        "learning rate too low",
        MODERATE,
        seen + ("." if math.isnan(rate) else f". The learning rate is {rate:g}."),
        "ten times the learning rate, and again; `byhand find-rate` suggests one.",
        {"rate": rate, "fall": fall} | ({"update": max(updates)} if updates else {}),
    )


def stuck(record: Record, found: Found) -> Problem | None:
    """The loss does not fall, predictions are guesses, and no other problem explains it."""
    loss, accuracy = record.history.get("loss", []), record.history.get("accuracy", [])
    if found & CAUSES or len(loss) < 2 or loss[-1] < STUCK * loss[0]:
        return None
    if accuracy and not (guesses(record) if record.data.get("counts") else accuracy[-1] < HALF):
        return None
    right = f"; {share(accuracy[-1])} of the training samples are right" if accuracy else ""
    return Problem(
        "it does not learn",
        SERIOUS,
        f"In {len(loss)} epochs the loss went from {loss[0]:.4g} to {loss[-1]:.4g}{right}.",
        "another learning rate (`byhand find-rate` suggests one); ten samples alone, to be learnt by heart: if that "
        "fails, the code is wrong; and a look whether samples and labels belong together.",
        {"loss": loss[-1]},
    )


def overfitting(record: Record, found: Found) -> Problem | None:
    """Accuracy and loss are much better on training samples than on validation samples."""
    h = record.history
    if not h.get("val_loss") or found & {"the loss is not finite", "learning rate too high"}:
        return None
    loss, val_loss = h["loss"][-1], h["val_loss"]
    best = min(range(len(val_loss)), key=val_loss.__getitem__)
    risen = val_loss[-1] > VALIDATION_RISEN * val_loss[best] and loss < h["loss"][best]
    if h.get("accuracy") and h.get("val_accuracy"):
        gap = h["accuracy"][-1] - h["val_accuracy"][-1]
        if gap < ACCURACY_GAP or val_loss[-1] < LOSS_GAP * loss:
            return None
        seen = (
            f"{100 * h['accuracy'][-1]:.1f} % of the training samples are right, but only "
            f"{100 * h['val_accuracy'][-1]:.1f} % of the validation samples; the loss is {loss:.3g} on the first, "
            f"{val_loss[-1]:.3g} on the second."
        )
    elif risen and val_loss[-1] >= LOSS_GAP * loss:
        gap, seen = math.nan, f"The loss is {loss:.3g} on training samples, {val_loss[-1]:.3g} on validation samples."
    else:
        return None
    if risen:
        seen += (
            f" Since epoch {h['epoch'][best]:.0f} the validation loss rose from {val_loss[best]:.3g}, while the "
            f"training loss fell from {h['loss'][best]:.3g}."
        )
    return Problem(
        "overfitting",
        SERIOUS if gap >= WIDE_GAP else MODERATE,
        seen,
        "more data or augmentation, dropout, L2 weight decay, a smaller network"
        + (f", or early stopping: the best epoch was {h['epoch'][best]:.0f}." if risen else ", or early stopping."),
        {"accuracy_gap": gap, "loss": loss, "val_loss": val_loss[-1], "best_epoch": h["epoch"][best]},
    )


def little_data(record: Record, found: Found) -> Problem | None:
    """Overfitting with few samples per class."""
    samples, classes = record.data.get("samples", 0), len(record.data.get("counts") or ())
    if "overfitting" not in found or not classes or samples >= FEW * classes:
        return None
    parameters = record.training.get("parameters", 0)
    return Problem(
        "too little data",
        MODERATE,
        f"There are {samples:,} training samples for {classes} classes, about {samples / classes:.0f} each, and "
        f"{parameters:,} parameters to fit them with.",
        "more samples: a hundred of each class at least, thousands for digits; augmentation makes much of few.",
        {"samples": samples, "parameters": parameters},
    )


def underfitting(record: Record, found: Found) -> Problem | None:
    """Training accuracy is low and has stopped rising, and no other problem explains it."""
    loss, accuracy = record.history.get("loss", []), record.history.get("accuracy", [])
    last = len(loss) // 3
    steps = len(loss) * record.training.get("steps", ENOUGH / 30)
    if (
        len(loss) < 5
        or steps < ENOUGH
        or not accuracy
        or accuracy[-1] >= LOW
        or found & {*CAUSES, "overfitting", "it does not learn"}
    ):
        return None
    fall = 1 - (max(loss[-1], 0) / loss[-1 - last]) ** (1 / last) if loss[-1 - last] > 0 else 0.0
    if fall > STALLED_FALL:
        return None
    validation = record.history.get("val_accuracy", [])
    both = f", and {100 * validation[-1]:.1f} % of the validation samples" if validation else ""
    return Problem(
        "underfitting",
        MODERATE,
        f"{100 * accuracy[-1]:.1f} % of the training samples are right{both}, and the loss of {loss[-1]:.3g} falls by "
        f"only {100 * max(fall, 0):.1f} % an epoch: it has come to a stop.",
        "more hidden units, or less regularisation.",
        {"accuracy": accuracy[-1], "fall": fall},
    )


def no_validation(record: Record, found: Found) -> Problem | None:
    """There are no validation samples."""
    if not record.history.get("loss") or "val_loss" in record.history:
        return None
    if record.data.get("samples", ENOUGH_TO_HOLD_BACK) < ENOUGH_TO_HOLD_BACK:
        return None
    return Problem(
        "no validation",
        MINOR,
        "No samples were held back, so it is unknown whether the network overfits.",
        "fit(..., validation=(x, y)) with a tenth of the samples.",
    )


def guesses(record: Record) -> bool:
    """Whether the training accuracy is no better than predicting the most frequent class; False if unknown."""
    counts, accuracy = record.data.get("counts") or [], record.history.get("accuracy", [])
    return bool(counts) and bool(accuracy) and accuracy[-1] < CHANCE * max(counts) / sum(counts)


def _learnt(record: Record) -> bool:
    return record.history.get("accuracy", [0.0])[-1] >= HIGH


def _finite(column: list[float]) -> list[float]:
    return [value for value in column if math.isfinite(value)]


def _kind(name: str) -> str:
    return "validation" if name.startswith("val_") else "training"
