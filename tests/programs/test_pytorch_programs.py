"""The programs in PyTorch, where it is installed: loss, gradients and parameters over three steps."""

import numpy as np
import pytest

import byhand as b
from byhand.exchange.torch_tensors import to_torch
from byhand.explaining.programs import ProgramSetup, written
from byhand.recipes import RECIPES
from tests.programs.networks import NETWORKS, samples, targets, without_dropout
from tests.programs.of_recipes import NAMES, OTHERS, recipe_case
from tests.programs.test_numpy_programs import run, step_of_byhand

torch = pytest.importorskip("torch")
UNKNOWN = {
    "gru before": "reset gate",
    "padding before": "reset gate",
    "padding backward": "backward only",
    "rotary": "rotary",
    "average": "pads one side",
}
RATE = 0.1


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def layer_at(network, path):
    layer = network.layers[int(path.split(".")[0])]
    for i in path.split(".")[1:]:
        layer = layer.layers[int(i)]
    return layer


def as_tensors(network, vector, names, state=True):
    """Parameters, or gradients, as the program's modules have them."""
    parts = [(network.arena, vector)] + [(network.state_arena, network.state)] * state
    values = {q.full_name: q.view(v) for arena, v in parts for q in arena.parameters}
    found = {}
    for path, name in names.items():
        own = {key.removeprefix(f"{path}."): value for key, value in values.items() if key.startswith(f"{path}.")}
        tensors = to_torch(layer_at(network, path), own)
        found |= {
            f"{name}.{key}".rstrip("."): torch.tensor(np.ascontiguousarray(value)) for key, value in tensors.items()
        }
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_gradients_over_three_steps(name):
    network = without_dropout(NETWORKS[name]())
    setup = ProgramSetup(optimizer=b.Momentum(RATE, 0.5, weight_decay=0.01))
    if name in UNKNOWN:
        with pytest.raises(b.ByhandError, match=UNKNOWN[name]):
            written(network, "pytorch", setup)
        return
    text, names = written(network, "pytorch", setup)
    place = run(text)
    model = place["Network"]()
    missing, extra = model.load_state_dict(as_tensors(network, network.theta, names), strict=False)
    assert not extra
    assert all(key.endswith("num_batches_tracked") for key in missing)
    follow = place["optimizer"](model)
    x, t = samples(network)
    tx, tt = torch.from_numpy(x), torch.from_numpy(t)
    state = setup.optimizer.state(network.size, network.dtype, network.arena.weights.stop)
    workspace = network.workspace(len(x))
    for step in range(1, 4):
        network.forward(network.as_input(x), workspace, np.random.default_rng(0))
        loss = network.backward(targets(network, t), workspace)
        L = place["loss"](model(tx), tt)
        follow.zero_grad()
        L.backward()
        assert abs(L.item() - loss) < 1e-6
        gradients = as_tensors(network, network.gradient, names, state=False) if name != "none" else {}
        found = {key: p.grad for key, p in model.named_parameters() if p.requires_grad}
        for key, gradient in found.items():
            assert (gradient - gradients[key]).abs().max() < 1e-6, key
        follow.step()
        setup.optimizer.step(network.ops, network.theta, network.gradient, state, step, RATE)
    wanted = as_tensors(network, network.theta, names)
    for key, value in model.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            assert (value - wanted[key]).abs().max() < 1e-6, key


@pytest.mark.parametrize("name", NAMES)
def test_recipes_over_three_steps(name):
    network, setup, x, t, mask = recipe_case(name)
    text, names = written(network, "pytorch", setup)
    place = run(text)
    model = place["Network"]()
    model.load_state_dict(as_tensors(network, network.theta, names))
    place["optimizer"](model)
    tx, tt = torch.from_numpy(x), torch.from_numpy(t)
    for _ in range(3):
        loss, _ = step_of_byhand(network, x, t, np.random.default_rng(0), 0.01, mask)
        model.zero_grad()
        L = place["loss"](model(tx), tt)
        L.backward()
        assert abs(L.item() - loss) < 1e-6
        gradients = as_tensors(network, network.gradient, names, state=False)
        for key, p in model.named_parameters():
            if p.requires_grad:
                assert (p.grad - gradients[key]).abs().max() < 1e-6, key
                p.data -= 0.01 * p.grad


@pytest.mark.parametrize("name", OTHERS)
def test_every_recipe_is_a_program(name):
    torch.set_default_dtype(torch.float32)
    recipe = RECIPES[name]
    network = b.Network(recipe.input_shape, recipe.layers, recipe.loss, rng=None)
    setup = ProgramSetup(name, recipe.takes, recipe.optimizer, recipe.epochs, recipe.batch_size, recipe.regularizers)
    place = run(written(network, "pytorch", setup)[0], np.float32)
    model = place["Network"]()
    assert sum(p.numel() for p in model.parameters()) == network.size
    place["optimizer"](model)


OPTIMIZERS = [
    b.SGD(0.1, momentum=0.8, nesterov=True),
    b.Nesterov(0.1, 0.8),
    b.AdaGrad(0.1),
    b.RMSprop(0.01, momentum=0.5, centred=True),
    b.Adam(0.01, weight_decay=0.1),
    b.AdamW(0.01, beta2=0.9, weight_decay=0.1),
    b.NAdam(0.01),
]
RULES = [(), (b.L2(0.1), b.L1(0.01), b.ClipValue(0.05)), (b.ClipNorm(0.1), b.MaxNorm(0.5))]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("rules", RULES, ids=range(3))
def test_training(optimizer, rules, capsys):
    network = NETWORKS["numbers"]()
    setup = ProgramSetup(optimizer=optimizer, regularizers=rules, epochs=3, batch_size=None)
    text, names = written(network, "pytorch", setup)
    place = run(text)
    start = as_tensors(network, network.theta, names)
    inner = place["Network"]

    def begun():
        model = inner()
        model.load_state_dict(start)
        return model

    place["Network"] = begun
    x, t = samples(network, 12)
    model = place["train"](x, t)
    b.fit(
        network,
        x,
        t,
        epochs=3,
        batch_size=12,
        shuffle=False,
        optimizer=optimizer,
        regularizers=rules,
        progress=False,
    )
    for key, value in as_tensors(network, network.theta, names).items():
        assert (model.state_dict()[key] - value).abs().max() < 1e-5, key
    assert "epoch 3: loss" in capsys.readouterr().out


def test_lion_is_refused():
    with pytest.raises(b.ByhandError, match="no optimiser Lion"):
        written(NETWORKS["dense"](), "pytorch", ProgramSetup(optimizer=b.Lion()))
