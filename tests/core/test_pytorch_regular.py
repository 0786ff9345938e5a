"""Normalisation, residual blocks and rules agree with PyTorch to 1e-10, in float64: passes, training, running means."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from byhand import fit
from tests.core.test_pytorch import CLOSE, by_case
from tests.golden import regular_cases as cases
from tests.golden.make import FOLDER, compute_regular


@pytest.fixture(scope="module")
def golden():
    return by_case(load_file(FOLDER / "torch_regular.safetensors"))


@pytest.fixture(scope="module")
def live():
    pytest.importorskip("torch")
    return by_case(compute_regular())


@pytest.fixture(params=["golden", "live"])
def figures(request):
    return request.getfixturevalue(request.param)


def start(case, wanted):
    net = cases.network(case)
    net.theta[...] = wanted["theta0"]
    return net, net.loss.encode(wanted["y"], 3)


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.name)
def test_output_loss_gradient(case, figures):
    wanted = figures[case.name]
    net, t = start(case, wanted)
    output = net.forward(wanted["x"], rng=np.random.default_rng(0)).copy()
    np.testing.assert_allclose(output, wanted["output"], **CLOSE)
    np.testing.assert_allclose(net.backward(t), wanted["L"], **CLOSE)
    np.testing.assert_allclose(net.gradient, wanted["gradient"], **CLOSE)


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.name)
def test_training_and_inference_after_it(case, figures):
    wanted = figures[case.name]
    net, t = start(case, wanted)
    history = fit(
        net,
        wanted["x"],
        wanted["y"],
        epochs=case.epochs,
        batch_size=case.batch_size,
        optimizer=case.optimizer,
        regularizers=case.rules,
        rng=0,
        progress=False,
    )
    np.testing.assert_allclose(net.theta, wanted["theta"], **CLOSE)
    np.testing.assert_allclose(net.state, wanted.get("state", []), **CLOSE)
    np.testing.assert_allclose(history["loss"], wanted["losses"], **CLOSE)
    np.testing.assert_allclose(history.get("penalty", [0] * case.epochs), wanted["penalties"], **CLOSE)
    state = net.state.copy()
    np.testing.assert_allclose(net.forward(wanted["x"]), wanted["inference"], **CLOSE)
    net.backward(t)
    np.testing.assert_allclose(net.gradient, wanted["inference_gradient"], **CLOSE)
    np.testing.assert_array_equal(net.state, state)


def test_the_golden_file_holds_every_case(golden):
    assert golden.keys() == {case.name for case in cases.CASES}


def test_the_golden_file_says_what_pytorch_says_today(golden, live):
    for case, values in live.items():
        for name, value in values.items():
            np.testing.assert_allclose(golden[case][name], value, rtol=1e-11, atol=1e-12, err_msg=f"{case}/{name}")
