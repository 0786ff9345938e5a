"""Parameter groups with their own learning rate or weight decay, and frozen parameters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from byhand.core.checks import require_between, require_instance
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.network import Network
from byhand.optimizers import Optimizer, State


@dataclass(frozen=True)
class Group:
    """A group of parameters with its own learning rate or weight decay.

    Example:
        >>> fit(network, x, y, groups=[Group("0.*", rate=0), Group("*.W", rate=0.1, decay=0.01)])

    Args:
        names: their names in `network.named_parameters()`; * stands for any characters: "0.*" is everything in the
            first layer, "*.b" every bias.
        rate: what the learning rate is multiplied by, at least 0. With 0 the parameters are frozen: they and the
            optimiser's state for them do not change. Running means are not parameters and are still updated.
        decay: the weight decay λ of these parameters, at least 0; None for that of the optimiser.
    """

    names: str
    rate: float = 1.0
    decay: float | None = None

    def __post_init__(self) -> None:
        require_instance("names", self.names, str, 'the names of parameters, such as "0.*"')
        require_between("rate", self.rate, 0)
        if self.decay is not None:
            require_between("decay", self.decay, 0)


class Section:
    """A stretch of θ whose parameters are trained alike, and what the optimiser remembers of it.

    Args:
        network: whose θ it is part of.
        start: where it begins.
        stop: where it ends.
        optimizer: how it follows the gradient.
        rate: what the learning rate is multiplied by.

    Attributes:
        theta: its parameters, a view.
        gradient: their gradient, a view.
        state: the optimiser's vectors.
    """

    def __init__(self, network: Network, start: int, stop: int, optimizer: Optimizer, rate: float):
        self.optimizer, self.rate = optimizer, rate
        self.theta, self.gradient = network.theta[start:stop], network.gradient[start:stop]
        weights = min(max(network.arena.weights.stop - start, 0), stop - start)  # they come first in θ
        state = optimizer.state(stop - start, network.dtype, weights)
        self.state: State = {name: network.ops.asarray(v) if v.ndim else v for name, v in state.items()}

    def step(self, ops: Any, t: int, rate: float) -> None:
        """One step of its optimiser."""
        self.optimizer.step(ops, self.theta, self.gradient, self.state, t, rate * self.rate)


def sections(network: Network, optimizer: Optimizer, groups: Sequence[Group]) -> list[Section]:
    """θ in stretches that are trained alike; of several groups that have a parameter the first one counts.

    Raises:
        ByhandError: no list of groups, a group without parameters, or a decay for an optimiser that has none.
    """
    if isinstance(groups, Group):
        raise ByhandError(f"groups must be a list of groups; got {groups!r} alone.")
    for group in groups:
        require_instance("A group", group, Group, 'a group such as Group("0.*", rate=0)')
        if group.decay is not None and "weight_decay" not in getattr(optimizer, "__dataclass_fields__", {}):
            raise ByhandError(f"{optimizer!r} has no weight_decay, so no group can have a decay of its own.")
    names = list(network.named_parameters())
    for group in groups:
        if not any(fnmatchcase(name, group.names) for name in names):
            raise ByhandError(f"No parameter is called {group.names!r}; there are {', '.join(names) or 'none'}.")
    stretches: list[tuple[int, int, Group | None]] = []
    for parameter, name in zip(network.arena.parameters, names, strict=True):
        chosen = next((group for group in groups if fnmatchcase(name, group.names)), None)
        start = parameter.start
        if stretches and stretches[-1][2] is chosen:
            start = stretches.pop()[0]
        stretches.append((start, parameter.start + parameter.size, chosen))
    return [
        Section(network, start, stop, _of_group(optimizer, group), 1.0 if group is None else group.rate)
        for start, stop, group in stretches or [(0, 0, None)]
    ]


def _of_group(optimizer: Optimizer, group: Group | None) -> Optimizer:
    """The optimiser with the group's decay."""
    if group is None or group.decay is None:
        return optimizer
    return replace(optimizer, weight_decay=group.decay)  # type: ignore[type-var]


class Frozen:
    """Keeps the parameters of rate 0 as they are, whatever rules do to the gradient and to θ.

    Args:
        sections: all of θ.
    """

    def __init__(self, sections: Sequence[Section]):
        self.sections = [section for section in sections if section.rate == 0]
        self._kept: list[Array] = [section.theta.copy() for section in self.sections]

    def clear(self, ops: Any) -> None:
        """Set their gradient to zero, so that the norm of the whole does not count it."""
        for section in self.sections:
            ops.fill(section.gradient, 0.0)

    def keep(self, ops: Any) -> None:
        """Remember their values."""
        for section, kept in zip(self.sections, self._kept, strict=True):
            ops.copy(section.theta, out=kept)

    def put_back(self, ops: Any) -> None:
        """Give them their values again."""
        for section, kept in zip(self.sections, self._kept, strict=True):
            ops.copy(kept, out=section.theta)
