"""What optimisers have in common: weight decay, state, float32, no allocation; and what tells each from the others.

That each follows its formula is tested in test_contract.py, that it agrees with PyTorch in test_pytorch.py.
"""

import tracemalloc
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from byhand import (
    AdaGrad,
    Adam,
    AdamW,
    ByhandError,
    CategoricalCrossEntropy,
    Constant,
    Dense,
    GradientDescent,
    Lion,
    Momentum,
    NAdam,
    Nesterov,
    Network,
    RMSprop,
    Tanh,
    fit,
)
from byhand.ops import reference
from byhand.optimizers import Optimizer

PLAIN = [GradientDescent(), Momentum(), Nesterov(), AdaGrad(), RMSprop(), Adam(), NAdam()]
DECOUPLED = [AdamW(weight_decay=0.0), Lion()]
VARIANTS = [RMSprop(momentum=0.9), RMSprop(centred=True), RMSprop(momentum=0.9, centred=True)]
DECAYING = [replace(optimizer, weight_decay=0.1) for optimizer in [*PLAIN, *VARIANTS, *DECOUPLED]]
ALL = [*PLAIN, *VARIANTS, *DECOUPLED, *DECAYING]

each = pytest.mark.parametrize("optimizer", ALL, ids=str)


def run(optimizer, gradients, theta, weights=None, rate=0.1):
    """θ after following these gradients."""
    theta = np.array(theta)
    state = optimizer.state(len(theta), theta.dtype, weights)
    for t, g in enumerate(gradients, 1):
        optimizer.step(reference, theta, g, state, t, rate)
    return theta


@pytest.fixture
def gradients():
    return np.random.default_rng(0).standard_normal((6, 5))


START = np.array([1.0, -2.0, 3.0, -4.0, 5.0])


# ---- weight decay -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [*PLAIN, *VARIANTS], ids=str)
def test_l2_is_the_gradient_of_half_the_squared_weights(optimizer, gradients):
    decaying = replace(optimizer, weight_decay=0.3)
    theta, by_hand = START.copy(), START.copy()
    state, plain = decaying.state(5, np.float64, 3), optimizer.state(5, np.float64)
    for t, g in enumerate(gradients, 1):
        penalty = 0.3 * by_hand * [1, 1, 1, 0, 0]  # three weights, two biases
        decaying.step(reference, theta, g, state, t, 0.1)
        optimizer.step(reference, by_hand, g + penalty, plain, t, 0.1)
        np.testing.assert_allclose(theta, by_hand, rtol=1e-13)


@pytest.mark.parametrize("optimizer", [*DECOUPLED, AdamW(beta1=0.5, weight_decay=0.0)], ids=str)
def test_decoupled_decay_shrinks_weights_before_the_plain_step(optimizer, gradients):
    decaying = replace(optimizer, weight_decay=0.3)
    theta, by_hand = START.copy(), START.copy()
    state, plain = decaying.state(5, np.float64, 3), optimizer.state(5, np.float64)
    for t, g in enumerate(gradients, 1):
        by_hand[:3] *= 1 - 0.1 * 0.3
        decaying.step(reference, theta, g, state, t, 0.1)
        optimizer.step(reference, by_hand, g, plain, t, 0.1)
        np.testing.assert_allclose(theta, by_hand, rtol=1e-13)


def test_adam_and_adamw_differ_by_more_than_the_name(gradients):
    large = gradients * [1000, 1, 1, 1, 1]  # whose own weight hardly decays under Adam
    by = {kind: run(kind(weight_decay=0.5), large, START) - run(kind(weight_decay=0.0), large, START)
          for kind in (Adam, AdamW)}  # fmt: skip
    assert abs(by[Adam][0]) < 0.01 < 0.2 < abs(by[AdamW][0])


@pytest.mark.parametrize("optimizer", DECAYING, ids=str)
def test_biases_never_decay_and_in_training_the_network_says_which_they_are(optimizer):
    network = Network(4, [Dense(3), Tanh(), Dense(2)], CategoricalCrossEntropy(), dtype=np.float64)
    network.theta[:] = 1
    seen = {}

    def spy(theta, g, out, decay, weights):
        seen["weights"] = weights
        reference.decay_gradient(theta, g, out, decay, weights)

    network.ops = SimpleNamespace(**vars(reference) | {"decay_gradient": spy})
    fit(network, np.zeros((1, 4)), [0], optimizer=replace(optimizer, learning_rate=0.1), epochs=1, progress=False)
    if optimizer.decoupled:
        # x = 0: the first layer's weights have no gradient, so all that moves them is the decay.
        np.testing.assert_allclose(network.p[0].W, 1 - 0.1 * 0.1, rtol=1e-12)
    else:
        assert seen["weights"] == 4 * 3 + 3 * 2


# ---- all of them ------------------------------------------------------------------------------------------------


@each
def test_the_gradient_is_only_read(optimizer, gradients):
    kept = gradients.copy()
    run(optimizer, gradients, START, weights=3)
    np.testing.assert_array_equal(gradients, kept)


@each
def test_a_rate_of_zero_changes_nothing(optimizer, gradients):
    np.testing.assert_array_equal(run(optimizer, gradients, START, rate=0.0), START)


@each
def test_a_later_rate_counts(optimizer, gradients):
    """The rate comes from outside at each step; the optimiser's own is not looked at."""
    other = replace(optimizer, learning_rate=Constant(77.0))
    np.testing.assert_array_equal(run(optimizer, gradients, START), run(other, gradients, START))
    assert not np.allclose(run(optimizer, gradients, START), run(optimizer, gradients, START, rate=0.05))


@each
def test_the_state_is_all_there_is_to_remember(optimizer, gradients):
    """A run that was cut in two, its state copied as arrays, ends in the same bits."""
    whole = run(optimizer, gradients, START, weights=3)
    theta, state = START.copy(), optimizer.state(5, np.float64, 3)
    for t in (1, 2, 3):
        optimizer.step(reference, theta, gradients[t - 1], state, t, 0.1)
    saved = {name: np.array(vector) for name, vector in state.items()}
    state = optimizer.state(5, np.float64, 3)
    for name, vector in state.items():
        vector[...] = saved[name]
    for t in (4, 5, 6):
        optimizer.step(reference, theta, gradients[t - 1], state, t, 0.1)
    np.testing.assert_array_equal(theta, whole)


@each
def test_float32_stays_float32_and_near_float64(optimizer, gradients):
    single = run(optimizer, gradients.astype(np.float32), START.astype(np.float32), weights=3)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, run(optimizer, gradients, START, weights=3), rtol=2e-5)


@each
def test_training_in_float32_makes_the_loss_small(optimizer):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = (rng.standard_normal((90, 4)) + 2 * np.eye(4)[y]).astype(np.float32)
    network = Network(4, [Dense(8), Tanh(), Dense(3)], CategoricalCrossEntropy(), rng=0)
    rates = {GradientDescent: 0.3, Momentum: 0.05, Nesterov: 0.05, AdaGrad: 0.1, Lion: 0.003}
    optimizer = replace(
        optimizer,
        learning_rate=rates.get(type(optimizer), 0.01),
        weight_decay=min(optimizer.weight_decay, 1e-3),
    )
    history = fit(network, x, y, optimizer=optimizer, epochs=20, batch_size=10, progress=False)
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["accuracy"][-1] > 0.8
    assert np.isfinite(network.theta).all() and network.theta.dtype == np.float32


@each
def test_no_step_allocates_an_array(optimizer):
    size = 50_000
    rng = np.random.default_rng(0)
    theta, g = (rng.standard_normal(size).astype(np.float32) for _ in range(2))
    state = optimizer.state(size, np.float32, size - 1000)
    optimizer.step(reference, theta, g, state, 1, 0.1)
    tracemalloc.start()
    try:
        for t in range(2, 6):
            optimizer.step(reference, theta, g, state, t, 0.1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000


# ---- what tells them apart --------------------------------------------------------------------------------------


def test_momentum_reaches_one_over_one_minus_mu_times_as_far():
    steps = run(Momentum(momentum=0.8), np.ones((200, 1)), [0.0]) - run(
        Momentum(momentum=0.8), np.ones((199, 1)), [0.0]
    )
    np.testing.assert_allclose(steps, -0.1 / (1 - 0.8))


def test_nesterov_settles_sooner_than_momentum_in_a_bowl():
    def left(optimizer):
        theta, state = np.ones(1), optimizer.state(1, np.float64)
        far = []
        for t in range(1, 61):
            optimizer.step(reference, theta, theta.copy(), state, t, 0.1)  # the gradient of ½θ²
            far.append(abs(float(theta[0])))
        return max(far[-10:])

    assert left(Nesterov()) < left(Momentum()) / 2


def test_adagrad_never_forgets_and_rmsprop_does():
    gradients = np.concatenate([np.full((50, 1), 100.0), np.full((50, 1), 1.0)])

    def last(optimizer):
        return float((run(optimizer, gradients[:-1], [0.0]) - run(optimizer, gradients, [0.0]))[0])

    assert last(AdaGrad()) == pytest.approx(0.1 / np.sqrt(50 * 100**2 + 50))
    assert last(RMSprop(rho=0.5)) == pytest.approx(0.1)


def test_centred_rmsprop_is_never_the_root_of_a_negative_number():
    same = np.tile(np.linspace(0.1, 0.9, 99, dtype=np.float32), (300, 1))  # v − m² goes to zero, and rounds below it
    assert np.isfinite(run(RMSprop(centred=True, epsilon=1.0), same, np.zeros(99, np.float32))).all()


def test_every_step_of_lion_is_as_long_as_the_rate(gradients):
    path = [run(Lion(), gradients[:k], START) for k in range(7)]
    np.testing.assert_allclose(np.abs(np.diff(path, axis=0)), 0.1, rtol=1e-12)


def test_rmsprop_allocates_only_what_its_variant_needs():
    assert set(RMSprop().state(3, float)) == {"v", "scratch"}
    assert set(RMSprop(centred=True, momentum=0.5).state(3, float)) == {"v", "scratch", "mean", "velocity"}
    assert set(AdamW().state(3, float)) == {"m", "v", "scratch", "weights"}


MISTAKES = {
    "momentum of one": (lambda: Momentum(momentum=1.0), "momentum"),
    "negative momentum": (lambda: Nesterov(momentum=-0.1), "momentum"),
    "rate as text": (lambda: AdaGrad("fast"), "learning rate"),
    "negative decay": (lambda: GradientDescent(weight_decay=-1e-4), "weight_decay"),
    "infinite decay": (lambda: AdamW(weight_decay=float("inf")), "weight_decay"),
    "rho of one": (lambda: RMSprop(rho=1), "rho"),
    "negative epsilon": (lambda: AdaGrad(epsilon=-1), "epsilon"),
    "beta of one": (lambda: Lion(beta2=1), "beta2"),
    "negative warm-up": (lambda: NAdam(momentum_decay=-1), "momentum_decay"),
}


@pytest.mark.parametrize(("call", "word"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(call, word):
    with pytest.raises(ByhandError, match=word):
        call()


def test_ones_own_optimiser_in_ten_lines():
    @dataclass(frozen=True)
    class SignDescent(Optimizer):
        learning_rate: float = 0.01

        def step(self, ops, theta, g, state, t, rate):
            np.sign(g, out=state["scratch"])
            theta -= rate * state["scratch"]

    network = Network(2, [Dense(2)], CategoricalCrossEntropy())
    history = fit(network, np.eye(2), [0, 1], optimizer=SignDescent(), epochs=50, progress=False)
    assert history["loss"][-1] < 0.5 * history["loss"][0]
