"""The lines of recurrent layers in NumPy, and of an encoder and a decoder."""

from byhand.explaining.programs.lines import CodeLines, LayerWriting, batch_shape, require_plain, writes
from byhand.layers import GRU, LSTM, RNN, Bidirectional, EncoderDecoder


class _Recurrent:
    """What recurrent layers share: z = x W + b, the order of the steps, the output, and the sums over time."""

    def __init__(self, at: LayerWriting, to: CodeLines):
        require_plain(at.layer)
        self.at, self.to, self.k, self.steps = at, to, at.layer.units, at.in_shape[0]
        steps, wide = self.steps, at.plan.params["W"][1]
        self.gates = wide // self.k
        self.z, self.h = at.own("z"), at.own("h")
        back = at.layer.reverse
        self.before = "step + 1" if back else "step - 1"
        self.start = steps if back else -1
        self.last = 0 if back else steps - 1
        self.there = f"{at.mask}[:, step, None]" if at.mask else ""  # (n, 1)
        up, down = f"range({steps})", f"range({steps - 1}, -1, -1)"
        self.order, self.backwards = (down, up) if back else (up, down)
        product = f"{batch_shape(at.in_shape)}({at.in_shape[1]}, {wide}) → {batch_shape((steps, wide))}"
        to.ahead(f"{self.z} = {at.x} @ {at.p('W')} + {at.p('b')}", product)
        to.ahead(f"{self.h} = {{{self.start}: {self.first(0)}}}", f"the state after each step, (n, {self.k})")
        at.ends = (f"{self.h}[{self.last}]",)

    def first(self, state: int) -> str:
        """The expression of a state before the first step."""
        return self.at.begins[state] if self.at.begins else f"np.zeros((n, {self.k}), FLOAT)"

    def kept(self, new: str, old: str) -> str:
        """The expression of `new`, or of `old` where a sequence has no such step."""
        return f"np.where({self.there}, {new}, {old})" if self.there else new

    def output(self) -> None:
        """Write y."""
        at = self.at
        y = at.output("a")
        if at.layer.return_sequences:
            left = f" * {at.mask}[:, :, None]" if at.mask else ""
            self.to.ahead(
                f"{y} = np.stack([{self.h}[step] for step in range({self.steps})], axis=1){left}",
                batch_shape(at.plan.out_shape),
            )
        else:
            self.to.ahead(f"{y} = {self.h}[{self.last}]", batch_shape(at.plan.out_shape))
            at.lines.mask, at.ends = None, (y, *at.ends[1:])

    def begin_back(self) -> None:
        """Write the gradient by the last state, and the loop."""
        sequences, dy = self.at.layer.return_sequences, self.at.dy
        self.to.back(f"d{self.z} = np.zeros_like({self.z})", batch_shape((self.steps, self.gates * self.k)))
        if not self.at.handed:
            self.to.back(f"dh = np.zeros((n, {self.k}), FLOAT)" if sequences else f"dh = {dy}", f"(n, {self.k})")

    def loop_back(self) -> None:
        """Write the loop over the steps, the last one first."""
        self.to.back(f"for step in {self.backwards}:")
        if self.at.layer.return_sequences:
            left = f" * {self.there}" if self.there else ""
            self.to.back(f"    dh = dh + {self.at.dy}[:, step]{left}", f"(n, {self.k})")

    def product(self, value: str) -> str:
        """The expression `value`, or 0 where a sequence has no such step."""
        return f"{self.there} * {value}" if self.there else value

    def sums(self) -> None:
        """Write dW, db and dx; `states` (n T, k) is then the state that each step started from."""
        at, z, wide = self.at, self.z, self.gates * self.k
        inside, into = at.in_shape[1], f"reshape(-1, {self.gates * self.k})"
        self.to.back(f"{at.g('W')} = {at.x}.reshape(-1, {inside}).T @ d{z}.{into}", f"{at.plan.params['W']}")
        self.to.back(f"{at.g('b')} = d{z}.sum(axis=(0, 1))", f"({wide},)")
        if at.dx:
            self.to.back(f"{at.dx} = d{z} @ {at.p('W')}.T", batch_shape(at.in_shape))

    def states(self) -> None:
        """Write the state that each step started from, as rows."""
        stack = f"np.stack([{self.h}[{self.before}] for step in range({self.steps})], axis=1)"
        self.to.back(f"states = {stack}.reshape(-1, {self.k})", f"(n {self.steps}, {self.k})")


@writes(RNN)
def _rnn(at: LayerWriting, to: CodeLines) -> None:
    """h_t = φ(z_t + h_{t−1} R)."""
    r, relu = _Recurrent(at, to), at.layer.nonlinearity == "relu"
    h, z, k = r.h, r.z, r.k
    inner = f"{z}[:, step] + {h}[{r.before}] @ {at.p('R')}"
    to.ahead(f"for step in {r.order}:")
    new = f"np.maximum({inner}, 0)" if relu else f"np.tanh({inner})"
    to.ahead(f"    {h}[step] = {r.kept(new, f'{h}[{r.before}]')}", f"(n, {k})")
    r.output()
    r.begin_back()
    r.loop_back()
    slope = f"dh * ({h}[step] > 0)" if relu else f"dh * (1 - {h}[step] ** 2)"
    to.back(f"    d{z}[:, step] = {r.product(slope)}", f"(n, {k})")
    before = f"d{z}[:, step] @ {at.p('R')}.T"
    to.back(f"    dh = {r.kept(before, 'dh')}", f"(n, {k})")
    r.states()
    to.back(f"{at.g('R')} = states.T @ d{z}.reshape(-1, {k})", f"({k}, {k})")
    r.sums()


@writes(LSTM)
def _lstm(at: LayerWriting, to: CodeLines) -> None:
    """Gates i, f, g, o; c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh c_t."""
    r = _Recurrent(at, to)
    h, z, k = r.h, r.z, r.k
    c, gates = at.own("c"), at.own("gates")
    to.ahead(f"{c}, {gates} = {{{r.start}: {r.first(1)}}}, {{}}", "the cells and the gates of each step")
    at.ends += (f"{c}[{r.last}]",)
    to.ahead(f"for step in {r.order}:")
    to.ahead(f"    i, f, u, o = np.split({z}[:, step] + {h}[{r.before}] @ {at.p('R')}, 4, axis=1)", f"(n, {k}) each")
    to.ahead(f"    {gates}[step] = sigmoid(i), sigmoid(f), np.tanh(u), sigmoid(o)")
    to.ahead(f"    i, f, u, o = {gates}[step]")
    to.ahead(f"    {c}[step] = {r.kept(f'f * {c}[{r.before}] + i * u', f'{c}[{r.before}]')}", f"(n, {k})")
    to.ahead(f"    {h}[step] = {r.kept(f'o * np.tanh({c}[step])', f'{h}[{r.before}]')}", f"(n, {k})")
    r.output()
    r.begin_back()
    if not at.handed:
        to.back(f"dc = np.zeros((n, {k}), FLOAT)", f"(n, {k})")
    r.loop_back()
    to.back(f"    (i, f, u, o), q = {gates}[step], np.tanh({c}[step])", f"(n, {k}) each")
    to.back(f"    dc = dc + {r.product('dh * o * (1 - q**2)')}", f"(n, {k})")
    to.back(f"    di, df, du, do = dc * u, dc * {c}[{r.before}], dc * i, dh * q", f"(n, {k}) each")
    slopes = "[di * i * (1 - i), df * f * (1 - f), du * (1 - u**2), do * o * (1 - o)]"
    to.back(f"    d{z}[:, step] = {r.product(f'np.concatenate({slopes}, axis=1)')}", f"(n, {4 * k})")
    to.back(f"    dh = {r.kept(f'd{z}[:, step] @ ' + at.p('R') + '.T', 'dh')}", f"(n, {k})")
    to.back(f"    dc = {r.kept('dc * f', 'dc')}", f"(n, {k})")
    r.states()
    to.back(f"{at.g('R')} = states.T @ d{z}.reshape(-1, {4 * k})", f"({k}, {4 * k})")
    r.sums()


@writes(GRU)
def _gru(at: LayerWriting, to: CodeLines) -> None:
    """Gates r, u, candidate a; h_t = u ⊙ h_{t−1} + (1 − u) ⊙ a."""
    rec, after = _Recurrent(at, to), at.layer.reset == "after"
    h, z, k, before = rec.h, rec.z, rec.k, f"{rec.h}[{rec.before}]"
    gates = at.own("gates")
    to.ahead(f"{gates} = {{}}", "the gates of each step")
    to.ahead(f"for step in {rec.order}:")
    to.ahead(
        f"    r, u = np.split(sigmoid({z}[:, step, :{2 * k}] + {before} @ {at.p('R')}), 2, axis=1)", f"(n, {k}) each"
    )
    inner = f"{before} @ {at.p('V')} + {at.p('c')}" if after else f"r * {before}"
    to.ahead(f"    m = {inner}", f"(n, {k})")
    product = "r * m" if after else f"m @ {at.p('V')}"
    to.ahead(f"    a = np.tanh({z}[:, step, {2 * k}:] + {product})", f"(n, {k})")
    to.ahead(f"    {gates}[step] = r, u, m, a")
    to.ahead(f"    {h}[step] = {rec.kept(f'u * {before} + (1 - u) * a', before)}", f"(n, {k})")
    rec.output()
    rec.begin_back()
    inner_rows = at.own("inner")
    to.back(f"d{inner_rows} = np.zeros((n, {rec.steps}, {k}), FLOAT)", "what goes into V's product's gradient")
    rec.loop_back()
    to.back(f"    r, u, m, a = {gates}[step]", f"(n, {k}) each")
    to.back(f"    du = {rec.product(f'dh * ({before} - a) * u * (1 - u)')}", f"(n, {k})")
    to.back(f"    da = {rec.product('dh * (1 - u) * (1 - a**2)')}", f"(n, {k})")
    if after:
        to.back(f"    d{inner_rows}[:, step] = da * r", f"(n, {k})")
        to.back("    dr = da * m * r * (1 - r)", f"(n, {k})")
        rest = f"d{inner_rows}[:, step] @ {at.p('V')}.T"
    else:
        to.back(f"    d{inner_rows}[:, step], dm = da, da @ {at.p('V')}.T", f"(n, {k}) each")
        to.back(f"    dr = dm * {before} * r * (1 - r)", f"(n, {k})")
        rest = "dm * r"
    to.back(f"    d{z}[:, step] = np.concatenate([dr, du, da], axis=1)", f"(n, {3 * k})")
    through = f"dh * u + d{z}[:, step, :{2 * k}] @ {at.p('R')}.T + {rest}"
    to.back(f"    dh = {rec.kept(through, 'dh')}", f"(n, {k})")
    rec.states()
    to.back(f"{at.g('R')} = states.T @ d{z}[:, :, :{2 * k}].reshape(-1, {2 * k})", f"({k}, {2 * k})")
    if not after:
        stack = f"np.stack([{gates}[step][2] for step in range({rec.steps})], axis=1)"
        to.back(f"states = {stack}.reshape(-1, {k})", f"r ⊙ h, (n {rec.steps}, {k})")
    to.back(f"{at.g('V')} = states.T @ d{inner_rows}.reshape(-1, {k})", f"({k}, {k})")
    if after:
        to.back(f"{at.g('c')} = d{inner_rows}.sum(axis=(0, 1))", f"({k},)")
    rec.sums()


@writes(Bidirectional)
def _bidirectional(at: LayerWriting, to: CodeLines) -> None:
    """One layer forward and one backward in time, side by side or added up."""
    ys, dxs, backs, mask = [], [], CodeLines(), at.mask
    for i, (layer, plan) in enumerate(zip(at.layer.layers, at.plan.children, strict=True)):
        inside, at.lines.mask = at.lines.fresh(f"d{at.x}_in") if at.dx else None, mask
        piece, y = at.lines.one(layer, plan, at.in_shape, (*at.path, i), at.x, inside)
        to.forward += piece.forward
        backs.backward += piece.backward
        ys.append(y)
        dxs.append(inside)
    at.number, k = at.lines.number, at.layer.layer.units
    y, shape = at.output("a"), batch_shape(at.plan.out_shape)
    joined = f"np.concatenate([{', '.join(ys)}], axis=-1)" if at.layer.merge == "concat" else " + ".join(ys)
    to.ahead(f"{y} = {joined}", shape)
    halves = (f"[..., :{k}]", f"[..., {k}:]") if at.layer.merge == "concat" else ("", "")
    to.back(", ".join(f"d{name}" for name in ys) + " = " + ", ".join(f"{at.dy}{half}" for half in halves))
    to.backward += backs.backward
    if at.dx:
        to.back(f"{at.dx} = {' + '.join(map(str, dxs))}", batch_shape(at.in_shape))


@writes(EncoderDecoder)
def _encoder_decoder(at: LayerWriting, to: CodeLines) -> None:
    """The decoder starts from the encoder's last state; backward, that state's gradient goes on into the encoder."""
    (encoder, decoder), plans, source = at.layer.layers, at.plan.children, at.layer.source
    mask, own = at.mask, [at.lines.fresh(f"{at.x}_{part}") for part in ("source", "answer")]
    steps, inside = at.in_shape
    shapes = (source, inside), (steps - source, inside)
    to.ahead(f"{own[0]}, {own[1]} = {at.x}[:, :{source}], {at.x}[:, {source}:]", " and ".join(map(batch_shape, shapes)))
    masks = [at.own("mask") for _ in own] if mask else [None, None]
    if mask:
        to.ahead(f"{masks[0]}, {masks[1]} = {mask}[:, :{source}], {mask}[:, {source}:]")
    dxs = [f"d{name}" if at.dx else None for name in own]
    places = [
        LayerWriting(at.lines, layer, plan, shape, (*at.path, i), x, dx)
        for i, (layer, plan, shape, x, dx) in enumerate(zip((encoder, decoder), plans, shapes, own, dxs, strict=True))
    ]
    places[0].handed = True
    pieces = []
    for place, its_mask in zip(places, masks, strict=True):
        at.lines.mask, place.begins = its_mask, places[0].ends
        pieces.append(at.lines.written(place))
    at.y = places[1].y
    to.forward += pieces[0].forward + pieces[1].forward
    to.backward += pieces[1].backward + pieces[0].backward
    if at.dx:
        to.back(f"{at.dx} = np.concatenate([{dxs[0]}, {dxs[1]}], axis=1)", batch_shape(at.in_shape))
