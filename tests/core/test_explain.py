"""What a network says about itself: equations in order, with the right shapes, numbers and well-formed LaTeX."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

from byhand import (
    ELU,
    MSE,
    BatchNorm,
    BinaryCrossEntropy,
    ByhandError,
    CategoricalCrossEntropy,
    Dense,
    Dropout,
    Flatten,
    LayerNorm,
    LeakyReLU,
    Network,
    Normal,
    QuadraticCost,
    ReLU,
    Residual,
    Sigmoid,
    Softmax,
    Step,
    Tanh,
)
from byhand.explaining.explain import activation_functions, trace
from byhand.explaining.explain import lines as equations

LOSSES = [QuadraticCost(), MSE(), BinaryCrossEntropy(), CategoricalCrossEntropy()]
BLOCK = Residual([LayerNorm(), Dense(4), ReLU(), Dropout(0.5), Residual([Dense(4), BatchNorm(), Tanh()]), Dense(5)])
OTHERS = [Dropout(0.3), BatchNorm(), LayerNorm(), Residual([Tanh()]), Residual([Residual([Dense(5)])]), BLOCK]
ACTIVATIONS = [Step(), Sigmoid(), Tanh(), ReLU(), LeakyReLU(0.1), ELU(0.5), Softmax()]


def test_784_30_10_in_words():
    network = Network(784, [Dense(30), Sigmoid(), Dense(10)], CategoricalCrossEntropy())
    lines = [" ".join(line.split()) for line in network.explain().splitlines()]
    assert lines == [
        "a0 is the input (n × 784), t the targets (n × 10); n samples, one a row",
        "",
        "Forward",
        "z1 = a0 W1 + b1 a0 (n × 784), W1 (784 × 30), b1 (30) → (n × 30)",
        "a1 = σ(z1) = 1 / (1 + e^−z1) z1 (n × 30) → (n × 30)",
        "z2 = a1 W2 + b2 a1 (n × 30), W2 (30 × 10), b2 (10) → (n × 10)",
        "",
        "Loss",
        "a2 = softmax(z2) = e^z2 / Σⱼ e^z2[j] z2 (n × 10) → (n × 10)",
        "L = −(1/n) Σᵢⱼ t log a2 t (n × 10), a2 (n × 10) → number",
        "",
        "Backward (dW means ∂L/∂W)",
        "dz2 = (a2 − t) / n a2 (n × 10), t (n × 10) → (n × 10)",
        "dW2 = a1ᵀ dz2 a1 (n × 30), dz2 (n × 10) → (30 × 10)",
        "db2 = Σᵢ dz2[i] dz2 (n × 10) → (10)",
        "da1 = dz2 W2ᵀ dz2 (n × 10), W2 (30 × 10) → (n × 30)",
        "dz1 = da1 ⊙ a1 ⊙ (1 − a1) da1 (n × 30), a1 (n × 30) → (n × 30)",
        "dW1 = a0ᵀ dz1 a0 (n × 784), dz1 (n × 30) → (784 × 30)",
        "db1 = Σᵢ dz1[i] dz1 (n × 30) → (30)",
        "",
        "Update (η is the learning rate; θ all W and b, g all dW and db)",
        "θ ← θ − η g",
    ]


def test_784_30_10_in_latex():
    lines = Network(784, [Dense(30), ReLU(), Dense(10)], QuadraticCost()).explain(latex=True).splitlines()
    assert lines[0] == r"\begin{aligned}"
    assert lines[-1] == r"\end{aligned}"
    assert lines[1] == r"z^{[1]} &= a^{[0]} W^{[1]} + b^{[1]} && (n \times 30) \\"
    gradients = [line.split(" &= ")[0] for line in lines if line.startswith(r"\frac{\partial L}")]
    names = ["z^{[2]}", "W^{[2]}", "b^{[2]}", "a^{[1]}", "z^{[1]}", "W^{[1]}", "b^{[1]}"]
    assert gradients == [rf"\frac{{\partial L}}{{\partial {name}}}" for name in names]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS[1:], ids=str)
def test_traced_gradients_are_the_networks(activation, loss):
    rng = np.random.default_rng(0)
    layers = [Flatten(), Dense(4, biases=Normal()), activation, Dense(5), activation, Dense(3)]
    network = Network((3, 2), layers, loss, rng=1, dtype=np.float64)
    x, t = rng.standard_normal((7, 3, 2)), np.eye(3)[rng.integers(0, 3, 7)]
    theta = network.theta.copy()
    values = trace(network, x, t)
    output = network.forward(x)
    np.testing.assert_array_equal(values["z3"], output)
    assert values["L"] == pytest.approx(network.backward(t), rel=1e-14)
    for number, i in enumerate((1, 3, 5), start=1):
        for name in ("W", "b"):
            np.testing.assert_array_equal(values[f"{name}{number}"], getattr(network.p[i], name))
            ours = getattr(network.g[i], name)
            np.testing.assert_allclose(values[f"d{name}{number}"], ours, rtol=1e-13, atol=1e-16)
    np.testing.assert_array_equal(network.theta, theta)


def test_a_residual_block_in_words():
    layers = [Dense(5), Residual([ReLU(), Residual([Dropout(0.2), Dense(5)])]), BatchNorm()]
    text = Network(5, layers, QuadraticCost()).explain().splitlines()
    lines = [line.split("   ")[0].strip() for line in text if line.startswith("  ")]
    assert lines == [
        "z1 = a0 W1 + b1",
        "a1 = max(0, z1)",
        "r1 = 0 with probability rate, else 1 / (1 − rate), for each number",
        "a1′′ = a1 ⊙ r1",
        "z2 = a1′′ W2 + b2",
        "a2 = a1 + z2",
        "a2′ = z1 + a2",
        "m3 = (1/n) Σᵢ a2′[i]",
        "v3 = (1/n) Σᵢ (a2′[i] − m3)²",
        "u3 = (a2′ − m3) / √(v3 + ε)",
        "z3 = γ3 ⊙ u3 + β3",
        "L = (1/n) Σᵢ ½ ‖z3[i] − t[i]‖²",
        "dz3 = (z3 − t) / n",
        "dγ3 = Σᵢ dz3[i] ⊙ u3[i]",
        "dβ3 = Σᵢ dz3[i]",
        "da2′ = γ3 / √(v3 + ε) ⊙ (dz3 − (dβ3 + u3 ⊙ dγ3) / n)",
        "da2 = da2′",
        "dz2 = da2",
        "dW2 = a1′′ᵀ dz2",
        "db2 = Σᵢ dz2[i]",
        "da1′′ = dz2 W2ᵀ",
        "da1′ = da1′′ ⊙ r1",
        "da1 = da2 + da1′",
        "dz1′ = da1 ⊙ [a1 > 0]",
        "dz1 = da2′ + dz1′",
        "dW1 = a0ᵀ dz1",
        "db1 = Σᵢ dz1[i]",
        "θ ← θ − η g",
    ]
    assert text[-2] == "Update (η is the learning rate; θ all W, b, γ and β, g all dW, db, dγ and dβ)"


@pytest.mark.parametrize("other", OTHERS, ids=lambda layer: layer.label())
def test_traced_numbers_satisfy_the_equations_of_what_is_no_activation(other):
    rng = np.random.default_rng(0)
    layers = [other, Dense(5), other, Tanh(), Dense(3)]
    network = Network(5, layers, CategoricalCrossEntropy(), rng=1, dtype=np.float64)
    network.theta += 0.1 * rng.standard_normal(network.size)
    x, t = rng.standard_normal((7, 5)), np.eye(3)[rng.integers(0, 3, 7)]
    state = network.state.copy()
    values = trace(network, x, t)
    np.testing.assert_array_equal(network.state, state)
    shown, checked = network.explain(x, t), 0
    for line in equations(network):
        assert f"{line.target} = " in shown
        if line.target in values and line.equation.text in FORMULAS:
            names = {key: values[name] for key, name in line.names.items() if name in values}
            wanted = FORMULAS[line.equation.text](SimpleNamespace(**names))
            np.testing.assert_allclose(values[line.target], wanted, rtol=1e-9, atol=1e-12, err_msg=line.target)
            checked += 1
    assert checked >= 6
    network.forward(x, rng=np.random.default_rng(0))
    network.backward(t)
    for p in network.arena.parameters:
        assert any(np.array_equal(p.view(network.gradient), value) for value in values.values()), p.full_name


FORMULAS = {  # what the equations of these layers say, computed anew from the traced numbers
    "$x ⊙ $r": lambda v: v.x * v.r,
    "$dy ⊙ $r": lambda v: v.dy * v.r,
    "(1/n) Σᵢ $x[i]": lambda v: v.x.mean(axis=0),
    "(1/n) Σᵢ ($x[i] − $m)²": lambda v: v.x.var(axis=0),
    "(1/k) Σⱼ $x[j]": lambda v: v.x.mean(axis=1, keepdims=True),
    "(1/k) Σⱼ ($x[j] − $m)²": lambda v: v.x.var(axis=1, keepdims=True),
    "($x − $m) / √($v + ε)": lambda v: (v.x - v.m) / np.sqrt(v.v + 1e-5),
    "$gamma ⊙ $u + $beta": lambda v: v.gamma * v.u + v.beta,
    "Σᵢ $dy[i] ⊙ $u[i]": lambda v: (v.dy * v.u).sum(axis=0),
    "$gamma ⊙ $dy": lambda v: v.gamma * v.dy,
    "$gamma / √($v + ε) ⊙ ($dy − ($dbeta + $u ⊙ $dgamma) / n)": lambda v: (
        v.gamma / np.sqrt(v.v + 1e-5) * (v.dy - v.dbeta / 7 - v.u * v.dgamma / 7)
    ),
    "($du − (1/k) Σⱼ $du[j] − $u (1/k) Σⱼ $du[j] $u[j]) / √($v + ε)": lambda v: (
        (v.du - v.du.mean(axis=1, keepdims=True) - v.u * (v.du * v.u).mean(axis=1, keepdims=True)) / np.sqrt(v.v + 1e-5)
    ),
    "$x + $F": lambda v: v.x + v.F,
    "$dy + $d0": lambda v: v.dy + v.d0,
    "$x $W + $b": lambda v: v.x @ v.W + v.b,
    "$dy $Wᵀ": lambda v: v.dy @ v.W.T,
}


@pytest.mark.parametrize("other", OTHERS, ids=lambda layer: layer.label())
def test_latex_of_what_is_no_activation_parses(other):
    layers = [Dense(5), other, other, Dense(3), BatchNorm()]
    lines = Network(5, layers, QuadraticCost()).explain(latex=True).splitlines()
    assert len(lines) > 20
    for line in lines[1:-1]:
        parse(line)


def test_numbers_of_one_sample_are_shown():
    network = Network(2, [Dense(2), Sigmoid(), Dense(1)], BinaryCrossEntropy(), rng=None, dtype=np.float64)
    network.p[0].W[...] = [[1, 2], [3, 4]]
    network.p[2].W[...] = [[1], [-1]]
    text = network.explain([[1.0, 0.5]], [1])
    for shown in (
        "z1 = [[2.5 4. ]]",
        "a1 = [[0.9241 0.982 ]]",
        "z2 = [[-0.0579]]",
        "a2 = [[0.4855]]",
        "dz2 = [[-0.5145]]",
    ):
        assert shown in text
    a1, a2 = 1 / (1 + np.exp(-np.array([2.5, 4]))), 1 / (1 + np.exp(0.0579))
    assert f"L = {-np.log(a2):.4f}" in text
    assert f"dW2 = [[{(a2 - 1) * a1[0]:.4f}]" in text
    assert "da0" not in text  # nobody learns from it


def test_names_are_never_given_twice():
    layers = [ReLU(), Tanh(), Dense(3), Sigmoid(), Tanh(), Softmax(), Dense(2)]
    network = Network(4, layers, MSE())
    targets = [line.split(" = ")[0].strip() for line in network.explain().splitlines() if " = " in line]
    assert len(targets) == len(set(targets)), targets
    assert set(trace(network, np.ones((2, 4)), np.ones((2, 2)))) >= set(targets)


# ---- LaTeX ------------------------------------------------------------------------------------------------------

UNKNOWN = {
    r"\left": "",
    r"\right": "",
    r"\le ": r"\leq ",
    r"\textstyle": "",
    r"\tfrac12": r"\frac{1}{2}",
    r"\frac1n": r"\frac{1}{n}",
}


@cache
def parse(line):
    """Let matplotlib's parser read one line; it refuses what TeX would, double superscripts too."""
    for known, other in UNKNOWN.items():
        line = line.replace(known, other)
    MathTextParser("path").parse(f"${line.replace('&', ' ').removesuffix(chr(92) * 2)}$")


@pytest.mark.parametrize("broken", [r"W^{[1]}^\top", r"a_1_2", r"\frac{a}{b", r"\nonsense x"])
def test_the_parser_refuses_what_tex_would(broken):
    with pytest.raises(ValueError):
        parse(broken)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_latex_of_every_layer_and_loss_parses(activation, loss):
    # Each activation after an image, after weights, after itself, and last.
    first = [] if isinstance(activation, Softmax) else [activation]
    last = [] if loss.activation == "softmax" and isinstance(activation, Softmax) else [activation]
    layers = [*first, Flatten(), activation, Dense(4), activation, activation, Dense(3), *last]
    lines = Network((2, 3), layers, loss).explain(latex=True).splitlines()
    assert len(lines) > (12 if isinstance(activation, Step) else 15)
    for line in lines[1:-1]:
        parse(line)


def test_latex_with_numbers():
    network = Network(2, [Dense(1)], BinaryCrossEntropy(), rng=None)
    lines = network.explain([[1, 2]], [1], latex=True).splitlines()
    assert r"&= \begin{bmatrix} 0 \end{bmatrix} \\" in lines
    assert rf"&= {np.log(2):.6g} \\" in lines
    assert r"&= \begin{bmatrix} -0.5 \\ -1 \end{bmatrix} \\" in lines  # dW = xᵀ (a − t)


# ---- pictures and refusals --------------------------------------------------------------------------------------


def test_activation_functions_and_their_slopes():
    functions = activation_functions()
    assert set(functions) == {"Step", "Sigmoid", "Tanh", "ReLU", "LeakyReLU(0.1)", "ELU(1)"}
    x, h = np.array([-3.0, -0.5, 0.25, 2.0]), 1e-6
    for f, slope in functions.values():
        np.testing.assert_allclose(slope(x), (f(x + h) - f(x - h)) / (2 * h), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    ("x", "t"),
    [([[1, 2, 3]], [1]), ([[1, 2]], [3]), ([[1, np.nan]], [1]), ([[1, 2]], [[0.5, 0.7]]), ([[1, 2]], [0, 1])],
)
def test_explain_refuses_what_does_not_fit(x, t):
    network = Network(2, [Dense(2)], CategoricalCrossEntropy())
    with pytest.raises(ByhandError):
        network.explain(x, t)


def test_a_network_with_a_step_shows_its_forward_numbers():
    network = Network(2, [Dense(1), Step()], MSE(), rng=None)
    network.p[0].W[...] = -2
    network.p[0].b[...] = 3
    assert "a1 = [[1.]]" in network.explain([[0.0, 1.0]], [1])
