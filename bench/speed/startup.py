"""Before the first epoch: how long a start takes, and how much is installed for it."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from PIL import Image

import byhand
from bench.speed.environments import NEEDS, Absent, environment, python_of
from bench.speed.processes import environment_variables

ROOT = Path(__file__).parents[2]
SOURCE = Path(byhand.__file__).parents[1]

READ = "from byhand.reading.reader import Reader; import sys; print(Reader().read(sys.argv[1]).text)"
OWN = {
    "Python alone": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import byhand": ["-c", "import byhand"],
    "byhand --help": ["-m", "byhand", "--help"],
    "first digit read from a picture": ["-c", READ, "PICTURE"],
}
IMPORTS = {
    "torch": "torch",
    "jax": "jax",
    "keras": "keras",
    "sklearn": "sklearn.neural_network",
    "onnx": "onnxruntime",
}


def starts(peers: set[str], absent: dict[str, str], rounds: int, threads: int) -> list[dict[str, Any]]:
    """Seconds from starting Python to the end of the process, for each command in turn, after a turn to warm up."""
    commands = {name: [sys.executable, *arguments] for name, arguments in OWN.items()}
    for peer, module in IMPORTS.items():
        if peer in peers and peer not in absent:
            commands[f"import {module}"] = [str(python_of(peer)), "-c", f"import {module}"]
    times: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        picture = draw(Path(folder) / "seven.png")
        for i in range(rounds + 1):
            for name, command in commands.items():
                filled = [str(picture) if part == "PICTURE" else part for part in command]
                start = time.perf_counter()
                subprocess.run(filled, check=True, capture_output=True, env=environment_variables({}, threads))
                if i:
                    times[name].append(time.perf_counter() - start)
    return [{"name": name, "median": statistics.median(t), "rounds": t} for name, t in times.items()]


def draw(path: Path) -> Path:
    """A picture with MNIST's first test digit, dark on light and larger, as a file."""
    data = byhand.load("mnist")
    assert data.x_test is not None
    image = Image.fromarray(255 - data.x_test[0].reshape(28, 28))
    image.resize((140, 140)).save(path)
    return path


def sizes(peers: set[str], absent: dict[str, str]) -> dict[str, Any]:
    """Bytes installed: for byhand with its default needs, for what training and reading really import, for PyTorch."""
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    own = folder_size(Path(byhand.__file__).parent)
    bare = installed(environment("bare", []))
    found: dict[str, Any] = {"byhand": own}
    try:
        python = environment("byhand", needs)
        found["default"] = installed(python) - bare + own
        used = imported(python)
        found["used"] = sum(used.values()) + own
        found["imported"] = used
    except Absent as error:
        absent["byhand's needs"] = str(error)
    if "torch" in peers and "torch" not in absent:
        # NumPy is there for this benchmark's arrays only.
        found["torch"] = installed(python_of("torch")) - bare - distribution_size(python_of("torch"), "numpy")
    return found


def installed(python: Path) -> int:
    """Bytes of an environment's packages."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return folder_size(
        Path(subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip())
    )


def folder_size(folder: Path) -> int:
    """Bytes of all files below, but for Python's caches, which come and go."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


SIZE_OF = """
import importlib.metadata as m, json, sys
def size(name):
    files = (m.distribution(name).locate_file(f) for f in m.files(name) or ())
    return sum(f.stat().st_size for f in files if f.is_file() and "__pycache__" not in f.parts)
"""

# Trains, saves, loads and reads, then looks which packages that took.
USE = """
import numpy as np, byhand as bh, tempfile, pathlib
from byhand.reading.reader import Reader
x, y = np.zeros((20, 784), np.uint8), np.arange(20) % 10
layers = [bh.Dense(8), bh.ReLU(), bh.Dense(10)]
network = bh.Network(784, layers, bh.CategoricalCrossEntropy(), inputs="grey levels")
bh.fit(network, x, y, epochs=1)
with tempfile.TemporaryDirectory() as folder:
    network.save(pathlib.Path(folder) / "m.safetensors")
    Reader(pathlib.Path(folder) / "m.safetensors").read(sys.argv[1])
by_module = m.packages_distributions()
names = {d for module in {n.partition(".")[0] for n in sys.modules} for d in by_module.get(module, ())}
print(json.dumps({name: size(name) for name in sorted(names - {"pip", "setuptools"})}))
"""


def imported(python: Path) -> dict[str, int]:
    """Bytes of each package that training, saving, loading and reading import."""
    with tempfile.TemporaryDirectory() as folder:
        picture = draw(Path(folder) / "seven.png")
        env = environment_variables({"PYTHONPATH": str(SOURCE)}, 1)
        ended = subprocess.run(
            [python, "-c", SIZE_OF + USE, str(picture)], capture_output=True, text=True, check=True, env=env
        )
    return json.loads(ended.stdout)


def distribution_size(python: Path, name: str) -> int:
    """Bytes of one package."""
    code = f"{SIZE_OF}\nprint(size({name!r}))"
    return int(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout)


def prepare(peers: set[str], absent: dict[str, str]) -> None:
    """Make all environments, so that nothing is installed while others are timed."""
    for peer in sorted(peers & set(NEEDS)):
        try:
            python_of(peer)
        except Absent as error:
            absent[peer] = str(error)
