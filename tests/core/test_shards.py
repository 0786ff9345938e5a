"""Batches in shards: the sum of the shards is the batch, and has the same bits however many processes share them."""

from contextlib import suppress

import numpy as np
import pytest

import byhand as bh
from byhand import ByhandError
from byhand.core.world import ALONE
from byhand.metrics import as_metrics
from byhand.training import Averaging, EarlyStopping
from byhand.training.checkpoints import Checkpoints, Interrupted
from byhand.training.evaluate import Evaluator
from tests.core.sharded import RNG, SETUPS, WEIGHTS, X, Y, make, train
from tests.core.test_checkpoints import StopAt
from tests.core.threads_as_processes import together


@pytest.mark.parametrize("shards", [2, 3, 5])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_shards_add_up_to_the_batch(shards, accumulate):
    options = {"shuffle": False, "sample_weight": WEIGHTS, "accumulate": accumulate, "metrics": ["f1"]}
    whole, cut = make(dtype=np.float64), make(dtype=np.float64)
    a, b = train(whole, **options), train(cut, shards=shards, **options)
    np.testing.assert_allclose(cut.theta, whole.theta, rtol=1e-9, atol=1e-12)
    for name in ("loss", "accuracy", "f1"):
        np.testing.assert_allclose(a[name], b[name], rtol=1e-12)


def test_a_batch_with_fewer_samples_than_shards():
    whole, cut = make(dtype=np.float64), make(dtype=np.float64)
    for network, shards in ((whole, 1), (cut, 8)):
        train(network, X[:35], Y[:35], shuffle=False, shards=shards)  # the second batch has three samples
    np.testing.assert_allclose(cut.theta, whole.theta, rtol=1e-9, atol=1e-12)


def test_running_means_follow_the_mean_of_the_shards_by_their_samples():
    network = bh.Network(3, [bh.BatchNorm(), bh.Dense(2)], bh.MSE(), dtype=np.float64)
    x, t = RNG.standard_normal((5, 3)), RNG.standard_normal((5, 2))
    train(network, x, t, epochs=1, batch_size=5, shuffle=False, shards=2)
    parts = x[:2], x[2:]
    means = [0.1 * part.mean(0) for part in parts]
    variances = [0.9 + 0.1 * part.var(0, ddof=1) for part in parts]
    np.testing.assert_allclose(network.p[0].running_mean, (2 * means[0] + 3 * means[1]) / 5)
    np.testing.assert_allclose(network.p[0].running_var, (2 * variances[0] + 3 * variances[1]) / 5)


def outcome(setup, world=False, **more):
    layers, options = SETUPS[setup]
    network = make(*layers)
    callbacks = [Averaging(0.9), EarlyStopping(patience=1, monitor="val_accuracy")]
    options = {"shards": 4, "validation": (X, Y), "callbacks": callbacks} | options | more
    history = train(network, distributed=world, **options)
    columns = {name: column for name, column in history.items() if name != "seconds"}
    return network.theta.tobytes(), network.state.tobytes(), columns


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("size", [2, 4])
def test_the_bits_do_not_depend_on_the_number_of_processes(setup, size):
    alone = outcome(setup)
    assert all(other == alone for other in together(size, lambda world: outcome(setup, world)))


def test_the_shards_are_random_by_themselves():
    assert outcome("convolution, augmented")[0] != outcome("convolution, augmented", shards=2)[0]


@pytest.mark.parametrize("setup", SETUPS)
def test_processes_go_on_bit_for_bit_from_the_first_ones_checkpoint(setup, tmp_path):
    def cut(world):
        for stop in (2, 5, None):  # within the first epoch, within the second
            # The others' folders stay empty: theirs might be on other machines.
            checkpoints = Checkpoints(tmp_path / str(world.rank), "1 steps")
            asks = [StopAt(checkpoints, stop if world.rank == 1 else None)]
            with suppress(Interrupted):
                return outcome(setup, world, checkpoint=checkpoints, resume=stop != 2, callbacks=asks)
        return None

    whole = outcome(setup, callbacks=[])
    assert together(2, cut) == [whole, whole]
    assert [path.name for path in tmp_path.iterdir()] == ["0"]


def test_every_process_begins_from_the_first_ones_weights_and_generator():
    def work(world):
        network = make()
        network.theta *= 1 + world.rank
        train(network, rng=world.rank, shards=2, distributed=world)
        return network.theta.tobytes()

    assert len(set(together(2, work))) == 1


def test_one_process_that_wants_to_stop_stops_all():
    class Late(bh.Callback):
        def __init__(self, rank):
            self.rank = rank

        def on_step(self, training):
            training.stop |= self.rank == 1 and training.step == 3

    def work(world):
        network = make()
        history = train(network, shards=2, distributed=world, callbacks=[Late(world.rank)])
        return history.epochs, network.theta.tobytes()

    assert len(set(together(2, work))) == 1


def test_all_processes_say_that_training_diverged():
    def work(world):
        with pytest.raises(bh.TrainingDiverged) as caught:
            train(make(), optimizer=bh.GradientDescent(1e30), shards=2, distributed=world, epochs=5)
        return caught.value.step

    first, second = together(2, work)
    assert first == second


def test_no_process_reads_more_of_a_file_than_its_part(tmp_path):
    file = tmp_path / "images"
    (X / 255).astype(np.float32).tofile(file)

    class Counting:
        """The operations, which count the samples that they gather."""

        def __init__(self):
            self.rows = 0

        def __getattr__(self, name):
            return getattr(bh.ops.default, name)

        def gather(self, a, numbers, out):
            self.rows += len(numbers) * (a.ndim == 4)
            bh.ops.default.gather(a, numbers, out)

    def work(world=False):
        network, looked_at = make(), []
        network.ops = counting = Counting()
        as_input = network.as_input
        network.as_input = lambda x: looked_at.append(len(x)) or as_input(x)
        train(network, np.memmap(file, np.float32, "r", shape=X.shape), shards=2, distributed=world)
        return network.theta.tobytes(), counting.rows, sum(looked_at)

    theta, rows, looked_at = work()
    assert (rows, looked_at) == (2 * len(X), len(X))  # in two epochs; and once before, to see that all are finite
    assert together(2, work) == [(theta, len(X), len(X) // 2)] * 2


@pytest.mark.parametrize("size", [2, 5])
def test_processes_share_the_validation_samples_out(size):
    x, y = np.resize(X, (1100, 8, 8, 1)), np.resize(Y, 1100)  # three batches, so that of five processes two have none

    def work(world=ALONE):
        return Evaluator(make(), x, y, metrics=as_metrics(["f1", "rmse"]), world=world)()

    assert together(size, work) == [work()] * size


def test_refusals():
    with pytest.raises(ByhandError, match="mini-batches of arrays"):
        train(make(), batch_size=None, shards=2)
    with pytest.raises(ByhandError, match="mini-batches of arrays"):
        bh.fit(make(), [(X, Y)], shards=2, progress=False)

    def uneven(world):
        with pytest.raises(ByhandError, match="2 processes cannot share 3 shards"):
            train(make(), shards=3, distributed=world)

    def other_data(world):
        with pytest.raises(ByhandError, match="different data"):
            train(make(), X + np.uint8(world.rank), shards=2, distributed=world)

    together(2, uneven)
    together(2, other_data)
