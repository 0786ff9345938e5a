"""One library's dense GAN, in a process of its own: `python gan.py LIBRARY IMAGES.npy`.

Each line that it reads is a number of steps to take; it answers with their seconds, as JSON. The networks and the
training are those of byhand's recipe `gan`: a step is one of the critic, with its gradient penalty, and one of the
generator.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np

NOISE, BATCH, PENALTY, RATE = 100, 128, 1.0, 0.001


def of_byhand(images: np.ndarray) -> Callable[[np.ndarray], object]:
    from byhand.data import from_arrays
    from byhand.recipes.drawing import gan

    data = from_arrays(images.reshape(-1, 28, 28), np.zeros(len(images), int), classes=["0"])
    trainer = gan.begin(data, 0)
    return lambda x: trainer.step(x, None, 0, 1)


def of_torch(images: np.ndarray) -> Callable[[np.ndarray], object]:
    import os

    import torch
    from torch import nn

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(0)
    hidden = [(NOISE, 256), (256, 512)]
    parts = [part for a, b in hidden for part in (nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU())]
    generator = nn.Sequential(*parts, nn.Linear(512, 784), nn.Sigmoid())
    critic = nn.Sequential(
        *(nn.Linear(784, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1))
    )
    loss, betas = nn.BCEWithLogitsLoss(), (0.5, 0.999)
    of_critic = torch.optim.Adam(critic.parameters(), RATE, betas, fused=True)
    of_generator = torch.optim.Adam(generator.parameters(), RATE, betas, fused=True)

    def step(x: np.ndarray) -> None:
        real, n = torch.from_numpy(x), len(x)
        drawn = generator(torch.randn(n, NOISE)).detach()
        share = torch.rand(n, 1)
        between = (share * real + (1 - share) * drawn).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        penalty = PENALTY * ((slope.norm(dim=1) - 1) ** 2).mean()
        of_critic.zero_grad()
        (loss(critic(real), torch.ones(n, 1)) + loss(critic(drawn), torch.zeros(n, 1)) + penalty).backward()
        of_critic.step()
        of_generator.zero_grad()
        loss(critic(generator(torch.randn(n, NOISE))), torch.ones(n, 1)).backward()
        of_generator.step()

    return step


def of_jax(images: np.ndarray) -> Callable[[np.ndarray], object]:
    from functools import partial

    import jax
    import jax.numpy as jnp
    from jax import random
    from jax.nn import leaky_relu, relu, sigmoid, softplus

    def dense(key, inputs, outputs):
        return random.uniform(key, (inputs, outputs), minval=-1, maxval=1) / inputs**0.5, jnp.zeros(outputs)

    def normalized(key, inputs, outputs):  # a dense layer, and batch normalisation's γ in its bias's place
        W, beta = dense(key, inputs, outputs)
        return W, beta, jnp.ones(outputs)

    keys = random.split(random.key(0), 7)
    generator = [normalized(keys[0], NOISE, 256), normalized(keys[1], 256, 512), dense(keys[2], 512, 784)]
    critic = [dense(keys[3], 784, 512), dense(keys[4], 512, 256), dense(keys[5], 256, 1)]

    def draw(generator, seen, z):
        """Images, and the running means and variances."""
        kept = []
        for (W, beta, gamma), (mean, variance) in zip(generator[:-1], seen, strict=True):
            z = z @ W
            m, v = z.mean(0), z.var(0)
            kept.append((0.9 * mean + 0.1 * m, 0.9 * variance + 0.1 * v))
            z = relu((z - m) * jax.lax.rsqrt(v + 1e-5) * gamma + beta)
        W, b = generator[-1]
        return sigmoid(z @ W + b), kept

    def judge(critic, x):
        for W, b in critic[:-1]:
            x = leaky_relu(x @ W + b, 0.2)
        W, b = critic[-1]
        return x @ W + b

    def critic_loss(critic, x, drawn, share):
        between = share * x + (1 - share) * drawn
        slope = jax.grad(lambda at: judge(critic, at).sum())(between)
        penalty = PENALTY * ((jnp.linalg.norm(slope, axis=1) - 1) ** 2).mean()
        return softplus(-judge(critic, x)).mean() + softplus(judge(critic, drawn)).mean() + penalty

    def generator_loss(generator, critic, seen, z):
        drawn, seen = draw(generator, seen, z)
        return softplus(-judge(critic, drawn)).mean(), seen

    def adam(step, p, moments, gradient):
        first = jax.tree.map(lambda m, g: 0.5 * m + 0.5 * g, moments[0], gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, moments[1], gradient)
        a, b = 1 - 0.5**step, 1 - 0.999**step
        new = jax.tree.map(lambda p, m, v: p - RATE * (m / a) / (jnp.sqrt(v / b) + 1e-8), p, first, second)
        return new, (first, second)

    @partial(jax.jit, donate_argnums=0)
    def both(state, x):
        step, key, generator, critic, seen, of_generator, of_critic = state
        key, *keys = random.split(key, 4)
        step += 1
        drawn, seen = draw(generator, seen, random.normal(keys[0], (len(x), NOISE)))
        gradient = jax.grad(critic_loss)(critic, x, drawn, random.uniform(keys[1], (len(x), 1)))
        critic, of_critic = adam(step, critic, of_critic, gradient)
        z = random.normal(keys[2], (len(x), NOISE))
        gradient, seen = jax.grad(generator_loss, has_aux=True)(generator, critic, seen, z)
        generator, of_generator = adam(step, generator, of_generator, gradient)
        return step, key, generator, critic, seen, of_generator, of_critic

    def zeros(p):
        return jax.tree.map(jnp.zeros_like, p), jax.tree.map(jnp.zeros_like, p)

    seen = [(jnp.zeros(256), jnp.ones(256)), (jnp.zeros(512), jnp.ones(512))]
    state = (jnp.zeros(()), keys[6], generator, critic, seen, zeros(generator), zeros(critic))

    def step(x: np.ndarray) -> None:
        nonlocal state
        state = jax.block_until_ready(both(state, x))

    return step


def main() -> None:
    images = np.load(sys.argv[2])  # (n, 784) bytes
    step = {"byhand": of_byhand, "torch": of_torch, "jax": of_jax}[sys.argv[1]](images)
    batches = (images[: len(images) // BATCH * BATCH].reshape(-1, BATCH, 784) / 255).astype(np.float32)
    done = 0
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            start = time.perf_counter()
            step(batches[done % len(batches)])
            times.append(time.perf_counter() - start)
            done += 1
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()
