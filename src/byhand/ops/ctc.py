"""The arithmetic of connectionist temporal classification, by the forward-backward recursion in log space.

A. Graves, S. Fernández, F. Gomez and J. Schmidhuber, Connectionist Temporal Classification (ICML 2006), section 4.

n rows, T steps, k classes, the last of them the blank. A label of at most U symbols is written with blanks around
each: l′ = _ l₁ _ l₂ _ ... _, S = 2U + 1 places. At every step a path through l′ stays, goes on by one place, or
passes over a blank between two symbols that differ.
"""

from types import SimpleNamespace

import numpy as np

from byhand.core.types import Array

NEVER = -np.inf  # log 0


def ctc_places(t: Array, onehot: Array, skip: Array, ends: Array, row: Array) -> None:
    """What the labels t (n, U), filled up with −1, allow.

    onehot (n, S, k): 1 for the class at each place of l′; all 0 at places behind a label's end.
    skip (n, S + 2): log 1 where place s may be entered from s − 2, else log 0.
    ends (n, S): log 1 at the last symbol and the last blank, else log 0.
    row (n, 1) is scratch.
    """
    places, classes = onehot.shape[1:]
    onehot[:, 0::2] = 0
    onehot[:, 0::2, -1] = 1
    np.equal(t[:, :, np.newaxis], np.arange(classes, dtype=t.dtype), out=onehot[:, 1::2])
    skip.fill(0)
    np.not_equal(t[:, 1:], t[:, :-1], out=skip[:, 3:places:2])
    np.greater_equal(t, 0, out=ends[:, : t.shape[1]])
    np.sum(ends[:, : t.shape[1]], axis=1, keepdims=True, out=row)
    np.multiply(row, 2, out=row)  # the last blank's place
    np.subtract(row, 0.5, out=row)
    np.subtract(row, np.arange(places, dtype=t.dtype), out=ends)  # ½ at the last symbol, −½ at the last blank
    np.abs(ends, out=ends)
    np.equal(ends, 0.5, out=ends)
    with np.errstate(divide="ignore"):
        np.log(skip, out=skip)
        np.log(ends, out=ends)


def ctc_forward(log_p: Array, skip: Array, alpha: Array) -> None:
    """log α_t(s), the probability of all beginnings of paths that are at place s after step t.

    α_t(s) = p_t(l′_s) (α_t−1(s) + α_t−1(s−1) + [skip_s] α_t−1(s−2)), for log_p (n, T, S), log p_t(l′_s);
    alpha (n, T, S + 2), whose place s is column s + 2: the two columns before stand for "nowhere".
    """
    alpha[:, :, :2] = NEVER
    alpha[:, 0, 2:] = NEVER
    alpha[:, 0, 2:4] = log_p[:, 0, :2]  # a path begins with the first blank or the first symbol
    skip = skip[:, :-2]
    for t in range(1, log_p.shape[1]):
        before, now = alpha[:, t - 1], alpha[:, t, 2:]
        np.add(before[:, :-2], skip, out=now)
        np.logaddexp(now, before[:, 1:-1], out=now)
        np.logaddexp(now, before[:, 2:], out=now)
        np.add(now, log_p[:, t], out=now)


def ctc_backward(log_p: Array, skip: Array, ends: Array, alpha: Array, each: Array, ahead: Array, row: Array) -> None:
    """Turn log α into the occupancy γ_t(s) = α_t(s) β_t(s) / P, the share of the paths that are at place s at step t.

    β_t(s), the probability of all ends of paths after they were at place s at step t, is for the last step 1 where a
    path may end, and before it, with b(s) = p_t+1(l′_s) β_t+1(s): β_t(s) = b(s) + b(s+1) + [skip_s+2] b(s+2).

    each (n,) gets ℓ = −log P, infinite where no path is long enough; γ, which is 0 then, lies in alpha, in column
    s + 2. ends is used up; ahead (n, S + 2) and row (n, 1) are scratch.
    """
    beta, skip = ends, skip[:, 2:]
    last = alpha[:, -1, 2:]
    np.add(last, ends, out=ahead[:, :-2])
    np.logaddexp.reduce(ahead[:, :-2], axis=1, keepdims=True, out=row)
    np.negative(row[:, 0], out=each)
    np.maximum(row, np.finfo(row.dtype).min, out=row)  # a number, so that log 0 less log P is log 0 even for P = 0
    ahead[:, -2:] = NEVER
    for t in range(log_p.shape[1] - 1, -1, -1):
        now = alpha[:, t, 2:]
        np.add(log_p[:, t], beta, out=ahead[:, :-2])
        np.add(now, beta, out=now)
        np.subtract(now, row, out=now)
        np.exp(now, out=now)  # γ
        np.add(ahead[:, 2:], skip, out=beta)
        np.logaddexp(beta, ahead[:, 1:-1], out=beta)
        np.logaddexp(beta, ahead[:, :-2], out=beta)


def log_softmax(z: Array, out: Array, row: Array, scratch: Array) -> None:
    """out = z − m − log Σ_j e^(z_j − m) with m = max_j z_j, over the last axis; −∞ in all of a row that is −∞.

    z, out and scratch are (n, T, k), row (n, T, 1).
    """
    np.max(z, axis=-1, keepdims=True, out=row)
    np.maximum(row, np.finfo(row.dtype).min, out=row)  # a number, so that −∞ less it is −∞
    np.subtract(z, row, out=out)
    np.exp(out, out=scratch)
    np.sum(scratch, axis=-1, keepdims=True, out=row)
    np.maximum(row, 1, out=row)  # e^0 is among the terms, unless all are −∞
    np.log(row, out=row)
    np.subtract(out, row, out=out)


def ctc_loss(log_p: Array, t: Array, each: Array, dz: Array, cache: SimpleNamespace) -> None:
    """ℓ = −log P(t | p) (n,) and dz = p − occupancy, for log_p (n, T, k), the logarithm of softmax(z).

    log_p and dz may be the same. Where no path is long enough for the label, ℓ is infinite and dz zero. cache holds
    the arrays of `CTC.cache`.
    """
    ctc_places(t, cache.onehot, cache.skip, cache.ends, cache.row)
    to_places = cache.onehot.transpose(0, 2, 1)
    np.matmul(log_p, to_places, out=cache.log_p)  # (n, T, k)(n, k, S): log p of each place's class
    ctc_forward(cache.log_p, cache.skip, cache.alpha)
    ctc_backward(cache.log_p, cache.skip, cache.ends, cache.alpha, each, cache.ahead, cache.row)
    np.matmul(cache.alpha[:, :, 2:], cache.onehot, out=cache.share)  # (n, T, S)(n, S, k): γ gathered by class
    np.exp(log_p, out=dz)
    np.subtract(dz, cache.share, out=dz)
    np.isfinite(each, out=cache.row[:, 0])
    np.multiply(dz, cache.row[:, :, np.newaxis], out=dz)
