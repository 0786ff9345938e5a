"""What is computed twice, by byhand and by PyTorch: data and settings only, the same for golden files and live runs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand import (
    ELU,
    MSE,
    AdaGrad,
    Adam,
    AdamW,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    CosineAnnealing,
    CosineRestarts,
    Dense,
    ExponentialDecay,
    Flatten,
    GradientDescent,
    LeakyReLU,
    Lion,
    Momentum,
    NAdam,
    Nesterov,
    Normal,
    OneCycle,
    QuadraticCost,
    ReduceOnPlateau,
    ReLU,
    RMSprop,
    Sigmoid,
    Softmax,
    StepDecay,
    Tanh,
    WarmupCosine,
)

ACTIVATIONS = [Sigmoid(), Tanh(), ReLU(), LeakyReLU(), LeakyReLU(0.3), ELU(), ELU(0.4), Softmax()]

# A loss, the number of outputs, and whether its targets are class labels.
LOSSES = [
    (QuadraticCost(), 4, True),
    (QuadraticCost(), 3, False),
    (MSE(), 4, True),
    (MSE(), 3, False),
    (BinaryCrossEntropy(), 1, True),
    (BinaryCrossEntropy(), 4, True),
    (BinaryCrossEntropy(), 3, False),
    (BinaryCrossEntropy(0.1), 4, True),
    (CategoricalCrossEntropy(), 4, True),
    (CategoricalCrossEntropy(), 3, False),
    (CategoricalCrossEntropy(0.1), 4, True),
]

# High learning rates, weight decay and momentum together.
OPTIMIZERS = [
    GradientDescent(0.8, weight_decay=0.05),
    Momentum(0.3, 0.9),
    Momentum(0.3, 0.9, weight_decay=0.05),
    Nesterov(0.3, 0.9),
    Nesterov(0.3, 0.9, weight_decay=0.05),
    AdaGrad(0.5),
    AdaGrad(0.5, weight_decay=0.05),
    RMSprop(0.05),
    RMSprop(0.05, 0.99, momentum=0.9, weight_decay=0.05),
    RMSprop(0.05, 0.95, centred=True),
    RMSprop(0.02, 0.95, 1e-4, momentum=0.9, centred=True, weight_decay=0.05),
    Adam(0.1, weight_decay=0.05),
    AdamW(0.1, weight_decay=0.5),
    NAdam(0.1),
    NAdam(0.1, 0.8, 0.99, momentum_decay=0.1, weight_decay=0.05),
    Lion(0.03),
    Lion(0.03, 0.95, 0.98, weight_decay=0.5),
]

# Schedules, each with the number of epochs; all but those that change once an epoch are asked at every step.
STEPS = 7  # in an epoch
SCHEDULES = [
    (StepDecay(0.3, 0.4, 3), 10),
    (ExponentialDecay(0.3, 0.2), 10),
    (ExponentialDecay(0.3, 0.2, per_step=True), 10),
    (CosineAnnealing(0.3, 0.01), 10),
    (CosineAnnealing(0.3, 0.01, per_step=True), 10),
    (WarmupCosine(0.3, 2, 0.01, 0.1), 10),
    (CosineRestarts(0.3, 1, 2, 0.01), 10),
    (CosineRestarts(0.3, 3, 1), 10),
    (OneCycle(0.3), 10),
    (OneCycle(0.3, 0.45, 10, 100), 9),
]

# Schedules that follow a figure, and what they see.
FIGURES = np.array(
    [0.9, 0.8, 0.8, 0.80001, 0.79999, 0.85, 0.7, 0.71, 0.72, 0.69, 0.7, 0.7, 0.7, 0.7, 0.7, 0.71, 0.5, 0.6]
)
PLATEAUS = [
    ReduceOnPlateau(0.3, 0.5, 1),
    ReduceOnPlateau(0.3, 0.1, 0, floor=0.001),
    ReduceOnPlateau(0.3, 0.5, 2, threshold=0.02),
    ReduceOnPlateau(0.3, 0.5, 1, cooldown=3),
    ReduceOnPlateau(0.3, 0.5, 1, "val_accuracy", 0.02, 2),
]


PLAIN = GradientDescent(0.3)


@dataclass(frozen=True)
class Case:
    """One network to be trained: its layers and loss, the optimiser, and how."""

    name: str
    layers: tuple[Any, ...]
    loss: Any
    optimizer: Any = PLAIN
    in_shape: tuple[int, ...] = (6,)
    samples: int = 17
    batch_size: int | None = None  # None is full-batch
    weighted: bool = False
    targets: bool = False  # targets of any kind rather than class labels
    epochs: tuple[int, ...] = (1, 10)  # θ is kept after these

    @property
    def outputs(self) -> int:
        return next(layer.units for layer in reversed(self.layers) if isinstance(layer, Dense))


def dense(units: int) -> Dense:
    return Dense(units, Normal(0.8), Normal(0.5))  # biases start away from zero, so that they are seen


def _cases() -> list[Case]:
    cases = []
    for loss, outputs, labels in LOSSES:
        last = (Sigmoid(),) if loss.activation is None and labels else ()
        layers = (dense(5), Tanh(), dense(outputs), *last)
        for optimizer in (GradientDescent(0.3), Adam(0.02)):
            for weighted in (False, True):
                name = f"{loss}-{outputs}-{'labels' if labels else 'targets'}-{type(optimizer).__name__}"
                name += "-weighted" if weighted else ""
                cases.append(Case(name, layers, loss, optimizer, weighted=weighted, targets=not labels))
    softmax = CategoricalCrossEntropy()
    for activation in ACTIVATIONS:
        layers = (dense(5), activation, dense(4), activation, dense(3))
        cases.append(Case(f"{activation}-hidden", layers, softmax))
    for optimizer in (GradientDescent(0.3), Adam(0.01, 0.8, 0.99, 1e-6)):
        kind = type(optimizer).__name__
        layers = (dense(5), Sigmoid(), dense(3))
        cases.append(Case(f"long-{kind}", layers, softmax, optimizer, epochs=(1, 10, 100)))
        cases.append(Case(f"batches-{kind}", layers, softmax, optimizer, batch_size=5, epochs=(1, 4)))
        cases.append(Case(f"batches-{kind}-weighted", layers, softmax, optimizer, batch_size=5, weighted=True))
    for optimizer in OPTIMIZERS:
        layers = (dense(5), Tanh(), dense(3))
        cases.append(Case(str(optimizer), layers, softmax, optimizer, batch_size=9, epochs=(1, 5, 50)))
    cases.append(Case("one-by-one", (dense(4), Sigmoid(), dense(3), Sigmoid()), QuadraticCost(), batch_size=1))
    cases.append(Case("softmax-mse", (dense(4), ReLU(), dense(3), Softmax()), MSE()))
    cases.append(Case("images", (Flatten(), dense(4), ReLU(), dense(3)), softmax, in_shape=(3, 2, 2)))
    return cases


CASES = _cases()


def data(case: Case) -> dict[str, np.ndarray]:
    """x, y and, where the case is weighted, weights with a mean of one."""
    rng = np.random.default_rng(len(case.name))
    y = rng.integers(0, max(case.outputs, 2), case.samples)
    if case.targets:
        y = rng.uniform(size=(case.samples, case.outputs))
        if case.loss.activation == "softmax":
            y /= y.sum(axis=1, keepdims=True)
    result = {"x": rng.standard_normal((case.samples, *case.in_shape)), "y": y}
    if case.weighted:
        weights = rng.uniform(0.2, 3, case.samples)
        result["weights"] = weights / weights.mean()
    return result


def activation_data(activation: Any) -> dict[str, np.ndarray]:
    """x with small, large and huge numbers, and a gradient to bring back."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((12, 5)) * np.repeat([0.01, 1.0, 10.0, 300.0], 3)[:, None]
    return {"x": x, "dy": rng.standard_normal(x.shape)}


def loss_data(loss: Any, outputs: int, labels: bool) -> dict[str, np.ndarray]:
    """z with small and large numbers, y (labels or targets), weights."""
    rng = np.random.default_rng(outputs)
    z = rng.standard_normal((12, outputs)) * np.repeat([0.01, 1.0, 10.0, 300.0], 3)[:, None]
    y = rng.integers(0, max(outputs, 2), 12) if labels else rng.uniform(size=(12, outputs))
    if not labels and loss.activation == "softmax":
        y /= y.sum(axis=1, keepdims=True)
    weights = rng.uniform(0.2, 3, 12)
    return {"z": z, "y": y, "weights": weights / weights.mean()}


def loss_name(loss: Any, outputs: int, labels: bool) -> str:
    return f"{loss}-{outputs}-{'labels' if labels else 'targets'}"
