"""The lines that give parameters their first values."""

from collections.abc import Iterator, Sequence
from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.explaining.programs.lines import NetworkLines
from byhand.initializers import Glorot, He, Identity, Initializer, Normal, Orthogonal, Uniform, Zeros, fans
from byhand.layers import LSTM, Layer
from byhand.network import Network

ORTHOGONAL = '''

def orthogonal(rng, shape):
    """Random orthogonal matrices (k, k) side by side: (k, b k)."""
    blocks = []
    for _ in range(shape[1] // shape[0]):
        q, r = np.linalg.qr(rng.standard_normal((shape[0], shape[0])))
        blocks.append(q * np.where(np.diag(r) < 0, -1, 1))
    return np.concatenate(blocks, axis=1)
'''


def initial_function(network: Network, lines: NetworkLines) -> str:
    """The function `initial`, in NumPy."""
    found = list(_values(network.layers, network.plan, (), lines))
    body = "\n".join(f"    {line}" for line in found)
    needs = ORTHOGONAL if any("orthogonal(" in line for line in found) else ""
    return f'''{needs}

def initial(rng):
    """The parameters p, and the numbers s that layers keep beside them, before the first step."""
    p, s = {{}}, {{}}
{body}
    return {{k: v.astype(FLOAT) for k, v in p.items()}}, {{k: v.astype(FLOAT) for k, v in s.items()}}
'''


def _values(
    layers: Sequence[Layer], plans: Sequence[Plan], path: tuple[int, ...], lines: NetworkLines
) -> Iterator[str]:
    for i, (layer, plan) in enumerate(zip(layers, plans, strict=True)):
        here = (*path, i)
        initializers = layer.initializers()
        for kind, shapes in (("p", plan.params), ("s", plan.state)):
            for name, shape in shapes.items():
                known = lines.names[".".join([*map(str, here), name])]
                yield f'{kind}["{known}"] = {start_value(initializers[name], shape)}'
        if isinstance(layer, LSTM) and layer.forget_bias:
            b = lines.names[".".join([*map(str, here), "b"])]
            yield f'p["{b}"][{layer.units} : {2 * layer.units}] += {layer.forget_bias}  # cells remember at first'
        yield from _values(layer.layers, plan.children, here, lines)


def start_value(start: Initializer, shape: Any) -> str:
    """The expression of an array of that shape as the initialiser fills it, with a generator `rng`."""
    shape, (inside, outside) = tuple(shape), fans(shape)
    if isinstance(start, Zeros):
        return f"np.zeros({shape})"
    if isinstance(start, Normal):
        return f"rng.standard_normal({shape}) * {start.std}"
    if isinstance(start, Uniform):
        if start.low == start.high == 1:
            return f"np.ones({shape})"
        return f"rng.uniform({start.low}, {start.high}, {shape})"
    if isinstance(start, Glorot | He):
        numbers = f"{inside} + {outside}" if isinstance(start, Glorot) else str(inside)
        name = type(start).__name__
        if start.shape == "normal":
            two = f"2 / ({numbers})" if "+" in numbers else f"2 / {numbers}"
            return f"rng.standard_normal({shape}) * np.sqrt({two})  # {name}"
        six = f"6 / ({numbers})" if "+" in numbers else f"6 / {numbers}"
        return f"rng.uniform(-1, 1, {shape}) * np.sqrt({six})  # {name}"
    if isinstance(start, Orthogonal):
        return f"orthogonal(rng, {shape})" + (f" * {start.scale}" if start.scale != 1 else "")
    if isinstance(start, Identity):
        blocks = shape[1] // shape[0]
        return f"np.tile(np.eye({shape[0]}), {blocks}) * {start.scale}"
    raise ByhandError(f"The initialiser {type(start).__name__} can't be written as a program yet.")
