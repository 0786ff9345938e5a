"""The equations of recurrent layers that normalise inside.

pN is a product, nN its rows with mean 0 and variance 1; μ and σ² are mean and variance of a row, ε is 1e-5.
"""

from byhand.core.equations import Equation
from byhand.layers.sequences.written import (
    Equations,
    by_state,
    in_latex,
    in_time,
    of_all_steps,
    of_gru,
    of_lstm,
    of_rnn,
    sums_over_time,
)


class _Steps:
    """Writes equations of one step."""

    def __init__(self, reverse: bool):
        self.reverse = reverse

    def one(self, target: str, text: str) -> Equation:
        """An equation of one step."""
        return in_time(target, text, in_latex(text), self.reverse)

    def total(self, target: str, text: str) -> Equation:
        """A sum over the steps."""
        return of_all_steps(self.one(target, f"Σₜ {text}"))

    def norm(self, name: str, product: str, of: str = "") -> Equation:
        """The numbers of a product with mean 0 and variance 1; of some columns, each by itself."""
        latex = rf"\frac{{{product}«t» - \mu}}{{\sqrt{{\sigma^2 + \epsilon}}}}"
        return in_time(f"n{name}", f"({product}«t» − μ) / √(σ² + ε){of}", latex, self.reverse)

    def back(self, target: str, name: str, d: str, before: str = "", of: str = "") -> Equation:
        """The gradient by a product from d, that by its normalised numbers; `before` is what comes beside it."""
        u = f"$n{name}«t»"
        text = f"{before}(d − mean(d) − {u} ⊙ mean(d ⊙ {u})) / √(σ² + ε) with d = {d}{of}"
        fraction = rf"\frac{{d - \bar d - {u} \overline{{d \odot {u}}}}}{{\sqrt{{\sigma^2 + \epsilon}}}},\ d = "
        return in_time(target, text, in_latex(before) + fraction + in_latex(d), self.reverse)


def of_normalized_rnn(sequences: bool, reverse: bool, relu: bool) -> tuple[Equations, Equations]:
    """pz, nz, z, h and y; dh, dz, dpz and the sums."""
    w, (forward, backward) = _Steps(reverse), of_rnn(sequences, reverse, relu)
    ahead = (w.one("pz", "$x«t» $W + $h«before» $R"), w.norm("z", "$pz"), w.one("z", "$gz ⊙ $nz«t» + $b"))
    dh = by_state(sequences, reverse, "$dpz«after» $Rᵀ", r"$dpz«after» $R^\top")
    back = (dh, backward[1], w.back("dpz", "z", "$gz ⊙ $dz«t»"), w.total("dgz", "$dz«t» ⊙ $nz«t»"))
    return (*ahead, *forward[1:]), (*back, *sums_over_time(reverse, "$dpz«t»", "$dpz«t»"))


def of_normalized_lstm(k: int, sequences: bool, reverse: bool) -> tuple[Equations, Equations]:
    """The products, z, the gates, c, s of it, h and y; dh, ds, dc, dz, those of the products and the sums."""
    w, (forward, backward) = _Steps(reverse), of_lstm(k, sequences, reverse, False)
    _, i, f, g, o, c, _, y = forward
    ahead = (
        *(w.one("px", "$x«t» $W"), w.norm("x", "$px"), w.one("ph", "$h«before» $R"), w.norm("h", "$ph")),
        *(w.one("z", "$gx ⊙ $nx«t» + $gh ⊙ $nh«t» + $b"), i, f, g, o, c),
        *(w.norm("c", "$c"), w.one("s", "$gc ⊙ $nc«t» + $beta"), w.one("h", "$o«t» ⊙ tanh $s«t»"), y),
    )
    _, _, di, df, dg, _, dz, *_ = backward
    back = (
        by_state(sequences, reverse, "$dph«after» $Rᵀ", r"$dph«after» $R^\top"),
        w.one("ds", "$dh«t» ⊙ $o«t» ⊙ (1 − tanh² $s«t»)"),
        w.back("dc", "c", "$gc ⊙ $ds«t»", "$dc«after» ⊙ $f«after» + "),
        *(di, df, dg, w.one("do", "$dh«t» ⊙ tanh $s«t» ⊙ $o«t» ⊙ (1 − $o«t»)"), dz),
        *(w.back("dph", "h", "$gh ⊙ $dz«t»"), w.back("dpx", "x", "$gx ⊙ $dz«t»")),
        *(w.total("dgx", "$dz«t» ⊙ $nx«t»"), w.total("dgh", "$dz«t» ⊙ $nh«t»")),
        *(w.total("dgc", "$ds«t» ⊙ $nc«t»"), w.total("dbeta", "$ds«t»")),
    )
    return ahead, (*back, *sums_over_time(reverse, "$dph«t»", "$dpx«t»"))


def of_normalized_gru(k: int, sequences: bool, reverse: bool) -> tuple[Equations, Equations]:
    """The products, z, the gates, m, a, h and y; dh, the gates' gradients, those of the products and the sums."""
    w, (forward, backward) = _Steps(reverse), of_gru(k, sequences, reverse, True)
    *_, a, h, y = forward
    apart = f", columns 1..{2 * k} and {2 * k + 1}..{3 * k} each by itself"
    r, u = f"1..{k}", f"{k + 1}..{2 * k}"
    ahead = (
        *(w.one("px", "$x«t» $W"), w.norm("x", "$px", apart), w.one("z", "$gx ⊙ $nx«t» + $b")),
        *(w.one("ph", "$h«before» $R"), w.norm("h", "$ph")),
        *(w.one(gate, f"σ($z«t»[{part}] + $gh[{part}] ⊙ $nh«t»[{part}])") for gate, part in (("r", r), ("u", u))),
        *(w.one("pm", "$h«before» $V"), w.norm("m", "$pm"), w.one("m", "$gm ⊙ $nm«t» + $c"), a, h, y),
    )
    more = "$dh«after» ⊙ $u«after» + $dph«after» $Rᵀ + $dpm«after» $Vᵀ"
    kept = {equation.target: equation for equation in backward}
    gates = "($dr«t», $du«t»)"
    dW, dR, db, dx = sums_over_time(reverse, "$dph«t»", "$dpx«t»")
    back = (
        *(
            by_state(sequences, reverse, more, in_latex(more)),
            kept["da"],
            kept["dm"],
            kept["dr"],
            kept["du"],
            kept["dz"],
        ),
        *(w.back("dpm", "m", "$gm ⊙ $dm«t»"), w.back("dph", "h", f"$gh ⊙ {gates}")),
        *(w.back("dpx", "x", "$gx ⊙ $dz«t»", of=apart), w.total("dgx", "$dz«t» ⊙ $nx«t»")),
        *(w.total("dgh", f"{gates} ⊙ $nh«t»"), w.total("dgm", "$dm«t» ⊙ $nm«t»")),
        *(dW, dR, w.total("dV", "$h«before»ᵀ $dpm«t»"), kept["dc"], db, dx),
    )
    return ahead, back
