"""A network: layers in a row, one parameter vector θ, one gradient vector g, and a loss."""

import threading
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.arena import Arena
from byhand.core.checks import as_array, require_instance, require_whole
from byhand.core.errors import ByhandError
from byhand.core.inputs import as_input, as_samples
from byhand.core.types import Array, Rng, Shape
from byhand.core.workspace import Views, Workspace
from byhand.layers import Layer, Softmax, plan_layers
from byhand.losses import Loss
from byhand.ops import default

if TYPE_CHECKING:
    from byhand.data.table import Table

PIECE = 512  # rows that go through the network at once where nobody asks for more: their arrays fit the cache


class Network:
    """Layers in a row, and the loss that training makes small.

    Example:
        >>> from byhand import Network, Dense, ReLU, CategoricalCrossEntropy
        >>> network = Network(784, [Dense(10), ReLU(), Dense(10)], CategoricalCrossEntropy())
        >>> network.size
        7960

    Args:
        input_shape: the shape of one sample: 784, or (28, 28, 1).
        layers: the layers, first to last.
        loss: the loss; the cross-entropies contain the last activation (see `byhand.losses`).
        rng: a generator, or a seed for one, from which the parameters start; None leaves θ at zero.
        dtype: float32, or float64 for checking derivatives.
        classes: the classes' names, for those who print them.
        ops: the table of operations to compute with.

    Attributes:
        theta: the parameters (size,).
        gradient: ∂L/∂θ (size,), as `backward` left it.
        state: what layers keep beside θ (size of state_arena,), such as running means; no gradient descends on it.
        p: for each layer its parameters and its state, views of theta and state: `network.p[0].W`.
        g: for each layer their gradients, views of gradient.
        plan: for each layer its plan (shapes).
        arena: where each parameter lies in theta.
        table: how a table's raw rows become inputs (`byhand.data.Table`), for a network that learns from one; it is
            kept in the model's file, and `byhand.predict` goes by it. None unless you set it.
        state_arena: where each of the layers' other numbers lies in state.

    Raises:
        ByhandError: layers that do not fit together, or no layers at all.
    """

    def __init__(
        self,
        input_shape: int | Shape,
        layers: Sequence[Layer],
        loss: Loss,
        *,
        rng: np.random.Generator | int | None = 0,
        dtype: Any = np.float32,
        classes: Sequence[str] | None = None,
        ops: Any = default,
    ):
        if isinstance(layers, Layer):
            raise ByhandError(f"layers must be a list of layers; got {layers!r} alone.")
        self.input_shape = tuple(input_shape) if isinstance(input_shape, tuple | list) else (input_shape,)
        self.layers = tuple(layers)
        self.loss = loss
        self.dtype = _float_type(dtype)
        self.classes = tuple(classes) if classes else None
        self.table: Table | None = None
        self.ops = ops
        self._check()
        self.plan = plan_layers(self.layers, self.input_shape)
        self.target_shape = self.loss.target_shape(self.plan[-1].out_shape)
        self.outputs: int = self.plan[-1].out_shape[-1]
        if self.classes and len(self.classes) != max(self.outputs, 2):
            raise ByhandError(f"There are {len(self.classes)} class names for {self.outputs} outputs.")
        self.arena = Arena(self.plan)
        self.state_arena = Arena(self.plan, "state")
        self._bind(np.zeros(self.arena.size, self.dtype), np.zeros(self.state_arena.size, self.dtype))
        if rng is not None:
            self.initialize(np.random.default_rng(rng))

    def _check(self) -> None:
        if not self.layers:
            raise ByhandError("A network needs at least one layer.")
        for layer in self.layers:
            require_instance("A layer", layer, Layer, "a layer such as Dense(10)")
        require_instance("The loss", self.loss, Loss, "a loss such as CategoricalCrossEntropy()")
        for size in self.input_shape:
            require_whole("Each side of the input shape", size)
        if self.loss.activation == "softmax" and isinstance(self.layers[-1], Softmax):
            raise ByhandError(
                f"{type(self.loss).__name__} contains softmax already; leave the last layer Softmax() out."
            )

    def _bind(self, theta: Array, state: Array) -> None:
        self.theta, self.state = theta, state
        self.gradient = np.zeros_like(theta)
        self.p, self.g = self.arena.views(self.theta), self.arena.views(self.gradient)
        self.state_arena.views(self.state, into=self.p)
        # Layers before the first one with parameters have nothing to learn: the backward pass ends at it.
        self._first = next((i for i, plan in enumerate(self.plan) if plan.learns), len(self.layers))
        self._local = threading.local()  # workspaces, one set a thread, so that several may predict at once

    @property
    def size(self) -> int:
        """How many parameters there are."""
        return self.arena.size

    def initialize(self, rng: np.random.Generator) -> None:
        """Start θ anew, each parameter by its layer's initialiser, layer by layer."""
        for layer, p in zip(self.layers, self.p, strict=True):
            layer.initialize(rng, p)

    def workspace(self, rows: int) -> Workspace:
        """New arrays for passes of up to `rows` samples."""
        return Workspace(self.layers, self.plan, self.input_shape, self.loss, rows, self.dtype)

    def twin(self) -> "Network":
        """A network with the same θ, the same memory, but a gradient of its own: for another thread."""
        twin = copy(self)
        twin.ops = self.ops  # which copies and pickles leave behind
        return twin

    # ---- passes ----

    def forward(self, x: Array, views: Views | None = None, rng: Rng = None) -> Array:
        """The last layer's output (n, outputs) for x (n, *input_shape): logits where the loss contains the activation.

        The result lies in the workspace and holds until the next pass; copy what you keep.

        Args:
            x: samples; uint8 means grey levels 0-255 and is divided by 255, other numbers are taken as they are.
            views: the workspace's views for n rows; without them x is checked and the network uses its own.
            rng: in training the generator of whatever is random there (dropout's masks); None outside training.
        """
        if views is None:
            x = self.as_input(x)
            views = self._own_views(len(x))
        views.x = x
        self._local.last = views
        for layer, p, y, cache in zip(self.layers, self.p, views.y, views.cache, strict=True):
            layer.forward(self.ops, p, x, y, cache, rng)
            x = y
        return x

    def backward(
        self, t: Array, views: Views | None = None, weights: Array | None = None, factor: float | None = None
    ) -> float:
        """Overwrite `gradient` with ∂L/∂θ for the batch of the last forward pass; returns L.

        Args:
            t: targets (n, outputs).
            views: those of the forward pass; the last one's by default.
            weights: sample weights (n,).
            factor: what the samples' losses are multiplied by; 1/n by default.
        """
        views = views or self._last()
        dy = views.dy[-1]
        loss = self.loss.backward(
            self.ops, views.y[-1], t, dy, views.loss_cache, factor or 1 / len(t), weights
        )  # fmt: skip
        self._go_back(views, self._first)
        return loss

    def _go_back(self, views: Views, first: int, dx: Array | None = None) -> None:
        """From the last layer's dy to the first's: each layer's gradients, and dx of layer `first`."""
        for i in range(len(self.layers) - 1, first - 1, -1):
            x = views.y[i - 1] if i else views.x
            below = views.dy[i - 1] if i > first else dx
            self.layers[i].backward(
                self.ops, self.p[i], self.g[i], x, views.y[i], views.dy[i], below, views.cache[i]
            )  # fmt: skip

    def input_gradient(self, x: Any, weights: Any) -> Array:
        """∂(Σⱼ weights[i, j] y[i, j])/∂x[i] for every sample (n, *input_shape): how the outputs follow the inputs.

        y is the last layer's output outside training: logits where the loss contains the activation. `gradient` and
        `state` stay as they are.

        Args:
            x: samples (n, *input_shape), as for `forward`.
            weights: of y's shape; a row with a single 1 takes the gradient of that output.

        Raises:
            ByhandError: x or weights have another shape, or a layer has no derivative.
        """
        network, x = self.twin(), self.as_input(x)  # the twin's gradient may be written over
        weights, wanted = as_array("weights", weights), (len(x), *self.plan[-1].out_shape)
        if weights.shape != wanted:
            raise ByhandError(f"weights must be {wanted}, one for each output; got {weights.shape}.")
        views, dx = network.workspace(len(x)).views(len(x)), np.empty_like(x)
        network.forward(x, views)
        views.dy[-1][...] = weights
        network._go_back(views, 0, dx)
        return dx

    def _last(self) -> Views:
        views = getattr(self._local, "last", None)
        if views is None:
            raise ByhandError("There is nothing to go back through yet; call forward(x) first.")
        return views

    def _own_views(self, n: int) -> Views:
        own = getattr(self._local, "workspace", None)
        if own is None or own.rows < n:
            own = self._local.workspace = self.workspace(n)
        return own.views(n)

    # ---- predictions ----

    def predict_proba(self, x: Array) -> Array:
        """The output activations (n, outputs) for x (n, *input_shape).

        After softmax each row sums to one. After sigmoids each output is a probability by itself, and a row need not
        sum to one. Otherwise they are the last layer's numbers as they are.

        Raises:
            ByhandError: x has another shape, or holds NaN or infinity.
        """
        x = self.as_input(x)
        result = np.empty((len(x), *self.plan[-1].out_shape), self.dtype)
        for start in range(0, len(x), PIECE):
            piece = x[start : start + PIECE]
            views = self._own_views(len(piece))
            y = self.forward(piece, views)
            self.loss.activate(self.ops, y, result[start : start + PIECE], views.loss_cache)
        return result

    def predict(self, x: Array) -> Array:
        """The class (n,) of each sample of x (n, *input_shape): the largest output; for one output whether it is ≥ ½.

        Raises:
            ByhandError: as `predict_proba`.
        """
        return self.decide(self.predict_proba(x))

    def decide(self, activations: Array) -> Array:
        """Classes (n,) from output activations (n, outputs)."""
        return self.loss.decide(activations)

    def as_input(self, x: Any) -> Array:
        """The samples x as this network takes them: checked, in its dtype, uint8 divided by 255.

        Raises:
            ByhandError: another shape than `as_samples` takes, no numbers, NaN or infinity.
        """
        return as_input(x, self.input_shape, self.dtype, self.ops)

    def as_samples(self, x: Any) -> Array:
        """x as an array (n, *input_shape), its numbers as they are.

        Images of one channel may come as (n, height, width), or as rows of height · width numbers.

        Raises:
            ByhandError: another shape.
        """
        return as_samples(x, self.input_shape)

    # ---- what it is ----

    def summary(self) -> str:
        """A table of layers, output shapes and numbers of parameters."""
        rows = [("layer", "output", "parameters"), ("input", _shape(self.input_shape), "")]
        for i, (layer, plan) in enumerate(zip(self.layers, self.plan, strict=True)):
            shapes = ", ".join(f"{name} {_shape(shape)}" for name, shape in plan.params.items())
            count = sum(p.size for p in self.arena.parameters if p.path[0] == i)
            rows.append((layer.label(), _shape(plan.out_shape), f"{count:,}  {shapes}" if count else "0"))
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in rows]
        contains = f", containing {self.loss.activation}" if self.loss.activation else ""
        return "\n".join([*lines, f"{self.size:,} parameters; loss {type(self.loss).__name__}{contains}"])

    def explain(self, x: Array | None = None, t: Any = None, latex: bool = False) -> str:
        """This network's equations, forward and backward, in order, with its shapes."""
        from byhand.explaining.explain import explain

        return explain(self, x, t, latex)

    def save(self, path: str | Path, dtype: Any = None) -> None:
        """Write the network into one safetensors file; see `byhand.storage.save`."""
        from byhand.storage import save

        save(self, path, dtype)

    @staticmethod
    def load(path: str | Path) -> "Network":
        """Read a network that `save` wrote; see `byhand.storage.load`."""
        from byhand.storage import load

        return load(path)

    def __getstate__(self) -> dict[str, Any]:
        # Views of θ and workspaces are made anew; a module of operations cannot travel, so the default comes back.
        keep = (
            "input_shape",
            "layers",
            "loss",
            "dtype",
            "classes",
            "table",
            "plan",
            "outputs",
            "target_shape",
            "arena",
            "state_arena",
        )
        return {name: getattr(self, name) for name in (*keep, "theta", "state")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, ops=default)
        self._bind(self.theta, self.state)

    def __repr__(self) -> str:
        layers = ", ".join(layer.label() for layer in self.layers)
        return f"Network({_shape(self.input_shape)}, [{layers}], {type(self.loss).__name__}; {self.size:,} parameters)"


def _float_type(dtype: Any) -> np.dtype:
    """float32 or float64 as NumPy's dtype; anything else is refused."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ByhandError(f"A network computes in float32 or float64, not {dtype!r}.")
    return found


def _shape(shape: Shape) -> str:
    return " × ".join(map(str, shape))
