"""The vectors of a network: parameters, gradient and state, with the layers' views of them."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Self

import numpy as np

from byhand.core.arena import Arena
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.ops import Ops, reference


class Parameters:
    """One parameter vector θ, one gradient vector g and one state vector for all layers.

    Attributes:
        arena: the position of each parameter in theta.
        state_arena: the position of each of the layers' other numbers in state.
        dtype: float32 or float64.
        ops: the table of operations.
        p: for each layer its parameters and state, as views of theta and state.
        g: for each layer the gradients of its parameters, as views of gradient.
    """

    arena: Arena
    state_arena: Arena
    dtype: np.dtype
    ops: Ops
    p: list[SimpleNamespace]
    g: list[SimpleNamespace]

    def _bind(self, theta: Array, state: Array, gradient: Array | None = None) -> None:
        """Use these vectors, and a new one for the gradient where none is given."""
        self._theta, self._state = theta, state
        self._gradient = self.ops.zeros(theta.shape, self.dtype) if gradient is None else gradient
        self.p, self.g = self.arena.views(theta), self.arena.views(self._gradient)
        self.state_arena.views(state, into=self.p)
        self._shared = self.arena.split_shared(self.g)

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
        self.ops.copy(value, out=own)

    @property
    def host_ops(self) -> Ops:
        """The operations for NumPy's arrays: the network's own, if its arrays are such, or the reference."""
        return self.ops if self.ops.host else reference

    @property
    def size(self) -> int:
        """The number of parameters."""
        return self.arena.size

    def named_parameters(self) -> dict[str, Array]:
        """All parameters by their full names, such as "0.W" for W of layer 0, as views of `theta`."""
        return {p.full_name: p.view(self._theta) for p in self.arena.parameters}

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters, and of the layers' state, by their full names."""
        arenas = ((self.arena, self._theta), (self.state_arena, self._state))
        host = self.ops.to_numpy
        return {p.full_name: p.view(host(vector)).copy() for arena, vector in arenas for p in arena.parameters}

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
            self.ops.put(found[name], place)

    def twin(self, state: Array | None = None, gradient: Array | None = None) -> Self:
        """A network that shares θ with this one but has its own gradient, for another thread.

        Args:
            state: a vector to use in place of this one's state.
            gradient: a vector to use for the gradient; by default a new one.
        """
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._bind(self._theta, self._state if state is None else state, gradient)
        return twin

    def copy(self) -> Self:
        """A copy of this network with its own θ and state."""
        other = self.twin()
        other._bind(self._theta.copy(), self._state.copy())
        return other
