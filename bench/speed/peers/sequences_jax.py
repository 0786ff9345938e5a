"""The networks with sequences in JAX, from byhand's first weights; of texts, the logits are (n, characters, T)."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def lstm_step(p, name, state, z):
    """One step from x W + b."""
    h, c = state
    i, f, g, o = jnp.split(z + h @ p[f"{name}.R"], 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def remember(tokens, p, x, state=None):
    """The logits and the last state of an LSTM."""
    first = int(tokens)
    z = (p["0.W"][x] if tokens else x) @ p[f"{first}.W"] + p[f"{first}.b"]
    zero = jnp.zeros((len(x), len(p[f"{first}.R"])))
    state, h = lax.scan(partial(lstm_step, p, str(first)), state or (zero, zero), z.swapaxes(0, 1))
    h = h.swapaxes(0, 1) if tokens else h[-1]
    return h @ p[f"{first + 1}.W"] + p[f"{first + 1}.b"], state


def norm(p, name, x):
    centred = x - x.mean(-1, keepdims=True)
    return (
        p[f"{name}.gamma"] * centred * lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + 1e-5) + p[f"{name}.beta"]
    )


def attend(q, k, v, seen):
    """Of each head, (n, heads, T, e); `seen` says which keys."""
    scores = jnp.einsum("nhte,nhse->nhts", q, k) / np.sqrt(q.shape[-1])
    weights = jax.nn.softmax(scores if seen is None else jnp.where(seen, scores, -jnp.inf), axis=-1)
    return jnp.einsum("nhts,nhse->nhte", weights, v)


def block(p, name, heads, x, seen, kept=None, at=0):
    """A pre-norm block; with keys and values that are kept, of one step more."""
    n, steps, d = x.shape
    z = norm(p, f"{name}.0.0", x) @ p[f"{name}.0.1.W"] + p.get(f"{name}.0.1.b", 0)
    q, k, v = z.reshape(n, steps, 3, heads, d // heads).transpose(2, 0, 3, 1, 4)
    if kept is not None:
        kept = lax.dynamic_update_slice(kept, jnp.stack([k, v]), (0, 0, 0, at, 0))
        k, v = kept
    h = attend(q, k, v, seen).swapaxes(1, 2).reshape(n, steps, d)
    x = x + h @ p[f"{name}.0.1.O"] + p.get(f"{name}.0.1.c", 0)
    h = jax.nn.gelu(norm(p, f"{name}.1.0", x) @ p[f"{name}.1.1.W"] + p.get(f"{name}.1.1.b", 0), approximate=False)
    return x + h @ p[f"{name}.1.3.W"] + p.get(f"{name}.1.3.b", 0), kept


def transform(model, p, x):
    """The logits of a small GPT, or of a vision transformer."""
    tokens, heads, first = model["tokens"], model["heads"], 2 if model["tokens"] else 3
    if tokens:
        x = p["0.W"][x]
    else:
        s, (n, height, width, channels) = model["patch"], x.shape
        x = x.reshape(n, height // s, s, width // s, s, channels).swapaxes(2, 3).reshape(n, -1, s * s * channels)
        x = x @ p["0.W"] + p["0.b"]
        x = jnp.concatenate([jnp.broadcast_to(p["1.q"], (n, 1, x.shape[2])), x], axis=1)
    x = x + p[f"{first - 1}.P"]
    seen, last = (jnp.tri(x.shape[1], dtype=bool) if tokens else None), first + model["blocks"]
    for i in range(first, last):
        x, _ = block(p, str(i), heads, x, seen)
    if tokens:
        return norm(p, str(last), x) @ p["0.W"].T
    return norm(p, str(last), x[:, 0]) @ p[f"{last + 2}.W"] + p[f"{last + 2}.b"]


def outputs(model, p, x):
    y = remember(model["tokens"], p, x)[0] if model["kind"] == "lstm" else transform(model, p, x)
    return y.swapaxes(1, 2) if model["tokens"] else y


def gpt_step(model, p, token, kept, at):
    """The next token and what is kept, after one more token at this position."""
    x = (p["0.W"][token] + p["1.P"][at])[None, None]
    last, seen, new = 2 + model["blocks"], jnp.arange(len(p["1.P"])) <= at, []
    for i in range(2, last):
        x, one = block(p, str(i), model["heads"], x, seen, kept[i - 2], at)
        new.append(one)
    return (norm(p, str(last), x) @ p["0.W"].T).argmax(), new


def writer(model, p):
    """A function that writes one more character, the likeliest one."""
    token, at = 0, 0
    if model["kind"] == "lstm":
        k = len(p["1.R"])
        state = (jnp.zeros((1, k)), jnp.zeros((1, k)))

        @partial(jax.jit, donate_argnums=2)
        def step(p, token, state):
            z, state = remember(True, p, jnp.full((1, 1), token), state)
            return z.argmax(), state

        def write():
            nonlocal token, state
            found, state = step(p, token, state)
            token = int(found)
            return token

        return write
    longest, d = p["1.P"].shape
    kept = [jnp.zeros((2, 1, model["heads"], longest, d // model["heads"])) for _ in range(model["blocks"])]
    step = jax.jit(partial(gpt_step, model), donate_argnums=2)

    def write():
        nonlocal token, kept, at
        found, kept = step(p, token, kept, at)
        token, at = int(found), (at + 1) % longest
        return token

    return write
