"""Dense layers, activations, normalisation, reshaping and composites in ONNX."""

from math import pi, prod, sqrt
from typing import Any

import numpy as np

from byhand.exchange.onnx.graph import Exported, Flow, means, write_chain
from byhand.layers import (
    ELU,
    GELU,
    Activation,
    BatchNorm,
    Columns,
    Dense,
    Dropout,
    Flatten,
    LayerNorm,
    LeakyReLU,
    Parallel,
    ReLU,
    Reshape,
    Residual,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    SpatialDropout,
    SpectralNorm,
    Step,
    Tanh,
    TransformerBlock,
)

SIMPLE = {ReLU: "Relu", Sigmoid: "Sigmoid", Tanh: "Tanh"}


@means(Dense)
def _dense(at: Exported, flow: Flow) -> Flow:
    """Gemm; of sequences MatMul and Add."""
    W = at.p["W"] if flow.order is None else at.p["W"][flow.order]  # (in, out)
    weights = at.to.constant("W", W)
    bias = [at.to.constant("b", at.p["b"])] if at.layer.bias else []
    if len(flow.shape) == 1:
        return flow.to(at.to.node("Gemm", flow.name, weights, *bias), order=None)
    product = at.to.node("MatMul", flow.name, weights)
    return flow.to(at.to.node("Add", product, *bias) if bias else product)


@means(ReLU, Sigmoid, Tanh)
def _simple(at: Exported, flow: Flow) -> Flow:
    """A node of its own."""
    return flow.to(at.to.node(SIMPLE[type(at.layer)], flow.name))


@means(LeakyReLU)
def _leaky(at: Exported, flow: Flow) -> Flow:
    return flow.to(at.to.node("LeakyRelu", flow.name, alpha=float(at.layer.negative_slope)))


@means(ELU)
def _elu(at: Exported, flow: Flow) -> Flow:
    return flow.to(at.to.node("Elu", flow.name, alpha=float(at.layer.alpha)))


@means(GELU)
def _gelu(at: Exported, flow: Flow) -> Flow:
    """½ x (1 + erf(x/√2)), or with tanh: opset 17 has no node for it."""
    to, x, one = at.to, flow.name, at.to.constant("one", 1.0)
    if at.layer.approximate:
        cube = to.node("Mul", to.node("Mul", to.node("Mul", x, x), x), to.constant("c", 0.044715))
        inner = to.node("Mul", to.node("Add", x, cube), to.constant("c", sqrt(2 / pi)))
        share = to.node("Add", to.node("Tanh", inner), one)
    else:
        share = to.node("Add", to.node("Erf", to.node("Div", x, to.constant("c", sqrt(2)))), one)
    return flow.to(to.node("Mul", to.node("Mul", x, share), to.constant("half", 0.5)))


@means(SiLU)
def _silu(at: Exported, flow: Flow) -> Flow:
    return flow.to(at.to.node("Mul", flow.name, at.to.node("Sigmoid", flow.name)))


@means(Step)
def _step(at: Exported, flow: Flow) -> Flow:
    above = at.to.node("Greater", flow.name, at.to.constant("zero", 0.0))
    return flow.to(at.to.node("Cast", above, to=at.to.onnx.TensorProto.FLOAT))


@means(Softmax)
def _softmax(at: Exported, flow: Flow) -> Flow:
    return flow.to(at.to.node("Softmax", flow.name, axis=-1))


@means(Dropout)
def _dropout(at: Exported, flow: Flow) -> Flow:
    """A node that does nothing outside training, so that the layer is still known."""
    return flow.to(at.to.node("Dropout", flow.name, at.to.constant("rate", float(at.layer.rate))))


@means(SpatialDropout)
def _nothing(at: Exported, flow: Flow) -> Flow:
    """Outside training it does nothing."""
    return flow


@means(Flatten)
def _flatten(at: Exported, flow: Flow) -> Flow:
    """The rows of the next dense layer's W take the order of an image whose channels come first."""
    if flow.first:
        behind = next((layer for layer in at.ahead if not isinstance(layer, Dropout) and not _each(layer)), None)
        if isinstance(behind, Dense):
            order = np.arange(prod(flow.shape)).reshape(flow.shape).transpose(2, 0, 1).reshape(-1)
            return flow.to(at.to.node("Flatten", flow.name, axis=1), first=False, order=order)
        flow = at.to.channels_last(flow)
    return flow.to(at.to.node("Flatten", flow.name, axis=1))


def _each(layer: object) -> bool:
    """Whether it works on every number by itself."""
    return isinstance(layer, Activation) and not isinstance(layer, Softmax)


@means(Reshape, Columns)
def _reshape(at: Exported, flow: Flow) -> Flow:
    return at.to.channels_last(flow).to(at.to.reshaped(at.to.channels_last(flow).name, at.plan.out_shape))


@means(BatchNorm)
def _batch_norm(at: Exported, flow: Flow) -> Flow:
    """BatchNormalization, whose channels are axis 1; its momentum is what it keeps."""
    to, sides = at.to, len(flow.shape)
    if sides == 3:
        flow = to.channels_first(flow)
    name = to.transposed(flow.name, 0, 2, 1) if sides == 2 else flow.name
    numbers = [to.constant(key, at.p[key]) for key in ("gamma", "beta", "running_mean", "running_var")]
    options: dict[str, Any] = {"epsilon": float(at.layer.epsilon), "momentum": 1 - float(at.layer.momentum)}
    name = to.node("BatchNormalization", name, *numbers, **options)
    return flow.to(to.transposed(name, 0, 2, 1) if sides == 2 else name)


@means(LayerNorm)
def _layer_norm(at: Exported, flow: Flow) -> Flow:
    flow = at.to.channels_last(flow)
    numbers = [at.to.constant(key, at.p[key]) for key in ("gamma", "beta")]
    return flow.to(at.to.node("LayerNormalization", flow.name, *numbers, axis=-1, epsilon=float(at.layer.epsilon)))


@means(Sequential, TransformerBlock)
def _sequential(at: Exported, flow: Flow) -> Flow:
    found = write_chain(at.to, at.layer.layers, at.plan.children, at.p, flow)
    return at.to.channels_last(found)


@means(SpectralNorm)
def _spectral_norm(at: Exported, flow: Flow) -> Flow:
    """The layer inside, with W / σ, σ = vᵀ W u, for its W."""
    W = at.p["0.W"]
    norm = at.p["v"] @ W.reshape(-1, W.shape[-1]) @ at.p["u"]
    return write_chain(at.to, at.layer.layers, at.plan.children, {**at.p, "0.W": W / norm}, flow)


@means(Residual)
def _residual(at: Exported, flow: Flow) -> Flow:
    """Add."""
    images = len(flow.shape) == 3
    flow = at.to.channels_first(flow) if images else flow
    inner = write_chain(at.to, at.layer.layers, at.plan.children, at.p, flow)
    inner = at.to.channels_first(inner) if images else inner
    return flow.to(at.to.node("Add", flow.name, inner.name))


@means(Parallel)
def _parallel(at: Exported, flow: Flow) -> Flow:
    """Concat along the channels."""
    flow = at.to.channels_last(flow)
    parts = []
    for i, (layer, plan) in enumerate(zip(at.layer.layers, at.plan.children, strict=True)):
        own = {f"0.{name.removeprefix(f'{i}.')}": a for name, a in at.p.items() if name.startswith(f"{i}.")}
        parts.append(at.to.channels_last(write_chain(at.to, (layer,), (plan,), own, flow)))
    return parts[0].to(at.to.node("Concat", *(part.name for part in parts), axis=-1))
