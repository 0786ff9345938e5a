"""The same computations in PyTorch, by its own functions and its own derivatives, in float64."""

import numpy as np
import torch
import torch.nn.functional as F

from byhand import (
    ELU,
    MSE,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Dense,
    Flatten,
    GradientDescent,
    LeakyReLU,
    QuadraticCost,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)

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

    o = case.optimizer
    if isinstance(o, GradientDescent):
        optimizer = torch.optim.SGD(parameters, lr=o.learning_rate)
    else:
        optimizer = torch.optim.Adam(parameters, lr=o.learning_rate, betas=(o.beta1, o.beta2), eps=o.epsilon)
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
