"""Parameter groups and SGD, against PyTorch where it is installed, and by hand."""

import numpy as np
import pytest

import byhand as bh
from byhand import SGD, Adam, AdamW, ByhandError, GradientDescent, Group, Momentum, Nesterov, fit
from byhand.core.config import from_config, to_config

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((40, 5)), RNG.integers(0, 3, 40)


def network(**options):
    layers = [bh.Dense(6), bh.BatchNorm(), bh.Tanh(), bh.Residual([bh.Dense(6)]), bh.Dense(3)]
    return bh.Network(5, layers, bh.CategoricalCrossEntropy(), dtype=np.float64, **options)


def plain():
    return bh.Network(5, [bh.Dense(6), bh.Tanh(), bh.Dense(3)], bh.CategoricalCrossEntropy(), dtype=np.float64)


def train(net, optimizer, **options):
    fit(
        net,
        X,
        Y,
        **{"batch_size": 8, "epochs": 3, "shuffle": False, "progress": False, "optimizer": optimizer} | options,
    )
    return net


def in_torch(make, groups):
    """The parameters (W, b, W, b) after the same steps in PyTorch, with the options of the two layers in `groups`."""
    torch = pytest.importorskip("torch")
    start = plain()
    layers = [torch.nn.Linear(5, 6).double(), torch.nn.Linear(6, 3).double()]
    for layer, p in zip(layers, (start.p[0], start.p[2]), strict=True):
        layer.weight.data, layer.bias.data = torch.tensor(p.W.T.copy()), torch.tensor(p.b.copy())
    parameters = []
    for layer, options in zip(layers, groups, strict=True):
        weight = {"params": [layer.weight]} | options
        bias = {"params": [layer.bias]} | {k: v for k, v in options.items() if k != "weight_decay"}
        parameters += [weight, bias | {"weight_decay": 0.0}]
    optimizer = make(torch.optim, parameters)
    for _ in range(3):
        for i in range(0, 40, 8):
            optimizer.zero_grad()
            y = layers[1](torch.tanh(layers[0](torch.tensor(X[i : i + 8]))))
            torch.nn.functional.cross_entropy(y, torch.tensor(Y[i : i + 8])).backward()
            optimizer.step()
    return [a.detach().numpy() for layer in layers for a in (layer.weight.T, layer.bias)]


def assert_same(net, expected):
    for ours, theirs in zip((net.p[0].W, net.p[0].b, net.p[2].W, net.p[2].b), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_is_pytorchs(momentum, nesterov):
    if nesterov and not momentum:
        with pytest.raises(ByhandError, match="needs a momentum"):
            SGD(0.1, nesterov=True)
        return
    options = {"lr": 0.1, "momentum": momentum, "nesterov": nesterov}
    expected = in_torch(lambda optim, parameters: optim.SGD(parameters, **options), [{}, {}])
    assert_same(train(plain(), SGD(0.1, momentum, nesterov)), expected)


@pytest.mark.parametrize(
    ("sgd", "same"),
    [
        (SGD(0.1), GradientDescent(0.1)),
        (SGD(0.1, 0.8, weight_decay=0.01), Momentum(0.1, 0.8, weight_decay=0.01)),
        (SGD(0.1, 0.8, True), Nesterov(0.1, 0.8)),
    ],
    ids=str,
)
def test_sgd_has_the_bits_of_its_older_names(sgd, same):
    assert train(network(), sgd).theta.tobytes() == train(network(), same).theta.tobytes()
    assert from_config(to_config(sgd), "optimizer") == sgd


@pytest.mark.parametrize(
    ("optimizer", "make"),
    [
        (SGD(0.1, 0.9, weight_decay=0.02), lambda optim, p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.02)),
        (AdamW(0.01, weight_decay=0.1), lambda optim, p: optim.AdamW(p, lr=0.01, weight_decay=0.1)),
    ],
    ids=["SGD", "AdamW"],
)
def test_groups_are_pytorchs(optimizer, make):
    rate = optimizer.learning_rate
    expected = in_torch(make, [{"lr": 0.25 * rate, "weight_decay": 0.3}, {}])
    groups = [Group("0.*", rate=0.25, decay=0.3)]
    assert_same(train(plain(), optimizer, groups=groups), expected)


def test_groups_that_change_nothing_give_the_same_parameters():
    groups = [Group("*.b"), Group("0.W", decay=0.0), Group("4.W", rate=1.0)]
    grouped, whole = train(network(), Adam(0.01), groups=groups), train(network(), Adam(0.01))
    np.testing.assert_allclose(grouped.theta, whole.theta, rtol=1e-13)


class Vectors(bh.Callback):
    def on_end(self, training):
        self.states = [
            {name: vector.copy() for name, vector in section.state.items()}
            for section in training.sections
            if not section.rate
        ]


RULES = [bh.L2(0.1), bh.L1(0.01), bh.ClipNorm(0.5), bh.MaxNorm(0.1), bh.ClipValue(0.1)]


@pytest.mark.parametrize("optimizer", [SGD(0.1, 0.9), Adam(0.1), AdamW(0.1), bh.NAdam(0.1), bh.Lion(0.1)], ids=str)
@pytest.mark.parametrize("batch_size", [8, None])
def test_frozen_parameters_keep_their_bits(optimizer, batch_size):
    net, vectors = network(), Vectors()
    before = {name: a.tobytes() for name, a in net.named_parameters().items()}
    groups = [Group("0.*", rate=0), Group("3.*", rate=0)]
    train(net, optimizer, groups=groups, batch_size=batch_size, regularizers=RULES, callbacks=[vectors])
    same = {name for name, a in net.named_parameters().items() if a.tobytes() == before[name]}
    assert same == {"0.W", "0.b", "3.0.W", "3.0.b"}
    for state in vectors.states:
        assert not any(vector.any() for name, vector in state.items() if name not in ("product", "weights"))


def test_the_norm_of_the_gradient_does_not_count_what_is_frozen():
    """As if the frozen layer were part of the data."""
    net = plain()
    train(net, GradientDescent(0.1), groups=[Group("0.*", rate=0)], regularizers=[bh.L2(0.1), bh.ClipNorm(0.05)])
    hidden = np.tanh(X @ plain().p[0].W + plain().p[0].b)
    last = bh.Network(6, [bh.Dense(3)], bh.CategoricalCrossEntropy(), dtype=np.float64)
    last.p[0].W[...], last.p[0].b[...] = plain().p[2].W, plain().p[2].b
    fit(
        last, hidden, Y, batch_size=8, epochs=3, shuffle=False, progress=False, optimizer=GradientDescent(0.1),
        regularizers=[bh.L2(0.1), bh.ClipNorm(0.05)],
    )  # fmt: skip
    np.testing.assert_allclose(net.p[2].W, last.p[0].W, rtol=1e-11)


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([Group("9.*")], "No parameter is called '9.*'; there are 0.W"),
        (Group("0.*"), "list of groups"),
        (["0.*"], "A group must be"),
    ],
)
def test_refused(groups, words):
    with pytest.raises(ByhandError, match=words.replace("*", r"\*")):
        train(plain(), Adam(), groups=groups)


@pytest.mark.parametrize("options", [{"rate": -1}, {"rate": "0"}, {"decay": -0.1}])
def test_groups_that_make_no_sense(options):
    with pytest.raises(ByhandError):
        Group("0.*", **options)


def test_a_rule_for_groups_of_an_optimiser_without_decay():
    class Plain(bh.optimizers.Optimizer):
        learning_rate = 0.1

    with pytest.raises(ByhandError, match="no weight_decay"):
        train(plain(), Plain(), groups=[Group("0.*", decay=0.1)])
