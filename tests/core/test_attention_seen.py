"""What attention looks at: its maps, their pictures, `look`, and the diagnosis of attention that has collapsed."""

import json

import numpy as np
import pytest
from PIL import Image

from byhand import (
    CategoricalCrossEntropy,
    ClassToken,
    Dense,
    Embedding,
    FirstStep,
    LearnedPositions,
    MultiHeadAttention,
    Network,
    PatchEmbedding,
    TransformerBlock,
    fit,
)
from byhand.diagnosis import Watch, measure
from byhand.explaining.attention_maps import attention_maps, over_patches
from tests.cli.test_commands import byhand, data  # noqa: F401  (fixtures)


def vit(**options):
    block = TransformerBlock(8, 2, 8)
    layers = [PatchEmbedding(7, 8), ClassToken(), LearnedPositions(17), block, block, FirstStep(), Dense(10)]
    return Network((28, 28, 1), layers, CategoricalCrossEntropy(), rng=1, **options)


def test_maps_are_the_weights_of_each_layer():
    network, x = vit(), np.random.default_rng(0).standard_normal((3, 28, 28, 1)).astype(np.float32)
    maps = attention_maps(network, x)
    assert [name for name, _ in maps] == ["4.1.2", "5.1.2"]
    for _, a in maps:
        assert a.shape == (3, 2, 17, 17)
        np.testing.assert_allclose(a.sum(axis=3), 1, rtol=1e-5)
    seen = over_patches(network, maps[0][1][0])
    assert seen.shape == (2, 4, 4)
    np.testing.assert_array_equal(seen[1].ravel(), maps[0][1][0, 1, 0, 1:])


def test_look_draws_attention_over_an_image(byhand, data, tmp_path):  # noqa: F811
    model = tmp_path / "m.safetensors"
    vit(inputs="grey levels").save(model)
    status, _, err = byhand("look", model, 3, "--data", data, "--out", "seen", "--among", 50)
    assert (status, err) == (0, "")
    picture = np.asarray(Image.open(tmp_path / "seen" / "attention.png").convert("L"))
    assert picture.min() < 128 < picture.max()


def test_look_draws_attention_over_a_text(byhand, tmp_path):  # noqa: F811
    layers = [Embedding(4, 6), LearnedPositions(8), MultiHeadAttention(3, causal=True), Dense(4)]
    Network((8,), layers, CategoricalCrossEntropy(), classes="\nabc").save(tmp_path / "m.safetensors")
    status, out, err = byhand("look", "m.safetensors", "abcabcabca", "--out", "seen", "--json")
    record = json.loads(out)
    assert (status, err, record["text"]) == (0, "", "cabcabca")
    a = np.array(record["attention"]["3"])
    assert a.shape == (3, 8, 8) and not np.triu(a, 1).any()
    assert (tmp_path / "seen" / "attention.png").exists()
    for text, words in (("xyz", "not in the vocabulary"), ("", "give a network of characters or words a text")):
        status, _, err = byhand("look", "m.safetensors", text)
        assert status == 2 and words in err


@pytest.mark.parametrize(
    ("vocabulary", "text", "tokens"),
    [("abc", "cab", ["c", "a", "b"]), (("<unknown>", "a", "film"), "A dull film!", ["a", "dull", "film", "!"])],
)
def test_look_draws_attention_over_a_line_of_text(vocabulary, text, tokens, byhand, tmp_path):  # noqa: F811
    layers = [Embedding(4, 6, padding=0), LearnedPositions(8), MultiHeadAttention(3), FirstStep(), Dense(2)]
    network = Network((8,), layers, CategoricalCrossEntropy())
    network.vocabulary = tuple(vocabulary)
    network.save(tmp_path / "m.safetensors")
    status, out, err = byhand("look", "m.safetensors", text, "--out", "seen", "--json")
    record = json.loads(out)
    assert (status, err, record["tokens"]) == (0, "", tokens)
    a = np.array(record["attention"]["3"])
    assert a.shape == (3, len(tokens), len(tokens))
    np.testing.assert_allclose(a.sum(axis=2), 1, rtol=1e-5)  # nothing is lost to steps after the end
    status, _, err = byhand("look", "m.safetensors", tokens[0] + 8 * (" a" if len(tokens) == 4 else "a"))
    assert status == 2 and "the network takes 1 to 8" in err


@pytest.mark.parametrize("causal", [False, True])
def test_collapse_is_measured(causal):
    rng, seen = np.random.default_rng(0), np.tril(np.ones((6, 6))) if causal else np.ones((6, 6))
    even = np.broadcast_to(seen / seen.sum(axis=1, keepdims=True), (4, 1, 6, 6))
    one = np.broadcast_to(np.eye(6)[0], (4, 1, 6, 6))
    free = rng.random((4, 1, 6, 6)) ** 8 * seen
    free /= free.sum(axis=3, keepdims=True)
    assert measure.attention(even, causal, None) == (1, 0)
    assert measure.attention(one, causal, None) == (0, 1)
    assert measure.attention(free, causal, None) == (0, 0)
    assert measure.attention(np.concatenate([even, one, free, free], axis=1), causal, None) == (0.25, 0.25)
    assert np.isnan(measure.attention(one, causal, np.eye(6, dtype=bool)[:4])[0])  # a single key: nothing to choose


@pytest.mark.parametrize(("factor", "words"), [(0.0, "the same weight"), (1.0, None)])
def test_collapsed_attention_is_named(factor, words):
    """Queries and keys of nothing give every place the same weight; labels at random are never learnt."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((200, 5, 4)).astype(np.float32), rng.integers(3, size=200)
    network = Network((5, 4), [MultiHeadAttention(2), FirstStep(), Dense(3)], CategoricalCrossEntropy(), rng=1)
    network.p[0].W[:, :8] *= 5 * factor
    watch = Watch()
    fit(network, x, y, epochs=2, batch_size=50, callbacks=[watch], progress=False, validation=(x, y))
    problems = {problem.name: problem for problem in watch.problems()}
    assert ("collapsed attention" in problems) == (words is not None)
    if words:
        assert words in problems["collapsed attention"].seen
