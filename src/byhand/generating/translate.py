"""Answers of networks that read one sequence and write another one, token by token."""

import numpy as np

from byhand.core.checks import require_whole
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.network import Network


def teacher_forcing(source: Array, answers: Array, start: int) -> Array:
    """The inputs (n, S + T) to teach answers (n, T): source (n, S), `start`, and the answers without the last token.

    The targets are the answers themselves: at each step the network is given the right token of the step before.
    Williams and Zipser, "A learning algorithm for continually running fully recurrent neural networks" (1989).

    Args:
        source: tokens (n, S).
        answers: tokens (n, T).
        start: the token that every answer starts after; one that no answer contains.

    Raises:
        ByhandError: the arrays are not sequences of tokens, or of different numbers of samples.
    """
    source, answers = np.asarray(source), np.asarray(answers)
    if source.ndim != 2 or answers.ndim != 2 or len(source) != len(answers):
        raise ByhandError(
            f"source must be tokens (n, S) and answers (n, T) for the same n; got {source.shape} and {answers.shape}."
        )
    return np.concatenate([source, np.full((len(source), 1), start, source.dtype), answers[:, :-1]], axis=1)


def translate(
    network: Network, source: Array, start: int, beams: int = 1, end: int | None = None
) -> tuple[Array, Array]:
    """The answers (n, T) that the network writes to sources (n, S), and the logarithm of each one's probability (n,).

    With one beam the likeliest token is taken at each step (greedy). With more, the `beams` likeliest beginnings are
    kept at each step, and the likeliest whole answer wins: a beginning that is not the likeliest may lead to it.
    Lowerre, "The HARPY speech recognition system" (1976).

    Args:
        network: tokens (S + T,) in, logits (T, vocabulary) out, the first S tokens the source (`EncoderDecoder`).
        source: tokens (n, S).
        start: the token that every answer starts after, as in training.
        beams: how many beginnings are kept.
        end: a token after which an answer is over; the steps behind it repeat it and change no probability.

    Raises:
        ByhandError: the network does not do that, a token is unknown, or beams is out of range.
    """
    require_whole("beams", beams)
    source = np.asarray(source)
    steps, vocabulary = network.plan[-1].out_shape if len(network.plan[-1].out_shape) == 2 else (0, 0)
    (whole,) = network.input_shape if network.inputs == "tokens" else (0,)
    if not steps or source.ndim != 2 or source.shape[1] + steps != whole:
        raise ByhandError(
            f"This network takes {network.inputs} {network.input_shape} and gives {network.plan[-1].out_shape}: with "
            f"sources of shape {source.shape} it would need tokens (S + T,) in and logits (T, vocabulary) out."
        )
    for name, token in (("start", start), ("end", end)):
        if token is not None and not 0 <= token < vocabulary:
            raise ByhandError(f"{name} is {token}, but this network has the tokens 0 to {vocabulary - 1}.")
    n, s = source.shape
    x = np.full((n, beams, whole), start, np.int64)
    x[:, :, :s] = source[:, np.newaxis]
    log_p = np.full((n, beams), -np.inf)
    log_p[:, 0] = 0  # all beams are alike yet: one of them counts
    for t in range(steps):
        network.as_input(x[0])  # tokens that are unknown
        logits = network.forward(x.reshape(n * beams, whole))[:, t].reshape(n, beams, vocabulary).astype(float)
        following = logits - np.logaddexp.reduce(logits, axis=2, keepdims=True)
        if end is not None and t > 0:
            over = x[:, :, s + t] == end
            following[over] = np.where(np.arange(vocabulary) == end, 0, -np.inf)
        total = (log_p[:, :, np.newaxis] + following).reshape(n, -1)
        best = np.argsort(-total, axis=1, kind="stable")[:, :beams]
        log_p = np.take_along_axis(total, best, axis=1)
        x = np.take_along_axis(x, best[:, :, np.newaxis] // vocabulary, axis=1)
        if t + 1 < steps:
            x[:, :, s + t + 1] = best % vocabulary
    answers = np.concatenate([x[:, 0, s + 1 :], best[:, :1] % vocabulary], axis=1)
    return answers, log_p[:, 0]
