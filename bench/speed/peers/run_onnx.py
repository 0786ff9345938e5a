"""onnxruntime: it runs a network that was trained elsewhere."""

import common
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def model(task, parameters):
    """The network as ONNX: images in, class numbers out."""
    nodes, constants, name = [], [], "x"

    def constant(array):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array), f"c{len(constants)}"))
        return constants[-1].name

    def node(kind, *inputs, **attributes):
        nonlocal name
        nodes.append(helper.make_node(kind, [name, *inputs], [f"n{len(nodes)}"], **attributes))
        name = nodes[-1].output[0]

    if len(task.input) == 3:
        node("Transpose", perm=[0, 3, 1, 2])
    for layer, pair in zip(task.layers, parameters, strict=True):
        kind = layer["type"]
        if kind == "dense":
            node("Gemm", constant(pair[0]), constant(pair[1]))
        elif kind == "conv":
            pads = [layer["size"] // 2 if layer["padding"] == "same" else 0] * 4
            node("Conv", constant(pair[0].transpose(3, 2, 0, 1)), constant(pair[1]), pads=pads)
        elif kind == "pool":
            node("MaxPool", kernel_shape=[layer["size"]] * 2, strides=[layer["size"]] * 2)
        elif kind == "flatten":
            node("Transpose", perm=[0, 2, 3, 1])
            node("Flatten")
        else:
            node({"relu": "Relu", "sigmoid": "Sigmoid"}[kind])
    node("ArgMax", axis=1, keepdims=0)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *task.input])
    y = helper.make_tensor_value_info(name, TensorProto.INT64, ["n"])
    graph = helper.make_graph(nodes, "network", [x], [y], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def main():
    task, arrays, turns = common.begin()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1 if task.calls == "one" else task.threads
    made = model(task, arrays.parameters(task)).SerializeToString()
    session = onnxruntime.InferenceSession(made, options, providers=["CPUExecutionProvider"])
    x = arrays.x_test[:1] if task.calls == "one" else arrays.x_test
    run = session.run
    if task.calls == "one":
        turns.time_calls(lambda: int(run(None, {"x": x})[0][0]))
    else:
        turns.time_calls(lambda: run(None, {"x": x})[0])
    peak = common.peak_memory()
    classes = run(None, {"x": arrays.x_test})[0]
    common.finish(turns, task, classes, ["onnxruntime"], peak, threads=options.intra_op_num_threads, blas="MLAS")


if __name__ == "__main__":
    main()
