"""One library's LSTM: lstm.py LIBRARY WORKLOAD DATA.npz UNITS; gets numbers of steps, prints each step's seconds."""

import json
import os
import sys
import time

import numpy as np

VOCABULARY, VECTOR = 65, 32


def run_byhand(name, x, y, units):
    import byhand as bh

    tokens = name != "W7"
    layers = [
        *[bh.Embedding(VOCABULARY, VECTOR)] * tokens,
        bh.LSTM(units, tokens),
        bh.Dense(VOCABULARY if tokens else 10),
    ]
    network = bh.Network(x.shape[2:], layers, bh.CategoricalCrossEntropy())
    workspace, adam = network.workspace(x.shape[1]), bh.Adam(1e-3)
    memory, count = adam.state(network.size, network.dtype), 0

    def train(i):
        nonlocal count
        network.forward(x[i], workspace)
        network.backward(y[i], workspace)
        count += 1
        adam.step(network.ops, network.theta, network.gradient, memory, count, 1e-3)

    def generate(i):
        return network.forward(x[i], workspace, carry=True)[0, 0].argmax()

    return generate if name == "one" else train


def run_torch(name, x, y, units):
    import torch
    from torch import nn

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    tokens = name != "W7"
    embedding = nn.Embedding(VOCABULARY, VECTOR)
    lstm = nn.LSTM(VECTOR if tokens else x.shape[-1], units, batch_first=True)
    dense = nn.Linear(units, VOCABULARY if tokens else 10)
    modules = nn.ModuleList([*[embedding] * tokens, lstm, dense])
    optimizer = torch.optim.Adam(modules.parameters(), 1e-3, fused=True)
    x, y, state = torch.from_numpy(x), torch.from_numpy(y), None

    def train(i):
        optimizer.zero_grad()
        h = lstm(embedding(x[i]) if tokens else x[i])[0]
        z = dense(h) if tokens else dense(h[:, -1])
        torch.nn.functional.cross_entropy(z.reshape(-1, z.shape[-1]), y[i].reshape(-1)).backward()
        optimizer.step()

    def generate(i):
        nonlocal state
        with torch.inference_mode():
            h, state = lstm(embedding(x[i]), state)
            return dense(h).argmax().item()

    return generate if name == "one" else train


def run_jax(name, x, y, units):
    import jax
    import jax.numpy as jnp

    tokens, rng = name != "W7", np.random.default_rng(0)
    width = VECTOR if tokens else x.shape[-1]
    shapes = {"W": (width, 4 * units), "R": (units, 4 * units), "D": (units, VOCABULARY if tokens else 10)}
    p = {k: jnp.asarray(rng.standard_normal(s) / 16, jnp.float32) for k, s in shapes.items()}
    p |= {"b": jnp.zeros(4 * units), "d": jnp.zeros(shapes["D"][1])}
    p |= {"E": jnp.asarray(rng.standard_normal((VOCABULARY, VECTOR)), jnp.float32)} if tokens else {}

    def step(p, state, z):
        h, c = state
        i, f, g, o = jnp.split(z + h @ p["R"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    def outputs(p, x, state):
        z = (p["E"][x] if tokens else x) @ p["W"] + p["b"]
        state, h = jax.lax.scan(lambda s, z: step(p, s, z), state, z.swapaxes(0, 1))
        return (h if tokens else h[-1]) @ p["D"] + p["d"], state

    def loss(p, x, y):
        zero = jnp.zeros((len(x), units))
        z, _ = outputs(p, x, (zero, zero))
        picked = jnp.take_along_axis(z, (y.T if tokens else y)[..., None], -1)[..., 0]
        return (jax.nn.logsumexp(z, -1) - picked).mean()

    @jax.jit
    def update(p, m, v, t, x, y):
        g = jax.grad(loss)(p, x, y)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), p, m, v), m, v, t + 1

    nothing = jax.tree.map(jnp.zeros_like, p)
    kept, x, y = [p, nothing, nothing, jnp.ones(())], jnp.asarray(x), jnp.asarray(y)
    zero = jnp.zeros((1, units))
    state, following = [(zero, zero)], jax.jit(outputs)

    def train(i):
        kept[:] = update(*kept, x[i], y[i])
        jax.block_until_ready(kept)

    def generate(i):
        z, state[0] = following(p, x[i], state[0])
        return int(z.argmax())

    return generate if name == "one" else train


def run_keras(name, x, y, units):
    import keras

    tokens = name != "W7"
    layers = [keras.Input(x.shape[2:], batch_size=x.shape[1])]
    layers += [keras.layers.Embedding(VOCABULARY, VECTOR)] * tokens
    layers += [keras.layers.LSTM(units, return_sequences=tokens, stateful=name == "one")]
    model = keras.Sequential([*layers, keras.layers.Dense(VOCABULARY if tokens else 10)])
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    if name == "one":
        return lambda i: model.predict_on_batch(x[i])[0, 0].argmax()
    return lambda i: model.train_on_batch(x[i], y[i])


def main():
    library, name, path, units = sys.argv[1:]
    arrays, out = dict(np.load(path)), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints goes to standard error
    step = globals()[f"run_{library}"](name, arrays["x"], arrays["y"], int(units))
    for line in sys.stdin:
        times = []
        for i in range(int(line)):
            start = time.perf_counter()
            step(i % len(arrays["x"]))
            times.append(time.perf_counter() - start)
        print(json.dumps(times), file=out, flush=True)


if __name__ == "__main__":
    main()
