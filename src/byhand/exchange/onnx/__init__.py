"""ONNX, in and out: networks for other runtimes, and other people's networks. Needs the extra `onnx`."""
