"""The class Network."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.arena import Arena
from byhand.core.checks import as_array, require_instance, require_whole
from byhand.core.errors import ByhandError
from byhand.core.inputs import INPUTS, as_input, as_samples
from byhand.core.passes import Pass
from byhand.core.types import Array, Rng, Shape
from byhand.core.workspace import Workspace
from byhand.layers import Layer, Sigmoid, Softmax, Step, plan_layers, spelled_out
from byhand.layers.base import backward_through, forward_through
from byhand.losses import Loss, NoLoss
from byhand.ops import Ops, default

if TYPE_CHECKING:
    from byhand.data.table import Table

PREDICTED_ROWS = 512  # rows that go through the network at once in a prediction: their arrays fit the cache


class Network:
    """A sequence of layers with a loss, one parameter vector θ and one gradient vector g.

    Example:
        >>> from byhand import Network, Dense, ReLU, CategoricalCrossEntropy
        >>> network = Network(784, [Dense(10), ReLU(), Dense(10)], CategoricalCrossEntropy())
        >>> network.size
        7960

    Args:
        input_shape: the shape of one sample: 784, or (28, 28, 1), or (T, k) for sequences.
        layers: the layers, first to last.
        loss: the loss; the cross-entropies include the output activation (see `byhand.losses`). A network without a
            loss is trained by `backward_from`.
        rng: a random generator, or a seed, for the initial parameters; None leaves θ at zero. The default is the seed
            0, so that a program gives the same network every time. Keras and PyTorch draw different parameters each
            time, as `rng=np.random.default_rng()` does here.
        inputs: what the samples are. "numbers" are used as they are. "grey levels" may be bytes (uint8), which are
            divided by 255; other numbers are used as they are. "tokens" are integers that the first layer looks up.
            The default is what the first layer takes: "numbers", or "tokens" for an embedding.
        dtype: float32, or float64 for checking derivatives.
        classes: the names of the classes.
        task: "classes" or "numbers": what `predict` returns. The default depends on the loss and the last layer: the
            cross-entropies are for classes, MAE and Huber for numbers. The squared losses are for classes if the last
            layer gives probabilities (Sigmoid, Softmax, Step) or the classes have names, and else for numbers.
        ops: the table of operations to compute with.

    Attributes:
        theta: the parameters (size,). Values assigned to it are copied into the same memory.
        gradient: ∂L/∂θ (size,), from the last backward pass; assigned values are copied as well.
        state: other numbers of the layers (size of state_arena,), such as running means, which have no gradient.
        p: for each layer its parameters and state, as views of theta and state: `network.p[0].W`.
        g: for each layer the gradients of its parameters, as views of gradient.
        plan: for each layer its plan (shapes).
        arena: the position of each parameter in theta.
        table: the conversion of raw rows to inputs (`byhand.data.Table`), for a network trained on one. It is stored
            in the model file and used by `byhand.predict`. None unless you set it.
        state_arena: the position of each of these numbers in state.

    Raises:
        ByhandError: the layers do not fit together, or there are none.
    """

    def __init__(
        self,
        input_shape: int | Shape,
        layers: Sequence[Layer],
        loss: Loss | None = None,
        *,
        rng: np.random.Generator | int | None = 0,
        inputs: str | None = None,
        dtype: Any = np.float32,
        classes: Sequence[str] | None = None,
        task: str | None = None,
        ops: Ops = default,
    ):
        if isinstance(layers, Layer):
            raise ByhandError(f"layers must be a list of layers; got {layers!r} alone.")
        self.input_shape = tuple(input_shape) if isinstance(input_shape, tuple | list) else (input_shape,)
        for layer in layers:
            require_instance("A layer", layer, Layer, "a layer such as Dense(10)")
        self.layers = spelled_out(layers)
        self.loss: Loss = NoLoss() if loss is None else loss
        self.dtype = _float_type(dtype)
        self.classes = tuple(classes) if classes else None
        self.table: Table | None = None
        if task not in (None, "classes", "numbers"):
            raise ByhandError(f'task is "classes" or "numbers", not {task!r}.')
        self._task = task
        self.ops = ops
        self._check()
        self.inputs = self.layers[0].takes if inputs is None else inputs
        if self.inputs not in INPUTS or (self.inputs == "tokens") != (self.layers[0].takes == "tokens"):
            raise ByhandError(f"{self.layers[0].label()} takes {self.layers[0].takes}; inputs can't be {inputs!r}.")
        self.plan = plan_layers(self.layers, self.input_shape)
        self.target_shape = self.loss.target_shape(self.plan[-1].out_shape)
        self.outputs: int = self.plan[-1].out_shape[-1]
        if self.classes and len(self.classes) != max(self.outputs, 2):
            raise ByhandError(f"There are {len(self.classes)} class names for {self.outputs} outputs.")
        self.arena = Arena(self.plan)
        self.state_arena = Arena(self.plan, "state")
        self._bind(ops.zeros((self.arena.size,), self.dtype), ops.zeros((self.state_arena.size,), self.dtype))
        if rng is not None:
            self.initialize(np.random.default_rng(rng))

    def _check(self) -> None:
        if not self.layers:
            raise ByhandError("A network needs at least one layer.")
        require_instance("The loss", self.loss, Loss, "a loss such as CategoricalCrossEntropy()")
        for size in self.input_shape:
            require_whole("Each side of the input shape", size)
        if self.loss.activation == "softmax" and isinstance(self.layers[-1], Softmax):
            raise ByhandError(
                f"{type(self.loss).__name__} contains softmax already; leave the last layer Softmax() out."
            )

    def _bind(self, theta: Array, state: Array) -> None:
        self._theta, self._state = theta, state
        self._gradient = self.ops.zeros(theta.shape, self.dtype)
        self._before: Array | None = None  # the gradient that a pass adds to; made when one first does
        self.p, self.g = self.arena.views(theta), self.arena.views(self._gradient)
        self.state_arena.views(state, into=self.p)
        self._shared = self.arena.split_shared(self.g)
        # Layers before the first one with parameters have nothing to learn: the backward pass ends at it.
        self._first = next((i for i, plan in enumerate(self.plan) if plan.learns), len(self.layers))
        self._local = threading.local()  # workspaces, a set for each thread, so that several may predict at once

    theta = property(lambda self: self._theta, lambda self, value: self._put("theta", value))
    gradient = property(lambda self: self._gradient, lambda self, value: self._put("gradient", value))
    state = property(lambda self: self._state, lambda self, value: self._put("state", value))

    def _put(self, name: str, value: Any) -> None:
        """Copy `value` into a vector that views look at."""
        own, value = getattr(self, name), self.ops.asarray(value)
        if value.shape != own.shape:
            raise ByhandError(
                f"{name} has the shape {own.shape}; an array of shape {value.shape} can't take its place."
            )
        own[...] = value

    @property
    def size(self) -> int:
        """The number of parameters."""
        return self.arena.size

    @property
    def task(self) -> str:
        """What `predict` returns: "classes" or "numbers"."""
        if told := self._task or self.loss.task:
            return told
        return "classes" if self.classes or isinstance(self.layers[-1], Sigmoid | Softmax | Step) else "numbers"

    def initialize(self, rng: np.random.Generator) -> None:
        """Initialise θ again, layer by layer."""
        for layer, p in zip(self.layers, self.p, strict=True):
            layer.initialize(rng, p)

    def workspace(self, rows: int, share: bool = True) -> Workspace:
        """New arrays for one pass at a time of up to `rows` samples.

        Args:
            rows: how many.
            share: False keeps every quantity of a pass until the next one, for those who look at them; otherwise
                layers write over what nobody reads any more.
        """
        loss = self.loss.cache(self.plan[-1].out_shape)
        make = lambda shape: self.ops.empty(shape, self.dtype)  # noqa: E731
        return Workspace(self.plan, self.input_shape, loss, rows, make, self.p, self.g, share)

    def twin(self) -> "Network":
        """A network that shares θ with this one but has its own gradient, for another thread."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._bind(self._theta, self._state)
        return twin

    def copy(self) -> "Network":
        """A copy of this network with its own θ and state."""
        other = self.twin()
        other._bind(self._theta.copy(), self._state.copy())
        return other

    def reshaped(self, input_shape: Shape, loss: Loss | None = None) -> "Network":
        """This network, with the same θ and state (the same memory), for samples of another shape.

        Args:
            input_shape: longer sequences, wider pictures; no parameter may depend on it.
            loss: another loss, where this one depends on it.

        Raises:
            ByhandError: a parameter would have another shape.
        """
        other = Network(
            input_shape,
            self.layers,
            loss or self.loss,
            rng=None,
            inputs=self.inputs,
            dtype=self.dtype,
            classes=self.classes,
            task=self._task,
            ops=self.ops,
        )
        if other.arena.parameters != self.arena.parameters:
            raise ByhandError(f"With inputs of shape {other.input_shape} this network has other parameters.")
        other._bind(self._theta, self._state)
        return other

    # ---- passes ----

    def forward(
        self,
        x: Any,
        workspace: Workspace | None = None,
        rng: Rng = None,
        mask: Array | None = None,
        carry: bool = False,
    ) -> Array:
        """The output (n, ...) of the last layer for x (n, *input_shape): logits if the loss includes the activation.

        The result is a view of the workspace and is overwritten by its next pass; copy it to keep it.

        Args:
            x: samples as returned by `as_input`, which is called here if there is no workspace.
            workspace: the arrays of the pass; by default the network's own. `predict` uses others.
            rng: the random generator in training (for dropout); None outside training.
            mask: (n, T), True at the steps of each sequence that exist.
            carry: whether recurrent layers continue from the states of the last pass in the workspace.
        """
        if workspace is None:
            x = self.as_input(x)
            workspace = self._own("forward", len(x))
        layers, loss = workspace.start(len(x))
        y, loss.mask = forward_through(self.ops, self.layers, layers, x, rng, mask, carry)
        return y

    def backward(
        self,
        t: Array,
        workspace: Workspace | None = None,
        weights: Array | None = None,
        factor: float | None = None,
        add: bool = False,
    ) -> float:
        """Overwrite `gradient` with ∂L/∂θ for the batch of the last forward pass; returns L.

        Args:
            t: targets: class indices (n, ...), or numbers (n, ..., outputs).
            workspace: that of the forward pass; the network's own by default.
            weights: sample weights (n,).
            factor: the factor of the losses of the samples; 1/n by default.
            add: add to `gradient` instead of overwriting it.

        Raises:
            ByhandError: there was no forward pass, the network has no loss, or t has another length.
        """
        layers, at = workspace.passes if workspace else self._last()
        if len(t) != len(at.y):
            raise ByhandError(f"There are {len(t)} targets, but {len(at.y)} samples went forward.")
        at.t, at.weights, at.factor = t, weights, 1 / len(t) if factor is None else factor
        loss = self.loss.backward(self.ops, at)
        self._go_back(layers, self._first, None, add)
        return loss

    def backward_from(
        self, dy: Array, workspace: Workspace | None = None, dx: Array | None = None, add: bool = False
    ) -> None:
        """Backward pass from a given ∂L/∂y: overwrite `gradient` with ∂L/∂θ.

        Args:
            dy: ∂L/∂y (n, ...), of the output's shape.
            workspace: that of the forward pass; the network's own by default.
            dx: if given, receives ∂L/∂x (n, *input_shape).
            add: add to `gradient` instead of overwriting it.

        Raises:
            ByhandError: there was no forward pass, or dy has another shape than its output.
        """
        layers, _ = workspace.passes if workspace else self._last()
        if dy.shape != layers[-1].y.shape:
            raise ByhandError(f"dy must have the output's shape {layers[-1].y.shape}; got {dy.shape}.")
        self.ops.copy(dy, out=layers[-1].dy)
        self._go_back(layers, self._first if dx is None else 0, dx, add)

    def _go_back(self, passes: Sequence[Pass], first: int, dx: Array | None, add: bool) -> None:
        """From the last layer's dy to the first's: each layer's gradients, and dx of layer `first`."""
        if add:
            if self._before is None:
                self._before = self.ops.empty(self._gradient.shape, self.dtype)
            self.ops.copy(self._gradient, out=self._before)
        backward_through(self.ops, self.layers, passes, dx, first)
        for owner, use in self._shared:
            self.ops.add(owner, use, out=owner)
        if add and self._before is not None:
            self.ops.add(self._gradient, self._before, out=self._gradient)

    def input_gradient(self, x: Any, weights: Any) -> Array:
        """The gradient of outputs by inputs: ∂(Σⱼ weights[i, j] y[i, j])/∂x[i] for every sample (n, *input_shape).

        y is the output of the last layer outside training: logits if the loss includes the activation. `gradient` and
        `state` are not changed.

        Args:
            x: samples (n, *input_shape), as for `forward`.
            weights: of the shape of y; a row with a single 1 selects the gradient of that output.

        Raises:
            ByhandError: x or weights have another shape, or a layer has no derivative.
        """
        network, x = self.twin(), self.as_input(x)  # the twin's gradient may be written over
        weights, wanted = as_array("weights", weights), (len(x), *self.plan[-1].out_shape)
        if weights.shape != wanted:
            raise ByhandError(f"weights must be {wanted}, one for each output; got {weights.shape}.")
        workspace, dx = network.workspace(len(x)), np.empty_like(x)
        network.forward(x, workspace)
        network.backward_from(weights, workspace, dx)
        return dx

    def _last(self) -> Any:
        own = getattr(self._local, "forward", None)
        if own is None:
            raise ByhandError("There is nothing to go back through yet; call forward(x) first.")
        return own.passes

    def _own(self, purpose: str, n: int) -> Workspace:
        """This thread's workspace for `purpose`, with room for n rows."""
        own = getattr(self._local, purpose, None)
        if own is None or own.rows < n:
            own = self.workspace(n)
            setattr(self._local, purpose, own)
        return own

    # ---- predictions ----

    def predict_proba(self, x: Array, mask: Array | None = None) -> Array:
        """The output activations (n, outputs), or (n, T, outputs), for x (n, *input_shape).

        After softmax each row sums to one. After sigmoids each output is a separate probability, and a row need not sum
        to one. Otherwise they are the outputs of the last layer.

        Args:
            x: samples.
            mask: (n, T), True at the steps of each sequence that are there.

        Raises:
            ByhandError: x has another shape, or holds NaN or infinity.
        """
        x = self.as_input(x)
        result = np.empty((len(x), *self.plan[-1].out_shape), self.dtype)
        for start in range(0, len(x), PREDICTED_ROWS):
            piece = slice(start, start + PREDICTED_ROWS)
            workspace = self._own("predict", len(x[piece]))
            self.forward(x[piece], workspace, mask=None if mask is None else mask[piece])
            self.loss.activate(self.ops, workspace.passes.loss, result[piece])
        return result

    def predict(self, x: Array, mask: Array | None = None) -> Array:
        """The prediction for each sample of x (n, *input_shape): classes or numbers, by `task`.

        Classes (n,), or (n, T): the largest output; for one output whether it is ≥ ½. Or numbers: the outputs (n, k)
        as they are, (n,) of a single output.

        Raises:
            ByhandError: as `predict_proba`.
        """
        return self.decide(self.predict_proba(x, mask))

    def decide(self, activations: Array) -> Array:
        """Answers, as `predict` gives them, from output activations (n, outputs)."""
        if self.task == "numbers":
            return activations[..., 0] if activations.shape[-1] == 1 else activations
        return self.loss.decide(activations)

    def as_input(self, x: Any) -> Array:
        """The samples x as this network takes them: checked, in its dtype; tokens as whole numbers.

        Raises:
            ByhandError: another shape than `as_samples` takes, no numbers, NaN or infinity, bytes where grey levels
                were not announced, tokens that the first layer doesn't know.
        """
        limit = getattr(self.layers[0], "vocabulary", None) if self.inputs == "tokens" else None
        return as_input(x, self.input_shape, self.dtype, self.ops, self.inputs, limit)

    def as_samples(self, x: Any) -> Array:
        """x as an array (n, *input_shape) without changing its numbers.

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

    def named_parameters(self) -> dict[str, Array]:
        """All parameters by their full names, such as "0.W" for W of layer 0, as views of `theta`."""
        return {p.full_name: p.view(self._theta) for p in self.arena.parameters}

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters, and of the layers' state, by their full names."""
        arenas = ((self.arena, self._theta), (self.state_arena, self._state))
        return {p.full_name: p.view(vector).copy() for arena, vector in arenas for p in arena.parameters}

    def load_state_dict(self, values: Mapping[str, Any]) -> None:
        """Load parameters and state from `state_dict`.

        Raises:
            ByhandError: a name is missing or unknown, or an array has another shape; nothing is changed then.
        """
        arenas = ((self.arena, self._theta), (self.state_arena, self._state))
        places = {p.full_name: p.view(vector) for arena, vector in arenas for p in arena.parameters}
        found = {name: np.asarray(value) for name, value in values.items()}
        for name in sorted(places.keys() | found.keys()):
            if name not in found or name not in places or found[name].shape != places[name].shape:
                there, here = (table[name].shape if name in table else "none" for table in (found, places))
                raise ByhandError(f"Parameter {name}: its shape is {there} there, and {here} in this network.")
        for name, place in places.items():
            place[...] = found[name]

    def explain(self, x: Array | None = None, t: Any = None, latex: bool = False) -> str:
        """This network's equations, forward and backward, in order, with its shapes."""
        from byhand.explaining.explain import explain

        return explain(self, x, t, latex)

    def save(self, path: str | Path, dtype: Any = None) -> None:
        """Write the network into one safetensors file; see `byhand.storage.save_network`."""
        from byhand.storage import save_network

        save_network(self, path, dtype)

    @staticmethod
    def load(path: str | Path) -> "Network":
        """Read a network that `save` wrote; see `byhand.storage.load_network`."""
        from byhand.storage import load_network

        return load_network(path)

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
            "inputs",
            "_task",
            "arena",
            "state_arena",
        )
        return {name: getattr(self, name) for name in (*keep, "theta", "state")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        theta, kept = state.pop("theta"), state.pop("state")
        self.__dict__.update(
            {"inputs": "grey levels", "_task": None} | state, ops=default
        )  # those of 0.1 took bytes as grey levels
        self._bind(theta, kept)

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
