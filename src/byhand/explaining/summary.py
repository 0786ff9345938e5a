"""A network as a table of its layers."""

from typing import TYPE_CHECKING

from byhand.core.types import Shape

if TYPE_CHECKING:
    from byhand.network import Network


def summary(network: "Network") -> str:
    """A table of layers, output shapes and numbers of parameters."""
    rows = [("layer", "output", "parameters"), ("input", _shape(network.input_shape), "")]
    for i, (layer, plan) in enumerate(zip(network.layers, network.plan, strict=True)):
        shapes = ", ".join(f"{name} {_shape(shape)}" for name, shape in plan.params.items())
        count = sum(p.size for p in network.arena.parameters if p.path[0] == i)
        rows.append((layer.label(), _shape(plan.out_shape), f"{count:,}  {shapes}" if count else "0"))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in rows]
    contains = f", containing {network.loss.activation}" if network.loss.activation else ""
    return "\n".join([*lines, f"{network.size:,} parameters; loss {type(network.loss).__name__}{contains}"])


def _shape(shape: Shape) -> str:
    return " × ".join(map(str, shape))
