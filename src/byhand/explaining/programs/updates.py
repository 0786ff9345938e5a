"""The lines of optimisers, regularisers and learning rates, for parameters in a dictionary."""

from collections.abc import Sequence

from byhand.core.errors import ByhandError
from byhand.optimizers import (
    SGD,
    AdaGrad,
    Adam,
    GradientDescent,
    Lion,
    Momentum,
    NAdam,
    Nesterov,
    Optimizer,
    RMSprop,
)
from byhand.regularizers import L1, L2, ClipNorm, ClipValue, MaxNorm, Regularizer
from byhand.schedules import (
    Constant,
    CosineAnnealing,
    CosineRestarts,
    ExponentialDecay,
    OneCycle,
    Schedule,
    StepDecay,
    WarmupCosine,
)

HALF_COSINE = '''

def half_cosine(start, end, done):
    """From start (done = 0) to end (done = 1) along half a cosine."""
    return end + 0.5 * (start - end) * (1 + np.cos(np.pi * min(done, 1)))
'''


def update_function(optimizer: Optimizer, regularizers: Sequence[Regularizer]) -> str:
    """The function `update`."""
    before = [line for rule in regularizers for line in _before(rule)]
    after = [line for rule in regularizers for line in _after(rule)]
    d = "g[name]"
    body = ["for name in p:"]
    if decay := optimizer.weight_decay:
        if optimizer.decoupled:
            body.append(f"    p[name] = p[name] * (1 - rate * {decay}) if p[name].ndim >= 2 else p[name]")
        else:
            body.append(f"    d = g[name] + {decay} * p[name] if p[name].ndim >= 2 else g[name]")
            d = "d"
    body += [f"    {line}" for line in _step(optimizer, d)]
    lines = "\n".join(f"    {line}" for line in [*before, *body, *after])
    title = (type(optimizer).__doc__ or "").strip().split("\n")[0]
    return f'''

def update(p, g, memory, step, rate):
    """{title}"""
{lines}
'''


def _before(rule: Regularizer) -> list[str]:
    if isinstance(rule, L2):
        return ["for name in p:", f"    g[name] = g[name] + {rule.rate} * p[name] if p[name].ndim >= 2 else g[name]"]
    if isinstance(rule, L1):
        sign = f"{rule.rate} * np.sign(p[name])"
        return ["for name in p:", f"    g[name] = g[name] + {sign} if p[name].ndim >= 2 else g[name]"]
    if isinstance(rule, ClipValue):
        return ["for name in g:", f"    g[name] = np.clip(g[name], {-rule.limit}, {rule.limit})"]
    if isinstance(rule, ClipNorm):
        return [
            "norm = np.sqrt(sum((d**2).sum() for d in g.values()))",
            "for name in g:",
            f"    g[name] = g[name] * np.minimum(1, {rule.limit} / norm).astype(FLOAT)",
        ]
    if isinstance(rule, MaxNorm):
        return []
    raise ByhandError(f"The rule {type(rule).__name__} can't be written as a program yet.")


def _after(rule: Regularizer) -> list[str]:
    if not isinstance(rule, MaxNorm):
        return []
    norms = "np.sqrt((p[name].reshape(-1, p[name].shape[-1]) ** 2).sum(axis=0))"
    scale = f"{rule.limit} / np.maximum({norms}, {rule.limit})"
    return ["for name in p:", f"    p[name] = p[name] * ({scale}) if p[name].ndim >= 2 else p[name]"]


def _step(o: Optimizer, d: str) -> list[str]:
    """The lines for one parameter, whose gradient is `d`."""
    if isinstance(o, GradientDescent) or (isinstance(o, SGD) and not o.momentum):
        return [f"p[name] = p[name] - rate * {d}"]
    if isinstance(o, SGD | Momentum):
        ahead = isinstance(o, Nesterov) or (isinstance(o, SGD) and o.nesterov)
        direction = f"({d} + {o.momentum} * memory[name])" if ahead else "memory[name]"
        return [
            f"memory[name] = {o.momentum} * memory.get(name, 0.0) + {d}",
            f"p[name] = p[name] - rate * {direction}",
        ]
    if isinstance(o, AdaGrad):
        return [
            f"memory[name] = memory.get(name, 0.0) + {d} ** 2",
            f"p[name] = p[name] - rate * {d} / (np.sqrt(memory[name]) + {o.epsilon})",
        ]
    if isinstance(o, Lion):
        return [
            "m = memory.get(name, 0.0)",
            f"p[name] = p[name] - rate * np.sign({o.beta1} * m + (1 - {o.beta1}) * {d})",
            f"memory[name] = {o.beta2} * m + (1 - {o.beta2}) * {d}",
        ]
    if isinstance(o, RMSprop):
        return _rmsprop(o, d)
    if isinstance(o, Adam):
        means = [
            "m, v = memory.get(name, (0.0, 0.0))",
            f"m, v = {o.beta1} * m + (1 - {o.beta1}) * {d}, {o.beta2} * v + (1 - {o.beta2}) * {d} ** 2",
            "memory[name] = m, v",
            f"root = np.sqrt(v / (1 - {o.beta2}**step)) + {o.epsilon}",
        ]
        if not isinstance(o, NAdam):
            return [*means, f"p[name] = p[name] - rate * m / (1 - {o.beta1}**step) / root"]
        mu = f"[{o.beta1} * (1 - 0.5 * 0.96 ** (i * {o.momentum_decay})) for i in range(1, step + 2)]"
        return [
            *means,
            f"mu = {mu}",
            "now, ahead = float(np.prod(np.array(mu[:-1]))), float(np.prod(np.array(mu)))",
            f"direction = (1 - mu[-2]) / (1 - now) * {d} + mu[-1] / (1 - ahead) * m",
            "p[name] = p[name] - rate * direction / root",
        ]
    raise ByhandError(f"The optimiser {type(o).__name__} can't be written as a program yet.")


def _rmsprop(o: RMSprop, d: str) -> list[str]:
    spread = "np.sqrt(np.maximum(v - m**2, 0))" if o.centred else "np.sqrt(v)"
    lines = [
        "v, m, u = memory.get(name, (0.0, 0.0, 0.0))",
        f"v = {o.rho} * v + (1 - {o.rho}) * {d} ** 2",
        *([f"m = {o.rho} * m + (1 - {o.rho}) * {d}"] if o.centred else []),
        f"u = {f'{o.momentum} * u + ' if o.momentum else ''}{d} / ({spread} + {o.epsilon})",
        "memory[name] = v, m, u",
        "p[name] = p[name] - rate * u",
    ]
    return lines


def rate_function(schedule: Schedule) -> str | None:
    """The function `learning_rate`; None where it can't be written."""
    s, helper = schedule, HALF_COSINE
    if isinstance(s, Constant):
        lines, helper = [f"return {s.rate}"], ""
    elif isinstance(s, StepDecay):
        lines, helper = [f"return {s.rate} * {s.factor} ** (epoch // {s.every})"], ""
    elif isinstance(s, ExponentialDecay):
        lines, helper = [f"return float({s.rate} * np.exp(-{s.decay} * epoch))"], ""
    elif isinstance(s, CosineAnnealing):
        lines = [f"return float(half_cosine({s.rate}, {s.floor}, epoch / EPOCHS))"]
    elif isinstance(s, WarmupCosine):
        lines = [
            f"if epoch < {s.warmup}:",
            f"    return {s.rate} * ({s.start} + (1 - {s.start}) * epoch / {s.warmup})",
            f"done = (epoch - {s.warmup}) / max(EPOCHS - {s.warmup}, 1e-12)",
            f"return float(half_cosine({s.rate}, {s.floor}, done))",
        ]
    elif isinstance(s, CosineRestarts):
        lines = [f"since, length = epoch{f' % {s.first}' if s.factor == 1 else ''}, {s.first}"]
        lines += [
            "while since >= length:",
            f"    since, length = since - length, length * {s.factor}",
            f"return float(half_cosine({s.rate}, {s.floor}, since / length))",
        ]
    elif isinstance(s, OneCycle):
        low = s.rate / s.start
        lines = [
            f"if epoch / EPOCHS < {s.peak}:",
            f"    return float(half_cosine({low}, {s.rate}, epoch / EPOCHS / {s.peak}))",
            f"done = (epoch / EPOCHS - {s.peak}) / {max(1 - s.peak, 1e-12)}",
            f"return float(half_cosine({s.rate}, {low / s.end}, done))",
        ]
    else:
        return None
    what = "fractions are steps within it" if s.per_step else "from 0"
    body = "\n".join(f"    {line}" for line in lines)
    return f'''{helper}

def learning_rate(epoch):
    """The learning rate at an epoch ({what})."""
{body}
'''
