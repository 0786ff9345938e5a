"""The class Network."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.arena import Arena
from byhand.core.chains import numbers_of
from byhand.core.checks import as_float_type, require_instance, require_whole
from byhand.core.errors import ByhandError
from byhand.core.inputs import INPUTS
from byhand.core.passes import LossPass
from byhand.core.types import Array, Shape
from byhand.layers import Layer, Sigmoid, Softmax, Step, plan_layers, spelled_out
from byhand.losses import Loss, NoLoss
from byhand.network.backpropagation import Backpropagation
from byhand.ops import Ops, default

if TYPE_CHECKING:
    from byhand.data.table import Table

PREDICTED_ROWS = 512  # rows that go through the network at once in a prediction: their arrays fit the cache
PREDICTED_BYTES = 2**30  # that they may take: fewer rows go at once where long sequences would need more


class Network(Backpropagation):
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
        vocabulary: where lines of text are read, the characters or words with the tokens 1, 2, ...; stored in the
            model file and used by `byhand.predict`. Empty unless you set it.
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
        self.dtype = as_float_type(dtype)
        self.classes = tuple(classes) if classes else None
        self.table: Table | None = None
        self.vocabulary: tuple[str, ...] = ()
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

    @property
    def task(self) -> str:
        """What `predict` returns: "classes" or "numbers"."""
        if told := self._task or self.loss.task:
            return told
        return "classes" if self.classes or isinstance(self.layers[-1], Sigmoid | Softmax | Step) else "numbers"

    def initialize(self, rng: np.random.Generator) -> None:
        """Initialise θ again, layer by layer."""
        theta, state = self.ops.to_numpy(self._theta), self.ops.to_numpy(self._state)
        places = self.state_arena.views(state, into=self.arena.views(theta))
        for layer, p in zip(self.layers, places, strict=True):
            layer.initialize(rng, p)
        self.ops.put(theta, self._theta)
        self.ops.put(state, self._state)

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
        other._rooms = self._rooms
        return other

    @cached_property
    def rows_at_once(self) -> int:
        """How many samples `predict` takes at once: PREDICTED_ROWS, or fewer, as PREDICTED_BYTES hold."""
        each = self.dtype.itemsize * numbers_of(self.plan)
        return max(1, min(PREDICTED_ROWS, PREDICTED_BYTES // each))

    def predict_proba(self, x: Array, mask: Array | None = None) -> Array:
        """The output activations (n, outputs), or (n, T, outputs), for x (n, *input_shape).

        After softmax each row sums to one. After sigmoids each output is a separate probability, and a row need not sum
        to one. Otherwise they are the outputs of the last layer.

        Args:
            x: samples (n, *input_shape).
            mask: (n, T), True at the steps of each sequence that exist; or lengths (n,).

        Raises:
            ByhandError: x or the mask has another shape, or x holds NaN or infinity.
        """
        x = self.as_input(x)
        mask = self.as_mask(mask, len(x))
        result = np.empty((len(x), *self.plan[-1].out_shape), self.dtype)
        for start in range(0, len(x), self.rows_at_once):
            piece = slice(start, start + self.rows_at_once)
            workspace = self._own("predict", len(x[piece]))
            there = None if mask is None else self.ops.asarray(mask[piece])
            self.forward(self.ops.asarray(x[piece]), workspace, mask=there)
            self.activate(workspace.passes.loss, result[piece])
        return result

    def activate(self, at: LossPass, out: Array) -> None:
        """The output activations of a pass that went forward, into a NumPy array of the output's shape."""
        if self.ops.host:
            self.loss.activate(self.ops, at, out)
            return
        there = self.ops.empty(out.shape, self.dtype)
        self.loss.activate(self.ops, at, there)
        out[...] = self.ops.to_numpy(there)

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

    # ---- what it is ----

    def summary(self) -> str:
        """A table of layers, output shapes and numbers of parameters."""
        from byhand.explaining.summary import summary

        return summary(self)

    def explain(self, x: Array | None = None, t: Any = None, latex: bool = False) -> str:
        """The equations of this network, forward and backward, in order, with its shapes; "dW1" stands for ∂L/∂W1.

        Args:
            x: samples (n, *input_shape), whose numbers are then added to every line.
            t: their targets (n, outputs), or class numbers (n,).
            latex: LaTeX (an `aligned` block, which needs amsmath) rather than text.

        Raises:
            ByhandError: x or t do not fit the network.
        """
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
            "vocabulary",
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
            {"inputs": "grey levels", "_task": None, "vocabulary": ()} | state, ops=default
        )  # those of 0.1 took bytes as grey levels
        self._bind(theta, kept)

    def __repr__(self) -> str:
        layers = ", ".join(layer.label() for layer in self.layers)
        shape = " × ".join(map(str, self.input_shape))
        return f"Network({shape}, [{layers}], {type(self.loss).__name__}; {self.size:,} parameters)"
