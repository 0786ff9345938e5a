"""The cases of image_cases.py in PyTorch, by its own convolutions, poolings and derivatives, in float64."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from byhand import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    ConvTranspose2D,
    Dense,
    GlobalAveragePool2D,
    MaxPool2D,
    Reshape,
    Residual,
    SpatialDropout,
    UpSample2D,
)
from byhand.layers.windows import as_pair
from tests.golden import image_cases as cases
from tests.golden.torch_twin import activate


def padded(x, size, stride, dilation, padding, value=0.0):
    """x (n, channels, height, width) with what "same" adds: most of it below and on the right."""
    if padding == "valid":
        return x
    pads = []
    for side, k, s, d in zip(x.shape[2:], size, stride, dilation, strict=True):
        total = max((math.ceil(side / s) - 1) * s + d * (k - 1) + 1 - side, 0)
        pads = [total // 2, total - total // 2, *pads]  # F.pad begins with the last side
    return F.pad(x, pads, value=value)


def on_images(layer, p, x):
    """The layer on x (n, channels, height, width)."""
    if isinstance(layer, Conv2D):
        size, stride, dilation = (as_pair("", v) for v in (layer.kernel, layer.stride, layer.dilation))
        x = padded(x, size, stride, dilation, layer.padding)
        return F.conv2d(
            x, p.W.permute(3, 2, 0, 1).contiguous(), getattr(p, "b", None), stride, 0, dilation, layer.groups
        )
    size = as_pair("", layer.size)
    stride = size if layer.stride is None else as_pair("", layer.stride)
    how = (size, stride, (1, 1), layer.padding)
    if isinstance(layer, MaxPool2D):
        return F.max_pool2d(padded(x, *how, value=-math.inf), size, stride)
    inside = F.avg_pool2d(padded(torch.ones_like(x), *how), size, stride)  # the share that lies inside the image
    return F.avg_pool2d(padded(x, *how), size, stride) / inside


def transposed(layer, p, x):
    """PyTorch's transposed convolution of x (n, in, height, width), cut down (or continued) to what "same" leaves."""
    (k, m), (s, t) = (as_pair("", v) for v in (layer.kernel, layer.stride))
    y = F.conv_transpose2d(x, p.W.permute(3, 2, 0, 1).contiguous(), stride=(s, t))
    if layer.padding == "same":
        above, left = max(k - s, 0) // 2, max(m - t, 0) // 2
        tall, wide = s * x.shape[2], t * x.shape[3]
        y = F.pad(y, (0, max(0, wide - y.shape[3]), 0, max(0, tall - y.shape[2])))
        y = y[:, :, above : above + tall, left : left + wide]
    return y + p.b[:, None, None]


def step(layer, p, x):
    """One layer, on x as the layer itself takes it."""
    match layer:
        case Conv2D() | MaxPool2D() | AveragePool2D():
            return on_images(layer, p, x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        case ConvTranspose2D():
            return transposed(layer, p, x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        case UpSample2D():
            return F.interpolate(x.permute(0, 3, 1, 2), scale_factor=as_pair("", layer.size)).permute(0, 2, 3, 1)
        case GlobalAveragePool2D():
            return F.adaptive_avg_pool2d(x.permute(0, 3, 1, 2), 1)[:, :, 0, 0]
        case BatchNorm() if x.ndim == 2:
            return F.batch_norm(x, None, None, p.gamma, p.beta, training=True, eps=layer.epsilon)
        case Reshape():
            return x.reshape(len(x), *layer.shape)
        case BatchNorm():
            y = F.batch_norm(x.permute(0, 3, 1, 2), None, None, p.gamma, p.beta, training=True, eps=layer.epsilon)
            return y.permute(0, 2, 3, 1)
        case SpatialDropout():
            return F.dropout2d(x.permute(0, 3, 1, 2), layer.rate).permute(0, 2, 3, 1)
        case Residual():
            return x + in_a_row(layer.layers, p.children, x)
        case Dense():
            return F.linear(x, p.W.T, getattr(p, "b", None))
    return activate(layer, x)


def in_a_row(layers, p, x):
    for layer, own in zip(layers, p, strict=True):
        x = step(layer, own, x)
    return x


class Own:
    """A layer's parameters by name."""

    def __init__(self, arrays):
        self.__dict__.update({name: torch.tensor(value, requires_grad=True) for name, value in arrays.items()})


def run_layer(layer, arrays):
    """y, dx and the parameters' gradients."""
    p, x = Own({k: v for k, v in arrays.items() if k not in ("x", "dy")}), torch.tensor(arrays["x"], requires_grad=True)
    y = step(layer, p, x)
    y.backward(torch.tensor(arrays["dy"]))
    return {"y": y.detach().numpy(), "dx": x.grad.numpy()} | {f"d{k}": v.grad.numpy() for k, v in vars(p).items()}


def run_network(net, data):
    """Output and gradient of the first batch, then the losses and θ of training."""
    theta = torch.tensor(net.theta, requires_grad=True)  # one vector, cut into the layers' views as ours is
    o = cases.OPTIMIZER
    optimizer = torch.optim.Adam([theta], lr=o.learning_rate, betas=(o.beta1, o.beta2), eps=o.epsilon)
    result, losses = {}, []
    for x, y in zip(torch.tensor(data["x"]), torch.tensor(data["y"]), strict=True):
        optimizer.zero_grad()
        output = in_a_row(net.layers, net.arena.views(theta), x)
        loss = F.cross_entropy(output, y)
        loss.backward()
        if not result:
            result = {"output": output.detach().numpy(), "gradient": theta.grad.numpy().copy()}
        losses.append(float(loss.detach()))
        optimizer.step()
    return result | {"losses": np.array(losses), "theta": theta.detach().numpy()}
