"""The cases of regular_cases.py in PyTorch, by its own modules, derivatives and clipping, in float64."""

import numpy as np
import torch
from torch import nn

from byhand import L1, L2, BatchNorm, ClipNorm, ClipValue, Dense, Dropout, LayerNorm, MaxNorm, Residual
from tests.golden.torch_twin import activate, make_optimizer


class Activate(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return activate(self.layer, x)


class Around(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner(x)


class ChannelsLast(nn.Module):
    """Batch normalisation of (n, height, width, k), which PyTorch wants as (n, k, height, width)."""

    def __init__(self, k, **options):
        super().__init__()
        self.norm = nn.BatchNorm2d(k, **options)

    def forward(self, x):
        return self.norm(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def build(layers, plans, in_shape, path, found):
    """The layers as modules; found[path] becomes the module that holds that layer's parameters."""
    modules = []
    for i, (layer, plan) in enumerate(zip(layers, plans, strict=True)):
        own = module = None
        k = in_shape[-1]
        match layer:
            case Dense():
                own = module = nn.Linear(k, layer.units)
            case LayerNorm():
                own = module = nn.LayerNorm(k, layer.epsilon)
            case BatchNorm():
                options = {"eps": layer.epsilon, "momentum": layer.momentum}
                module = ChannelsLast(k, **options) if len(in_shape) == 3 else nn.BatchNorm1d(k, **options)
                own = getattr(module, "norm", module)
            case Dropout():
                module = nn.Dropout(layer.rate)
            case Residual():
                module = Around(build(layer.layers, plan.children, in_shape, (*path, i), found))
            case _:
                module = Activate(layer)
        found[(*path, i)] = own
        modules.append(module)
        in_shape = plan.out_shape
    return nn.Sequential(*modules)


def tensor_of(module, name):
    """The module's own tensor of that name, in our shape or its transpose."""
    names = {"W": "weight", "b": "bias", "gamma": "weight", "beta": "bias"}
    return getattr(module, names.get(name, name))


def flat(entries, found, what=lambda tensor: tensor):
    """Our flat vector of them: θ, gradient or state."""
    values = [what(tensor_of(found[p.path], p.name)).detach().numpy() for p in entries]
    return np.concatenate([v.T.ravel() if p.name == "W" else v.ravel() for p, v in zip(entries, values, strict=True)])


def penalty(rules, weights):
    value = torch.zeros((), dtype=torch.float64)
    for rule in rules:
        if isinstance(rule, L2):
            value = value + rule.rate / 2 * sum((w**2).sum() for w in weights)
        elif isinstance(rule, L1):
            value = value + rule.rate * sum(w.abs().sum() for w in weights)
    return value


def change_gradient(rule, parameters, weights):
    match rule:
        case L1() | L2():
            penalty([rule], weights).backward()  # adds to the gradient
        case ClipValue():
            nn.utils.clip_grad_value_(parameters, rule.limit)
        case ClipNorm():
            # PyTorch divides by the norm plus 1e-6.
            norm = nn.utils.get_total_norm([w.grad for w in parameters])
            nn.utils.clip_grads_with_norm_(parameters, rule.limit, norm - 1e-6)


@torch.no_grad()
def change_parameters(rule, weights):
    if isinstance(rule, MaxNorm):
        for w in weights:  # (out, in)
            w *= (rule.limit / w.norm(dim=1, keepdim=True)).clamp(max=1)


def run(case, data, net):
    """Figures of the first pass, of training, and of inference after it."""
    found = {}
    model = build(case.layers, net.plan, case.in_shape, (), found).double()
    with torch.no_grad():
        for p in net.arena.parameters:
            value = torch.tensor(p.view(net.theta))
            tensor_of(found[p.path], p.name).copy_(value.T if p.name == "W" else value)
    parameters = list(model.parameters())
    weights = [w for w in parameters if w.ndim == 2]
    x, y = torch.tensor(data["x"]), torch.tensor(data["y"])
    criterion = nn.CrossEntropyLoss()
    start = {name: value.clone() for name, value in model.state_dict().items()}
    output = model(x)
    value = criterion(output, y)
    value.backward()
    result = {"output": output.detach().numpy(), "L": value.detach().numpy()}
    result["gradient"] = flat(net.arena.parameters, found, lambda tensor: tensor.grad)
    model.load_state_dict(start)

    optimizer = make_optimizer(case.optimizer, parameters)
    rng, order, losses, penalties = np.random.default_rng(0), np.arange(len(x)), [], []
    size = case.batch_size or len(x)
    for _ in range(case.epochs):
        if case.batch_size:
            rng.shuffle(order)
        total = 0.0
        for first in range(0, len(x), size):
            rows = order[first : first + size]
            optimizer.zero_grad()
            value = criterion(model(x[rows]), y[rows])
            value.backward()
            for rule in case.rules:
                change_gradient(rule, parameters, weights)
            optimizer.step()
            for rule in case.rules:
                change_parameters(rule, weights)
            total += float(value.detach()) * len(rows)
        losses.append(total / len(x))
        penalties.append(float(penalty(case.rules, weights).detach()))
    result |= {"losses": np.array(losses), "penalties": np.array(penalties)}
    result["theta"] = flat(net.arena.parameters, found)
    if net.state.size:
        result["state"] = flat(net.state_arena.parameters, found)
    model.eval()
    x = x.detach().requires_grad_()
    output = model(x)
    optimizer.zero_grad()
    criterion(output, y).backward()
    result["inference"] = output.detach().numpy()
    result["inference_gradient"] = flat(net.arena.parameters, found, lambda tensor: tensor.grad)
    return result
