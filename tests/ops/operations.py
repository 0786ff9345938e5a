"""What all tests here share: each operation's signature, the ways its arrays may lie in memory, and the comparison of
every kind of compiled module that runs here with the NumPy reference."""

import importlib
import importlib.util
import os
from copy import deepcopy

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from byhand.ops import reference
from byhand.ops.compiled import KINDS

# A mark says what a call does with a parameter: * it is written, + read and written, ~ used as scratch, # a number or a
# pair of them; the others are arrays that are read.
SIGNATURES = {
    "stacked_products": "a b *out",
    "layer_norm": "x gamma beta #epsilon *mean *variance *u *inverse *out",
    "layer_norm_backward": "u dy gamma inverse *du ~row *dx",
    "scale_columns_backward": "u dy *dgamma *dbeta",
    "add_rows": "dy rows *out",
    "matmul": "a b *out",
    "affine": "x w b *out",
    "affine_gradients": "x dy *dw *db",
    "affine_input": "dy w *dx",
    "sum_rows": "a *out",
    "copy": "a *out",
    "add": "a b *out",
    "subtract": "a b *out",
    "multiply": "a b *out",
    "relu": "z *out",
    "leaky_relu": "z *out #slope",
    "sigmoid": "z *out",
    "silu": "z *out",
    "gelu": "z *out *slope ~scratch",
    "gelu_tanh": "z *out *slope ~scratch",
    "silu_backward": "z da *dz ~scratch",
    "relu_backward": "a da *dz",
    "leaky_relu_backward": "a da *dz #slope",
    "sigmoid_backward": "a da *dz",
    "tanh_backward": "a da *dz",
    "gather": "a rows *out",
    "gather_bytes": "a rows ~raw *out",
    "scale_bytes": "a *out",
    "count_right": "y labels ~predicted ~right",
    "softmax": "z *out ~row",
    "softmax_backward": "p dp *dz ~row",
    "masked_softmax": "z mask #causal #scale *out ~row",
    "masked_softmax_backward": "a da #scale *ds ~row",
    "softmax_cross_entropy_labels": "z labels *each *dz ~row #smoothing",
    "absolute_error": "y t #factor *each *dy",
    "huber": "y t #delta #factor *each *dy ~scratch",
    "log_softmax": "z *out ~row ~scratch",
    "softmax_cross_entropy": "z t *each *dz ~row",
    "binary_cross_entropy": "z t *each *dz ~scratch",
    "squared_error": "y t #factor *each *dy",
    "mean_loss": "each +dy #factor",
    "ctc_loss": "log_p t *each *dz ~cache",
    "inverse_deviation": "variance #epsilon *out",
    "follow": "+average value #keep #weight ~s",
    "column_statistics": "x *mean *variance ~piece",
    "batch_norm": "x mean inverse gamma beta *out",
    "batch_norm_sums": "x mean inverse dy *dgamma *dbeta ~piece",
    "batch_norm_backward": "x mean inverse dy gamma dgamma dbeta #share *dx",
    "shrink": "+theta #factor",
    "descend": "+theta g ~s #rate",
    "momentum": "+theta g +v ~s #rate #mu",
    "nesterov": "+theta g +v ~s #rate #mu",
    "adagrad": "+theta g +v ~s #rate #epsilon",
    "rmsprop": "+theta g +v ~s #rate #rho #epsilon",
    "adam": "+theta g +m +v ~s #rate #beta1 #beta2 #epsilon",
    "conv2d": "x w b *out #stride #dilation #pad #groups ~scratch",
    "conv2d_weights": "x dy *dw #stride #dilation #pad #groups ~scratch",
    "conv2d_input": "dy w *dx #stride #dilation #pad #groups ~scratch",
    "max_pool": "x *out #size #stride #pad",
    "max_pool_backward": "x y dy *dx #size #stride #pad ~scratch",
    "rnn": "r +z +h *y *before mask #reverse #relu ~row",
    "rnn_backward": "r z dy mask #reverse #relu *dz +dh ~s ~row",
    "lstm": "r +z +h +c *y *before *cells *squashed mask #reverse ~s ~s2 ~row",
    "lstm_backward": "r z cells squashed dy mask #reverse *dz +dh +dc ~s ~s2 ~row",
    "gru": "r v c +z +h *y *before *inner mask #reverse ~s ~s2 ~row",
    "gru_backward": "r v #after z before inner dy mask #reverse *dz *dinner *dgates +dh ~s ~s2 ~row",
}

EXAMPLES = settings(
    max_examples=int(os.environ.get("BYHAND_EXAMPLES", "60")),  # of each operation
    deadline=None,
    database=None,
    derandomize="BYHAND_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
UNTOUCHED = 0xA5  # what lies in memory around an array
POISON = {"f": np.nan, "i": -7, "u": 99, "b": True}  # what lies in arrays that a call is to overwrite


def modules():
    """The compiled modules that this processor can run, where they were built."""
    if importlib.util.find_spec("byhand.ops._base") is None:
        return []
    best = importlib.import_module("byhand.ops._base").best()
    names = [f"byhand.ops._{kind}" for kind in KINDS[KINDS.index(best) :]]
    return [importlib.import_module(name) for name in names if importlib.util.find_spec(name)]


MODULES = modules()
COMPILED = sorted(
    name
    for name in (vars(MODULES[0]) if MODULES else ())
    if name[0] != "_" and name not in ("best", "set_threads", "kind")
)


def parameters(name):
    """The names and marks of an operation's parameters."""
    return {word.lstrip("*+~#"): word[0] if word[0] in "*+~#" else "" for word in SIGNATURES[name].split()}


# ---- memory ------------------------------------------------------------------------------------------------------


def off_a_byte(shape, dtype, room):
    """Where no number may start."""
    return room(1), contiguous(shape, dtype), dtype


def with_gaps(shape, dtype, room):
    """Every other number of an array twice as long."""
    return room(0), tuple(2 * s for s in contiguous(shape, dtype)), dtype


def wide_rows(shape, dtype, room):
    """The first columns of an array with five more."""
    return room(0), contiguous((*shape[:-1], shape[-1] + 5), dtype) if shape else (), dtype


def backwards(shape, dtype, room):
    """The first axis from its end to its beginning."""
    strides = contiguous(shape, dtype)
    return (
        room((shape[0] - 1) * strides[0] if shape and shape[0] else 0),
        tuple(-s if i == 0 else s for i, s in enumerate(strides)),
        dtype,
    )


def columns_first(shape, dtype, room):
    """As Fortran lays arrays."""
    return room(0), contiguous(shape[::-1], dtype)[::-1], dtype


def other_byte_order(shape, dtype, room):
    """Big-endian on a little-endian machine."""
    return room(0), contiguous(shape, dtype), dtype.newbyteorder()


def in_float64(shape, dtype, room):
    dtype = np.dtype(float) if dtype.kind == "f" else dtype
    return room(0), contiguous(shape, dtype), dtype


def plain(shape, dtype, room):
    return room(0), contiguous(shape, dtype), dtype


def contiguous(shape, dtype):
    return tuple(int(dtype.itemsize * np.prod(shape[i + 1 :], dtype=int)) for i in range(len(shape)))


LAYOUTS = [off_a_byte, with_gaps, wide_rows, backwards, columns_first, other_byte_order, in_float64]


class Placed:
    """An array somewhere inside a larger piece of memory."""

    def __init__(self, values, layout, shift):
        if layout is plain and values.flags.f_contiguous:
            layout = columns_first  # as it is
        start, strides, dtype = layout(values.shape, values.dtype, lambda extra: 64 + shift * values.itemsize + extra)
        ahead = sum((n - 1) * stride for n, stride in zip(values.shape, strides, strict=True) if stride > 0 and n)
        self.memory = np.full(start + ahead + dtype.itemsize + 64, UNTOUCHED, np.uint8)
        self.form = values.shape, dtype, start, strides
        self.array = self.on(self.memory)
        self.array[...] = values
        self.before = self.memory.copy()

    def on(self, memory):
        shape, dtype, start, strides = self.form
        return np.ndarray(shape, dtype, memory, start, strides)

    def check(self, written):
        """Nothing but the array itself has changed, and that only if it is written."""
        if written:
            self.on(self.before)[...] = self.array
        assert (self.memory == self.before).all(), "written where nothing is to be written"


def places(name):
    """For each array of a call, how it lies in memory: at most one of them in an awkward way."""
    names = [p for p, mark in parameters(name).items() if mark != "#"]
    awkward = st.one_of(st.none(), st.none(), st.tuples(st.sampled_from(names), st.sampled_from(LAYOUTS)))
    return st.tuples(awkward, st.integers(0, 17))


# ---- comparison --------------------------------------------------------------------------------------------------


def call(table, name, values, place):
    """What an operation returns or raises for these values, and its arrays afterwards, scratch left out."""
    (awkward, shift), marks = place, parameters(name)
    arguments, placed = {}, {}
    for i, (parameter, mark) in enumerate(marks.items()):
        value = values[parameter]
        if isinstance(value, np.ndarray):
            if mark in ("*", "~"):
                value = np.full_like(value, POISON[value.dtype.kind])
            layout = awkward[1] if awkward and awkward[0] == parameter else plain
            placed[parameter] = Placed(value, layout, (shift + 5 * i) % 18)
            arguments[parameter] = placed[parameter].array
        else:
            arguments[parameter] = deepcopy(value)
    try:
        with np.errstate(all="ignore"):
            result = getattr(table, name)(*arguments.values())
    except (TypeError, ValueError, IndexError) as error:
        return type(error), {}
    for parameter, place in placed.items():
        place.check(marks[parameter] in ("*", "+", "~"))
    return result, {p: placed[p].array for p in placed if marks[p] in ("*", "+")}


def check(name, values, place, tolerance=5e-6, exact=False, wide=False):
    """Every kind of module gives what the reference gives: the same numbers if exact, else up to tolerance, which is
    relative to the largest number of an array, or to 1; and the same bits for any number of threads. If wide, the
    reference computes in float64."""
    theirs = {p: v.astype(float) if wide and isinstance(v, np.ndarray) else v for p, v in values.items()}
    wanted, arrays = call(reference, name, theirs, place)
    for module in MODULES:
        before = module.set_threads(1)
        try:
            result, ours = call(module, name, values, place)
            module.set_threads(3)
            again, by_three = call(module, name, values, place)
        finally:
            module.set_threads(before)
        where = f"{name}, {module.kind}"
        if isinstance(result, type):
            wanted = call(reference, name, values, place)[0] if wide else wanted
            assert place[0] and result is wanted, f"{where}: {result}"
            continue
        assert again == result, f"{where}: another result with more threads"
        assert all(by_three[p].tobytes() == ours[p].tobytes() for p in ours), f"{where}: other bits with more threads"
        if isinstance(wanted, type):  # a module may do what the reference refuses
            continue
        close(where, np.asarray(result or 0, float), np.asarray(wanted or 0, float), tolerance, exact)
        for parameter, b in arrays.items():
            close(f"{where}: {parameter}", ours[parameter].astype(float), b.astype(float), tolerance, exact)


def close(where, a, b, tolerance, exact):
    """a and b are equal up to tolerance, what is not finite included."""
    if exact:
        np.testing.assert_array_equal(a, b, where)
        return
    finite = np.isfinite(b)
    np.testing.assert_array_equal(a[~finite], b[~finite], where)
    scale = max(1, np.abs(b[finite]).max(initial=0))
    np.testing.assert_allclose(a[finite], b[finite], rtol=0, atol=tolerance * scale, err_msg=where)


# ---- numbers -----------------------------------------------------------------------------------------------------


class Numbers:
    """Arrays of random numbers, all whole or none, some of them zero."""

    def __init__(self, seed, whole, zeros):
        self.rng = np.random.default_rng(seed)
        self.whole = whole
        self.zeros = zeros

    def __call__(self, *shape):
        a = self.rng.integers(-3, 4, shape) if self.whole else self.rng.standard_normal(shape)
        return np.asarray(a * (self.rng.random(shape) >= self.zeros), np.float32)

    def positive(self, *shape):
        return np.asarray(self.rng.random(shape) + 0.1, np.float32)


def numbers(whole=None):
    """A source of arrays; whole numbers are those for which float32 is exact."""
    return st.builds(
        Numbers,
        st.integers(0, 2**32 - 1),
        st.booleans() if whole is None else st.just(whole),
        st.sampled_from([0, 0, 0.5, 0.8, 0.97, 1]),
    )


def sizes(most, *more):
    """A number of rows, columns or channels: up to `most`, those around a register's width, and `more`."""
    return st.one_of(st.integers(1, most), st.sampled_from([7, 8, 9, 15, 16, 17, 31, 32, 33, *more]))
