"""The logits of the next token, while a sequence grows token by token."""

from typing import Protocol

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.layers import Softmax
from byhand.layers.base import longest_sequence
from byhand.network import Network


class NextToken(Protocol):
    """One growing sequence."""

    def feed(self, token: int) -> Array:
        """Append a token; returns the logits (vocabulary,) of the next one, which the next call overwrites."""


class StepByStep:
    """A pass of one step for each token; the layers carry on what they keep of those before.

    Where sequences have a longest, as with attention, the text goes on from its last half when it has become as long:
    these tokens go through the network once more, in one pass.

    Args:
        network: tokens (T,) in, logits (T, vocabulary) out; all its layers are `incremental`.
    """

    def __init__(self, network: Network):
        self._network = network.reshaped((1,))
        self._workspace = self._network.workspace(1)
        self._x = np.empty((1, 1), np.int64)
        self._longest = longest_sequence(network.layers)
        self._tokens: list[int] = []  # of the text so far, those that the layers have kept
        self._half = network.reshaped((self._longest // 2,)) if self._longest and self._longest > 1 else None

    def feed(self, token: int) -> Array:
        """Append a token; returns the logits (vocabulary,) of the next one."""
        if len(self._tokens) == self._longest:
            self._go_on_from_half()
        if self._longest:
            self._tokens.append(token)
        self._x[0, 0] = token
        return self._network.forward(self._x, self._workspace, carry=True)[0, 0]

    def _go_on_from_half(self) -> None:
        """Forget the first half of the tokens, and what the layers have kept of it."""
        self._workspace.reset()
        self._tokens = self._tokens[len(self._tokens) - len(self._tokens) // 2 :]
        if self._half:
            workspace = self._half.workspace(1)
            self._half.forward(np.array([self._tokens]), workspace, carry=True)
            for new, kept in zip(workspace.carried(), self._workspace.carried(), strict=True):
                self._half.ops.copy(new, out=kept)


class Windowed:
    """A pass over the last T tokens for each token, for networks whose layers don't carry anything on.

    Args:
        network: tokens (T,) in, logits (T, vocabulary) out.
    """

    def __init__(self, network: Network):
        (steps,) = network.input_shape
        self._network, self._workspace = network, network.workspace(1)
        self._x, self._mask = np.zeros((1, steps), np.int64), np.zeros((1, steps), np.bool_)
        self._n = 0  # how many tokens are there

    def feed(self, token: int) -> Array:
        """Append a token; returns the logits (vocabulary,) of the next one."""
        if self._n == self._x.shape[1]:
            self._x[:, :-1] = self._x[:, 1:].copy()
            self._n -= 1
        self._x[0, self._n], self._mask[0, self._n] = token, True
        self._n += 1
        return self._network.forward(self._x, self._workspace, mask=self._mask)[0, self._n - 1]


def next_token(network: Network) -> NextToken:
    """The faster of both that `network` allows, at the start of a sequence.

    Raises:
        ByhandError: it does not take tokens and give logits for each step.
    """
    out_shape = network.plan[-1].out_shape
    if (
        network.inputs != "tokens"
        or out_shape[:-1] != network.input_shape
        or network.loss.activation not in ("softmax", None)
        or isinstance(network.layers[-1], Softmax)
    ):
        raise ByhandError(
            "To predict the next token a network must take tokens (T,) and give logits (T, vocabulary), a row for each "
            f"step; this one takes {network.inputs} {network.input_shape} and gives {out_shape}."
        )
    return (StepByStep if all(layer.incremental for layer in network.layers) else Windowed)(network)
