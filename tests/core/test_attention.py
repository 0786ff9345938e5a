"""Attention against PyTorch, live and golden, and against its definition in a few lines of NumPy."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from byhand import (
    GELU,
    ByhandError,
    CategoricalCrossEntropy,
    ClassToken,
    CrossAttention,
    DecoderBlock,
    Dense,
    Embedding,
    FirstStep,
    LayerNorm,
    LearnedPositions,
    MultiHeadAttention,
    Network,
    PatchEmbedding,
    SinusoidalPositions,
    SplitSteps,
    StepsFrom,
    TiedDense,
    TransformerBlock,
)
from byhand.explaining.explain import trace
from byhand.generating import StepByStep, Windowed, next_token, teacher_forcing, translate
from tests.golden import attention_cases
from tests.golden.make import FOLDER, compute_attention


@pytest.fixture(scope="module")
def golden():
    return load_file(FOLDER / "torch_attention.safetensors")


@pytest.fixture(scope="module")
def live():
    pytest.importorskip("torch")
    return compute_attention()


@pytest.fixture(params=["golden", "live"])
def figures(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("case", attention_cases.CASES, ids=lambda case: case.name)
def test_agrees_with_pytorch(case, figures):
    network, data = attention_cases.network(case), attention_cases.data(case)
    workspace, dx = network.workspace(len(data["x"])), np.full(data["x"].shape, np.nan)
    found = {"y": network.forward(data["x"], workspace, mask=data["mask"]).copy()}
    network.backward_from(data["dy"], workspace, dx)
    found |= {"dx": dx} | {f"d{p.full_name}": p.view(network.gradient) for p in network.arena.parameters}
    wanted = {key.split("/")[1]: a for key, a in figures.items() if key.startswith(f"{case.name}/")}
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("name", attention_cases.LEARNERS)
def test_ten_steps_of_training_agree_with_pytorch(name, figures):
    network, x, labels, adam = attention_cases.learner(name)
    memory, losses = adam.state(network.size, np.float64), []
    workspace = network.workspace(len(x))
    for t in range(1, 11):
        network.forward(x, workspace, np.random.default_rng(0))
        losses.append(network.backward(labels, workspace))
        if t == 1:
            for p in network.arena.parameters:
                wanted = figures[f"{name}/d{p.full_name}"]
                np.testing.assert_allclose(
                    p.view(network.gradient), wanted, rtol=1e-10, atol=1e-12, err_msg=p.full_name
                )
        adam.step(network.ops, network.theta, network.gradient, memory, t, 0.01)
    np.testing.assert_allclose(losses, figures[f"{name}/losses"], rtol=1e-9)
    for p, value in network.named_parameters().items():
        np.testing.assert_allclose(value, figures[f"{name}/{p}"], rtol=1e-7, atol=1e-8, err_msg=p)


def by_definition(x, p, heads, causal=False, mask=None):
    """y for each sample and head by itself, in loops."""
    n, steps, d = x.shape
    e, h = d // heads, np.zeros(x.shape)
    for i in range(n):
        z = x[i] @ p.W + p.b
        for k in range(heads):
            q, key, v = (z[:, j * d + k * e : j * d + (k + 1) * e] for j in range(3))
            for t in range(steps):
                seen = [s for s in range(steps) if (s <= t or not causal) and (mask is None or mask[i, s])]
                if seen:
                    a = np.exp([q[t] @ key[s] / e**0.5 for s in seen])
                    h[i, t, k * e : (k + 1) * e] = sum(a[j] / a.sum() * v[s] for j, s in enumerate(seen))
    return h @ p.O + p.c


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("heads", "causal", "masked"), [(1, False, False), (2, True, False), (3, False, True), (2, True, True)]
)
def test_attention_is_what_its_definition_says(heads, causal, masked, dtype):
    rng = np.random.default_rng(0)
    network = Network((5, 6), [MultiHeadAttention(heads, causal)], dtype=dtype)
    network.theta = rng.standard_normal(network.size)
    x, mask = rng.standard_normal((4, 5, 6)), np.arange(5) < np.array([[5], [3], [1], [0]])  # the last one sees nothing
    found = network.forward(network.as_input(x), network.workspace(4), mask=mask if masked else None)
    wanted = by_definition(x, network.p[0], heads, causal, mask if masked else None)
    np.testing.assert_allclose(
        found, wanted, rtol=1e-12 if dtype == np.float64 else 2e-4, atol=1e-12 if dtype == np.float64 else 2e-5
    )


def test_hidden_places_have_exactly_no_weight():
    network = Network((5, 4), [MultiHeadAttention(2, causal=True)], dtype=np.float32)
    workspace, mask = network.workspace(2), np.array([[True] * 5, [True, False, True, False, False]])
    network.forward(network.as_input(np.random.default_rng(0).standard_normal((2, 5, 4))), workspace, mask=mask)
    a = workspace.passes.layers[0].cache.A
    hidden = np.triu(np.ones((5, 5), bool), 1) | ~mask[:, None, None]
    assert (a[np.broadcast_to(hidden, a.shape)] == 0).all()
    np.testing.assert_allclose(a.sum(axis=3), 1, rtol=1e-6)


def gpt(longest=8, vocabulary=11, units=8, dtype=np.float32, **options):
    block = TransformerBlock(units, 2, causal=True, longest=longest, **options)
    positions = [] if options.get("rotary") else [LearnedPositions(longest)]
    layers = [Embedding(vocabulary, units), *positions, block, block, LayerNorm(), TiedDense(vocabulary)]
    network = Network((longest,), layers, CategoricalCrossEntropy(), rng=1, dtype=dtype)
    network.theta = network.theta + 0.3 * np.random.default_rng(2).standard_normal(network.size)
    return network


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_later_token_changes_nothing_earlier_bit_for_bit(dtype):
    network, tokens = gpt(dtype=dtype), np.random.default_rng(0).integers(11, size=(3, 8))
    before = network.forward(tokens).copy()
    for t in range(1, 8):
        other = tokens.copy()
        other[:, t:] = (other[:, t:] + 1) % 11
        after = network.forward(other)
        np.testing.assert_array_equal(after[:, :t], before[:, :t])
        assert (after[:, t] != before[:, t]).any()


@pytest.mark.parametrize("options", [{}, {"rotary": True}, {"pre_norm": False, "rms": True, "bias": False}], ids=str)
def test_generating_with_kept_keys_gives_what_the_whole_text_gives(options):
    network, tokens = gpt(**options), [3]
    kept, whole = next_token(network), Windowed(network)
    assert isinstance(kept, StepByStep)
    for _ in range(7):
        found, wanted = kept.feed(tokens[-1]), whole.feed(tokens[-1])
        np.testing.assert_allclose(found, wanted, atol=1e-5 * np.abs(wanted).max())
        assert np.argmax(found) == np.argmax(wanted)
        tokens.append(int(np.argmax(found)))


@pytest.mark.parametrize("longest", [8, 7, 1])
@pytest.mark.parametrize("rotary", [False, True])
def test_a_text_longer_than_the_positions_goes_on_from_its_second_half(longest, rotary):
    network, kept = gpt(longest, dtype=np.float64, rotary=rotary), []
    model = next_token(network)
    for token in np.random.default_rng(0).integers(11, size=21).tolist():
        kept = [*(kept[longest - longest // 2 :] if len(kept) == longest else kept), token]
        wanted = network.reshaped((len(kept),)).forward(np.array([kept]))[0, -1]
        np.testing.assert_allclose(model.feed(token), wanted, rtol=1e-9)


def test_a_mask_leaves_what_is_padded_out_of_everything():
    rng = np.random.default_rng(0)
    layers = [ClassToken(), TransformerBlock(6, 2, 5), FirstStep(), Dense(3)]
    short = Network((4, 6), layers, CategoricalCrossEntropy(), rng=1, dtype=np.float64)
    long, x = short.reshaped((6, 6)), rng.standard_normal((5, 4, 6))
    wanted = short.forward(x)
    short.backward(np.arange(5) % 3)
    padded = np.concatenate([x, 1e3 * rng.standard_normal((5, 2, 6))], axis=1)
    np.testing.assert_allclose(long.forward(padded, mask=np.arange(6) < np.full((5, 1), 4)), wanted, rtol=1e-12)
    long.backward(np.arange(5) % 3)
    np.testing.assert_allclose(long.gradient, short.gradient, rtol=1e-9, atol=1e-13)


def test_sines_are_those_of_the_paper():
    network = Network((7, 6), [SinusoidalPositions()], dtype=np.float64)
    found = network.forward(np.zeros((1, 7, 6)))[0]
    for t in range(7):
        for i in range(3):
            angle = t / 10000 ** (2 * i / 6)
            np.testing.assert_allclose(found[t, 2 * i : 2 * i + 2], [np.sin(angle), np.cos(angle)], atol=1e-15)


def test_rotary_scores_depend_on_the_distance_alone():
    network = Network((6, 4), [MultiHeadAttention(1, rotary=True)], rng=1, dtype=np.float64)
    workspace = network.workspace(1)
    network.forward(np.tile(np.random.default_rng(0).standard_normal(4), (1, 6, 1)), workspace)
    z = workspace.passes.layers[0].cache.z[0]
    scores = z[:, :4] @ z[:, 4:8].T
    for distance in range(-5, 6):
        diagonal = np.diagonal(scores, distance)
        np.testing.assert_allclose(diagonal, diagonal[0], rtol=1e-12)
    assert abs(scores[0, 0] - scores[0, 3]) > 1e-3


def test_patches_are_cut_row_by_row():
    image = np.arange(24.0).reshape(1, 4, 6, 1)
    network = Network((4, 6, 1), [PatchEmbedding(2, 4)], rng=1, dtype=np.float64)
    network.p[0].W[...] = np.eye(4)
    wanted = [[0, 1, 6, 7], [2, 3, 8, 9], [4, 5, 10, 11], [12, 13, 18, 19], [14, 15, 20, 21], [16, 17, 22, 23]]
    np.testing.assert_array_equal(network.forward(image)[0], wanted)


def test_tied_matrices_are_one_and_are_saved_once(tmp_path):
    network = gpt()
    assert network.p[0].W is not network.p[-1].W
    assert np.shares_memory(network.p[0].W, network.p[-1].W)
    assert sum("W" in name.split(".")[-1] for name in network.named_parameters()) == 1 + 2 * 3
    network.save(tmp_path / "gpt.safetensors")
    tokens = np.random.default_rng(0).integers(11, size=(2, 8))
    np.testing.assert_array_equal(Network.load(tmp_path / "gpt.safetensors").forward(tokens), network.forward(tokens))


def test_pre_norm_is_the_residual_written_out():
    rng = np.random.default_rng(0)
    network = Network((4, 6), [TransformerBlock(6, 2, 5)], dtype=np.float64)
    network.theta = rng.standard_normal(network.size)
    x, (attention, dense) = rng.standard_normal((2, 4, 6)), network.p[0].children

    def norm(x, p):
        return p.gamma * (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) + p.beta

    def gelu(x):
        return Network((4, 5), [GELU()], dtype=np.float64).forward(x).copy()

    z = x + by_definition(norm(x, attention.children[0]), attention.children[1], 2)
    n, first, _, last = dense.children
    wanted = z + gelu(norm(z, n) @ first.W + first.b) @ last.W + last.b
    np.testing.assert_allclose(network.forward(x), wanted, rtol=1e-11)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Network((4, 6), [MultiHeadAttention(4)]), "4 heads can't share 6 numbers"),
        (lambda: Network((4, 6), [MultiHeadAttention(2, rotary=True)]), "a head has 3, an odd number"),
        (lambda: Network((4, 6), [MultiHeadAttention(2, longest=3)]), "4 steps are longer than its longest, 3"),
        (lambda: Network((4, 6), [LearnedPositions(3)]), "4 steps are longer than its longest, 3"),
        (lambda: Network((4, 6), [TransformerBlock(8, 2)]), "Layer 1, TransformerBlock"),
        (lambda: Network(6, [MultiHeadAttention(2)]), "takes sequences"),
        (lambda: Network((28, 28, 1), [PatchEmbedding(5, 8)]), "patches of 5 pixels do not fill an image of 28 × 28"),
        (lambda: Network((4,), [Embedding(5, 3), TiedDense(6)]), r"one of shape \(6, 3\); it has the shape \(5, 3\)"),
        (lambda: Network((4,), [Embedding(5, 3), TiedDense(5, "1.W")]), "which no layer has"),
        (lambda: Network((4, 6), [CrossAttention(4, 2)]), "4 heads can't share 6 numbers"),
        (lambda: Network((4, 6), [CrossAttention(2, 4)]), "4 steps are a source of 4 and none that look at it"),
        (lambda: Network((4, 6), [SplitSteps(4, [Dense(6)])]), "4 steps are a source of 4 and none behind it"),
        (lambda: Network((4, 6), [SplitSteps(2, [Dense(5)])]), "both end in as many numbers"),
        (lambda: SplitSteps(2), "needs layers for one part"),
        (lambda: Network((4, 6), [StepsFrom(4)]), "none is left"),
        (lambda: MultiHeadAttention(0), "heads must be a whole number"),
        (lambda: MultiHeadAttention(2, dropout=1.0), "dropout must"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(ByhandError, match=message):
        make()


def test_training_on_from_kept_keys_is_refused():
    network = gpt().reshaped((4,))
    workspace, tokens = network.workspace(2), np.zeros((2, 4), int)
    network.forward(tokens, workspace, np.random.default_rng(0), carry=True)
    with pytest.raises(ByhandError, match="train it without carry"):
        network.forward(tokens, workspace, np.random.default_rng(0), carry=True)
    workspace.reset()
    network.forward(tokens, workspace, carry=True)
    network.forward(tokens, workspace, carry=True)
    with pytest.raises(ByhandError, match="longer than the 8"):
        network.forward(tokens, workspace, carry=True)


def test_a_decoder_sees_the_whole_source_and_its_own_past():
    encoder = SplitSteps(3, [LearnedPositions(3), TransformerBlock(8, 2), LayerNorm()], [LearnedPositions(4)])
    layers = [Embedding(9, 8), encoder, DecoderBlock(8, 2, 3), StepsFrom(3), LayerNorm(), Dense(9)]
    network = Network((7,), layers, CategoricalCrossEntropy(), rng=1)
    network.theta = network.theta + 0.3 * np.random.default_rng(2).standard_normal(network.size)
    source = np.random.default_rng(0).integers(8, size=(5, 3))
    answers, _ = translate(network, source, start=8)
    x = teacher_forcing(source, answers, 8)
    before = network.forward(x).copy()
    assert (before.argmax(axis=2) == answers).all()  # what it wrote token by token is what it says of the whole
    for t in range(1, 4):
        other = x.copy()
        other[:, 3 + t :] = (other[:, 3 + t :] + 1) % 9
        after = network.forward(other)
        np.testing.assert_array_equal(after[:, :t], before[:, :t])
        assert (after[:, t] != before[:, t]).any(axis=1).all()
    for s in range(3):
        other = x.copy()
        other[:, s] = (other[:, s] + 1) % 8
        assert (network.forward(other) != before).any(axis=2).all()  # each step of the answer depends on it
    text = network.explain()
    assert "softmax(" in text and "of each head" in text


def test_explain_writes_every_step_with_its_numbers():
    layers = [Embedding(5, 4), MultiHeadAttention(2, causal=True), TiedDense(5)]
    network = Network((3,), layers, CategoricalCrossEntropy(), rng=1, dtype=np.float64)
    network.theta = network.theta + np.random.default_rng(2).standard_normal(network.size)
    tokens, labels = np.array([[1, 2, 3]]), np.array([[2, 3, 4]])
    text = network.explain(tokens, labels)
    for line in (
        "S2 = Q2 K2ᵀ of each head",
        "A2 = softmax(S2 / √e) over",
        "dW2 = z1ᵀ (dQ2, dK2, dV2)",
        "dW1′ = da2ᵀ z2",
    ):
        assert f"  {line}" in text
    assert "(n × 2 × 3 × 3)" in text
    values = trace(network, tokens, labels)
    heads = [values[name][0].reshape(3, 2, 2).swapaxes(0, 1) for name in ("Q2", "K2", "V2", "H2", "dH2", "dQ2")]
    q, k, v, h, dh, dq = heads
    np.testing.assert_allclose(values["S2"][0], q @ k.swapaxes(1, 2))
    np.testing.assert_allclose(values["A2"][0] @ v, h)
    np.testing.assert_allclose(values["dV2"][0].reshape(3, 2, 2).swapaxes(0, 1), values["A2"][0].swapaxes(1, 2) @ dh)
    np.testing.assert_allclose(values["dS2"][0] @ k, dq)
    network.forward(tokens)
    network.backward(labels)
    np.testing.assert_allclose(values["dW1"] + values["dW1′"], network.g[0].W)
    assert network.explain(tokens, labels, latex=True)
