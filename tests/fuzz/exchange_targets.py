"""What is fuzzed of other libraries' models: ONNX files, PyTorch's archives and their programs, Keras' weights."""

import io
import zipfile
from functools import cache
from importlib.util import find_spec

import numpy as np

import byhand
from byhand.exchange.torch_file import read_torch

PROGRAM = (
    b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(X\x08\x00\x00\x000.weightctorch._utils\n_rebuild_tensor_v2\n"
    b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06tQK\x00K\x03K\x02\x86"
    b"K\x02K\x01\x86\x89h\x00)RtRu}X\x09\x00\x00\x00_metadatah\x00)Rsb."
)


def torch_archive(program):
    """A .pt file with a storage of six numbers."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("m/data.pkl", program)
        archive.writestr("m/byteorder", "little")
        archive.writestr("m/data/0", np.arange(6, dtype=np.float32).tobytes())
    return stream.getvalue()


def torch_file(scratch, data):
    read_torch(scratch.file("m.pt", data))


def torch_program(scratch, data):
    """The pickle's bytes, in an archive that is otherwise well."""
    read_torch(scratch.file("m.pt", torch_archive(data)))


def onnx_file(scratch, data):
    from byhand.exchange.onnx.importing import network_from_onnx

    network_from_onnx(data, "m.onnx")


@cache
def onnx_files():
    from byhand.exchange.onnx.exporting import to_onnx

    images = [
        byhand.Conv2D(2),
        byhand.BatchNorm(),
        byhand.MaxPool2D(),
        byhand.GELU(),
        byhand.Flatten(),
        byhand.Dense(2),
    ]
    steps = [byhand.Bidirectional(byhand.GRU(2, return_sequences=True)), byhand.LSTM(2), byhand.Dense(2)]
    networks = [
        byhand.Network((4, 4, 1), [*images, byhand.Flatten(), byhand.Dense(2)], byhand.CategoricalCrossEntropy()),
        byhand.Network((3, 2), steps, byhand.MSE()),
        byhand.Network(
            (3, 4),
            [byhand.ClassToken(), byhand.TransformerBlock(4, 2, causal=True, rms=True), byhand.FirstStep()],
            byhand.MSE(),
        ),
        byhand.Network(3, [byhand.Residual([byhand.Dense(3), byhand.SiLU()]), byhand.Dense(1)], byhand.MSE()),
    ]
    return [to_onnx(network).SerializeToString() for network in networks]


def keras_file(scratch, data):
    from byhand.exchange.keras_weights import fill_from_keras

    network = byhand.Network(3, [byhand.Dense(2)], byhand.MSE())
    fill_from_keras(network, scratch.file("m.weights.h5", data))


@cache
def keras_files():
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["layers/dense/vars/0"] = np.ones((3, 2), np.float32)
        file["layers/dense/vars/1"] = np.ones(2, np.float32)
        file["optimizer/vars/0"] = np.ones(2, np.float32)
    return [stream.getvalue()]


EXCHANGE_TARGETS = {
    "torch": (torch_file, lambda: [torch_archive(PROGRAM)]),
    "torch-program": (torch_program, lambda: [PROGRAM]),
}
if find_spec("onnx"):
    EXCHANGE_TARGETS["onnx"] = (onnx_file, onnx_files)
if find_spec("h5py"):
    EXCHANGE_TARGETS["keras"] = (keras_file, keras_files)
