"""PyTorch's multi-head attention, encoder layers, and a GPT and a vision transformer of its parts, in float64."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from byhand import CrossAttention, DecoderBlock, MultiHeadAttention, RMSNorm, TransformerBlock

torch.set_num_threads(1)


def attention(x, p, layer, mask):
    """nn.MultiheadAttention without a causal mask; scaled_dot_product_attention with one."""
    d = x.shape[2]
    b, c = p.get("b", torch.zeros(3 * d).double()), p.get("c", torch.zeros(d).double())
    if not layer.causal:
        padded = None if mask is None else ~torch.tensor(mask)
        return F.multi_head_attention_forward(
            *[x.swapaxes(0, 1)] * 3, d, layer.heads, p["W"].T, b, None, None, False, 0.0, p["O"].T, c,
            key_padding_mask=padded, need_weights=False,
        )[0].swapaxes(0, 1)  # fmt: skip
    n, steps, _ = x.shape
    q, k, v = (a.view(n, steps, layer.heads, -1).swapaxes(1, 2) for a in (x @ p["W"] + b).split(d, dim=2))
    seen = torch.ones(steps, steps, dtype=torch.bool).tril()
    if mask is not None:
        seen = seen & torch.tensor(mask)[:, None, None]
    h = F.scaled_dot_product_attention(q, k, v, seen)
    return h.swapaxes(1, 2).reshape(n, steps, d) @ p["O"] + c


def norm(x, p, rms):
    if rms:
        return F.rms_norm(x, x.shape[2:], p["gamma"], 1e-5)
    return F.layer_norm(x, x.shape[2:], p["gamma"], p["beta"], 1e-5)


def within(p, prefix):
    """The parameters of a layer inside, by their names there."""
    return {name.removeprefix(prefix): value for name, value in p.items() if name.startswith(prefix)}


def dense(x, p):
    return x @ p["W"] + p.get("b", 0)


def block(x, p, layer, mask):
    """A block of GPT-2, or PyTorch's own encoder layer where its options reach."""
    if not layer.causal:
        return encoder(x, p, layer, mask)
    h = norm(x, within(p, "0.0."), layer.rms)
    x = x + attention(h, within(p, "0.1."), layer, mask)
    h = norm(x, within(p, "1.0."), layer.rms)
    return x + dense(F.gelu(dense(h, within(p, "1.1."))), within(p, "1.3."))


def encoder(x, p, layer, mask):
    """nn.TransformerEncoderLayer, called with our tensors."""
    a, m, n1, n2 = ("0.1.", "1.", "0.0.", "1.0.") if layer.pre_norm else ("0.0.", "2.", "1.", "3.")
    k = 1 if layer.pre_norm else 0
    named = {
        "self_attn.in_proj_weight": p[f"{a}W"].T,
        "self_attn.in_proj_bias": p[f"{a}b"],
        "self_attn.out_proj.weight": p[f"{a}O"].T,
        "self_attn.out_proj.bias": p[f"{a}c"],
        "linear1.weight": p[f"{m}{k}.W"].T,
        "linear1.bias": p[f"{m}{k}.b"],
        "linear2.weight": p[f"{m}{k + 2}.W"].T,
        "linear2.bias": p[f"{m}{k + 2}.b"],
        "norm1.weight": p[f"{n1}gamma"],
        "norm1.bias": p[f"{n1}beta"],
        "norm2.weight": p[f"{n2}gamma"],
        "norm2.bias": p[f"{n2}beta"],
    }
    module = nn.TransformerEncoderLayer(
        layer.units, layer.heads, layer.hidden, 0.0, F.gelu, batch_first=True, norm_first=layer.pre_norm
    ).double()
    padded = None if mask is None else ~torch.tensor(mask)
    return torch.func.functional_call(module, named, (x,), {"src_key_padding_mask": padded})


def cross(x, p, layer, mask):
    """nn.MultiheadAttention, whose keys and values come of another sequence than its queries."""
    s, d = layer.source, x.shape[2]
    source, asking = x[:, :s].swapaxes(0, 1), x[:, s:].swapaxes(0, 1)
    b = torch.cat([p["b"], p["u"]]) if layer.bias else torch.zeros(3 * d).double()
    y = F.multi_head_attention_forward(
        asking, source, source, d, layer.heads, torch.cat([p["W"].T, p["U"].T]), b, None, None, False, 0.0, p["O"].T,
        p.get("c", torch.zeros(d).double()), key_padding_mask=None if mask is None else ~torch.tensor(mask[:, :s]),
        need_weights=False,
    )[0].swapaxes(0, 1)  # fmt: skip
    return torch.cat([torch.zeros_like(x[:, :s]), y], dim=1)


def decoder(x, p, layer, mask):
    """nn.TransformerDecoderLayer, called with our tensors; its memory is the source."""
    s, steps = layer.source, x.shape[1] - layer.source
    if layer.pre_norm:
        a, c, m, norms = "0.0.0.1.", "1.1.", "2.0.0.", ("0.0.0.0.", "1.0.0.0.", "2.0.0.0.")
        k = 1
    else:
        a, c, m, norms = "0.0.0.0.", "1.0.", "2.0.1.", ("0.0.1.", "2.0.0.", "2.0.2.")
        k = 0
    named = {
        "self_attn.in_proj_weight": p[f"{a}W"].T,
        "self_attn.in_proj_bias": p[f"{a}b"],
        "self_attn.out_proj.weight": p[f"{a}O"].T,
        "self_attn.out_proj.bias": p[f"{a}c"],
        "multihead_attn.in_proj_weight": torch.cat([p[f"{c}W"].T, p[f"{c}U"].T]),
        "multihead_attn.in_proj_bias": torch.cat([p[f"{c}b"], p[f"{c}u"]]),
        "multihead_attn.out_proj.weight": p[f"{c}O"].T,
        "multihead_attn.out_proj.bias": p[f"{c}c"],
        "linear1.weight": p[f"{m}{k}.W"].T,
        "linear1.bias": p[f"{m}{k}.b"],
        "linear2.weight": p[f"{m}{k + 2}.W"].T,
        "linear2.bias": p[f"{m}{k + 2}.b"],
    }
    for i, prefix in enumerate(norms, 1):
        named |= {f"norm{i}.weight": p[f"{prefix}gamma"], f"norm{i}.bias": p[f"{prefix}beta"]}
    module = nn.TransformerDecoderLayer(
        layer.units, layer.heads, layer.hidden, 0.0, F.gelu, batch_first=True, norm_first=layer.pre_norm
    ).double()
    options = {"tgt_mask": torch.ones(steps, steps, dtype=torch.bool).triu(1)}
    if mask is not None:
        options["memory_key_padding_mask"] = ~torch.tensor(mask[:, :s])
    y = torch.func.functional_call(module, named, (x[:, s:], x[:, :s]), options)
    return torch.cat([x[:, :s], y], dim=1)


def tensors(params):
    return {name: torch.tensor(value).requires_grad_() for name, value in params.items()}


def run(case, data, params):
    """y, dx and all gradients, by our names."""
    p, x = tensors(params), torch.tensor(data["x"]).requires_grad_()
    inner = within(p, "0.")
    match case.layer:
        case MultiHeadAttention():
            y = attention(x, inner, case.layer, data["mask"])
        case RMSNorm():
            y = norm(x, inner, True)
        case TransformerBlock():
            y = block(x, inner, case.layer, data["mask"])
        case CrossAttention():
            y = cross(x, inner, case.layer, data["mask"])
        case DecoderBlock():
            y = decoder(x, inner, case.layer, data["mask"])
    y.backward(torch.tensor(data["dy"]))
    found = {"y": y, "dx": x.grad} | {f"d{name}": value.grad for name, value in p.items()}
    return {name: value.detach().numpy().copy() for name, value in found.items()}


def logits(name, network, x, p):
    """Of the small GPT, or the small vision transformer."""
    blocks = [i for i, layer in enumerate(network.layers) if isinstance(layer, TransformerBlock)]
    if name == "gpt":
        x = F.embedding(torch.tensor(x), p["0.W"]) + p["1.P"]
    else:
        size = network.layers[0].size
        kernel = p["0.W"].T.reshape(-1, size, size, x.shape[3]).permute(0, 3, 1, 2)
        x = F.conv2d(torch.tensor(x).permute(0, 3, 1, 2), kernel, p["0.b"], size).flatten(2).swapaxes(1, 2)
        x = torch.cat([p["1.q"].expand(len(x), 1, -1), x], dim=1) + p["2.P"]
    for i in blocks:
        x = block(x, within(p, f"{i}."), network.layers[i], None)
    x = norm(x, within(p, f"{blocks[-1] + 1}."), False)
    return F.linear(x, p["0.W"]) if name == "gpt" else dense(x[:, 0], within(p, f"{len(network.layers) - 1}."))


def run_learner(name, network, x, labels, rate):
    """Ten steps of Adam: the first gradients, the losses, and the parameters after them."""
    p = tensors(network.named_parameters())
    adam, losses, result = torch.optim.Adam(p.values(), rate, eps=1e-8), [], {}
    for t in range(10):
        adam.zero_grad()
        y = logits(name, network, x, p)
        loss = F.cross_entropy(y.reshape(-1, y.shape[-1]), torch.tensor(labels).reshape(-1))
        loss.backward()
        if t == 0:
            result = {f"d{key}": value.grad.numpy().copy() for key, value in p.items()}
        adam.step()
        losses.append(loss.item())
    return result | {"losses": np.array(losses)} | {key: value.detach().numpy() for key, value in p.items()}
