"""The pool of threads, and the memory that each thread keeps."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from byhand.ops import compiled
from tests.ops.operations import MODULES

pytestmark = pytest.mark.skipif(not MODULES, reason="nothing is compiled here")
DRIVER = Path(__file__).with_name("threads.c")
SANITIZED = "libasan" in os.environ.get("LD_PRELOAD", "")


def python(code, **more):
    """Run code in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, **more)


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
@pytest.mark.parametrize("arguments", [[], ["fork"]], ids=["parts", "fork"])
def test_every_part_once(tmp_path, arguments):
    """`make sanitize-threads` runs the same under the thread sanitizer."""
    program = tmp_path / "threads"
    subprocess.run(["cc", "-std=gnu11", "-O2", "-pthread", str(DRIVER), "-o", str(program)], check=True)
    assert subprocess.run([program, *arguments], timeout=120, env=os.environ | {"LD_PRELOAD": ""}).returncode == 0


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.kind)
def test_seventy_thousand_parts(module):
    """Many rows to gather, and as many images of a single pixel."""
    before = module.set_threads(3)
    try:
        a, rows = np.arange(9, dtype=np.float32).reshape(9, 1), np.arange(2_300_000) % 9
        out = np.full((len(rows), 1), np.nan, np.float32)
        module.gather(a, rows, out)
        assert (out[:, 0] == rows).all()
        x, w, how = out[:70_000].reshape(-1, 1, 1, 1), np.full((1, 1, 1, 1), 2, np.float32), ((1, 1), (1, 1), (0, 0), 1)
        y, scratch = np.full_like(x, np.nan), np.empty(9, np.float32)
        module.conv2d(x, w, np.ones(1, np.float32), y, *how, scratch)
        assert (y == 2 * x + 1).all()
        dx, dw = np.full_like(x, np.nan), np.full_like(w, np.nan)
        module.conv2d_input(y, w, dx, *how, scratch)
        assert (dx == 2 * y).all()
        module.conv2d_weights(np.ones_like(x), x, dw, *how, scratch)
        assert dw.item() == x.sum(dtype=float)
        module.max_pool(x, y, (1, 1), (1, 1), (0, 0))
        module.max_pool_backward(x, y, x, dx, (1, 1), (1, 1), (0, 0), np.empty(2, np.float32))
        assert (y == x).all() and (dx == x).all()
    finally:
        module.set_threads(before)


@pytest.mark.parametrize("module", [m for m in MODULES if m.kind != "base"], ids=lambda m: m.kind)
@pytest.mark.parametrize("threads", [1, 3])
def test_vanished_numbers_are_zero(module, threads):
    """1e-30 · 1e-9 is below what float32 keeps at full precision: 0 in a job, and NumPy counts on as before."""
    a, b = np.full((512, 300), 1e-30, np.float32), np.full((300, 64), 1e-9, np.float32)
    before, out = module.set_threads(threads), np.full((512, 64), np.nan, np.float32)
    try:
        module.matmul(a, b, out)
        assert (out == 0).all()
        assert (a[0] * b[:, 0] > 0).all()
        module.matmul(1e-9 * a, 1e20 * b, out)  # the operand, too
        assert (out == 0).all()
    finally:
        module.set_threads(before)


def test_from_several_threads_at_once():
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((2, 300, 300)).astype(np.float32)
    wanted, wrong = a @ b, []

    def work():
        out = np.empty((300, 300), np.float32)
        for _ in range(50):
            compiled.matmul(a, b, out)
            if np.abs(out - wanted).max() > 1e-3:
                wrong.append(out)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forks_while_another_thread_computes():
    """Every child computes what its parent would."""
    code = """
import os, threading, numpy as np
from byhand.ops import compiled
a = np.random.default_rng(0).integers(-3, 4, (300, 300)).astype(np.float32)
wanted, going = a @ a, True
compiled.set_threads(3)
def work():
    out = np.empty_like(a)
    while going:
        compiled.matmul(a, a, out)
thread = threading.Thread(target=work)
thread.start()
for _ in range(40):
    child = os.fork()
    if not child:
        out = np.empty_like(a)
        for _ in range(5):
            compiled.matmul(a, a, out)
        os._exit(0 if (out == wanted).all() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
going = False
thread.join()
"""
    done = python(code)
    assert done.returncode == 0, done.stderr


WIDE_MARGINS = """
import resource, threading, numpy as np
from byhand.ops import compiled
def convolve(pad, images=1):
    x, w, b = np.ones((images, 1, 1, 1), np.float32), np.ones((1, 1, 1, 1), np.float32), np.ones(1, np.float32)
    compiled.conv2d(x, w, b, np.empty_like(x), (1, 1), (1, 1), (pad, pad), 1, np.empty(9, np.float32))
"""
memory = pytest.mark.skipif(
    SANITIZED or sys.platform != "linux" or compiled.kind == "base",
    reason="measured on Linux, without the sanitizers' own memory, by a convolution that base leaves to NumPy",
)


@memory
def test_a_thread_that_ends_gives_its_memory_back():
    """Each of fifty threads takes 16 MB."""
    code = """
def used():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
before = used()
for _ in range(50):
    thread = threading.Thread(target=convolve, args=(2000,))
    thread.start()
    thread.join()
print((used() - before) / 1e6)
"""
    done = python(WIDE_MARGINS + code)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 100


@memory
@pytest.mark.parametrize("threads", [1, 3])
def test_where_memory_is_short(threads):
    """MemoryError, whichever thread lacks it, and the next call goes well."""
    code = f"""
compiled.set_threads({threads})
convolve(10, 8)
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
for _ in range(20):
    try:
        convolve(1_000_000, 8)
    except MemoryError:
        convolve(10, 8)
        print("short")
"""
    done = python(WIDE_MARGINS + code)
    assert done.stdout.split() == 20 * ["short"], done.stderr
