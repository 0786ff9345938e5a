"""Tests for your own layers and losses.

    >>> from byhand.testing import check_layer
    >>> check_layer(MyLayer(3), in_shape=5)

Everything runs in float64, in arrays that are filled with NaN beforehand, which reveals numbers that are read before
they are written, or added to instead of overwritten. Derivatives are compared with central differences under a random
upstream gradient; a derivative is wrong where it differs by more than a millionth of the largest number of its array.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from byhand.core.arena import Arena
from byhand.core.chains import bind, make_pass
from byhand.core.errors import ByhandError
from byhand.core.passes import LossPass, Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.layers import Layer
from byhand.layers.base import plan_layer
from byhand.losses import Loss
from byhand.ops import reference

GRADIENT_TOLERANCE = 1e-6
STEP = 1e-5  # of the central differences: truncation near 1e-10, rounding near 1e-11
KINK = 1e-3  # slopes left and right of a point that differ by more than this share: a kink, not compared


def check_layer(
    layer: Layer,
    in_shape: int | Shape,
    *,
    gradient: bool = True,
    rows: Sequence[int] = (1, 3, 7),
    rng: np.random.Generator | int = 0,
    ops: Any = reference,
    mask: bool = False,
) -> None:
    """Check `layer` on inputs (n, *in_shape) for every n in `rows`.

    Args:
        layer: the layer.
        in_shape: the shape of one sample.
        gradient: whether to check the gradients; False for a layer without any, such as Step.
        rows: batch sizes.
        rng: a generator, or a seed for one, of inputs, parameters and upstream gradient.
        ops: the table of operations.
        mask: whether to check sequences (T, k) under a mask, too.

    Raises:
        AssertionError: a quantity is wrong; the message says which, at which index, and by how much.
    """
    rng = np.random.default_rng(rng)
    shape = (in_shape,) if isinstance(in_shape, int) else tuple(in_shape)
    plan = plan_layer(layer, shape)
    starts, named = set(layer.initializers()), {*plan.params, *plan.state}
    _claim(starts == named, f"{layer.label()}: plan names {named}, initializers {starts}")
    for n in rows:
        for masked in (False, True) if mask else (False,):
            bench = _Bench(layer, shape, n, rng, ops, masked)
            bench.check_forward()
            if gradient:
                bench.check_backward()


def alone(plan: Plan) -> Plan:
    """The plan of a layer by itself: what it would share with others is its own."""
    own = {name: shape for name, (_, shape) in plan.shared.items()}
    return replace(plan, params={**plan.params, **own}, shared={})


class _Bench:
    """One layer with n samples, its parameters, and a random upstream gradient."""

    def __init__(self, layer: Layer, in_shape: Shape, n: int, rng: np.random.Generator, ops: Any, mask: bool):
        self.layer, self.ops, self.n, self.plan = layer, ops, n, alone(plan_layer(layer, in_shape))
        self.name = f"{layer.label()} with {n} rows{' and a mask' if mask else ''}"
        vocabulary = getattr(layer, "vocabulary", 0)
        tokens = layer.takes == "tokens"
        self.x = rng.integers(vocabulary, size=(n, *in_shape)) if tokens else rng.standard_normal((n, *in_shape))
        self.mask = rng.integers(1, in_shape[0] + 1, (n, 1)) > np.arange(in_shape[0]) if mask else None
        self.arena, state_arena = Arena([self.plan]), Arena([self.plan], "state")
        self.theta, self.state = np.empty(self.arena.size), np.empty(state_arena.size)
        (self.p,) = state_arena.views(self.state, into=self.arena.views(self.theta))
        layer.initialize(rng, self.p)
        self.theta[...] = rng.standard_normal(self.arena.size)
        self.first_state = self.state.copy()
        self.params = {p.full_name[2:]: p.view(self.theta) for p in self.arena.parameters}
        self.upstream = rng.standard_normal((n, *self.plan.out_shape))

    def forward(self, x: Array, y: Array | None = None) -> Pass:
        """The pass; output and cache were NaN before, state and generator are the same each time."""
        at = make_pass(self.plan, self.n, _poisoned, share=False)
        bind(at, self.p, self.arena.views(self.theta)[0])
        at.x, at.y = x, _poisoned((self.n, *self.plan.out_shape)) if y is None else y
        at.rng, at.mask = np.random.default_rng(0), self.mask
        self.state[...] = self.first_state
        self._run(self.layer.forward, at)
        return at

    def backward(self, at: Pass, fill: float, want_dx: bool = True) -> dict[str, Array]:
        """The gradients by name, all `fill` before; x, y, dy and parameters must stay as they are."""
        gradient = np.full(self.theta.shape, fill)
        views = self.arena.views(gradient)
        pairs = self.arena.split_shared(views)
        for _, use in pairs:
            use.fill(fill)
        bind(at, self.p, views[0])
        at.dx = np.full(self.x.shape, fill) if want_dx and self.layer.takes == "numbers" else None
        at.dy = self.upstream.copy()
        given = {"x": at.x, "y": at.y, "dy": at.dy} | self.params
        before = {name: value.copy() for name, value in given.items()}
        self._run(self.layer.backward, at)
        for owner, use in pairs:
            owner += use
        for name, value in given.items():
            _same(self.name, f"{name} after backward", value, before[name], "before", 0)
        gradients = {f"d{p.full_name[2:]}": p.view(gradient) for p in self.arena.parameters}
        return gradients | ({} if at.dx is None else {"dx": at.dx})

    def _run(self, method: Callable[[Any, Pass], None], at: Pass) -> None:
        try:
            method(self.ops, at)
        except (ValueError, AttributeError) as error:
            what = f"{self.name}: {method.__name__} does not fit the arrays that plan asked for"
            raise AssertionError(f"{what}: {error}") from error

    def check_forward(self) -> None:
        x, params = self.x.copy(), {name: value.copy() for name, value in self.params.items()}
        y = self.forward(x).y
        _written(self.name, "forward", "y", y)
        _same(self.name, "x after forward", x, self.x, "before", 0)
        for name, value in params.items():
            _same(self.name, f"{name} after forward", self.params[name], value, "before", 0)
        _same(self.name, "y of a second forward", self.forward(x).y, y, "of the first", 0)
        if self.layer.in_place:
            _same(self.name, "y computed in place", self.forward(x, x.reshape(y.shape)).y, y, "in another array", 0)

    def check_backward(self) -> None:
        at = self.forward(self.x)
        gradients = self.backward(at, np.nan)
        for name, value in gradients.items():
            _written(self.name, "backward", name, value)
        self._check_same_gradients(at, gradients)
        for name, value in gradients.items():
            of = self.x if name == "dx" else self.params[name[1:]]
            slopes, kinks = central_differences(lambda: float(np.sum(self.forward(self.x).y * self.upstream)), of)
            _claim(kinks.mean() < 0.5, f"{self.name}: the output jumps or bends almost everywhere, so has no slope")
            _same(self.name, name, np.where(kinks, slopes, value), slopes, "by central differences", GRADIENT_TOLERANCE)

    def _check_same_gradients(self, at: Pass, gradients: dict[str, Array]) -> None:
        """Nothing may depend on what the arrays held, on dx being wanted, or on memory that others may use."""
        again = {"of a second backward": self.backward(at, 1e3)}
        again["without dx"] = self.backward(at, np.nan, want_dx=False)
        if not self.layer.needs_output:
            y, at.y = at.y, _poisoned(at.y.shape)
            again["without y (needs_output is False)"] = self.backward(at, np.nan)
            at.y = y
        if self.layer.in_place:
            x = self.x.copy()
            again["after forward in place"] = self.backward(self.forward(x, x.reshape(at.y.shape)), np.nan)
        for how, values in again.items():
            for name, value in values.items():
                _same(self.name, f"{name} {how}", value, gradients[name], "otherwise", 0)


def check_loss(
    loss: Loss,
    outputs: int,
    *,
    rows: Sequence[int] = (1, 3, 7),
    rng: np.random.Generator | int = 0,
    ops: Any = reference,
) -> None:
    """Check `loss` on (n, outputs) for every n in `rows`: class labels and other targets, with and without weights.

    Raises:
        AssertionError: a quantity is wrong; the message says which, at which index, and by how much.
    """
    rng = np.random.default_rng(rng)
    for n in rows:
        labels = rng.integers(0, max(outputs, 2), n)
        free = rng.uniform(size=(n, outputs))
        targets = {} if loss.task == "numbers" else {"class labels": loss.encode(labels, outputs)}
        for kind, t in targets.items():
            _claim(len(t) == n, f"{loss}: encode gives {len(t)} targets for {n} {kind}")
        targets |= {"distributions": free / free.sum(axis=1, keepdims=True), "targets from 0 to 1": free}
        for kind, t in targets.items():
            try:
                if t.ndim == 2:
                    loss.check_targets(t)
            except ByhandError:
                continue  # no targets for this loss
            for weights in (None, np.where(np.arange(n) == 1, 0.0, rng.uniform(0.5, 2, n))):
                how = f"{loss} on {n} rows of {kind}{'' if weights is None else ' with sample weights'}"
                _check_loss(how, loss, 2 * rng.standard_normal((n, outputs)), t, weights, ops)


def _check_loss(how: str, loss: Loss, y: Array, t: Array, weights: Array | None, ops: Any) -> None:
    factor = 1.7 / len(y)  # as in a batch whose mean is taken over more than its own rows
    y_before, t_before = y.copy(), t.copy()

    def begin(fill: float) -> LossPass:
        at = LossPass()
        at.y, at.t, at.dy, at.weights, at.factor = y, t, np.full(y.shape, fill), weights, factor
        shapes = loss.cache(y.shape[1:])
        at.cache = SimpleNamespace(**{name: np.full((len(y), *shape), fill) for name, shape in shapes.items()})
        return at

    def run(fill: float = np.nan) -> tuple[float, LossPass]:
        at = begin(fill)
        return loss.backward(ops, at), at

    value, at = run()
    each = at.cache.each
    _written(how, "backward", "each", each)
    _written(how, "backward", "dy", at.dy)
    total = factor * float(np.sum(each if weights is None else weights * each))
    _same(how, "L", np.asarray(value), np.asarray(total), "as factor Σ wᵢ ℓᵢ", 1e-12)
    _same(how, "dy of a second backward", run(1e3)[1].dy, at.dy, "of the first", 0)
    _same(how, "y after backward", y, y_before, "before", 0)
    _same(how, "t after backward", t, t_before, "before", 0)
    slopes, kinks = central_differences(lambda: run()[0], y)
    _same(how, "dy", np.where(kinks, slopes, at.dy), slopes, "by central differences", GRADIENT_TOLERANCE)
    a = _poisoned(y.shape)
    loss.activate(ops, begin(np.nan), a)
    _written(how, "activate", "the activations", a)
    _same(how, "y after activate", y, y_before, "before", 0)


def central_differences(f: Callable[[], float], x: Array) -> tuple[Array, Array]:
    """∂f/∂x by (f(x + h) − f(x − h)) / 2h for every number of x in turn, and where f has a kink (a boolean array)."""
    slopes, kinks, middle = np.empty_like(x), np.zeros(x.shape, bool), f()
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + STEP
        above = f()
        x[i] = kept - STEP
        below = f()
        x[i] = kept
        slopes[i] = (above - below) / (2 * STEP)
        kinks[i] = abs(above - 2 * middle + below) / STEP > KINK * max(1.0, abs(float(slopes[i])))
    return slopes, kinks


def _poisoned(shape: Shape, dtype: DTypeLike = np.float64) -> Array:
    return np.full(shape, np.nan, dtype)


def _claim(holds: bool, complaint: str) -> None:
    if not holds:
        raise AssertionError(complaint)


def _written(how: str, by: str, name: str, value: Array) -> None:
    """No NaN is left: everything was written, from nothing unwritten."""
    for i in np.argwhere(np.isnan(value))[:1].tolist():
        raise AssertionError(f"{how}: {name}{i} is NaN: {by} leaves it, adds to it, or reads what nobody wrote.")


def _same(how: str, name: str, value: Array, wanted: Array, source: str, tolerance: float) -> None:
    """Raise where two arrays differ by more than `tolerance` times the largest number of `wanted`; NaN equals NaN."""
    with np.errstate(invalid="ignore"):
        scale = max(1e-3, float(np.nanmax(np.abs(wanted), initial=0)))
        error = np.where(np.isnan(value) & np.isnan(wanted), 0, np.abs(value - wanted) / scale)
    if not (error <= tolerance).all():
        i = np.unravel_index(np.argmax(np.nan_to_num(error, nan=np.inf)), error.shape)
        raise AssertionError(
            f"{how}: {name}{[int(k) for k in i]} is {value[i]:.9g}, but {wanted[i]:.9g} {source} "
            f"(relative error {error[i]:.2g})."
        )
