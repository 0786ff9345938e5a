"""The programs after the write-ups: their gradient checks pass, find every published fault, and they learn."""

import subprocess
import sys
from pathlib import Path

import pytest

from byhand.data.fetch import is_cached

FOLDER = Path(__file__).parents[1] / "examples/write_ups"


def run(*arguments):
    return subprocess.run(
        [sys.executable, FOLDER / arguments[0], *arguments[1:]], capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("math_behind.py",),
        ("math_behind.py", "--loss", "log-loss"),
        ("math_behind.py", "--loss", "mse"),
        ("guide.py",),
        ("shrivastava.py",),
        ("nielsen.py",),
    ],
    ids=" ".join,
)
def test_without_a_fault_the_check_passes(arguments):
    done = run(*arguments, "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("right") == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ("math_behind.py", "--loss", "log-loss", "--fault", "no-slope"),
        ("math_behind.py", "--loss", "mse", "--fault", "no-slope"),
        ("math_behind.py", "--loss", "log-loss", "--fault", "upside-down"),
        ("math_behind.py", "--loss", "mse", "--fault", "upside-down"),
        ("guide.py", "--fault", "other-loss"),
    ],
    ids=" ".join,
)
def test_a_published_fault_is_found_by_the_check(arguments):
    done = run(*arguments, "--check")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("WRONG") == 4


def test_a_program_learns_the_small_digits():
    if not is_cached("digits"):
        pytest.skip("digits is not in the cache; fetch it with: byhand data fetch digits")
    done = run("math_behind.py", "--epochs", "100")
    last = done.stdout.splitlines()[-1]
    assert float(last.partition("%")[0]) > 70, done.stdout


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "least"),
    [
        (("guide.py", "--steps", "20"), 50),
        (("shrivastava.py", "--steps", "60"), 40),
        (("nielsen.py", "--epochs", "1"), 75),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_others_learn_mnist(arguments, least):
    if not is_cached("mnist"):
        pytest.skip("mnist is not in the cache; fetch it with: byhand data fetch mnist")
    done = run(*arguments)
    assert float(done.stdout.splitlines()[-1].partition("%")[0]) > least, done.stdout
