"""The lines of losses: the output's activation, the loss, and its gradient by the output."""

from dataclasses import dataclass
from math import prod

from byhand.core.errors import ByhandError
from byhand.losses import CTC, MAE, MSE, BinaryCrossEntropy, CategoricalCrossEntropy, Huber, QuadraticCost
from byhand.network import Network

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Objective:
    """Lines (code, comment): of the activation, then of the loss; what to return as output; and the gradient."""

    activation: Rows
    output: str
    loss: Rows
    gradient: Rows


def target_expression(network: Network) -> tuple[str, str]:
    """The targets as numbers: an expression with t, and its shape."""
    shape = network.plan[-1].out_shape
    text, k = f"(n, {', '.join(map(str, shape))})", shape[-1]
    if network.task == "classes" and k > 1:
        return f"np.eye({k}, dtype=FLOAT)[t]", text
    kind = ".astype(FLOAT)" if network.task == "classes" else ""
    return f"t.reshape({text[1:-1].rstrip(',')}){kind}", text


def objective(network: Network, y: str) -> Objective:
    """The lines of the network's loss, y being the name of its last output."""
    loss, shape = network.loss, network.plan[-1].out_shape
    steps, k = prod(shape[:-1]), shape[-1]
    n, nk = (f"n * {size}" if size > 1 else "n" for size in (steps, steps * k))
    t, text = target_expression(network) if not isinstance(loss, CTC) else ("t", f"(n, {steps}, {k})")
    divide = lambda count: f"({count})" if " " in count else count  # noqa: E731
    d = [(f"target = {t}", text), (f"d = {y} - target", text)]
    if isinstance(loss, CategoricalCrossEntropy | CTC):
        shifted = f"{y} - {y}.max(axis=-1, keepdims=True)"
        activation = [
            (f"log_p = {shifted}", text),
            ("log_p = log_p - np.log(np.exp(log_p).sum(axis=-1, keepdims=True))", f"softmax's logarithm, {text}"),
        ]
    if isinstance(loss, CTC):
        lines = [("log_P, paths = label_paths(log_p, t)", "(n, 1)"), ("L = -log_P.sum() / n", "a number")]
        gradient = [(f"d{y} = (np.exp(log_p) - occupancy(log_P, paths, {k})) / n", text)]
        return Objective(activation, "np.exp(log_p)", lines, gradient)
    if isinstance(loss, CategoricalCrossEntropy):
        smooth = [(f"target = target * {1 - e} + {e} / {k}", text)] if (e := loss.label_smoothing) else []
        lines = [(f"target = {t}", text), *smooth, (f"L = -(target * log_p).sum() / {divide(n)}", "a number")]
        gradient = [(f"d{y} = (np.exp(log_p) - target) / {divide(n)}", text)]
        return Objective(activation, "np.exp(log_p)", lines, gradient)
    if isinstance(loss, BinaryCrossEntropy):
        smooth = [(f"target = target * {1 - e} + {e / 2}", text)] if (e := loss.label_smoothing) else []
        value = f"(np.maximum({y}, 0) - {y} * target + np.log1p(np.exp(-np.abs({y})))).sum() / {divide(n)}"
        lines = [(f"target = {t}", text), *smooth, (f"L = {value}", "−t log a − (1 − t) log(1 − a)")]
        gradient = [(f"d{y} = (sigmoid({y}) - target) / {divide(n)}", text)]
        return Objective([], f"sigmoid({y})", lines, gradient)
    if isinstance(loss, QuadraticCost):
        return Objective(
            [], y, [*d, (f"L = 0.5 * (d**2).sum() / {divide(n)}", "a number")], [(f"d{y} = d / {divide(n)}", text)]
        )
    if isinstance(loss, MSE):
        lines = [*d, (f"L = (d**2).sum() / {divide(nk)}", "a number")]
        return Objective([], y, lines, [(f"d{y} = 2 * d / {divide(nk)}", text)])
    if isinstance(loss, MAE):
        lines = [*d, (f"L = np.abs(d).sum() / {divide(nk)}", "a number")]
        return Objective([], y, lines, [(f"d{y} = np.sign(d) / {divide(nk)}", text)])
    if isinstance(loss, Huber):
        each = f"np.where(np.abs(d) <= {loss.delta}, 0.5 * d**2, {loss.delta} * (np.abs(d) - {0.5 * loss.delta}))"
        lines = [*d, (f"L = {each}.sum() / {divide(nk)}", "a number")]
        return Objective([], y, lines, [(f"d{y} = np.clip(d, {-loss.delta}, {loss.delta}) / {divide(nk)}", text)])
    raise ByhandError(f"The loss {type(loss).__name__} can't be written as a program yet.")
