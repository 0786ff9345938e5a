"""Outputs, gradients, losses and trained parameters agree with PyTorch to 1e-10, in float64.

PyTorch's figures lie in golden/torch.safetensors, so that they are compared without PyTorch too; where it is
installed they are also computed anew.
"""

import numpy as np
import pytest
from safetensors.numpy import load_file

from byhand import fit
from byhand.ops import reference
from tests.golden import cases
from tests.golden.make import FOLDER, compute, network
from tests.passes import layer_pass, loss_pass

CLOSE = {"rtol": 1e-10, "atol": 1e-10}


def by_case(figures):
    result = {}
    for key in figures:
        case, _, name = key.rpartition("/")
        result.setdefault(case, {})[name] = figures[key]
    return result


@pytest.fixture(scope="module")
def golden():
    return by_case(load_file(FOLDER / "torch.safetensors"))


@pytest.fixture(scope="module")
def live():
    pytest.importorskip("torch")
    return by_case(compute())


@pytest.fixture(params=["golden", "live"])
def figures(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("activation", cases.ACTIVATIONS, ids=str)
def test_activation(activation, figures):
    data = cases.activation_data(activation)
    at = layer_pass(activation, data["x"])
    at.dy = data["dy"]
    activation.forward(reference, at)
    activation.backward(reference, at)
    np.testing.assert_allclose(at.y, figures[str(activation)]["y"], **CLOSE)
    np.testing.assert_allclose(at.dx, figures[str(activation)]["dx"], **CLOSE)


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("case", cases.LOSSES, ids=lambda case: cases.loss_name(*case))
def test_loss(case, weighted, figures):
    loss, outputs, labels = case
    data, suffix = cases.loss_data(*case), "_weighted" if weighted else ""
    t = loss.encode(data["y"], outputs) if labels else data["y"]
    t = t if labels else loss.smooth(t)
    at = loss_pass(loss, data["z"], t, weights=data["weights"] if weighted else None)
    value = loss.backward(reference, at)
    np.testing.assert_allclose(value, figures[cases.loss_name(*case)]["L" + suffix], **CLOSE)
    np.testing.assert_allclose(at.dy, figures[cases.loss_name(*case)]["dz" + suffix], **CLOSE)


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.name)
def test_output_loss_gradient(case, figures):
    wanted, net = figures[case.name], network(case)
    net.theta[...] = wanted["theta0"]
    y, weights = wanted["y"], wanted.get("weights")
    output = net.forward(wanted["x"]).copy()
    t = net.loss.encode(y, net.outputs) if y.ndim == 1 else y
    value = net.backward(t, weights=weights)
    np.testing.assert_allclose(output, wanted["output"], **CLOSE)
    np.testing.assert_allclose(value, wanted["L"], **CLOSE)
    np.testing.assert_allclose(net.gradient, wanted["gradient"], **CLOSE)


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.name)
def test_training(case, figures):
    wanted = figures[case.name]
    for epochs in case.epochs:
        net = network(case)
        net.theta[...] = wanted["theta0"]
        history = fit(
            net,
            wanted["x"],
            wanted["y"],
            epochs=epochs,
            batch_size=case.batch_size,
            optimizer=case.optimizer,
            rng=0,
            sample_weight=wanted.get("weights"),
            progress=False,
        )
        np.testing.assert_allclose(net.theta, wanted[f"theta{epochs}"], **CLOSE)
        np.testing.assert_allclose(history["loss"], wanted["losses"][:epochs], **CLOSE)


@pytest.mark.parametrize(("schedule", "epochs"), cases.SCHEDULES, ids=str)
def test_schedule(schedule, epochs, figures):
    steps = cases.STEPS if schedule.per_step else 1
    rates = [schedule(i / steps, epochs) for i in range(epochs * steps)]
    np.testing.assert_allclose(rates, figures[str(schedule)]["rates"], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("schedule", cases.PLATEAUS, ids=str)
def test_schedule_that_follows_a_figure(schedule, figures):
    seen = [{schedule.watch: list(cases.FIGURES[:n])} if n else {} for n in range(len(cases.FIGURES) + 1)]
    rates = [schedule.at(n, 100, history) for n, history in enumerate(seen)]
    np.testing.assert_allclose(rates, figures[str(schedule)]["rates"], rtol=1e-12)
    assert len(set(rates)) > 2  # it does go down


def test_the_golden_file_holds_every_case(golden):
    schedules = {str(schedule) for schedule in [*(case[0] for case in cases.SCHEDULES), *cases.PLATEAUS]}
    activations = {str(activation) for activation in cases.ACTIVATIONS}
    losses = {cases.loss_name(*loss) for loss in cases.LOSSES}
    assert golden.keys() == activations | losses | schedules | {case.name for case in cases.CASES}


def test_the_golden_file_says_what_pytorch_says_today(golden, live):
    for case, values in live.items():
        for name, value in values.items():
            np.testing.assert_allclose(golden[case][name], value, rtol=1e-11, atol=1e-12, err_msg=f"{case}/{name}")
