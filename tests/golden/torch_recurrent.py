"""PyTorch's recurrent layers, in float64."""

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from byhand import GRU, LSTM, Bidirectional


def fill(module, params, suffix=""):
    """Give a module, or its way back, our parameters; its second bias is zero but for c of GRU."""
    r, k = torch.tensor(params["R"]), module.hidden_size
    second = torch.zeros(module.weight_hh_l0.shape[0]).double()
    if "V" in params:
        r, second[2 * k :] = torch.cat([r, torch.tensor(params["V"])], dim=1), torch.tensor(params["c"])
    values = {"weight_ih_l0": torch.tensor(params["W"]).T, "weight_hh_l0": r.T}
    values |= {"bias_ih_l0": torch.tensor(params["b"]), "bias_hh_l0": second}
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name + suffix).copy_(value)


def gradients(module, suffix=""):
    """The gradients by our parameters."""
    grad = lambda name: getattr(module, name + suffix).grad.numpy()  # noqa: E731
    found, k = {"W": grad("weight_ih_l0").T, "b": grad("bias_ih_l0")}, module.hidden_size
    r = grad("weight_hh_l0").T
    if isinstance(module, torch.nn.GRU):
        return found | {"R": r[:, : 2 * k], "V": r[:, 2 * k :], "c": grad("bias_hh_l0")[2 * k :]}
    return found | {"R": r}


def module_of(layer, inputs):
    both = isinstance(layer, Bidirectional)
    inner = layer.layer if both else layer
    kind = "LSTM" if isinstance(inner, LSTM) else "GRU" if isinstance(inner, GRU) else "RNN"
    options = {"nonlinearity": inner.nonlinearity} if kind == "RNN" else {}
    return getattr(torch.nn, kind)(inputs, inner.units, batch_first=True, bidirectional=both, **options).double(), inner


def run(case, data, params):
    """y, last states, and all gradients of Σ dy ⊙ y."""
    if getattr(case.layer, "reset", "after") == "before":
        return run_reset_before(data, params)
    x = torch.tensor(data["x"], requires_grad=True)
    module, inner = module_of(case.layer, x.shape[2])
    both = isinstance(case.layer, Bidirectional)
    ways = [("0.0.", ""), ("0.1.", "_reverse")] if both else [("0.", "")]
    for prefix, suffix in ways:
        own = {name.removeprefix(prefix): a for name, a in params.items() if name.startswith(prefix)}
        fill(module, own, suffix)
    state = None
    if case.carries:
        with torch.no_grad():
            _, state = module(torch.tensor(data["earlier"]))
    if case.lengths is None:
        y, last = module(x, state)
    else:
        packed = pack_padded_sequence(x, torch.tensor(case.lengths), batch_first=True, enforce_sorted=False)
        y, last = module(packed, state)
        y, _ = pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
    h, *c = last if isinstance(last, tuple) else (last,)
    if not inner.return_sequences:
        y = torch.cat(list(h), dim=-1)
    if both and case.layer.merge == "sum":
        y = y[..., : inner.units] + y[..., inner.units :]
    y.backward(torch.tensor(data["dy"]))
    result = {"y": y, "h": h, "dx": x.grad} | ({"c": c[0]} if c else {})
    result = {name: a.detach().numpy() for name, a in result.items()}
    for prefix, suffix in ways:
        result |= {f"d{prefix}{name}": a for name, a in gradients(module, suffix).items()}
    return result


def run_reset_before(data, params):
    """Cho's equations 5 to 8, differentiated by PyTorch, which has no such layer."""
    p = {name: torch.tensor(a, requires_grad=True) for name, a in params.items()}
    x = torch.tensor(data["x"], requires_grad=True)
    k = p["0.V"].shape[0]
    h, ys = torch.zeros(len(x), k).double(), []
    for t in range(x.shape[1]):
        z = x[:, t] @ p["0.W"] + p["0.b"]
        reset, update = torch.sigmoid(z[:, : 2 * k] + h @ p["0.R"]).chunk(2, dim=1)
        h = update * h + (1 - update) * torch.tanh(z[:, 2 * k :] + (reset * h) @ p["0.V"])
        ys.append(h)
    y = torch.stack(ys, dim=1)
    y.backward(torch.tensor(data["dy"]))
    result = {"y": y, "h": h[None], "dx": x.grad} | {f"d{name}": a.grad for name, a in p.items()}
    return {name: a.detach().numpy() for name, a in result.items()}


def run_learner(network, x, labels, mask, rate):
    """The losses and parameters of ten steps of Adam over the whole data."""
    p = network.named_parameters()
    module, dense = (
        torch.nn.LSTM(x.shape[2], network.layers[0].units, batch_first=True).double(),
        torch.nn.Linear(5, 3).double(),
    )
    fill(module, {name[2:]: a for name, a in p.items() if name.startswith("0.")})
    with torch.no_grad():
        dense.weight.copy_(torch.tensor(p["1.W"]).T)
        dense.bias.copy_(torch.tensor(p["1.b"]))
    module.bias_hh_l0.requires_grad_(False)  # one bias, as ours
    wanted = [a for a in [*module.parameters(), *dense.parameters()] if a.requires_grad]
    optimizer, losses = torch.optim.Adam(wanted, rate), []
    for _ in range(10):
        packed = pack_padded_sequence(
            torch.tensor(x), torch.tensor(mask.sum(1)), batch_first=True, enforce_sorted=False
        )
        loss = torch.nn.functional.cross_entropy(dense(module(packed)[1][0][0]), torch.tensor(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    found = {"0.W": module.weight_ih_l0.T, "0.R": module.weight_hh_l0.T, "0.b": module.bias_ih_l0}
    found |= {"1.W": dense.weight.T, "1.b": dense.bias}
    return {name: a.detach().numpy() for name, a in found.items()} | {"losses": np.array(losses)}
