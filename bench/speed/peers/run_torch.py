"""PyTorch, eager or compiled, on tensors that lie in memory."""

import common
import numpy as np
import sequences_torch
import torch
from torch import nn
from torch.nn import functional as F


def build(task, parameters):
    """The network with its first weights."""
    if task.model:
        return sequences_torch.build(task.model, parameters)
    width, layers = task.input[-1], []
    side = task.input[0] if len(task.input) == 3 else 0
    for layer, pair in zip(task.layers, parameters, strict=True):
        kind = layer["type"]
        if kind == "dense":
            new = nn.Linear(width, layer["out"])
            width = layer["out"]
            W = pair[0]
            if side:  # the pixels of an image lie channel by channel here
                W = W.reshape(side, side, -1, width).transpose(2, 0, 1, 3).reshape(-1, width)
                side = 0
            weight = W.T
        elif kind == "conv":
            padding = layer["padding"]
            new = nn.Conv2d(width, layer["out"], layer["size"], padding=padding)
            width, side = layer["out"], side if padding == "same" else side - layer["size"] + 1
            weight = pair[0].transpose(3, 2, 0, 1)
        elif kind == "pool":
            new, side = nn.MaxPool2d(layer["size"]), side // layer["size"]
        elif kind == "flatten":
            new, width = nn.Flatten(), side * side * width
        else:
            new = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}[kind]()
        if pair:
            with torch.no_grad():
                new.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
                new.bias.copy_(torch.from_numpy(pair[1]))
        layers.append(new)
    return nn.Sequential(*layers)


LOSSES = {
    "softmax": F.cross_entropy,
    "sigmoid": lambda z, t: F.binary_cross_entropy_with_logits(z, t, reduction="sum") / len(t),
    "quadratic": lambda a, t: 0.5 * F.mse_loss(a, t, reduction="sum") / len(t),
}


def make_optimizer(told, model):
    """SGD, Adam, or AdamW, which lets matrices decay, and nothing else."""
    kind, rate = told["type"], told["rate"]
    parameters = [p for p in model.parameters() if p.requires_grad]
    if kind == "adamw":
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": told["decay"]},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, rate, (0.9, told["beta2"]), fused=True)
    return (torch.optim.Adam if kind == "adam" else torch.optim.SGD)(parameters, rate, fused=True)


def trainer(task, arrays, model):
    """A function that trains some epochs."""
    optimizer, clip = make_optimizer(task.optimizer, model), task.optimizer.get("clip")
    lossf = LOSSES[task.loss]

    as_bytes = getattr(task.options, "bytes", False)
    x = torch.from_numpy(arrays.bytes if as_bytes else arrays.x)
    if len(task.input) == 3:
        x = x.permute(0, 3, 1, 2).contiguous()
    t = torch.from_numpy(arrays.y if task.loss == "softmax" else arrays.t)

    def loss(xb, tb):
        if as_bytes:
            xb = xb.to(torch.float32).mul_(1 / 255)
        return lossf(model(xb), tb)

    if getattr(task.options, "compile", False):
        loss = torch.compile(loss)

    def step(xb, tb):
        optimizer.zero_grad()
        loss(xb, tb).backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()

    shuffle, batch = common.shuffles(task), task.batch
    gather = getattr(task.options, "gather", "batch")

    def train(epochs):
        for _ in range(epochs):
            if batch is None:
                step(x, t)
                continue
            order = torch.from_numpy(shuffle())
            if gather == "epoch":
                for xb, tb in zip(x[order].split(batch), t[order].split(batch), strict=True):
                    step(xb, tb)
            else:
                for rows in order.split(batch):
                    step(x[rows], t[rows])

    return train


def predictor(task, arrays, model):
    """A function from NumPy rows to class numbers, and rows for it."""
    model = model.eval()
    one = task.calls == "one"
    x = arrays.x_test[:1] if one else arrays.x_test
    if len(task.input) == 3:
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    with torch.inference_mode():
        if getattr(task.options, "trace", False):
            model = torch.jit.optimize_for_inference(torch.jit.trace(model, torch.from_numpy(x)))
        elif getattr(task.options, "compile", False):
            model = torch.compile(model)

    def classify(x):
        return model(torch.from_numpy(x)).argmax(1)

    return (lambda: classify(x).item()) if one else (lambda: classify(x).numpy()), classify


def main():
    task, arrays, turns = common.begin()
    torch.set_num_threads(getattr(task.options, "threads", task.threads))
    torch.set_flush_denormal(True)
    model = build(task, arrays.parameters(task))
    if getattr(task.options, "channels_last", False):
        model = model.to(memory_format=torch.channels_last)
    if task.kind == "train":
        turns.run(trainer(task, arrays, model))
    elif task.model:
        with torch.inference_mode():
            turns.time_calls(sequences_torch.writer(model.eval()))
    else:
        call, _ = predictor(task, arrays, model)
        with torch.inference_mode():
            turns.time_calls(call)
    peak = common.peak_memory()
    x = torch.from_numpy(arrays.x_test)
    if len(task.input) == 3:
        x = x.permute(0, 3, 1, 2)
    with torch.inference_mode():
        classes = torch.cat([model(part).argmax(1) for part in x.split(1000)])
    blas = "MKL, oneDNN" if torch.backends.mkl.is_available() else "oneDNN"
    common.finish(turns, task, classes, ["torch"], peak, threads=torch.get_num_threads(), blas=blas)


if __name__ == "__main__":
    main()
