"""Passes through a network: forward, and backward by backpropagation."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from byhand.core.checks import as_array
from byhand.core.errors import ByhandError
from byhand.core.inputs import as_input, as_mask, as_samples
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.rooms import Rooms
from byhand.core.types import Array, Rng, Shape
from byhand.core.workspace import Workspace
from byhand.layers import Layer
from byhand.layers.base import backward_through, forward_through
from byhand.losses import Loss
from byhand.network.parameters import Parameters


class Backpropagation(Parameters):
    """The gradient of a network's loss by its parameters, layer by layer from the last to the first.

    Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors" (1986).
    """

    input_shape: Shape
    inputs: str
    layers: tuple[Layer, ...]
    loss: Loss
    plan: list[Plan]

    def _bind(self, theta: Array, state: Array, gradient: Array | None = None) -> None:
        super()._bind(theta, state, gradient)
        self._before: Array | None = None  # the gradient that a pass adds to; made when one first does
        # Layers before the first one with parameters have nothing to learn: the backward pass ends at it.
        self._first = next((i for i, plan in enumerate(self.plan) if plan.learns), len(self.layers))
        self._local = threading.local()  # workspaces, a set for each thread, so that several may predict at once
        self._rooms = Rooms()

    def workspace(self, rows: int, share: bool = True, forward_only: bool = False, learns: bool = True) -> Workspace:
        """New arrays for one pass at a time of up to `rows` samples.

        Args:
            rows: the largest number of samples.
            share: whether layers may overwrite arrays that are not needed any more; False keeps every quantity of a
                pass until the next one.
            forward_only: whether no pass will go back. They then destroy each other's arrays, those of this thread's
                other such workspaces too, also of networks that this one was `reshaped` to.
            learns: whether a pass back is to write `gradient`; if not, only ∂L/∂x is sure to be right after it.
        """
        loss = self.loss.cache(self.plan[-1].out_shape)
        make = lambda shape, dtype=self.dtype: self.ops.empty(shape, dtype)  # noqa: E731
        rooms = self._rooms if forward_only else None
        return Workspace(self.plan, self.input_shape, loss, rows, make, self.p, self.g, share, rooms, learns)

    def as_input(self, x: Any) -> Array:
        """The samples x as this network takes them: checked, in its dtype; tokens as whole numbers.

        Raises:
            ByhandError: another shape than `as_samples` takes, no numbers, NaN or infinity, bytes where grey levels
                were not announced, tokens that the first layer doesn't know, or samples of padding alone.
        """
        names = ("vocabulary", "padding") if self.inputs == "tokens" else ()
        limits = {name: getattr(self.layers[0], name, None) for name in names}
        return as_input(x, self.input_shape, self.dtype, self.host_ops, self.inputs, **limits)

    def as_mask(self, mask: Any, n: int) -> Array | None:
        """The mask (n, T) of n sequences as truth values, from a mask or from lengths (n,); None stays None.

        Raises:
            ByhandError: this network takes no sequences, the mask has another shape or leaves a sequence no step, or a
                length is not a whole number from 1 to T.
        """
        return as_mask(mask, self.input_shape, self.inputs, n)

    def as_samples(self, x: Any) -> Array:
        """x as an array (n, *input_shape) without changing its numbers.

        Images of one channel may come as (n, height, width), or as rows of height · width numbers.

        Raises:
            ByhandError: another shape.
        """
        return as_samples(x, self.input_shape)

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
            x = self.ops.asarray(self.as_input(x))
            there = self.as_mask(mask, len(x))
            mask = None if there is None else self.ops.asarray(there)
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
        dx: Array | None = None,
    ) -> float:
        """Overwrite `gradient` with ∂L/∂θ for the batch of the last forward pass; returns L.

        Args:
            t: targets: class indices (n, ...), or numbers (n, ..., outputs).
            workspace: that of the forward pass; the network's own by default.
            weights: sample weights (n,).
            factor: the factor of the losses of the samples; 1/n by default.
            add: add to `gradient` instead of overwriting it.
            dx: if given, receives ∂L/∂x (n, *input_shape).

        Raises:
            ByhandError: there was no forward pass, the network has no loss, or t has another length.
        """
        layers, at = workspace.passes if workspace else self._last()
        if len(t) != len(at.y):
            raise ByhandError(f"There are {len(t)} targets, but {len(at.y)} samples went forward.")
        at.t, at.weights, at.factor = t, weights, 1 / len(t) if factor is None else factor
        loss = self.loss.backward(self.ops, at)
        self._go_back(layers, self._first if dx is None else 0, dx, add)
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
        workspace, dx = network.workspace(len(x), learns=False), np.empty_like(x)
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
            own = self.workspace(n, forward_only=purpose == "predict")
            setattr(self._local, purpose, own)
        return own
