"""After Vaibhav Shrivastava, "Neural network from basics to code", and Elliott Chang, "Developing a Neural Network From
Scratch", which describe the same network: 784-10-10, ReLU, softmax, full-batch descent.

    python examples/write_ups/shrivastava.py           # train it on MNIST, the accuracy every 10 steps
    python examples/write_ups/shrivastava.py --check   # is the gradient right?

Neither has a known fault. They keep samples as columns; here samples are rows, so every matrix is transposed.
"""

import argparse

import numpy as np
from gradient_check import check

import byhand as bh


def start(rng, inputs, hidden, outputs):
    return {
        "W1": rng.uniform(-0.5, 0.5, (inputs, hidden)),
        "b1": rng.uniform(-0.5, 0.5, hidden),
        "W2": rng.uniform(-0.5, 0.5, (hidden, outputs)),
        "b2": rng.uniform(-0.5, 0.5, outputs),
    }


def forward(p, x):
    a1 = np.maximum(0, x @ p["W1"] + p["b1"])  # (n, hidden)
    z2 = a1 @ p["W2"] + p["b2"]  # (n, outputs)
    powers = np.exp(z2 - z2.max(axis=1, keepdims=True))
    return a1, powers / powers.sum(axis=1, keepdims=True)


def loss(p, x, t):
    return -np.sum(t * np.log(forward(p, x)[1])) / len(x)


def gradient(p, x, t):
    a1, a = forward(p, x)
    dz2 = (a - t) / len(x)
    dz1 = (dz2 @ p["W2"].T) * (a1 > 0)
    return {"W1": x.T @ dz1, "b1": dz1.sum(axis=0), "W2": a1.T @ dz2, "b2": dz2.sum(axis=0)}


def main():
    parser = argparse.ArgumentParser(description="Neural network from basics to code")
    parser.add_argument("--check", action="store_true", help="compare the gradient with differences")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--rate", type=float, default=0.1)
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    if chosen.check:
        p, x, t = start(rng, 4, 3, 3), rng.random((5, 4)), np.eye(3)[[0, 1, 2, 1, 0]]
        check(lambda: loss(p, x, t), lambda: gradient(p, x, t), p)
    digits = bh.load("mnist")
    x, t = digits.x_train / np.float32(255), np.eye(10, dtype=np.float32)[digits.y_train]
    p = {name: array.astype(np.float32) for name, array in start(rng, 784, 10, 10).items()}
    for step in range(1, chosen.steps + 1):
        for name, g in gradient(p, x, t).items():
            p[name] -= chosen.rate * g
        if step % 10 == 0:
            right = np.mean(forward(p, x)[1].argmax(axis=1) == digits.y_train)
            print(f"step {step}: training accuracy {right:.1%}", flush=True)
    right = np.mean(forward(p, digits.x_test / np.float32(255))[1].argmax(axis=1) == digits.y_test)
    print(f"{right:.1%} of {len(digits.y_test)} test digits right")


if __name__ == "__main__":
    main()
