"""The equations of recurrent layers, step by step in time, and the sums over time.

[t] is a step; a layer that goes backwards in time comes from step t + 1.
"""

import re

from byhand.core.equations import Equation

Equations = tuple[Equation, ...]


def in_time(target: str, text: str, latex: str, reverse: bool) -> Equation:
    """An equation of one step: «t» is its own step, «before» the one before it, «after» the one after it."""
    steps = {"t": "t", "before": "t+1" if reverse else "t−1", "after": "t−1" if reverse else "t+1"}
    latex = _braced(latex)
    for name, step in steps.items():
        text, latex = (
            text.replace(f"«{name}»", f"[{step}]"),
            latex.replace(f"«{name}»", f"_{{{step.replace('−', '-')}}}"),
        )
    return Equation(target, text, latex, "t")


def states_out(sequences: bool, reverse: bool) -> Equation:
    """Y is every state, or the last one."""
    last = "1" if reverse else "T"
    return Equation("y", "$h", "$h") if sequences else Equation("y", f"$h[{last}]", f"${{h}}_{{{last}}}")


def by_state(sequences: bool, reverse: bool, more: str = "", latex: str = "") -> Equation:
    """The gradient by a state: from its output, and from the next step's z."""
    if sequences:
        text, start = "$dy«t» + $dz«after» $Rᵀ", r"$dy«t» + $dz«after» $R^\top"
    else:
        last = "1" if reverse else "T"
        text, start = f"$dz«after» $Rᵀ, and $dy at t = {last}", rf"$dz«after» $R^\top + [t = {last}] $dy"
    if more:  # a unit that hands back in more ways
        text, start = text.replace("$dz«after» $Rᵀ", more), start.replace(r"$dz«after» $R^\top", latex)
    return in_time("dh", text, start, reverse)


def sums_over_time(reverse: bool, dR: str = "$dz«t»", dW: str = "$dz«t»") -> Equations:
    """The sums over time, and dx."""

    def total(target: str, left: str, right: str) -> Equation:
        found = in_time(target, f"Σₜ {left}ᵀ {right}" if left else f"Σₜ {right}", "", reverse)
        latex = rf"\sum_t {left}^\top {right}" if left else rf"\sum_t {right}"
        return Equation(target, found.text, in_time(target, "", latex, reverse).latex)

    sums = (total("dW", "$x«t»", dW), total("dR", "$h«before»", dR), total("db", "", "$dz«t»"))
    return (*sums, in_time("dx", f"{dW} $Wᵀ", rf"{dW} $W^\top", reverse))


def of_rnn(sequences: bool, reverse: bool, relu: bool) -> tuple[Equations, Equations]:
    """z, h and y; dh, dz and the sums."""
    z = "$x«t» $W + $h«before» $R + $b"
    slope = ("[$h«t» > 0]", "[$h«t» > 0]") if relu else ("(1 − $h«t»²)", "(1 - {$h«t»}^2)")
    forward = (
        in_time("z", z, z, reverse),
        in_time("h", "max(0, $z«t»)" if relu else "tanh $z«t»", r"\max(0, $z«t»)" if relu else r"\tanh $z«t»", reverse),
        states_out(sequences, reverse),
    )
    dz = in_time("dz", f"$dh«t» ⊙ {slope[0]}", rf"$dh«t» \odot {slope[1]}", reverse)
    return forward, (by_state(sequences, reverse), dz, *sums_over_time(reverse))


def of_lstm(k: int, sequences: bool, reverse: bool, peepholes: bool) -> tuple[Equations, Equations]:
    """z, the gates, c, h and y; dh, dc, dz and the sums."""
    seen = {"i": "$c«before» ⊙ $P[1]", "f": "$c«before» ⊙ $P[2]", "o": "$c«t» ⊙ $P[3]"} if peepholes else {}
    z = "$x«t» $W + $h«before» $R + $b"
    forward = [in_time("z", z, z, reverse)]
    for j, (gate, function) in enumerate({"i": "σ", "f": "σ", "g": "tanh", "o": "σ"}.items()):
        more = f" + {seen[gate]}" if gate in seen else ""
        text = f"{function}($z«t»[{j * k + 1}..{(j + 1) * k}]{more})"
        forward.append(in_time(gate, text, in_latex(text), reverse))
    c = "$f«t» ⊙ $c«before» + $i«t» ⊙ $g«t»"
    forward.append(in_time("c", c, c.replace("⊙", r"\odot"), reverse))
    forward.append(in_time("h", "$o«t» ⊙ tanh $c«t»", r"$o«t» \odot \tanh $c«t»", reverse))
    forward.append(states_out(sequences, reverse))
    dc = "$dc«after» ⊙ $f«after» + $dh«t» ⊙ $o«t» ⊙ (1 − tanh² $c«t»)"
    if peepholes:
        forward[4], forward[5] = forward[5], forward[4]
        dc += " + $do«t» ⊙ $P[3] + $di«after» ⊙ $P[1] + $df«after» ⊙ $P[2]"
    parts = {
        "dc": dc,
        "di": "$dc«t» ⊙ $g«t» ⊙ $i«t» ⊙ (1 − $i«t»)",
        "df": "$dc«t» ⊙ $c«before» ⊙ $f«t» ⊙ (1 − $f«t»)",
        "dg": "$dc«t» ⊙ $i«t» ⊙ (1 − $g«t»²)",
        "do": "$dh«t» ⊙ tanh $c«t» ⊙ $o«t» ⊙ (1 − $o«t»)",
        "dz": "($di«t», $df«t», $dg«t», $do«t»)",
    }
    steps = (in_time(target, text, in_latex(text), reverse) for target, text in parts.items())
    sums = sums_over_time(reverse)
    if peepholes:
        text = "Σₜ ($di«t» ⊙ $c«before», $df«t» ⊙ $c«before», $do«t» ⊙ $c«t»)"
        sums = (of_all_steps(in_time("dP", text, in_latex(text), reverse)), *sums)
    return tuple(forward), (by_state(sequences, reverse), *steps, *sums)


def of_gru(k: int, sequences: bool, reverse: bool, after: bool) -> tuple[Equations, Equations]:
    """z, the gates, a, h and y; dh, the gates' gradients, dz and the sums."""

    def step(target: str, text: str) -> Equation:
        return in_time(target, text, in_latex(text), reverse)

    z = [f"$z«t»[{j * k + 1}..{(j + 1) * k}]" for j in range(3)]
    forward = [
        step("z", "$x«t» $W + $b"),
        step("r", f"σ({z[0]} + $h«before» $R[1..{k}])"),
        step("u", f"σ({z[1]} + $h«before» $R[{k + 1}..{2 * k}])"),
        step("m", "$h«before» $V + $c" if after else "($r«t» ⊙ $h«before») $V"),
        step("a", f"tanh({z[2]} + {'$r«t» ⊙ $m«t»' if after else '$m«t»'})"),
        step("h", "$u«t» ⊙ $h«before» + (1 − $u«t») ⊙ $a«t»"),
        states_out(sequences, reverse),
    ]
    inside = "$dm«after» $Vᵀ" if after else "($dm«after» $Vᵀ) ⊙ $r«after»"
    more = f"$dh«after» ⊙ $u«after» + ($dr«after», $du«after») $Rᵀ + {inside}"
    dr = "$da«t» ⊙ $m«t»" if after else "($dm«t» $Vᵀ) ⊙ $h«before»"
    sums = {s.target: s for s in sums_over_time(reverse, "($dr«t», $du«t»)")}
    dV = "$h«before»" if after else "($r«t» ⊙ $h«before»)"
    backward = [
        by_state(sequences, reverse, more, in_latex(more)),
        step("da", "$dh«t» ⊙ (1 − $u«t») ⊙ (1 − $a«t»²)"),
        step("dm", "$da«t» ⊙ $r«t»" if after else "$da«t»"),
        step("dr", f"{dr} ⊙ $r«t» ⊙ (1 − $r«t»)"),
        step("du", "$dh«t» ⊙ ($h«before» − $a«t») ⊙ $u«t» ⊙ (1 − $u«t»)"),
        step("dz", "($dr«t», $du«t», $da«t»)"),
        *(sums[name] for name in ("dW", "dR")),
        of_all_steps(step("dV", f"Σₜ {dV}ᵀ $dm«t»")),
        *([of_all_steps(step("dc", "Σₜ $dm«t»"))] if after else []),
        *(sums[name] for name in ("db", "dx")),
    ]
    return tuple(forward), tuple(backward)


def _braced(latex: str) -> str:
    """$x as ${x}: a subscript may follow."""
    return re.sub(r"\$([A-Za-z]+)", r"${\1}", latex)


def of_all_steps(equation: Equation) -> Equation:
    """Of all steps together."""
    return Equation(equation.target, equation.text, equation.latex)


def in_latex(text: str) -> str:
    """The same signs in LaTeX."""
    for sign, latex in {
        "⊙": r"\odot", "σ": r"\sigma", "tanh² ": r"\tanh^2 ", "tanh": r"\tanh", "\\\\tanh": r"\tanh",
        "«t»²": "«t»^2", "−": "-", "ᵀ": r"^\top", "Σₜ": r"\sum_t",
    }.items():  # fmt: skip
        text = text.replace(sign, latex)
    return text
