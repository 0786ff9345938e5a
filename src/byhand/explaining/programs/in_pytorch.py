"""Programs in PyTorch."""

from collections.abc import Sequence
from dataclasses import fields

from byhand.core.errors import ByhandError
from byhand.explaining.programs.in_numpy import SINUSOIDS, closing_function, rate_lines, when_rate_changes
from byhand.explaining.programs.lines import batch_shape, layout
from byhand.explaining.programs.pytorch_sequences import PyTorchLines
from byhand.explaining.programs.setup import ProgramSetup, constants, heading, loading
from byhand.losses import CTC, MAE, MSE, BinaryCrossEntropy, CategoricalCrossEntropy, Huber, QuadraticCost
from byhand.network import Network
from byhand.optimizers import AdaGrad, Adam, GradientDescent, NAdam, Optimizer, RMSprop
from byhand.regularizers import L1, L2, ClipNorm, ClipValue, MaxNorm, Regularizer


def in_pytorch(network: Network, setup: ProgramSetup) -> tuple[str, dict[str, str]]:
    """The program, and what the module of each layer is called, by the layer's place in the network."""
    lines = PyTorchLines(network, setup.padded)
    images = len(network.input_shape) == 3
    first = [("x = x.permute(0, 3, 1, 2)", lines.shape(network.input_shape))] if images else []
    modules = "\n".join(f"        {line}" for line in lines.modules)
    model = f'''

class Network(nn.Module):
    """The network, from samples x {batch_shape(network.input_shape)} to its last layer's output."""

    def __init__(self):
        super().__init__()
{modules}

    def forward(self, x):
{layout([*first, *lines.forward], 8)}
        return x
'''
    notes = "NumPy reads the data; an image's channels come first inside the network, as PyTorch has them."
    parts = [
        heading(network, setup, notes if images else "NumPy reads the data.", "PyTorch"),
        "\nimport numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n",
        "FLOAT = np.float32\n",
        constants(setup),
        SINUSOIDS if "sinusoids(" in model else "",
        model,
        loss_function(network),
        optimizer_function(setup.optimizer),
        rate_lines(setup),
        loading(network, setup),
        _training(setup),
        closing_function(network, setup, _MEASURED),
    ]
    return "".join(parts), lines.names


_MEASURED = """    network.eval()
    with torch.no_grad():
        y = np.concatenate([network(torch.from_numpy(x[i : i + 500])).numpy() for i in range(0, len(x), 500)])"""


def loss_function(network: Network) -> str:
    """The function `loss`."""
    loss, out = network.loss, network.plan[-1].out_shape
    k, steps = out[-1], len(out) > 1
    one_hot = network.task == "classes" and k > 1
    target = f"F.one_hot(t, {k}).to(y.dtype)" if one_hot else "t.reshape(y.shape).to(y.dtype)"
    n = "len(y)" if not steps else f"(len(y) * {out[0]})"
    if isinstance(loss, CategoricalCrossEntropy):
        flat = ".flatten(0, 1), t.flatten()" if steps else ", t"
        smooth = f", label_smoothing={loss.label_smoothing}" if loss.label_smoothing else ""
        code = [f"return F.cross_entropy(y{flat}{smooth})"]
    elif isinstance(loss, CTC):
        code = [
            f"log_p = F.log_softmax(y, dim=-1).transpose(0, 1)  # ({out[0]}, n, {k}); the last class is the blank",
            "lengths = (t >= 0).sum(dim=1)",
            f"steps = torch.full_like(lengths, {out[0]})",
            f'return F.ctc_loss(log_p, t.clamp(min=0), steps, lengths, blank={k - 1}, reduction="none").mean()',
        ]
    elif isinstance(loss, BinaryCrossEntropy):
        e = loss.label_smoothing
        smooth = f" * {1 - e} + {e / 2}" if e else ""
        code = [f"t = {target}{smooth}", f'return F.binary_cross_entropy_with_logits(y, t, reduction="sum") / {n}']
    elif isinstance(loss, QuadraticCost):
        code = [f"t = {target}", f"return 0.5 * ((y - t) ** 2).sum() / {n}"]
    elif isinstance(loss, MSE | MAE | Huber):
        name = {MSE: "mse_loss(y, t", MAE: "l1_loss(y, t"}.get(type(loss), "huber_loss(y, t")
        delta = f", delta={loss.delta}" if isinstance(loss, Huber) else ""
        code = [f"t = {target}", f"return F.{name}{delta})"]
    else:
        raise ByhandError(f"The loss {type(loss).__name__} can't be written in PyTorch yet.")
    body = "\n".join(f"    {line}" for line in code)
    return f'\n\ndef loss(y, t):\n    """The mean loss of outputs y, with targets t."""\n{body}\n'


_ARGUMENTS = {"beta1": "", "beta2": "", "epsilon": "eps", "rho": "alpha", "centred": "centered"}


def optimizer_function(optimizer: Optimizer) -> str:
    """The function `optimizer`."""
    kind = type(optimizer).__name__
    known = {"GradientDescent": "SGD", "Momentum": "SGD", "Nesterov": "SGD", "AdaGrad": "Adagrad"}.get(kind, kind)
    if kind == "Lion" or (not isinstance(optimizer, GradientDescent | AdaGrad | Adam | RMSprop) and known != "SGD"):
        raise ByhandError(f"PyTorch has no optimiser {kind}.")
    options = [f"betas=({optimizer.beta1}, {optimizer.beta2})"] if isinstance(optimizer, Adam) else []
    for f in fields(optimizer):  # type: ignore[arg-type]
        name, value = _ARGUMENTS.get(f.name, f.name), getattr(optimizer, f.name)
        if name and f.name not in ("learning_rate", "weight_decay") and value is not False:
            options.append(f"{name}={value}")
    if kind == "Nesterov":
        options.append("nesterov=True")
    if isinstance(optimizer, NAdam) or kind == "AdamW":
        options.append("weight_decay=0")
    decay = optimizer.weight_decay
    groups = f"""[
        {{"params": [p for p in network.parameters() if p.ndim >= 2], "weight_decay": {decay}}},
        {{"params": [p for p in network.parameters() if p.ndim < 2]}},
    ]"""
    parameters = groups if decay else "network.parameters()"
    made = f"torch.optim.{known}(parameters, {', '.join(['lr=learning_rate(0)', *options])})"
    return f'''

def optimizer(network):
    """The optimiser{", which makes weights, and no biases, smaller" if decay else ""}."""
    parameters = {parameters}
    return {made}
'''


def rule_lines(rules: Sequence[Regularizer], after: bool) -> str:
    """What regularisers do to the gradient before the step, or to the parameters after it."""
    weights = "for p in [p for p in network.parameters() if p.ndim >= 2]:"
    found = []
    for rule in rules:
        if isinstance(rule, MaxNorm):
            norms = "p.flatten(1).norm(dim=1)"
            shape = "p.shape[:1] + (1,) * (p.ndim - 1)"
            scale = f"({rule.limit} / {norms}.clamp(min={rule.limit})).reshape({shape})"
            code = [weights, f"    p.data.mul_({scale})"] if after else []
        elif after:
            code = []
        elif isinstance(rule, L2):
            code = [weights, f"    p.grad.add_(p.data, alpha={rule.rate})"]
        elif isinstance(rule, L1):
            code = [weights, f"    p.grad.add_(p.data.sign(), alpha={rule.rate})"]
        elif isinstance(rule, ClipValue):
            code = [f"nn.utils.clip_grad_value_(network.parameters(), {rule.limit})"]
        elif isinstance(rule, ClipNorm):
            code = [f"nn.utils.clip_grad_norm_(network.parameters(), {rule.limit})"]
        else:
            raise ByhandError(f"The rule {type(rule).__name__} can't be written in PyTorch yet.")
        found += code
    return "".join(f"            {line}\n" for line in found)


def _training(setup: ProgramSetup) -> str:
    return f'''

def train(x, t):
    """Train for EPOCHS epochs; returns the network."""
    network, rng, batch = Network(), np.random.default_rng(0), BATCH or len(x)
    follow = optimizer(network)
    x, t = torch.from_numpy(x), torch.from_numpy(t)
    for epoch in range(EPOCHS):
        order, total = rng.permutation(len(x)), 0.0
        network.train()
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            L = loss(network(x[rows]), t[rows])
            follow.zero_grad()
            L.backward()
{rule_lines(setup.regularizers, False)}            for group in follow.param_groups:
                group["lr"] = learning_rate({when_rate_changes(setup)})
            follow.step()
{rule_lines(setup.regularizers, True)}            total += L.item() * len(rows)
        print(f"epoch {{epoch + 1}}: loss {{total / len(x):.4f}}", flush=True)
    return network
'''
