"""SGD, parameter groups and accumulated gradients step by step beside PyTorch's."""

import numpy as np
import pytest

from byhand import SGD, Adam, AdamW, CategoricalCrossEntropy, Dense, Group, MaxNorm, Network, Tanh, fit

torch = pytest.importorskip("torch")
N, INPUTS, K = 30, 5, 3
STILL = {"shuffle": False, "progress": False, "threads": 1}


def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, INPUTS)), rng.integers(0, K, N)


def network():
    return Network(INPUTS, [Dense(7), Tanh(), Dense(K)], CategoricalCrossEntropy(), dtype=np.float64, rng=4)


def pytorch_parameters(net):
    return {name: torch.tensor(np.array(value), requires_grad=True) for name, value in net.named_parameters().items()}


def pytorch_loss(p, x, y):
    hidden = torch.tanh(torch.tensor(x) @ p["0.W"] + p["0.b"])
    return torch.nn.functional.cross_entropy(hidden @ p["2.W"] + p["2.b"], torch.tensor(y))


def train_pytorch(parameters, optimizer, epochs=3, size=8):
    x, y = data()
    for _ in range(epochs):
        for start in range(0, N, size):
            optimizer.zero_grad()
            pytorch_loss(parameters, x[start : start + size], y[start : start + size]).backward()
            optimizer.step()


def assert_same(net, parameters):
    for name, value in net.named_parameters().items():
        np.testing.assert_allclose(value, parameters[name].detach().numpy(), rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    ("momentum", "nesterov", "decay"), [(0.0, False, 0.0), (0.9, False, 0.0), (0.8, True, 0.0), (0.9, True, 0.01)]
)
def test_sgd(momentum, nesterov, decay):
    net = network()
    parameters = pytorch_parameters(net)
    weights, biases = ([p for name, p in parameters.items() if name.endswith(end)] for end in (".W", ".b"))
    groups = [{"params": weights, "weight_decay": decay}, {"params": biases}]
    train_pytorch(parameters, torch.optim.SGD(groups, 0.1, momentum=momentum, nesterov=nesterov))
    fit(net, *data(), optimizer=SGD(0.1, momentum, nesterov, decay), epochs=3, batch_size=8, **STILL)
    assert_same(net, parameters)


def test_groups_have_rates_and_decays_of_their_own():
    net = network()
    parameters = pytorch_parameters(net)
    groups = [
        {"params": [parameters["0.W"]], "lr": 0.002, "weight_decay": 0.0},
        {"params": [parameters["0.b"]], "lr": 0.002, "weight_decay": 0.0},
        {"params": [parameters["2.W"]], "lr": 0.02, "weight_decay": 0.3},
        {"params": [parameters["2.b"]], "lr": 0.02, "weight_decay": 0.0},
    ]
    train_pytorch(parameters, torch.optim.AdamW(groups, lr=0.02))
    fit(
        net, *data(), optimizer=AdamW(0.02, weight_decay=0.0), epochs=3, batch_size=8,
        groups=[Group("0.*", rate=0.1), Group("*.W", decay=0.3)], **STILL,
    )  # fmt: skip
    assert_same(net, parameters)


@pytest.mark.parametrize("optimizer", [Adam(0.02, weight_decay=0.01), SGD(0.1, 0.9)])
def test_frozen_parameters_keep_their_bits(optimizer):
    net = network()
    before = {name: value.copy() for name, value in net.named_parameters().items()}
    rules = [MaxNorm(0.01)]  # every column of weights is longer
    fit(net, *data(), optimizer=optimizer, groups=[Group("0.*", rate=0)], regularizers=rules, **STILL)
    for name, value in net.named_parameters().items():
        assert (value.tobytes() == before[name].tobytes()) == name.startswith("0."), name
    assert np.sqrt(np.square(net.p[2].W).sum(axis=0)).max() < 0.0101


def test_frozen_layers_beside_pytorch():
    net = network()
    parameters = pytorch_parameters(net)
    train_pytorch(parameters, torch.optim.Adam([parameters["2.W"], parameters["2.b"]], 0.05))
    fit(net, *data(), optimizer=Adam(0.05), epochs=3, batch_size=8, groups=[Group("0.*", rate=0)], **STILL)
    assert_same(net, parameters)


@pytest.mark.parametrize("weighted", [False, True])
def test_accumulated_batches_are_one_large_batch(weighted):
    x, y = data()
    weights = np.linspace(1, 2, N) if weighted else None
    one, several = network(), network()
    common = {"optimizer": Adam(0.05), "epochs": 3, "sample_weight": weights, **STILL}
    wanted = fit(one, x, y, batch_size=12, **common)
    history = fit(several, x, y, batch_size=4, accumulate=3, **common)
    np.testing.assert_allclose(several.theta, one.theta, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(history["loss"], wanted["loss"], rtol=1e-12)
    assert history["accuracy"] == wanted["accuracy"]


def test_accumulated_batches_of_an_iterator_count_by_their_rows():
    x, y = data()
    one, several = network(), network()
    edges = [(0, 5), (5, 12), (12, 20), (20, 30)]  # steps of the samples 0 to 11 and 12 to 29
    wanted = fit(one, [(x[:12], y[:12]), (x[12:], y[12:])], optimizer=Adam(0.05), epochs=2, **STILL)
    batches = [(x[a:b], y[a:b]) for a, b in edges]
    history = fit(several, batches, accumulate=2, optimizer=Adam(0.05), epochs=2, **STILL)
    np.testing.assert_allclose(several.theta, one.theta, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(history["loss"], wanted["loss"], rtol=1e-12)
