"""JAX: a whole epoch, or several full-batch steps, in one compiled function."""

from functools import partial

import common
import jax
import jax.numpy as jnp
import numpy as np
import sequences_jax
from jax import lax


def forward(layers, parameters, x, pooling):
    """The last layer's output."""
    for layer, pair in zip(layers, parameters, strict=True):
        kind = layer["type"]
        if kind == "dense":
            x = x @ pair[0] + pair[1]
        elif kind == "conv":
            x = lax.conv_general_dilated(
                x, pair[0], (1, 1), layer["padding"].upper(), dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            x = x + pair[1]
        elif kind == "pool":
            s = layer["size"]
            if pooling == "window":
                x = lax.reduce_window(x, -jnp.inf, lax.max, (1, s, s, 1), (1, s, s, 1), "VALID")
            else:
                n, h, w, c = x.shape
                x = x[:, : h // s * s, : w // s * s].reshape(n, h // s, s, w // s, s, c).max((2, 4))
        elif kind == "flatten":
            x = x.reshape(len(x), -1)
        else:
            x = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[kind](x)
    return x


def outputs_of(task):
    """The function of parameters, samples and the manner of pooling that gives the last layer's output."""
    if task.model:
        return lambda p, x, pooling: sequences_jax.outputs(task.model, p, x)
    return partial(forward, task.layers)


def loss_of(name):
    """The mean loss of a batch; t are class numbers or one-hot rows."""
    if name == "softmax":
        return lambda z, t: (jax.nn.logsumexp(z, 1) - jnp.take_along_axis(z, t[:, None], 1)[:, 0]).mean()
    if name == "sigmoid":
        return lambda z, t: (jax.nn.softplus(z) - t * z).sum(1).mean()
    return lambda a, t: 0.5 * jnp.square(a - t).sum(1).mean()


def updater(optimizer):
    """One step of the optimiser: (θ, g, state) → (θ, state), and its first state; AdamW lets matrices alone decay."""
    rate, leaves = optimizer["rate"], jax.tree.map
    beta2, decay, clip = (optimizer.get(name, usual) for name, usual in (("beta2", 0.999), ("decay", 0), ("clip", 0)))
    if optimizer["type"] == "sgd":
        return (lambda p, g, s: (leaves(lambda a, b: a - rate * b, p, g), s)), (lambda p: ())

    def adam(p, g, state):
        m, v, t = state
        t = t + 1
        if clip:
            norm = jnp.sqrt(sum(jnp.vdot(a, a) for a in jax.tree.leaves(g)))
            g = leaves(lambda g: g * jnp.minimum(1, clip / (norm + 1e-6)), g)
        if decay:
            p = leaves(lambda a: a * (1 - rate * decay) if a.ndim > 1 else a, p)
        m = leaves(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = leaves(lambda v, g: beta2 * v + (1 - beta2) * g * g, v, g)
        c2 = jnp.sqrt(1 - beta2**t)
        a = rate * c2 / (1 - 0.9**t)
        p = leaves(lambda p, m, v: p - a * m / (jnp.sqrt(v) + 1e-8 * c2), p, m, v)
        return p, (m, v, t)

    return adam, lambda p: (leaves(jnp.zeros_like, p), leaves(jnp.zeros_like, p), jnp.zeros((), jnp.float32))


def trainer(task, arrays, parameters):
    """A function that trains some epochs, and one that gives the parameters."""
    options = task.options
    as_bytes = getattr(options, "bytes", False)
    x = arrays.bytes if as_bytes else arrays.x
    x = x if arrays.mapped else jnp.asarray(x)
    t = jnp.asarray(arrays.y.astype(np.int32) if task.loss == "softmax" else arrays.t)
    loss, (update, first) = loss_of(task.loss), updater(task.optimizer)
    pooling = getattr(options, "pooling", "max")

    def objective(p, xb, tb):
        if as_bytes:
            xb = xb.astype(jnp.float32) * (1 / 255)
        return loss(outputs_of(task)(p, xb, pooling), tb)

    def step(p, s, xb, tb):
        return update(p, jax.grad(objective)(p, xb, tb), s)

    batch, n = task.batch, task.rows
    state = [parameters, first(parameters)]
    if batch is None:

        @partial(jax.jit, static_argnums=4, donate_argnums=(0, 1))
        def steps(p, s, x, t, count):
            return lax.fori_loop(0, count, lambda i, ps: step(*ps, x, t), (p, s))

        def train(epochs):
            state[:] = steps(*state, x, t, epochs)
            jax.block_until_ready(state)

        return train, state

    whole, every = n // batch, np.arange(batch)

    if getattr(options, "loop", "scan") == "jit":  # one compiled step, the loop in Python

        @partial(jax.jit, donate_argnums=(0, 1))
        def gathered_step(p, s, x, t, rows):
            return step(p, s, x[rows], t[rows])

        def epoch(p, s, x, t, order):
            for start in range(0, n, batch):
                rows = order[start : start + batch]
                if arrays.mapped:  # NumPy reads them, since JAX would take the whole file into memory
                    p, s = gathered_step(p, s, x[rows], t[rows], every[: len(rows)])
                else:
                    p, s = gathered_step(p, s, x, t, rows)
            return p, s
    else:

        @partial(jax.jit, donate_argnums=(0, 1))
        def epoch(p, s, x, t, order):
            if getattr(options, "gather", "batch") == "epoch":
                inner = order[: whole * batch]
                data = (x[inner].reshape(whole, batch, *x.shape[1:]), t[inner].reshape(whole, batch, *t.shape[1:]))
                p, s = lax.scan(lambda ps, b: (step(*ps, *b), None), (p, s), data)[0]
            else:
                rows = order[: whole * batch].reshape(whole, batch)
                p, s = lax.scan(lambda ps, r: (step(*ps, x[r], t[r]), None), (p, s), rows)[0]
            if whole * batch < n:  # the last, smaller batch
                rest = order[whole * batch :]
                p, s = step(p, s, x[rest], t[rest])
            return p, s

    shuffle = common.shuffles(task)

    def train(epochs):
        for _ in range(epochs):
            state[:] = epoch(*state, x, t, shuffle().astype(np.int32))
            jax.block_until_ready(state)

    return train, state


def main():
    task, arrays, turns = common.begin()
    parameters = arrays.parameters(task)
    if task.model:
        parameters = {name: jnp.asarray(a) for name, a in parameters.items()}
    else:
        parameters = [pair and tuple(map(jnp.asarray, pair)) for pair in parameters]
    pooling = getattr(task.options, "pooling", "max")

    @jax.jit
    def classify(p, x):
        return jnp.argmax(outputs_of(task)(p, x, pooling), 1)

    if task.kind == "train":
        train, state = trainer(task, arrays, parameters)
        turns.run(train)
        parameters = state[0]
    elif task.model:
        turns.time_calls(sequences_jax.writer(task.model, parameters))
    elif task.calls == "one":
        x = arrays.x_test[:1]
        fixed = jax.jit(lambda x: classify(parameters, x)[0])
        turns.time_calls(lambda: int(fixed(x)))
    else:
        x = arrays.x_test
        turns.time_calls(lambda: np.asarray(classify(parameters, x)))
    peak = common.peak_memory()
    x = arrays.x_test
    classes = np.concatenate([classify(parameters, x[i : i + 1000]) for i in range(0, len(x), 1000)])
    common.finish(turns, task, classes, ["jax", "jaxlib"], peak, threads=task.threads, blas="XLA")


if __name__ == "__main__":
    main()
