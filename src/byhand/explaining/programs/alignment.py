"""The functions of connectionist temporal classification in programs, and how its outputs are read."""

LABEL_PATHS = '''

NEVER = -1e30  # stands for log 0


def any_of(a, b, c):
    """log(e^a + e^b + e^c)."""
    return np.logaddexp(np.logaddexp(a, b), c)


def label_paths(log_p, t):
    """log P(t) (n, 1) of labels t (n, U), and what their gradient needs; log_p (n, T, k), the last class is the blank.

    A label, class numbers and then −1, is written with blanks around its symbols: l = _ t1 _ t2 _ ..., S places. At
    each step a path stays at its place, goes on by one, or by two where that passes over a blank between different
    symbols (Graves et al., 2006). T has to allow for every symbol, and for a blank between two equal ones.
    """
    blank, place = log_p.shape[2] - 1, np.arange(2 * t.shape[1] + 1)
    symbols = np.where(t < 0, blank, t)
    pairs = np.stack([np.full_like(symbols, blank), symbols], axis=2).reshape(len(t), -1)  # _ t1 _ t2 ...
    l = np.pad(pairs, ((0, 0), (0, 1)), constant_values=blank)  # (n, S)
    skip = np.where(l[:, 2:] == l[:, :-2], NEVER, 0).astype(FLOAT)
    skip = np.pad(skip, ((0, 0), (2, 0)), constant_values=NEVER)  # log 1 where place s may follow s − 2, else log 0
    last = 2 * (t >= 0).sum(axis=1, keepdims=True)  # the place of the last blank
    end = np.where((place == last) | (place == last - 1), 0, NEVER).astype(FLOAT)
    here = np.take_along_axis(log_p, l[:, None], axis=2)  # log p of each place's class, (n, T, S)
    alpha = [np.where(place < 2, here[:, 0], NEVER)]  # log P of all beginnings that are at place s after each step
    for step in range(1, log_p.shape[1]):
        before = np.pad(alpha[-1], ((0, 0), (2, 0)), constant_values=NEVER)
        alpha.append(here[:, step] + any_of(before[:, 2:], before[:, 1:-1], before[:, :-2] + skip))
    ends = alpha[-1] + end
    most = ends.max(axis=1, keepdims=True)
    return most + np.log(np.exp(ends - most).sum(axis=1, keepdims=True)), (l, skip, end, here, alpha)
'''

OCCUPANCY = '''

def occupancy(log_P, paths, k):
    """(n, T, k): the share of each label's paths that are in class k at each step, by α β / P."""
    l, skip, beta, here, alpha = paths  # β, log P of all ends of paths behind place s, begins as 1 where a path may end
    share, rows = np.zeros((*here.shape[:2], k), FLOAT), np.arange(len(l))[:, None]
    skip = np.pad(skip[:, 2:], ((0, 0), (0, 2)), constant_values=NEVER)  # may s + 2 follow s?
    for step in range(here.shape[1] - 1, -1, -1):
        np.add.at(share, (rows, step, l), np.exp(alpha[step] + beta - log_P))
        after = np.pad(here[:, step] + beta, ((0, 0), (0, 2)), constant_values=NEVER)
        beta = any_of(after[:, :-2], after[:, 1:-1], after[:, 2:] + skip)
    return share
'''

BEST_PATH = '''

def read(p):
    """The label that the likeliest path of p (T, k) reads: repetitions are joined, then blanks dropped."""
    best = p.argmax(axis=-1)
    new = np.append(True, best[1:] != best[:-1])
    return best[new & (best < p.shape[-1] - 1)]
'''
