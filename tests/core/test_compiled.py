"""Every compiled operation against its NumPy twin: each kind that runs here, dtypes, shapes, awkward views."""

import importlib
import inspect
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from byhand import CTC, Conv2D, MaxPool2D
from byhand.ops import compiled, reference

if compiled.kind == "numpy":
    pytest.skip("nothing is compiled here: no compiler, or BYHAND_OPS=numpy", allow_module_level=True)

ORDER = ("base", "avx2", "avx512")
BEST = importlib.import_module("byhand.ops._base").best()
MODULES = [importlib.import_module(f"byhand.ops._{kind}") for kind in ORDER[: ORDER.index(BEST) + 1]]
NAMES = [name for name in vars(MODULES[0]) if not name.startswith("_") and name not in ("best", "set_threads", "kind")]

SHAPES = [(1, 1), (1, 10), (3, 7), (7, 16), (10, 30), (17, 33), (5, 64), (128, 10), (97, 100), (300, 257)]
PRODUCTS = [
    (1, 1, 1),
    (1, 784, 256),
    (3, 5, 7),
    (10, 784, 30),
    (13, 17, 15),
    (14, 512, 32),
    (29, 1030, 48),
    (64, 200, 300),
    (128, 784, 256),
    (257, 130, 10),
    (40, 90, 16),
    (784, 10, 30),
    (100, 7, 49),
    (75, 16, 16),
    (65, 12, 33),
    (90, 1, 40),
    (33, 130, 3),
    (129, 803, 12),
    (512, 784, 10),
    (784, 513, 10),
    (803, 34, 7),
    (66, 133, 2),
]


def numbers(rng, shape, dtype):
    return rng.standard_normal(shape).astype(dtype)


def digits(rng, shape, dtype):
    """Four fifths zeros, as images of digits have."""
    return (numbers(rng, shape, dtype) * (rng.random(shape) < 0.2)).astype(dtype)


def positive(rng, shape, dtype):
    return (rng.random(shape) + 0.1).astype(dtype)


def one_hot(rng, shape, dtype):
    return np.eye(shape[1], dtype=dtype)[rng.integers(0, shape[1], shape[0])]


def products(name):
    for m, k, n in PRODUCTS:
        for a in (numbers, digits):
            for form in ("a b", "aᵀ b", "a bᵀ"):
                if name == "matmul" or form == "a b":
                    yield lambda rng, t, s=(m, k, n), a=a, f=form: product(rng, t, s, a, f, name == "affine")


def product(rng, dtype, shape, fill, form, affine):
    m, k, n = shape
    a = fill(rng, (k, m), dtype).T if form == "aᵀ b" else fill(rng, (m, k), dtype)
    b = numbers(rng, (n, k), dtype).T if form == "a bᵀ" else numbers(rng, (k, n), dtype)
    return [a, b, *([numbers(rng, n, dtype)] if affine else []), np.full((m, n), np.nan, dtype)]


def activation(*scalars):
    return [lambda rng, t, s=shape: [3 * numbers(rng, s, t), np.full(s, np.nan, t), *scalars] for shape in SHAPES]


def elementwise(*scalars):
    return [
        lambda rng, t, s=shape: [numbers(rng, s, t), numbers(rng, s, t), np.full(s, np.nan, t), *scalars]
        for shape in [*SHAPES, (40000,)]
    ]


def optimizer(vectors, *scalars):
    """θ, g, the optimiser's vectors, and scratch."""
    return [
        lambda rng, t, n=n: [numbers(rng, n, t), numbers(rng, n, t), *(positive(rng, n, t) for _ in range(vectors)),
                             np.empty(n, t), *scalars]
        for n in (1, 15, 16, 17, 1000, 100_003)
    ]  # fmt: skip


def loss(name):
    targets = positive if name == "squared_error" else one_hot
    for shape in SHAPES:

        def arguments(rng, t, s=shape):
            y, each, dy = 4 * numbers(rng, s, t), np.full(s[0], np.nan, t), np.full(s, np.nan, t)
            scratch = np.empty(s if name == "binary_cross_entropy" else (s[0], 1), t)
            return [y, targets(rng, s, t), *([0.5, each, dy] if name == "squared_error" else [each, dy, scratch])]

        yield arguments


def gathering(name):
    for n, shape in ((1, (3,)), (10, (784,)), (33, (7, 5)), (300, (100,))):

        def arguments(rng, t, n=n, shape=shape):
            rows = rng.integers(0, 50, n)
            grey = rng.integers(0, 256, (50, *shape)).astype(np.uint8)
            if name == "gather":
                return [numbers(rng, (50, *shape), t), rows, np.empty((n, *shape), t)]
            if name == "scale_bytes":
                return [grey, np.empty(grey.shape, t)]
            return [grey, rows, np.empty((n, *shape), np.uint8), np.empty((n, *shape), t)]

        yield arguments


def normalizing(name):
    """x far from zero, and vectors (k,) in the order of the operation's parameters."""
    for n, k in [*SHAPES, (1, 37), (33, 16), (3000, 24), (5000, 96), (70_000, 16)]:

        def arguments(rng, t, n=n, k=k):
            x, dy, mean = numbers(rng, (n, k), t) + t(30), numbers(rng, (n, k), t), numbers(rng, k, t) + t(30)
            inverse, gamma, dgamma, dbeta = positive(rng, k, t), *(numbers(rng, k, t) for _ in range(3))
            out, piece = np.full((n, k), np.nan, t), np.zeros((8, k), t)
            return {
                "column_statistics": [x, mean, np.full(k, np.nan, t), piece],
                "batch_norm": [x, mean, inverse, gamma, dbeta, out],
                "batch_norm_sums": [x, mean, inverse, dy, dgamma, dbeta, piece],
                "batch_norm_backward": [x, mean, inverse, dy, gamma, dgamma, dbeta, 1 / n, out],
            }[name]

        yield arguments


def labels(rng, dtype, n, longest, classes):
    """Rows of up to `longest` symbols below classes − 1, some equal to the one before, filled up with −1."""
    t = rng.integers(0, min(classes - 1, 3), (n, longest)).astype(dtype)
    t[np.arange(longest) >= rng.integers(0, longest + 1, (n, 1))] = -1
    return t


def symbols(name):
    for n, steps, classes, longest in ((1, 1, 2, 1), (5, 9, 4, 5), (3, 64, 11, 12), (17, 40, 30, 20), (2, 4, 3, 6)):

        def arguments(rng, t, n=n, steps=steps, classes=classes, longest=longest):
            z, out = 3 * numbers(rng, (n, steps, classes), t), np.full((n, steps, classes), np.nan, t)
            step, scratch = np.empty((n, steps, 1), t), np.empty_like(z)
            if name == "log_softmax":
                return [z, out, step, scratch]
            log_p, shapes = np.empty_like(z), CTC(classes - 1, longest).cache(steps, classes)
            reference.log_softmax(z, log_p, step, scratch)
            cache = SimpleNamespace(**{key: np.empty((n, *shape), t) for key, shape in shapes.items()})
            return [log_p, labels(rng, t, n, longest, classes), np.full(n, np.nan, t), out, cache]

        yield arguments


def counting():
    for n, k in SHAPES:
        yield lambda rng, t, n=n, k=k: [
            np.round(numbers(rng, (n, k), t)), rng.integers(0, k, n), np.empty(n, np.int64), np.empty(n, bool)
        ]  # fmt: skip


WINDOWS = [  # kernel, stride, padding, groups, dilation, channels, filters, side, images
    (3, 1, "same", 1, 1, 1, 16, 28, 3),
    (3, 1, "same", 1, 1, 16, 32, 14, 9),
    (1, 1, "valid", 1, 1, 3, 10, 5, 1),
    ((3, 5), (2, 1), "valid", 1, 1, 3, 7, 9, 2),
    (5, 3, "same", 1, 1, 16, 37, 11, 9),
    (2, 2, "valid", 1, 1, 20, 33, 8, 4),
    (3, 1, "same", 2, 1, 4, 6, 7, 2),
    (3, 2, "same", 3, 2, 48, 96, 9, 3),
    ((5, 1), 1, "same", 1, (1, 2), 32, 16, 12, 2),
    ((4, 3), (4, 1), "same", 1, 1, 16, 40, 10, 2),
    ((1, 2), (3, 2), "same", 1, 1, 5, 16, 10, 2),  # some pixels are seen by nobody
    ((3, 4), (2, 3), "valid", 2, (2, 3), 6, 8, 13, 2),
    (2, 5, "same", 1, 1, 3, 4, 11, 2),
    (3, (2, 3), "same", 1, 1, 1, 32, 11, 3),
    (3, (3, 2), "valid", 1, 1, 1, 16, 13, 2),
    (3, (2, 1), "same", 1, 1, 16, 48, 9, 3),
    ((4, 3), (4, 1), "valid", 1, (2, 1), 32, 16, 11, 9),
    (3, 1, "valid", 1, 1, 32, 48, 9, 5),
    (3, 1, "same", 1, 1, 48, 16, 7, 20),
]
POOLS = [
    (2, 2, "valid", 16, 14),
    (2, 2, "same", 33, 7),
    (3, 2, "same", 5, 9),
    (3, 1, "valid", 32, 8),
    (2, 3, "valid", 3, 11),
]


def convolutions(name):
    for kernel, stride, padding, groups, dilation, channels, filters, side, n in WINDOWS:
        layer = Conv2D(filters, kernel, stride, padding, groups, dilation)
        for fill in (numbers, digits):
            yield lambda rng, t, layer=layer, s=(n, side, side + 1, channels), f=fill: convolution(
                name, layer, s, rng, t, f
            )


def convolution(name, layer, shape, rng, dtype, fill):
    plan, window = layer.plan(shape[1:]), layer.window
    x, w = numbers(rng, shape, dtype), numbers(rng, plan.params["W"], dtype)
    if shape[3] == 1:  # as beside a digit
        x[:, :2] = x[:, -3:] = x[:, :, :5] = x[:, :, -1:] = x[0] = 0
    dy = fill(rng, (shape[0], *plan.out_shape), dtype)
    how = [
        window.stride,
        window.dilation,
        window.pad(shape[1:]),
        layer.groups,
        np.empty(plan.scratch["scratch"], dtype),
    ]
    if name == "conv2d":
        return [x, w, numbers(rng, layer.filters, dtype), np.full_like(dy, np.nan), *how]
    return (
        [x, dy, np.full_like(w, np.nan), *how] if name == "conv2d_weights" else [dy, w, np.full_like(x, np.nan), *how]
    )


def pools(name):
    for size, stride, padding, channels, side in POOLS:

        def arguments(rng, t, window=(size, stride, padding), shape=(3, side, side + 1, channels)):
            layer = MaxPool2D(*window)
            plan, window = layer.plan(shape[1:]), layer.window
            x = np.round(numbers(rng, shape, t))  # with ties
            y = np.full((3, *plan.out_shape), np.nan, t)
            how = [window.size, window.stride, window.pad(shape[1:])]
            if name == "max_pool":
                return [x, y, *how]
            reference.max_pool(x, y, *how)
            return [x, y, numbers(rng, y.shape, t), np.full_like(x, np.nan), *how, np.empty(plan.scratch["scratch"], t)]

        yield arguments


CASES = {
    "matmul": [*products("matmul")],
    "affine": [*products("affine")],
    "relu": activation(),
    "leaky_relu": activation(0.1),
    "sigmoid": activation(),
    "relu_backward": elementwise(),
    "leaky_relu_backward": elementwise(0.1),
    "sigmoid_backward": elementwise(),
    "tanh_backward": elementwise(),
    "add": elementwise(),
    "subtract": elementwise(),
    "multiply": elementwise(),
    "shrink": [lambda rng, t, n=n: [numbers(rng, n, t), 0.9] for n in (1, 17, 50_000)],
    "descend": optimizer(0, 0.1),
    "momentum": optimizer(1, 0.1, 0.9),
    "nesterov": optimizer(1, 0.1, 0.9),
    "adagrad": optimizer(1, 0.1, 1e-8),
    "rmsprop": optimizer(1, 0.1, 0.9, 1e-8),
    "adam": optimizer(2, 0.1, 0.9, 0.99, 1e-8),
    "softmax": [lambda rng, t, s=s: [5 * numbers(rng, s, t), np.empty(s, t), np.empty((s[0], 1), t)] for s in SHAPES],
    "softmax_cross_entropy": [*loss("softmax_cross_entropy")],
    "binary_cross_entropy": [*loss("binary_cross_entropy")],
    "squared_error": [*loss("squared_error")],
    "log_softmax": [*symbols("log_softmax")],
    "ctc_loss": [*symbols("ctc_loss")],
    "mean_loss": [lambda rng, t, s=s: [positive(rng, s[0], t), numbers(rng, s, t), 0.25] for s in SHAPES],
    "sum_rows": [lambda rng, t, s=s: [numbers(rng, s, t), np.empty(s[1], t)] for s in SHAPES],
    "copy": activation(),
    "gather": [*gathering("gather")],
    "gather_bytes": [*gathering("gather_bytes")],
    "scale_bytes": [*gathering("scale_bytes")],
    "count_right": [*counting()],
    "inverse_deviation": [lambda rng, t, k=k: [positive(rng, k, t), 1e-5, np.empty(k, t)] for k in (1, 17, 256)],
    "follow": [lambda rng, t, k=k: [*numbers(rng, (2, k), t), 0.9, 0.1, np.empty(k, t)] for k in (1, 17, 256)],
    "column_statistics": [*normalizing("column_statistics")],
    "batch_norm": [*normalizing("batch_norm")],
    "batch_norm_sums": [*normalizing("batch_norm_sums")],
    "batch_norm_backward": [*normalizing("batch_norm_backward")],
    "conv2d": [*convolutions("conv2d")],
    "conv2d_weights": [*convolutions("conv2d_weights")],
    "conv2d_input": [*convolutions("conv2d_input")],
    "max_pool": [*pools("max_pool")],
    "max_pool_backward": [*pools("max_pool_backward")],
}
PRODUCT_NAMES = {"matmul", "affine", "gather", "gather_bytes", "conv2d", "conv2d_weights"}
LONG = {"column_statistics", "batch_norm_sums"}
SCRATCH = {
    "row",
    "scratch",
    "raw",
    "s",
    "predicted",
    "right",
    "piece",
}  # what they hold afterwards is nobody's business


def precision(name):
    """How far results in float32 may lie apart, of the largest number: logarithms of path probabilities are large."""
    return 1e-4 if name == "ctc_loss" else 5e-6


def off_by_a_byte(a):
    """The same numbers where no number may start."""
    memory = np.empty(a.nbytes + 1, np.uint8)[1:]
    view = memory.view(a.dtype).reshape(a.shape)
    view[...] = a
    return view


def with_gaps(a):
    """Every other number of an array twice as long."""
    view = np.empty((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)[..., ::2] if a.ndim else a
    view[...] = a
    return view


def shifted(a):
    """A view that begins inside an array, as a batch or a part of θ does."""
    view = np.empty(a.size + 3, a.dtype)[3:].reshape(a.shape)
    view[...] = a
    return view


def copies(arguments):
    return [a.copy(order="K") if isinstance(a, np.ndarray) else a for a in arguments]


def for_twin(name, arguments):
    """Copies of them; in float64 for long sums, which NumPy adds up in float32 less exactly than C does."""
    arguments = copies(arguments)
    return [a.astype(float) if isinstance(a, np.ndarray) else a for a in arguments] if name in LONG else arguments


def arrays(name, arguments):
    """The arrays among a call's arguments by name, without scratch."""
    labels = inspect.signature(getattr(reference, name)).parameters
    named = zip(labels, arguments, strict=False)
    return {label: a for label, a in named if isinstance(a, np.ndarray) and label not in SCRATCH}


def compare(name, ours, theirs, tolerance):
    """What a call left in its arguments, beside what the twin left."""
    theirs = arrays(name, theirs)
    for label, a in arrays(name, ours).items():
        b = theirs[label]
        a, b = a[a != b].astype(float), b[a != b]  # infinite numbers may be equal, but have no difference
        scale = np.abs(theirs[label][np.isfinite(theirs[label])]).max(initial=0) or 1
        assert np.abs(a - b).max(initial=0) <= tolerance * scale, f"{name}: {label}"


def test_every_operation_is_compared():
    assert sorted(CASES) == sorted(NAMES)
    for name in NAMES:
        assert callable(getattr(reference, name))


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.kind)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_agrees_with_its_twin(module, name, dtype):
    rng = np.random.default_rng(0)
    tolerance = precision(name) if dtype == np.float32 else 1e-12
    for make in CASES[name]:
        ours = make(rng, dtype)
        theirs = for_twin(name, ours)
        result, wanted = getattr(module, name)(*ours), getattr(reference, name)(*theirs)
        assert result == (wanted if wanted is None else pytest.approx(wanted, rel=tolerance))
        compare(name, ours, theirs, tolerance)


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.kind)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("view", [off_by_a_byte, with_gaps, shifted])
def test_any_view_of_memory(module, name, view):
    rng = np.random.default_rng(1)
    for make in CASES[name][::3]:
        arguments = make(rng, np.float32)
        for i, a in enumerate(arguments):
            if not isinstance(a, np.ndarray):
                continue
            ours, theirs = copies(arguments), for_twin(name, arguments)
            ours[i] = view(a)  # one awkward array at a time
            try:
                getattr(module, name)(*ours)
            except ValueError:  # NumPy's products want an output without gaps, and say so
                assert name in PRODUCT_NAMES and view is not shifted
                continue
            getattr(reference, name)(*theirs)
            compare(name, ours, theirs, precision(name))


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.kind)
def test_keywords_in_any_order(module):
    a, b, out = np.ones((2, 3), np.float32), np.ones((3, 4), np.float32), np.zeros((2, 4), np.float32)
    module.matmul(out=out, b=b, a=a)
    assert (out == 3).all()
    with pytest.raises(TypeError):
        module.matmul(a, b, outcome=out)
    with pytest.raises(TypeError):
        module.matmul(a, b)


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.kind)
@pytest.mark.parametrize("name", ["relu", "sigmoid", "leaky_relu_backward", "add"])
def test_output_over_its_input(module, name):
    rng = np.random.default_rng(2)
    z = numbers(rng, 1003, np.float32)
    rest = [0.1] if name.startswith("leaky") else []
    inputs = [z.copy() for _ in range(1 if name in ("relu", "sigmoid") else 2)]
    wanted = np.empty_like(z)
    getattr(reference, name)(*inputs, wanted, *rest)
    getattr(module, name)(*inputs, inputs[0], *rest)
    np.testing.assert_allclose(inputs[0], wanted, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.kind)
def test_bytes_are_divided_exactly(module):
    grey, out = np.arange(256, dtype=np.uint8), np.empty(256, np.float32)
    module.scale_bytes(grey, out)
    np.testing.assert_array_equal(out, grey / np.float32(255))


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.kind)
def test_extremes(module):
    """What overflows, is no number or is minus zero goes the way it goes in NumPy."""
    z = np.array([0, -0.0, 1e-30, -1e-30, 80, -80, 90, -90, 1000, -1000, np.inf, -np.inf, np.nan, 1], np.float32)
    for name in ("relu", "sigmoid"):
        ours, wanted = np.empty_like(z), np.empty_like(z)
        getattr(module, name)(z, ours)
        with np.errstate(over="ignore"):
            getattr(reference, name)(z, wanted)
        np.testing.assert_allclose(ours, wanted, atol=1e-7)
    rows = np.array([[0, 1000, -1000], [-np.inf, 0, 1], [3, 3, 3], [np.nan, 0, 1]], np.float32)
    ours, wanted, row = np.empty_like(rows), np.empty_like(rows), np.empty((4, 1), np.float32)
    module.softmax(rows, ours, row)
    reference.softmax(rows, wanted, row)
    np.testing.assert_allclose(ours, wanted, atol=1e-7)
    each, dz, scratch = np.empty(4, np.float32), np.empty_like(rows), np.empty_like(rows)
    big = np.array([[1000, -1000, 20], [-90, 90, 0], [1e-8, -1e-8, 0], [1e4, -1e4, 1]], np.float32)
    t = np.array([[1, 0, 1], [1, 0, 0.5], [0, 1, 1], [1, 0, 0]], np.float32)
    module.binary_cross_entropy(big, t, each, dz, scratch)
    wanted_each, wanted_dz = np.empty(4, np.float32), np.empty_like(rows)
    reference.binary_cross_entropy(big, t, wanted_each, wanted_dz, scratch)
    np.testing.assert_allclose(each, wanted_each, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(dz, wanted_dz, atol=1e-7)


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.kind)
def test_what_makes_no_sense_is_refused_as_numpy_does(module):
    rows, out = np.array([0, 7]), np.empty((2, 3), np.float32)
    with pytest.raises(ValueError):
        module.matmul(np.ones((2, 3), np.float32), np.ones((2, 3), np.float32), out)
    with pytest.raises(ValueError):
        module.relu(np.ones((2, 4), np.float32), out)
    with pytest.raises(ValueError):
        locked = out.copy()
        locked.flags.writeable = False
        module.relu(out, locked)
    module.gather(np.arange(6, dtype=np.float32).reshape(2, 3), rows, out)  # out of range: clipped, as NumPy does
    assert (out == [[0, 1, 2], [3, 4, 5]]).all()


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.kind)
def test_same_bits_for_any_number_of_threads(module):
    before, results = module.set_threads(1), []
    try:
        for threads in (1, 2, 3):
            module.set_threads(threads)
            rng = np.random.default_rng(3)
            out = []
            for name in CASES:
                for make in CASES[name][-2:]:
                    arguments = make(rng, np.float32)
                    getattr(module, name)(*arguments)
                    out += [a.tobytes() for a in arrays(name, arguments).values()]
            results.append(out)
    finally:
        module.set_threads(before)
    assert results[0] == results[1] == results[2]


def test_from_several_threads_at_once():
    rng = np.random.default_rng(4)
    a, b = numbers(rng, (300, 400), np.float32), numbers(rng, (400, 200), np.float32)
    wanted = a @ b
    wrong = []

    def work():
        out = np.empty((300, 200), np.float32)
        for _ in range(50):
            compiled.matmul(a, b, out)
            if np.abs(out - wanted).max() > 1e-3:
                wrong.append(out)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork():
    code = """
import os, numpy as np
from byhand.ops import compiled
a = np.ones((300, 300), np.float32); out = np.empty_like(a)
compiled.set_threads(3); compiled.matmul(a, a, out)
child = os.fork()
if not child:
    compiled.matmul(a, a, out)
    os._exit(0 if (out == 300).all() else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


@pytest.mark.parametrize(("wanted", "printed"), [("numpy", "numpy True"), ("base", "base False"), ("best", "")])
def test_the_environment_chooses(wanted, printed):
    code = "from byhand.ops import compiled, reference; print(compiled.kind, compiled.relu is reference.relu)"
    environment = os.environ | {"BYHAND_OPS": wanted}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == printed
    assert ("BYHAND_OPS is 'best'" in done.stderr) == (wanted == "best")
