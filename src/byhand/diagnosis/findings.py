"""Apply all rules to a record."""

from collections.abc import Callable

from byhand.diagnosis import attention_rules, cause_rules, curve_rules, drawing_rules, network_rules, time_rules
from byhand.diagnosis.problem import Problem, share
from byhand.diagnosis.record import Record

# Causes before effects: each rule sees the names of what was found before it.
RULES: tuple[Callable[[Record, set[str]], Problem | None], ...] = (
    network_rules.unscaled,
    cause_rules.unscaled_targets,
    curve_rules.diverged,
    network_rules.identical_units,
    time_rules.growing,
    network_rules.exploding,
    cause_rules.small_start,
    network_rules.dead_relus,
    network_rules.vanishing,
    time_rules.fading,
    network_rules.saturated_units,
    attention_rules.collapsed_attention,
    drawing_rules.collapsed_images,
    network_rules.unbalanced,
    cause_rules.narrow_layers,
    curve_rules.too_high,
    curve_rules.too_low,
    curve_rules.stuck,
    curve_rules.overfitting,
    curve_rules.little_data,
    curve_rules.underfitting,
    cause_rules.lost_classes,
    curve_rules.no_validation,
)


def diagnose(record: Record) -> list[Problem]:
    """The problems of a training, most serious first; empty if none were found."""
    problems: list[Problem] = []
    for rule in RULES:
        problem = rule(record, {problem.name for problem in problems})
        problems += [problem] if problem else []
    return sorted(problems, key=lambda problem: -problem.severity)


def outcome(record: Record) -> str:
    """The result of the training in one sentence."""
    h = record.history
    if h.get("critic_loss"):
        losses = (
            f"the critic's loss ends at {h['critic_loss'][-1]:.4g}, the generator's at {h['generator_loss'][-1]:.4g}"
        )
        return f"{len(h['epoch'])} epoch{'s' * (len(h['epoch']) > 1)}; {losses}."
    if not h.get("loss"):
        return "No epoch was finished."
    epochs = len(h["loss"])
    text = f"{epochs} epoch{'s' * (epochs > 1)}; the loss went from {h['loss'][0]:.4g} to {h['loss'][-1]:.4g}"
    shares = [(name, h[column][-1]) for name, column in _ACCURACIES.items() if h.get(column)]
    return text + "".join(f", {name} accuracy {100 * value:.2f} %" for name, value in shares) + "."


_ACCURACIES = {"training": "accuracy", "validation": "val_accuracy"}


def hint(record: Record) -> str:
    """Advice if there are no problems: whether more epochs would help."""
    loss = record.history.get("loss", [])
    if len(loss) < 3 or loss[-3] <= 0 or record.history.get("accuracy", [1.0])[-1] >= curve_rules.GOOD:
        return ""
    fall = 1 - (loss[-1] / loss[-3]) ** 0.5
    return f"The loss still falls by {share(fall)} an epoch: train longer." if fall > curve_rules.STALLED_FALL else ""


def unknown(record: Record) -> str:
    """What is unknown about this run, in a sentence; empty if everything was measured."""
    if record.measured or "critic_loss" in record.history:
        return ""
    return (
        "This run has a history and nothing else: gradients, dead or saturated units, identical units, the inputs' "
        "scale and the classes' balance were not measured, so nothing is said of them."
    )
