"""After Cristian Leo, "The Math Behind Neural Networks": 64-64-10 on scikit-learn's digits, full-batch descent.

    python examples/write_ups/math_behind.py                                    # train it
    python examples/write_ups/math_behind.py --loss mse --fault no-slope --check  # is the gradient right?

Three faults of the write-up can be switched on. With log loss it takes ∂L/∂a where ∂L/∂z belongs (--fault no-slope);
with the mean squared error it leaves out σ′(z) and the factor 2/k (--fault no-slope); and it writes the factors of the
chain rule upside down, ∂a/∂L for ∂L/∂a (--fault upside-down).
"""

import argparse

import numpy as np
from gradient_check import check

import byhand as bh


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def start(rng, inputs, hidden, outputs):
    return {
        "W1": rng.normal(0, inputs**-0.5, (inputs, hidden)),
        "b1": np.zeros(hidden),
        "W2": rng.normal(0, hidden**-0.5, (hidden, outputs)),
        "b2": np.zeros(outputs),
    }


def forward(p, x, kind):
    a1 = sigmoid(x @ p["W1"] + p["b1"])  # (n, hidden)
    z2 = a1 @ p["W2"] + p["b2"]  # (n, outputs)
    return a1, softmax(z2) if kind == "cross-entropy" else sigmoid(z2)


def loss(p, x, t, kind):
    a = forward(p, x, kind)[1]
    if kind == "cross-entropy":
        return -np.sum(t * np.log(a)) / len(x)
    if kind == "log-loss":
        return -np.sum(t * np.log(a) + (1 - t) * np.log(1 - a)) / len(x)
    return np.mean((a - t) ** 2)  # over samples and the k outputs


def gradient(p, x, t, kind, fault=None):
    a1, a = forward(p, x, kind)
    slope, n, k = a * (1 - a), *t.shape
    if kind == "mse":
        da = 2 / k * (a - t)  # ∂L/∂a of one sample
        dz2 = a - t if fault == "no-slope" else da * slope
    else:
        da = -(t / a - (1 - t) / (1 - a))
        dz2 = da if fault == "no-slope" else a - t
    if fault == "upside-down":
        dz2 = 1 / da * 1 / slope  # ∂a/∂L · ∂z/∂a
    dz2 = dz2 / n
    dz1 = (dz2 @ p["W2"].T) * a1 * (1 - a1)
    return {"W1": x.T @ dz1, "b1": dz1.sum(axis=0), "W2": a1.T @ dz2, "b2": dz2.sum(axis=0)}


def main():
    parser = argparse.ArgumentParser(description="The Math Behind Neural Networks")
    parser.add_argument("--loss", choices=["cross-entropy", "log-loss", "mse"], default="cross-entropy")
    parser.add_argument("--fault", choices=["no-slope", "upside-down"])
    parser.add_argument("--check", action="store_true", help="compare the gradient with differences")
    parser.add_argument("--epochs", type=int, default=1000)
    chosen = parser.parse_args()
    rng = np.random.default_rng(42)
    if chosen.check:
        p, x, t = start(rng, 4, 3, 3), rng.random((5, 4)), np.eye(3)[[0, 1, 2, 1, 0]]
        check(lambda: loss(p, x, t, chosen.loss), lambda: gradient(p, x, t, chosen.loss, chosen.fault), p)
    digits = bh.load("digits")
    x, y, x_test, y_test = bh.data.split(digits.x_train, digits.y_train, 0.2, rng)
    p, t = start(rng, 64, 64, 10), np.eye(10)[y]
    for epoch in range(1, chosen.epochs + 1):
        for name, g in gradient(p, x, t, chosen.loss, chosen.fault).items():
            p[name] -= 0.1 * g
        if epoch % 100 == 0:
            print(f"epoch {epoch}: loss {loss(p, x, t, chosen.loss):.4f}")
    right = np.mean(forward(p, x_test, chosen.loss)[1].argmax(axis=1) == y_test)
    print(f"{right:.1%} of {len(y_test)} test digits right")


if __name__ == "__main__":
    main()
