"""The reader of tensors for where the library is missing, beside the library."""

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save

from byhand.core.tensor_file import TensorFile, UnreadableTensors, tensor_bytes
from byhand.reading.reader import MODEL

TENSORS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.array([1, -2], np.int8),
    "c": np.array(3.5),
    "d": np.zeros((0, 4), np.float16),
    "e": np.array([2**40], np.int64),
}


def same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert found[name].dtype == tensor.dtype
        np.testing.assert_array_equal(found[name], tensor)


def test_it_reads_what_the_library_writes(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(save(TENSORS, {"note": "ü"}))
    with TensorFile(path) as file:
        assert file.metadata() == {"note": "ü"}
        same({name: file.get_tensor(name) for name in file.keys()}, TENSORS)  # noqa: SIM118
        assert (file.get_slice("a").get_dtype(), file.get_slice("a").get_shape()) == ("F32", [2, 3])


def test_the_library_reads_what_it_writes(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(tensor_bytes(TENSORS, {"note": "ü"}))
    with safe_open(path, "np") as file:
        assert file.metadata() == {"note": "ü"}
        same({name: file.get_tensor(name) for name in file.keys()}, TENSORS)  # noqa: SIM118


def test_the_shipped_model_by_both():
    with safe_open(MODEL, "np") as right, TensorFile(MODEL) as own:
        assert own.metadata() == right.metadata()
        wanted = {name: right.get_tensor(name) for name in right.keys()}  # noqa: SIM118
        same({name: own.get_tensor(name) for name in own.keys()}, wanted)  # noqa: SIM118


def test_damaged_files_are_refused_or_read(tmp_path):
    good, path, rng = save(TENSORS, {"note": "x"}), tmp_path / "a.safetensors", np.random.default_rng(0)
    for length in range(len(good)):
        path.write_bytes(good[:length])
        with pytest.raises(UnreadableTensors):
            TensorFile(path)
    refused = 0
    for _ in range(500):
        data = bytearray(good)
        data[rng.integers(len(data))] = rng.integers(256)
        path.write_bytes(bytes(data))
        try:
            file = TensorFile(path)
            _ = [file.get_tensor(name) for name in file.keys()]  # noqa: SIM118
        except UnreadableTensors:
            refused += 1
    assert refused > 100
