"""After the first steps, a training step allocates no arrays: tracemalloc sees every one that NumPy makes.

NumPy itself works through broadcasts and casts in a buffer of 8,192 numbers (32 KB, whatever the arrays' size); it is
made small here, so that nothing hides behind it.
"""

import sys
import tracemalloc

import numpy as np
import pytest

from byhand import (
    CTC,
    ELU,
    L1,
    L2,
    MSE,
    RNN,
    Adam,
    AveragePool2D,
    Averaging,
    BatchNorm,
    BinaryCrossEntropy,
    Callback,
    CategoricalCrossEntropy,
    ClassToken,
    ClipNorm,
    ClipValue,
    Conv2D,
    CrossAttention,
    Dense,
    Dropout,
    Embedding,
    EncoderDecoder,
    Flatten,
    GlobalAveragePool2D,
    GradientDescent,
    Group,
    LastStep,
    LayerNorm,
    LeakyReLU,
    MaxNorm,
    MaxPool2D,
    Network,
    OneCycle,
    QuadraticCost,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
    Softmax,
    SpatialDropout,
    SplitSteps,
    StepsFrom,
    Tanh,
    fit,
)
from byhand.core import chains
from byhand.ops import default, reference
from tests.core.test_ctc import Steps

LIMIT = 7_500  # bytes; the smallest array of a step, a loss for each sample, has 8,192
ROWS = 2048  # of a batch, and of a piece of a full batch


def compiled(name):
    """Whether the operation is compiled: NumPy's own makes small arrays of indices."""
    return getattr(default, name) is not getattr(reference, name)


@pytest.fixture(autouse=True)
def large_pieces(monkeypatch):
    for module in ("trainer", "steps"):
        monkeypatch.setattr(sys.modules[f"byhand.training.{module}"], "PREDICTED_ROWS", ROWS)


class Meter(Callback):
    """What steps 6 to 55 allocated, each at most; once or twice it may be another thread of the test's process."""

    def __init__(self):
        self.steps = []

    def on_step(self, training):
        if training.step == 5:
            tracemalloc.start()
        else:
            if training.step > 5:
                self.steps.append(tracemalloc.get_traced_memory()[1] - self.before)
            training.stop = training.step == 55
        tracemalloc.reset_peak()
        self.before = tracemalloc.get_traced_memory()[0]


def peak(layers, loss, inputs=(20,), labels=None, **options):
    if isinstance(loss, CategoricalCrossEntropy) and not compiled("softmax_cross_entropy_labels"):
        pytest.skip("softmax_cross_entropy_labels is not compiled here")
    rng = np.random.default_rng(0)
    rows = 3 * ROWS if options["batch_size"] is None else 3 * ROWS + 1  # the last batch has a single row
    x = rng.integers(0, 256, (rows, *inputs)).astype(np.uint8)
    if not options.pop("grey", False):
        x = x.astype(np.float32)
    meter, averaging = Meter(), [Averaging()] if options.pop("averaging", False) else []
    network = Network(inputs, layers, loss, rng=0, inputs="grey levels", task="classes")
    buffer = np.setbufsize(64)
    try:
        options |= {"callbacks": [*averaging, meter], "progress": False, "threads": 1}
        fit(network, x, np.arange(rows) % 10 if labels is None else labels, epochs=60, **options)
    finally:
        np.setbufsize(buffer)
        tracemalloc.stop()
    return sorted(meter.steps)[-3]


PLAIN = [Dense(30), ReLU(), Dense(10)]


@pytest.mark.parametrize("optimizer", [GradientDescent(1e-6), Adam(OneCycle(1e-6))], ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("batch_size", [ROWS, None], ids=["mini-batch", "full-batch"])
@pytest.mark.parametrize("grey", [False, True], ids=["floats", "bytes"])
def test_training_step(optimizer, batch_size, grey):
    assert peak(PLAIN, CategoricalCrossEntropy(), optimizer=optimizer, batch_size=batch_size, grey=grey) < LIMIT


def test_with_sample_weights():
    weights = np.linspace(1, 2, 3 * ROWS + 1)
    assert peak(PLAIN, CategoricalCrossEntropy(), batch_size=ROWS, sample_weight=weights) < LIMIT


def test_with_groups_and_several_batches_a_step():
    options = {"groups": [Group("0.*", rate=0), Group("*.W", rate=0.1, decay=1e-4)], "regularizers": [ClipNorm(1.0)]}
    options |= {"class_weight": {3: 2.0}, "accumulate": 2, "batch_size": ROWS}
    assert peak(PLAIN, BinaryCrossEntropy(), **options) < LIMIT


@pytest.mark.skipif(not compiled("share_steps"), reason="share_steps is not compiled here")
def test_sequences_under_a_mask():
    rows = 3 * ROWS + 1
    options = {"labels": np.arange(rows * 4).reshape(rows, 4) % 10, "lengths": np.arange(rows) % 4 + 1}
    options |= {"optimizer": GradientDescent(1e-6), "batch_size": ROWS}
    assert peak([Dense(10)], BinaryCrossEntropy(), inputs=(4, 5), **options) < LIMIT


MASKING = [
    SplitSteps(6, [Dense(5)], [Tanh()]),
    CrossAttention(1, 6),
    Sequential([ClassToken(), StepsFrom(1)]),
    EncoderDecoder(RNN(4), 6),
]


@pytest.mark.parametrize("layer", MASKING, ids=lambda layer: layer.label())
def test_layers_that_make_a_mask(layer):
    """A pass without a loss; the smallest mask that could be made anew has 24,576 bytes."""
    if isinstance(layer, CrossAttention) and not compiled("masked_softmax"):
        pytest.skip("masked_softmax is not compiled here")
    n, steps = 4096, 12
    network = Network((steps, 5), [layer])
    x, mask = np.ones((n, steps, 5), np.float32), np.arange(steps) < np.full((n, 1), 8)
    assert peak_of_a_pass(network, x, mask) < 3 * n


def test_a_mask_without_what_fills_up():
    n, steps = 4096, 12
    network = Network((steps,), [Embedding(5, 4, padding=0), LastStep()], ops=reference)
    assert peak_of_a_pass(network, np.tile(np.arange(steps) % 5, (n, 1)), None) < 3 * n


def peak_of_a_pass(network, x, mask):
    """What the second forward and backward pass allocate at most."""
    workspace, dy = network.workspace(len(x)), np.ones((len(x), *network.plan[-1].out_shape), np.float32)
    buffer = np.setbufsize(64)
    try:
        for _ in range(2):
            tracemalloc.start()
            network.forward(x, workspace, mask=mask)
            network.backward_from(dy, workspace)
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    finally:
        np.setbufsize(buffer)
    return most


@pytest.mark.parametrize("loss", [QuadraticCost(), MSE(), BinaryCrossEntropy(0.1)], ids=str)
def test_every_loss(loss):
    assert peak(PLAIN, loss, batch_size=ROWS, optimizer=GradientDescent(1e-9)) < LIMIT


def test_rows_of_symbols():
    labels = np.tile([1, 0, -1], (3 * ROWS + 1, 1))
    options = {"optimizer": GradientDescent(1e-9), "labels": labels, "batch_size": ROWS}
    assert peak([Dense(18), Steps(6)], CTC(2, 3), **options) < LIMIT


def test_every_layer():
    layers = [Flatten(), Dense(30), Sigmoid(), Tanh(), LeakyReLU(), Dense(20), ELU(), Softmax(), Dense(10), ReLU()]
    assert peak(layers, MSE(), inputs=(4, 5), batch_size=ROWS) < LIMIT


BLOCK = Residual([LayerNorm(), Dense(30), ReLU(), Dropout(0.1), Residual([Dense(30), Tanh()]), Dense(20)])
RULES = (L2(1e-3), L1(1e-3), ClipValue(1e3), ClipNorm(1.0), MaxNorm(1.0))


@pytest.mark.parametrize("batch_size", [ROWS, None], ids=["mini-batch", "full-batch"])
@pytest.mark.parametrize("rules", [*[(rule,) for rule in RULES], RULES], ids=lambda rules: str(len(rules)))
def test_what_helps_against_overfitting(rules, batch_size):
    layers = [Dropout(0.2), BLOCK, BatchNorm(), ReLU(), Dropout(0.5), BLOCK, Dense(200), Dense(10)]
    options = {"batch_size": batch_size, "regularizers": rules, "averaging": True}
    assert peak(layers, CategoricalCrossEntropy(), **options) < LIMIT


def test_images():
    inside = Residual([Conv2D(4, groups=2), Tanh(), Conv2D(4, 1)])
    pools = [MaxPool2D(2, 1, "same"), AveragePool2D(2, 1, "same"), MaxPool2D(), GlobalAveragePool2D()]
    layers = [Conv2D(4, (2, 3)), BatchNorm(), ReLU(), SpatialDropout(0.1), inside, *pools, Dense(10)]
    # Views of each place in a window take up to 6 KB, whatever the images' size; the smallest array here has 32 KB.
    assert peak(layers, CategoricalCrossEntropy(), inputs=(4, 5, 1), batch_size=ROWS) < 2 * LIMIT


def test_the_meter_sees_a_single_array():
    class Wasteful(ReLU):
        def slope(self, ops, at, dx):
            dx[...] = at.dy * (at.y > 0)

    assert peak([Dense(30), Wasteful(), Dense(10)], MSE(), batch_size=ROWS) > 10 * LIMIT


def test_arrays_of_a_pass_lie_apart_in_one_block_and_outside_where_it_is_full(monkeypatch):
    monkeypatch.setattr(chains, "LEAST_BLOCK", 100)
    make = lambda shape, dtype=np.float32: np.full(shape, 7, dtype)  # noqa: E731
    make_part = chains.in_one_block(make, 100)
    arrays = [make_part((3, 5)), make_part((4, 16)), make_part((2, 4), np.bool_), make_part((21,)), make_part((2, 3))]
    for i, a in enumerate(arrays):
        a[...] = i
    assert [a.shape for a in arrays] == [(3, 5), (4, 16), (2, 4), (21,), (2, 3)]
    assert all((a == a.dtype.type(i)).all() for i, a in enumerate(arrays))
    places = [(a.ctypes.data - arrays[0].ctypes.data) // 4 for a in (arrays[0], arrays[1], arrays[4])]
    assert places == [0, 16, 80]  # whole cache lines; 21 more numbers would not have fitted
    assert not np.shares_memory(arrays[0].base, arrays[3])
    assert chains.in_one_block(make, 99) is make
