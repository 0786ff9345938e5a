"""What products, convolutions and pooling of ONNX mean in layers of byhand."""

from math import ceil
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.exchange.onnx.attention import attention_product, sliced, split_parts, with_output
from byhand.exchange.onnx.nodes import Node, constant_input, reads
from byhand.exchange.onnx.values import Computed, straight
from byhand.layers import (
    AveragePool2D,
    Conv2D,
    ConvTranspose2D,
    Dense,
    GlobalAveragePool2D,
    MaxPool2D,
    UpSample2D,
)
from byhand.layers.windows import Window

# ---- products ----


def dense_product(x: Computed, W: Array, b: Array | None, what: str) -> Computed:
    """x W + b; of a row whose numbers stand in another order, W's rows take that order."""
    if x.order.ndim not in (1, 2) or x.batch != 0 or W.shape[0] != x.order.shape[-1]:
        raise ByhandError(f"{what} of samples {x.order.shape} with a matrix {W.shape} isn't known.")
    if x.order.ndim == 1:
        turned = np.empty_like(W)
        turned[x.order] = W
        W, x = turned, x.arranged(straight(x.order.shape))
    x = x.as_rows(what)
    if attention := with_output(x, W, b):
        return attention
    layer = Dense(W.shape[1], bias=b is not None)
    return x.then(layer, {"W": W} | ({} if b is None else {"b": b}), straight((*x.shape[:-1], W.shape[1])))


@reads("Gemm")
def _gemm(at: Node, x: Computed, W: Any, c: Any = None) -> Computed:
    W = constant_input("Gemm's second input", W, 2)
    if at.whole("transA", 0):
        raise ByhandError("Gemm with transA mixes the samples.")
    W = (W.T if at.whole("transB", 0) else W) * at.number("alpha", 1.0)
    b = None
    if c is not None and constant_input("Gemm's third input", c).size:
        try:
            wide = np.broadcast_to(c, np.broadcast_shapes(c.shape, (1, W.shape[1])))
        except ValueError:
            raise ByhandError(f"Gemm's third input {c.shape} doesn't fit a matrix {W.shape}.") from None
        if len(wide) > 1 and not (wide == wide[0]).all():
            raise ByhandError("Gemm with a bias of its own for each sample isn't known.")
        b = wide[0] * at.number("beta", 1.0)
    return dense_product(as_settled(x), W, b, "Gemm")


@reads("MatMul")
def _matmul(at: Node, x: Any, W: Any) -> Any:
    if isinstance(x, Computed) and isinstance(W, Computed):
        return attention_product(x, W)
    if not isinstance(x, Computed):
        raise ByhandError("MatMul with a constant on its left isn't known.")
    return dense_product(as_settled(x), constant_input("MatMul's second input", W, 2), None, "MatMul")


@reads("Slice")
def _slice(at: Node, x: Any, *bounds: Any) -> Any:
    return sliced(x, *bounds)


@reads("Split")
def _split(at: Node, x: Any, sizes: Any = None) -> Any:
    return split_parts(at, x, sizes)


def as_settled(x: Any) -> Computed:
    """A value whose formula has become a layer; a constant is refused."""
    if not isinstance(x, Computed):
        raise ByhandError("An input that layers take must depend on the network's.")
    return x.settled()


# ---- images ----


def as_two(sides: list[int]) -> tuple[int, int]:
    """Down and across."""
    return sides[0], sides[1]


def _pads(at: Node, sides: list[int], size: list[int], stride: list[int], dilation: list[int]) -> list[list[int]]:
    """[[before, after], ...] for each side."""
    auto = at.text("auto_pad", "NOTSET")
    extent = [(s - 1) * d + 1 for s, d in zip(size, dilation, strict=True)]
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        total = [max(0, (ceil(n / s) - 1) * s + e - n) for n, s, e in zip(sides, stride, extent, strict=True)]
        less = [n // 2 for n in total]
        pairs = [[n, t - n] for n, t in zip(less, total, strict=True)]
        return pairs if auto == "SAME_UPPER" else [pair[::-1] for pair in pairs]
    given = at.numbers("pads", [0] * (2 * len(sides))) if auto == "NOTSET" else [0] * (2 * len(sides))
    if len(given) != 2 * len(sides) or min(given) < 0:
        raise ByhandError(f"{at.kind}: pads {given} aren't known.")
    pairs = [[given[i], given[i + len(sides)]] for i in range(len(sides))]
    if at.attributes.get("ceil_mode"):
        for i, pair in enumerate(pairs):
            room = sides[i] + sum(pair) - extent[i]
            places = ceil(room / stride[i]) + 1
            if (places - 1) * stride[i] >= sides[i] + pair[0]:  # the last one would begin beyond the image
                places -= 1
            pair[1] += max(0, (places - 1) * stride[i] - room)
    return pairs


def _window(at: Node, x: Computed, size: list[int]) -> tuple[Computed, dict[str, Any], list[int]]:
    """The image, the options of a layer with a window, and the dilation; sequences are images one pixel wide."""
    image = as_settled(x).as_image(at.kind)
    sides, n = [*x.order.shape[1:]], len(size)
    stride, dilation = at.numbers("strides", [1] * n), at.numbers("dilations", [1] * n)
    if not n == len(sides) == len(stride) == len(dilation) or min(size + stride + dilation) < 1:
        raise ByhandError(f"{at.kind} over samples of {x.order.ndim} axes isn't known.")
    pads = _pads(at, sides, size, stride, dilation)
    if n == 1:
        size, stride, dilation, pads = [*size, 1], [*stride, 1], [*dilation, 1], [*pads, [0, 0]]
    padding: Any = tuple(map(tuple, pads)) if any(map(any, pads)) else "valid"
    if padding != "valid":
        same, own = (Window(as_two(size), as_two(stride), as_two(dilation), p) for p in ("same", padding))
        if same.pad(image.shape) == own.pad(image.shape) and same.places(image.shape) == own.places(image.shape):
            padding = "same"
    return image, {"stride": tuple(stride), "padding": padding, "size": tuple(size)}, dilation


def _as_onnx(y: Computed, x: Computed) -> Computed:
    """An image in ONNX's order: channels first; one pixel wide where it was a sequence."""
    order = np.moveaxis(straight(y.shape), 2, 0)
    return y.arranged(order[..., 0] if x.order.ndim == 2 else order)


@reads("Conv")
def _conv(at: Node, x: Computed, W: Any, b: Any = None) -> Computed:
    """(out, in, kh, kw) → (kh, kw, in, out)."""
    x = as_settled(x)
    W = constant_input("Conv's kernel", W, x.order.ndim + 1)
    size = [*W.shape[2:]]
    if at.numbers("kernel_shape", size) != size:
        raise ByhandError(f"Conv: kernel_shape isn't that of its kernel {W.shape}.")
    image, window, dilation = _window(at, x, size)
    W = np.moveaxis(W.reshape(*W.shape[:2], *window["size"]), (2, 3, 1, 0), (0, 1, 2, 3))
    groups = at.whole("group", 1)
    if groups < 1 or image.shape[2] % groups or W.shape[2] != image.shape[2] // groups or W.shape[3] % groups:
        raise ByhandError(f"Conv: a kernel {W.shape} in {groups} groups doesn't fit {image.shape[2]} channels.")
    options = {"stride": window["stride"], "padding": window["padding"], "groups": groups}
    layer = Conv2D(W.shape[3], window["size"], dilation=as_two(dilation), bias=b is not None, **options)
    p = {"W": W} | ({} if b is None else {"b": vector("Conv's bias", b, W.shape[3])})
    return _as_onnx(image.then(layer, p), x)


def vector(what: str, value: Any, k: int) -> Array:
    """A constant of k numbers."""
    found = constant_input(what, value, 1)
    if len(found) != k:
        raise ByhandError(f"{what} has {len(found)} numbers, not {k}.")
    return found


@reads("ConvTranspose")
def _conv_transpose(at: Node, x: Computed, W: Any, b: Any = None) -> Computed:
    """(in, out, kh, kw) → (kh, kw, out, in), where the output's size is one that byhand has."""
    x = as_settled(x)
    W = constant_input("ConvTranspose's kernel", W, x.order.ndim + 1)
    image = x.as_image("ConvTranspose")
    n = W.ndim - 2
    size, sides = [*W.shape[2:]], [*x.order.shape[1:]]
    stride, more = at.numbers("strides", [1] * n), at.numbers("output_padding", [0] * n)
    pads, auto = at.numbers("pads", [0] * 2 * n), at.text("auto_pad", "NOTSET")
    plain = at.whole("group", 1) == 1 and at.numbers("dilations", [1] * n) == [1] * n
    if not plain or len(stride) != n or len(more) != n or len(pads) != 2 * n or min(stride) < 1:
        raise ByhandError("ConvTranspose with groups or dilations isn't known.")
    if W.shape[0] != image.shape[2]:
        raise ByhandError(f"ConvTranspose: a kernel {W.shape} doesn't fit {image.shape[2]} channels.")
    full = [(sides[i] - 1) * stride[i] + size[i] for i in range(n)]
    wanted = at.numbers("output_shape", [])[-n:]
    if auto in ("SAME_UPPER", "SAME_LOWER") or wanted:
        out = wanted or [sides[i] * stride[i] for i in range(n)]
        total = [full[i] + more[i] - out[i] for i in range(n)]
        before = [t // 2 if auto != "SAME_LOWER" else t - t // 2 for t in total]
    else:
        out = [full[i] + more[i] - pads[i] - pads[i + n] for i in range(n)]
        before = pads[:n]
    same = [max(0, full[i] - sides[i] * stride[i]) // 2 for i in range(n)]
    if out == [sides[i] * stride[i] for i in range(n)] and before == same:
        padding = "same"
    elif out == full and before == [0] * n:
        padding = "valid"
    else:
        raise ByhandError(f"ConvTranspose from {sides} to {out} with pads before {before} isn't known.")
    kernel, strides = (size[0], size[1] if n == 2 else 1), (stride[0], stride[1] if n == 2 else 1)
    W = W.reshape(*W.shape[:2], *kernel).transpose(2, 3, 1, 0)
    layer = ConvTranspose2D(W.shape[2], kernel, strides, padding, bias=b is not None)
    p = {"W": W} | ({} if b is None else {"b": vector("ConvTranspose's bias", b, W.shape[2])})
    return _as_onnx(image.then(layer, p), x)


@reads("MaxPool", "AveragePool")
def _pool(at: Node, x: Computed) -> Computed:
    if any(at.used[1:]):
        raise ByhandError("MaxPool's second output isn't known.")
    x = as_settled(x)
    image, window, dilation = _window(at, x, at.numbers("kernel_shape", []))
    if max(dilation) > 1:
        raise ByhandError(f"{at.kind} with dilations isn't known.")
    if at.kind == "MaxPool":
        return _as_onnx(image.then(MaxPool2D(**window)), x)
    if at.whole("count_include_pad", 0) and window["padding"] != "valid":
        raise ByhandError("AveragePool that counts the padding isn't known.")
    return _as_onnx(image.then(AveragePool2D(**window)), x)


@reads("GlobalAveragePool", "GlobalMaxPool")
def _global_pool(at: Node, x: Computed) -> Computed:
    x = as_settled(x)
    image = x.as_image(at.kind)
    sides = (1,) * (x.order.ndim - 1)
    layer = GlobalAveragePool2D() if at.kind == "GlobalAveragePool" else MaxPool2D((image.shape[0], image.shape[1]))
    y = image.then(layer)
    return y.arranged(np.arange(image.shape[2]).reshape(-1, *sides))


@reads("Resize", "Upsample")
def _resize(at: Node, x: Computed, *inputs: Any) -> Computed:
    """Every pixel becomes a block of equal ones."""
    x = as_settled(x)
    scales = inputs[-1] if at.kind == "Upsample" or len(inputs) < 3 else inputs[1]
    found = constant_input(f"{at.kind}'s scales", scales).reshape(-1)
    image = x.as_image(at.kind)
    times = [float(v) for v in found[2:]]
    how = at.text("coordinate_transformation_mode", "asymmetric"), at.text("nearest_mode", "floor")
    nearest = at.text("mode", "nearest") == "nearest" and how == ("asymmetric", "floor")
    if not nearest or len(found) != 4 or found[0] != 1 or found[1] != 1 or any(v != int(v) or v < 1 for v in times):
        raise ByhandError(f"{at.kind} is known only where each pixel becomes a block of equal ones.")
    return _as_onnx(image.then(UpSample2D((int(times[0]), int(times[1])))), x)
