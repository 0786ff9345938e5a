"""The networks with sequences in PyTorch, with byhand's first weights; of texts, the logits are (n, characters, T)."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array))


def linear(W, b=None):
    """nn.Linear of our W (in, out)."""
    made = nn.Linear(*W.shape, bias=b is not None)
    made.load_state_dict({"weight": tensor(W.T)} | ({} if b is None else {"bias": tensor(b)}))
    return made


def norm(p, name):
    made = nn.LayerNorm(len(p[f"{name}.gamma"]), eps=1e-5)
    made.load_state_dict({"weight": tensor(p[f"{name}.gamma"]), "bias": tensor(p[f"{name}.beta"])})
    return made


def embedding(W):
    return nn.Embedding.from_pretrained(tensor(W), freeze=False)


class Remembering(nn.Module):
    """An LSTM over rows or characters; PyTorch's second bias stays at zero."""

    def __init__(self, p, tokens):
        super().__init__()
        first = int(tokens)
        self.embedding = embedding(p["0.W"]) if tokens else None
        W, R, b = (p[f"{first}.{name}"] for name in "WRb")
        self.lstm = nn.LSTM(W.shape[0], R.shape[0], batch_first=True)
        own = {"weight_ih_l0": W.T, "weight_hh_l0": R.T, "bias_ih_l0": b, "bias_hh_l0": np.zeros_like(b)}
        self.lstm.load_state_dict({name: tensor(a) for name, a in own.items()})
        self.lstm.bias_hh_l0.requires_grad_(False)
        self.dense = linear(p[f"{first + 1}.W"], p[f"{first + 1}.b"])

    def forward(self, x):
        if self.embedding is None:
            return self.dense(self.lstm(x)[0][:, -1])
        return self.dense(self.lstm(self.embedding(x))[0]).transpose(1, 2)

    def next(self, token, state):
        """The logits after one more token (1, 1), and the state."""
        h, state = self.lstm(self.embedding(token), state)
        return self.dense(h), state


class Block(nn.Module):
    """A pre-norm block."""

    def __init__(self, p, name, heads, causal):
        super().__init__()
        p = {key.removeprefix(f"{name}."): a for key, a in p.items() if key.startswith(f"{name}.")}
        self.heads, self.causal = heads, causal
        self.before, self.between = norm(p, "0.0"), norm(p, "1.0")
        self.into, self.out = linear(p["0.1.W"], p.get("0.1.b")), linear(p["0.1.O"], p.get("0.1.c"))
        self.wide, self.narrow = linear(p["1.1.W"], p.get("1.1.b")), linear(p["1.3.W"], p.get("1.3.b"))

    def forward(self, x, kept=None, at=0):
        """`kept` (2, 1, heads, T, e) are keys and values, of which `at` are there."""
        n, steps, d = x.shape
        q, k, v = self.into(self.before(x)).view(n, steps, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        if kept is not None:
            kept[0, :, :, at], kept[1, :, :, at] = k[:, :, 0], v[:, :, 0]
            k, v = kept[:, :, :, : at + 1]
        h = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal and kept is None)
        x = x + self.out(h.transpose(1, 2).reshape(n, steps, d))
        return x + self.narrow(F.gelu(self.wide(self.between(x))))


class Attending(nn.Module):
    """A small GPT, or a vision transformer."""

    def __init__(self, p, model):
        super().__init__()
        first, blocks = 2 if model["tokens"] else 3, model["blocks"]
        self.positions = nn.Parameter(tensor(p[f"{first - 1}.P"]))
        made = (Block(p, str(first + i), model["heads"], model["tokens"]) for i in range(blocks))
        self.blocks, self.norm = nn.ModuleList(made), norm(p, str(first + blocks))
        if model["tokens"]:
            self.embedding = embedding(p["0.W"])
            return
        self.embedding, (rows, units), s = None, p["0.W"].shape, model["patch"]
        self.patches = nn.Conv2d(rows // s**2, units, s, stride=s)
        W = p["0.W"].reshape(s, s, -1, units).transpose(3, 2, 0, 1)
        self.patches.load_state_dict({"weight": tensor(W), "bias": tensor(p["0.b"])})
        self.token = nn.Parameter(tensor(p["1.q"]))
        self.dense = linear(p[f"{first + blocks + 2}.W"], p[f"{first + blocks + 2}.b"])

    def forward(self, x):
        if self.embedding is None:
            x = self.patches(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.token.expand(len(x), 1, -1), x], dim=1)
        else:
            x = self.embedding(x)
        x = x + self.positions
        for block in self.blocks:
            x = block(x)
        if self.embedding is None:
            return self.dense(self.norm(x[:, 0]))
        return F.linear(self.norm(x), self.embedding.weight).transpose(1, 2)

    def next(self, token, state):
        """The logits after one more token (1, 1), and keys and values of all blocks; from the longest text on anew."""
        longest, d = self.positions.shape
        heads = self.blocks[0].heads
        kept, at = state or ([torch.zeros(2, 1, heads, longest, d // heads) for _ in self.blocks], 0)
        x = self.embedding(token) + self.positions[at]
        for block, own in zip(self.blocks, kept, strict=True):
            x = block(x, own, at)
        return F.linear(self.norm(x), self.embedding.weight), (kept, (at + 1) % longest)


def build(model, p):
    return Remembering(p, model["tokens"]) if model["kind"] == "lstm" else Attending(p, model)


def writer(network):
    """A function that writes one more character, the likeliest one."""
    token, state = torch.zeros(1, 1, dtype=torch.long), None

    def write():
        nonlocal state
        logits, state = network.next(token, state)
        token[0, 0] = found = logits.argmax().item()
        return found

    return write
