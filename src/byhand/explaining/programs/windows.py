"""The lines of convolutions and pooling: every place of the window is one product, or one comparison."""

from byhand.explaining.programs.lines import CodeLines, LayerWriting, batch_shape, writes
from byhand.layers import AveragePool2D, Conv1D, Conv2D, GlobalAveragePool2D, MaxPool2D


def _cut(letter: str, places: int, stride: int, dilation: int) -> str:
    """Which pixels place `letter` of the window sees, along one side."""
    start = letter if dilation == 1 else f"{dilation} * {letter}"
    stop = f"{start} + {(places - 1) * stride + 1}"
    return f"{start} : {stop}" + (f" : {stride}" if stride > 1 else "")


class _Sliding:
    """What the lines of sliding windows have in common: the padded input, and the loops over the window."""

    def __init__(self, at: LayerWriting, to: CodeLines, fill: str):
        window, (height, width, channels) = at.layer.window, at.in_shape
        (rows_, columns, _), pad, extent = at.plan.out_shape, window.pad(at.in_shape), window.extent
        below = max(0, (rows_ - 1) * window.stride[0] + extent[0] - height - pad[0])
        right = max(0, (columns - 1) * window.stride[1] + extent[1] - width - pad[1])
        self.size, self.pad = window.size, pad
        self.padded = bool(below or right or pad[0] or pad[1])
        self.x = at.x
        self.shape = (height + pad[0] + below, width + pad[1] + right, channels)
        if self.padded:
            self.x = at.own("padded")
            edges = f"((0, 0), ({pad[0]}, {below}), ({pad[1]}, {right}), (0, 0))"
            value = f", constant_values={fill}" if fill else ""
            to.ahead(f"{self.x} = np.pad({at.x}, {edges}{value})", batch_shape(self.shape))
        self.edges = f"((0, 0), ({pad[0]}, {below}), ({pad[1]}, {right}), (0, 0))"
        cut = (_cut(*side) for side in zip("kl", (rows_, columns), window.stride, window.dilation, strict=True))
        self.seen = f"[:, {', '.join(cut)}]"

    def loops(self) -> list[tuple[str, str]]:
        """The two loops."""
        return [(f"for k in range({self.size[0]}):", ""), (f"    for l in range({self.size[1]}):", "")]

    def hand_back(self, at: LayerWriting, to: CodeLines, gradient: str) -> None:
        """dx is the inner part of the gradient by the padded input."""
        (height, width, _), (above, left) = at.in_shape, self.pad
        inner = f"[:, {above} : {above + height}, {left} : {left + width}]" if self.padded else ""
        to.back(f"{at.dx} = {gradient}{inner}", batch_shape(at.in_shape))


@writes(Conv2D)
def _conv2d(at: LayerWriting, to: CodeLines) -> None:
    """y = b + Σₖₗ (what place (k, l) of the window sees) W[k, l]."""
    slide = _Sliding(at, to, "")
    y, out, (*_, depth, filters) = at.output("z"), at.plan.out_shape, at.plan.params["W"]
    groups, channels = at.layer.groups, at.in_shape[-1]
    W, seen = f"{at.p('W')}[k, l]", f"{slide.x}{slide.seen}"
    places = f"({out[0]}, {out[1]})"
    bias = f" + {at.p('b')}" if at.layer.bias else ""
    to.ahead(f"{y} = np.zeros((n, {out[0]}, {out[1]}, {filters}), FLOAT){bias}", batch_shape(out))
    to.forward += slide.loops()
    if groups == 1:
        to.ahead(
            f"        {y} = {y} + {seen} @ {W}",
            f"{batch_shape((*out[:2], depth))}({depth}, {filters}) → {batch_shape(out)}",
        )
    else:
        to.ahead(
            f"        part = {seen}.reshape(n, {out[0]}, {out[1]}, {groups}, {depth})", f"{groups} groups of channels"
        )
        W = f"{W}.reshape({depth}, {groups}, {filters // groups})"
        to.ahead(f'        {y} = {y} + np.einsum("nrcgi,igo->nrcgo", part, {W}).reshape({y}.shape)', batch_shape(out))
    to.back(f"{at.g('W')} = np.zeros_like({at.p('W')})", f"{at.plan.params['W']}")
    gradient = f"d{slide.x}" if slide.padded else at.dx
    if at.dx:
        to.back(f"{gradient} = np.zeros_like({slide.x})", batch_shape(slide.shape))
    to.backward += slide.loops()
    if groups == 1:
        to.back(
            f"        {at.g('W')}[k, l] = {seen}.reshape(-1, {depth}).T @ {at.dy}.reshape(-1, {filters})",
            f"the sum over n images and {places} places",
        )
        if at.dx:
            to.back(f"        {gradient}{slide.seen} += {at.dy} @ {W}.T", batch_shape((*out[:2], channels)))
    else:
        to.back(
            f"        part = {seen}.reshape(n, {out[0]}, {out[1]}, {groups}, {depth})", f"{groups} groups of channels"
        )
        to.back(f"        dpart = {at.dy}.reshape(n, {out[0]}, {out[1]}, {groups}, {filters // groups})")
        product = 'np.einsum("nrcgi,nrcgo->igo", part, dpart)'
        to.back(f"        {at.g('W')}[k, l] = {product}.reshape({depth}, {filters})")
        if at.dx:
            product = f'np.einsum("nrcgo,igo->nrcgi", dpart, {W})'
            to.back(f"        {gradient}{slide.seen} += {product}.reshape(n, {out[0]}, {out[1]}, {channels})")
    if at.layer.bias:
        to.back(f"{at.g('b')} = {at.dy}.sum(axis=(0, 1, 2))", f"({filters},)")
    if at.dx and slide.padded:
        slide.hand_back(at, to, str(gradient))


@writes(Conv1D)
def _conv1d(at: LayerWriting, to: CodeLines) -> None:
    """y_t = b + Σ_j x_{t − (size − 1 − j) dilation} W[j]."""
    (steps, channels), k, size, d = at.in_shape, at.layer.filters, at.layer.size, at.layer.dilation
    padded, y = at.own("padded"), at.output("z")
    seen = f"[:, {'j' if d == 1 else f'{d} * j'} : {'j' if d == 1 else f'{d} * j'} + {steps}]"
    pad = (size - 1) * d
    to.ahead(f"{padded} = np.pad({at.x}, ((0, 0), ({pad}, 0), (0, 0)))", batch_shape((steps + pad, channels)))
    to.ahead(f"{y} = np.zeros((n, {steps}, {k}), FLOAT) + {at.p('b')}", batch_shape((steps, k)))
    to.ahead(f"for j in range({size}):")
    to.ahead(
        f"    {y} = {y} + {padded}{seen} @ {at.p('W')}[j, 0]",
        f"{batch_shape((steps, channels))}({channels}, {k}) → {batch_shape((steps, k))}",
    )
    to.back(f"{at.g('W')} = np.zeros_like({at.p('W')})", f"{at.plan.params['W']}")
    to.back(f"d{padded} = np.zeros_like({padded})", batch_shape((steps + pad, channels)))
    to.back(f"for j in range({size}):")
    to.back(
        f"    {at.g('W')}[j, 0] = {padded}{seen}.reshape(-1, {channels}).T @ {at.dy}.reshape(-1, {k})",
        f"the sum over n sequences and {steps} steps",
    )
    if at.dx:
        to.back(f"    d{padded}{seen} += {at.dy} @ {at.p('W')}[j, 0].T", batch_shape((steps, channels)))
    to.back(f"{at.g('b')} = {at.dy}.sum(axis=(0, 1))", f"({k},)")
    if at.dx:
        to.back(f"{at.dx} = d{padded}[:, {pad}:]", batch_shape(at.in_shape))


@writes(MaxPool2D)
def _max_pool(at: LayerWriting, to: CodeLines) -> None:
    """The largest number of each window; its gradient goes to the first one that is as large."""
    slide = _Sliding(at, to, "-np.inf")
    y, out = at.output("a"), at.plan.out_shape
    to.ahead(f"{y} = np.full((n, {', '.join(map(str, out))}), -np.inf, FLOAT)", batch_shape(out))
    to.forward += slide.loops()
    to.ahead(f"        {y} = np.maximum({y}, {slide.x}{slide.seen})", batch_shape(out))
    if at.dx:
        gradient = f"d{slide.x}" if slide.padded else at.dx
        to.back(f"{gradient}, left = np.zeros_like({slide.x}), {at.dy}", "left: what has found no pixel yet")
        to.backward += slide.loops()
        to.back(f"        found = np.where({slide.x}{slide.seen} == {y}, left, 0)", batch_shape(out))
        to.back(f"        {gradient}{slide.seen} += found")
        to.back("        left = left - found")
        if slide.padded:
            slide.hand_back(at, to, str(gradient))


@writes(AveragePool2D)
def _average_pool(at: LayerWriting, to: CodeLines) -> None:
    """The mean of each window's pixels, as many as lie in the image."""
    slide = _Sliding(at, to, "")
    out = at.plan.out_shape
    m, total, y = at.own("m"), at.own("total"), at.output("a")
    if slide.padded:
        ones = at.own("inside")
        to.ahead(f"{ones} = np.pad(np.ones((1, {at.in_shape[0]}, {at.in_shape[1]}, 1), FLOAT), {slide.edges})")
        start, count = "0", f"{m} + {ones}{slide.seen}"
    else:
        start, count = str(slide.size[0] * slide.size[1]), ""
    to.ahead(f"{total}, {m} = np.zeros((n, {', '.join(map(str, out))}), FLOAT), {start}", "m: the pixels of a window")
    to.forward += slide.loops()
    to.ahead(f"        {total} = {total} + {slide.x}{slide.seen}", batch_shape(out))
    if count:
        to.ahead(f"        {m} = {count}", f"(1, {out[0]}, {out[1]}, 1)")
    to.ahead(f"{y} = {total} / {m}", batch_shape(out))
    if at.dx:
        gradient = f"d{slide.x}" if slide.padded else at.dx
        to.back(f"{gradient} = np.zeros_like({slide.x})", batch_shape(slide.shape))
        to.backward += slide.loops()
        to.back(f"        {gradient}{slide.seen} += {at.dy} / {m}", batch_shape(out))
        if slide.padded:
            slide.hand_back(at, to, str(gradient))


@writes(GlobalAveragePool2D)
def _global_average_pool(at: LayerWriting, to: CodeLines) -> None:
    """Each channel's mean."""
    y, (height, width, channels) = at.output("a"), at.in_shape
    to.ahead(f"{y} = {at.x}.mean(axis=(1, 2))", batch_shape((channels,)))
    if at.dx:
        value = f"np.zeros_like({at.x}) + {at.dy}[:, None, None] / {height * width}"
        to.back(f"{at.dx} = {value}", batch_shape(at.in_shape))
