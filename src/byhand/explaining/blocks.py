"""The names of the quantities in the equations of a network."""

from dataclasses import dataclass

from byhand.core.equations import Equation
from byhand.layers import Layer, Plan
from byhand.network import Network

Names = dict[str, str]

GREEK = {"gamma": "γ", "beta": "β"}  # what parameters are called in equations, where not by their own name


@dataclass(frozen=True)
class Block:
    """A layer of a network with the names of its quantities and its inner layers."""

    layer: Layer
    plan: Plan
    owner: str
    names: Names
    children: tuple["Block", ...]
    forward: tuple[Equation, ...]
    backward: tuple[Equation, ...]

    @property
    def has_gradient(self) -> bool:
        """Whether the layer has a gradient; a step has none."""
        return bool(self.backward) and all(child.has_gradient for child in self.children)


class _Namer:
    """Gives every quantity its name: z1 = a0 W1 + b1, a1 = σ(z1), ... and d for the gradients.

    The number counts layers with parameters; a step without any gives "a" with the number of the layer before it. What
    would have a name that is taken gets a prime.
    """

    def __init__(self) -> None:
        self.number = 0
        self.taken = {"a0"}
        self.parameters: dict[str, str] = {}  # what each is called here, by its full name

    def fresh(self, name: str) -> str:
        while name in self.taken:
            name += "′"
        self.taken.add(name)
        return name

    def block(self, layer: Layer, plan: Plan, x: str, dx: str, where: str) -> Block:
        """The block of a layer whose input is called x, and dx what it hands back."""
        children: list[Block] = []
        for k, (inner, inner_plan) in enumerate(zip(layer.layers, plan.children, strict=True)):
            follows = bool(children) and plan.chained
            inner_x = children[-1].names["y"] if follows else x
            inner_dx = f"d{inner_x}" if follows else f"d{self.fresh(x)}"  # of x only what came through the layers
            children.append(self.block(inner, inner_plan, inner_x, inner_dx, f"{where}.{k + 1}"))
        self.number += bool(plan.params)
        own = {"x": x} | {name: f"{GREEK.get(name, name)}{self.number}" for name in plan.params}
        path = ".".join(str(int(k) - 1) for k in where.split("."))
        self.parameters |= {f"{path}.{name}": own[name] for name in plan.params}
        own |= {name: self.parameters[owner] for name, (owner, _) in plan.shared.items()}
        own["y"] = self.fresh(f"{'z' if plan.params else 'a'}{self.number}")
        if children and plan.chained:
            own |= {"F": children[-1].names["y"], "d0": children[0].names["dx"]}
        elif children:
            own |= {f"y{k}": child.names["y"] for k, child in enumerate(children, 1)}
            own |= {f"d{k}": child.names["dx"] for k, child in enumerate(children, 1)}
        forward, backward = _equations(layer, plan)
        for equation in forward:  # what it computes on the way
            if equation.target not in own:
                own[equation.target] = self.fresh(f"{equation.target}{self.number}")
        own = {f"d{key}": f"d{value}" for key, value in own.items()} | own | {"dx": dx}
        own |= {f"d{name}": self.fresh(f"d{own[name]}′") for name in plan.shared}  # this use's part of the gradient
        return Block(layer, plan, f"layer {where}, {layer.label()}", own, tuple(children), forward, backward)


def _equations(layer: Layer, plan: Plan) -> tuple[tuple[Equation, ...], tuple[Equation, ...]]:
    """A layer's equations, forward and backward; for one that writes none, such as one's own, what goes in and out."""
    if layer.forward_equations or layer.backward_equations:
        return layer.forward_equations, layer.backward_equations
    label, inputs = layer.label(), ", ".join(f"${name}" for name in ("x", *plan.params))
    forward = Equation("y", f"{label}({inputs})", rf"\mathrm{{{label}}}({inputs})")
    slope = r"$dy \cdot \frac{\partial $y}{\partial $%s}"
    backward = (Equation(f"d{name}", f"$dy · ∂$y/∂${name}", slope % name) for name in (*plan.params, "x"))
    return (forward,), tuple(backward)


def blocks(network: Network) -> list[Block]:
    """All layers with the names of their quantities."""
    namer, x = _Namer(), "a0"
    found: list[Block] = []
    for i, (layer, plan) in enumerate(zip(network.layers, network.plan, strict=True)):
        found.append(namer.block(layer, plan, x, f"d{x}", str(i + 1)))
        x = found[-1].names["y"]
    return found
