"""Compare the recipe shakespeare-lstm with PyTorch: the same network, start, batches and steps.

    python -m bench.accuracy.characters --steps 200

Both start from byhand's weights, read the text in the same order and carry the state on from batch to batch; Adam with
the recipe's first learning rate, the gradient's norm clipped at 1. Printed are the mean loss over the last tenth of the
steps, the loss on held-back text after them, both in nats a character, and the seconds of one thread.
"""

import argparse
import time

import numpy as np

from byhand.core.types import Array
from byhand.data import load
from byhand.exchange.torch_tensors import to_torch
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.recipes import get_recipe
from byhand.recipes.characters import STREAMS, three_parts
from byhand.training import Callback, Training, fit
from byhand.training.evaluate import Evaluator

RATE = 0.003
HELD_BACK = 8 * STREAMS  # windows

Figures = tuple[list[float], float, float]  # the losses of the steps, the loss of held-back text, seconds


class Losses(Callback):
    def __init__(self) -> None:
        self.values: list[float] = []

    def on_step(self, training: Training) -> None:
        self.values.append(float(training.loss))


def by_byhand(network: Network, x: Array, y: Array, held: tuple[Array, Array]) -> Figures:
    recipe, losses, start = get_recipe("shakespeare-lstm"), Losses(), time.perf_counter()
    options = {"batch_size": STREAMS, "carry": True, "regularizers": recipe.regularizers, "progress": False}
    fit(network, x, y, epochs=1, optimizer=Adam(RATE), threads=1, callbacks=[losses], accuracy=False, **options)
    seconds = time.perf_counter() - start
    return losses.values, Evaluator(network, *held, size=STREAMS, carry=True)()["loss"], seconds


def by_torch(network: Network, x: Array, y: Array, held: tuple[Array, Array]) -> Figures:
    import torch

    torch.set_num_threads(1)
    embedding, lstm, dense = network.layers
    modules = torch.nn.ModuleList(
        [
            torch.nn.Embedding(embedding.vocabulary, embedding.units),
            torch.nn.LSTM(embedding.units, lstm.units, batch_first=True),
            torch.nn.Linear(lstm.units, dense.units),
        ]
    )
    for layer, p, module in zip(network.layers, network.p, modules, strict=True):
        found = to_torch(layer, vars(p))
        module.load_state_dict({name: torch.tensor(np.ascontiguousarray(a)) for name, a in found.items()})
    step = torch.optim.Adam(modules.parameters(), lr=RATE)
    state = None

    def loss_of(i: int, data: tuple[Array, Array]) -> "torch.Tensor":
        nonlocal state
        rows = slice(i, i + STREAMS)
        h, (a, c) = modules[1](modules[0](torch.tensor(data[0][rows])), state)
        state = (a.detach(), c.detach())
        return torch.nn.functional.cross_entropy(modules[2](h).flatten(0, 1), torch.tensor(data[1][rows]).flatten())

    losses, start = [], time.perf_counter()
    for i in range(0, len(x), STREAMS):
        loss = loss_of(i, (x, y))
        step.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        step.step()
        losses.append(loss.item())
    seconds, state = time.perf_counter() - start, None
    with torch.no_grad():
        after = [loss_of(i, held).item() for i in range(0, len(held[0]), STREAMS)]
    return losses, float(np.mean(after)), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    recipe, dataset = get_recipe("shakespeare-lstm"), load("shakespeare")
    split = three_parts(dataset, np.random.default_rng(options.seed))
    x, y = (a[: options.steps * STREAMS] for a in split.train[:2])
    held = tuple(a[:HELD_BACK] for a in split.validation[:2])
    networks = [Network(recipe.input_shape, recipe.layers, recipe.loss, rng=options.seed) for _ in range(2)]
    for name, train, network in zip(("byhand", "PyTorch"), (by_byhand, by_torch), networks, strict=True):
        losses, after, seconds = train(network, x, y, held)
        last = np.mean(losses[-max(1, len(losses) // 10) :])
        print(f"{name:8} loss {last:.4f}, held back {after:.4f} after {len(losses)} steps, {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
