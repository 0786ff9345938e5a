"""Convolutions, pooling and upsampling in ONNX: images have their channels first there."""

from typing import Any

from byhand.core.types import Shape
from byhand.exchange.onnx.graph import Exported, Flow, means
from byhand.layers import (
    AveragePool2D,
    Conv1D,
    Conv2D,
    ConvTranspose2D,
    GlobalAveragePool2D,
    MaxPool2D,
    UpSample2D,
)


def window_attributes(window: Any, image: Shape, out: Shape) -> dict[str, Any]:
    """kernel_shape, strides and pads (above, left, below, right) of a window over an image."""
    before = window.pad(image)
    after = [max(0, (out[i] - 1) * window.stride[i] + window.extent[i] - image[i] - before[i]) for i in (0, 1)]
    return {"kernel_shape": [*window.size], "strides": [*window.stride], "pads": [*before, *after]}


@means(Conv2D)
def _conv2d(at: Exported, flow: Flow) -> Flow:
    """Conv; (kh, kw, in, out) → (out, in, kh, kw)."""
    to, flow = at.to, at.to.channels_first(flow)
    weights = to.constant("W", at.p["W"].transpose(3, 2, 0, 1))
    bias = [to.constant("b", at.p["b"])] if at.layer.bias else []
    window = window_attributes(at.layer.window, flow.shape, at.plan.out_shape)
    more: dict[str, Any] = {"dilations": [*at.layer.window.dilation], "group": at.layer.groups}
    return flow.to(to.node("Conv", flow.name, weights, *bias, **window, **more))


@means(Conv1D)
def _conv1d(at: Exported, flow: Flow) -> Flow:
    """Conv over (n, channels, T), with steps missing before the first only."""
    to, layer = at.to, at.layer
    weights = to.constant("W", at.p["W"][:, 0].transpose(2, 1, 0))  # (size, in, out) → (out, in, size)
    pads, dilation = [(layer.size - 1) * layer.dilation, 0], [layer.dilation]
    name = to.transposed(flow.name, 0, 2, 1)
    name = to.node(
        "Conv", name, weights, to.constant("b", at.p["b"]), kernel_shape=[layer.size], pads=pads, dilations=dilation
    )
    return flow.to(to.transposed(name, 0, 2, 1))


@means(ConvTranspose2D)
def _conv_transpose(at: Exported, flow: Flow) -> Flow:
    """ConvTranspose; (kh, kw, out, in) → (in, out, kh, kw)."""
    to, flow, w = at.to, at.to.channels_first(flow), at.layer._window
    weights = to.constant("W", at.p["W"].transpose(3, 2, 0, 1))
    bias = [to.constant("b", at.p["b"])] if at.layer.bias else []
    more = [(flow.shape[i] - 1) * w.stride[i] + w.size[i] - at.plan.out_shape[i] for i in (0, 1)]
    before = [max(0, n) // 2 for n in more]
    after = [max(0, n) - b for n, b in zip(more, before, strict=True)]
    name = to.node(
        "ConvTranspose", flow.name, weights, *bias, kernel_shape=[*w.size], strides=[*w.stride],
        pads=[*before, *after], output_padding=[max(0, -n) for n in more],
    )  # fmt: skip
    return flow.to(name)


@means(UpSample2D)
def _upsample(at: Exported, flow: Flow) -> Flow:
    """Resize to the nearest."""
    to, flow = at.to, at.to.channels_first(flow)
    times = [at.plan.out_shape[i] / flow.shape[i] for i in (0, 1)]
    scales = to.constant("scales", [1.0, 1.0, *times])
    how: dict[str, Any] = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return flow.to(to.node("Resize", flow.name, "", scales, **how))


@means(MaxPool2D)
def _max_pool(at: Exported, flow: Flow) -> Flow:
    flow = at.to.channels_first(flow)
    window = window_attributes(at.layer.window, flow.shape, at.plan.out_shape)
    return flow.to(at.to.node("MaxPool", flow.name, **window))


@means(AveragePool2D)
def _average_pool(at: Exported, flow: Flow) -> Flow:
    flow = at.to.channels_first(flow)
    window = window_attributes(at.layer.window, flow.shape, at.plan.out_shape)
    return flow.to(at.to.node("AveragePool", flow.name, count_include_pad=0, **window))


@means(GlobalAveragePool2D)
def _global_average(at: Exported, flow: Flow) -> Flow:
    flow = at.to.channels_first(flow)
    pooled = at.to.node("GlobalAveragePool", flow.name)
    return flow.to(at.to.node("Flatten", pooled, axis=1), first=False)
