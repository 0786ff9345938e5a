# What is run in Pyodide; the last expression is printed.
import compileall
import importlib.util
import sys

import byhand

folder = importlib.util.find_spec("byhand").submodule_search_locations[0]
assert compileall.compile_dir(folder, quiet=2), "a module does not compile with this Python"
assert "numpy" not in sys.modules and len(dir(byhand)) > 100
done = "imported"
if with_numpy:  # noqa: F821  (set by run.mjs)
    import numpy as np

    from byhand.lessons import run_lesson
    from byhand.lessons.exercises import EXERCISES, questions_of

    for name in ("perceptron-gates", "chain-rule", "two-two-one-mse", "softmax-cross-entropy", "convolution"):
        assert run_lesson(name).text()
    assert all(questions_of(name, 1) for name in EXERCISES)
    network = byhand.Network(2, [byhand.Dense(4), byhand.Tanh(), byhand.Dense(2)], byhand.CategoricalCrossEntropy())
    x, y = np.array([[0, 1], [1, 0], [0, 0], [1, 1.0]]), np.array([1, 1, 0, 0])
    byhand.fit(network, x, y, optimizer=byhand.Adam(0.1), epochs=50)
    assert byhand.evaluate(network, x, y).accuracy == 1
    assert network.explain().startswith("a0")
    page = np.full((60, 60), 255, np.uint8)
    page[10:14, 20:40] = 0
    for i in range(40):
        page[10 + i, 36 - i // 3 : 40 - i // 3] = 0  # a seven
    assert byhand.read(page).text == "7"
    done = "imported, taught, trained, read"
f"byhand {byhand.__version__} on {sys.platform}: {done}"
