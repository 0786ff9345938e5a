"""scikit-learn's MLPClassifier, where it can express the workload."""

import warnings

import common
import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_info


class Taking(MLPClassifier):
    """Takes turns between the epochs of one `fit`, so that it is set up once and keeps Adam's memory."""

    turns = None

    def _update_no_improvement_count(self, *arguments):  # scikit-learn calls it at the end of every epoch
        if self.turns:
            self.turns.after()
            if not self.turns.before():
                raise KeyboardInterrupt  # on which `fit` ends as if it were done


def build(task, arrays):
    """The classifier with its first weights; they come in by a first pass over a few rows."""
    hidden = [layer for layer in task.layers if layer["type"] != "dense"]
    kind = task.optimizer["type"]
    network = Taking(
        tuple(layer["out"] for layer in task.layers if layer["type"] == "dense")[:-1],
        activation={"relu": "relu", "sigmoid": "logistic"}[hidden[0]["type"]],
        solver=kind,
        alpha=0.0,
        batch_size=task.batch or task.rows,
        learning_rate_init=task.optimizer["rate"],
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=task.batch is not None,
        max_iter=10**9,
        tol=0.0,
        n_iter_no_change=10**9,
        warm_start=True,
        random_state=0,
    )
    y = arrays.t.astype(int) if task.loss == "sigmoid" else arrays.y  # one-hot rows: ten sigmoids, the summed log loss
    classes = np.arange(10)
    few = np.array([np.flatnonzero(arrays.y == k)[0] for k in classes])
    x = arrays.x
    network.set_params(batch_size=10).partial_fit(x[few], y[few], classes=classes)
    network.set_params(batch_size=task.batch or task.rows)
    pairs = [pair for pair in arrays.parameters(task) if pair]
    network.coefs_, network.intercepts_ = [pair[0].copy() for pair in pairs], [pair[1].copy() for pair in pairs]
    network.n_iter_, network.t_, network.loss_curve_ = 0, 0, []
    return network, x, y


def classes_of(network, x):
    found = network.predict_proba(x)
    return found.argmax(1)


def main():
    task, arrays, turns = common.begin()
    warnings.simplefilter("ignore")
    network, x, y = build(task, arrays)
    if task.kind == "predict":
        row = arrays.x_test[:1] if task.calls == "one" else arrays.x_test
        with sklearn.config_context(assume_finite=True):
            turns.time_calls(lambda: network.predict(row))
    else:
        turns.ready()
        Taking.turns = common.EpochByEpoch(turns)
        if Taking.turns.before():
            network.fit(x, y)
    peak = common.peak_memory()
    classes = classes_of(network, arrays.x_test)
    blas = [
        f"{b['internal_api']} {b['version']} {b['architecture']}" for b in threadpool_info() if b["user_api"] == "blas"
    ]
    common.finish(turns, task, classes, ["scikit-learn"], peak, threads=task.threads, blas=", ".join(sorted(set(blas))))


if __name__ == "__main__":
    main()
