"""One attention head over three tokens, forward and back, with every number."""

from math import exp, log, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.layers import LearnedPositions, MeanOverTime, MultiHeadAttention
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson
from byhand.losses import MSE
from byhand.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOKENS = np.array([0.0, 1.0, 2.0])  # a number each, so that a head has one, too
QUERY, KEY, VALUE = 1.0, log(2), 21.0  # the weights W = (QUERY, KEY, VALUE)
UPSTREAM = np.array([0.0, 1.0, 0.0])  # ∂L/∂y: only the second token's output counts


def head(causal: bool = False, *more: Any, before: tuple[Any, ...] = ()) -> Network:
    """A network of one head of one number, with the lesson's weights; O is 1, and there are no biases."""
    layers = [*before, MultiHeadAttention(1, causal, bias=False), *more]
    network = Network((3, 1), layers, MSE(), rng=None, dtype=np.float64)
    p = network.p[len(before)]
    p.W[0], p.O[...] = (QUERY, KEY, VALUE), 1.0
    return network


def attended(network: Network, tokens: Array) -> Array:
    """What the network makes of one sequence of three numbers."""
    return network.forward(np.asarray(tokens, float).reshape(1, 3, 1)).reshape(-1).copy()


def quantities(causal: bool = False) -> dict[str, Array]:
    """All quantities of the head, forward and back; the loss hands back UPSTREAM."""
    network = head(causal)
    wanted = attended(network, TOKENS) - 1.5 * UPSTREAM  # dy = 2 (y − t) / 3 of the mean squared error
    return trace(network, TOKENS.reshape(1, 3, 1), wanted.reshape(1, 3, 1))


def teach_attention(board: Board, rng: np.random.Generator) -> None:
    """Queries, keys, values, scores, softmax and their gradients; the scale; positions; the causal mask."""
    board.say("""In "the cat that chased the mice was tired", was belongs to cat. Which word needs which other one
        depends on the words, not on their places; weights that belong to places, as in a dense layer, cannot know.
        Attention computes its weights from the words. Every token says three things: a query (what do I look for?),
        a key (what am I?) and a value (what do I tell?). Here a token is a single number, and so are they:""")
    board.equation("""
        x = (0, 1, 2)        q = 1 · x           k = ln 2 · x              v = 21 · x
                             q = (0, 1, 2)       k = (0, ln 2, 2 ln 2)     v = (0, 21, 42)
    """)
    values = quantities()
    board.check("Q", values["Q1"][0, :, 0], [0, 1, 2], 1e-12)
    board.check("K", values["K1"][0, :, 0], [0, log(2), 2 * log(2)], 1e-12)
    board.check("V", values["V1"][0, :, 0], [0, 21, 42], 1e-12)
    board.say("""Each query is multiplied by every key; the softmax of a row of these scores says how much of each
        value the token takes. e^(n ln 2) = 2^n, so the weights are fractions:""")
    board.equation("""
        S = q kᵀ = ( 0    0      0    )      e^S = ( 1  1   1 )      A = ( 1/3   1/3   1/3  )
                   ( 0   ln 2  2 ln 2 )            ( 1  2   4 )          ( 1/7   2/7   4/7  )
                   ( 0  2 ln 2 4 ln 2 )            ( 1  4  16 )          ( 1/21  4/21  16/21 )
    """)
    board.check("S", values["S1"][0, 0], np.outer([0, 1, 2], [0, log(2), log(4)]), 1e-12)
    weights = [[1 / 3, 1 / 3, 1 / 3], [1 / 7, 2 / 7, 4 / 7], [1 / 21, 4 / 21, 16 / 21]]
    for t, row in enumerate(weights):
        board.check(f"A, query {t}", values["A1"][0, 0, t], row, 1e-12)
    board.say(
        "The output is the weighted mean of the values. The first token asks for nothing and gets the plain mean."
    )
    board.equation("""
        y = A v:   (1·0 + 1·21 +  1·42) / 3  = 21
                   (1·0 + 2·21 +  4·42) / 7  = 30
                   (1·0 + 4·21 + 16·42) / 21 = 36
    """)
    board.check("y", values["z1"][0, :, 0], [21, 30, 36], 1e-9)
    _teach_backward(board, values)
    _teach_scale(board)
    _teach_order(board)


def _teach_backward(board: Board, values: dict[str, Array]) -> None:
    board.say("""Backward. Say only the second output counts: dy = (0, 1, 0). Its value is a mean, so each value
        gets its weight; and each weight gets the value that it stands before.""")
    board.equation("""
        dv = Aᵀ dy = (1/7, 2/7, 4/7)        dA = dy vᵀ, in the second row (0, 21, 42)
    """)
    board.check("dV", values["dV1"][0, :, 0], [1 / 7, 2 / 7, 4 / 7], 1e-12)
    board.say("""Through the softmax: raising a score pulls the mean towards its value. The mean is 30, so the score
        of the value 0 pushes down, that of 42 up, each in proportion to its weight. Together they cancel: adding
        the same number to all scores changes nothing.""")
    board.equation("""
        dS = A ⊙ (dA − Σ A dA) = ( 1/7 · (0 − 30),  2/7 · (21 − 30),  4/7 · (42 − 30) )
                               = ( −30/7, −18/7, 48/7 )
    """)
    board.check("dS, second row", values["dS1"][0, 0, 1], [-30 / 7, -18 / 7, 48 / 7], 1e-9)
    board.check("its sum", float(values["dS1"][0, 0, 1].sum()), 0.0, 1e-9)
    board.say("A score is a product, so each factor gets the other one. The query gathers over the keys:")
    board.equation("""
        dq[1] = Σₖ dS[1, k] k[k] = ln 2 · (−18/7 + 2 · 48/7) = 78/7 ln 2
        dk    = dS[1] · q[1]     = ( −30/7, −18/7, 48/7 )
    """)
    board.check("dQ", values["dQ1"][0, :, 0], [0, 78 / 7 * log(2), 0], 1e-9)
    board.check("dK", values["dK1"][0, :, 0], [-30 / 7, -18 / 7, 48 / 7], 1e-9)
    board.say("""The weights serve every token, so their gradients are sums; and a token was used three times, so
        its gradient has three parts.""")
    board.equation("""
        dW = Σₜ x[t] (dq, dk, dv)[t] = ( 78/7 ln 2,  −18/7 + 2 · 48/7,  2/7 + 2 · 4/7 )
                                     = ( 78/7 ln 2,  78/7,  10/7 )
        dx = dq · 1 + dk · ln 2 + dv · 21
    """)
    board.check("dW", values["dW1"][0], [78 / 7 * log(2), 78 / 7, 10 / 7], 1e-9)
    dx = [3 - 30 / 7 * log(2), 6 + 60 / 7 * log(2), 12 + 48 / 7 * log(2)]
    board.check("dx", values["da0"][0, :, 0], dx, 1e-9)
    h, network = 1e-5, head()
    steps = h * np.eye(3)
    differences = [(attended(network, TOKENS + s) - attended(network, TOKENS - s))[1] / (2 * h) for s in steps]
    board.check("dx by differences", differences, dx, 1e-6)


def _teach_scale(board: Board) -> None:
    board.say("""Why scores are divided by √e. A score is a sum of e products; where queries and keys have variance
        1, it has variance e, so scores of ±√e are usual. Of two keys with such scores, the softmax gives the better
        one a = σ(2 √e), and its slope is a (1 − a): with 64 numbers a head learns nothing any more. Divided by √e
        the scores are ±1, however many numbers a head has.""")
    rows = []
    for e in (1, 4, 16, 64):
        plain, scaled = (1 / (1 + exp(-2 * s)) for s in (sqrt(e), 1.0))
        rows.append([e, plain, f"{plain * (1 - plain):.1e}", scaled, f"{scaled * (1 - scaled):.1e}"])
    board.table(["e", "weight of the better key", "slope", "divided by √e", "slope "], rows)
    network = Network((2, 64), [MultiHeadAttention(1, bias=False)], MSE(), rng=None, dtype=np.float64)
    network.p[0].W[:, :64] = network.p[0].W[:, 64:128] = np.eye(64)
    workspace, x = network.workspace(1), np.stack([np.ones(64), -np.ones(64)])[np.newaxis] / sqrt(8)
    network.forward(x, workspace)
    a = float(workspace.passes.layers[0].cache.A[0, 0, 0, 0])
    board.check("a head of 64 numbers, scores ±8 divided by 8", a, 1 / (1 + exp(-2)), 1e-12)


def _teach_order(board: Board) -> None:
    board.say("""Positions. The formulas do not mention t. Put the tokens in another order, and the outputs come in
        that order; their mean, from which a picture's patches would be classified, does not change at all.""")
    shuffled = TOKENS[[2, 0, 1]]
    board.check("y of (2, 0, 1)", attended(head(), shuffled), [36, 21, 30], 1e-9)
    pooled = head(False, MeanOverTime())
    means = [float(attended(pooled, tokens)[0]) for tokens in (TOKENS, shuffled)]
    board.check("mean of y, both orders", means, [29, 29], 1e-9)
    board.say("""So something that depends on t is added to every token first: learnt numbers, or sines. With (0, 0,
        1) added here, order matters.""")
    placed = head(False, MeanOverTime(), before=(LearnedPositions(3),))
    placed.p[0].P[2] = 1.0
    first, second = (float(attended(placed, tokens)[0]) for tokens in (TOKENS, shuffled))
    board.check("the means are the same", abs(first - second) < 1, False)
    board.say("""The causal mask. A network that is to predict the next token must not see it. Scores of later
        tokens get −∞, so that their weights are exactly 0: token 0 sees itself alone, token 1 two tokens.""")
    causal = quantities(causal=True)
    board.equation("A = ( 1, 0, 0;   1/3, 2/3, 0;   1/21, 4/21, 16/21 )        y = (0, 14, 36)")
    for t, row in enumerate([[1, 0, 0], [1 / 3, 2 / 3, 0], [1 / 21, 4 / 21, 16 / 21]]):
        board.check(f"A, query {t}", causal["A1"][0, 0, t], row, 1e-12)
    board.check("y", causal["z1"][0, :, 0], [0, 14, 36], 1e-9)
    changed = attended(head(causal=True), np.array([0.0, 1.0, 9.0]))
    board.check("y of the first two if the third token is 9", changed[:2], [0, 14], 1e-9)
    board.say("""More heads do the same beside each other, each with its own columns of W, and look for different
        things. The derivation with matrices is in docs/attention.md; byhand explain prints it for any network.""")


def draw_attention(board: Board | None = None) -> "Figure":
    """The weights of each query, seen by all and causal, and the gradient by the scores."""
    plain, causal = quantities(), quantities(causal=True)
    titles = ["scores S", "weights A", "weights A, causal", "gradient dS"]
    figure, axes = draw.side_by_side(titles, width=2.3, height=3.0)
    arrays = (plain["S1"], plain["A1"], causal["A1"], plain["dS1"])
    for ax, array in zip(axes, arrays, strict=True):
        draw.number_table(ax, np.round(array[0, 0], 2), [])
        ax.set(xlabel="key of token", xticks=[0.5, 1.5, 2.5], xticklabels=["0", "1", "2"])
        ax.tick_params(length=0)
    axes[0].set(ylabel="query of token", yticks=[0.5, 1.5, 2.5], yticklabels=["2", "1", "0"])
    return figure


LESSONS = [
    Lesson(
        "attention",
        "One attention head over three tokens, forward and back; the scale, positions, the causal mask",
        'Vaswani et al., "Attention is all you need" (2017), worked in numbers of our own',
        teach_attention,
        draw_attention,
        requires=("softmax-cross-entropy",),
        minutes=30,
    ),
]
