"""Checks and conversion of the samples of a network."""

from math import prod
from typing import Any

import numpy as np

from byhand.core.checks import as_array, is_finite
from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape

INPUTS = ("numbers", "grey levels", "tokens")  # what a network may take


def inputs_of(x: Array) -> str:
    """What samples are that byhand's own readers of data give: bytes are grey levels there, all else are numbers."""
    return "grey levels" if x.dtype == np.uint8 else "numbers"


def as_input(
    x: Any,
    input_shape: Shape,
    dtype: np.dtype,
    ops: Any,
    inputs: str = "numbers",
    vocabulary: int | None = None,
    padding: int | None = None,
) -> Array:
    """The samples x as an array (n, *input_shape) of that dtype.

    Args:
        x: the samples.
        input_shape: the shape of one.
        dtype: float32 or float64.
        ops: the table of operations.
        inputs: "numbers", "grey levels" (bytes are divided by 255) or "tokens" (they stay whole numbers).
        vocabulary: how many tokens there are.
        padding: the token that only fills up shorter sequences.

    Raises:
        ByhandError: another shape than `as_samples` takes, no numbers, NaN or infinity; bytes where numbers are taken;
            tokens that are not whole numbers from 0 to below `vocabulary`; a sample of padding alone.
    """
    x = as_samples(x, input_shape)
    if inputs == "tokens":
        return _as_tokens(x, vocabulary, padding)
    if x.dtype == np.uint8:
        require_grey_levels(inputs)
        out = ops.empty(x.shape, dtype)
        ops.scale_bytes(np.ascontiguousarray(x), out)
        return out
    if x.dtype.kind not in "fiub":
        raise ByhandError(f"Samples must be real numbers; got an array of {x.dtype}.")
    if x.dtype != dtype or not x.flags.c_contiguous:
        with np.errstate(over="ignore", invalid="ignore"):  # what is too large becomes infinite, and is found here
            x = np.ascontiguousarray(x, dtype)
    if not is_finite(x.reshape(-1)):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise ByhandError(f"Sample {where[0]} holds {x[where]} at {where[1:]}; every input must be a finite number.")
    return x


def require_grey_levels(inputs: str) -> None:
    """Raise ByhandError for bytes if the network does not declare what they mean."""
    if inputs != "grey levels":
        raise ByhandError(
            "The samples are bytes (uint8), and this network was not told what they mean. If they are grey levels from "
            '0 to 255, make it with Network(..., inputs="grey levels"), which divides them by 255; if they are plain '
            "numbers, pass x.astype(np.float32)."
        )


def _as_tokens(x: Array, vocabulary: int | None, padding: int | None) -> Array:
    """Tokens as int64."""
    if x.dtype.kind not in "iu":
        raise ByhandError(f"Tokens are whole numbers; got an array of {x.dtype}.")
    wrong = np.argwhere((x < 0) | (x >= (2**62 if vocabulary is None else vocabulary)))
    if wrong.size:
        i, *step = wrong[0].tolist()
        raise ByhandError(
            f"Token {x[i, *step]} of sample {i}, place {tuple(step)}, is outside the vocabulary, "
            f"0 to {(vocabulary or 0) - 1}."
        )
    if padding is not None and (empty := np.flatnonzero((x == padding).all(axis=1))).size:
        raise ByhandError(f"Sample {empty[0]} holds the padding token {padding} alone; leave that sample out.")
    return np.ascontiguousarray(x, np.int64)


def as_mask(mask: Any, input_shape: Shape, inputs: str, n: int) -> Array | None:
    """The mask of n sequences (n, T) as truth values.

    Args:
        mask: (n, T), True at the steps that are there; or lengths (n,): how many steps are, from the first one on.
        input_shape: the shape of one sequence: (T,) or (T, k).
        inputs: what the network takes; (T,) are sequences of tokens only.
        n: how many there are.

    Raises:
        ByhandError: the network takes no sequences, the mask has another shape or leaves a sequence no step, or a
            length is not a whole number from 1 to T.
    """
    if mask is None:
        return None
    if len(input_shape) == 1 and inputs != "tokens":
        raise ByhandError(f"A mask is for sequences; this network takes samples of shape {input_shape}.")
    mask, shape = as_array("mask", mask), (n, input_shape[0])
    if mask.ndim == 1 and len(input_shape) <= 2:
        wrong = np.flatnonzero((mask < 1) | (mask > shape[1])) if mask.dtype.kind in "iu" else np.arange(1)
        if mask.shape != shape[:1] or wrong.size:
            raise ByhandError(
                f"lengths must be {n} whole numbers from 1 to {shape[1]}, one for each sequence; got {mask.dtype} "
                f"{mask.shape}" + (f" with {mask[wrong[0]]} at {wrong[0]}." if wrong.size and mask.size else ".")
            )
        return np.arange(shape[1]) < mask[:, np.newaxis]
    if len(input_shape) > 2 or mask.shape != shape or mask.dtype.kind not in "biu":
        raise ByhandError(f"A mask must be {shape} truth values, one for each step; got {mask.dtype} {mask.shape}.")
    mask = mask.astype(np.bool_)
    if (empty := np.flatnonzero(~mask.any(axis=1))).size:
        raise ByhandError(f"The mask of sample {empty[0]} leaves no step; leave that sample out.")
    return mask


def as_samples(x: Any, input_shape: Shape) -> Array:
    """x as an array (n, *input_shape) without changing its numbers.

    Images of one channel may come as (n, height, width), or as rows of height · width numbers.

    Raises:
        ByhandError: another shape.
    """
    x = as_array("x (the samples)", x)
    if x.ndim and x.shape[1:] == input_shape:
        return x
    if len(input_shape) == 3 and input_shape[2] == 1:
        height, width, _ = input_shape
        if x.shape[1:] in ((height, width), (height * width,)):
            return x.reshape((-1, *input_shape))
    raise ByhandError(_complaint(x.shape, input_shape))


def _complaint(shape: Shape, input_shape: Shape) -> str:
    wanted = f"samples of shape (n, {', '.join(map(str, input_shape))})"
    hint = ""
    if shape == input_shape:
        hint = " For a single sample pass x[None]."
    elif len(shape) > 1 and prod(shape[1:]) == prod(input_shape):
        hint = f" The numbers fit: pass x.reshape({('-1', *map(str, input_shape))})".replace("'", "") + "."
    return f"This network takes {wanted}, not {shape}.{hint}"
