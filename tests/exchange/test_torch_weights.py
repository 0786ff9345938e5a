"""PyTorch's state_dicts, from safetensors and from .pt files read without PyTorch, in byhand's networks and back."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file

import byhand as b
from byhand.exchange.torch_file import read_torch
from byhand.exchange.torch_weights import fill_from_torch, read_tensors, save_torch_state, torch_state
from tests.exchange.test_onnx_export import single
from tests.programs.networks import NETWORKS


def network(**options):
    layers = [
        *(b.Conv2D(3, 3, padding="valid"), b.BatchNorm(), b.ReLU(), b.MaxPool2D(2), b.Flatten(), b.BatchNorm()),
        *(b.Dense(4), b.Tanh(), b.Dense(4), b.Tanh(), b.Dense(2)),
    ]
    return b.Network((8, 8, 2), layers, b.CategoricalCrossEntropy(), **options)


def pytorch_model(torch):
    nn = torch.nn
    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.BatchNorm1d(27)),
        *(nn.Linear(27, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2)),
    )
    for buffer in model.buffers():
        if buffer.dtype.is_floating_point:
            buffer += torch.rand_like(buffer)
    for parameter in model.parameters():
        parameter.data += 0.2 * torch.rand_like(parameter)
    return model.eval()


@pytest.mark.parametrize("ending", ["pt", "safetensors"])
def test_a_model_of_pytorch(ending, tmp_path):
    torch = pytest.importorskip("torch")
    model, path = pytorch_model(torch), tmp_path / f"m.{ending}"
    if ending == "pt":
        torch.save({"epoch": 3, "state_dict": model.state_dict(), "optimizer": {"lr": 0.1}}, path)
    else:
        pytest.importorskip("safetensors.torch").save_file(model.state_dict(), path)
    net = network(rng=1)
    matches = fill_from_torch(net, read_tensors(path), str(path))
    x = np.random.default_rng(0).random((5, 8, 8, 2)).astype(np.float32)
    with torch.no_grad():
        wanted = model(torch.from_numpy(x).permute(0, 3, 1, 2)).softmax(1).numpy()
    assert np.abs(net.predict_proba(x) - wanted).max() < 1e-6
    assert [match.module for match in matches] == ["0", "1", "5", "6", "8", "10"]
    assert str(matches[3]) == "Dense(4) (layer 6) ← 6: 4 × 27, 4"
    other = pytorch_model(torch)
    other.load_state_dict({k: torch.zeros_like(v) for k, v in other.state_dict().items()})
    save_torch_state(net, tmp_path / "back.safetensors")
    back = {name: torch.from_numpy(a) for name, a in read_tensors(tmp_path / "back.safetensors").items()}
    other.load_state_dict(back)
    with torch.no_grad():
        again = other(torch.from_numpy(x).permute(0, 3, 1, 2)).softmax(1).numpy()
    assert np.abs(again - wanted).max() < 1e-6


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
def test_views_and_types(dtype, tmp_path):
    torch = pytest.importorskip("torch")
    a = torch.arange(24, dtype=getattr(torch, dtype)).reshape(4, 6)
    torch.save({"turned.weight": a.T[1:, ::2], "turned.bias": torch.nn.Parameter(a[0])}, tmp_path / "m.pth")
    found = read_torch(tmp_path / "m.pth")
    assert np.array_equal(found["turned.weight"], a.T[1:, ::2].float().numpy())
    assert np.array_equal(found["turned.bias"], a[0].float().numpy())


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in ("gru before", "padding before")])
def test_there_and_back(name):
    """Every layer that PyTorch has; with random numbers in place of the network's own between."""
    net = single(NETWORKS[name]())
    other = b.Network(net.input_shape, net.layers, net.loss, rng=5)
    fill_from_torch(other, torch_state(net))
    assert np.array_equal(other.theta, net.theta)
    assert np.array_equal(other.state, net.state)


def test_deep_recurrent_modules(tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    lstm, head = torch.nn.LSTM(3, 4, num_layers=2, batch_first=True, bidirectional=True), torch.nn.Linear(8, 2)
    torch.save({f"{n}.{k}": v for n, m in (("rnn", lstm), ("head", head)) for k, v in m.state_dict().items()},
               tmp_path / "m.pt")  # fmt: skip
    both = b.Bidirectional(b.LSTM(4, return_sequences=True))
    net = b.Network((5, 3), [both, both, b.Dense(2)], b.MSE())
    fill_from_torch(net, read_tensors(tmp_path / "m.pt"))
    x = torch.rand(2, 5, 3)
    with torch.no_grad():
        wanted = head(lstm(x)[0]).numpy()
    assert np.abs(net.predict(x.numpy()) - wanted).max() < 1e-6


def transformer(pre_norm, **options):
    block = b.TransformerBlock(8, 2, 8, pre_norm=pre_norm)
    return b.Network((5, 8), [block, block, *[b.LayerNorm()] * pre_norm, b.Dense(3)], b.MSE(), **options)


@pytest.mark.parametrize("pre_norm", [True, False])
def test_transformer_encoder_layers(pre_norm, tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(2)
    nn = torch.nn
    layer = nn.TransformerEncoderLayer(8, 2, 8, 0.0, "gelu", batch_first=True, norm_first=pre_norm)
    norm = nn.LayerNorm(8) if pre_norm else None
    model = nn.ModuleDict({"encoder": nn.TransformerEncoder(layer, 2, norm, False), "head": nn.Linear(8, 3)}).eval()
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.rand_like(parameter)
    torch.save(model.state_dict(), tmp_path / "m.pt")
    net = transformer(pre_norm, rng=1)
    matches = fill_from_torch(net, read_tensors(tmp_path / "m.pt"))
    x = torch.rand(3, 5, 8)
    with torch.no_grad():
        wanted = model["head"](model["encoder"](x)).numpy()
    assert np.abs(net.predict(x.numpy()) - wanted).max() < 1e-5
    attention = "MultiHeadAttention(2 heads) (layer 1.0.1)" if pre_norm else "MultiHeadAttention(2 heads) (layer 1.0.0)"
    assert f"{attention} ← encoder.layers.1.self_attn: 24 × 8, 8 × 8, 24, 8" in [str(match) for match in matches]


def test_transformer_decoder_layers(tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(4)
    layer = torch.nn.TransformerDecoderLayer(8, 2, 8, 0.0, "gelu", batch_first=True, norm_first=True).eval()
    for parameter in layer.parameters():
        parameter.data += 0.3 * torch.rand_like(parameter)
    torch.save(layer.state_dict(), tmp_path / "m.pt")
    net = b.Network((7, 8), [b.DecoderBlock(8, 2, 4, 8), b.StepsFrom(4)], b.MSE(), rng=1)
    fill_from_torch(net, read_tensors(tmp_path / "m.pt"))
    x = torch.rand(3, 7, 8)
    later = torch.nn.Transformer.generate_square_subsequent_mask(3)
    with torch.no_grad():
        wanted = layer(x[:, 4:], x[:, :4], tgt_mask=later).numpy()
    assert np.abs(net.predict(x.numpy()) - wanted).max() < 1e-5
    back = b.Network(net.input_shape, net.layers, net.loss, rng=2)
    fill_from_torch(back, torch_state(net))
    assert np.array_equal(back.theta, net.theta)


def test_nanogpts_names(tmp_path):
    """GPT-2's modules as nanoGPT calls them: no biases, a matrix for tokens and logits, a buffer with the mask."""
    rng = np.random.default_rng(3)
    d, vocabulary = 8, 11
    shapes = {"wte.weight": (vocabulary, d), "wpe.weight": (6, d), "ln_f.weight": (d,)}
    for i in range(2):
        shapes |= {f"h.{i}.{name}.weight": shape for name, shape in (
            ("ln_1", (d,)), ("attn.c_attn", (3 * d, d)), ("attn.c_proj", (d, d)), ("ln_2", (d,)),
            ("mlp.c_fc", (4 * d, d)), ("mlp.c_proj", (d, 4 * d)),
        )}  # fmt: skip
    tensors = {f"transformer.{name}": rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    tensors |= {f"transformer.h.{i}.attn.bias": np.tri(6, dtype=np.float32)[None, None] for i in range(2)}
    tensors["lm_head.weight"] = tensors["transformer.wte.weight"]
    save_file(tensors, tmp_path / "gpt.safetensors")
    block = b.TransformerBlock(d, 2, causal=True, bias=False)
    layers = [b.Embedding(vocabulary, d), b.LearnedPositions(6), block, block, b.LayerNorm(), b.TiedDense(vocabulary)]
    net = b.Network((6,), layers, b.CategoricalCrossEntropy(), rng=1)
    net.theta += 1  # also what must become 0
    fill_from_torch(net, read_tensors(tmp_path / "gpt.safetensors"))
    own = net.state_dict()
    assert np.array_equal(own["0.W"], tensors["transformer.wte.weight"])
    assert np.array_equal(own["3.0.1.W"], tensors["transformer.h.1.attn.c_attn.weight"].T)
    assert np.array_equal(own["3.0.1.O"], tensors["transformer.h.1.attn.c_proj.weight"].T)
    assert np.array_equal(own["3.1.3.W"], tensors["transformer.h.1.mlp.c_proj.weight"].T)
    assert np.array_equal(own["4.gamma"], tensors["transformer.ln_f.weight"])
    assert not own["4.beta"].any()
    x = rng.integers(0, vocabulary, (2, 6))
    assert np.abs(logits_of_gpt(tensors, x, 2) - np.log(net.predict_proba(x))).max() < 1e-4


def logits_of_gpt(tensors, x, heads):
    """nanoGPT's forward pass, in a few lines of NumPy: the logarithms of the probabilities."""
    from math import erf

    t = {name.removeprefix("transformer."): a.astype(float) for name, a in tensors.items()}
    n, steps = x.shape
    h = t["wte.weight"][x] + t["wpe.weight"][:steps]
    norm = lambda h, w: (h - h.mean(-1, keepdims=True)) / np.sqrt(h.var(-1, keepdims=True) + 1e-5) * w  # noqa: E731
    split = lambda a: a.reshape(n, steps, heads, -1).transpose(0, 2, 1, 3)  # noqa: E731
    for i in range(2):
        at = f"h.{i}."
        q, k, v = map(split, np.split(norm(h, t[at + "ln_1.weight"]) @ t[at + "attn.c_attn.weight"].T, 3, axis=-1))
        scores = np.where(np.tri(steps, dtype=bool), q @ k.swapaxes(2, 3) / np.sqrt(q.shape[-1]), -np.inf)
        weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        h = h + (weights @ v).transpose(0, 2, 1, 3).reshape(n, steps, -1) @ t[at + "attn.c_proj.weight"].T
        inner = norm(h, t[at + "ln_2.weight"]) @ t[at + "mlp.c_fc.weight"].T
        h = h + (inner * np.vectorize(lambda z: 0.5 * (1 + erf(z / 2**0.5)))(inner)) @ t[at + "mlp.c_proj.weight"].T
    z = norm(h, t["ln_f.weight"]) @ t["lm_head.weight"].T
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def test_a_vision_transformers_lone_parameters():
    layers = [b.PatchEmbedding(2, 6), b.ClassToken(), b.LearnedPositions(5), b.FirstStep(), b.Dense(2)]
    net = b.Network((4, 4, 2), layers, b.MSE(), rng=0)
    rng = np.random.default_rng(1)
    shapes = {"cls_token": (1, 1, 6), "pos_embed": (1, 5, 6), "patch_embed.proj.weight": (6, 2, 2, 2),
              "patch_embed.proj.bias": (6,), "head.weight": (2, 6), "head.bias": (2,)}  # fmt: skip
    tensors = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    fill_from_torch(net, tensors)
    x = rng.random((3, 4, 4, 2))
    wanted = (tensors["cls_token"][0, 0] + tensors["pos_embed"][0, 0]) @ tensors["head.weight"].T + tensors["head.bias"]
    assert np.allclose(net.predict(x), wanted, atol=1e-5)
    back = torch_state(net)
    assert np.allclose(back["0.weight"], tensors["patch_embed.proj.weight"])
    assert np.allclose(back["1"], tensors["cls_token"][0, 0])


def test_what_does_not_fit(tmp_path):
    net = network(rng=1)
    before, state = net.theta.copy(), torch_state(net)
    cases = {
        "needs weight": {k: v for k, v in state.items() if not k.startswith("6.")},
        "no layer for extra": state | {"extra.weight": np.zeros((3, 2))},
        "fits Conv2D": {"0.weight": np.zeros((3, 2, 3, 3))},
        "not finite": state | {"10.bias": np.array([1.0, np.nan])},
    }
    for words, tensors in cases.items():
        with pytest.raises(b.ByhandError, match=words):
            fill_from_torch(net, tensors, "m.pt")
        assert np.array_equal(net.theta, before)


def test_what_pytorch_lacks():
    for layer, words in ((b.LSTM(3, peepholes=True), "peepholes"), (b.GRU(3, reset="before"), "reset gate")):
        with pytest.raises(b.ByhandError, match=words):
            torch_state(b.Network((4, 2), [layer, b.Dense(2)], b.MSE()))


class Evil:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


def torch_file(path, program, storages=None, compress=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compress) as archive:
        archive.writestr("m/data.pkl", program)
        for key, raw in (storages or {}).items():
            archive.writestr(f"m/data/{key}", raw)
    return path


def test_nothing_is_run(tmp_path):
    import os

    mark = tmp_path / "mark"
    for call in ((os.system, (f"touch {mark}",)), (eval, ("1",)), (io.open, (str(mark), "w"))):
        path = torch_file(tmp_path / "m.pt", pickle.dumps({"a": Evil(*call)}, 2))
        with pytest.raises(b.ByhandError, match="only tensors"):
            read_torch(path)
    assert not mark.exists()


def test_damaged_and_hostile_files(tmp_path):
    tensor = (
        b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
        b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK%ctQK\x00%s\x89}tRs."
    )
    good = tensor % (b"\x04", b"K\x02K\x02\x86K\x02K\x01\x86")
    path = tmp_path / "m.pt"
    numbers = {"0": np.arange(4, dtype=np.float32).tobytes()}
    assert np.array_equal(read_torch(torch_file(path, good, numbers))["a"], [[0, 1], [2, 3]])
    huge = tensor % (b"\x04", b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86K\x00K\x00\x86")
    beyond = tensor % (b"\x04", b"K\x02K\x02\x86K\x03K\x01\x86")
    for program, storages, words in (
        (huge, numbers, "has 4 numbers"),
        (beyond, numbers, "has 4 numbers"),
        (tensor % (b"\x05", b"K\x02K\x02\x86K\x02K\x01\x86"), numbers, "not 5"),
        (good, {}, "isn't in it"),
        (b"\x80\x02}.", {}, "no tensors"),
        (b"", {}, "cut short"),
    ):
        with pytest.raises(b.ByhandError, match=words):
            read_torch(torch_file(path, program, storages))
    with pytest.raises(b.ByhandError, match="compressed"):
        read_torch(torch_file(path, good, {"0": bytes(10**6)}, zipfile.ZIP_DEFLATED))
    path.write_bytes(b"nothing")
    with pytest.raises(b.ByhandError, match="not a PyTorch file"):
        read_torch(path)
    save_file({"a": np.zeros(2)}, tmp_path / "m.safetensors")
    assert read_tensors(tmp_path / "m.safetensors").keys() == {"a"}
