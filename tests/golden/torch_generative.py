"""The cases of generative_cases.py in PyTorch, by its own functions and derivatives, in float64."""

import numpy as np
import torch
import torch.nn.functional as F

from byhand import Dense, Hinge
from tests.golden import generative_cases as cases
from tests.golden.torch_images import padded


def run_spectral(layer, data):
    """y, dx, dW, db, u and v of every training pass, and y outside training after the last."""
    x, dy, W, b = (torch.tensor(data[name]) for name in ("x", "dy", "W", "b"))
    inner = layer.layer
    if isinstance(inner, Dense):
        module = torch.nn.Linear(W.shape[0], W.shape[1], dtype=torch.float64)
        order, prepare, back = (1, 0), lambda x: x, lambda y: y
    else:
        module = torch.nn.Conv2d(W.shape[2], W.shape[3], inner.kernel, dtype=torch.float64)
        order, back = (3, 2, 0, 1), lambda y: y.permute(0, 2, 3, 1)
        prepare = lambda x: padded(x.permute(0, 3, 1, 2), inner.kernel, (1, 1), (1, 1), "same")  # noqa: E731
    with torch.no_grad():
        module.weight.copy_(W.permute(order))
        module.bias.copy_(b)
    torch.nn.utils.parametrizations.spectral_norm(module, n_power_iterations=layer.iterations)
    norm = module.parametrizations.weight[0]
    norm._u.copy_(torch.tensor(data["u"]))
    v = torch.tensor(data["v"])  # PyTorch's rows are (in, height, width), ours (height, width, in)
    norm._v.copy_(v if W.ndim == 2 else v.reshape(W.shape[:3]).permute(2, 0, 1).reshape(-1))
    result = {}
    for i in range(cases.PASSES):
        seen = x[i].clone().requires_grad_()
        module.zero_grad()
        y = back(module(prepare(seen)))
        y.backward(dy[i])
        gradient = module.parametrizations.weight.original.grad
        dW = gradient.T if W.ndim == 2 else gradient.permute(2, 3, 1, 0)
        figures = {"y": y.detach(), "dx": seen.grad, "dW": dW, "db": module.bias.grad, "u": norm._u}
        result |= {f"{name}{i}": value.clone().numpy() for name, value in figures.items()}
    module.eval()
    return result | {"y": back(module(prepare(x[0]))).detach().numpy()}


def run_deviation(layer, data):
    """y and dx."""
    x = torch.tensor(data["x"], requires_grad=True)
    deviation = (x.var(dim=0, unbiased=False) + layer.epsilon).sqrt().mean()
    y = torch.cat([x, deviation.expand(*x.shape[:-1], 1)], dim=-1)
    y.backward(torch.tensor(data["dy"]))
    return {"y": y.detach().numpy(), "dx": x.grad.numpy()}


def critic_loss(loss, y, t):
    """The mean loss of scores y (n, 1)."""
    sign = 2 * t - 1
    return (F.relu(1 - sign * y) if isinstance(loss, Hinge) else -sign * y).mean()


def run_critic(loss, data):
    """L and dy."""
    y = torch.tensor(data["y"], requires_grad=True)
    value = critic_loss(loss, y, torch.tensor(data["t"]))
    value.backward()
    return {"L": value.detach().numpy(), "dy": y.grad.numpy()}


def run() -> dict[str, np.ndarray]:
    """Every figure, by "case/quantity"."""
    result = {}
    for layer, in_shape in cases.SPECTRAL:
        result[layer.label()] = run_spectral(layer, cases.spectral_data(layer, in_shape))
    for layer, in_shape in cases.DEVIATIONS:
        result[str(layer)] = run_deviation(layer, cases.deviation_data(layer, in_shape))
    for loss in cases.CRITICS:
        result[str(loss)] = run_critic(loss, cases.critic_data())
    return {f"{case}/{name}": value for case, figures in result.items() for name, value in figures.items()}
