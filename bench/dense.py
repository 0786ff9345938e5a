"""Seconds an epoch of dense networks on MNIST: byhand beside PyTorch and scikit-learn, where they are installed.

Run it with `make bench`. Every library trains the same network on the same data in turn; the figure is the median
over several epochs after one that warms up, with the ratio to byhand. Times are of this machine, now.
"""

import importlib.util
import statistics
import time
from itertools import pairwise

import numpy as np

import byhand

EPOCHS = 5


def times(epoch):
    """Median seconds of `epoch()` after one call to warm up."""
    epoch()
    seconds = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def ours(x, y, hidden, batch):
    layers = [part for size in hidden for part in (byhand.Dense(size, byhand.He()), byhand.ReLU())]
    network = byhand.Network(784, [*layers, byhand.Dense(10)], byhand.CategoricalCrossEntropy())
    return lambda: byhand.fit(network, x, y, epochs=1, batch_size=batch, accuracy=False, progress=False)


def torch(x, y, hidden, batch):
    import torch

    sizes = [784, *hidden, 10]
    layers = [part for a, b in pairwise(sizes) for part in (torch.nn.Linear(a, b), torch.nn.ReLU())]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    x, y = torch.from_numpy(x), torch.from_numpy(y)

    def epoch():
        order = torch.randperm(len(x))
        for start in range(0, len(x), batch or len(x)):
            rows = order[start : start + (batch or len(x))]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
            optimizer.step()

    return epoch


def sklearn(x, y, hidden, batch):
    from sklearn.neural_network import MLPClassifier

    network = MLPClassifier(hidden, batch_size=batch or len(x), random_state=0)
    return lambda: network.partial_fit(x, y, classes=np.arange(10)) if batch is None else one_epoch(network, x, y)


def one_epoch(network, x, y):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns that one epoch is few
        network.set_params(max_iter=1, warm_start=True).fit(x, y)


def main():
    data = byhand.load("mnist")
    x, y = (data.x_train / np.float32(255)).astype(np.float32), data.y_train
    peers = [(name, make) for name, make in (("torch", torch), ("sklearn", sklearn)) if importlib.util.find_spec(name)]
    print(f"{'network':<16} {'batch':>6}  byhand, s   " + "  ".join(f"{name + ', s':>10} ratio" for name, _ in peers))
    for hidden, batch in (((30,), 10), ((256, 128), 128), ((256,), None)):
        own = times(ours(x, y, hidden, batch))
        cells = []
        for _, make in peers:
            seconds = times(make(x, y, hidden, batch))
            cells.append(f"{seconds:>10.3f} {own / seconds:5.2f}")
        shape = "-".join(map(str, (784, *hidden, 10)))
        print(f"{shape:<16} {batch or 'all':>6}  {own:>9.3f}   " + "  ".join(cells), flush=True)


if __name__ == "__main__":
    main()
