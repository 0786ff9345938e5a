"""After Michael Nielsen's network.py, as retold in the chapter "Neural Networks": [784, 30, 10], sigmoids, quadratic
cost, mini-batches of 10, η = 3.

    python examples/write_ups/nielsen.py                        # train it on MNIST, 30 epochs
    python examples/write_ups/nielsen.py --fault test-choice    # report it as the chapter does
    python examples/write_ups/nielsen.py --check                # is the gradient right?

The derivatives are right. The fault is in the report: the epoch with the best figure on the test set is chosen by that
figure, so the test set is no longer unseen (--fault test-choice). Here the epoch is chosen by 10,000 validation digits.
"""

import argparse

import numpy as np
from gradient_check import check

import byhand as bh


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def start(rng, inputs, hidden, outputs):
    shapes = {"W1": (inputs, hidden), "b1": hidden, "W2": (hidden, outputs), "b2": outputs}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def forward(p, x):
    a1 = sigmoid(x @ p["W1"] + p["b1"])  # (n, hidden)
    return a1, sigmoid(a1 @ p["W2"] + p["b2"])  # (n, outputs)


def loss(p, x, t):
    return 0.5 * np.sum((forward(p, x)[1] - t) ** 2) / len(x)


def gradient(p, x, t):
    a1, a = forward(p, x)
    dz2 = (a - t) * a * (1 - a) / len(x)
    dz1 = (dz2 @ p["W2"].T) * a1 * (1 - a1)
    return {"W1": x.T @ dz1, "b1": dz1.sum(axis=0), "W2": a1.T @ dz2, "b2": dz2.sum(axis=0)}


def accuracy(p, x, y):
    return np.mean(forward(p, x)[1].argmax(axis=1) == y)


def main():
    parser = argparse.ArgumentParser(description="Neural Networks")
    parser.add_argument("--fault", choices=["test-choice"])
    parser.add_argument("--check", action="store_true", help="compare the gradient with differences")
    parser.add_argument("--epochs", type=int, default=30)
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    if chosen.check:
        p, x, t = start(rng, 4, 3, 3), rng.random((5, 4)), np.eye(3)[[0, 1, 2, 1, 0]]
        check(lambda: loss(p, x, t), lambda: gradient(p, x, t), p)
    digits = bh.load("mnist")
    x, y = digits.x_train / np.float32(255), digits.y_train
    x_test, y_test = digits.x_test / np.float32(255), digits.y_test
    x, y, x_validation, y_validation = x[:50_000], y[:50_000], x[50_000:], y[50_000:]
    p, t = {name: array.astype(np.float32) for name, array in start(rng, 784, 30, 10).items()}, np.eye(10)[y]
    best, reported = 0.0, 0.0
    for epoch in range(1, chosen.epochs + 1):
        for rows in rng.permutation(50_000).reshape(-1, 10):
            for name, g in gradient(p, x[rows], t[rows]).items():
                p[name] -= 3.0 * g.astype(np.float32)
        test, validation = accuracy(p, x_test, y_test), accuracy(p, x_validation, y_validation)
        judge = test if chosen.fault == "test-choice" else validation
        if judge > best:
            best, reported = judge, test
        print(f"epoch {epoch}: validation {validation:.2%}, test {test:.2%}", flush=True)
    by = "by the test digits themselves" if chosen.fault else "by validation digits"
    print(f"{reported:.2%} of {len(y_test)} test digits right; the epoch was chosen {by}")


if __name__ == "__main__":
    main()
