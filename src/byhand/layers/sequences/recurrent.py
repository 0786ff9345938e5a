"""The base class of recurrent layers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from byhand.core.checks import require_between, require_instance, require_whole
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.shapes import as_rows
from byhand.core.types import Array, Shape
from byhand.initializers import Glorot, Initializer, Orthogonal, Zeros
from byhand.layers.base import Layer
from byhand.layers.batch_norm import ONES
from byhand.layers.sequences.normalized import Norms, normalize_inputs, normalize_inputs_backward, with_norms
from byhand.layers.sequences.shown import state_gradients
from byhand.layers.sequences.written import Equations
from byhand.ops import Ops


@dataclass(frozen=True)
class Recurrent(Layer):
    """Base of layers that process a sequence step by step with a state h.

    x is (n, T, in), W (in, g k), b (g k,), with k units and g gates; x_t W + b is one product for all steps. Once the
    backward pass over the steps has computed ∂L/∂z (n, T, g k), so are

        dW = Σₜ x_tᵀ dz_t,   dR = Σₜ h_{t−1}ᵀ dz_t,   db = Σₜ dz_t,   dx_t = dz_t Wᵀ:

    the same W, R and b serve at every step, so their gradients are sums over time.

    A step that the mask excludes changes neither state nor gradient, and its output is zero. A pass that carries on
    starts from the last state of the pass before; its gradient ends at its own first step (truncated backpropagation
    through time).

    With `layer_norm` the inputs of the gates are normalised at each step, as described for each class: LN(a) = γ ⊙ (a −
    μ) / √(σ² + ε) with mean and variance of the row a; γ starts at 1, ε is 1e-5. A shift that would only be added to b
    is left out. Ba, Kiros and Hinton, "Layer normalization" (2016). Its loop over the steps is
    not compiled.

    Args:
        units: the size k of the state.
        return_sequences: whether the output is every step's state (n, T, k), or the last one only (n, k).
        reverse: whether to go from the last step to the first; the output stays in the input's order. It then always
            starts from zeros.
        weights: initializer of W.
        recurrent: initializer of R.
        biases: initializer of b.
        dropout: the probability that a weight of R is 0 in a training pass, at all steps alike; the others are divided
            by 1 − dropout. From 0 to below 1. Merity, Keskar and Socher, "Regularizing and optimizing LSTM language
            models" (2018).
        layer_norm: whether to normalise inside the layer.
    """

    units: int
    return_sequences: bool = False
    reverse: bool = False
    weights: Initializer = field(default_factory=Glorot)
    recurrent: Initializer = field(default_factory=Orthogonal)
    biases: Initializer = field(default_factory=Zeros)
    dropout: float = 0.0
    layer_norm: bool = field(default=False, kw_only=True)

    masks: ClassVar[bool] = True
    gates: ClassVar[int] = 1
    states: ClassVar[tuple[str, ...]] = ("h",)
    matrices: ClassVar[tuple[str, ...]] = ("R",)  # what the state is multiplied by
    norms: ClassVar[Norms] = {}  # with layer_norm: the products that are normalised, and which gates together

    def __post_init__(self) -> None:
        require_whole("units", self.units)
        require_instance("weights", self.weights, Initializer, "an initialiser such as Glorot()")
        require_instance("recurrent", self.recurrent, Initializer, "an initialiser such as Orthogonal()")
        require_instance("biases", self.biases, Initializer, "an initialiser such as Zeros()")
        require_between("dropout", self.dropout, 0, 1 - 1e-6)
        if self.layer_norm and self.units == 1:
            raise ByhandError("Layer normalisation of a single unit would make it 0 always; take two units or more.")

    @property
    def incremental(self) -> bool:  # type: ignore[override]
        """Whether it goes forward."""
        return not self.reverse

    def plan(self, in_shape: Shape) -> Plan:
        """(T, in) becomes (T, units), or (units,)."""
        require_sequences(type(self).__name__, in_shape)
        steps, k, g = in_shape[0], self.units, self.gates
        rows: dict[str, Shape] = {"dh": (k,), "s": (k,), "row": (g * k,)}
        plan = Plan(
            (steps, k) if self.return_sequences else (k,),
            params={"W": (in_shape[1], g * k), "R": (k, g * k), "b": (g * k,)},
            cache={"z": (steps, g * k), "dz": (steps, g * k), "before": (steps, k), **rows},
            named=dict.fromkeys(("h", "dh"), (steps, k)),
            carry=dict.fromkeys(self.states, (k,)),
        )
        return self.completed(plan, steps)

    def completed(self, plan: Plan, steps: int) -> Plan:
        """The plan, with room for which of the recurrent weights are kept, and for these, and for the normalisation."""
        there = [m for m in self.matrices if m in plan.params] if self.dropout else []
        plan = replace(plan, scratch={f"{m}_{part}": plan.params[m] for m in there for part in ("mask", "kept")})
        return with_norms(plan, self.norms, steps, self.units) if self.layer_norm else plan

    @property
    def _equations(self) -> tuple[Equations, Equations]:
        """Those of each kind."""
        raise NotImplementedError

    @property
    def forward_equations(self) -> Equations:  # type: ignore[override]
        """Step by step in time."""
        return tuple(map(self._dropping, self._equations[0]))

    @property
    def backward_equations(self) -> Equations:  # type: ignore[override]
        """From the last step to the first, and the sums over time."""
        return tuple(map(self._dropping, self._equations[1]))

    def _dropping(self, equation: Equation) -> Equation:
        """The equation with R ⊙ ρ in place of R, where ρ says which of its weights are kept."""
        if not self.dropout:
            return equation
        text, latex = equation.text, equation.latex
        for m in self.matrices:
            text, latex = text.replace(f"${m}", f"(${m} ⊙ ρ)"), latex.replace(f"${{{m}}}", rf"(${{{m}}} \odot \rho)")
        if equation.target[1:] in self.matrices:
            text, latex = f"({text}) ⊙ ρ", rf"({latex}) \odot \rho"
        return replace(equation, text=text, latex=latex)

    def unkept_gradients(self, at: Pass) -> Mapping[str, Array]:
        """dh of each step."""
        return {"dh": state_gradients(at, self.return_sequences, self.reverse)}

    def initializers(self) -> Mapping[str, Initializer]:
        """W by `weights`, R by `recurrent`, b by `biases`; gains start at 1."""
        gains = {f"g{name}": ONES for name in self.norms} if self.layer_norm else {}
        return {"W": self.weights, "R": self.recurrent, "b": self.biases} | gains

    def begin(self, ops: Ops, at: Pass) -> Array | None:
        """Write z = x W + b, and the first state where `carry` has none; returns y, where each step has one."""
        if self.layer_norm:
            ops.matmul(as_rows(at.x), at.p.W, as_rows(at.cache.z))
            normalize_inputs(ops, at, self.norms.get("x", ()), self.units)
        else:
            ops.affine(as_rows(at.x), at.p.W, at.p.b, as_rows(at.cache.z))  # (n T, in)(in, g k) + (g k,) → (n T, g k)
        if self.dropout and at.rng is not None:
            for m in self.matrices:
                mask = getattr(at.cache, f"{m}_mask")
                ops.dropout_mask(at.rng, self.dropout, mask)
                ops.multiply(getattr(at.p, m), mask, out=getattr(at.cache, f"{m}_kept"))
        if self.reverse or not at.carries:
            for state in vars(at.carry).values():
                ops.fill(state, 0)
        return at.y if self.return_sequences else None

    def kept(self, at: Pass) -> list[Array]:
        """The recurrent matrices of this pass."""
        dropping = self.dropout and at.rng is not None
        return [getattr(at.cache, f"{m}_kept") if dropping else getattr(at.p, m) for m in self.matrices]

    def end(self, ops: Ops, at: Pass) -> None:
        """Hand the last state out where it is the output; the next pass may go on from it."""
        if not self.return_sequences:
            ops.copy(at.carry.h, out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dz_t from the last step to the first, then the sums over time."""
        for name in self.states:
            ops.fill(getattr(at.cache, f"d{name}"), 0)
        if not self.return_sequences:
            ops.copy(at.dy, out=at.cache.dh)
        self.back_from_state(ops, at, at.dy if self.return_sequences else None)

    def back_from_state(self, ops: Ops, at: Pass, dy: Array | None) -> None:
        """The same from the gradients by the last state, in cache.dh and its like; then they are those by the first.

        dy is the gradient by every step's output, or None.
        """
        raise NotImplementedError

    def sum_over_time(self, ops: Ops, at: Pass) -> None:
        """Compute dW = Σₜ x_tᵀ dz_t, db = Σₜ dz_t and dx_t = dz_t Wᵀ; weights that were dropped get no gradient."""
        dz = as_rows(at.cache.dz)
        for m in self.matrices if self.dropout and at.rng is not None else ():
            ops.multiply(getattr(at.g, m), getattr(at.cache, f"{m}_mask"), out=getattr(at.g, m))
        if self.layer_norm:
            dz = as_rows(self.before_norm(ops, at))
        else:
            ops.sum_rows(dz, at.g.b)
        ops.matmul(as_rows(at.x).T, dz, at.g.W)  # (in, n T)(n T, g k) → (in, g k)
        if at.dx is not None:
            ops.matmul(dz, at.p.W.T, as_rows(at.dx))  # (n T, g k)(g k, in) → (n T, in)

    def before_norm(self, ops: Ops, at: Pass) -> Array:
        """Compute db and the gain's gradient; the gradient by x W (n, T, g k)."""
        normalize_inputs_backward(ops, at, self.norms["x"], self.units)
        by_product: Array = at.cache.dpx
        return by_product

    @property
    def beyond(self) -> str:
        """What it has that layers of its kind in other libraries have not, in words; empty where there is nothing."""
        return "layer normalisation" if self.layer_norm else ""

    def require_usual(self, done: str) -> None:
        """Raise ByhandError where it has more than other libraries' layers; `done` is what can't be done to it then."""
        if self.beyond:
            raise ByhandError(f"{self.label()} can't be {done} because of its {self.beyond}.")

    def mask_after(self, at: Pass) -> Array | None:
        """The input's, as long as there are steps."""
        return at.mask if self.return_sequences else None

    def label(self) -> str:
        """For example LSTM(128), or GRU(64, sequences, reverse)."""
        words = [str(self.units), *["sequences"] * self.return_sequences, *["reverse"] * self.reverse]
        words += [f"dropout {self.dropout:g}"] if self.dropout else []
        words += ["layer norm"] * self.layer_norm
        return f"{type(self).__name__}({', '.join(words)})"


def require_sequences(layer: str, in_shape: Shape) -> None:
    """Raise ByhandError unless `in_shape` is (T, k)."""
    if len(in_shape) != 2:
        raise ByhandError(f"{layer} takes sequences (T, k), steps of k numbers, not inputs of shape {in_shape}.")
