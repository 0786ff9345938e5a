"""Sequence to sequence: the layer against PyTorch, and decoding against a search through all answers."""

from itertools import product

import numpy as np
import pytest

from byhand import (
    GRU,
    LSTM,
    RNN,
    ByhandError,
    CategoricalCrossEntropy,
    Dense,
    Embedding,
    EncoderDecoder,
    Network,
)
from byhand.generating import teacher_forcing, translate

S, T, VOCABULARY, START = 3, 4, 5, 4


@pytest.mark.parametrize("layer", [RNN(4), LSTM(4), GRU(4)], ids=lambda layer: layer.label())
def test_agrees_with_pytorch(layer):
    torch = pytest.importorskip("torch")
    from tests.golden import torch_recurrent as twin

    network = Network((S + T, 3), [EncoderDecoder(layer, S)], dtype=np.float64)
    rng = np.random.default_rng(0)
    network.theta = 0.5 * rng.standard_normal(network.size)
    x, dy = rng.standard_normal((6, S + T, 3)), rng.standard_normal((6, T, 4))
    workspace, dx = network.workspace(6), np.empty_like(x)
    y = network.forward(x, workspace).copy()
    network.backward_from(dy, workspace, dx)
    modules = [twin.module_of(layer, 3)[0] for _ in range(2)]
    p = network.named_parameters()
    for i, module in enumerate(modules):
        twin.fill(module, {name[4:]: a for name, a in p.items() if name.startswith(f"0.{i}.")})
    given = torch.tensor(x, requires_grad=True)
    _, state = modules[0](given[:, :S])
    wanted, _ = modules[1](given[:, S:], state)
    wanted.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, wanted.detach().numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dx, given.grad.numpy(), rtol=1e-10, atol=1e-12)
    for i, module in enumerate(modules):
        for name, value in twin.gradients(module).items():
            found = next(q for q in network.arena.parameters if q.full_name == f"0.{i}.{name}").view(network.gradient)
            np.testing.assert_allclose(found, value, rtol=1e-10, atol=1e-12, err_msg=name)


def writer(scale=1.0):
    layers = [Embedding(VOCABULARY, 3), EncoderDecoder(LSTM(5), S), Dense(VOCABULARY)]
    network = Network((S + T,), layers, CategoricalCrossEntropy(), dtype=np.float64)
    network.theta = scale * np.random.default_rng(7).standard_normal(network.size)
    return network


def log_p(network, source, answers):
    """log P(answer | source), step by step, of answers (n, T) to one source."""
    x = teacher_forcing(np.repeat(source[np.newaxis], len(answers), axis=0), answers, START)
    p = network.predict_proba(x)
    return np.log(np.take_along_axis(p, answers[..., np.newaxis], axis=2))[..., 0]


def test_padding_of_the_source_changes_nothing():
    layers = [Embedding(VOCABULARY, 3, padding=0), EncoderDecoder(GRU(5), S), Dense(VOCABULARY)]
    network = Network((S + T,), layers, CategoricalCrossEntropy(), dtype=np.float64)
    layers[1] = EncoderDecoder(GRU(5), S - 1)
    shorter = Network((S - 1 + T,), layers, CategoricalCrossEntropy(), dtype=np.float64)
    x = np.array([[1, 2, 0, START, 1, 2, 3]])
    np.testing.assert_array_equal(network.forward(x), shorter.forward(np.delete(x, 2, axis=1)))


def test_many_beams_find_the_likeliest_answer():
    network, sources = writer(), np.array([[0, 1, 2], [3, 3, 0], [2, 1, 1]])
    every = np.array(list(product(range(VOCABULARY), repeat=T)))
    greedy, _ = translate(network, sources, START)
    answers, scores = translate(network, sources, START, beams=VOCABULARY ** (T - 1))  # all of them
    better = 0
    for source, first, answer, score in zip(sources, greedy, answers, scores, strict=True):
        each = log_p(network, source, every).sum(axis=1)
        np.testing.assert_array_equal(answer, every[each.argmax()])
        assert score == pytest.approx(each.max())
        better += not np.array_equal(first, answer)
        for t in range(T):  # greedy: no token would have been likelier after those before it
            others = np.array([[*first[:t], token, *first[t + 1 :]] for token in range(VOCABULARY)])
            assert log_p(network, source, others)[:, t].argmax() == first[t]
    assert better, "greedy search found all of them, so this tests nothing"


def test_after_the_end_nothing_counts():
    network, end = writer(), 1
    answers, scores = translate(network, np.array([[0, 1, 2], [3, 3, 0]]), START, beams=3, end=end)
    for source, answer, score in zip(np.array([[0, 1, 2], [3, 3, 0]]), answers, scores, strict=True):
        over = np.flatnonzero(answer == end)
        counted = T if not len(over) else over[0] + 1
        assert (answer[counted:] == end).all()
        assert score == pytest.approx(log_p(network, source, answer[np.newaxis])[0, :counted].sum())


def test_mistakes():
    network = writer()
    for wrong, words in [
        (lambda: EncoderDecoder(LSTM(3, return_sequences=True), 2), "return_sequences"),
        (lambda: Network((3, 2), [EncoderDecoder(LSTM(3), 3)]), "none for the decoder"),
        (lambda: translate(network, np.zeros((2, 5), int), START), "sources of shape"),
        (lambda: translate(network, np.zeros((2, S), int), 9), "start is 9"),
        (lambda: translate(network, np.zeros((2, S), int), START, beams=0), "beams"),
        (lambda: translate(network, np.full((2, S), 7), START), "7"),
        (lambda: teacher_forcing(np.zeros((2, 3)), np.zeros((3, 3)), 0), "same n"),
    ]:
        with pytest.raises(ByhandError, match=words):
            wrong()
