"""Parts that somebody wrote outside the package: registered or not, with equations or without."""

from dataclasses import dataclass

import numpy as np
import pytest

import byhand as bh
from byhand.explaining.explain import trace
from byhand.layers import Activation, Layer, Plan


class Unregistered(Activation):
    def forward(self, ops, at):
        np.divide(at.x, 1 + np.abs(at.x), out=at.y)

    def slope(self, ops, at, dx):
        np.multiply(at.dy, (1 - np.abs(at.y)) ** 2, out=dx)


@bh.register
@dataclass(frozen=True)
class Gain(Layer):
    start: float = 1.0

    def plan(self, in_shape):
        return Plan(in_shape, {"s": in_shape})

    def initializers(self):
        return {"s": bh.Uniform(self.start, self.start)}

    def forward(self, ops, at):
        np.multiply(at.x, at.p.s, out=at.y)

    def backward(self, ops, at):
        np.sum(at.dy * at.x, axis=0, out=at.g.s)
        if at.dx is not None:
            np.multiply(at.dy, at.p.s, out=at.dx)


def network(*layers):
    return bh.Network(4, [bh.Dense(3), *layers, bh.Dense(2)], bh.CategoricalCrossEntropy())


def test_what_is_not_registered_trains_but_is_not_written(tmp_path):
    net = network(Unregistered())
    bh.fit(net, np.eye(4), [0, 1, 0, 1], epochs=1)
    with pytest.raises(bh.ByhandError, match=r"Unregistered cannot be written.*@byhand\.register"):
        net.save(tmp_path / "x.safetensors")
    assert not list(tmp_path.iterdir())


def test_what_is_registered_comes_back(tmp_path):
    net = network(Gain(2.0))
    net.save(tmp_path / "x.safetensors")
    again = bh.Network.load(tmp_path / "x.safetensors")
    assert again.layers == net.layers and (again.theta == net.theta).all()


def test_a_name_of_byhands_own_is_refused():
    with pytest.raises(bh.ByhandError, match="byhand has a Dense of its own"):
        bh.register(type("Dense", (Layer,), {}))
    assert bh.Dense(3).units == 3
    bh.register(Gain)  # again, as when a notebook's cell runs twice


def test_a_name_of_byhands_own_is_refused_also_where_byhands_comes_later():
    with pytest.raises(bh.ByhandError, match="byhand has a Gain of its own"):
        bh.register(type("Gain", (Layer,), {"__module__": "byhand.layers.gain"}))


def test_a_layer_without_equations_has_its_place_in_the_explanation():
    net = network(Gain(2.0), Unregistered())
    text = net.explain()
    for line in ("z2 = Gain(z1, s2)", "a2 = Unregistered(z2)", "ds2 = dz2 · ∂z2/∂s2", "dz1 = dz2 · ∂z2/∂z1"):
        assert line in text
    assert r"\mathrm{Gain}(z^{[1]}, s^{[2]})" in net.explain(latex=True)
    values = trace(net, np.eye(4)[:2], np.eye(2))
    np.testing.assert_allclose(values["z2"], 2 * values["z1"])
    np.testing.assert_allclose(values["ds2"], (values["dz2"] * values["z1"]).sum(axis=0), rtol=1e-6)
