"""Networks that draw, each idea in numbers small enough to follow with a pencil."""

from math import log

import numpy as np

from byhand.generating import GAN, GradientPenalty
from byhand.layers import Conv2D, ConvTranspose2D, Dense, ReLU
from byhand.lessons.base import Board, Lesson
from byhand.losses import BinaryCrossEntropy, Wasserstein
from byhand.network import Network
from byhand.ops import reference

SOURCE = "byhand"


def teach_transposed(board: Board, rng: np.random.Generator) -> None:
    """A convolution with stride 2 as a matrix, and its transpose."""
    board.say("""A convolution with the kernel (1, 2, 3) and stride 2 makes two numbers out of five: each is a weighted
        sum of three neighbours. As a matrix with one row for each window:""")
    board.equation("""
        A = ( 1  2  3  0  0 )
            ( 0  0  1  2  3 )
    """)
    A = np.array([[1, 2, 3, 0, 0], [0, 0, 1, 2, 3]])
    y, x = np.array([1, 0, -1, 2, 1]), np.array([1, 2])
    down = _on_a_line(Conv2D(1, (1, 3), (1, 2), "valid", bias=False), 5)
    up = _on_a_line(ConvTranspose2D(1, (1, 3), (1, 2), "valid", bias=False), 2)
    board.check("A y for y = (1, 0, −1, 2, 1), by Conv2D", _run(down, y), A @ y, 1e-12)
    board.say("""The transpose makes five numbers out of two: each number adds its multiple of the whole kernel, 1 · (1,
        2, 3) on the left and 2 · (1, 2, 3) on the right. In the middle both overlap.""")
    board.check("Aᵀ x for x = (1, 2), by ConvTranspose2D", _run(up, x), [1, 2, 3 + 2, 4, 6], 1e-12)
    board.say("It is the transpose because ⟨A y, x⟩ = ⟨y, Aᵀ x⟩, here and for any x and y:")
    board.check("⟨A y, x⟩", float(_run(down, y) @ x), -2 * 1 + 6 * 2, 1e-12)
    board.check("⟨y, Aᵀ x⟩", float(y @ _run(up, x)), 1 + 0 - 5 + 8 + 6, 1e-12)


def _on_a_line(layer: Conv2D | ConvTranspose2D, width: int) -> Network:
    """A network of one such layer with the kernel (1, 2, 3), for images one pixel high."""
    network = Network((1, width, 1), [layer], rng=None, dtype=np.float64)
    network.theta = np.array([1.0, 2.0, 3.0])
    return network


def _run(network: Network, x: np.ndarray) -> np.ndarray:
    return network.forward(x.reshape(1, 1, -1, 1).astype(float)).ravel().copy()


def teach_adversaries(board: Board, rng: np.random.Generator) -> None:
    """One turn of a critic and of a generator with one weight each."""
    board.say("""The generator has one weight: G(z) = g z with g = ½. The critic has two numbers: D(x) = w x + b with
        w = 2, b = −1. The noise is z = 1, the real sample x = 1, so D(x) = 1 and D(G(z)) = D(½) = 0.""")
    gan = GAN(
        Network(1, [Dense(1, bias=False)], rng=None, dtype=np.float64),
        Network(1, [Dense(1)], BinaryCrossEntropy(), rng=None, dtype=np.float64),
    )
    gan.generator.theta, gan.critic.theta = np.array([0.5]), np.array([2.0, -1.0])

    class One:  # the noise that is always 1
        def standard_normal(self, out: np.ndarray, dtype: object) -> None:
            out.fill(1)

    noise: np.random.Generator = One()  # type: ignore[assignment]
    loss = gan.critic_gradient(np.ones((1, 1)), None, noise)
    a = 1 / (1 + np.exp(-1))  # σ(1)
    board.say("The critic's turn. The targets are 1 for the real sample, 0 for the drawn one:")
    board.equation("""
        L_D   = −log σ(1) − log(1 − σ(0))
        ∂L/∂w = (σ(1) − 1) · 1 + σ(0) · ½
        ∂L/∂b = (σ(1) − 1)     + σ(0)
    """)
    board.check("L_D", loss, -log(a) + log(2), 1e-12)
    board.check("∂L/∂w, ∂L/∂b", gan.critic.gradient, [a - 1 + 0.25, a - 1 + 0.5], 1e-12)
    board.say("""The generator's turn. The drawn sample gets the target 1, and the gradient goes through the critic's
        weight, which stays as it is, into the generator:""")
    board.equation("""
        L_G       = −log σ(0)
        ∂L/∂D     = σ(0) − 1 = −½
        ∂L/∂G(z)  = −½ · w = −1
        ∂L/∂g     = −1 · z = −1
    """)
    board.check("L_G", gan.generator_gradient(1, None, noise), log(2), 1e-12)
    board.check("∂L/∂g", gan.generator.gradient, [-1], 1e-12)


def teach_penalty(board: Board, rng: np.random.Generator) -> None:
    """The gradient penalty of a critic 2-2-1, and its gradient."""
    board.say("""A critic D(x) = max(0, x W₁) W₂ without biases, at x = (1, 1). Both hidden units are active there: x W₁
        = (1, 3). Its slope is to have the length 1, and P = (‖s‖ − 1)² is the penalty.""")
    board.equation("""
        W₁ = ( 1  1 )     W₂ = ( 1 )     s = W₁ W₂ = ( 3 )     ‖s‖ = 5
             ( 0  2 )          ( 2 )                 ( 4 )
    """)
    critic = Network(2, [Dense(2, bias=False), ReLU(), Dense(1, bias=False)], Wasserstein(), rng=None, dtype=np.float64)
    critic.p[0].W[...], critic.p[2].W[...] = [[1, 1], [0, 2]], [[1], [2]]
    x, penalty = np.array([[1.0, 1.0]]), GradientPenalty(critic, 1, 1.0)
    critic.gradient = np.zeros(critic.size)
    board.check("P = (5 − 1)²", penalty(x), 16, 1e-9)
    board.say("""The gradient of P by s is r = 2 (5 − 1) s / 5. It goes forward through the same layers: r W₁ enters
        W₂; and the gradients are products of r with what the backward pass handed on, δ₁ = (1, 2) and δ₂ = 1.""")
    board.equation("""
        r      = 8/5 · (3, 4) = (4.8, 6.4)
        ∂P/∂W₁ = rᵀ δ₁        ∂P/∂W₂ = (r W₁)ᵀ δ₂
    """)
    board.check("∂P/∂W₁", critic.g[0].W, [[4.8, 9.6], [6.4, 12.8]], 1e-9)
    board.check("∂P/∂W₂", critic.g[2].W, [[4.8], [4.8 + 12.8]], 1e-9)


def teach_latent(board: Board, rng: np.random.Generator) -> None:
    """One latent number of a VAE: its draw, its divergence, and the gradient of both."""
    board.say("""An encoder gives μ = 1 and log σ² = log 4, so σ = 2. The noise is ε = ½, so z = μ + σ ε = 2. The
        decoder hands back ∂L/∂z = 2.""")
    moments, noise, dz = np.array([[1.0, log(4)]]), np.array([[0.5]]), np.array([[2.0]])
    z, dmoments, each = np.empty((1, 1)), np.empty((1, 2)), np.empty(1)
    reference.draw_latent(moments, noise, z)
    board.check("z", float(z[0, 0]), 2, 1e-12)
    board.say("How far N(μ, σ²) is from N(0, 1):")
    board.equation("KL = ½ (μ² + σ² − 1 − log σ²) = ½ (1 + 4 − 1 − log 4)")
    reference.normal_divergence(moments, each, z)
    board.check("KL, in nats", float(each[0]), 2 - log(2), 1e-12)
    board.say("The gradient by μ and by v = log σ² has a part from z and a part from KL:")
    board.equation("""
        ∂L/∂μ = ∂L/∂z + μ                        = 2 + 1
        ∂L/∂v = ½ σ ε ∂L/∂z + ½ (σ² − 1)         = 1 + 1.5
    """)
    reference.draw_latent_backward(moments, noise, dz, 1.0, dmoments)
    board.check("∂L/∂μ, ∂L/∂v", dmoments[0], [3, 2.5], 1e-12)


LESSONS = [
    Lesson(
        "transposed-convolution",
        "A convolution backwards: the same kernel, transposed",
        SOURCE,
        teach_transposed,
        requires=("convolution",),
        minutes=15,
    ),
    Lesson(
        "two-adversaries",
        "A GAN of three numbers: one turn of each network",
        SOURCE,
        teach_adversaries,
        requires=("two-two-one-log-loss",),
        minutes=20,
    ),
    Lesson(
        "gradient-penalty",
        "A derivative of a derivative, without a computer",
        SOURCE,
        teach_penalty,
        requires=("two-adversaries", "layer-as-matrix"),
        minutes=25,
    ),
    Lesson(
        "latent-number",
        "One latent number of a variational autoencoder",
        SOURCE,
        teach_latent,
        requires=("chain-rule", "loss"),
        minutes=20,
    ),
]
