"""What the page shows of transformers, recurrent networks, networks that draw and that write, against NumPy."""

import re

import numpy as np
import pytest

from byhand.core.errors import ByhandError
from byhand.generating import GAN
from byhand.generating.files import save_drawer
from byhand.layers import Dense, FirstStep, Flatten, MultiHeadAttention, PatchEmbedding, Sigmoid
from byhand.losses import BinaryCrossEntropy
from byhand.network import Network
from byhand.web import generate, recurrence
from byhand.web.attention import attention_over
from byhand.web.catalogue import Catalogue, Model
from byhand.web.equation import equation
from byhand.web.forms import FormFile
from byhand.web.generate import images_of, next_characters
from byhand.web.limits import Limits, Refusal
from byhand.web.look import look
from byhand.web.recurrence import states_over
from byhand.web.uploads import Uploads
from tests.web import families
from tests.web.schema import unpacked


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def shown(record):
    """The sum that an equation writes out."""
    return sum(term["product"] for term in record["terms"]) + (record["rest"]["sum"] if record["rest"] else 0)


def test_what_heads_look_at_is_softmax_of_queries_and_keys(seven):
    network = families.of_digits((28, 28, 1), [PatchEmbedding(7, 12), MultiHeadAttention(3), FirstStep(), Dense(10)])
    patches = (seven / 255).reshape(4, 7, 4, 7).swapaxes(1, 2).reshape(16, 49)
    x = patches @ network.p[0].W + network.p[0].b
    q, k = (x @ network.p[1].W + network.p[1].b)[:, :24].reshape(16, 2, 3, 4).transpose(1, 2, 0, 3)  # (heads, 16, 4)
    scores = q @ k.swapaxes(1, 2)
    found = attention_over(network, seven, 0, 2, query=9, key=5)
    assert (found["grid"], found["steps"], found["token"]) == ([4, 4], 16, False)
    expected = softmax(scores / 2)[:, 9]
    record = found["layers"][0]["weights"]
    np.testing.assert_allclose(unpacked(record), expected, atol=0.51 * record["scale"])
    np.testing.assert_allclose(found["weights"], expected[2], rtol=1e-4)
    score, weight = found["equations"]
    assert score["value"] == pytest.approx(scores[2, 9, 5], rel=1e-4) == pytest.approx(shown(score), rel=1e-3)
    assert weight["value"] == pytest.approx(expected[2, 5], rel=1e-4)
    assert attention_over(network, seven, 0, 2, query=9)["key"] == expected[2].argmax()


def test_attention_with_a_class_token_and_several_blocks(seven):
    found = attention_over(families.vit(), seven)
    assert [one["name"] for one in found["layers"]] == ["4.1.2", "5.1.2"] and found["token"] and found["steps"] == 17
    assert sum(found["weights"]) == pytest.approx(1, abs=1e-3)
    for place in ((2, 0, 0), (0, 2, 0), (0, 0, 17), (0, 0, 0, 17)):
        with pytest.raises(Refusal, match="none of them"):
            attention_over(families.vit(), seven, *place)
    with pytest.raises(Refusal, match="no attention"):
        attention_over(families.lstm(), seven)


def lstm_by_hand(network, image):
    p, k, h, c, rows = network.p[0], 6, np.zeros(6), np.zeros(6), []
    for row in image / 255:
        i, f, g, o = (row @ p.W + h @ p.R + p.b).reshape(4, k)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        rows.append(dict(zip("hcifgo", (h, c, i, f, g, o), strict=True)))
    return rows


def test_an_lstm_reads_row_by_row(seven):
    network = families.lstm()
    rows = lstm_by_hand(network, seven)
    found = states_over(network, seven, 0, step=12, unit=4)
    assert (found["steps"], found["pixels"], found["layers"][0]["label"]) == (28, 28, "LSTM(6)")
    for part in found["parts"]:
        expected = np.array([row[part["name"]] for row in rows])
        np.testing.assert_allclose(unpacked(part["values"]), expected, atol=0.51 * part["values"]["scale"])
    assert [part["name"] for part in found["parts"]] == ["h", "c", "i", "f", "g", "o"]
    for line, name in zip(found["equations"], "ifgoch", strict=True):
        assert line["name"] == f"{name}[12]" and line["value"] == pytest.approx(rows[12][name][4], rel=1e-4)
    assert "c[12] = f c[11] + i g" in found["equations"][4]["text"]
    for step in (0, 12, 27):  # had the drawing ended there
        p = network.reshaped((step + 1, 28)).predict_proba(seven[None, : step + 1] / 255)[0]
        np.testing.assert_allclose(found["answers"][step], p, rtol=1e-3)


@pytest.mark.parametrize("name", families.others())
def test_equations_of_recurrent_units_come_to_their_numbers(name, seven):
    """The line with numbers, evaluated, is the number below it; steps are those that the direction takes."""
    network = families.others()[name]
    model = Model("it", network)
    assert model.reads == "digit" and model.inside == ("states",)
    layers = len(states_over(network, seven)["layers"])
    for layer in range(layers):
        found = states_over(network, seven, layer, step=9, unit=2)
        before = f"[{10 if found['layers'][layer]['reverse'] else 8}]"
        values = {part["name"]: unpacked(part["values"])[9, 2] for part in found["parts"]}
        for line in found["equations"]:
            letters, *figures, value = line["text"].split("\n")
            assert letters.startswith(f"{line['name']} = ") and set(re.findall(r"\[\d+\]", letters)) <= {"[9]", before}
            assert line["value"] == pytest.approx(values[line["name"][0]], abs=0.01)
            for text in (*figures, value):
                meant = text.removeprefix("= ").replace("−", "-").replace("·", "*")
                if "(z" not in meant:
                    got = eval(meant, {"tanh": np.tanh, "σ": sigmoid, "max": max})
                    assert got == pytest.approx(line["value"], abs=0.02), line["text"]


def test_steps_lie_on_the_drawing_where_nothing_is_mixed_before(seven):
    pixels = {name: states_over(network, seven)["pixels"] for name, network in families.others().items()}
    assert pixels["pixels"] == 1 and pixels["gru"] == pixels["hidden"] == 28
    for place in ((1,), (0, 28), (0, 0, 6)):
        with pytest.raises(Refusal):
            states_over(families.lstm(), seven, *place)
    with pytest.raises(Refusal, match="no recurrent"):
        states_over(families.vit(), seven)


@pytest.mark.parametrize("name", ["vit", "hidden", "rnn"])
def test_sequences_are_looked_into_like_other_layers(name, seven):
    """Layers that give a row for each step come as one map, and each of its numbers has its equation."""
    network = families.vit() if name == "vit" else families.others()[name]
    found = look(Model("it", network), seven)
    workspace = network.workspace(1, share=False)
    network.forward(network.as_input(seven.reshape(1, *network.input_shape)), workspace)
    for layer, at in zip(found["layers"], workspace.passes.layers, strict=True):
        if at.y.ndim == 3:
            record = layer["maps"]
            np.testing.assert_allclose(unpacked(record), at.y, atol=0.51 * record["scale"])
            got = equation(network, seven, layer["index"], 0, (3, 2))
            assert got["value"] == pytest.approx(at.y[0, 3, 2], rel=1e-4)
            if layer["kind"] == "dense":
                assert shown(got) + got["bias"] == pytest.approx(got["value"], rel=1e-3)


def test_images_are_what_the_decoder_gives():
    network = families.decoder()
    model, z = Model("it", network), np.array([[0.5, -1.0], [2.0, 0.25]])
    assert model.reads == "noise"
    found = images_of(model, {"z": z.tolist(), "pixel": [3, 4]})
    a = np.tanh(z @ network.p[0].W + network.p[0].b)
    expected = sigmoid(a @ network.p[2].W + network.p[2].b).reshape(2, 28, 28)
    np.testing.assert_allclose(unpacked(found["images"]), expected, atol=0.51 * found["images"]["scale"])
    total, pixel = found["equations"]
    assert shown(total) + total["bias"] == pytest.approx(total["value"], rel=1e-3)
    assert pixel["value"] == pytest.approx(expected[0, 3, 4], rel=1e-4)


def test_a_network_that_is_told_the_class_draws_by_label(tmp_path):
    """A conditional GAN's folder says how many classes there are; the label is a column of ones and zeros."""
    generator = Network(2 + 3, [Dense(784), Sigmoid()], rng=0)
    critic = Network(784 + 3, [Dense(1)], BinaryCrossEntropy(), rng=1)
    (tmp_path / "cgan-1").mkdir()
    save_drawer(GAN(generator, critic, 3), tmp_path / "cgan-1")
    catalogue = Catalogue()
    catalogue.add(tmp_path / "cgan-1")
    model = catalogue.get("cgan-1")
    assert (model.reads, model.told) == ("noise", 3)
    found = images_of(model, {"z": [[0.5, 1]], "label": 2})
    W, b = generator.p[0].W, generator.p[0].b
    np.testing.assert_allclose(
        unpacked(found["images"]).ravel(), sigmoid(0.5 * W[0] + W[1] + W[4] + b), atol=0.51 * found["images"]["scale"]
    )
    for table in ({"z": [[0, 0]]}, {"z": [[0, 0]], "label": 3}, {"z": [[0]], "label": 0}, {"label": 0}):
        with pytest.raises(Refusal):
            images_of(model, table)


def test_the_next_character_is_softmax_of_logits_over_the_temperature():
    network = families.writer()
    text = "abc ad"
    tokens = np.array([[families.LETTERS.index(c) for c in text] + [0] * 10])
    z = np.log(network.predict_proba(tokens, np.array([6]))[0, 5].astype(np.float64))
    for temperature in (1, 0.25):
        found = next_characters(network, {"text": text, "temperature": temperature, "chosen": "d"})
        expected = softmax(z / temperature)
        order = [families.LETTERS.index(c) for c in found["characters"]]
        np.testing.assert_allclose(found["probabilities"], expected[order], rtol=1e-3)
        assert found["probabilities"] == sorted(found["probabilities"], reverse=True)
        assert found["equation"]["value"] == pytest.approx(expected[families.LETTERS.index("d")], rel=1e-3)
    first = next_characters(network, {"text": text, "count": 5, "seed": 3})
    assert len(first["written"]) == 5
    again = next_characters(network, {"text": text + first["written"]})
    np.testing.assert_allclose(first["probabilities"], again["probabilities"], rtol=1e-3)
    for table in ({}, {"text": ""}, {"text": "a", "temperature": 0}, {"text": "a", "count": -1}, {"text": 5}):
        with pytest.raises(Refusal):
            next_characters(network, table)
    with pytest.raises(ByhandError, match="not in the vocabulary"):
        next_characters(network, {"text": "xyz"})


def test_networks_that_the_user_names_are_in_the_catalogue(tmp_path):
    paths = {name: tmp_path / f"{name}.safetensors" for name in ("vit", "writer", "other")}
    families.vit().save(paths["vit"])
    families.writer().save(paths["writer"])
    Network(7, [Dense(3)]).save(paths["other"])
    (tmp_path / "rows-1").mkdir()
    families.lstm().save(tmp_path / "rows-1" / "model.safetensors")
    catalogue = Catalogue()
    for path in (paths["vit"], paths["writer"], tmp_path / "rows-1"):
        catalogue.add(path)
    facts = {name: catalogue.get(name).facts for name in ("vit", "writer", "rows-1")}
    assert [(f["reads"], f["inside"]) for f in facts.values()] == [
        ("digit", ["attention"]),
        ("text", []),
        ("digit", ["states"]),
    ]
    assert facts["rows-1"]["name"] == "rows-1"
    with pytest.raises(ByhandError, match="none of them"):
        catalogue.add(paths["other"])
    for shape in ((32, 32, 3), (28, 28, 3), (28, 14, 2)):  # a drawing has no colours
        families.of_digits(shape, [Flatten(), Dense(10)]).save(paths["other"])
        with pytest.raises(ByhandError, match="in grey levels"):
            catalogue.add(paths["other"])


def test_what_a_large_network_would_need_is_known_before(monkeypatch, tmp_path):
    """Weights of attention count, too; images are drawn in pieces, and too many of them are refused."""
    layers = [PatchEmbedding(1, 4), MultiHeadAttention(4), FirstStep(), Dense(10)]
    families.of_digits((28, 28, 1), layers).save(tmp_path / "large.safetensors")
    file = FormFile("large", "", (tmp_path / "large.safetensors").read_bytes())
    with pytest.raises(
        Refusal, match="4,000,000 numbers"
    ):  # A alone has 4 · 784² for each image, and so has its gradient
        Uploads(Limits()).add(file)
    model, z = Model("it", families.decoder()), np.random.default_rng(0).normal(size=(7, 2)).tolist()
    whole = images_of(model, {"z": z})
    monkeypatch.setattr(generate, "NUMBERS_AT_ONCE", 2000)
    assert images_of(model, {"z": z}) == whole
    monkeypatch.setattr(generate, "REQUEST_NUMBERS", 2000)
    with pytest.raises(Refusal, match="too large to draw 7 images"):
        images_of(model, {"z": z})
    monkeypatch.setattr(recurrence, "ANSWER_NUMBERS", 2000)
    assert states_over(families.lstm(), np.zeros((28, 28), np.uint8))["answers"] is None
