"""Programs in NumPy alone, and in JAX, which differentiates the same forward lines by itself."""

import re

from byhand.explaining.programs import (  # noqa: F401  (they register their layers)
    arithmetic,
    attention,
    recurrence,
    scans,
    steps,
    windows,
)
from byhand.explaining.programs.alignment import BEST_PATH, LABEL_PATHS, OCCUPANCY
from byhand.explaining.programs.lines import NetworkLines, batch_shape, layout
from byhand.explaining.programs.objective import objective
from byhand.explaining.programs.setup import ProgramSetup, constants, heading, loading
from byhand.explaining.programs.starts import initial_function
from byhand.explaining.programs.updates import rate_function, update_function
from byhand.losses import CTC
from byhand.network import Network
from byhand.ops.activations import ERFC_POLYNOMIAL
from byhand.schedules import as_schedule

SIGMOID = '''

def sigmoid(z):
    """1 / (1 + e^−z), by tanh, which can't overflow."""
    return 0.5 * (1 + np.tanh(0.5 * z))
'''

DROPOUT = '''

def dropout(rng, rate, shape):
    """Each number is 0 with probability `rate`, else 1 / (1 − rate)."""
    return (rng.random(shape, FLOAT) >= rate) * FLOAT(1 / (1 - rate))
'''

ROTATED = '''

def rotated(z, sign):
    """Pairs (i, i + e/2) of z (n, heads, T, e) turned by the angle sign · t · 10000^(−2i/e) at step t."""
    half = z.shape[3] // 2
    angle = np.arange(z.shape[2])[:, None] * 10000.0 ** (-np.arange(half) / half)
    cos, sin = np.cos(angle).astype(FLOAT), sign * np.sin(angle).astype(FLOAT)
    a, b = z[..., :half], z[..., half:]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)
'''

SINUSOIDS = '''

def sinusoids(steps, k):
    """(steps, k): sin(t · 10000^(−2i/k)) in column 2i, the cosine of the same in column 2i + 1."""
    column = np.arange(k)
    angle = np.arange(steps)[:, None] * 10000.0 ** (-2 * (column // 2) / k)
    return np.where(column % 2 == 1, np.cos(angle), np.sin(angle)).astype(FLOAT)
'''

DROPOUT_JAX = '''

def dropout(rng, rate, shape, layer):
    """Each number is 0 with probability `rate`, else 1 / (1 − rate)."""
    kept = jax.random.bernoulli(jax.random.fold_in(rng, layer), 1 - rate, shape)
    return kept.astype(FLOAT) / (1 - rate)
'''

NORMAL_JAX = '''

def normal_cdf(z):
    """Φ(z), the share of normally distributed numbers below z."""
    return 0.5 * (1 + jax.lax.erf(z / 2**0.5))
'''


def normal_cdf_function() -> str:
    """The function `normal_cdf` in NumPy, which has no error function: an interpolating polynomial, to 1e-15."""
    numbers = ",\n    ".join(repr(c) for c in reversed(ERFC_POLYNOMIAL))
    return f'''

# erfc(x) = t e^(−x²) e^P(t − 5/8) with t = 1 / (1 + x/2), for x from 0 to 6: the coefficients of P, highest first
P = [
    {numbers},
]


def normal_cdf(z):
    """Φ(z) = 1 − ½ erfc(|z|/√2) for z ≥ 0, else ½ erfc(|z|/√2): the share of normally distributed numbers below z."""
    t = 1 / (1 + np.minimum(np.abs(z) * 0.125**0.5, 3))
    tail = 0.5 * t * np.exp(np.polyval(P, t - 0.625) - 0.5 * z**2)
    return np.where(z > 0, 1 - tail, tail).astype(FLOAT)
'''


def in_numpy(network: Network, setup: ProgramSetup) -> tuple[str, dict[str, str]]:
    """The program, and what each parameter is called in it."""
    lines = NetworkLines(network, "numpy", setup.padded)
    goal = objective(network, lines.y)
    notes = (
        "Samples are rows, n of them in a batch; dz1 stands for ∂L/∂z1, and g holds ∂L/∂p for every parameter in p. "
        "Each line says in its comment which shapes go in and come out. Nothing but NumPy is needed."
    )
    backward = layout([*goal.gradient, *lines.backward])
    compute = f'''

def compute(p, s, x, t=None, rng=None):
    """The output for x {batch_shape(network.input_shape)}; with targets t the loss and the gradient by each parameter.

    rng is the generator of whatever is random in training; None outside training.
    """
    n = len(x)

    # forward
{layout(lines.forward)}
{layout(goal.activation)}
    if t is None:
        return {goal.output}

    # loss
{layout(goal.loss)}

    # backward
    g = {{}}
{backward}
    return L, g
'''
    helpers = _helpers(lines, compute)
    parts = [
        heading(network, setup, notes, "NumPy"),
        "\nimport numpy as np\n\nFLOAT = np.float32  # of all numbers; np.float64 to check derivatives\n",
        constants(setup),
        *helpers,
        initial_function(network, lines),
        _tidy(compute),
        update_function(setup.optimizer, setup.regularizers),
        rate_lines(setup),
        loading(network, setup),
        _training("L, g = compute(p, s, x[rows], t[rows], rng)", when_rate_changes(setup)),
        closing_function(network, setup),
    ]
    return "".join(parts), lines.names


def in_jax(network: Network, setup: ProgramSetup) -> tuple[str, dict[str, str]]:
    """The program, and what each parameter is called in it."""
    lines = NetworkLines(network, "jax", setup.padded)
    goal = objective(network, lines.y)
    notes = (
        "Samples are rows, n of them in a batch. Each line says in its comment which shapes go in and come out; JAX "
        "derives the backward pass. NumPy reads the data and draws the first parameters."
    )
    compute = f'''

def compute(p, s, x, t=None, rng=None):
    """The output for x {batch_shape(network.input_shape)}; with targets t the loss and the numbers s.

    rng is the key of whatever is random in training; None outside training.
    """
    n, s = len(x), dict(s)
{layout(lines.forward)}
{layout(goal.activation)}
    if t is None:
        return {goal.output}
{layout(goal.loss)}
    return L, s


gradient = jax.jit(jax.value_and_grad(compute, has_aux=True))
'''
    step = """key = jax.random.key(step)
            (L, kept), g = gradient(p, s, x[rows], t[rows], key)
            s.update(kept)"""
    arithmetic_ = _jnp("".join([*_helpers(lines, compute), _tidy(compute)]))
    updating = _jnp(update_function(setup.optimizer, setup.regularizers))
    parts = [
        heading(network, setup, notes, "JAX"),
        "\nimport jax\nimport jax.numpy as jnp\nimport numpy as np\n\n",
        "FLOAT = np.float32  # of all numbers; np.float64, after jax.config.update, to check derivatives\n",
        constants(setup),
        initial_function(network, lines),
        arithmetic_,
        updating,
        rate_lines(setup),
        loading(network, setup),
        _training(step, when_rate_changes(setup)),
        closing_function(network, setup),
    ]
    return "".join(parts), lines.names


def _jnp(text: str) -> str:
    return re.sub(r"\bnp\.", "jnp.", text)


def _tidy(text: str) -> str:
    """Without empty lines at the places where a network has nothing."""
    return re.sub(r"\n\n    if t is None", "\n    if t is None", text)


def _helpers(lines: NetworkLines, compute: str) -> list[str]:
    jax = lines.language == "jax"
    return [
        *([ROTATED] if "rotated(" in compute else []),
        *([SINUSOIDS] if "sinusoids(" in compute else []),
        *([SIGMOID] if "sigmoid(" in compute else []),
        *([NORMAL_JAX if jax else normal_cdf_function()] if "normal_cdf(" in compute else []),
        *([DROPOUT_JAX if jax else DROPOUT] if "dropout(" in compute else []),
        *([LABEL_PATHS] if "label_paths(" in compute else []),
        *([OCCUPANCY] if "occupancy(" in compute else []),
    ]


def when_rate_changes(setup: ProgramSetup) -> str:
    """The argument of `learning_rate` within an epoch."""
    return "epoch + start / len(x)" if as_schedule(setup.optimizer.learning_rate).per_step else "epoch"


def rate_lines(setup: ProgramSetup) -> str:
    """The function `learning_rate`."""
    schedule = as_schedule(setup.optimizer.learning_rate)
    found = rate_function(schedule)
    if found is None:  # it follows the training's figures
        text = "The learning rate, before anything lowers it."
        return f'\n\ndef learning_rate(epoch):\n    """{text}"""\n    return {schedule(0, 1)}\n'
    return found


def _training(step: str, when: str) -> str:
    return f'''

def train(x, t, rng):
    """Train for EPOCHS epochs; returns p and s."""
    p, s = initial(rng)
    memory, step, batch = {{}}, 0, BATCH or len(x)
    for epoch in range(EPOCHS):
        order, total = rng.permutation(len(x)), 0.0
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            {step}
            step += 1
            update(p, g, memory, step, learning_rate({when}))
            total += float(L) * len(rows)
        print(f"epoch {{epoch + 1}}: loss {{total / len(x):.4f}}", flush=True)
    return p, s
'''


def closing_function(network: Network, setup: ProgramSetup, answers: str = "") -> str:
    """The function `measure` and what runs all; `answers` are the lines that compute y where a `network` does."""
    reading = ""
    if isinstance(network.loss, CTC):
        right = "np.array_equal(read(p), label[label >= 0]) for p, label in zip(y, t, strict=True)"
        figure, word, reading = f"np.mean([{right}])", "share of labels read without a mistake", BEST_PATH
    elif network.task == "numbers":
        figure, word = "np.sqrt(np.mean((y - t.reshape(y.shape)) ** 2))", "root mean squared error"
    else:
        half = 0 if answers and network.loss.activation else 0.5  # of logits, or of probabilities
        answer = f"(y[..., 0] >= {half})" if network.outputs == 1 else "y.argmax(axis=-1)"
        figure, word = f"np.mean({answer} == t)", "accuracy"
    model, first = (
        ("network", "network = train(x, t)") if answers else ("p, s", "p, s = train(x, t, np.random.default_rng(0))")
    )
    answers = answers or (
        "    y = np.concatenate([np.asarray(compute(p, s, x[i : i + 500])) for i in range(0, len(x), 500)])"
    )
    return f'''{reading}

def measure({model}, x, t):
    """The {word} on samples x with targets t."""
{answers}
    return {figure}


if __name__ == "__main__":
    (x, t), (x_test, t_test) = load()
    {first}
    print(f"{word} on the test samples: {{measure({model}, x_test, t_test):.4f}}")
'''
