"""After "A Comprehensive Guide to Implementing Neural Networks": 784-256-10, ReLU, sigmoid outputs, full-batch descent.

    python examples/write_ups/guide.py                             # train it on MNIST, 150 steps
    python examples/write_ups/guide.py --fault other-loss --check  # is the gradient right?

The write-up takes the output error A2 − Y and never says of which loss. It is the gradient of the summed binary
cross-entropy. With --fault other-loss the same error is used for the quadratic cost ½‖a − y‖², whose gradient has the
sigmoid's slope in it: the check finds that the formula and the loss do not belong together. The write-up also keeps no
test set: its 1,000 dev rows come from the shuffle that the training rows come from. Here MNIST's test digits are used.
"""

import argparse

import numpy as np
from gradient_check import check

import byhand as bh


def start(rng, inputs, hidden, outputs, scale=0.01):
    return {
        "W1": scale * rng.standard_normal((inputs, hidden)),
        "b1": np.zeros(hidden),
        "W2": scale * rng.standard_normal((hidden, outputs)),
        "b2": np.zeros(outputs),
    }


def forward(p, x):
    a1 = np.maximum(0, x @ p["W1"] + p["b1"])  # (n, hidden)
    return a1, 1 / (1 + np.exp(-(a1 @ p["W2"] + p["b2"])))  # (n, outputs)


def loss(p, x, t, fault=None):
    a = forward(p, x)[1]
    if fault == "other-loss":
        return 0.5 * np.sum((a - t) ** 2) / len(x)
    return -np.sum(t * np.log(a) + (1 - t) * np.log(1 - a)) / len(x)


def gradient(p, x, t):
    a1, a = forward(p, x)
    dz2 = (a - t) / len(x)
    dz1 = (dz2 @ p["W2"].T) * (a1 > 0)
    return {"W1": x.T @ dz1, "b1": dz1.sum(axis=0), "W2": a1.T @ dz2, "b2": dz2.sum(axis=0)}


def main():
    parser = argparse.ArgumentParser(description="A Comprehensive Guide to Implementing Neural Networks")
    parser.add_argument("--fault", choices=["other-loss"])
    parser.add_argument("--check", action="store_true", help="compare the gradient with differences")
    parser.add_argument("--steps", type=int, default=150)
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    if chosen.check:
        p, x, t = start(rng, 4, 3, 3, scale=1), rng.random((5, 4)), np.eye(3)[[0, 1, 2, 1, 0]]
        check(lambda: loss(p, x, t, chosen.fault), lambda: gradient(p, x, t), p)
    digits = bh.load("mnist")
    rows = rng.permutation(42_000)  # as many as Kaggle's train.csv has
    x, y = digits.x_train[rows].astype(np.float32) / 255, digits.y_train[rows]
    x_dev, y_dev, x, y = x[:1000], y[:1000], x[1000:], y[1000:]
    p, t = {k: v.astype(np.float32) for k, v in start(rng, 784, 256, 10).items()}, np.eye(10, dtype=np.float32)[y]
    for step in range(1, chosen.steps + 1):
        for name, g in gradient(p, x, t).items():
            p[name] -= 0.5 * g
        if step % 10 == 0:
            print(f"step {step}: dev accuracy {np.mean(forward(p, x_dev)[1].argmax(axis=1) == y_dev):.1%}", flush=True)
    right = np.mean(forward(p, digits.x_test.astype(np.float32) / 255)[1].argmax(axis=1) == digits.y_test)
    print(f"{right:.1%} of {len(digits.y_test)} test digits right")


if __name__ == "__main__":
    main()
