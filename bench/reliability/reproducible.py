"""Which conditions change the bits of a training: `python -m bench.reliability.reproducible`, about a minute.

Each network is trained twice in the same way, each time in a process of its own, and then with one condition changed:
the number of threads, the number of workers, or the kernel of the matrix library (as on another processor). The table
shows whether θ has the same bits, its largest difference, and on how many of the 10,000 test images predictions differ.
"""

import io
import os
import subprocess
import sys

import numpy as np

import byhand as bh

SAMPLES, EPOCHS = 10_000, 2
KINDS = {  # name -> hidden sizes, batch size, augmented
    "784-30-10, batches of 10": ((30,), 10, False),
    "784-256-128-10, batches of 128": ((256, 128), 128, False),
    "784-1400-1000-10, batches of 256": ((1400, 1000), 256, False),
    "784-256-10, full batch": ((256,), None, False),
    "784-256-128-10, augmented": ((256, 128), 128, True),
}
CHANGES = {  # name -> fit's options, environment
    "the same again": ({"threads": 1}, {}),
    "two threads": ({"threads": 2}, {}),
    "three workers": ({"threads": 1, "workers": 3}, {}),
    "another kernel": ({"threads": 1}, {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": "AVX512F"}),
}


def train(kind, options):
    """θ, and the answers on the test images."""
    sizes, batch_size, augmented = KINDS[kind]
    digits = bh.load("mnist")
    hidden = [part for size in sizes for part in (bh.Dense(size, bh.He()), bh.ReLU())]
    network = bh.Network(784, [*hidden, bh.Dense(10)], bh.CategoricalCrossEntropy(), inputs="grey levels")
    augment = bh.Augment.digits() if augmented else None
    x, y = digits.x_train[:SAMPLES], digits.y_train[:SAMPLES]
    epochs = EPOCHS if batch_size else 20 * EPOCHS
    bh.fit(network, x, y, epochs=epochs, batch_size=batch_size, augment=augment, progress=False, **options)
    return network.theta, network.predict(digits.x_test)


def elsewhere(kind, options, environment):
    """The same in a process of its own."""
    settings = {key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS")} | environment
    command = [sys.executable, "-m", "bench.reliability.reproducible", kind, repr(options)]
    found = np.load(io.BytesIO(subprocess.run(command, env=settings, check=True, stdout=subprocess.PIPE).stdout))
    return found["theta"], found["answers"]


def main():
    if len(sys.argv) == 3:
        import ast

        theta, answers = train(sys.argv[1], ast.literal_eval(sys.argv[2]))
        np.savez(sys.stdout.buffer, theta=theta, answers=answers)
        return
    print(f"{'network':<34}{'changed':<18}{'bits':<12}{'largest |Δθ|':>14}{'other answers':>15}")
    for kind in KINDS:
        theta, answers = elsewhere(kind, {"threads": 1}, {})
        for change, (options, environment) in CHANGES.items():
            if "workers" in options and not KINDS[kind][2]:
                continue
            found, said = elsewhere(kind, options, environment)
            same = found.tobytes() == theta.tobytes()
            far, other = np.abs(found - theta).max(), np.count_nonzero(said != answers)
            print(f"{kind:<34}{change:<18}{'the same' if same else 'others':<12}{far:>14.1e}{other:>15,}", flush=True)


if __name__ == "__main__":
    main()
