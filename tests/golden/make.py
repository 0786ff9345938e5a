"""Write PyTorch's figures into the safetensors files here: `python tests/golden/make.py`, with PyTorch installed."""

import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parents[1]))

from tests.golden import attention_cases, cases, ctc_cases, image_cases, recurrent_cases, regular_cases  # noqa: E402


def network(case):
    """The case's network at its start."""
    from byhand import Network

    return Network(case.in_shape, case.layers, case.loss, rng=1, dtype=np.float64)


def compute() -> dict[str, np.ndarray]:
    """Every figure, by "case/quantity"; those of networks with their start, "theta0"."""
    from tests.golden import torch_twin

    result = {}
    for activation in cases.ACTIVATIONS:
        figures = torch_twin.run_activation(activation, cases.activation_data(activation))
        result |= {f"{activation}/{name}": value for name, value in figures.items()}
    for loss in cases.LOSSES:
        figures = torch_twin.run_loss(loss[0], cases.loss_data(*loss))
        result |= {f"{cases.loss_name(*loss)}/{name}": value for name, value in figures.items()}
    for schedule, epochs in cases.SCHEDULES:
        result[f"{schedule}/rates"] = torch_twin.run_schedule(schedule, epochs)
    for schedule in cases.PLATEAUS:
        result[f"{schedule}/rates"] = torch_twin.run_plateau(schedule)
    for case in cases.CASES:
        start, data = network(case), cases.data(case)
        figures = data | {"theta0": start.theta} | torch_twin.run_case(case, data, start)
        result |= {f"{case.name}/{name}": value for name, value in figures.items()}
    return result


def compute_regular() -> dict[str, np.ndarray]:
    """The same for the cases of regular_cases.py."""
    from tests.golden import torch_regular

    result = {}
    for case in regular_cases.CASES:
        start, data = regular_cases.network(case), regular_cases.data(case)
        figures = data | {"theta0": start.theta} | torch_regular.run(case, data, start)
        result |= {f"{case.name}/{name}": value for name, value in figures.items()}
    return result


def compute_images() -> dict[str, np.ndarray]:
    """The same for the cases of image_cases.py."""
    from tests.golden import torch_images

    result = {}
    for layer, in_shape in image_cases.LAYERS:
        figures = torch_images.run_layer(layer, image_cases.layer_data(layer, in_shape))
        result |= {f"{layer}/{name}": value for name, value in figures.items()}
    figures = torch_images.run_network(image_cases.network(), image_cases.network_data())
    return result | {f"network/{name}": value for name, value in figures.items()}


def compute_ctc() -> dict[str, np.ndarray]:
    """The same for the loss of ctc_cases.py."""
    from tests.golden import torch_ctc

    result = {}
    for name in ctc_cases.CASES:
        z, t = ctc_cases.data(name)
        result |= {f"{name}/{key}": value for key, value in torch_ctc.run(z, t).items()}
    return result


def compute_recurrent() -> dict[str, np.ndarray]:
    """The same for the layers of recurrent_cases.py."""
    from tests.golden import torch_recurrent

    result = {}
    for case in recurrent_cases.CASES:
        params = recurrent_cases.network(case).named_parameters()
        figures = torch_recurrent.run(case, recurrent_cases.data(case), params)
        result |= {f"{case.name}/{name}": value for name, value in figures.items()}
    network, x, labels, mask, _ = recurrent_cases.learner()
    figures = torch_recurrent.run_learner(network, x, labels, mask, 0.05)
    return result | {f"learner/{name}": value for name, value in figures.items()}


def compute_attention() -> dict[str, np.ndarray]:
    """The same for the layers of attention_cases.py."""
    from tests.golden import torch_attention

    result = {}
    for case in attention_cases.CASES:
        params = attention_cases.network(case).named_parameters()
        figures = torch_attention.run(case, attention_cases.data(case), params)
        result |= {f"{case.name}/{name}": value for name, value in figures.items()}
    for name in attention_cases.LEARNERS:
        network, x, labels, _ = attention_cases.learner(name)
        figures = torch_attention.run_learner(name, network, x, labels, 0.01)
        result |= {f"{name}/{key}": value for key, value in figures.items()}
    return result


def compute_generative() -> dict[str, np.ndarray]:
    """The same for the cases of generative_cases.py."""
    from tests.golden import torch_generative

    return torch_generative.run()


FILES = {
    "torch.safetensors": compute,
    "torch_regular.safetensors": compute_regular,
    "torch_images.safetensors": compute_images,
    "torch_ctc.safetensors": compute_ctc,
    "torch_recurrent.safetensors": compute_recurrent,
    "torch_attention.safetensors": compute_attention,
    "torch_generative.safetensors": compute_generative,
}


def main() -> None:
    import torch
    from safetensors.numpy import save_file

    for name, figures in FILES.items():
        arrays = {key: np.ascontiguousarray(value) for key, value in figures().items()}
        save_file(arrays, FOLDER / name, metadata={"torch": torch.__version__})


if __name__ == "__main__":
    main()
