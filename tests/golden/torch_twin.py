"""The same computations in PyTorch, by its own functions and its own derivatives, in float64."""

import numpy as np
import torch
import torch.nn.functional as F

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
    OneCycle,
    QuadraticCost,
    ReLU,
    RMSprop,
    Sigmoid,
    Softmax,
    StepDecay,
    Tanh,
    WarmupCosine,
)
from tests.golden import cases

torch.set_num_threads(1)


def activate(layer, x):
    match layer:
        case Sigmoid():
            return torch.sigmoid(x)
        case Tanh():
            return torch.tanh(x)
        case ReLU():
            return F.relu(x)
        case LeakyReLU():
            return F.leaky_relu(x, layer.negative_slope)
        case ELU():
            return F.elu(x, layer.alpha)
        case Softmax():
            return F.softmax(x, dim=1)
        case Flatten():
            return torch.flatten(x, 1)
    raise NotImplementedError(layer)


def each_loss(loss, z, y):
    """ℓ of every sample; y are class labels (n,) or targets (n, k)."""
    k = z.shape[1]
    labels = y.ndim == 1
    if isinstance(loss, CategoricalCrossEntropy):
        smoothing = loss.label_smoothing if labels else 0.0
        return F.cross_entropy(z, y, reduction="none", label_smoothing=smoothing)
    if labels:
        y = y[:, None].double() if k == 1 else F.one_hot(y, k).double()
    if isinstance(loss, BinaryCrossEntropy):
        if labels:
            y = y * (1 - loss.label_smoothing) + loss.label_smoothing / 2  # PyTorch has no smoothing here
        return F.binary_cross_entropy_with_logits(z, y, reduction="none").sum(dim=1)
    squares = F.mse_loss(z, y, reduction="none")
    if isinstance(loss, QuadraticCost):
        return squares.sum(dim=1) / 2
    if isinstance(loss, MSE):
        return squares.mean(dim=1)
    raise NotImplementedError(loss)


def run_activation(layer, data):
    """y and dx."""
    x = torch.tensor(data["x"], requires_grad=True)
    y = activate(layer, x)
    y.backward(torch.tensor(data["dy"]))
    return {"y": y.detach().numpy(), "dx": x.grad.numpy()}


def run_loss(loss, data):
    """L and dz, without and with weights."""
    result = {}
    for how, weights in (("", np.ones(len(data["z"]))), ("_weighted", data["weights"])):
        z = torch.tensor(data["z"], requires_grad=True)
        value = (each_loss(loss, z, torch.tensor(data["y"])) * torch.tensor(weights)).mean()
        value.backward()
        result |= {f"L{how}": value.detach().numpy(), f"dz{how}": z.grad.numpy()}
    return result


def make_optimizer(o, parameters):
    """PyTorch's, with weight decay on the weights only: those with two dimensions."""
    weights, biases = ([w for w in parameters if (w.ndim >= 2) is kind] for kind in (True, False))
    groups = [{"params": weights, "weight_decay": o.weight_decay}, {"params": biases, "weight_decay": 0.0}]
    options = {"lr": o.learning_rate}
    match o:
        case GradientDescent():
            return torch.optim.SGD(groups, **options)
        case Momentum():
            return torch.optim.SGD(groups, momentum=o.momentum, nesterov=isinstance(o, Nesterov), **options)
        case AdaGrad():
            return torch.optim.Adagrad(groups, eps=o.epsilon, **options)
        case RMSprop():
            options |= {"eps": o.epsilon, "momentum": o.momentum, "centered": o.centred}
            return torch.optim.RMSprop(groups, alpha=o.rho, **options)
        case Lion():
            return TorchLion(groups, o)
    options |= {"betas": (o.beta1, o.beta2), "eps": o.epsilon}
    match o:
        case NAdam():
            optimizer = torch.optim.NAdam(groups, momentum_decay=o.momentum_decay, **options)
            for w in parameters:  # PyTorch would keep the product of the μ in float32
                scalars = {"step": torch.tensor(0.0), "mu_product": torch.ones((), dtype=torch.float64)}
                moments = {name: torch.zeros_like(w) for name in ("exp_avg", "exp_avg_sq")}
                optimizer.state[w] = scalars | moments
            return optimizer
        case AdamW():
            return torch.optim.AdamW(groups, **options)
        case Adam():
            return torch.optim.Adam(groups, **options)
    raise NotImplementedError(o)


class TorchLion(torch.optim.Optimizer):
    """Chen et al. (2023), program 1, line by line; PyTorch has no Lion of its own."""

    def __init__(self, groups, o):
        super().__init__(groups, {"lr": o.learning_rate, "betas": (o.beta1, o.beta2)})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                momentum = self.state[w].setdefault("momentum", torch.zeros_like(w))
                interpolation = torch.lerp(w.grad, momentum, group["betas"][0])
                update = interpolation.sign() + group["weight_decay"] * w
                self.state[w]["momentum"] = torch.lerp(w.grad, momentum, group["betas"][1])
                w -= group["lr"] * update


def run_schedule(schedule, epochs):
    """The rates at every step, or every epoch, as PyTorch's schedulers give them."""
    size = cases.STEPS if schedule.per_step else 1
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=schedule.rate)
    S, total, last = torch.optim.lr_scheduler, epochs * size, None
    match schedule:
        case StepDecay():
            last = S.StepLR(optimizer, schedule.every, schedule.factor)
        case ExponentialDecay():
            last = S.ExponentialLR(optimizer, np.exp(-schedule.decay / size))
        case CosineAnnealing():
            last = S.CosineAnnealingLR(optimizer, total, schedule.floor)
        case WarmupCosine():
            up = round(schedule.warmup * size)
            parts = [
                S.LinearLR(optimizer, schedule.start, 1.0, up),
                S.CosineAnnealingLR(optimizer, total - up, schedule.floor),
            ]
            last = S.SequentialLR(optimizer, parts, [up])
        case CosineRestarts():
            last = S.CosineAnnealingWarmRestarts(optimizer, schedule.first, schedule.factor, schedule.floor)
        case OneCycle():
            # PyTorch counts steps from 0 to total - 1 and puts the peak one step early; we count whole stretches.
            share = (schedule.peak * total + 1) / (total + 1)
            last = S.OneCycleLR(
                optimizer,
                schedule.rate,
                total_steps=total + 1,
                pct_start=share,
                div_factor=schedule.start,
                final_div_factor=schedule.end,
                cycle_momentum=False,
            )
    rates = [last.get_last_lr()[0]]
    for i in range(1, total):
        optimizer.step()
        last.step(*([i / size] if isinstance(schedule, CosineRestarts) else []))
        rates.append(last.get_last_lr()[0])
    return np.array(rates)


def run_plateau(schedule):
    """The rate before the first figure, and after each."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=schedule.rate)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        mode="max" if schedule.watch.endswith("accuracy") else "min",
        factor=schedule.factor,
        patience=schedule.patience,
        threshold=schedule.threshold,
        cooldown=schedule.cooldown,
        min_lr=schedule.floor,
    )
    rates = [schedule.rate]
    for figure in cases.FIGURES:
        plateau.step(figure)
        rates.append(optimizer.param_groups[0]["lr"])
    return np.array(rates)


def run_case(case, data, network):
    """Output, loss and gradient at the start, and θ after the epochs that the case names.

    `network` gives the start and where each parameter lies in θ; it computes nothing here.
    """
    parameters = [torch.tensor(p.view(network.theta), requires_grad=True) for p in network.arena.parameters]
    by_name = {(p.path[0], p.name): w for p, w in zip(network.arena.parameters, parameters, strict=True)}
    x, y = torch.tensor(data["x"]), torch.tensor(data["y"])
    weights = torch.tensor(data.get("weights", np.ones(len(x))))

    def forward(x):
        for i, layer in enumerate(case.layers):
            if isinstance(layer, Dense):
                x = F.linear(x, by_name[i, "W"].T, by_name[i, "b"])
            else:
                x = activate(layer, x)
        return x

    def loss(rows):
        return (each_loss(case.loss, forward(x[rows]), y[rows]) * weights[rows]).mean()

    def flat(tensors):
        return torch.cat([t.detach().flatten() for t in tensors]).numpy().copy()

    optimizer = make_optimizer(case.optimizer, parameters)
    everything = np.arange(len(x))
    value = loss(everything)
    value.backward()
    result = {
        "output": forward(x).detach().numpy(),
        "L": value.detach().numpy(),
        "gradient": flat([w.grad for w in parameters]),
    }
    rng, order = np.random.default_rng(0), everything.copy()
    losses = []
    for epoch in range(1, max(case.epochs) + 1):
        if case.batch_size:
            rng.shuffle(order)
        size, total = case.batch_size or len(x), 0.0
        for start in range(0, len(x), size):
            rows = order[start : start + size]
            optimizer.zero_grad()
            value = loss(rows)
            value.backward()
            optimizer.step()
            total += float(value.detach()) * len(rows)
        losses.append(total / len(x))
        if epoch in case.epochs:
            result[f"theta{epoch}"] = flat(parameters)
    return result | {"losses": np.array(losses)}
