"""An equation as text and as LaTeX, with the names of one network's quantities put in.

A layer writes its equations once, in terms of its own x, y, W, b and their gradients dx, dy, dW, db ("dx" is ∂L/∂x).
A network gives each of them its name in that network: z1, a1, W2, ...
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

_SUBSCRIPT = re.compile(r"^(d?)([A-Za-zγβ]+)(\d*)(′*)$")


@dataclass(frozen=True)
class Equation:
    """target = right-hand side; `$x` stands for the quantity x, in `text` and in `latex`.

    Attributes:
        target: what it computes: "y", "dW", ...
        text: the right-hand side in plain characters.
        latex: the same in LaTeX.
        index: which part of the target it computes, such as "t" for one step of a sequence; empty for all of it.
    """

    target: str
    text: str
    latex: str
    index: str = ""

    @property
    def quantities(self) -> list[str]:
        """The quantities on the right-hand side, in order and without repetition."""
        return Template(self.text).get_identifiers()

    def as_text(self, names: Mapping[str, str]) -> str:
        """The equation as text; `names` maps the quantities of the layer to those of the network."""
        part = f"[{self.index}]" if self.index else ""
        return f"{names[self.target]}{part} = {Template(self.text).substitute(names)}"

    def as_latex(self, names: Mapping[str, str]) -> str:
        """The equation in LaTeX, without the surrounding dollar signs."""
        symbols = {key: latex_symbol(name) for key, name in names.items()}
        part = f"_{{{self.index}}}" if self.index else ""
        return f"{symbols[self.target]}{part} = {Template(self.latex).substitute(symbols)}"


def latex_symbol(name: str) -> str:
    r"""`W1` becomes `W^{[1]}`, `dW1` becomes `\frac{\partial L}{\partial W^{[1]}}`; other names stay."""
    match = _SUBSCRIPT.match(name)
    if not match:
        return name
    gradient, letter, number, primes = match.groups()
    symbol = {"γ": r"\gamma", "β": r"\beta"}.get(letter, letter) + (f"^{{[{number}]{primes}}}" if number else "")
    return rf"\frac{{\partial L}}{{\partial {symbol}}}" if gradient else symbol
