"""The effect of each technique on a dense network, on MNIST and Fashion-MNIST.

    python -m bench.accuracy.techniques --seeds 3 > docs/techniques.md

The plain network is 784-256-128-10 with ReLU and softmax cross-entropy, trained by Adam with a learning rate of 0.001
in batches of 128 for 6 epochs. Each row changes one thing. Accuracies are on 10,000 training images that are held back
by the seed; the test images are not used. "Gap" is the loss on the held-back images minus the loss on the training
images, both after training and without augmentation. Seconds are processor seconds of the whole training on one core,
including augmentation.
"""

import argparse
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field

import numpy as np

import byhand as bh
from byhand.data import split_rows
from byhand.data.augment import Augment, Mixup
from byhand.regularizers import L1, L2, ClipNorm, ClipValue, MaxNorm
from byhand.training.evaluate import Evaluator

EPOCHS, BATCH = 6, 128


def dense(between=(), activation=None, start=None):
    """784-256-128-10; `between` holds layers that follow each hidden Dense, before the activation if they normalise."""
    activation, start = activation or bh.ReLU(), start or bh.He()
    normal = [layer for layer in between if not isinstance(layer, bh.Dropout)]
    after = [layer for layer in between if isinstance(layer, bh.Dropout)]
    hidden = [part for size in (256, 128) for part in (bh.Dense(size, start), *normal, activation, *after)]
    return [*hidden, bh.Dense(10)]


def residual():
    block = bh.Residual((bh.Dense(256, bh.He()), bh.ReLU(), bh.Dense(256)))
    return [bh.Dense(256, bh.He()), bh.ReLU(), block, bh.ReLU(), bh.Dense(10)]


@dataclass(frozen=True)
class Technique:
    group: str
    name: str
    layers: list = field(default_factory=dense)
    loss: bh.CategoricalCrossEntropy = field(default_factory=bh.CategoricalCrossEntropy)
    optimizer: object = field(default_factory=bh.Adam)
    regularizers: tuple = ()
    augment: dict | None = None
    callbacks: tuple = ()
    epochs: int = EPOCHS


CLOTHES, DIGITS = Augment.clothing(), Augment.digits()
TECHNIQUES = [
    Technique("", "plain (Adam 0.001)"),
    Technique("optimiser", "gradient descent 0.1", optimizer=bh.GradientDescent(0.1)),
    Technique("optimiser", "momentum 0.9, 0.05", optimizer=bh.Momentum(0.05)),
    Technique("optimiser", "Nesterov 0.9, 0.05", optimizer=bh.Nesterov(0.05)),
    Technique("optimiser", "AdaGrad 0.02", optimizer=bh.AdaGrad(0.02)),
    Technique("optimiser", "RMSprop 0.001", optimizer=bh.RMSprop(0.001)),
    Technique("optimiser", "RMSprop centred 0.001", optimizer=bh.RMSprop(0.001, centred=True)),
    Technique("optimiser", "AdamW 0.001, decay 0.05", optimizer=bh.AdamW(0.001, weight_decay=0.05)),
    Technique("optimiser", "NAdam 0.001", optimizer=bh.NAdam(0.001)),
    Technique("optimiser", "Lion 0.0001", optimizer=bh.Lion(0.0001)),
    Technique("schedule", "steps: half every 3", optimizer=bh.Adam(bh.StepDecay(0.001, 0.5, 3))),
    Technique("schedule", "exponential", optimizer=bh.Adam(bh.ExponentialDecay(0.001, 0.2))),
    Technique("schedule", "cosine", optimizer=bh.Adam(bh.CosineAnnealing(0.001))),
    Technique("schedule", "warm-up and cosine, 0.003", optimizer=bh.Adam(bh.WarmupCosine(0.003))),
    Technique("schedule", "one cycle, 0.003", optimizer=bh.Adam(bh.OneCycle(0.003))),
    Technique("regularisation", "L1, 1e-5", regularizers=(L1(1e-5),)),
    Technique("regularisation", "L2, 1e-4", regularizers=(L2(1e-4),)),
    Technique("regularisation", "max-norm 2", regularizers=(MaxNorm(2.0),)),
    Technique("regularisation", "dropout 0.2", layers=dense([bh.Dropout(0.2)])),
    Technique("regularisation", "dropout 0.5", layers=dense([bh.Dropout(0.5)])),
    Technique("regularisation", "label smoothing 0.1", loss=bh.CategoricalCrossEntropy(0.1)),
    Technique("regularisation", "early stopping, 2", callbacks=(lambda: bh.EarlyStopping(2),)),
    Technique("regularisation", "weight averaging 0.999", callbacks=(lambda: bh.Averaging(0.999),)),
    Technique("gradients", "clipped by value, 0.01", regularizers=(ClipValue(0.01),)),
    Technique("gradients", "clipped by norm, 1", regularizers=(ClipNorm(1.0),)),
    Technique("gradients", "batch normalisation", layers=dense([bh.BatchNorm()])),
    Technique("gradients", "layer normalisation", layers=dense([bh.LayerNorm()])),
    Technique("gradients", "residual block", layers=residual()),
    Technique("activation", "sigmoid, Glorot", layers=dense(activation=bh.Sigmoid(), start=bh.Glorot())),
    Technique("activation", "tanh, Glorot", layers=dense(activation=bh.Tanh(), start=bh.Glorot())),
    Technique("activation", "leaky ReLU", layers=dense(activation=bh.LeakyReLU())),
    Technique("activation", "ELU", layers=dense(activation=bh.ELU())),
    Technique("augmentation", "of images", augment={"mnist": DIGITS, "fashion-mnist": CLOTHES}),
    Technique(
        "augmentation", "mixup 0.2", augment={"mnist": Augment((Mixup(0.2),)), "fashion-mnist": Augment((Mixup(0.2),))}
    ),
    Technique(
        "together",
        "augmentation, one cycle, 20 epochs",
        augment={"mnist": DIGITS, "fashion-mnist": CLOTHES},
        optimizer=bh.Adam(bh.OneCycle(0.003)),
        epochs=20,
    ),
]


def run(index, dataset, seed):
    """One training: (index, dataset, accuracy, loss gap, seconds)."""
    technique, rng = TECHNIQUES[index], np.random.default_rng(seed)
    data = bh.load(dataset)
    train, held = split_rows(data.y_train, 10_000, rng)
    x, y = data.x_train[train], data.y_train[train]
    held_back = (data.x_train[held], data.y_train[held])
    network = bh.Network(784, technique.layers, technique.loss, rng=rng, inputs="grey levels")
    start = time.process_time()
    bh.fit(
        network,
        x,
        y,
        validation=held_back,
        epochs=technique.epochs,
        batch_size=BATCH,
        optimizer=technique.optimizer,
        rng=rng,
        regularizers=technique.regularizers,
        augment=technique.augment and technique.augment[dataset],
        workers=0,
        callbacks=[make() for make in technique.callbacks],
        progress=False,
        threads=1,
    )
    seconds = time.process_time() - start
    after, before = Evaluator(network, *held_back)(), Evaluator(network, x, y)()
    return index, dataset, after["accuracy"], after["loss"] - before["loss"], seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    seeds, jobs = vars(parser.parse_args()).values()
    found = {}
    with ProcessPoolExecutor(jobs) as pool:
        wanted = [
            pool.submit(run, index, dataset, seed)
            for index in range(len(TECHNIQUES))
            for dataset in ("mnist", "fashion-mnist")
            for seed in range(seeds)
        ]
        for done, future in enumerate(as_completed(wanted), 1):
            index, dataset, *figures = future.result()
            found.setdefault((index, dataset), []).append(figures)
            print(f"\r{done}/{len(wanted)}", end="", file=sys.stderr, flush=True)
    print("# Techniques\n")
    print(__doc__.split("\n\n", 2)[2].strip(), f"Mean ± standard deviation over {seeds} seeds.\n", sep="\n")
    print(f"Written by `python -m bench.accuracy.techniques --seeds {seeds} > docs/techniques.md`.\n")
    print("| | technique | MNIST, % | gap | s | Fashion-MNIST, % | gap | s |\n|---|---|---|---|---|---|---|---|")
    group = None
    for index, technique in enumerate(TECHNIQUES):
        cells = []
        for dataset in ("mnist", "fashion-mnist"):
            accuracy, gap, seconds = zip(*found[index, dataset], strict=True)
            spread = statistics.stdev(accuracy) if len(accuracy) > 1 else 0.0
            mean = statistics.mean
            cells += [f"{100 * mean(accuracy):.2f} ± {100 * spread:.2f}", f"{mean(gap):.3f}", f"{mean(seconds):.1f}"]
        print(f"| {technique.group if technique.group != group else ''} | {technique.name} | {' | '.join(cells)} |")
        group = technique.group


if __name__ == "__main__":
    main()
