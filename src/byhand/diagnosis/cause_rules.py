"""Problems that look like a wrong learning rate: targets, initial weights, width; and classes rarely recognised.

Each rule returns a Problem or None. `found` holds the names of the problems that were found before.
"""

import math
from statistics import median

from byhand.diagnosis.network_rules import Found
from byhand.diagnosis.problem import MODERATE, SERIOUS, Problem, joined, number, share
from byhand.diagnosis.record import Record

TARGET_TOO_LARGE, TARGET_TOO_SMALL = 10.0, 0.02  # of the targets' standard deviation (or, if larger, their mean)
SMALL_SIGNAL = 1e-3  # variation of the last hidden layer over that of the inputs; He and Glorot keep it near 1
SMALL_GAIN = 0.3  # size of a weight times √(inputs of its unit); He's start has √2, LeCun's 1
FITTED = 0.9  # accuracy, or R², of a network that has learnt
LOST, KNOWN = 0.5, 0.9  # recall of a class that is rarely recognised, and of the other classes in the median
NARROW, WIDER = 16, 8  # units of a hidden layer that may be too few, and the least to try
STANDSTILL = 0.05  # fall of the loss in the last third of the epochs, as a share of it, with which it stands still
FEW_SAMPLES = 20  # a worked example's, such as the four of XOR: a network should know them all
PATIENT = 1500  # steps before which a class may still be learnt
LONG = 200  # steps before which a network can't be said to stand still


def fitted(record: Record) -> bool:
    """Whether the network fits its training samples: 90 % accuracy, or R² of 0.9."""
    accuracy, r2 = record.history.get("accuracy") or [], record.columns.get("r2") or []
    known = accuracy[-1:] or [value for value in r2[-1:] if math.isfinite(value)]
    return bool(known) and known[0] >= FITTED


def unscaled_targets(record: Record, found: Found) -> Problem | None:
    """The numbers to predict are far larger or smaller than 1."""
    mean, spread = record.data.get("target_mean"), record.data.get("target_spread")
    if mean is None or spread is None or not math.isfinite(mean + spread):
        return None
    if fitted(record) and not record.diverged:
        return None
    large = max(abs(mean), spread) > TARGET_TOO_LARGE
    if not large and spread >= TARGET_TOO_SMALL:
        return None
    return Problem(
        "targets not scaled",
        SERIOUS,
        f"The targets have a mean of {number(mean)} and a standard deviation of {number(spread)}, but the outputs of "
        "an untrained network are about 1, and the usual learning rates are meant for targets of that size.",
        "standardised targets (minus their mean, divided by their standard deviation); byhand.load(..., label=...) and "
        "`byhand train --label` standardise the label of a table, and predict in its own unit.",
        {"target_mean": mean, "target_spread": spread},
    )


def small_start(record: Record, found: Found) -> Problem | None:
    """The initial weights are so small that the last hidden layer hardly varies."""
    signal, gain = record.columns.get("signal", []), record.training.get("gain")
    causes = {"targets not scaled", "identical units", "data not scaled"}
    dead = any(column[0] > LOST for column in record.of("dead").values())  # by their biases
    if not signal or gain is None or found & causes or dead or fitted(record):
        return None
    if not (signal[0] < SMALL_SIGNAL and gain < SMALL_GAIN):
        return None
    return Problem(
        "starting weights too small",
        SERIOUS,
        f"Before the first step the outputs of the last hidden layer varied between samples by only {signal[0]:.1e} of "
        f"the variation of the inputs, because a typical weight is {share(gain)} of 1 / √(number of inputs). All "
        "samples look alike to the last layer, and the gradients are as small.",
        "larger starting weights: He() before ReLU, Glorot() before sigmoid and tanh, with a usual learning rate (0.1 "
        "for gradient descent, 0.001 for Adam).",
        {"signal": signal[0], "gain": gain},
    )


def narrow_layers(record: Record, found: Found) -> Problem | None:
    """Few hidden units, or none, and the loss has stopped falling at wrong predictions."""
    hidden, accuracy = record.training.get("hidden"), record.history.get("accuracy") or []
    loss = record.history.get("loss", [])
    third = len(loss) // 3
    if hidden is None or not accuracy or not third or "the loss is not finite" in found:
        return None
    steps = len(loss) * record.training.get("steps", 0)
    falls = 1 - loss[-1] / loss[-1 - third] if loss[-1 - third] > 0 else 0.0
    few_samples = record.data.get("samples", 0) <= FEW_SAMPLES
    if steps < LONG or accuracy[-1] >= (1.0 if few_samples else FITTED) or falls > STANDSTILL:
        return None
    if hidden and min(hidden) >= NARROW:
        return None
    what = f"The narrowest hidden layer has {min(hidden)} units" if hidden else "There is no hidden layer"
    return Problem(
        "hidden layers too narrow",
        SERIOUS,
        f"{what}, and after {steps:,} steps {share(accuracy[-1])} of the training samples are right, while the loss "
        f"no longer falls from {loss[-1]:.3g}.",
        f"{max(WIDER, 2 * min(hidden, default=0))} hidden units or more"
        + (": with few units training often gets stuck." if hidden else ": without any, only planes separate classes."),
        {"hidden": min(hidden, default=0), "accuracy": accuracy[-1]},
    )


def lost_classes(record: Record, found: Found) -> Problem | None:
    """Some classes are rarely recognised, while most are."""
    known = {k: column[-1] for k, column in record.of("recall").items() if k.isdecimal() and len(k) < 4}
    recall = {int(k): value for k, value in known.items() if math.isfinite(value)}
    lost = [k for k, value in recall.items() if value < LOST]
    others = [value for k, value in recall.items() if k not in lost]
    steps = len(record.history.get("loss", [])) * record.training.get("steps", 0)
    causes = {"unbalanced classes", "starting weights too small", "hidden layers too narrow"}
    if not 0 < len(lost) < len(others) or median(others) < KNOWN or steps < PATIENT or found & causes:
        return None
    names = record.data.get("classes") or []
    called = joined([f"{names[k] if k < len(names) else k} ({share(recall[k])})" for k in lost])
    flat = record.training.get("flat outputs", False)
    return Problem(
        "classes rarely recognised",
        MODERATE,
        f"The recall on the measured training samples is low for the class{'es' * (len(lost) > 1)} {called}, but "
        f"{share(median(others))} in the median of the other classes.",
        (
            "cross-entropy instead of the squared error (BinaryCrossEntropy or CategoricalCrossEntropy, without the "
            "last activation), because a saturated sigmoid has no slope; or initial weights from Glorot()."
            if flat
            else "a look at these samples and their labels; more such samples, or more weight (sample_weight in fit)."
        ),
        {f"recall {k}": recall[k] for k in lost},
    )
