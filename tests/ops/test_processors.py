"""The C source on other processors and systems: kernels are built with zig, and those for ARM run under QEMU."""

import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.long

DRIVER = Path(__file__).with_name("kernels.c")
FLAGS = ["-std=gnu11", "-O2", "-ffp-contract=fast", "-fno-math-errno", "-pthread"]


def inputs_and_results():
    """What the driver reads, and what NumPy says it has to write, in the driver's order."""
    rng = np.random.default_rng(0)
    read, wanted = [], []

    def take(*shape, positive=False):
        a = rng.standard_normal(shape).astype(np.float32)
        read.append(np.abs(a) if positive else a)
        return read[-1].astype(float)

    for m, n, depth in ((25, 37, 70), (200, 150, 90)):
        a = rng.standard_normal((m, depth)).astype(np.float32) * (rng.random((m, depth)) < 0.3)
        read.append(a)
        product = a.astype(float) @ take(depth, n)
        wanted += [product, product]
    for n, k in ((19, 10), (5, 131)):
        z, gamma, beta = take(n, k), take(k), take(k)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        centred = z - z.mean(axis=1, keepdims=True)
        norm = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
        wanted += [p, np.log(p), gamma * norm + beta]
    theta, g, m, v = take(1003), take(1003), take(1003), take(1003, positive=True)
    erf = np.vectorize(math.erf)
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    wanted += [1 / (1 + np.exp(-g)), g * (1 + erf(g / np.sqrt(2))) / 2, theta - 0.01 * m / (np.sqrt(v) + 1e-8)]
    x = take(5, 6, 6, 7)
    wanted.append(x.reshape(5, 3, 2, 3, 2, 7).max(axis=(2, 4)))
    z, r = take(21, 5, 44), take(11, 44)
    h = c = np.zeros((21, 11))
    states = []
    for t in range(5):
        i, f, g, o = np.split(z[:, t] + h @ r, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        states.append(h)
    wanted.append(np.stack(states, axis=1))
    return b"".join(np.ascontiguousarray(a, np.float32).tobytes() for a in read), wanted


def check(command, program):
    numbers, wanted = inputs_and_results()
    done = subprocess.run([*command, program], input=numbers, capture_output=True, timeout=600, check=True)
    given = np.frombuffer(done.stdout, np.float32)
    assert given.size == sum(a.size for a in wanted)
    for array in wanted:
        np.testing.assert_allclose(given[: array.size], array.ravel(), rtol=2e-5, atol=2e-5)
        given = given[array.size :]


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_kernels_here(tmp_path):
    subprocess.run(["cc", *FLAGS, str(DRIVER), "-o", str(tmp_path / "kernels"), "-lm"], check=True)
    check([], tmp_path / "kernels")


def build_with_zig(target, program, *options):
    pytest.importorskip("ziglang", reason="built with zig: pip install ziglang")
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", target, *options]
    subprocess.run([*zig, *FLAGS, str(DRIVER), "-o", str(program), "-lm"], check=True)


def test_kernels_for_arm_under_qemu(tmp_path):
    emulator = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
    if not emulator:
        pytest.skip("kernels for ARM run under qemu-aarch64: apt-get install qemu-user")
    build_with_zig("aarch64-linux-musl", tmp_path / "kernels", "-static")
    check([emulator], tmp_path / "kernels")


@pytest.mark.parametrize(
    ("target", "start", "options"),
    [
        ("aarch64-macos", "cffaedfe", []),
        ("x86_64-macos", "cffaedfe", ["-march=x86_64_v3"]),  # with AVX2
        ("x86_64-windows-gnu", "4d5a", []),
    ],
)
def test_kernels_are_built_for_other_systems(target, start, options, tmp_path):
    """Built, not run; programs begin with the system's own bytes."""
    build_with_zig(target, tmp_path / "kernels.exe", *options)
    assert (tmp_path / "kernels.exe").read_bytes().startswith(bytes.fromhex(start))
